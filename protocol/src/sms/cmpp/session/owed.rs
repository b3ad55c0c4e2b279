//! Messages and reports that the gateway waits to be answered for.

use std::collections::BTreeMap;

use crate::sms::incoming::SmsToken;
use crate::time::Instant;

/// Most that wait. A gateway has 16 under way by the standard.
const MOST: usize = 256;

/// What an answer must repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    /// Of the header.
    pub(super) sequence: u32,
    /// Msg_Id of the DELIVER.
    pub(super) message: u64,
}

/// What became of one that wants to be kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// It is answered by this name.
    Named(SmsToken),
    /// It waits already: the gateway repeats itself.
    Known,
    /// Too many wait.
    Full,
}

/// Those that wait.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    /// The last name; none is given twice, so that an answer never goes to another connection.
    last: u64,
    waiting: BTreeMap<SmsToken, (Kept, Instant)>,
}

impl Unanswered {
    pub(super) fn keep(&mut self, now: Instant, kept: Kept, until: Instant) -> Keep {
        self.waiting.retain(|_, (_, until)| *until >= now);
        if self.waiting.values().any(|(it, _)| *it == kept) {
            return Keep::Known;
        }
        if self.waiting.len() >= MOST {
            return Keep::Full;
        }
        self.last += 1;
        let token = SmsToken(self.last);
        self.waiting.insert(token, (kept, until));
        Keep::Named(token)
    }

    /// The one of this name, unless its time is over.
    pub(super) fn take(&mut self, now: Instant, token: SmsToken) -> Option<Kept> {
        let (kept, until) = self.waiting.remove(&token)?;
        (until >= now).then_some(kept)
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}
