//! Why an alert is not written.

use super::fault::Fault;
use super::refusal::Refusal;

/// Why an alert is not written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A text that would not come back as it is.
    #[error("{element}: {why}")]
    Text {
        /// The element.
        element: &'static str,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// The document would be refused by its receiver.
    #[error("the alert is not valid: {0}")]
    Fault(Box<Fault>),
    /// The document would be refused unread.
    #[error("the alert cannot be sent: {0}")]
    Refused(#[from] Refusal),
    /// The document would not say what the alert says.
    #[error("the alert would be read back as another; write its values as they are read")]
    Changed,
}
