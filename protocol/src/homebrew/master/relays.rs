//! Where a rule carries a talkgroup.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::config::{MasterConfigError, RelayRule};
use super::held::Place;
use crate::air::Slot;

/// Where a talkgroup heard at a place goes.
#[derive(Debug, Default)]
pub(super) struct Relays {
    pub(super) ways: BTreeMap<(u32, Place), Arc<[Place]>>,
}

impl Relays {
    pub(super) fn new(
        rules: &[RelayRule],
        by_id: &HashMap<u32, usize>,
        is_trunked: impl Fn(usize) -> bool,
    ) -> Result<Self, MasterConfigError> {
        let mut ways: BTreeMap<(u32, Place), Vec<Place>> = BTreeMap::new();
        for rule in rules {
            let mut places = Vec::new();
            for (station, slot) in &rule.members {
                let unknown = MasterConfigError::RelayStation(*station);
                let index = *by_id.get(&station.0).ok_or(unknown)?;
                let slot = if is_trunked(index) { Slot::One } else { *slot };
                places.push((index, slot));
            }
            for from in &places {
                let way = ways.entry((rule.group.get(), *from)).or_default();
                way.extend(places.iter().filter(|to| *to != from));
                way.sort_unstable();
                way.dedup();
            }
        }
        let ways = ways.into_iter().map(|(from, to)| (from, to.into()));
        Ok(Self {
            ways: ways.collect(),
        })
    }

    pub(super) fn from(&self, group: u32, place: Place) -> Option<Arc<[Place]>> {
        self.ways.get(&(group, place)).cloned()
    }
}
