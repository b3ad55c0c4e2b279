//! De-registration of radios, operation 02h in both directions.

use bytes::{BufMut, Bytes};

use super::MessageError;
use super::opcode::{DEREGISTRATION, Way};
use super::wire::{addresses, begin, list_fields, put_addresses, read, timestamp, way};
use crate::dmr::fields::Field;

/// To the network: radios have left a site. From the network: they have registered
/// elsewhere. Not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deregistration {
    /// Which way.
    pub way: Way,
    /// Seconds since 1970 UTC (64 bits, least significant octet first).
    pub timestamp: i64,
    /// 24-bit addresses, with a count of 8 bits in front.
    pub radios: Vec<u32>,
}

impl Deregistration {
    /// Reads a datagram.
    ///
    /// # Errors
    /// It is cut short or goes on after the last address.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let (timestamp, radios) = read(datagram, (timestamp(), addresses("radios")))?;
        Ok(Self {
            way: way(datagram),
            timestamp,
            radios,
        })
    }

    /// The bytes to send: 14 and 3 for each radio.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = begin(DEREGISTRATION | self.way.bit());
        out.put_i64_le(self.timestamp);
        put_addresses(&mut out, &self.radios);
        out.freeze()
    }

    pub(super) fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::text("timestamp", format!("{} s", self.timestamp)));
        list_fields(out, "radio", &self.radios);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_radio_takes_17_bytes() {
        let message = Deregistration {
            way: Way::FromNetwork,
            timestamp: -1,
            radios: vec![0x23_383B],
        };
        let datagram = b"DMRT\x42\xff\xff\xff\xff\xff\xff\xff\xff\x01\x23\x38\x3b";
        assert_eq!(message.encode(), datagram.as_slice());
        assert_eq!(Deregistration::decode(datagram), Ok(message));
    }

    proptest! {
        #[test]
        fn round_trip(
            back: bool,
            timestamp: i64,
            radios in prop::collection::vec(0..1_u32 << 24, 0..80),
        ) {
            let way = if back { Way::FromNetwork } else { Way::ToNetwork };
            let message = Deregistration { way, timestamp, radios };
            prop_assert_eq!(Deregistration::decode(&message.encode()), Ok(message));
        }
    }
}
