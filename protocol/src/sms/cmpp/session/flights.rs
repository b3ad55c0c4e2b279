//! Messages whose answer is awaited: the window.

use core::ops::Range;
use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};

use crate::air::JobId;
use crate::sms::cmpp::config::Limits;
use crate::time::Instant;

/// Where the sequence number stands in a PDU.
const SEQUENCE: Range<usize> = 8..12;

/// One message on its way.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    pub(super) job: JobId,
    /// The whole PDU, for its repeat.
    bytes: Bytes,
    /// When it was sent first.
    since: Instant,
    /// When its answer is overdue.
    until: Instant,
    /// How often it was sent.
    pub(super) tries: u8,
}

/// What is to be done about an overdue answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Send it once more, with the number that it had.
    Repeat(Bytes),
    /// The gateway may have it or not.
    Lost(JobId),
    /// Nothing is answered any more.
    Stuck,
}

/// The window.
#[derive(Debug)]
pub(super) struct Flights {
    limits: Limits,
    /// By sequence number.
    under_way: BTreeMap<u32, Flight>,
    /// When a message was answered last, or the window began to fill.
    progress: Instant,
}

impl Flights {
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            under_way: BTreeMap::new(),
            progress: Instant::ZERO,
        }
    }

    pub(super) fn room(&self) -> usize {
        usize::from(self.limits.window).saturating_sub(self.under_way.len())
    }

    pub(super) fn has(&self, sequence: u32) -> bool {
        self.under_way.contains_key(&sequence)
    }

    pub(super) fn begin(&mut self, now: Instant, sequence: u32, job: JobId, bytes: Bytes) {
        if self.under_way.is_empty() {
            self.progress = now;
        }
        let flight = Flight {
            job,
            bytes,
            since: now,
            until: now + self.limits.answer,
            tries: 1,
        };
        self.under_way.insert(sequence, flight);
    }

    /// An answer came; what it is about, if that was asked.
    pub(super) fn answered(&mut self, now: Instant, sequence: u32) -> Option<Flight> {
        let flight = self.under_way.remove(&sequence)?;
        self.progress = now;
        Some(flight)
    }

    /// A flight that was answered goes on under another number; its octets.
    pub(super) fn renumbered(&mut self, now: Instant, flight: Flight, sequence: u32) -> Bytes {
        let mut bytes = BytesMut::from(flight.bytes.as_ref());
        if let Some(field) = bytes.get_mut(SEQUENCE) {
            field.copy_from_slice(&sequence.to_be_bytes());
        }
        let bytes = bytes.freeze();
        let again = Flight {
            bytes: bytes.clone(),
            until: now + self.limits.answer,
            tries: flight.tries.saturating_add(1),
            ..flight
        };
        self.under_way.insert(sequence, again);
        bytes
    }

    /// What is overdue now, one at a time.
    pub(super) fn due(&mut self, now: Instant) -> Option<Due> {
        if self.stuck_at().is_some_and(|at| at <= now) {
            return Some(Due::Stuck);
        }
        let overdue = |flight: &&mut Flight| flight.until <= now;
        let flight = self.under_way.values_mut().find(overdue)?;
        if flight.tries <= self.limits.repeats {
            flight.tries += 1;
            flight.until = now + self.limits.answer;
            return Some(Due::Repeat(flight.bytes.clone()));
        }
        if self.progress <= flight.since {
            return Some(Due::Stuck);
        }
        let job = flight.job;
        self.under_way.retain(|_, it| it.job != job);
        Some(Due::Lost(job))
    }

    /// When a full window of which nothing is answered ends the connection.
    fn stuck_at(&self) -> Option<Instant> {
        (self.room() == 0).then(|| self.progress + self.limits.answer)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let overdue = self.under_way.values().map(|flight| flight.until);
        overdue.chain(self.stuck_at()).min()
    }

    /// Forgets all; whose answers will not come.
    pub(super) fn clear(&mut self) -> Vec<JobId> {
        let all = core::mem::take(&mut self.under_way);
        all.into_values().map(|flight| flight.job).collect()
    }
}
