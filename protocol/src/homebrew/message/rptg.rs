//! Home position of a repeater.

use bytes::{BufMut, Bytes, BytesMut};

use super::MessageError;
use super::wire::{exact, id, text};
use crate::air::Position;
use crate::dmr::fields::{Field, Fields};

/// Where a repeater says it stands. Not answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rptg {
    /// The repeater, as it names itself.
    pub id: u32,
    /// `None` when the text is no position.
    pub position: Option<Position>,
}

impl Rptg {
    /// The bytes it begins with.
    pub const NAME: &'static str = "RPTG";

    /// Reads a datagram.
    ///
    /// # Errors
    /// It is not 25 bytes long.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let fields = (id(), text("latitude", 8), text("longitude", 9));
        let (id, latitude, longitude) = exact(Self::NAME, datagram, fields)?;
        let within = |text: &str, most: f64| {
            let value: f64 = text.parse().ok()?;
            (value.abs() <= most).then_some(value)
        };
        let position =
            within(&latitude, 90.0)
                .zip(within(&longitude, 180.0))
                .map(|(latitude, longitude)| Position {
                    latitude,
                    longitude,
                });
        Ok(Self { id, position })
    }

    /// The 25 bytes to send: degrees with sign and four decimals, blanks when unknown.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(25);
        out.put_slice(Self::NAME.as_bytes());
        out.put_u32(self.id);
        let text = self.position.map(|place| {
            let latitude = place.latitude.clamp(-90.0, 90.0);
            let longitude = place.longitude.clamp(-180.0, 180.0);
            format!("{latitude:+08.4}{longitude:+09.4}")
        });
        out.put_slice(text.unwrap_or_else(|| " ".repeat(17)).as_bytes());
        out.freeze()
    }
}

impl Fields for Rptg {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("repeater_id", self.id, 32));
        if let Some(Position {
            latitude,
            longitude,
        }) = self.position
        {
            out.push(Field::text("latitude", latitude.to_string()));
            out.push(Field::text("longitude", longitude.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn position_is_written_with_sign_and_four_decimals() {
        let message = Rptg {
            id: 1,
            position: Some(Position {
                latitude: 39.9042,
                longitude: -116.4074,
            }),
        };
        let datagram = b"RPTG\x00\x00\x00\x01+39.9042-116.4074";
        assert_eq!(message.encode(), datagram.as_slice());
        assert_eq!(Rptg::decode(datagram), Ok(message));
        assert_eq!(
            Rptg::decode(b"RPTG\x00\x00\x00\x01+99.9042-116.4074"),
            Ok(Rptg {
                id: 1,
                position: None
            })
        );
    }

    proptest! {
        #[test]
        fn round_trip(
            id: u32,
            place in proptest::option::of((-900_000..=900_000i32, -1_800_000..=1_800_000i32)),
        ) {
            let position = place.map(|(latitude, longitude)| Position {
                latitude: f64::from(latitude) / 10_000.0,
                longitude: f64::from(longitude) / 10_000.0,
            });
            let message = Rptg { id, position };
            let datagram = message.encode();
            prop_assert_eq!(datagram.len(), 25);
            prop_assert_eq!(Rptg::decode(&datagram), Ok(message));
        }
    }
}
