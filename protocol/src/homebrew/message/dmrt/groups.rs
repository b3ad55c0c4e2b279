//! Group lists: subscribe (03h) and unsubscribe (04h) with their confirmations.

use bytes::Bytes;

use super::MessageError;
use super::opcode::Way;
use super::wire::{NAME, addresses, begin, list_fields, put_addresses, read, way};
use crate::dmr::fields::Field;

/// The talkgroups that a site wants, or wants no more. The confirmation repeats the list
/// with the refused ones set to 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// Request or confirmation.
    pub way: Way,
    /// 24-bit addresses, 1 to 64, with a count of 8 bits in front.
    pub groups: Vec<u32>,
}

impl Groups {
    /// Most groups of one list.
    pub const MOST: usize = 64;

    /// Reads a datagram of either operation.
    ///
    /// # Errors
    /// It is cut short, goes on after the last address, or lists more than 64.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let groups = read(datagram, addresses("groups"))?;
        if groups.len() > Self::MOST {
            return Err(MessageError::Value {
                message: NAME,
                field: "groups",
                value: groups.len() as u64,
            });
        }
        Ok(Self {
            way: way(datagram),
            groups,
        })
    }

    /// The bytes to send: 6 and 3 for each group.
    pub(super) fn encode(&self, operation: u8) -> Bytes {
        let mut out = begin(operation | self.way.bit());
        let groups = self.groups.get(..Self::MOST).unwrap_or(&self.groups);
        put_addresses(&mut out, groups);
        out.freeze()
    }

    pub(super) fn fields(&self, out: &mut Vec<Field>) {
        list_fields(out, "group", &self.groups);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::opcode::{SUBSCRIBE, UNSUBSCRIBE};
    use super::*;

    #[test]
    fn the_worked_lists_read_and_are_written_the_same() {
        let message = Groups {
            way: Way::ToNetwork,
            groups: vec![9, 0x0F_4240],
        };
        let datagram = b"DMRT\x03\x02\x00\x00\x09\x0f\x42\x40";
        assert_eq!(message.encode(SUBSCRIBE), datagram.as_slice());
        assert_eq!(Groups::decode(datagram), Ok(message));
        let refused = Groups {
            way: Way::FromNetwork,
            groups: vec![0],
        };
        let datagram = b"DMRT\x44\x01\x00\x00\x00";
        assert_eq!(refused.encode(UNSUBSCRIBE), datagram.as_slice());
        assert_eq!(Groups::decode(datagram), Ok(refused));
    }

    #[test]
    fn more_than_64_groups_are_refused() {
        let datagram = [b"DMRT\x03\x41".as_slice(), &[0; 65 * 3]].concat();
        assert_eq!(
            Groups::decode(&datagram).unwrap_err().to_string(),
            "DMRT has 65 in its groups"
        );
    }

    proptest! {
        #[test]
        fn round_trip(back: bool, groups in prop::collection::vec(0..1_u32 << 24, 0..=64)) {
            let way = if back { Way::FromNetwork } else { Way::ToNetwork };
            let message = Groups { way, groups };
            prop_assert_eq!(Groups::decode(&message.encode(SUBSCRIBE)), Ok(message));
        }
    }
}
