//! How often strangers are answered.

use core::hash::{Hash, Hasher};
use core::time::Duration;
use std::hash::DefaultHasher;
use std::net::SocketAddr;

use crate::time::Instant;

/// At most `rate` a second, and at most `rate` at once.
#[derive(Debug, Clone)]
pub(super) struct Rate {
    interval: Duration,
    /// When the budget will be whole again.
    whole: Instant,
}

const WINDOW: Duration = Duration::from_secs(1);

impl Rate {
    pub(super) fn per_second(rate: u32) -> Self {
        Self {
            interval: WINDOW.checked_div(rate).unwrap_or(Duration::MAX),
            whole: Instant::ZERO,
        }
    }

    fn after_one_more(&self, now: Instant) -> Option<Instant> {
        let whole = self.whole.max(now) + self.interval;
        (whole.since(now) <= WINDOW).then_some(whole)
    }

    /// Whether one more is allowed now.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        self.after_one_more(now).is_some()
    }

    pub(super) fn allow(&mut self, now: Instant) -> bool {
        let whole = self.after_one_more(now);
        self.whole = whole.unwrap_or(self.whole);
        whole.is_some()
    }
}

/// A rate for each of many: a table of fixed size. Two that share a place share its rate.
#[derive(Debug)]
pub(super) struct Shares {
    places: Vec<Rate>,
}

impl Shares {
    pub(super) fn per_second(rate: u32) -> Self {
        Self {
            places: vec![Rate::per_second(rate); PLACES],
        }
    }

    /// Whether one more is allowed for `who` now.
    pub(super) fn has_room(&self, now: Instant, who: impl Hash) -> bool {
        let rate = self.places.get(place_of(who));
        rate.is_some_and(|rate| rate.has_room(now))
    }

    /// Takes one, if it is allowed.
    pub(super) fn take(&mut self, now: Instant, who: impl Hash) {
        if let Some(rate) = self.places.get_mut(place_of(who)) {
            rate.allow(now);
        }
    }
}

/// The place of `who` in a table of [`PLACES`].
fn place_of(who: impl Hash) -> usize {
    // Fixed keys: the same run must do the same.
    let mut hasher = DefaultHasher::new();
    who.hash(&mut hasher);
    usize::try_from(hasher.finish() % PLACES as u64).unwrap_or(0)
}

/// Whom we answered lately: a table of fixed size. Two addresses that share a place
/// push each other out, which at worst allows an answer more; [`Rate`] still holds.
#[derive(Debug)]
pub(super) struct Recent {
    places: Vec<Option<(SocketAddr, Instant)>>,
}

const PLACES: usize = 1_024;

impl Recent {
    pub(super) fn new() -> Self {
        Self {
            places: vec![None; PLACES],
        }
    }

    fn place(&mut self, peer: SocketAddr) -> Option<&mut Option<(SocketAddr, Instant)>> {
        self.places.get_mut(place_of(peer))
    }

    /// Whether `peer` was answered within the last second.
    pub(super) fn answered(&mut self, now: Instant, peer: SocketAddr) -> bool {
        self.place(peer).is_some_and(
            |place| matches!(place, Some((who, at)) if *who == peer && now.since(*at) < WINDOW),
        )
    }

    pub(super) fn note(&mut self, now: Instant, peer: SocketAddr) {
        if let Some(place) = self.place(peer) {
            *place = Some((peer, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_allows_its_burst_and_then_its_pace() {
        let mut rate = Rate::per_second(10);
        let start = Instant::from_millis(5_000);
        let allowed = |rate: &mut Rate, now| (0..100).filter(|_| rate.allow(now)).count();
        assert_eq!(allowed(&mut rate, start), 10);
        assert_eq!(allowed(&mut rate, start + Duration::from_millis(99)), 0);
        assert_eq!(allowed(&mut rate, start + Duration::from_millis(300)), 3);
        assert_eq!(allowed(&mut rate, start + Duration::from_secs(60)), 10);
        assert_eq!(allowed(&mut Rate::per_second(0), start), 0);
    }

    #[test]
    fn one_address_is_answered_once_a_second() {
        let mut recent = Recent::new();
        let peer: SocketAddr = "192.0.2.1:5000".parse().unwrap();
        let now = Instant::from_millis(10_000);
        assert!(!recent.answered(now, peer));
        recent.note(now, peer);
        assert!(recent.answered(now + Duration::from_millis(999), peer));
        assert!(!recent.answered(now + Duration::from_millis(1_000), peer));
    }
}
