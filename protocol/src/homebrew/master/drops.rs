//! Datagrams that were dropped, counted by station and cause and told once a second.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::air::StationId;
use crate::session::Notice;
use crate::time::Instant;

const TELL_EVERY: Duration = Duration::from_secs(1);

/// Counts since the last report. Stations are configured ones and causes are fixed
/// words, so this cannot grow.
#[derive(Debug, Default)]
pub(super) struct Drops {
    counts: BTreeMap<(Option<StationId>, &'static str), u32>,
    tell_at: Option<Instant>,
}

impl Drops {
    pub(super) fn count(
        &mut self,
        now: Instant,
        station: Option<StationId>,
        cause: &'static str,
        more: u32,
    ) {
        let count = self.counts.entry((station, cause)).or_default();
        *count = count.saturating_add(more);
        self.tell_at.get_or_insert(now + TELL_EVERY);
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.tell_at
    }

    /// The report, when it is due.
    pub(super) fn tell(&mut self, now: Instant) -> impl Iterator<Item = Notice> + use<> {
        let due = self.tell_at.is_some_and(|at| at <= now);
        let counts = if due {
            self.tell_at = None;
            core::mem::take(&mut self.counts)
        } else {
            BTreeMap::new()
        };
        counts
            .into_iter()
            .map(|((station, cause), count)| Notice::Dropped {
                station,
                cause,
                count,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_report_a_second() {
        let mut drops = Drops::default();
        let station = Some(StationId(7));
        for millis in 0..1_000 {
            drops.count(Instant::from_millis(millis), station, "wrong-length", 1);
        }
        drops.count(Instant::from_millis(999), None, "unknown-message", 2);
        assert_eq!(drops.tell(Instant::from_millis(999)).count(), 0);
        assert_eq!(drops.deadline(), Some(Instant::from_millis(1_000)));
        let told: Vec<Notice> = drops.tell(Instant::from_millis(1_000)).collect();
        let dropped = |station, cause, count| Notice::Dropped {
            station,
            cause,
            count,
        };
        assert_eq!(
            told,
            [
                dropped(None, "unknown-message", 2),
                dropped(station, "wrong-length", 1_000)
            ]
        );
        assert_eq!(drops.deadline(), None);
    }
}
