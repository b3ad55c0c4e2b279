//! A position taken from a call's embedded signalling.

use bytes::{BufMut, Bytes, BytesMut};
use nom::combinator::rest;

use super::MessageError;
use super::wire::{address, exact, id, put_u24};
use crate::air::Position;
use crate::dmr::fields::{Field, Fields};

/// A repeater passes on the GPS link control of a call (TS 102 361-2 clause 7.1.1.3).
///
/// Best effort, as [`Dmra`](super::Dmra): the form without its last four octets is
/// common and carries no position. Not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dmrg {
    /// The repeater, as it names itself.
    pub id: u32,
    /// Who talks, 24 bits.
    pub source: u32,
    /// 3 to 8 octets: 4 reserved bits, 3 of position error, 25 of longitude, 24 of latitude.
    pub data: Vec<u8>,
}

impl Dmrg {
    /// The bytes it begins with.
    pub const NAME: &'static str = "DMRG";

    /// Reads a datagram.
    ///
    /// # Errors
    /// It is shorter than 14 or longer than 19 bytes.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let (id, source, data) = exact(Self::NAME, datagram, (id(), address("source"), rest))?;
        match data.len() {
            3..=8 => Ok(Self {
                id,
                source,
                data: data.to_vec(),
            }),
            0..3 => Err(MessageError::Cut {
                message: Self::NAME,
                field: "position",
                length: datagram.len(),
            }),
            more => Err(MessageError::Trailing {
                message: Self::NAME,
                extra: more - 8,
            }),
        }
    }

    /// The bytes to send, 11 and the octets; 18 for a whole position.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(18);
        out.put_slice(Self::NAME.as_bytes());
        out.put_u32(self.id);
        put_u24(&mut out, self.source);
        out.put_slice(&self.data);
        out.freeze()
    }

    /// Where the talker says he is: longitude in units of 360/2^25 degrees, latitude of
    /// 180/2^24 degrees. `None` when the octets were cut off.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        let octets: [u8; 7] = *self.data.first_chunk()?;
        let bits = octets
            .iter()
            .fold(0_u64, |bits, &octet| bits << 8 | u64::from(octet));
        Some(Position {
            latitude: signed(bits, 24) * 180.0 / f64::from(1_u32 << 24),
            longitude: signed(bits >> 24, 25) * 360.0 / f64::from(1_u32 << 25),
        })
    }
}

/// The low `width` bits as a two's complement number; `width` is at most 32.
fn signed(bits: u64, width: u32) -> f64 {
    let modulus = 1_i64 << width;
    let value = i64::try_from(bits & ((1 << width) - 1)).unwrap_or_default();
    let value = if value >= modulus / 2 {
        value - modulus
    } else {
        value
    };
    i32::try_from(value).map_or(0.0, f64::from)
}

impl Fields for Dmrg {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("repeater_id", self.id, 32));
        out.push(Field::number("source", self.source, 24));
        out.push(Field::bytes("position", self.data.as_slice()));
        if let Some(place) = self.position() {
            out.push(Field::text("latitude", format!("{:.5}", place.latitude)));
            out.push(Field::text("longitude", format!("{:.5}", place.longitude)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn position_is_twos_complement_in_parts_of_the_circle() {
        let message = |data: &[u8]| Dmrg {
            id: 1,
            source: 2,
            data: data.to_vec(),
        };
        let quarter = message(&[0x00, 0x80, 0x00, 0x00, 0x40, 0x00, 0x00]).position();
        assert_eq!(
            quarter,
            Some(Position {
                latitude: 45.0,
                longitude: 90.0
            })
        );
        let minus = message(&[0x01, 0x80, 0x00, 0x00, 0xC0, 0x00, 0x00]).position();
        assert_eq!(
            minus,
            Some(Position {
                latitude: -45.0,
                longitude: -90.0
            })
        );
        assert_eq!(message(&[0x00, 0x80, 0x00]).position(), None);
    }

    proptest! {
        #[test]
        fn round_trip(
            id: u32,
            source in 0..1u32 << 24,
            data in proptest::collection::vec(any::<u8>(), 3..=8),
        ) {
            let message = Dmrg { id, source, data };
            let place = message.position();
            prop_assert!(place.is_none_or(|place| place.latitude.abs() <= 90.0));
            prop_assert!(place.is_none_or(|place| place.longitude.abs() <= 180.0));
            prop_assert_eq!(Dmrg::decode(&message.encode()), Ok(message));
        }
    }
}
