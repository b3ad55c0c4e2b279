//! Areas of a CAP alert: whom they stand for.

use std::collections::BTreeSet;

use narrowcast_protocol::warning::cap::{Area, Info};
use narrowcast_protocol::warning::text::one_line;

use super::{CapRules, Unmapped};
use crate::model::alert::Target;

/// By what an area of a document is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AreaName {
    /// The value of one of its `geocode`.
    Geocode(String),
    /// Its `areaDesc`.
    Name(String),
}

/// `[[cap.area]]`: an area and whom it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapArea {
    /// By what it is known.
    pub known_by: AreaName,
    /// Whom an alert for it names.
    pub targets: Vec<Target>,
}

impl CapArea {
    /// Whether it is meant: by the same text, white space at the ends and between words aside.
    fn is(&self, area: &Area) -> bool {
        match &self.known_by {
            AreaName::Geocode(code) => area.geocode.iter().any(|it| it.value.trim() == code.trim()),
            AreaName::Name(name) => one_line(&area.area_desc) == one_line(name),
        }
    }
}

/// Whom the info name, and their areas that are not configured. All areas of all info count.
pub(super) fn targets(
    chosen: &[&Info],
    rules: &CapRules,
) -> Result<(Vec<Target>, Vec<String>), Unmapped> {
    let mut named = BTreeSet::new();
    let (mut targets, mut unknown) = (Vec::new(), Vec::new());
    for area in chosen.iter().flat_map(|info| &info.area) {
        let mut known = rules.areas.iter().filter(|rule| rule.is(area)).peekable();
        if known.peek().is_none() {
            let shown = shown(area);
            if !unknown.contains(&shown) {
                unknown.push(shown);
            }
        }
        let found = known.flat_map(|rule| &rule.targets);
        targets.extend(
            found
                .filter(|target| named.insert(target.to_string()))
                .cloned(),
        );
    }
    if targets.is_empty() {
        targets.clone_from(&rules.default_targets);
    }
    if targets.is_empty() {
        return Err(Unmapped::NoTargets(unknown));
    }
    Ok((targets, unknown))
}

/// An area as a sentence names it: its description and its codes.
fn shown(area: &Area) -> String {
    /// Most characters of a name, and most codes.
    const MOST: (usize, usize) = (60, 5);
    let short = |text: &str| one_line(text).chars().take(MOST.0).collect::<String>();
    let codes = area.geocode.iter().take(MOST.1);
    let codes: Vec<String> = codes.map(|it| short(&it.value)).collect();
    if codes.is_empty() {
        short(&area.area_desc)
    } else {
        format!("{}, geocode {}", short(&area.area_desc), codes.join(" "))
    }
}
