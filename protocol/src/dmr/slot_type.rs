//! The slot type field beside the sync of a data burst (clause 9.1.3).

use core::fmt;

use super::fec::{Corrected, FecError, golay};

/// A colour code, 0 to 15 (clause 9.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ColorCode(u8);

/// A colour code above 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no colour code: expected 0 to 15")]
pub struct ColorCodeError(u8);

impl ColorCode {
    /// The colour code with this number.
    ///
    /// # Errors
    /// The number is above 15.
    pub const fn new(number: u8) -> Result<Self, ColorCodeError> {
        if number < 16 {
            Ok(Self(number))
        } else {
            Err(ColorCodeError(number))
        }
    }

    /// The colour code in the low four bits.
    pub(super) const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x0F)
    }

    /// 0 to 15.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for ColorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a data burst carries (clause 9.3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum DataType {
    /// Privacy indicator header.
    PiHeader = 0,
    /// Voice LC header.
    VoiceLcHeader = 1,
    /// Terminator with LC.
    TerminatorWithLc = 2,
    /// Control signalling block.
    Csbk = 3,
    /// Multi block control header.
    MbcHeader = 4,
    /// Multi block control continuation.
    MbcContinuation = 5,
    /// Data header, also of a UDT.
    DataHeader = 6,
    /// Rate 1/2 data, also an appended UDT block.
    Rate12Data = 7,
    /// Rate 3/4 data.
    Rate34Data = 8,
    /// Idle.
    Idle = 9,
    /// Rate 1 data.
    Rate1Data = 10,
    /// Unified single block data.
    UnifiedSingleBlock = 11,
    /// Reserved.
    Reserved12 = 12,
    /// Reserved.
    Reserved13 = 13,
    /// Reserved.
    Reserved14 = 14,
    /// Reserved.
    Reserved15 = 15,
}

impl DataType {
    /// The data type in the low four bits; the others are ignored.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number & 0x0F {
            0 => Self::PiHeader,
            1 => Self::VoiceLcHeader,
            2 => Self::TerminatorWithLc,
            3 => Self::Csbk,
            4 => Self::MbcHeader,
            5 => Self::MbcContinuation,
            6 => Self::DataHeader,
            7 => Self::Rate12Data,
            8 => Self::Rate34Data,
            9 => Self::Idle,
            10 => Self::Rate1Data,
            11 => Self::UnifiedSingleBlock,
            12 => Self::Reserved12,
            13 => Self::Reserved13,
            14 => Self::Reserved14,
            _ => Self::Reserved15,
        }
    }

    /// 0 to 15.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PiHeader => "PI header",
            Self::VoiceLcHeader => "voice LC header",
            Self::TerminatorWithLc => "terminator with LC",
            Self::Csbk => "CSBK",
            Self::MbcHeader => "MBC header",
            Self::MbcContinuation => "MBC continuation",
            Self::DataHeader => "data header",
            Self::Rate12Data => "rate 1/2 data",
            Self::Rate34Data => "rate 3/4 data",
            Self::Idle => "idle",
            Self::Rate1Data => "rate 1 data",
            Self::UnifiedSingleBlock => "unified single block data",
            other => return write!(f, "reserved data type {}", other.number()),
        })
    }
}

/// Colour code and data type, 20 bits with their Golay parity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlotType {
    /// The colour code.
    pub color_code: ColorCode,
    /// The data type.
    pub data_type: DataType,
}

impl SlotType {
    /// The 20-bit codeword.
    #[must_use]
    pub fn encode(self) -> u32 {
        golay::encode(self.color_code.get() << 4 | self.data_type.number())
    }

    /// The slot type of a received word in the low 20 bits.
    ///
    /// # Errors
    /// [`FecError::Golay`] when more than three bits are wrong.
    #[inline]
    pub fn decode(word: u32) -> Result<Corrected<Self>, FecError> {
        Ok(golay::decode(word)?.map(|octet| Self {
            color_code: ColorCode::from_bits(octet >> 4),
            data_type: DataType::from_number(octet),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_slot_types_agree_both_ways() {
        for (color_code, data_type, word) in [
            (1, DataType::Csbk, 0x132B2),
            (1, DataType::DataHeader, 0x160CE),
            (1, DataType::Rate12Data, 0x17825),
            (5, DataType::Csbk, 0x53F2B),
            (0, DataType::Idle, 0x0952D),
            (15, DataType::Rate1Data, 0xFAF11),
        ] {
            let slot_type = SlotType {
                color_code: ColorCode::new(color_code).unwrap(),
                data_type,
            };
            assert_eq!(slot_type.encode(), word);
            let read = SlotType::decode(word ^ 0x80011).unwrap();
            assert_eq!((read.value, read.corrected_bits), (slot_type, 3));
        }
    }

    #[test]
    fn data_types_and_colour_codes_cover_their_four_bits() {
        for number in 0..16 {
            assert_eq!(DataType::from_number(number).number(), number);
            assert_eq!(ColorCode::new(number).unwrap().get(), number);
        }
        let error = ColorCode::new(16).unwrap_err();
        assert_eq!(error.to_string(), "16 is no colour code: expected 0 to 15");
    }
}
