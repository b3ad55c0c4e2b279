//! What was heard on the air.

use crate::sms::{Incoming, Receipt};

use super::acknowledgement::Owed;
use super::carrier::CarrierId;
use super::identity::{Address, RadioId};
use super::position::Position;

/// Something heard on the air that the rest of the system can use.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The carrier on which it was received; answers leave on the same one.
    pub carrier: CarrierId,
    /// What the frame said, decoded and checked.
    pub what: HeardKind,
    /// What the radio waits for in return, most urgent first.
    pub owed: Vec<Owed>,
}

/// What was heard. Identities heard on the air can be forged: they are claims.
#[derive(Debug, Clone, PartialEq)]
pub enum HeardKind {
    /// A text for us, complete and checked.
    Text {
        /// The radio that says so.
        from: RadioId,
        /// Our address or a group we own.
        to: Address,
        /// What it says, as sent.
        text: String,
        /// The sender's message number where the form carries one; equal numbers from
        /// one radio within a short time are one message heard twice.
        reference: Option<u16>,
    },
    /// A terminal acknowledged the text that carried this message number.
    TextAcknowledged {
        /// The radio that says so.
        from: RadioId,
        /// The message number of our text.
        reference: u8,
    },
    /// A status code for us.
    Status {
        /// The radio that says so.
        from: RadioId,
        /// Our address or a group we own.
        to: Address,
        /// 0 to 1023; 0 to 127 on a trunked system.
        code: u16,
        /// Whether the radio was asked for it. A polled value may have been set at any time
        /// before; one that the radio sent by itself counts from its transmission.
        polled: bool,
    },
    /// The emergency button, whoever it was addressed to.
    Emergency {
        /// The radio that says so.
        from: RadioId,
        /// The address in the emergency PDU, as a number (often a talkgroup).
        to: u32,
    },
    /// A position report.
    Position {
        /// The radio that says so.
        from: RadioId,
        /// Where it says it is.
        position: Position,
    },
    /// Any other sign of life: a call, a radio-check answer, data for others.
    Presence {
        /// The radio that says so.
        from: RadioId,
    },
    /// A radio registered with a trunked site; the session has answered it.
    Registered {
        /// The radio that says so.
        from: RadioId,
    },
    /// A radio took leave of a trunked site.
    Deregistered {
        /// The radio that says so.
        from: RadioId,
    },
    /// A phone sent a text, or one part of it, to a number of ours.
    Sms(Box<Incoming>),
    /// An operator says what became of a text that we sent.
    Receipt(Box<Receipt>),
}

impl HeardKind {
    /// The radio that was heard, if it was a radio.
    #[must_use]
    pub const fn radio(&self) -> Option<RadioId> {
        match self {
            Self::Text { from, .. }
            | Self::TextAcknowledged { from, .. }
            | Self::Status { from, .. }
            | Self::Emergency { from, .. }
            | Self::Position { from, .. }
            | Self::Presence { from }
            | Self::Registered { from }
            | Self::Deregistered { from } => Some(*from),
            Self::Sms(_) | Self::Receipt(_) => None,
        }
    }
}
