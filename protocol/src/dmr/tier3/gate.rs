//! When the modem's queue may be fed: a burst that invites radios goes out alone.

use core::time::Duration;

use crate::time::Instant;

/// From the moment a burst is known to have left until the CACH behind it is surely made:
/// what is written later no longer marks that inbound slot as taken.
const CACH: Duration = Duration::from_millis(27);

/// Whether bursts may be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// Yes.
    Open,
    /// The invitation with this number must leave first, with nothing behind it.
    Leaving(u64),
    /// It has left; from then on.
    Until(Instant),
}

impl Gate {
    pub(super) fn left(&mut self, now: Instant, count: u64) {
        if matches!(self, Self::Leaving(number) if *number <= count) {
            *self = Self::Until(now + CACH);
        }
    }

    pub(super) fn is_open(self, now: Instant) -> bool {
        match self {
            Self::Open => true,
            Self::Leaving(_) => false,
            Self::Until(then) => then <= now,
        }
    }

    /// When bursts may be pulled, as far as known.
    pub(super) const fn opens(self) -> Option<Instant> {
        match self {
            Self::Open => Some(Instant::ZERO),
            Self::Leaving(_) => None,
            Self::Until(then) => Some(then),
        }
    }
}
