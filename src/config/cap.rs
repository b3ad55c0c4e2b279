//! CAP alerts: whom they are for, and in whose name ours are written.

use narrowcast_protocol::warning::cap::Sender;
use serde::Deserialize;

use crate::config::alarm::{ask, receipt};
use crate::config::error::Fault;
use crate::model::alert::{Ask, Target};
use crate::model::cap::{AreaName, CapArea, CapRules};

/// Most targets of an area, or by default.
const TARGETS: usize = 100;
/// Our sender, if none is set.
const SENDER: &str = "narrowcast";

/// `[cap]`: what is made of CAP alerts (`POST /api/v1/cap`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CapTable {
    /// The `sender` of CAP documents that we write.
    pub sender: String,
    /// What alerts from CAP ask.
    #[serde(deserialize_with = "ask")]
    pub ask: Ask,
    /// Whom an alert is for whose areas are none of `area`.
    pub default_targets: Vec<String>,
    /// Areas and whom they stand for.
    pub area: Vec<CapAreaTable>,
}

/// `[[cap.area]]`: an area and whom it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CapAreaTable {
    /// The value of a `geocode` of the area.
    pub geocode: Option<String>,
    /// The area's `areaDesc`.
    pub name: Option<String>,
    /// Whom an alert for it names.
    pub targets: Vec<String>,
}

impl Default for CapTable {
    fn default() -> Self {
        Self {
            sender: SENDER.to_owned(),
            ask: receipt(),
            default_targets: Vec::new(),
            area: Vec::new(),
        }
    }
}

impl CapTable {
    /// The rules for the mapping.
    #[must_use]
    pub fn rules(&self) -> CapRules {
        let areas = self.area.iter().filter_map(CapAreaTable::rule);
        CapRules {
            sender: self.sender.clone(),
            ask: self.ask.clone(),
            areas: areas.collect(),
            default_targets: targets(&self.default_targets),
        }
    }

    pub(super) fn check(&self, faults: &mut Vec<Fault>) {
        if let Err(error) = Sender::new(&self.sender) {
            faults.push(Fault::new("cap.sender", error.to_string()));
        }
        check_targets("cap.default_targets", &self.default_targets, faults);
        for (index, area) in self.area.iter().enumerate() {
            area.check(&format!("cap.area[{index}]"), faults);
        }
    }
}

impl CapAreaTable {
    fn rule(&self) -> Option<CapArea> {
        let known_by = match (&self.geocode, &self.name) {
            (Some(geocode), _) => AreaName::Geocode(geocode.clone()),
            (None, Some(name)) => AreaName::Name(name.clone()),
            (None, None) => return None,
        };
        Some(CapArea {
            known_by,
            targets: targets(&self.targets),
        })
    }

    fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        match (&self.geocode, &self.name) {
            (Some(known_by), None) | (None, Some(known_by)) if !known_by.trim().is_empty() => {}
            (Some(_), Some(_)) => faults.push(Fault::new(
                at,
                "it has geocode and name: write one of them, and another [[cap.area]] for the other",
            )),
            _ => faults.push(Fault::new(
                at,
                "it is known by nothing: write geocode (the code's value) or name (the areaDesc)",
            )),
        }
        if self.targets.is_empty() {
            let why = format!("it is empty: name 1 to {TARGETS} targets");
            faults.push(Fault::new(format!("{at}.targets"), why));
        }
        check_targets(&format!("{at}.targets"), &self.targets, faults);
    }
}

fn targets(texts: &[String]) -> Vec<Target> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn check_targets(at: &str, texts: &[String], faults: &mut Vec<Fault>) {
    if texts.len() > TARGETS {
        let why = format!("it names {}: name at most {TARGETS} targets", texts.len());
        faults.push(Fault::new(at, why));
    }
    for (index, text) in texts.iter().enumerate() {
        if let Err(error) = text.parse::<Target>() {
            faults.push(Fault::new(format!("{at}[{index}]"), error.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn faults(text: &str) -> Vec<String> {
        let config = Config::parse("t", text).unwrap();
        config.check().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn areas_are_read_with_their_targets() {
        let text = "[cap]\nsender = \"a.example\"\ndefault_targets = [\"all\"]\n\
                    ask = \"nothing\"\n[[cap.area]]\ngeocode = \"410100\"\n\
                    targets = [\"node:city/east\", \"system:hall\"]\n";
        assert_eq!(faults(text), Vec::<String>::new());
        let rules = Config::parse("t", text).unwrap().cap.rules();
        assert_eq!(rules.sender, "a.example");
        assert_eq!(
            (rules.ask, rules.default_targets),
            (Ask::Nothing, vec![Target::All])
        );
        let area = rules.areas.first().unwrap();
        assert_eq!(area.known_by, AreaName::Geocode("410100".to_owned()));
        assert_eq!(area.targets.len(), 2);
    }

    #[test]
    fn what_is_wrong_is_said_by_its_key_with_the_remedy() {
        for (text, start, says) in [
            ("sender = \"a b\"", "cap.sender: ", "white space"),
            (
                "default_targets = [\"town:x\"]",
                "cap.default_targets[0]: ",
                "person:ID",
            ),
            (
                "[[cap.area]]\ntargets = [\"all\"]",
                "cap.area[0]: ",
                "geocode",
            ),
            (
                "[[cap.area]]\nname = \"a\"\ngeocode = \"1\"\ntargets = [\"all\"]",
                "cap.area[0]: ",
                "one of them",
            ),
            (
                "[[cap.area]]\nname = \"a\"",
                "cap.area[0].targets: ",
                "1 to 100",
            ),
            (
                "[[cap.area]]\nname = \"a\"\ntargets = [\"all\", \"x\"]",
                "cap.area[0].targets[1]: ",
                "person:ID",
            ),
        ] {
            let found = faults(&format!("[cap]\n{text}\n"));
            let first = found.first().unwrap();
            assert!(
                first.starts_with(start) && first.contains(says),
                "{found:?}"
            );
        }
    }
}
