//! Unified data transport: a header and one to four appended blocks (TS 102 361-1 clause
//! 8.2.3, TS 102 361-4 clause 7.2.27 and annex B.3).

mod bits;
mod content;
mod error;
mod location;
mod size;

use crate::dmr::crc;
use crate::dmr::data_header::{Addressing, DataHeader, Udt};
use crate::dmr::packet::{Block, Outgoing, Rate};

use content::write;
pub use content::{Content, read, read_octets};
pub use error::UdtError;
pub use location::NmeaLocation;
pub use size::{MOST_BLOCKS, blocks_for, octets_in};

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
