//! Keep-alive answer.

use bytes::Bytes;

use super::MessageError;
use super::wire::{id, named_id, open};
use crate::dmr::fields::{Field, Fields};

/// The answer to a keep-alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mstpong {
    /// The repeater, but masters exist that put four meaningless bytes here: never verified.
    pub id: u32,
}

impl Mstpong {
    /// The bytes it begins with.
    pub const NAME: &'static str = "MSTPONG";

    /// Reads a datagram.
    ///
    /// # Errors
    /// The name or the id is cut short; bytes that follow are ignored.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        open(Self::NAME, datagram, id()).map(|(_, id)| Self { id })
    }

    /// The 11 bytes to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        named_id(Self::NAME, self.id)
    }
}

impl Fields for Mstpong {
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
        let message = Mstpong { id: 0x0023_C161 };
        let datagram = b"MSTPONG\x00\x23\xc1\x61";
        assert_eq!(message.encode(), datagram.as_slice());
        assert_eq!(datagram.len(), 11);
        assert_eq!(Mstpong::decode(datagram), Ok(message));
        assert!(matches!(
            Mstpong::decode(b"MSTPONG\x00\x23"),
            Err(MessageError::Cut {
                field: "repeater id",
                ..
            })
        ));
    }

    proptest! {
        #[test]
        fn round_trip(id: u32) {
            let message = Mstpong { id };
            prop_assert_eq!(Mstpong::decode(&message.encode()), Ok(message));
        }
    }
}
