//! Why content cannot be sent by UDT.

use crate::dmr::data_header::UdtFormat;

/// Why content cannot go into a UDT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UdtError {
    /// More than four blocks hold.
    #[error("{bits} bits do not fit the {most} bits of four appended blocks")]
    TooLong {
        /// Bits of the content.
        bits: usize,
        /// Bits there may be.
        most: usize,
    },
    /// A character the format does not have.
    #[error("{character:?} at character {index} does not exist in {format}")]
    Character {
        /// Its position, counted in characters.
        index: usize,
        /// The character that is refused.
        character: char,
        /// The format.
        format: UdtFormat,
    },
    /// The format cannot be written here.
    #[error("{0} content is only read")]
    Unsupported(UdtFormat),
}
