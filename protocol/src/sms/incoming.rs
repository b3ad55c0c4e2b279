//! What arrives from phones.

use core::fmt;

use super::message_id::MessageId;
use super::part::Part;
use super::phone::Phone;

/// Names a message that an operator waits to be answered for, within one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SmsToken(pub u64);

/// What an operator is told about a message or receipt that it delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It is kept: the operator forgets it.
    Taken,
    /// No room now: the operator brings it again.
    Busy,
}

/// Who sent a message. It can be forged: it is a claim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sender {
    /// A number.
    Phone(Phone),
    /// A name, or a number that cannot be one; at most 32 printable ASCII characters.
    Name(String),
}

impl Sender {
    /// The sender that was written so. Never fails: what is no number is a name.
    #[must_use]
    pub fn new(written: &str) -> Self {
        match Phone::new(written) {
            Ok(phone) => Self::Phone(phone),
            Err(_) => Self::Name(printable(written)),
        }
    }

    /// Its number, if it has one.
    #[must_use]
    pub const fn phone(&self) -> Option<Phone> {
        match self {
            Self::Phone(phone) => Some(*phone),
            Self::Name(_) => None,
        }
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(phone) => phone.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// One part of a text that a phone sent to us. Long texts are put together by
/// [`Reassembly`](super::reassemble::Reassembly) after each part is on disk: an operator waits for
/// its answer for a minute, and the next part may come a day later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Who says so.
    pub from: Sender,
    /// Our number that it was sent to, with the extension that the phone has added; at most 32
    /// printable ASCII characters.
    pub to: String,
    /// What it says.
    pub part: Part,
    /// The operator's name of it, where it has one. The operator repeats it with a message whose
    /// answer it has missed.
    pub id: Option<MessageId>,
}

/// The first 32 printable characters of an address or code: those of ASCII.
pub(super) fn printable(written: &str) -> String {
    let printable = |c: &char| matches!(c, ' '..='~');
    let kept = written.trim().chars().filter(printable);
    kept.take(32).collect()
}
