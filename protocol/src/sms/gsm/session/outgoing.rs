//! The message of ours that is under way.

use crate::air::JobId;

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was written.
    Waiting,
    /// The command was written; without the message itself it does nothing.
    Asked,
    /// The message was written.
    Written,
}

/// The message that is under way.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) job: JobId,
    pub(super) stage: Stage,
    /// Octets without the address of the service centre.
    pub(super) length: usize,
    /// The digits.
    pub(super) line: String,
}
