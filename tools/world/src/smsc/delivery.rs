//! What a centre brings to its client.

use narrowcast_protocol::time::Instant;

use super::event::Given;

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
    pub(super) fn given(&self, name: impl Fn(u64) -> String) -> Given {
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

    pub(super) fn in_words(&self, name: impl Fn(u64) -> String) -> String {
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
