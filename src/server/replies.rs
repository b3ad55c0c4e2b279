//! Who waits for the answer of which ticket.

use std::collections::HashMap;

use tokio::sync::oneshot;

use crate::engine::io::{Refusal, Response, Ticket};

/// Somebody who waits for an answer.
#[derive(Debug)]
pub(super) enum Caller {
    /// The API.
    Api(oneshot::Sender<Result<Response, Refusal>>),
    /// The metrics and the board.
    Housekeeping,
    /// The start, which makes the first administrator's token known.
    FirstToken,
}

/// All who wait.
#[derive(Debug, Default)]
pub(super) struct Replies {
    tickets: u64,
    waiting: HashMap<Ticket, Caller>,
}

impl Replies {
    /// A new ticket for this caller.
    pub(super) fn expect(&mut self, caller: Caller) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.waiting.insert(ticket, caller);
        ticket
    }

    /// Who waits for this answer; it is the only one.
    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Caller> {
        self.waiting.remove(&ticket)
    }

    /// How many requests have had no answer yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}
