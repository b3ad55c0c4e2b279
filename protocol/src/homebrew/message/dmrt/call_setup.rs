//! Private call setup, operation 07h.

use bytes::{BufMut, Bytes};

use super::opcode::{CALL_SETUP, Way};
use super::wire::{begin, octet, parties, party_fields, put_parties, put_uuid, read, uuid, way};
use super::{MessageError, Uuid};
use crate::dmr::fields::Field;

/// A radio wants to talk to another. Answered by call accept or call reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSetup {
    /// Which way.
    pub way: Way,
    /// The name of the call.
    pub uuid: Uuid,
    /// The 7 service options of random access, emergency first (TS 102 361-4 clause 7.2.13);
    /// bit 7 is 0.
    pub options: u8,
    /// Who calls, 24 bits.
    pub source: u32,
    /// Whom, 24 bits.
    pub destination: u32,
}

const EMERGENCY: u8 = 0x40;
const PRIVACY: u8 = 0x20;
const SUPPLEMENTARY: u8 = 0x10;
const BROADCAST: u8 = 0x08;

impl CallSetup {
    /// Whether it is an emergency call.
    #[must_use]
    pub const fn is_emergency(&self) -> bool {
        self.options & EMERGENCY != 0
    }

    /// Reads a datagram.
    ///
    /// # Errors
    /// It is cut short or longer than 28 bytes.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let fields = (uuid(), octet("service options"), parties());
        let (uuid, options, (source, destination)) = read(datagram, fields)?;
        Ok(Self {
            way: way(datagram),
            uuid,
            options,
            source,
            destination,
        })
    }

    /// The 28 bytes to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = begin(CALL_SETUP | self.way.bit());
        put_uuid(&mut out, self.uuid);
        out.put_u8(self.options);
        put_parties(&mut out, (self.source, self.destination));
        out.freeze()
    }

    pub(super) fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::text("uuid", self.uuid.to_string()));
        out.push(Field::number("reserved", self.options >> 7, 1));
        out.push(Field::flag("emergency", self.is_emergency()));
        out.push(Field::flag("privacy", self.options & PRIVACY != 0));
        out.push(Field::flag(
            "supplementary_data",
            self.options & SUPPLEMENTARY != 0,
        ));
        out.push(Field::flag("broadcast", self.options & BROADCAST != 0));
        out.push(Field::number("option_20", self.options >> 2 & 1, 1));
        out.push(Field::number("priority", self.options & 0b11, 2));
        party_fields(out, self.source, self.destination);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worked_setup_takes_28_bytes() {
        let message = CallSetup {
            way: Way::FromNetwork,
            uuid: Uuid(*b"0123456789abcdef"),
            options: 0x43,
            source: 1,
            destination: 2,
        };
        let datagram = b"DMRT\x470123456789abcdef\x43\0\0\x01\0\0\x02";
        assert_eq!(message.encode(), datagram.as_slice());
        assert_eq!(datagram.len(), 28);
        assert!(message.is_emergency());
        assert_eq!(CallSetup::decode(datagram), Ok(message));
    }

    proptest! {
        #[test]
        fn round_trip(
            back: bool,
            uuid: [u8; 16],
            options: u8,
            source in 0..1_u32 << 24,
            destination in 0..1_u32 << 24,
        ) {
            let way = if back { Way::FromNetwork } else { Way::ToNetwork };
            let message = CallSetup { way, uuid: Uuid(uuid), options, source, destination };
            prop_assert_eq!(CallSetup::decode(&message.encode()), Ok(message));
        }
    }
}
