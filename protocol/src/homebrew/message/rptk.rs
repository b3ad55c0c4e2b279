//! Log-in proof.

use bytes::{BufMut, Bytes, BytesMut};
use nom::Parser;

use super::MessageError;
use super::wire::{exact, id, octets};
use crate::dmr::fields::{Field, Fields};

/// A repeater proves that it knows the passphrase. Answered by its id in
/// [`Rptack`](super::Rptack), or by [`Mstnak`](super::Mstnak).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rptk {
    /// The repeater, as it names itself.
    pub id: u32,
    /// SHA-256 over the salt and the passphrase, see [`auth`](crate::homebrew::auth).
    pub digest: [u8; 32],
}

impl Rptk {
    /// The bytes it begins with.
    pub const NAME: &'static str = "RPTK";

    /// Reads a datagram.
    ///
    /// # Errors
    /// A field is cut short, or bytes follow.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let fields = (id(), octets("digest")).map(|(id, digest)| Self { id, digest });
        exact(Self::NAME, datagram, fields)
    }

    /// The 40 bytes to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(40);
        out.put_slice(Self::NAME.as_bytes());
        out.put_u32(self.id);
        out.put_slice(&self.digest);
        out.freeze()
    }
}

impl Fields for Rptk {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("repeater_id", self.id, 32));
        out.push(Field::bytes("digest", self.digest));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn recorded_proof_splits_into_id_and_digest() {
        let datagram = hex::decode(
            "5250544b0023c1613269edc57b254dafcdf8715e4cdbf8c97a13540783f314ef48970b53d93b771b",
        )
        .unwrap();
        let message = Rptk::decode(&datagram).unwrap();
        assert_eq!(message.id, 2_343_265);
        assert_eq!(message.digest[..4], [0x32, 0x69, 0xED, 0xC5]);
        assert_eq!(message.encode(), datagram);
        assert_eq!(
            Rptk::decode(&datagram[..39]),
            Err(MessageError::Cut {
                message: "RPTK",
                field: "digest",
                length: 39
            })
        );
    }

    proptest! {
        #[test]
        fn round_trip(id: u32, digest: [u8; 32]) {
            let message = Rptk { id, digest };
            prop_assert_eq!(Rptk::decode(&message.encode()), Ok(message));
        }
    }
}
