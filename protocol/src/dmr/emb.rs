//! The EMB field around the embedded signalling of voice bursts B to F (clause 9.1.2).

use super::fec::{Corrected, FecError, quadratic_residue};
use super::slot_type::ColorCode;

/// Which part of a message a fragment is (clause 9.3.3), here and in the CACH.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Lcss {
    /// The only one.
    Single = 0,
    /// The first of several.
    First = 1,
    /// The last.
    Last = 2,
    /// One between.
    Continuation = 3,
}

impl Lcss {
    /// The value in the low two bits; the others are ignored.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number & 3 {
            0 => Self::Single,
            1 => Self::First,
            2 => Self::Last,
            _ => Self::Continuation,
        }
    }

    /// 0 to 3.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// Embedded signalling field, 16 bits with their parity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Emb {
    /// The colour code.
    pub color_code: ColorCode,
    /// PI: the 32 embedded bits are reverse channel information, else they belong to
    /// this channel (clause 9.3.2).
    pub reverse_channel: bool,
    /// Which fragment the 32 embedded bits are.
    pub lcss: Lcss,
}

impl Emb {
    /// The 16-bit codeword.
    #[must_use]
    pub fn encode(self) -> u16 {
        quadratic_residue::encode(
            self.color_code.get() << 3 | u8::from(self.reverse_channel) << 2 | self.lcss.number(),
        )
    }

    /// The field of a received word.
    ///
    /// # Errors
    /// [`FecError::QuadraticResidue`] when more than two bits are wrong.
    pub fn decode(word: u16) -> Result<Corrected<Self>, FecError> {
        Ok(quadratic_residue::decode(word)?.map(|bits| Self {
            color_code: ColorCode::from_bits(bits >> 3),
            reverse_channel: bits >> 2 & 1 == 1,
            lcss: Lcss::from_number(bits),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_fields_agree_both_ways() {
        for (color_code, lcss, word) in [
            (1, Lcss::Single, 0x11E2),
            (1, Lcss::First, 0x1391),
            (1, Lcss::Last, 0x1507),
            (1, Lcss::Continuation, 0x1774),
            (5, Lcss::First, 0x528F),
        ] {
            let emb = Emb {
                color_code: ColorCode::new(color_code).unwrap(),
                reverse_channel: false,
                lcss,
            };
            assert_eq!(emb.encode(), word);
            let read = Emb::decode(word ^ 0x8001).unwrap();
            assert_eq!((read.value, read.corrected_bits), (emb, 2));
        }
    }

    #[test]
    fn every_field_survives_its_coding() {
        for bits in 0..128u8 {
            let emb = Emb::decode(quadratic_residue::encode(bits)).unwrap().value;
            assert_eq!(emb.encode(), quadratic_residue::encode(bits));
            assert_eq!(emb.reverse_channel, bits & 4 != 0);
        }
    }
}
