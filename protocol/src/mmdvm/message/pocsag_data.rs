//! POCSAG_DATA (0x50): one batch.

use super::MessageError;
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::Frame;
use crate::mmdvm::kind;

/// One POCSAG batch: the sync codeword and 16 codewords, most significant bit first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PocsagData(pub [u32; 17]);

const NAME: &str = "POCSAG_DATA";
/// Octets of a batch.
const LENGTH: usize = 68;

impl PocsagData {
    /// The first codeword of every batch.
    pub const SYNC: u32 = 0x7CD2_15D8;

    /// Reads the data of the frame.
    ///
    /// # Errors
    /// It is not 68 octets.
    pub fn decode(data: &[u8]) -> Result<Self, MessageError> {
        if data.len() != LENGTH {
            return Err(MessageError::length(NAME, data));
        }
        let (octets, _) = data.as_chunks::<4>();
        let mut codewords = [0; 17];
        for (codeword, octets) in codewords.iter_mut().zip(octets) {
            *codeword = u32::from_be_bytes(*octets);
        }
        Ok(Self(codewords))
    }

    /// The frame.
    #[must_use]
    pub fn encode(&self) -> Frame {
        let mut data = [0; LENGTH];
        let (octets, _) = data.as_chunks_mut::<4>();
        for (octets, codeword) in octets.iter_mut().zip(self.0) {
            *octets = codeword.to_be_bytes();
        }
        Frame::fixed(kind::POCSAG_DATA, data)
    }
}

impl Fields for PocsagData {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        for codeword in self.0 {
            out.push(Field::number("codeword", codeword, 32));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_begins_with_the_sync_codeword_and_fills_71_octets() {
        let mut codewords = [0x7A89_C197; 17];
        codewords[0] = PocsagData::SYNC;
        let bytes = PocsagData(codewords).encode().to_bytes();
        assert_eq!(bytes[..7], [0xE0, 0x47, 0x50, 0x7C, 0xD2, 0x15, 0xD8]);
        assert_eq!(bytes.len(), 71);
        assert_eq!(PocsagData::decode(&bytes[3..]), Ok(PocsagData(codewords)));
        assert!(PocsagData::decode(&bytes[4..]).is_err());
    }
}
