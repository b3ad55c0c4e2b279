//! Options.

use bytes::{BufMut, Bytes, BytesMut};
use nom::combinator::rest;

use super::MessageError;
use super::wire::{cut, exact, id, printable};
use crate::dmr::fields::{Field, Fields};

/// Most text a datagram of this kind carries here; longer ones are refused.
const LONGEST: usize = 1_024;

/// What a repeater wishes for, in the master's own grammar. Must be answered by its id
/// in [`Rptack`](super::Rptack): some repeaters wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rpto {
    /// The repeater, as it names itself.
    pub id: u32,
    /// Usually `key=value` pairs between semicolons; printable, without padding.
    pub options: String,
}

impl Rpto {
    /// The bytes it begins with.
    pub const NAME: &'static str = "RPTO";

    /// Reads a datagram.
    ///
    /// # Errors
    /// The id is cut short, or the text is longer than 1,024 bytes.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let (id, text) = exact(Self::NAME, datagram, (id(), rest))?;
        if let Some(extra) = text.len().checked_sub(LONGEST).filter(|&extra| extra > 0) {
            return Err(MessageError::Trailing {
                message: Self::NAME,
                extra,
            });
        }
        let options = printable(text);
        Ok(Self { id, options })
    }

    /// The bytes to send: 8, and at most 1,024 of text.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(8 + self.options.len());
        out.put_slice(Self::NAME.as_bytes());
        out.put_u32(self.id);
        out.put_slice(cut(&self.options, LONGEST).as_bytes());
        out.freeze()
    }

    /// The `key=value` pairs; a part without `=` is a key with an empty value.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.options
            .split(';')
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(key, value)| (key.trim(), value.trim()))
            .filter(|(key, _)| !key.is_empty())
    }
}

impl Fields for Rpto {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("repeater_id", self.id, 32));
        out.push(Field::text("options", self.options.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn recorded_options_are_pairs() {
        let datagram = b"RPTO\x00\x23\xc1\x61StartRef=4400;RelinkTime=60;UserLink=1";
        let message = Rpto::decode(datagram).unwrap();
        assert_eq!(message.id, 2_343_265);
        assert_eq!(
            message.pairs().collect::<Vec<_>>(),
            [
                ("StartRef", "4400"),
                ("RelinkTime", "60"),
                ("UserLink", "1")
            ]
        );
        assert_eq!(message.encode(), datagram.as_slice());
    }

    #[test]
    fn padding_is_no_option() {
        let mut datagram = b"RPTO\x00\x00\x00\x01TS1=1,2,3;TS2=9;*;;".to_vec();
        datagram.resize(300, 0);
        let message = Rpto::decode(&datagram).unwrap();
        assert_eq!(
            message.pairs().collect::<Vec<_>>(),
            [("TS1", "1,2,3"), ("TS2", "9"), ("*", "")]
        );
        datagram.resize(2_000, b'x');
        assert!(matches!(
            Rpto::decode(&datagram),
            Err(MessageError::Trailing { extra: 968, .. })
        ));
    }

    proptest! {
        #[test]
        fn round_trip(id: u32, options in "([!-~][ -~]{0,40}[!-~])?") {
            let message = Rpto { id, options };
            prop_assert_eq!(Rpto::decode(&message.encode()), Ok(message));
        }
    }
}
