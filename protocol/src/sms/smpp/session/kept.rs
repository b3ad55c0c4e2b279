//! What is kept of a message until it is answered.

/// A message that waits to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    /// sequence_number of the header, which the answer carries too.
    pub(super) sequence: u32,
    /// SHA-256 of the body: a number that is used again for another message is not its repeat.
    pub(super) digest: [u8; 32],
}
