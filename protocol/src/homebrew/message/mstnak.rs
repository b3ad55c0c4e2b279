//! Refusal.

use bytes::Bytes;

use super::MessageError;
use super::wire::{id, named_id, open};
use crate::dmr::fields::{Field, Fields};

/// The master refuses what it got: the repeater logs in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mstnak {
    /// The repeater that is refused.
    pub id: u32,
}

impl Mstnak {
    /// The bytes it begins with.
    pub const NAME: &'static str = "MSTNAK";

    /// Reads a datagram.
    ///
    /// # Errors
    /// The name or the id is cut short; bytes that follow are ignored.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        open(Self::NAME, datagram, id()).map(|(_, id)| Self { id })
    }

    /// The 10 bytes to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        named_id(Self::NAME, self.id)
    }
}

impl Fields for Mstnak {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("repeater_id", self.id, 32));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_its_name_and_the_id() {
        let message = Mstnak { id: 0x0023_C161 };
        let datagram = b"MSTNAK\x00\x23\xc1\x61";
        assert_eq!(message.encode(), datagram.as_slice());
        assert_eq!(datagram.len(), 10);
        assert_eq!(Mstnak::decode(datagram), Ok(message));
        assert!(matches!(
            Mstnak::decode(b"MSTNAK\x00\x23"),
            Err(MessageError::Cut {
                field: "repeater id",
                ..
            })
        ));
    }

    proptest! {
        #[test]
        fn round_trip(id: u32) {
            let message = Mstnak { id };
            prop_assert_eq!(Mstnak::decode(&message.encode()), Ok(message));
        }
    }
}
