//! What is sent over an SMS link, and why it may be refused.

use core::fmt;
use core::time::Duration;

use super::part::Part;
use super::phone::Phone;

/// One part of a text to one phone. Takes one unit of the carrier's room until the operator has
/// answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// The phone.
    pub to: Phone,
    /// What it is to show.
    pub part: Part,
    /// Whether the operator is asked to say what became of it.
    pub receipt: bool,
    /// How long the operator may try; the operator's own time if there is none.
    pub validity: Option<Duration>,
    /// Whether the phone is asked to show it at once and keep nothing (class 0).
    pub at_once: bool,
}

/// What a refusal of an operator means for the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalClass {
    /// Too fast. It does not count as a try; the room comes back when the wait is over.
    Throttled,
    /// It may go well later.
    Temporary,
    /// The number is none, or gets no messages: this recipient fails, others do not.
    Number,
    /// Contract or configuration: everything else will be refused like it.
    Permanent,
    /// The code says nothing that we know.
    Unknown,
}

impl fmt::Display for RefusalClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "too fast",
            Self::Temporary => "not now",
            Self::Number => "the number is not reachable",
            Self::Permanent => "contract or configuration",
            Self::Unknown => "unknown cause",
        })
    }
}
