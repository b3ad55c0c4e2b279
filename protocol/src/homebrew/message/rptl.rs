//! Log-in request.

use bytes::Bytes;

use super::MessageError;
use super::wire::{exact, id, named_id};
use crate::dmr::fields::{Field, Fields};

/// A repeater asks to log in. Answered by a salt in [`Rptack`](super::Rptack), or by
/// [`Mstnak`](super::Mstnak).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rptl {
    /// The repeater, as it names itself.
    pub id: u32,
}

impl Rptl {
    /// The bytes it begins with.
    pub const NAME: &'static str = "RPTL";

    /// Reads a datagram.
    ///
    /// # Errors
    /// The name or the id is cut short, or bytes follow.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        exact(Self::NAME, datagram, id()).map(|id| Self { id })
    }

    /// The 8 bytes to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        named_id(Self::NAME, self.id)
    }
}

impl Fields for Rptl {
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
        let message = Rptl { id: 0x0023_C161 };
        let datagram = b"RPTL\x00\x23\xc1\x61";
        assert_eq!(message.encode(), datagram.as_slice());
        assert_eq!(datagram.len(), 8);
        assert_eq!(Rptl::decode(datagram), Ok(message));
        assert!(matches!(
            Rptl::decode(b"RPTL\x00\x23"),
            Err(MessageError::Cut {
                field: "repeater id",
                ..
            })
        ));
    }

    proptest! {
        #[test]
        fn round_trip(id: u32) {
            let message = Rptl { id };
            prop_assert_eq!(Rptl::decode(&message.encode()), Ok(message));
        }
    }
}
