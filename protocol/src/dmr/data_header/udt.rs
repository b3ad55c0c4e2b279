//! Unified data transport header, DPF 0 (TS 102 361-1 clause 9.2.13, TS 102 361-4 clause 7.2.27).

use crate::dmr::codes::codes;
use crate::dmr::fields::{Field, Fields};

use super::addressing::Addressing;
use super::bits::{Bits, Reserved};

/// Data packet format.
pub(crate) const DPF: u8 = 0;
const RESERVED: [(u32, u32); 1] = [(69, 1)];

codes! {
    /// What the appended blocks hold, 4 bits (TS 102 361-4 clause 7.2.27).
    UdtFormat {
        Binary = 0, "binary";
        Addresses = 1, "addresses";
        Bcd = 2, "BCD digits";
        Iso7 = 3, "ISO 646 7-bit characters";
        Iso8 = 4, "ISO 8859-1 characters";
        Nmea = 5, "NMEA location";
        IpAddress = 6, "IP address";
        Utf16Be = 7, "UTF-16BE characters";
        Manufacturer8 = 8, "manufacturer's (8)";
        Manufacturer9 = 9, "manufacturer's (9)";
        Mixed = 10, "address and UTF-16BE characters";
        Lip = 11, "location information protocol";
    }
}

/// Opcode of a header that a base station sends with short data.
pub const OUTBOUND: u8 = 0x1A;
/// Opcode of a header that a radio sends with short data.
pub const INBOUND: u8 = 0x1B;

/// The header of one to four appended blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Udt {
    /// Who sends to whom; the service access point is 0.
    pub addressing: Addressing,
    /// Bit 2: emergency, where the service defines it.
    pub emergency: bool,
    /// Bit 3: option or divert flag.
    pub option: bool,
    /// Bits 12 to 15.
    pub format: UdtFormat,
    /// 5 bits: unused nibbles between the content and the CRC.
    pub pad_nibbles: u8,
    /// Appended blocks, 1 to 4 (transmitted as one less).
    pub blocks: u8,
    /// SF: supplementary data, not short data.
    pub supplementary: bool,
    /// PF.
    pub protect: bool,
    /// 6 bits: [`OUTBOUND`], [`INBOUND`], 24h and 25h for dynamic groups.
    pub opcode: u8,
    /// Bit 69.
    pub reserved: Reserved,
}

impl Udt {
    pub(crate) fn decode(bits: Bits) -> Self {
        Self {
            addressing: Addressing::decode(bits),
            emergency: bits.flag(2),
            option: bits.flag(3),
            format: UdtFormat::from_code(bits.octet(12, 4)),
            pad_nibbles: bits.octet(64, 5),
            blocks: bits.octet(70, 2) + 1,
            supplementary: bits.flag(72),
            protect: bits.flag(73),
            opcode: bits.octet(74, 6),
            reserved: bits.reserved(&RESERVED),
        }
    }

    pub(crate) fn encode(&self) -> Bits {
        self.addressing
            .encode(Bits::reserving(self.reserved), DPF)
            .with(2, 1, self.emergency)
            .with(3, 1, self.option)
            .with(12, 4, self.format.code())
            .with(64, 5, self.pad_nibbles)
            .with(70, 2, self.blocks.saturating_sub(1))
            .with(72, 1, self.supplementary)
            .with(73, 1, self.protect)
            .with(74, 6, self.opcode)
    }
}

impl Fields for Udt {
    fn name(&self) -> &'static str {
        "UDT_HEAD"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        self.addressing.flags(out);
        out.push(Field::flag("emergency", self.emergency));
        out.push(Field::flag("option", self.option));
        let format = self.format;
        out.push(Field::coded(
            "udt_format",
            format.code(),
            4,
            format.to_string(),
        ));
        self.addressing.addresses(out);
        out.push(Field::number("pad_nibbles", self.pad_nibbles, 5));
        out.push(Field::number("blocks", self.blocks, 3));
        out.push(Field::flag("supplementary", self.supplementary));
        out.push(Field::flag("protect", self.protect));
        out.push(Field::number("opcode", self.opcode, 6));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DataHeader, tests::pdu};
    use super::*;

    fn udt(hex: &str) -> Udt {
        match DataHeader::decode(&pdu(hex)).unwrap() {
            DataHeader::Udt(udt) => udt,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_recorded_headers_decode() {
        let location = udt("800500010627fce7001bacaf");
        assert_eq!(location.format, UdtFormat::Nmea);
        assert!(location.addressing.group && !location.supplementary);
        assert_eq!((location.blocks, location.opcode), (1, INBOUND));
        let text = udt("000423386323383b309b0a46");
        assert_eq!((text.pad_nibbles, text.opcode), (6, INBOUND));
        assert!(text.supplementary);
    }

    #[test]
    fn the_worked_two_block_header_decodes() {
        let text = udt("400323386323383bb91ae95e");
        assert_eq!((text.pad_nibbles, text.blocks), (23, 2));
        assert_eq!((text.format, text.opcode), (UdtFormat::Iso7, OUTBOUND));
    }
}
