//! Messages of radios and operators that wait for the ledger. None is acknowledged before it is
//! recorded, so one that is dropped is sent again.

use std::collections::{BTreeMap, VecDeque};

use narrowcast_protocol::air::{Heard, HeardKind};

/// What waits, in the order of its hearing, and what was dropped.
#[derive(Debug, Default)]
pub(super) struct Messages {
    held: VecDeque<Heard>,
    dropped: BTreeMap<&'static str, u64>,
}

impl Messages {
    /// Keeps a message for later; beyond `limit` it is dropped and counted.
    pub(super) fn hold(&mut self, heard: Heard, limit: usize) {
        if self.held.len() < limit {
            self.held.push_back(heard);
        } else {
            self.count(&heard);
        }
    }

    /// Counts a message that is dropped, by its kind.
    pub(super) fn count(&mut self, heard: &Heard) {
        *self.dropped.entry(kind(&heard.what)).or_default() += 1;
    }

    /// The oldest message.
    pub(super) fn next(&mut self) -> Option<Heard> {
        self.held.pop_front()
    }

    /// Drops and counts everything that waits.
    pub(super) fn drop_all(&mut self) {
        for heard in std::mem::take(&mut self.held) {
            self.count(&heard);
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.held.len()
    }

    /// How many were dropped, by kind.
    pub(super) const fn dropped(&self) -> &BTreeMap<&'static str, u64> {
        &self.dropped
    }
}

/// Whether it is a message, which must not be lost while the ledger is away. The rest is a
/// sign of life, and the next one tells more.
pub(super) const fn is_message(what: &HeardKind) -> bool {
    matches!(
        what,
        HeardKind::Text { .. }
            | HeardKind::TextAcknowledged { .. }
            | HeardKind::Status { .. }
            | HeardKind::Sms(_)
            | HeardKind::Receipt(_)
    )
}

const fn kind(what: &HeardKind) -> &'static str {
    match what {
        HeardKind::Text { .. } => "text",
        HeardKind::TextAcknowledged { .. } => "acknowledgement",
        HeardKind::Status { .. } => "status",
        HeardKind::Emergency { .. } => "emergency",
        HeardKind::Position { .. } => "position",
        HeardKind::Presence { .. } => "presence",
        HeardKind::Registered { .. } => "registration",
        HeardKind::Deregistered { .. } => "deregistration",
        HeardKind::Sms(_) => "sms",
        HeardKind::Receipt(_) => "receipt",
    }
}
