//! What is kept of a message until it is answered.

/// What an answer must repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    /// Sequence_Id of the header, which the answer carries too.
    pub(super) sequence: u32,
    /// Msg_Id of the DELIVER.
    pub(super) message: u64,
}
