//! An area of a document, made ready to be compared with those of the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use narrowcast_protocol::warning::cap::Area;
use narrowcast_protocol::warning::text::one_line;

use super::region::Region;
use super::round::Round;
use super::rules::CapArea;
use super::shape::{Effort, Outline, TooIntricate};

/// Names of code systems (`valueName`) whose codes look like Chinese regions and are none:
/// counties of the United States, and forecast zones there and in Canada.
const FOREIGN: [&str; 5] = ["SAME", "FIPS", "FIPS6", "UGC", "CLC"];

/// An area of a document.
pub(super) struct Place<'a> {
    area: &'a Area,
    name: String,
    codes: Codes<'a>,
    outlines: Vec<Outline>,
    rounds: Vec<Round>,
    /// Whether a polygon of it crosses the 180th meridian and is left aside.
    pub(super) cut: bool,
}

/// The codes of an area, each with the name of its system, and without it.
#[derive(Default)]
struct Codes<'a> {
    values: BTreeSet<(Option<&'a str>, &'a str)>,
    regions: BTreeMap<Option<&'a str>, BTreeSet<Region>>,
}

impl<'a> Codes<'a> {
    fn of(area: &'a Area) -> Self {
        let mut codes = Self::default();
        for code in &area.geocode {
            let system = code.value_name.trim();
            for value in std::iter::once(code.value.trim()).chain(listed(&code.value)) {
                codes.values.extend([(None, value), (Some(system), value)]);
            }
            let regions: BTreeSet<Region> = listed(&code.value).filter_map(Region::parse).collect();
            if regions.is_empty() {
                continue;
            }
            if !is_foreign(system) {
                let all = codes.regions.entry(None).or_default();
                all.extend(regions.iter().cloned());
            }
            codes
                .regions
                .entry(Some(system))
                .or_default()
                .extend(regions);
        }
        codes
    }

    /// A region of the document that reaches the configured one.
    fn reaching<'b>(
        &'b self,
        system: Option<&'b str>,
        region: &Region,
        widen: bool,
    ) -> Option<&'b Region> {
        let known = self.regions.get(&system)?;
        let above = region.upwards().find_map(|above| known.get(above));
        above.or_else(|| {
            let behind = (Bound::Included(region), Bound::Unbounded);
            let part = known.range::<Region, _>(behind).next();
            part.filter(|part| widen && region.covers(part))
        })
    }
}

/// The values of a list with commas.
pub(super) fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '，'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

fn is_foreign(system: &str) -> bool {
    let last = system.rsplit(':').next().unwrap_or(system);
    FOREIGN.iter().any(|name| last.eq_ignore_ascii_case(name))
}

impl<'a> Place<'a> {
    pub(super) fn new(area: &'a Area) -> Self {
        let outlines = area.polygon.iter().map(|it| Outline::new(it.points()));
        let outlines: Vec<Outline> = outlines.filter_map(Result::ok).collect();
        Self {
            area,
            name: one_line(&area.area_desc),
            codes: Codes::of(area),
            cut: outlines.len() < area.polygon.len(),
            outlines,
            rounds: area.circle.iter().map(Round::from).collect(),
        }
    }

    /// By what a configured area is hit, in words; none where it is not.
    pub(super) fn hits(
        &self,
        rule: &CapArea,
        effort: &mut Effort,
    ) -> Result<Option<String>, TooIntricate> {
        let system = rule.code_name.as_deref();
        if let Some(code) = rule.geocode.as_deref()
            && self.codes.values.contains(&(system, code))
        {
            return Ok(Some(format!("geocode {}", short(code))));
        }
        if let Some(region) = &rule.region
            && let Some(by) = self.codes.reaching(system, region, rule.widen)
        {
            return Ok(Some(format!("region {region} by {by}")));
        }
        if let Some(site) = rule.site {
            let round = self.rounds.iter().any(|round| round.holds(site));
            effort.spend(self.rounds.len() as u64)?;
            if round || self.any(|outline| outline.holds(site, effort))? {
                return Ok(Some(format!("site {site}")));
            }
        }
        if let Some(polygon) = &rule.polygon {
            let mut found = self.any(|outline| polygon.meets(outline, effort))?;
            for round in &self.rounds {
                found = found || round.meets(polygon, effort)?;
            }
            if found {
                return Ok(Some(format!("polygon from {}", polygon.spot())));
            }
        }
        let named = rule.name.as_ref() == Some(&self.name);
        Ok(named.then(|| "name".to_owned()))
    }

    fn any(
        &self,
        mut is: impl FnMut(&Outline) -> Result<bool, TooIntricate>,
    ) -> Result<bool, TooIntricate> {
        for outline in &self.outlines {
            if is(outline)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// As a sentence names it: its description and its codes.
    pub(super) fn shown(&self) -> String {
        /// Most codes.
        const MOST: usize = 5;
        let codes = self.area.geocode.iter().take(MOST);
        let codes: Vec<String> = codes.map(|it| short(&it.value)).collect();
        if codes.is_empty() {
            short(&self.area.area_desc)
        } else {
            format!(
                "{}, geocode {}",
                short(&self.area.area_desc),
                codes.join(" ")
            )
        }
    }
}

/// At most 60 characters of a text, in one line.
pub(super) fn short(text: &str) -> String {
    one_line(text).chars().take(60).collect()
}
