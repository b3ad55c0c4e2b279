//! Registration of radios, operation 01h to the network.

use bytes::{BufMut, Bytes};

use super::MessageError;
use super::opcode::REGISTRATION;
use super::wire::{addresses, begin, list_fields, put_addresses, read, timestamp};
use crate::dmr::fields::Field;

/// Radios have registered with a site. Answered by a
/// [`RegistrationConfirmation`](super::RegistrationConfirmation).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// When, in seconds since 1970 UTC by the site's clock (64 bits, least significant octet
    /// first).
    pub timestamp: i64,
    /// 24-bit addresses, 1 to 80 (a count of 8 bits in front). Only the first eight can be
    /// confirmed.
    pub radios: Vec<u32>,
}

impl Registration {
    /// Reads a datagram.
    ///
    /// # Errors
    /// It is cut short or goes on after the last address.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let (timestamp, radios) = read(datagram, (timestamp(), addresses("radios")))?;
        Ok(Self { timestamp, radios })
    }

    /// The bytes to send: 14 and 3 for each radio.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = begin(REGISTRATION);
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
        let message = Registration {
            timestamp: 0x0102_0304,
            radios: vec![0x23_383B],
        };
        let datagram = b"DMRT\x01\x04\x03\x02\x01\0\0\0\0\x01\x23\x38\x3b";
        assert_eq!(message.encode(), datagram.as_slice());
        assert_eq!(datagram.len(), 17);
        assert_eq!(Registration::decode(datagram), Ok(message));
    }

    #[test]
    fn a_count_beyond_the_datagram_is_a_cut() {
        let error = Registration::decode(b"DMRT\x01\x04\x03\x02\x01\0\0\0\0\x02\x23\x38\x3b");
        assert_eq!(
            error.unwrap_err().to_string(),
            "DMRT of 17 bytes ends within its radios"
        );
    }

    proptest! {
        #[test]
        fn round_trip(timestamp: i64, radios in prop::collection::vec(0..1_u32 << 24, 0..80)) {
            let message = Registration { timestamp, radios };
            prop_assert_eq!(Registration::decode(&message.encode()), Ok(message));
        }
    }
}
