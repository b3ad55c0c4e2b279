//! What time it is: the monotonic clock carries the civil one, so that a step of the
//! civil clock beyond a minute changes nothing until it is confirmed. A dead clock
//! battery must not expire every alert.

use std::time::Duration;

use narrowcast_protocol::time::Instant;

use crate::engine::io::Now;
use crate::model::wall::Wall;

/// A civil clock that differs by more than this from what was expected is not believed.
const STEP: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Clock {
    now: Now,
    /// The civil time that was believed at `anchor`.
    believed: Wall,
    anchor: Instant,
    step_millis: Option<i64>,
    warned: bool,
}

impl Clock {
    pub(super) const fn new(start: Now) -> Self {
        Self {
            now: start,
            believed: start.wall,
            anchor: start.mono,
            step_millis: None,
            warned: false,
        }
    }

    /// After a restart civil time must not stand before the last fact.
    pub(super) fn resume(&mut self, now: Now, last_fact: Wall) {
        *self = Self::new(now);
        if last_fact.since(now.wall) > STEP {
            self.believed = last_fact;
            self.advance(now);
        }
    }

    pub(super) fn advance(&mut self, now: Now) {
        self.now = Now {
            mono: self.now.mono.max(now.mono),
            wall: now.wall,
        };
        let expected = self.wall();
        let off = now.wall.as_millis().saturating_sub(expected.as_millis());
        if Duration::from_millis(off.unsigned_abs()) <= STEP {
            self.believed = now.wall;
            self.anchor = self.now.mono;
            self.step_millis = None;
            self.warned = false;
        } else {
            self.step_millis = Some(off);
        }
    }

    /// Believes the civil clock as it stands; by how many milliseconds it had stepped.
    pub(super) fn confirm(&mut self) -> Option<i64> {
        let step = self.step_millis.take()?;
        self.believed = self.now.wall;
        self.anchor = self.now.mono;
        self.warned = false;
        Some(step)
    }

    /// The monotonic time, and the civil time that is believed.
    pub(super) fn now(&self) -> Now {
        Now {
            mono: self.now.mono,
            wall: self.wall(),
        }
    }

    pub(super) const fn mono(&self) -> Instant {
        self.now.mono
    }

    pub(super) fn wall(&self) -> Wall {
        self.believed.plus(self.now.mono.since(self.anchor))
    }

    pub(super) const fn step(&self) -> Option<i64> {
        self.step_millis
    }

    /// The step that waits for confirmation, once.
    pub(super) fn take_warning(&mut self) -> Option<i64> {
        let step = self.step_millis.filter(|_| !self.warned)?;
        self.warned = true;
        Some(step)
    }

    /// When civil time will be `wall`, on the monotonic clock.
    pub(super) fn when(&self, wall: Wall) -> Instant {
        self.now.mono + wall.since(self.wall())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(mono: u64, wall: i64) -> Now {
        Now {
            mono: Instant::from_millis(mono),
            wall: Wall::from_millis(wall),
        }
    }

    #[test]
    fn small_corrections_are_followed_and_a_leap_waits_for_a_person() {
        let mut clock = Clock::new(now(0, 1_000_000));
        clock.advance(now(1_000, 1_003_000));
        assert_eq!(clock.wall(), Wall::from_millis(1_003_000));
        clock.advance(now(2_000, 0));
        assert_eq!(clock.wall(), Wall::from_millis(1_004_000));
        assert_eq!(clock.take_warning(), Some(-1_004_000));
        assert_eq!(clock.take_warning(), None);
        assert_eq!(clock.confirm(), Some(-1_004_000));
        assert_eq!(clock.wall(), Wall::from_millis(0));
    }

    #[test]
    fn a_dead_battery_at_start_does_not_turn_back_time() {
        let mut clock = Clock::new(now(0, 0));
        clock.resume(now(0, 0), Wall::from_millis(9_000_000));
        assert_eq!(clock.wall(), Wall::from_millis(9_000_000));
        assert!(clock.step().is_some());
    }
}
