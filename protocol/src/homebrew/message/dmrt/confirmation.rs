//! Confirmation of a registration, operation 01h from the network.

use bytes::{BufMut, Bytes};

use super::MessageError;
use super::opcode::{REGISTRATION, Way};
use super::wire::{addresses, begin, list_fields, octet, put_addresses, read, timestamp};
use crate::dmr::fields::Field;

/// Which of the radios of a [`Registration`](super::Registration) the network takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationConfirmation {
    /// Seconds since 1970 UTC (64 bits, least significant octet first).
    pub timestamp: i64,
    /// Bit 0 is the first radio; 1 is accepted, 0 denied.
    pub accepted: u8,
    /// The radios as they stood in the request; at most eight have a bit.
    pub radios: Vec<u32>,
}

impl RegistrationConfirmation {
    /// As many radios as there are bits.
    pub const MOST: usize = 8;

    /// Whether the radio at this place was accepted.
    #[must_use]
    pub fn is_accepted(&self, place: usize) -> bool {
        place < Self::MOST && self.accepted >> place & 1 == 1
    }

    /// Reads a datagram.
    ///
    /// # Errors
    /// It is cut short or goes on after the last address.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let fields = (timestamp(), octet("accepted"), addresses("radios"));
        let (timestamp, accepted, radios) = read(datagram, fields)?;
        Ok(Self {
            timestamp,
            accepted,
            radios,
        })
    }

    /// The bytes to send: 15 and 3 for each radio.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = begin(REGISTRATION | Way::FromNetwork.bit());
        out.put_i64_le(self.timestamp);
        out.put_u8(self.accepted);
        put_addresses(&mut out, &self.radios);
        out.freeze()
    }

    pub(super) fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::text("timestamp", format!("{} s", self.timestamp)));
        let accepted = (0..self.radios.len()).filter(|&place| self.is_accepted(place));
        let meaning = format!("{} of {} accepted", accepted.count(), self.radios.len());
        out.push(Field::coded("accepted", self.accepted, 8, meaning));
        list_fields(out, "radio", &self.radios);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_radio_takes_18_bytes() {
        let message = RegistrationConfirmation {
            timestamp: 1,
            accepted: 1,
            radios: vec![0x23_383B],
        };
        let datagram = b"DMRT\x41\x01\0\0\0\0\0\0\0\x01\x01\x23\x38\x3b";
        assert_eq!(message.encode(), datagram.as_slice());
        assert_eq!(datagram.len(), 18);
        assert!(message.is_accepted(0) && !message.is_accepted(1) && !message.is_accepted(64));
        assert_eq!(RegistrationConfirmation::decode(datagram), Ok(message));
    }

    proptest! {
        #[test]
        fn round_trip(
            timestamp: i64,
            accepted: u8,
            radios in prop::collection::vec(0..1_u32 << 24, 0..80),
        ) {
            let message = RegistrationConfirmation { timestamp, accepted, radios };
            prop_assert_eq!(RegistrationConfirmation::decode(&message.encode()), Ok(message));
        }
    }
}
