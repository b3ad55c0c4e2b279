//! What a client asks or answers, in whichever protocol.

use bytes::Bytes;
use narrowcast_protocol::sms::{Coding, Concatenation};

/// What a client asks or answers.
#[derive(Debug, Clone)]
pub(super) enum Request {
    /// Asks to be let in; `refusal` says why not.
    LogIn {
        sequence: u32,
        refusal: Option<LogInRefusal>,
    },
    /// A message for a phone.
    Submit(Box<Submitted>),
    /// Asks whether we are there.
    Enquiry { sequence: u32 },
    /// Is there.
    EnquiryAnswered,
    /// Takes its leave.
    Leave { sequence: u32 },
    /// Has heard that we leave.
    LeaveAnswered,
    /// Keeps what it was brought, or not.
    Kept { sequence: u32, kept: bool },
    /// What cannot be, with the answer that the protocol has for it.
    Wrong {
        answer: Option<Bytes>,
        why: &'static str,
    },
}

/// Why a client is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogInRefusal {
    /// It is not the account.
    Account,
    /// Password or proof is wrong.
    Password,
    /// The version is too high.
    Version,
    /// Only both ways are offered.
    Way,
}

impl LogInRefusal {
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Account => "the account is not known",
            Self::Password => "the password is wrong",
            Self::Version => "the version is too high",
            Self::Way => "only a transceiver is let in",
        }
    }
}

/// One part of a text, as a client sends it.
#[derive(Debug, Clone)]
pub(super) struct Submitted {
    pub(super) sequence: u32,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) service: String,
    pub(super) coding: Coding,
    pub(super) part: Option<Concatenation>,
    pub(super) octets: Vec<u8>,
    pub(super) receipt: bool,
    pub(super) validity: String,
    /// What is wrong with it.
    pub(super) fault: Option<Fault>,
}

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Too many in a second.
    Throttled,
    /// The number is none.
    Number,
    /// It cannot be read, or says two things at once.
    Structure(&'static str),
    /// The account in it is not the one that is in.
    Account,
    /// Nobody is in.
    LoggedOut,
}
