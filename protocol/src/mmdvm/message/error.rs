//! Why a frame is not a message.

/// Why a frame is not the message its type says. The modem's (or line's) fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The data has a length this message never has.
    #[error("{message}: {length} octets of data")]
    Length {
        /// The message.
        message: &'static str,
        /// Octets found.
        length: usize,
    },
    /// A field has a value this message never has.
    #[error("{message}: {field} is {value}")]
    Value {
        /// The message.
        message: &'static str,
        /// The field.
        field: &'static str,
        /// What it holds.
        value: u8,
    },
}

impl MessageError {
    pub(super) const fn length(message: &'static str, data: &[u8]) -> Self {
        let length = data.len();
        Self::Length { message, length }
    }
}
