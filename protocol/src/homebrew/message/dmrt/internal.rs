//! What a gateway and its own controller tell each other (internal opcodes 81h to 87h). Never
//! sent to a master; read for the technician.

use bytes::{BufMut, Bytes};

use super::MessageError;
use super::wire::{begin, octet, read};
use crate::dmr::fields::Field;
use crate::homebrew::message::wire::octets;

/// A command for a channel: 8 bytes, of which the last two are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelCommand {
    /// 81h switches a channel; 82h to 87h are reverse-channel commands.
    pub opcode: u8,
    /// Bit 7: timeslot 2; bit 0: enable.
    pub flags: u8,
    /// The rest, 0.
    pub reserved: [u8; 2],
}

impl ChannelCommand {
    /// Reads a datagram.
    ///
    /// # Errors
    /// It does not have 8 bytes.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let (flags, reserved) = read(datagram, (octet("flags"), octets("reserved")))?;
        Ok(Self {
            opcode: datagram.get(4).copied().unwrap_or_default(),
            flags,
            reserved,
        })
    }

    /// The 8 bytes to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = begin(self.opcode);
        out.put_u8(self.flags);
        out.put_slice(&self.reserved);
        out.freeze()
    }

    pub(super) const fn words(&self) -> &'static str {
        match self.opcode {
            0x81 => "channel",
            0x82 => "cease transmission",
            0x83 => "request to cease transmission",
            0x84 => "increase power by one step",
            0x85 => "decrease power by one step",
            0x86 => "set power to maximum",
            _ => "set power to minimum",
        }
    }

    pub(super) fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("slot", 1 + (self.flags >> 7), 1));
        out.push(Field::number("flags_reserved", self.flags >> 1 & 0x3F, 6));
        out.push(Field::flag("enable", self.flags & 1 == 1));
        out.push(Field::bytes("reserved", self.reserved));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn enabling_timeslot_2_takes_8_bytes() {
        let message = ChannelCommand {
            opcode: 0x81,
            flags: 0x81,
            reserved: [0; 2],
        };
        assert_eq!(message.encode(), b"DMRT\x81\x81\0\0".as_slice());
        assert_eq!(ChannelCommand::decode(b"DMRT\x81\x81\0\0"), Ok(message));
    }

    proptest! {
        #[test]
        fn round_trip(opcode in 0x81..=0x87_u8, flags: u8, reserved: [u8; 2]) {
            let message = ChannelCommand { opcode, flags, reserved };
            prop_assert_eq!(ChannelCommand::decode(&message.encode()), Ok(message));
        }
    }
}
