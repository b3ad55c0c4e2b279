//! Whom a CAP alert is for: all that its areas and addresses stand for.

use std::collections::BTreeSet;

use narrowcast_protocol::warning::cap::{Alert, Info, Scope};

use super::place::{Place, listed, short};
use super::rules::{CapArea, CapRules};
use super::shape::{Effort, TooIntricate};
use super::unmapped::Unmapped;
use crate::model::alert::Target;
use crate::model::roster::Node;

/// `valueName` of the parameter that names an addressee, or several with commas.
const GROUP: &str = "narrowcast:group";
/// Most addresses that are not known and are named, and most hits of an area.
const NAMED: usize = 20;
/// Most targets of an alert.
const TARGETS: usize = 1_000;

/// Whom a document is for.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) targets: Vec<Target>,
    /// Areas and addresses, and what they hit.
    pub(super) matched: Vec<String>,
    /// Areas and addresses that hit nothing, and polygons that are not used.
    pub(super) unknown: Vec<String>,
    named: BTreeSet<String>,
}

impl Found {
    fn add(&mut self, rule: &CapArea) {
        for target in &rule.targets {
            if self.named.insert(target.to_string()) {
                self.targets.push(target.clone());
            }
        }
    }

    fn addresses<'a>(&mut self, named: &BTreeSet<&'a str>, rules: &'a [CapArea]) {
        let mut known = BTreeSet::new();
        for rule in rules {
            if let Some(address) = rule.address.as_deref().filter(|it| named.contains(it)) {
                known.insert(address);
                self.add(rule);
            }
        }
        let said = |address: &&str| format!("address {}", short(address));
        self.matched.extend(known.iter().map(said));
        let unknown: Vec<&str> = named.difference(&known).copied().collect();
        self.unknown.extend(shown_of(&unknown, said));
    }

    fn area(
        &mut self,
        place: &Place<'_>,
        rules: &[CapArea],
        effort: &mut Effort,
    ) -> Result<(), TooIntricate> {
        let mut hits = Vec::new();
        for rule in rules {
            if let Some(hit) = place.hits(rule, effort)? {
                self.add(rule);
                hits.push(hit);
            }
        }
        let (shown, mut notes) = (place.shown(), Vec::new());
        if hits.is_empty() {
            notes.push(shown.clone());
        } else {
            let hits = shown_of(&hits, Clone::clone);
            let matched = format!("{shown}: {}", hits.join("; "));
            if !self.matched.contains(&matched) {
                self.matched.push(matched);
            }
        }
        if place.cut {
            notes.push(format!(
                "{shown}: a polygon across the 180th meridian is not used"
            ));
        }
        for note in notes {
            if !self.unknown.contains(&note) {
                self.unknown.push(note);
            }
        }
        Ok(())
    }
}

/// The first of a list in words, and how many more there are.
fn shown_of<T>(all: &[T], said: impl FnMut(&T) -> String) -> Vec<String> {
    let mut shown: Vec<String> = all.iter().take(NAMED).map(said).collect();
    if let Some(more) = all.len().checked_sub(NAMED).filter(|more| *more > 0) {
        shown.push(format!("and {more} more"));
    }
    shown
}

/// The targets without nodes that lie below others of them: the recipients are the same. Only
/// where there are more than an alert may name, as of a province whose villages are all
/// configured.
fn fewer(targets: Vec<Target>) -> Result<Vec<Target>, Unmapped> {
    if targets.len() <= TARGETS {
        return Ok(targets);
    }
    let paths = targets.iter().filter_map(|target| match target {
        Target::Node(node) => Some(node.as_str().to_owned()),
        _ => None,
    });
    let nodes: BTreeSet<String> = paths.collect();
    let below = |node: &Node| {
        let path = node.as_str();
        let levels = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        let mut above = levels.chain((!path.is_empty()).then_some(""));
        above.any(|above| nodes.contains(above))
    };
    let top = targets
        .into_iter()
        .filter(|target| !matches!(target, Target::Node(node) if below(node)));
    let top: Vec<Target> = top.collect();
    if top.len() > TARGETS {
        return Err(Unmapped::ManyTargets(top.len()));
    }
    Ok(top)
}

/// Whom an alert is for: all areas of all info count, and all its addresses. Of a Private alert
/// only the addresses do.
pub(super) fn found(alert: &Alert, chosen: &[&Info], rules: &CapRules) -> Result<Found, Unmapped> {
    let mut found = Found::default();
    let parameters = chosen.iter().flat_map(|info| &info.parameter);
    let groups = parameters.filter(|it| it.value_name.trim() == GROUP);
    let groups = groups.flat_map(|it| listed(&it.value));
    let addresses = alert.addresses.iter().map(|it| it.trim());
    found.addresses(&addresses.chain(groups).collect(), &rules.areas);
    if alert.scope == Scope::Private {
        if found.targets.is_empty() {
            return Err(Unmapped::NoAddress(found.unknown));
        }
        found.targets = fewer(found.targets)?;
        return Ok(found);
    }
    let mut effort = Effort::new();
    for area in chosen.iter().flat_map(|info| &info.area) {
        let place = Place::new(area);
        let compared = found.area(&place, &rules.areas, &mut effort);
        compared.map_err(|TooIntricate| Unmapped::TooIntricate)?;
    }
    if found.targets.is_empty() {
        found.targets.clone_from(&rules.default_targets);
    }
    if found.targets.is_empty() {
        return Err(Unmapped::NoTargets(found.unknown));
    }
    found.targets = fewer(found.targets)?;
    Ok(found)
}

#[cfg(test)]
mod tests;
