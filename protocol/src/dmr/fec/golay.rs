//! Golay(20,8) of the slot type (B.3.1): distance 8, so three wrong bits are repaired
//! and four are noticed.

use super::linear::{Code, NO_PATTERN};
use super::{Corrected, FecError};

const CODE: Code = Code {
    data_bits: 8,
    generator: 0xC75,
    extended: true,
};

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
static CODEWORDS: [u32; 256] = {
    let mut words = [0; 256];
    let mut data = 0;
    while data < 256 {
        words[data] = CODE.encode(data as u32);
        data += 1;
    }
    words
};

static PATTERNS: [u32; 4096] = CODE.patterns(3);

/// The 20-bit codeword of eight information bits.
#[must_use]
pub fn encode(data: u8) -> u32 {
    CODEWORDS.get(usize::from(data)).copied().unwrap_or(0)
}

/// The eight information bits of a received 20-bit word (higher bits are ignored).
///
/// # Errors
/// [`FecError::Golay`] when no codeword lies within three bits.
pub fn decode(word: u32) -> Result<Corrected<u8>, FecError> {
    let data = (word >> 12) as u8;
    let syndrome = (encode(data) ^ word) & 0xFFF;
    let pattern = PATTERNS
        .get(syndrome as usize)
        .copied()
        .unwrap_or(NO_PATTERN);
    if pattern == NO_PATTERN {
        return Err(FecError::Golay);
    }
    Ok(Corrected {
        value: data ^ (pattern >> 12) as u8,
        corrected_bits: pattern.count_ones(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parity_of_the_unit_vectors_is_that_of_the_generator_matrix() {
        let expected = [0x3DA, 0xD99, 0x6CD, 0x367, 0xDC6, 0xA97, 0x93E, 0x8EB];
        for (bit, parity) in expected.into_iter().enumerate() {
            assert_eq!(encode(0x80 >> bit) & 0xFFF, parity);
        }
    }

    #[test]
    fn every_word_within_three_bits_is_repaired_and_every_one_at_four_refused() {
        for data in 0..=255u8 {
            let word = encode(data);
            for noise in (0..1u32 << 20).filter(|n| n.count_ones() <= 4) {
                let expected = if noise.count_ones() < 4 {
                    Ok(Corrected {
                        value: data,
                        corrected_bits: noise.count_ones(),
                    })
                } else {
                    Err(FecError::Golay)
                };
                assert_eq!(decode(word ^ noise), expected);
                if data % 32 != 0 {
                    break;
                }
            }
        }
    }
}
