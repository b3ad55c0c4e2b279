//! Readings show what is decided, recorded or not. They are compared with the ledger when it
//! has come to where they were made.

use std::collections::{BTreeMap, VecDeque};

use crate::engine::io::{Refusal, Response, Ticket};
use crate::model::ids::Seq;

/// An answer to a request that only looks.
pub(super) type Reading = (Ticket, Result<Response, Refusal>);

/// Readings that are ahead of the ledger.
#[derive(Debug, Default)]
pub(super) struct Readings {
    asked: BTreeMap<Ticket, Seq>,
    ahead: VecDeque<(Seq, Reading)>,
}

impl Readings {
    /// A reading was made of everything up to `at`.
    pub(super) fn asked(&mut self, ticket: Ticket, at: Seq) {
        self.asked.insert(ticket, at);
    }

    /// Keeps an answer, if it is a reading; otherwise it comes back.
    pub(super) fn keep(&mut self, reading: Reading) -> Option<Reading> {
        match self.asked.remove(&reading.0) {
            Some(at) => {
                self.ahead.push_back((at, reading));
                None
            }
            None => Some(reading),
        }
    }

    /// The next reading that shows nothing behind `at`.
    pub(super) fn caught_up(&mut self, at: Seq) -> Option<Reading> {
        self.ahead.front().filter(|(made, _)| *made <= at)?;
        self.ahead.pop_front().map(|(_, reading)| reading)
    }

    /// The engine that made them is no more.
    pub(super) fn forget(&mut self) {
        self.asked.clear();
        self.ahead.clear();
    }
}
