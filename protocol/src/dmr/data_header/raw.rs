//! Raw short data packet header, DPF 14 with blocks (TS 102 361-1 clause 9.2.12).

use core::num::NonZeroU8;

use crate::dmr::fields::{Field, Fields};

use super::addressing::Addressing;
use super::bits::Bits;

/// Data packet format, shared with the status header.
pub(crate) const DPF: u8 = 14;

/// The header of short data that only the two applications understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShortDataRaw {
    /// Who sends to whom. A requested response also means confirmed blocks.
    pub addressing: Addressing,
    /// AB, 6 bits in two parts: blocks after this header; none would make it a status.
    pub appended_blocks: NonZeroU8,
    /// 3 bits.
    pub source_port: u8,
    /// 3 bits.
    pub destination_port: u8,
    /// SARQ: selective repeat is asked for.
    pub selective_repeat: bool,
    /// F: first try with all blocks.
    pub full_message: bool,
    /// Bits of padding before the CRC-32, 0 to 255.
    pub bit_padding: u8,
}

impl ShortDataRaw {
    /// The header, unless it announces no block.
    pub(crate) fn decode(bits: Bits) -> Option<Self> {
        Some(Self {
            addressing: Addressing::decode(bits),
            appended_blocks: NonZeroU8::new(bits.octet(2, 2) << 4 | bits.octet(12, 4))?,
            source_port: bits.octet(64, 3),
            destination_port: bits.octet(67, 3),
            selective_repeat: bits.flag(70),
            full_message: bits.flag(71),
            bit_padding: bits.octet(72, 8),
        })
    }

    pub(crate) fn encode(&self) -> Bits {
        let blocks = self.appended_blocks.get();
        self.addressing
            .encode(Bits::default(), DPF)
            .with(2, 2, blocks >> 4)
            .with(12, 4, blocks)
            .with(64, 3, self.source_port)
            .with(67, 3, self.destination_port)
            .with(70, 1, self.selective_repeat)
            .with(71, 1, self.full_message)
            .with(72, 8, self.bit_padding)
    }
}

impl Fields for ShortDataRaw {
    fn name(&self) -> &'static str {
        "R_SD_HEAD"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        self.addressing.flags(out);
        out.push(Field::number(
            "appended_blocks",
            self.appended_blocks.get(),
            6,
        ));
        self.addressing.addresses(out);
        out.push(Field::number("source_port", self.source_port, 3));
        out.push(Field::number("destination_port", self.destination_port, 3));
        out.push(Field::flag("selective_repeat", self.selective_repeat));
        out.push(Field::flag("full_message", self.full_message));
        out.push(Field::number("bit_padding", self.bit_padding, 8));
    }
}
