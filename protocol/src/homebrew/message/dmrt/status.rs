//! Status, operation 0Ah.

use bytes::{BufMut, Bytes};

use super::opcode::{STATUS, Way};
use super::wire::{begin, octet, parties, party_fields, put_parties, put_uuid, read, uuid, way};
use super::{MessageError, Uuid};
use crate::dmr::fields::Field;

/// A radio sends one of 128 status values. No confirmation of it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Which way.
    pub way: Way,
    /// The name of the message.
    pub uuid: Uuid,
    /// Bit 7: whether the destination is a talkgroup.
    pub group: bool,
    /// 0 to 127.
    pub value: u8,
    /// Who sends it, 24 bits.
    pub source: u32,
    /// To whom, 24 bits.
    pub destination: u32,
}

impl Status {
    /// Reads a datagram.
    ///
    /// # Errors
    /// It is cut short or longer than 28 bytes.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let (uuid, status, (source, destination)) =
            read(datagram, (uuid(), octet("status"), parties()))?;
        Ok(Self {
            way: way(datagram),
            uuid,
            group: status & 0x80 != 0,
            value: status & 0x7F,
            source,
            destination,
        })
    }

    /// The 28 bytes to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = begin(STATUS | self.way.bit());
        put_uuid(&mut out, self.uuid);
        out.put_u8(u8::from(self.group) << 7 | self.value & 0x7F);
        put_parties(&mut out, (self.source, self.destination));
        out.freeze()
    }

    pub(super) fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::text("uuid", self.uuid.to_string()));
        out.push(Field::flag("group", self.group));
        out.push(Field::number("status", self.value, 7));
        party_fields(out, self.source, self.destination);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worked_status_takes_28_bytes() {
        let message = Status {
            way: Way::ToNetwork,
            uuid: Uuid(*b"0123456789abcdef"),
            group: true,
            value: 5,
            source: 0x23_383B,
            destination: 9,
        };
        let datagram = b"DMRT\x0a0123456789abcdef\x85\x23\x38\x3b\0\0\x09";
        assert_eq!(message.encode(), datagram.as_slice());
        assert_eq!(datagram.len(), 28);
        assert_eq!(Status::decode(datagram), Ok(message));
    }

    proptest! {
        #[test]
        fn round_trip(
            back: bool,
            uuid: [u8; 16],
            group: bool,
            value in 0..128_u8,
            source in 0..1_u32 << 24,
            destination in 0..1_u32 << 24,
        ) {
            let way = if back { Way::FromNetwork } else { Way::ToNetwork };
            let message = Status { way, uuid: Uuid(uuid), group, value, source, destination };
            prop_assert_eq!(Status::decode(&message.encode()), Ok(message));
        }
    }
}
