//! Strangers: ids that were refused at log-in.

use core::time::Duration;
use std::net::SocketAddr;

use crate::time::Instant;

/// An id that was refused at log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stranger {
    /// The id that was claimed.
    pub claimed: u32,
    /// From where, the last time.
    pub peer: SocketAddr,
    /// Why, the last time, in words.
    pub why: &'static str,
    /// When first.
    pub first: Instant,
    /// When last.
    pub last: Instant,
    /// How often.
    pub count: u32,
    reported: Option<Instant>,
}

/// The strangers seen last, most recent last; the oldest makes room for a new one.
#[derive(Debug)]
pub(super) struct Quarantine {
    bound: usize,
    strangers: Vec<Stranger>,
}

/// One stranger is reported at most this often.
const REPORT_EVERY: Duration = Duration::from_secs(60);
const LARGEST: usize = 1_024;

impl Quarantine {
    pub(super) fn new(bound: usize) -> Self {
        Self {
            bound: bound.clamp(1, LARGEST),
            strangers: Vec::new(),
        }
    }

    /// Remembers a refusal; whether it is worth a report.
    pub(super) fn note(
        &mut self,
        now: Instant,
        claimed: u32,
        peer: SocketAddr,
        why: &'static str,
    ) -> bool {
        let known = self.strangers.iter().position(|it| it.claimed == claimed);
        let mut stranger = match known {
            Some(index) => self.strangers.remove(index),
            None => {
                if self.strangers.len() >= self.bound {
                    self.strangers.remove(0);
                }
                Stranger {
                    claimed,
                    peer,
                    why,
                    first: now,
                    last: now,
                    count: 0,
                    reported: None,
                }
            }
        };
        let told = stranger.reported.filter(|_| stranger.why == why);
        let report = told.is_none_or(|at| now.since(at) >= REPORT_EVERY);
        stranger.peer = peer;
        stranger.why = why;
        stranger.last = now;
        stranger.count = stranger.count.saturating_add(1);
        if report {
            stranger.reported = Some(now);
        }
        self.strangers.push(stranger);
        report
    }

    /// The report of the one that was noted last was not made.
    pub(super) fn untold(&mut self) {
        if let Some(last) = self.strangers.last_mut() {
            last.reported = None;
        }
    }

    pub(super) fn strangers(&self) -> &[Stranger] {
        &self.strangers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer() -> SocketAddr {
        "192.0.2.1:5000".parse().unwrap()
    }

    #[test]
    fn the_oldest_stranger_makes_room() {
        let mut quarantine = Quarantine::new(3);
        for id in [1, 2, 3, 1, 4] {
            quarantine.note(Instant::from_millis(u64::from(id)), id, peer(), "unknown");
        }
        let ids: Vec<u32> = quarantine.strangers().iter().map(|it| it.claimed).collect();
        assert_eq!(ids, [3, 1, 4]);
    }

    #[test]
    fn one_stranger_is_reported_once_a_minute_or_for_a_new_reason() {
        let mut quarantine = Quarantine::new(3);
        let mut note = |seconds: u64, why| {
            quarantine.note(Instant::from_millis(seconds * 1_000), 1, peer(), why)
        };
        assert!(note(0, "unknown"));
        assert!(!note(10, "unknown"));
        assert!(note(20, "wrong"));
        assert!(!note(79, "wrong"));
        assert!(note(80, "wrong"));
    }

    #[test]
    fn a_report_that_was_not_made_is_due_at_the_next_try() {
        let mut quarantine = Quarantine::new(3);
        assert!(quarantine.note(Instant::ZERO, 1, peer(), "unknown"));
        quarantine.untold();
        assert!(quarantine.note(Instant::from_millis(1), 1, peer(), "unknown"));
        assert!(!quarantine.note(Instant::from_millis(2), 1, peer(), "unknown"));
    }
}
