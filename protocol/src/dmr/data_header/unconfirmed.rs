//! Unconfirmed data packet header, DPF 2 (TS 102 361-1 clause 9.2.6).

use crate::dmr::fields::{Field, Fields};

use super::addressing::Addressing;
use super::bits::{Bits, Reserved};

/// Data packet format.
pub(crate) const DPF: u8 = 2;
const RESERVED: [(u32, u32); 2] = [(2, 1), (72, 4)];

/// The header of a packet whose blocks carry no check of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unconfirmed {
    /// Who sends to whom.
    pub addressing: Addressing,
    /// POC, 5 bits: octets of padding before the CRC-32.
    pub pad_octets: u8,
    /// F: the packet is complete, not a retry of some blocks.
    pub full_message: bool,
    /// BTF, 7 bits: blocks after this header.
    pub blocks_to_follow: u8,
    /// FSN, 4 bits: 0 for a single packet.
    pub fragment: u8,
    /// Bit 2 and bits 72 to 75.
    pub reserved: Reserved,
}

impl Unconfirmed {
    pub(crate) fn decode(bits: Bits) -> Self {
        Self {
            addressing: Addressing::decode(bits),
            pad_octets: bits.octet(3, 1) << 4 | bits.octet(12, 4),
            full_message: bits.flag(64),
            blocks_to_follow: bits.octet(65, 7),
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
            .with(76, 4, self.fragment)
    }
}

impl Fields for Unconfirmed {
    fn name(&self) -> &'static str {
        "U_HEAD"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        self.addressing.flags(out);
        out.push(Field::number("pad_octets", self.pad_octets, 5));
        self.addressing.addresses(out);
        out.push(Field::flag("full_message", self.full_message));
        out.push(Field::number("blocks_to_follow", self.blocks_to_follow, 7));
        out.push(Field::number("fragment", self.fragment, 4));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DataHeader, Sap, tests::pdu};

    #[test]
    fn the_recorded_header_decodes() {
        let DataHeader::Unconfirmed(header) =
            DataHeader::decode(&pdu("023a2337fc2337fe820081a3")).unwrap()
        else {
            panic!("not unconfirmed");
        };
        assert_eq!(header.addressing.sap, Sap::UdpCompressed);
        assert_eq!(header.addressing.destination, 2_308_092);
        assert_eq!(header.addressing.source, 2_308_094);
        assert_eq!((header.pad_octets, header.blocks_to_follow), (10, 2));
        assert!(header.full_message && !header.addressing.group);
        assert_eq!(header.fragment, 0);
    }
}
