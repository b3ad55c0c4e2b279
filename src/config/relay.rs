//! Which talkgroups are carried between which stations.

use std::collections::{BTreeMap, BTreeSet};

use narrowcast_protocol::air::{CarrierId, GroupId, StationId};
use serde::Deserialize;

use crate::config::error::Fault;
use crate::config::homebrew::HomebrewLink;
use crate::config::value::carriers;

/// `[[relay]]`: a talkgroup whose voice and data are carried unchanged between timeslots.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// The talkgroup whose calls are carried.
    pub talkgroup: GroupId,
    /// Between which timeslots of the stations of one `[[homebrew]]`; on a trunked site the
    /// timeslot has no meaning.
    #[serde(deserialize_with = "carriers")]
    pub carriers: Vec<CarrierId>,
}

impl Relay {
    /// Whether it joins stations of this master.
    #[must_use]
    pub fn is_of(&self, link: &HomebrewLink) -> bool {
        let first = self.carriers.first();
        first.is_some_and(|carrier| link.station.iter().any(|it| it.id == carrier.station))
    }

    pub(super) fn check(&self, links: &[HomebrewLink], at: &str, faults: &mut Vec<Fault>) {
        let field = format!("{at}.carriers");
        let mut fault = |says: String| faults.push(Fault::new(field.clone(), says));
        let distinct: BTreeSet<_> = self.carriers.iter().collect();
        if distinct.len() < 2 || distinct.len() != self.carriers.len() {
            fault("it needs two carriers or more, each once".to_owned());
            return;
        }
        let Some(link) = links.iter().find(|link| self.is_of(link)) else {
            let first = self.carriers.first().map_or(0, |it| it.station.0);
            fault(format!("station {first} stands in no [[homebrew]]"));
            return;
        };
        let mut tests = BTreeSet::new();
        for carrier in &self.carriers {
            let station = link.station.iter().find(|it| it.id == carrier.station);
            let Some(station) = station else {
                fault(format!(
                    "station {} does not log in at {}: a relay joins the stations of one [[homebrew]]",
                    carrier.station, link.listen
                ));
                continue;
            };
            tests.insert(station.test);
            if station
                .slots
                .as_ref()
                .is_some_and(|slots| !slots.contains(&carrier.slot))
            {
                fault(format!("{carrier} is not among the station's slots"));
            }
        }
        if tests.len() > 1 {
            fault(
                "it joins a test station and a live one: an exercise would be heard live"
                    .to_owned(),
            );
        }
    }
}

/// Talkgroups that several stations of one master hear and that no rule carries between
/// them: a sentence for each, with the remedy.
pub(super) fn gaps(links: &[HomebrewLink], relays: &[Relay]) -> Vec<String> {
    let mut gaps = Vec::new();
    for link in links {
        let mut hear: BTreeMap<(GroupId, bool), Vec<StationId>> = BTreeMap::new();
        for station in &link.station {
            for group in station.groups.iter().collect::<BTreeSet<_>>() {
                hear.entry((*group, station.test))
                    .or_default()
                    .push(station.id);
            }
        }
        for ((group, _), stations) in hear {
            let joined = |station: &StationId| {
                let of_group = relays.iter().filter(|relay| relay.talkgroup == group);
                of_group
                    .flat_map(|relay| &relay.carriers)
                    .any(|carrier| carrier.station == *station)
            };
            if stations.len() < 2 || stations.iter().all(joined) {
                continue;
            }
            let names: Vec<String> = stations.iter().map(ToString::to_string).collect();
            gaps.push(format!(
                "talkgroup {group} is heard at stations {} and nothing carries it between them: calls stay where they are made; write a [[relay]] if they should not",
                names.join(", ")
            ));
        }
    }
    gaps
}
