//! When to look again at what: a table for each part of the engine, and what the engine itself
//! comes back to.

use std::collections::BTreeSet;

use narrowcast_protocol::time::Instant;

use crate::model::ids::AlertId;

/// Moments, and what is due at each.
#[derive(Debug)]
pub(super) struct Timers<T>(BTreeSet<(Instant, T)>);

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<T: Ord + Copy> Timers<T> {
    /// Something is due at a moment.
    pub(super) fn set(&mut self, at: Instant, timer: T) {
        self.0.insert((at, timer));
    }

    /// When the next thing is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes out the next thing that is due.
    pub(super) fn due(&mut self, now: Instant) -> Option<T> {
        let (at, timer) = *self.0.first()?;
        if at > now {
            return None;
        }
        self.0.remove(&(at, timer));
        Some(timer)
    }
}

/// What the engine itself comes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// This alert expires.
    Expiry(AlertId),
    /// Forget.
    Forget,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_out_in_the_order_of_its_moments_and_no_sooner() {
        let at = Instant::from_millis;
        let mut timers = Timers::default();
        for (moment, name) in [(30, 'c'), (10, 'a'), (20, 'b')] {
            timers.set(at(moment), name);
        }
        assert_eq!(timers.next(), Some(at(10)));
        assert_eq!(timers.due(at(9)), None);
        assert_eq!(timers.due(at(20)), Some('a'));
        assert_eq!(timers.due(at(20)), Some('b'));
        assert_eq!(timers.due(at(20)), None);
        assert_eq!(timers.next(), Some(at(30)));
    }
}
