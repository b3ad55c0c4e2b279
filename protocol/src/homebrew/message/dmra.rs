//! One block of a talker alias.

use bytes::{BufMut, Bytes, BytesMut};
use nom::combinator::rest;

use super::MessageError;
use super::wire::{address, exact, id, octets, put_u24};
use crate::dmr::fields::{Field, Fields};

/// A repeater passes on a block of the talker alias (towards a master; between a modem
/// host and its gateway the repeater id is missing).
///
/// Best effort: a widespread gateway inserts the repeater id without making the message
/// longer, so only the first three of seven octets arrive. The embedded link control in
/// the voice bursts is the better source. Not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dmra {
    /// The repeater, as it names itself.
    pub id: u32,
    /// Who talks, 24 bits.
    pub source: u32,
    /// 0 is the alias header, 1 to 3 its continuations (FLCO 4 to 7).
    pub block: u8,
    /// 2 to 7 octets of the block.
    pub data: Vec<u8>,
}

impl Dmra {
    /// The bytes it begins with.
    pub const NAME: &'static str = "DMRA";

    /// Reads a datagram.
    ///
    /// # Errors
    /// It is shorter than 14 or longer than 19 bytes.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let fields = (id(), address("source"), octets("block"), rest);
        let (id, source, [block], data) = exact(Self::NAME, datagram, fields)?;
        match data.len() {
            2..=7 => Ok(Self {
                id,
                source,
                block,
                data: data.to_vec(),
            }),
            0 | 1 => Err(MessageError::Cut {
                message: Self::NAME,
                field: "alias",
                length: datagram.len(),
            }),
            more => Err(MessageError::Trailing {
                message: Self::NAME,
                extra: more - 7,
            }),
        }
    }

    /// The bytes to send, 12 and the octets; 19 for a whole block.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(19);
        out.put_slice(Self::NAME.as_bytes());
        out.put_u32(self.id);
        put_u24(&mut out, self.source);
        out.put_u8(self.block);
        out.put_slice(&self.data);
        out.freeze()
    }
}

impl Fields for Dmra {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("repeater_id", self.id, 32));
        out.push(Field::number("source", self.source, 24));
        out.push(Field::number("block", self.block, 8));
        out.push(Field::bytes("alias", self.data.as_slice()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_and_cut_blocks_are_read_as_far_as_they_go() {
        let whole = b"DMRA\x00\x23\xc1\x61\x23\x38\x3b\x00ABCDEFG";
        assert_eq!(whole.len(), 19);
        let message = Dmra::decode(whole).unwrap();
        assert_eq!((message.id, message.source), (2_343_265, 2_308_155));
        assert_eq!(
            (message.block, message.data.as_slice()),
            (0, b"ABCDEFG".as_slice())
        );
        assert_eq!(Dmra::decode(&whole[..15]).unwrap().data, b"ABC");
        assert_eq!(
            Dmra::decode(&whole[..13]).unwrap_err().to_string(),
            "DMRA of 13 bytes ends within its alias"
        );
        assert!(Dmra::decode(&[whole.as_slice(), b"H"].concat()).is_err());
    }

    proptest! {
        #[test]
        fn round_trip(
            id: u32,
            source in 0..1u32 << 24,
            block: u8,
            data in proptest::collection::vec(any::<u8>(), 2..=7),
        ) {
            let message = Dmra { id, source, block, data };
            prop_assert_eq!(Dmra::decode(&message.encode()), Ok(message));
        }
    }
}
