//! Messages whose answer is awaited: the window of one connection.

use core::time::Duration;
use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};

use crate::air::JobId;
use crate::time::Instant;

/// When a connection that answers no message is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sms) enum Stuck {
    /// When the window is full, or a message has had its last try, and nothing was answered in
    /// between.
    Full,
    /// When any message waits and nothing was answered for so long.
    After(Duration),
}

/// What a window is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sms) struct WindowLimits {
    /// Messages that may be unanswered, from 1.
    pub(in crate::sms) room: u8,
    /// How long an answer is waited for.
    pub(in crate::sms) answer: Duration,
    /// How often a message is sent again whose answer does not come.
    pub(in crate::sms) repeats: u8,
    /// When to give up the connection.
    pub(in crate::sms) stuck: Stuck,
    /// Where the sequence number of four octets begins in a PDU.
    pub(in crate::sms) sequence_at: usize,
}

/// One message on its way.
#[derive(Debug, Clone)]
pub(in crate::sms) struct Flight {
    pub(in crate::sms) job: JobId,
    /// The whole PDU, for its repeat.
    pub(in crate::sms) bytes: Bytes,
    /// When it was sent first.
    since: Instant,
    /// When its answer is overdue.
    until: Instant,
    /// How often it was sent.
    pub(in crate::sms) tries: u8,
}

/// What is to be done about an overdue answer.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sms) enum Due {
    /// Send it once more, with the number that it had.
    Repeat(Bytes),
    /// The operator may have it or not.
    Lost(JobId),
    /// Nothing is answered any more.
    Stuck,
}

/// The window.
#[derive(Debug)]
pub(in crate::sms) struct Window {
    limits: WindowLimits,
    /// By sequence number.
    under_way: BTreeMap<u32, Flight>,
    /// When a message was answered last, or the first one after it was sent.
    progress: Instant,
    /// Whether a message was sent and none was answered since.
    waiting: bool,
    /// Whether a message was given up and nothing was heard since: the operator may be gone, and
    /// what is sent now may be lost.
    silent: bool,
}

impl Window {
    pub(in crate::sms) const fn new(limits: WindowLimits) -> Self {
        Self {
            limits,
            under_way: BTreeMap::new(),
            progress: Instant::ZERO,
            waiting: false,
            silent: false,
        }
    }

    /// How many messages may be sent now: none into a silence, until it is broken.
    pub(in crate::sms) fn offered(&self) -> usize {
        if self.silent { 0 } else { self.room() }
    }

    /// Something was heard from the operator.
    pub(in crate::sms) const fn heard(&mut self) {
        self.silent = false;
    }

    pub(in crate::sms) fn room(&self) -> usize {
        usize::from(self.limits.room).saturating_sub(self.under_way.len())
    }

    pub(in crate::sms) fn has(&self, sequence: u32) -> bool {
        self.under_way.contains_key(&sequence)
    }

    pub(in crate::sms) fn begin(&mut self, now: Instant, sequence: u32, job: JobId, bytes: Bytes) {
        let idle = self.under_way.is_empty();
        let first = match self.limits.stuck {
            Stuck::Full => idle,
            Stuck::After(_) => idle && !self.waiting,
        };
        if first {
            self.progress = now;
        }
        self.waiting = true;
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
    pub(in crate::sms) fn answered(&mut self, now: Instant, sequence: u32) -> Option<Flight> {
        let flight = self.under_way.remove(&sequence)?;
        self.progress = now;
        self.waiting = false;
        Some(flight)
    }

    /// A flight that was answered goes on under another number; its octets.
    pub(in crate::sms) fn renumbered(
        &mut self,
        now: Instant,
        flight: Flight,
        sequence: u32,
    ) -> Bytes {
        let mut bytes = BytesMut::from(flight.bytes.as_ref());
        let at = self.limits.sequence_at;
        if let Some(field) = bytes.get_mut(at..at + 4) {
            field.copy_from_slice(&sequence.to_be_bytes());
        }
        self.again(now, flight, sequence, bytes.freeze())
    }

    /// A flight that was answered goes on with other octets and under another number.
    pub(in crate::sms) fn again(
        &mut self,
        now: Instant,
        flight: Flight,
        sequence: u32,
        bytes: Bytes,
    ) -> Bytes {
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
    pub(in crate::sms) fn due(&mut self, now: Instant) -> Option<Due> {
        if self.stuck_at().is_some_and(|at| at <= now) {
            return Some(Due::Stuck);
        }
        let overdue = |(_, flight): &(&u32, &mut Flight)| flight.until <= now;
        let (sequence, flight) = self.under_way.iter_mut().find(overdue)?;
        if flight.tries <= self.limits.repeats {
            flight.tries += 1;
            flight.until = now + self.limits.answer;
            return Some(Due::Repeat(flight.bytes.clone()));
        }
        if self.limits.stuck == Stuck::Full && self.progress <= flight.since {
            return Some(Due::Stuck);
        }
        let (sequence, job) = (*sequence, flight.job);
        self.under_way.remove(&sequence);
        self.silent = true;
        Some(Due::Lost(job))
    }

    /// When the connection is of no use any more if nothing is answered.
    fn stuck_at(&self) -> Option<Instant> {
        match self.limits.stuck {
            Stuck::Full => (self.room() == 0).then(|| self.progress + self.limits.answer),
            // Also when all that was sent is given up: nothing more is sent into a silence.
            Stuck::After(time) => self.waiting.then(|| self.progress + time),
        }
    }

    pub(in crate::sms) fn deadline(&self) -> Option<Instant> {
        let overdue = self.under_way.values().map(|flight| flight.until);
        overdue.chain(self.stuck_at()).min()
    }

    /// Forgets all; whose answers will not come.
    pub(in crate::sms) fn clear(&mut self) -> Vec<JobId> {
        (self.waiting, self.silent) = (false, false);
        let all = core::mem::take(&mut self.under_way);
        all.into_values().map(|flight| flight.job).collect()
    }
}
