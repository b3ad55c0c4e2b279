//! Which protocol is spoken.

use bytes::Bytes;
use narrowcast_protocol::time::Instant;

use super::config::{CentreConfig, CentreKind};
use super::delivery::Delivery;
use super::request::{Fault, LogInRefusal, Request};
use super::{cmpp, smpp};

/// The protocol that is spoken, and what was read of it.
#[derive(Debug)]
pub(super) enum Wire {
    Smpp(smpp::Wire),
    Cmpp(cmpp::Wire),
}

impl Wire {
    pub(super) fn new(config: &CentreConfig) -> Self {
        match config.kind {
            CentreKind::Smpp => Self::Smpp(smpp::Wire::new(config)),
            CentreKind::Cmpp2 | CentreKind::Cmpp3 => Self::Cmpp(cmpp::Wire::new(config)),
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Smpp(wire) => wire.clear(),
            Self::Cmpp(wire) => wire.clear(),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Smpp(wire) => wire.push(bytes),
            Self::Cmpp(wire) => wire.push(bytes),
        }
    }

    /// The next whole PDU; an error ends the connection.
    pub(super) fn next(&mut self) -> Result<Option<Request>, &'static str> {
        match self {
            Self::Smpp(wire) => wire.next(),
            Self::Cmpp(wire) => wire.next(),
        }
    }

    pub(super) fn log_in_answer(&self, sequence: u32, refusal: Option<LogInRefusal>) -> Bytes {
        match self {
            Self::Smpp(wire) => wire.log_in_answer(sequence, refusal),
            Self::Cmpp(wire) => wire.log_in_answer(sequence, refusal),
        }
    }

    /// The answer to a message: its number, or what is wrong. `code` of the latter.
    pub(super) fn submit_answer(&self, sequence: u32, done: Result<u64, Fault>) -> (Bytes, u32) {
        match self {
            Self::Smpp(wire) => wire.submit_answer(sequence, done),
            Self::Cmpp(wire) => wire.submit_answer(sequence, done),
        }
    }

    /// The number as it stands in the answer, in words.
    pub(super) fn name(&self, number: u64) -> String {
        match self {
            Self::Smpp(wire) => wire.name(number),
            Self::Cmpp(_) => format!("{number:016x}"),
        }
    }

    /// The number of the next message after `last`.
    pub(super) fn number_after(&self, last: u64, now: Instant) -> u64 {
        match self {
            Self::Smpp(_) => last.wrapping_add(1),
            Self::Cmpp(wire) => wire.number_after(last, now),
        }
    }

    pub(super) fn enquiry(&self, sequence: u32) -> Bytes {
        match self {
            Self::Smpp(_) => smpp::enquiry(sequence),
            Self::Cmpp(wire) => wire.enquiry(sequence),
        }
    }

    pub(super) fn enquiry_answer(&self, sequence: u32) -> Bytes {
        match self {
            Self::Smpp(_) => smpp::enquiry_answer(sequence),
            Self::Cmpp(wire) => wire.enquiry_answer(sequence),
        }
    }

    pub(super) fn leave(&self, sequence: u32) -> Bytes {
        match self {
            Self::Smpp(_) => smpp::leave(sequence),
            Self::Cmpp(wire) => wire.leave(sequence),
        }
    }

    pub(super) fn leave_answer(&self, sequence: u32) -> Bytes {
        match self {
            Self::Smpp(_) => smpp::leave_answer(sequence),
            Self::Cmpp(wire) => wire.leave_answer(sequence),
        }
    }

    pub(super) fn delivery(&self, sequence: u32, delivery: &Delivery) -> Bytes {
        match self {
            Self::Smpp(wire) => wire.delivery(sequence, delivery),
            Self::Cmpp(wire) => wire.delivery(sequence, delivery),
        }
    }
}
