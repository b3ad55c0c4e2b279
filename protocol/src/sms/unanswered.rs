//! Messages and receipts that an operator waits to be answered for.

use std::collections::BTreeMap;

use crate::sms::incoming::SmsToken;
use crate::time::Instant;

/// Most that wait. An operator has about 16 under way.
const MOST: usize = 256;

/// What became of one that wants to be kept.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sms) enum Keep {
    /// It is answered by this name.
    Named(SmsToken),
    /// It waits already: the operator repeats itself.
    Known,
    /// Too many wait.
    Full,
}

/// Those that wait. `K` is what an answer must repeat.
#[derive(Debug)]
pub(in crate::sms) struct Unanswered<K> {
    /// The last name; none is given twice, so that an answer never goes to another connection.
    last: u64,
    waiting: BTreeMap<SmsToken, (K, Instant)>,
}

impl<K: Copy + PartialEq> Unanswered<K> {
    pub(in crate::sms) const fn new() -> Self {
        Self {
            last: 0,
            waiting: BTreeMap::new(),
        }
    }

    pub(in crate::sms) fn keep(&mut self, now: Instant, kept: K, until: Instant) -> Keep {
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
    pub(in crate::sms) fn take(&mut self, now: Instant, token: SmsToken) -> Option<K> {
        let (kept, until) = self.waiting.remove(&token)?;
        (until >= now).then_some(kept)
    }

    pub(in crate::sms) fn clear(&mut self) {
        self.waiting.clear();
    }
}
