//! Confirmed data packet header, DPF 3 (TS 102 361-1 clause 9.2.5).

use crate::dmr::fields::{Field, Fields};

use super::addressing::Addressing;
use super::bits::{Bits, Reserved};

/// Data packet format.
pub(crate) const DPF: u8 = 3;
const RESERVED: [(u32, u32); 1] = [(2, 1)];

/// The header of a packet whose blocks are numbered and checked one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Confirmed {
    /// Who sends to whom.
    pub addressing: Addressing,
    /// POC, 5 bits: octets of padding before the CRC-32.
    pub pad_octets: u8,
    /// F: first try with all blocks; clear in a retry that carries only some.
    pub full_message: bool,
    /// BTF, 7 bits: blocks after this header.
    pub blocks_to_follow: u8,
    /// S: the receiver shall take N(S) as the new start.
    pub resynchronise: bool,
    /// N(S), modulo 8.
    pub send_sequence: u8,
    /// FSN, 4 bits: bit 3 marks the last fragment, the rest count (0 first, then 1 to 7 in a ring).
    pub fragment: u8,
    /// Bit 2.
    pub reserved: Reserved,
}

impl Confirmed {
    /// Fragment sequence number of a packet that is all of its datagram.
    pub const SINGLE: u8 = 8;

    /// Whether the packet is all of its datagram.
    #[must_use]
    pub const fn is_single(&self) -> bool {
        self.fragment == Self::SINGLE
    }

    pub(crate) fn decode(bits: Bits) -> Self {
        Self {
            addressing: Addressing::decode(bits),
            pad_octets: bits.octet(3, 1) << 4 | bits.octet(12, 4),
            full_message: bits.flag(64),
            blocks_to_follow: bits.octet(65, 7),
            resynchronise: bits.flag(72),
            send_sequence: bits.octet(73, 3),
            fragment: bits.octet(76, 4),
            reserved: bits.reserved(&RESERVED),
        }
    }

    pub(crate) fn encode(&self) -> Bits {
        self.addressing
            .encode(Bits::reserving(self.reserved), DPF)
            .with(3, 1, self.pad_octets >> 4)
            .with(12, 4, self.pad_octets)
            .with(64, 1, self.full_message)
            .with(65, 7, self.blocks_to_follow)
            .with(72, 1, self.resynchronise)
            .with(73, 3, self.send_sequence)
            .with(76, 4, self.fragment)
    }
}

impl Fields for Confirmed {
    fn name(&self) -> &'static str {
        "C_HEAD"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        self.addressing.flags(out);
        out.push(Field::number("pad_octets", self.pad_octets, 5));
        self.addressing.addresses(out);
        out.push(Field::flag("full_message", self.full_message));
        out.push(Field::number("blocks_to_follow", self.blocks_to_follow, 7));
        out.push(Field::flag("resynchronise", self.resynchronise));
        out.push(Field::number("send_sequence", self.send_sequence, 3));
        out.push(Field::number("fragment", self.fragment, 4));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DataHeader, Sap, tests::pdu};

    #[test]
    fn the_recorded_header_decodes() {
        let DataHeader::Confirmed(header) =
            DataHeader::decode(&pdu("434e2110dd20f96d8558bf5b")).unwrap()
        else {
            panic!("not confirmed");
        };
        assert_eq!(header.addressing.sap, Sap::Ip);
        assert!(header.addressing.response_requested && header.full_message);
        assert_eq!((header.pad_octets, header.blocks_to_follow), (14, 5));
        assert_eq!((header.send_sequence, header.fragment), (5, 8));
        assert!(!header.resynchronise);
    }
}
