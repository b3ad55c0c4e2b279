//! Defined short data packet header, DPF 13 (TS 102 361-1 clause 9.2.11).

use crate::dmr::codes::codes;
use crate::dmr::fields::{Field, Fields};

use super::addressing::Addressing;
use super::bits::Bits;

/// Data packet format.
pub(crate) const DPF: u8 = 13;

codes! {
    /// What the user bits of defined short data are, 6 bits (clause 9.3.38).
    DdFormat {
        Binary = 0x00, "binary";
        Bcd = 0x01, "BCD";
        SevenBit = 0x02, "7-bit characters";
        Iso8859_1 = 0x03, "ISO 8859-1";
        Iso8859_2 = 0x04, "ISO 8859-2";
        Iso8859_3 = 0x05, "ISO 8859-3";
        Iso8859_4 = 0x06, "ISO 8859-4";
        Iso8859_5 = 0x07, "ISO 8859-5";
        Iso8859_6 = 0x08, "ISO 8859-6";
        Iso8859_7 = 0x09, "ISO 8859-7";
        Iso8859_8 = 0x0A, "ISO 8859-8";
        Iso8859_9 = 0x0B, "ISO 8859-9";
        Iso8859_10 = 0x0C, "ISO 8859-10";
        Iso8859_11 = 0x0D, "ISO 8859-11";
        Iso8859_13 = 0x0E, "ISO 8859-13";
        Iso8859_14 = 0x0F, "ISO 8859-14";
        Iso8859_15 = 0x10, "ISO 8859-15";
        Iso8859_16 = 0x11, "ISO 8859-16";
        Utf8 = 0x12, "UTF-8";
        Utf16 = 0x13, "UTF-16";
        Utf16Be = 0x14, "UTF-16BE";
        Utf16Le = 0x15, "UTF-16LE";
        Utf32 = 0x16, "UTF-32";
        Utf32Be = 0x17, "UTF-32BE";
        Utf32Le = 0x18, "UTF-32LE";
    }
}

/// The header of short data whose format is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShortDataDefined {
    /// Who sends to whom. A requested response also means confirmed blocks.
    pub addressing: Addressing,
    /// AB, 6 bits in two parts: blocks after this header.
    pub appended_blocks: u8,
    /// DD, 6 bits.
    pub format: DdFormat,
    /// SARQ: selective repeat is asked for.
    pub selective_repeat: bool,
    /// F: first try with all blocks.
    pub full_message: bool,
    /// Bits of padding before the CRC-32, 0 to 255.
    pub bit_padding: u8,
}

impl ShortDataDefined {
    pub(crate) fn decode(bits: Bits) -> Self {
        Self {
            addressing: Addressing::decode(bits),
            appended_blocks: bits.octet(2, 2) << 4 | bits.octet(12, 4),
            format: DdFormat::from_code(bits.octet(64, 6)),
            selective_repeat: bits.flag(70),
            full_message: bits.flag(71),
            bit_padding: bits.octet(72, 8),
        }
    }

    pub(crate) fn encode(&self) -> Bits {
        self.addressing
            .encode(Bits::default(), DPF)
            .with(2, 2, self.appended_blocks >> 4)
            .with(12, 4, self.appended_blocks)
            .with(64, 6, self.format.code())
            .with(70, 1, self.selective_repeat)
            .with(71, 1, self.full_message)
            .with(72, 8, self.bit_padding)
    }
}

impl Fields for ShortDataDefined {
    fn name(&self) -> &'static str {
        "DD_HEAD"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        self.addressing.flags(out);
        out.push(Field::number("appended_blocks", self.appended_blocks, 6));
        self.addressing.addresses(out);
        let format = self.format;
        out.push(Field::coded(
            "dd_format",
            format.code(),
            6,
            format.to_string(),
        ));
        out.push(Field::flag("selective_repeat", self.selective_repeat));
        out.push(Field::flag("full_message", self.full_message));
        out.push(Field::number("bit_padding", self.bit_padding, 8));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DataHeader, tests::pdu};
    use super::*;

    #[test]
    fn the_recorded_headers_decode() {
        let DataHeader::ShortDataDefined(header) =
            DataHeader::decode(&pdu("4da323383b23383b05608040")).unwrap()
        else {
            panic!("not defined short data");
        };
        assert_eq!((header.appended_blocks, header.format), (3, DdFormat::Bcd));
        assert_eq!(header.bit_padding, 96);
        assert!(header.full_message && !header.selective_repeat);
        assert!(header.addressing.response_requested);
    }
}
