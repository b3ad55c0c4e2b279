//! Why a datagram is no message.

/// Why a datagram is no message. The sender is to blame for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// No message of this sender begins so.
    #[error("no message begins with these bytes")]
    Unknown,
    /// A message of the protocol's predecessor of 2015, which does not interwork.
    #[error("the sender speaks the outdated protocol of 2015")]
    Outdated,
    /// It ends too early.
    #[error("{message} of {length} bytes ends within its {field}")]
    Cut {
        /// Which message.
        message: &'static str,
        /// The field that is not all there.
        field: &'static str,
        /// Bytes in the datagram.
        length: usize,
    },
    /// It goes on after its last field.
    #[error("{message} is {extra} bytes too long")]
    Trailing {
        /// Which message.
        message: &'static str,
        /// Bytes too many.
        extra: usize,
    },
    /// A count or length that cannot be.
    #[error("{message} has {value} in its {field}")]
    Value {
        /// Which message.
        message: &'static str,
        /// Which field.
        field: &'static str,
        /// What stands there.
        value: u64,
    },
}

impl MessageError {
    /// A short fixed word for counters.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown-message",
            Self::Outdated => "outdated-protocol",
            Self::Cut { .. } | Self::Trailing { .. } => "wrong-length",
            Self::Value { .. } => "impossible-value",
        }
    }

    /// The same trouble in the twin of a message.
    pub(super) const fn under(self, name: &'static str) -> Self {
        match self {
            Self::Cut { field, length, .. } => Self::Cut {
                message: name,
                field,
                length,
            },
            Self::Trailing { extra, .. } => Self::Trailing {
                message: name,
                extra,
            },
            other => other,
        }
    }
}
