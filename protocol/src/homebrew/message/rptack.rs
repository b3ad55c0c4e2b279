//! Acknowledgement of a log-in step.

use bytes::Bytes;

use super::MessageError;
use super::wire::{named_id, octets, open};
use crate::dmr::fields::{Field, Fields};

/// The master accepts a log-in step. Nothing in it says which step: the four bytes are
/// the salt after [`Rptl`](super::Rptl), and the repeater's id after all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rptack {
    /// The salt (any four bytes), or the repeater's id, most significant byte first.
    pub value: [u8; 4],
}

impl Rptack {
    /// The bytes it begins with.
    pub const NAME: &'static str = "RPTACK";

    /// Reads a datagram. Masters exist that send four more bytes: they are ignored.
    ///
    /// # Errors
    /// The value is cut short.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        open(Self::NAME, datagram, octets("value")).map(|(_, value)| Self { value })
    }

    /// The 10 bytes to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        named_id(Self::NAME, u32::from_be_bytes(self.value))
    }
}

impl Fields for Rptack {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::bytes("salt_or_repeater_id", self.value));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_and_long_recorded_forms_carry_the_value_at_the_same_place() {
        let value = [0x00, 0x23, 0xC1, 0x61];
        for hex in ["52505441434b0023c1610023c161", "52505441434b0023c161"] {
            let datagram = hex::decode(hex).unwrap();
            assert_eq!(Rptack::decode(&datagram), Ok(Rptack { value }));
        }
        assert_eq!(
            Rptack { value }.encode(),
            b"RPTACK\x00\x23\xc1\x61".as_slice()
        );
        assert!(Rptack::decode(b"RPTACK\x00\x23\xc1").is_err());
    }

    proptest! {
        #[test]
        fn round_trip(value: [u8; 4]) {
            let message = Rptack { value };
            prop_assert_eq!(Rptack::decode(&message.encode()), Ok(message));
        }
    }
}
