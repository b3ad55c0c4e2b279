//! DMR_SHORTLC (0x1C): the short link control for the CACH.

use super::MessageError;
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::Frame;
use crate::mmdvm::kind;

/// The 68 coded bits of a short LC (TS 102 361-1 B.2.3), four padding bits last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DmrShortLc(pub [u8; 9]);

const NAME: &str = "DMR_SHORTLC";

impl DmrShortLc {
    /// Reads the data of the frame.
    ///
    /// # Errors
    /// It is not nine octets.
    pub fn decode(data: &[u8]) -> Result<Self, MessageError> {
        let coded = data.try_into();
        coded
            .map(Self)
            .map_err(|_| MessageError::length(NAME, data))
    }

    /// The frame.
    #[must_use]
    pub fn encode(self) -> Frame {
        Frame::fixed(kind::DMR_SHORTLC, self.0)
    }
}

impl Fields for DmrShortLc {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::bytes("coded", self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_has_12_octets() {
        let lc = DmrShortLc([1, 2, 3, 4, 5, 6, 7, 8, 0x90]);
        assert_eq!(lc.encode().total(), 12);
        assert_eq!(DmrShortLc::decode(lc.encode().data()), Ok(lc));
        assert!(DmrShortLc::decode(&[0; 8]).is_err());
    }
}
