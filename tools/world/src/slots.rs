//! When the slots of a carrier are, and which of them are worth looking at.

use std::time::Duration;

use narrowcast_protocol::time::Instant;

use crate::air::BURST;

/// A site where nothing is going on is looked at this often all the same.
const IDLE: Duration = Duration::from_secs(1);

/// The grid of slots since a station began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlotClock {
    origin: Instant,
    /// Slots up to here have passed.
    passed: Instant,
}

impl SlotClock {
    /// The first slot ends one burst after `now`.
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            origin: now,
            passed: now,
        }
    }

    /// The first slot that has not passed and is not before `wanted`; if nothing is wanted, a
    /// moment to look again.
    pub(crate) fn next(&self, wanted: Option<Instant>) -> Instant {
        wanted.map_or(self.passed + IDLE, |wanted| self.first_from(wanted))
    }

    /// The next slot until `now`, which passes with this.
    pub(crate) fn due(&mut self, wanted: Option<Instant>, now: Instant) -> Option<Instant> {
        let at = self.first_from(wanted?);
        if at > now {
            return None;
        }
        self.passed = at;
        Some(at)
    }

    /// Nothing more happens until `now`.
    pub(crate) fn rest(&mut self, now: Instant) {
        self.passed = self.passed.max(now);
    }

    fn first_from(&self, wanted: Instant) -> Instant {
        let burst = BURST.as_micros().max(1);
        let after_passed = self.passed.since(self.origin).as_micros() / burst + 1;
        let until_wanted = wanted.since(self.origin).as_micros().div_ceil(burst);
        let count = u32::try_from(after_passed.max(until_wanted)).unwrap_or(u32::MAX);
        self.origin + BURST.saturating_mul(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_lie_on_the_grid_and_those_before_anything_is_wanted_are_skipped() {
        let at = Instant::from_millis;
        let mut clock = SlotClock::new(at(1_000));
        assert_eq!(clock.next(Some(Instant::ZERO)), at(1_060));
        assert_eq!(clock.due(Some(at(1_061)), at(1_119)), None);
        assert_eq!(clock.due(Some(at(1_061)), at(1_120)), Some(at(1_120)));
        assert_eq!(clock.due(Some(Instant::ZERO), at(1_130)), None);
        clock.rest(at(5_000));
        assert_eq!(clock.next(Some(Instant::ZERO)), at(5_020));
        assert_eq!(clock.next(None), at(6_000));
    }
}
