//! The info field of a data burst: 196 bits around the slot type, and what they carry.

pub use super::fec::InfoBits;
use super::fec::{Corrected, FecError, bptc, rate_1, trellis};
use super::slot_type::DataType;

/// The 12 octets of the BPTC(196,96) coded info field of a burst, without a look at
/// anything else in it.
///
/// # Errors
/// [`FecError::Bptc`] when there are more wrong bits than the code can repair.
#[inline]
pub fn decode_bptc(burst: &[u8; 33]) -> Result<Corrected<[u8; 12]>, FecError> {
    bptc::decode(InfoBits::of_burst(burst))
}

/// What an info field carries; the data type says in which coding (clause 9.3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Info {
    /// BPTC(196,96): every data type not named below.
    Bptc([u8; 12]),
    /// Rate 3/4 trellis: rate 3/4 data.
    Trellis([u8; 18]),
    /// No coding: rate 1 data.
    Rate1([u8; 24]),
    /// The field as received, of a reserved data type whose coding is unknown.
    Unknown(InfoBits),
}

impl Info {
    /// Decodes a field in the coding of its data type.
    ///
    /// # Errors
    /// The field has more wrong bits than its code can repair.
    #[inline]
    pub fn decode(data_type: DataType, bits: InfoBits) -> Result<Corrected<Self>, FecError> {
        match data_type {
            DataType::Rate34Data => Ok(trellis::decode(bits)?.map(Self::Trellis)),
            DataType::Rate1Data => Ok(Corrected {
                value: Self::Rate1(rate_1::decode(bits)),
                corrected_bits: 0,
            }),
            DataType::Reserved12
            | DataType::Reserved13
            | DataType::Reserved14
            | DataType::Reserved15 => Ok(Corrected {
                value: Self::Unknown(bits),
                corrected_bits: 0,
            }),
            _ => Ok(bptc::decode(bits)?.map(Self::Bptc)),
        }
    }

    /// The coded field.
    #[must_use]
    pub fn encode(&self) -> InfoBits {
        match self {
            Self::Bptc(octets) => bptc::encode(octets),
            Self::Trellis(octets) => trellis::encode(octets),
            Self::Rate1(octets) => rate_1::encode(octets),
            Self::Unknown(bits) => *bits,
        }
    }

    /// The octets carried: 12, 18 or 24, none where the coding is unknown.
    #[must_use]
    pub const fn octets(&self) -> &[u8] {
        match self {
            Self::Bptc(octets) => octets,
            Self::Trellis(octets) => octets,
            Self::Rate1(octets) => octets,
            Self::Unknown(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_coding_gives_back_what_was_put_in(octets in any::<[u8; 24]>(), number in 0..16u8) {
            let data_type = DataType::from_number(number);
            let info = match data_type {
                DataType::Rate34Data => Info::Trellis(*octets.first_chunk().unwrap()),
                DataType::Rate1Data => Info::Rate1(octets),
                _ if number > 11 => Info::Unknown(InfoBits::new(u128::from(number) << 90, 7)),
                _ => Info::Bptc(*octets.first_chunk().unwrap()),
            };
            let read = Info::decode(data_type, info.encode());
            prop_assert_eq!(read, Ok(Corrected { value: info, corrected_bits: 0 }));
        }
    }
}
