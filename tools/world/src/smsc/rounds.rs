//! What a centre brings to its client: receipts, and what people answer.

use std::time::Duration;

use narrowcast_protocol::time::Instant;

use super::{Centre, CentreEvent, Given, Phase, Task};

/// Most that a client may leave unanswered.
const WINDOW: usize = 16;
/// How long a client that has no room is left alone.
const PAUSE: Duration = Duration::from_secs(5);

/// What is brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    /// Its own number, which is the same each time it is brought.
    pub(super) own: u64,
    /// The phone.
    pub(super) phone: String,
    /// The client's number.
    pub(super) ours: String,
    pub(super) what: What,
}

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// What became of a message.
    Receipt {
        /// Of which.
        number: u64,
        delivered: bool,
        submitted: Instant,
        done: Instant,
    },
    /// What a person writes.
    Text(String),
}

impl Delivery {
    fn given(&self, name: impl Fn(u64) -> String) -> Given {
        match &self.what {
            What::Receipt {
                number, delivered, ..
            } => Given::Receipt {
                message: name(*number),
                phone: self.phone.clone(),
                delivered: *delivered,
            },
            What::Text(text) => Given::Text {
                from: self.phone.clone(),
                text: text.clone(),
            },
        }
    }

    fn in_words(&self, name: impl Fn(u64) -> String) -> String {
        match &self.what {
            What::Receipt {
                number, delivered, ..
            } => {
                let state = if *delivered { "DELIVRD" } else { "UNDELIV" };
                format!("receipt {} {state}", name(*number))
            }
            What::Text(text) => format!("text of {}: {text}", self.phone),
        }
    }
}

impl Centre {
    /// Sends what fits the client's window.
    pub(super) fn bring(&mut self, _: Instant) {
        while self.phase == Phase::In && self.open.len() < WINDOW {
            let Some(delivery) = self.waiting.pop_front() else {
                return;
            };
            let sequence = self.next_sequence();
            let bytes = self.wire.delivery(sequence, &delivery);
            self.tell(CentreEvent::Gives(
                delivery.given(|number| self.wire.name(number)),
            ));
            self.open.insert(sequence, delivery);
            self.say(bytes);
        }
    }

    /// The client keeps what it was brought, or brings it back.
    pub(super) fn kept(&mut self, now: Instant, sequence: u32, kept: bool) {
        let Some(delivery) = self.open.remove(&sequence) else {
            return self.tell(CentreEvent::Odd("an answer to nothing that was asked"));
        };
        let what = delivery.in_words(|number| self.wire.name(number));
        let given = delivery.given(|number| self.wire.name(number));
        self.tell(CentreEvent::Brought { what, given, kept });
        if !kept {
            self.plan(now + PAUSE, Task::Bring(delivery));
        }
        self.bring(now);
    }
}
