//! Unified data transport: a header and one to four appended blocks (TS 102 361-1 clause
//! 8.2.3, TS 102 361-4 clause 7.2.27 and annex B.3).

mod bits;
mod content;
mod location;

use crate::dmr::crc;
use crate::dmr::data_header::{Addressing, DataHeader, Udt, UdtFormat};
use crate::dmr::packet::{Block, Outgoing, Rate};

use content::write;
pub use content::{Content, read, read_octets};
pub use location::NmeaLocation;

/// Most appended blocks.
pub const MOST_BLOCKS: usize = 4;
/// Octets of content in so many appended blocks.
#[must_use]
pub const fn octets_in(blocks: usize) -> usize {
    blocks.saturating_mul(12).saturating_sub(2)
}

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
        /// It.
        character: char,
        /// The format.
        format: UdtFormat,
    },
    /// The format cannot be written here.
    #[error("{0} content is only read")]
    Unsupported(UdtFormat),
}

/// Appended blocks that so many octets of content need.
#[must_use]
pub const fn blocks_for(octets: usize) -> usize {
    octets.saturating_add(2).div_ceil(12)
}

/// A UDT with this content in as few blocks as it needs. `opcode` is
/// [`OUTBOUND`](crate::dmr::data_header::OUTBOUND) or
/// [`INBOUND`](crate::dmr::data_header::INBOUND).
///
/// # Errors
/// The content does not fit four blocks, or its format cannot express it.
pub fn build(addressing: Addressing, opcode: u8, content: &Content) -> Result<Outgoing, UdtError> {
    let (format, bits, padded) = write(content)?;
    let mut octets = bits.octets();
    let blocks = blocks_for(octets.len());
    if blocks > MOST_BLOCKS {
        return Err(UdtError::TooLong {
            bits: bits.len(),
            most: octets_in(MOST_BLOCKS) * 8,
        });
    }
    octets.resize(octets_in(blocks), 0);
    let unused = (octets.len() * 8 - bits.len()) / 4;
    octets.extend(crc::ccitt(&octets, crc::mask::NONE).to_be_bytes());
    let header = DataHeader::Udt(Udt {
        addressing,
        emergency: false,
        option: false,
        format,
        pad_nibbles: if padded { unused as u8 } else { 0 },
        blocks: blocks as u8,
        supplementary: false,
        protect: false,
        opcode,
        reserved: Default::default(),
    });
    let blocks = octets
        .chunks(12)
        .filter_map(|octets| Block::new(Rate::Half, octets))
        .collect();
    Ok(Outgoing { header, blocks })
}

#[cfg(test)]
mod tests;
