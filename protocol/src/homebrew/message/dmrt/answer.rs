//! Answers to a transfer or call: UDT accept (06h), call accept (08h) and call reject (09h).

use bytes::Bytes;

use super::opcode::Way;
use super::wire::{begin, parties, party_fields, put_parties, put_uuid, read, uuid, way};
use super::{MessageError, Uuid};
use crate::dmr::fields::Field;

/// Says "accepted" or "rejected" to the transfer or call of this name. What exactly a site
/// means by accepting a transfer is its own: most have only queued it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Which way.
    pub way: Way,
    /// The name of what is answered.
    pub uuid: Uuid,
    /// Source of what is answered, 24 bits.
    pub source: u32,
    /// Its destination, 24 bits.
    pub destination: u32,
}

impl Answer {
    /// Reads a datagram of any of the three operations.
    ///
    /// # Errors
    /// It is cut short or longer than 27 bytes.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let (uuid, (source, destination)) = read(datagram, (uuid(), parties()))?;
        Ok(Self {
            way: way(datagram),
            uuid,
            source,
            destination,
        })
    }

    /// The 27 bytes to send.
    pub(super) fn encode(&self, operation: u8) -> Bytes {
        let mut out = begin(operation | self.way.bit());
        put_uuid(&mut out, self.uuid);
        put_parties(&mut out, (self.source, self.destination));
        out.freeze()
    }

    pub(super) fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::text("uuid", self.uuid.to_string()));
        party_fields(out, self.source, self.destination);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::opcode::{CALL_REJECT, UDT_ACCEPT};
    use super::*;

    #[test]
    fn the_worked_answers_take_27_bytes() {
        let message = Answer {
            way: Way::ToNetwork,
            uuid: Uuid(*b"0123456789abcdef"),
            source: 0x98_9681,
            destination: 0x23_383B,
        };
        let datagram = b"DMRT\x060123456789abcdef\x98\x96\x81\x23\x38\x3b";
        assert_eq!(message.encode(UDT_ACCEPT), datagram.as_slice());
        assert_eq!(datagram.len(), 27);
        assert_eq!(Answer::decode(datagram), Ok(message));
        let way = Way::FromNetwork;
        let reject = Answer { way, ..message }.encode(CALL_REJECT);
        assert!(reject.starts_with(b"DMRT\x49"));
    }

    proptest! {
        #[test]
        fn round_trip(back: bool, uuid: [u8; 16], source in 0..1_u32 << 24, destination in 0..1_u32 << 24) {
            let way = if back { Way::FromNetwork } else { Way::ToNetwork };
            let message = Answer { way, uuid: Uuid(uuid), source, destination };
            prop_assert_eq!(Answer::decode(&message.encode(UDT_ACCEPT)), Ok(message));
        }
    }
}
