//! What became of one delivery.

/// What became of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// The receiver has it.
    Taken,
    /// A broker has it, and says that nobody is subscribed to it.
    Unheard,
    /// The receiver refuses this event for good.
    Dead(String),
    /// The receiver wants no more events at all.
    Gone(String),
    /// It may go well later.
    Again {
        /// Why it did not.
        why: String,
        /// The wait that the receiver asks for, in seconds.
        retry_after: Option<u64>,
    },
}

/// It may go well later, and nobody says when.
pub(super) fn again(why: impl Into<String>) -> Delivered {
    Delivered::Again {
        why: why.into(),
        retry_after: None,
    }
}
