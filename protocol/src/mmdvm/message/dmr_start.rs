//! DMR_START (0x1D): keys or unkeys a duplex transmitter.

use super::MessageError;
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::Frame;
use crate::mmdvm::kind;

/// Keys the transmitter, or unkeys it once its queue is empty. Repeating it does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DmrStart(pub bool);

const NAME: &str = "DMR_START";

impl DmrStart {
    /// Reads the data of the frame.
    ///
    /// # Errors
    /// It is not one octet of 0 or 1.
    pub fn decode(data: &[u8]) -> Result<Self, MessageError> {
        match *data {
            [0] => Ok(Self(false)),
            [1] => Ok(Self(true)),
            [value] => Err(MessageError::Value {
                message: NAME,
                field: "start",
                value,
            }),
            _ => Err(MessageError::length(NAME, data)),
        }
    }

    /// The frame.
    #[must_use]
    pub fn encode(self) -> Frame {
        Frame::fixed(kind::DMR_START, [u8::from(self.0)])
    }
}

impl Fields for DmrStart {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::flag("start", self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_on_and_off_are_known() {
        assert_eq!(
            DmrStart(true).encode().to_bytes().as_ref(),
            [0xE0, 4, 0x1D, 1]
        );
        assert_eq!(DmrStart::decode(&[0]), Ok(DmrStart(false)));
        assert_eq!(
            DmrStart::decode(&[7]).unwrap_err().to_string(),
            "DMR_START: start is 7"
        );
    }
}
