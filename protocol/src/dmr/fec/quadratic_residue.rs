//! Quadratic residue code (16,7) of the embedded signalling field (B.3.2): distance 6,
//! so two wrong bits are repaired and three are noticed.

use super::linear::{Code, NO_PATTERN};
use super::{Corrected, FecError};

const CODE: Code = Code {
    data_bits: 7,
    generator: 0b1_0011_1001,
    extended: true,
};

static PATTERNS: [u32; 512] = CODE.patterns(2);

/// The 16-bit codeword of seven information bits (the high bit is ignored).
#[must_use]
pub fn encode(data: u8) -> u16 {
    CODE.encode(u32::from(data)) as u16
}

/// The seven information bits of a received word.
///
/// # Errors
/// [`FecError::QuadraticResidue`] when no codeword lies within two bits.
pub fn decode(word: u16) -> Result<Corrected<u8>, FecError> {
    let syndrome = CODE.syndrome(u32::from(word)) as usize;
    let pattern = PATTERNS.get(syndrome).copied().unwrap_or(NO_PATTERN);
    if pattern == NO_PATTERN {
        return Err(FecError::QuadraticResidue);
    }
    Ok(Corrected {
        value: ((u32::from(word) ^ pattern) >> 9) as u8,
        corrected_bits: pattern.count_ones(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parity_of_the_unit_vectors_is_that_of_the_generator_matrix() {
        let expected = [0x04F, 0x11E, 0x1B7, 0x1E2, 0x1C9, 0x0E5, 0x073];
        for (bit, parity) in expected.into_iter().enumerate() {
            assert_eq!(encode(0x40 >> bit) & 0x1FF, parity);
        }
    }

    #[test]
    fn every_word_within_two_bits_is_repaired_and_every_one_at_three_refused() {
        for data in 0..128u8 {
            for noise in (0..=u16::MAX).filter(|n| n.count_ones() <= 3) {
                let expected = if noise.count_ones() < 3 {
                    Ok(Corrected {
                        value: data,
                        corrected_bits: noise.count_ones(),
                    })
                } else {
                    Err(FecError::QuadraticResidue)
                };
                assert_eq!(decode(encode(data) ^ noise), expected);
            }
        }
    }
}
