//! An SMS route as it is now: whether it is there, its room, and its rests.

use std::time::Duration;

use narrowcast_protocol::time::Instant;

/// How long a route rests whose operator refuses everything; doubles with each refusal.
const REST: Duration = Duration::from_secs(60);
/// Longest such rest.
const LONGEST_REST: Duration = Duration::from_secs(900);

/// A route as it is now.
#[derive(Debug, Clone, Default)]
pub(super) struct RouteRun {
    pub(super) is_there: bool,
    /// How many parts it takes now.
    pub(super) room: u8,
    /// Until then nothing is started: its operator refuses everything.
    pub(super) rests_until: Option<Instant>,
    /// Refusals of everything, one after the other.
    refused: u32,
    /// Why the operator refused last.
    pub(super) last_error: Option<String>,
    /// Parts that operators took, refused and delivered since the process began.
    pub(super) taken: u64,
    pub(super) refusals: u64,
    pub(super) throttled: u64,
    pub(super) delivered: u64,
    pub(super) failed: u64,
}

impl RouteRun {
    pub(super) fn may_start(&self, now: Instant) -> bool {
        self.is_there && self.room > 0 && self.rests_until.is_none_or(|until| until <= now)
    }

    pub(super) fn works(&self, now: Instant) -> bool {
        self.is_there && self.rests_until.is_none_or(|until| until <= now)
    }

    /// The operator refuses everything: when to look again.
    pub(super) fn rest(&mut self, now: Instant) -> Instant {
        let wait = REST
            .saturating_mul(1 << self.refused.min(4))
            .min(LONGEST_REST);
        self.refused += 1;
        self.rests_until = Some(now + wait);
        now + wait
    }

    pub(super) fn has_taken(&mut self) {
        self.taken += 1;
        self.refused = 0;
        self.rests_until = None;
    }
}
