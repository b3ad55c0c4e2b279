//! DMR_LOST (0x19 slot 1, 0x1B slot 2): the received signal stopped without an end.

use crate::air::Slot;
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::Frame;
use crate::mmdvm::kind;

/// The signal on this slot was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DmrLost(pub Slot);

impl DmrLost {
    pub(super) const fn decode(kind: u8) -> Self {
        Self(if kind == kind::DMR_LOST1 {
            Slot::One
        } else {
            Slot::Two
        })
    }

    /// The frame.
    #[must_use]
    pub fn encode(self) -> Frame {
        let kind = match self.0 {
            Slot::One => kind::DMR_LOST1,
            Slot::Two => kind::DMR_LOST2,
        };
        Frame::fixed(kind, [])
    }
}

impl Fields for DmrLost {
    fn name(&self) -> &'static str {
        "DMR_LOST"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("slot", self.0.number(), 2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_tells_the_slot() {
        for (slot, kind) in [(Slot::One, 0x19), (Slot::Two, 0x1B)] {
            let frame = DmrLost(slot).encode();
            assert_eq!(frame.to_bytes().as_ref(), [0xE0, 3, kind]);
            assert_eq!(DmrLost::decode(kind), DmrLost(slot));
        }
    }
}
