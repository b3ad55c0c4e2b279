//! What is sent, and whose answer is awaited.

use std::collections::VecDeque;

use crate::air::{JobId, RadioId};
use crate::dmr::channel::Outgoing;
use crate::time::Instant;

/// What answers a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// Nobody.
    Nothing,
    /// C_ACKU of this radio to our address.
    Acknowledgement { by: RadioId, from: RadioId },
    /// C_ACKU of this radio, whatever it says.
    Presence { by: RadioId },
    /// C_ACKU with a status, of each radio that a burst is for.
    Statuses,
}

impl Expect {
    /// Whether its last burst has an answer in the next inbound slot.
    pub(super) const fn is_answered(self) -> bool {
        !matches!(self, Self::Nothing)
    }

    /// Whether its bursts must follow each other without a gap.
    pub(super) const fn is_tight(self) -> bool {
        !matches!(self, Self::Statuses)
    }
}

/// What cannot be interrupted.
#[derive(Debug, Clone)]
pub(super) struct Fragment {
    pub(super) bursts: Vec<Outgoing>,
    pub(super) expect: Expect,
}

/// How an open fragment or poll stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its last burst, with this number, has not left the modem yet.
    Leaving(u64),
    /// It has; the answer is awaited.
    Awaiting(Instant),
    /// No answer came in time: it may be sent again.
    Unanswered,
    /// It is being sent again.
    Again,
}

impl Stage {
    /// All bursts up to `left` have left; the answer to one may come until `until`.
    pub(super) fn left(&mut self, left: u64, until: Instant) {
        if matches!(self, Self::Leaving(number) if *number <= left) {
            *self = Self::Awaiting(until);
        }
    }

    /// Whether the answer's time is up since this call.
    pub(super) fn is_over(&mut self, now: Instant) -> bool {
        let over = matches!(self, Self::Awaiting(until) if *until <= now);
        if over {
            *self = Self::Unanswered;
        }
        over
    }

    pub(super) const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Awaiting(until) => Some(until),
            _ => None,
        }
    }
}

/// An individual fragment that has been sent and is not answered yet.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) id: JobId,
    pub(super) fragment: Fragment,
    pub(super) sent: u8,
    pub(super) stage: Stage,
}

impl Open {
    /// Whether radio `by`, answering the address `to`, can mean this.
    pub(super) fn is_answered_by(&self, by: RadioId, to: u32) -> bool {
        match self.fragment.expect {
            Expect::Acknowledgement { by: radio, from } => radio == by && from.get() == to,
            Expect::Presence { by: radio } => radio == by,
            Expect::Nothing | Expect::Statuses => false,
        }
    }
}

/// A radio that was asked for its status.
#[derive(Debug)]
pub(super) struct Poll {
    pub(super) id: JobId,
    pub(super) radio: RadioId,
    pub(super) stage: Stage,
}

/// What is being pulled.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) id: JobId,
    pub(super) fragment: Fragment,
    pub(super) bursts: VecDeque<Outgoing>,
    /// It has been sent before.
    pub(super) again: bool,
}

impl Current {
    pub(super) fn new(id: JobId, fragment: Fragment, again: bool) -> Self {
        let mut bursts: VecDeque<Outgoing> = fragment.bursts.iter().copied().collect();
        if let Some(first) = bursts.front_mut() {
            first.new_stream = true;
        }
        if let Some(last) = bursts.back_mut() {
            last.last_of = (!again).then_some(id);
        }
        Self {
            id,
            fragment,
            bursts,
            again,
        }
    }

    /// Whether nothing may come between its bursts now.
    pub(super) fn is_tight(&self) -> bool {
        self.fragment.expect.is_tight() && !self.bursts.is_empty()
    }
}
