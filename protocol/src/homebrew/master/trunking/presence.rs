//! Which radio is served by which site.

use std::collections::{BTreeMap, BTreeSet};

use crate::air::RadioId;
use crate::time::Instant;

/// Most radios that are remembered; beyond it the one that registered longest ago is
/// forgotten.
const MOST: usize = 65_536;

/// The radios that have registered.
#[derive(Debug, Default)]
pub(super) struct Presence {
    radios: BTreeMap<RadioId, (usize, Instant)>,
    by_age: BTreeSet<(Instant, RadioId)>,
}

impl Presence {
    /// A radio has registered with a site; the other site where it was, if any.
    pub(super) fn register(&mut self, now: Instant, radio: RadioId, site: usize) -> Option<usize> {
        let before = self.remove(radio);
        if self.radios.len() >= MOST
            && let Some((_, oldest)) = self.by_age.first().copied()
        {
            self.remove(oldest);
        }
        self.radios.insert(radio, (site, now));
        self.by_age.insert((now, radio));
        before.filter(|before| *before != site)
    }

    /// A radio has left a site; whether it was there.
    pub(super) fn deregister(&mut self, radio: RadioId, site: usize) -> bool {
        let there = self.site_of(radio) == Some(site);
        if there {
            self.remove(radio);
        }
        there
    }

    pub(super) fn site_of(&self, radio: RadioId) -> Option<usize> {
        self.radios.get(&radio).map(|(site, _)| *site)
    }

    fn remove(&mut self, radio: RadioId) -> Option<usize> {
        let (site, at) = self.radios.remove(&radio)?;
        self.by_age.remove(&(at, radio));
        Some(site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn radio(id: u32) -> RadioId {
        RadioId::new(id).unwrap()
    }

    #[test]
    fn a_radio_is_where_it_registered_last() {
        let mut presence = Presence::default();
        let now = Instant::ZERO;
        assert_eq!(presence.register(now, radio(1), 0), None);
        assert_eq!(presence.register(now, radio(1), 0), None);
        assert_eq!(presence.register(now, radio(1), 1), Some(0));
        assert!(!presence.deregister(radio(1), 0));
        assert_eq!(presence.site_of(radio(1)), Some(1));
        assert!(presence.deregister(radio(1), 1));
        assert_eq!(presence.site_of(radio(1)), None);
    }

    #[test]
    fn the_longest_registered_makes_room() {
        let mut presence = Presence::default();
        for id in 1..=MOST as u32 + 10 {
            presence.register(Instant::from_millis(u64::from(id)), radio(id), 0);
        }
        assert_eq!((presence.radios.len(), presence.by_age.len()), (MOST, MOST));
        assert_eq!(presence.site_of(radio(10)), None);
        assert_eq!(presence.site_of(radio(11)), Some(0));
    }
}
