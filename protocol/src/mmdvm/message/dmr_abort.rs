//! DMR_ABORT (0x1E): drops what is queued on a slot.

use super::MessageError;
use crate::air::Slot;
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::Frame;
use crate::mmdvm::kind;

/// Drops the queue of a slot. It takes effect at the next write to the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DmrAbort(pub Slot);

const NAME: &str = "DMR_ABORT";

impl DmrAbort {
    /// Reads the data of the frame.
    ///
    /// # Errors
    /// It is not one octet of 1 or 2.
    pub fn decode(data: &[u8]) -> Result<Self, MessageError> {
        match *data {
            [1] => Ok(Self(Slot::One)),
            [2] => Ok(Self(Slot::Two)),
            [value] => Err(MessageError::Value {
                message: NAME,
                field: "slot",
                value,
            }),
            _ => Err(MessageError::length(NAME, data)),
        }
    }

    /// The frame.
    #[must_use]
    pub fn encode(self) -> Frame {
        Frame::fixed(kind::DMR_ABORT, [self.0.number()])
    }
}

impl Fields for DmrAbort {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("slot", self.0.number(), 2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_numbered_from_one() {
        for slot in [Slot::One, Slot::Two] {
            assert_eq!(DmrAbort::decode(&[slot.number()]), Ok(DmrAbort(slot)));
            assert_eq!(DmrAbort(slot).encode().data(), [slot.number()]);
        }
        assert!(DmrAbort::decode(&[0]).is_err());
        assert!(DmrAbort::decode(&[1, 1]).is_err());
    }
}
