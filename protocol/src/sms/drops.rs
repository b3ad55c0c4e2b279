//! What was dropped, told at most once a second and cause.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::air::StationId;
use crate::session::Notice;
use crate::time::Instant;

/// At most one notice of a cause in this time.
const PERIOD: Duration = Duration::from_secs(1);

/// Counts by cause.
#[derive(Debug, Default)]
pub(in crate::sms) struct Drops {
    counts: BTreeMap<&'static str, u32>,
    due: Option<Instant>,
}

impl Drops {
    pub(in crate::sms) fn count(&mut self, now: Instant, cause: &'static str) {
        let count = self.counts.entry(cause).or_default();
        *count = count.saturating_add(1);
        self.due.get_or_insert(now + PERIOD);
    }

    pub(in crate::sms) const fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// What is to be told now.
    pub(in crate::sms) fn tell(&mut self, now: Instant, station: StationId) -> Vec<Notice> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = None;
        let counts = core::mem::take(&mut self.counts).into_iter();
        let notice = |(cause, count)| Notice::Dropped {
            station: Some(station),
            cause,
            count,
        };
        counts.map(notice).collect()
    }
}
