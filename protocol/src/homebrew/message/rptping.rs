//! Keep-alive.

use bytes::Bytes;

use super::MessageError;
use super::wire::{exact, id, named_id};
use crate::dmr::fields::{Field, Fields};

/// Keep-alive of a logged-in repeater. Answered by [`Mstpong`](super::Mstpong), or by
/// [`Mstnak`](super::Mstnak) when the master does not know it (any more).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rptping {
    /// The repeater, as it names itself.
    pub id: u32,
}

impl Rptping {
    /// The bytes it begins with.
    pub const NAME: &'static str = "RPTPING";

    /// Reads a datagram.
    ///
    /// # Errors
    /// The name or the id is cut short, or bytes follow.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        exact(Self::NAME, datagram, id()).map(|id| Self { id })
    }

    /// The 11 bytes to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        named_id(Self::NAME, self.id)
    }
}

impl Fields for Rptping {
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
        let message = Rptping { id: 0x0023_C161 };
        let datagram = b"RPTPING\x00\x23\xc1\x61";
        assert_eq!(message.encode(), datagram.as_slice());
        assert_eq!(datagram.len(), 11);
        assert_eq!(Rptping::decode(datagram), Ok(message));
        assert!(matches!(
            Rptping::decode(b"RPTPING\x00\x23"),
            Err(MessageError::Cut {
                field: "repeater id",
                ..
            })
        ));
    }

    proptest! {
        #[test]
        fn round_trip(id: u32) {
            let message = Rptping { id };
            prop_assert_eq!(Rptping::decode(&message.encode()), Ok(message));
        }
    }
}
