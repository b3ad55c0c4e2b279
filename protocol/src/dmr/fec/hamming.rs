//! The Hamming codes of annex B.3: one wrong bit is repaired. Only (16,11), with its
//! overall parity, also notices every two; the shortened ones notice some.

use super::linear::Code;
use super::{Corrected, FecError};

/// One of the Hamming codes.
#[derive(Debug, Clone, Copy)]
pub struct Hamming(Code);

/// (7,4): the activity type of the CACH.
pub const HAMMING_7_4: Hamming = Hamming::new(4, 0b1011, false);
/// (13,9): the columns of BPTC(196,96).
pub const HAMMING_13_9: Hamming = Hamming::new(9, 0b1_0011, false);
/// (15,11): the rows of BPTC(196,96).
pub const HAMMING_15_11: Hamming = Hamming::new(11, 0b1_0011, false);
/// (16,11): the rows of the embedded LC and of the single burst.
pub const HAMMING_16_11: Hamming = Hamming::new(11, 0b1_0011, true);
/// (17,12): the rows of the short LC.
pub const HAMMING_17_12: Hamming = Hamming::new(12, 0b10_0101, false);

impl Hamming {
    const fn new(data_bits: u32, generator: u32, extended: bool) -> Self {
        Self(Code {
            data_bits,
            generator,
            extended,
        })
    }

    /// Bits of a codeword.
    pub(super) const fn length(self) -> u32 {
        self.0.length()
    }

    /// The syndrome that one wrong bit causes, counted from 0 = first transmitted.
    pub(super) const fn syndrome_at(self, position: u32) -> u32 {
        self.0.syndrome(1 << (self.0.length() - 1 - position))
    }

    /// The codeword of the information in the low bits of `data`.
    #[must_use]
    pub const fn encode(self, data: u32) -> u32 {
        self.0.encode(data)
    }

    /// The information in the low bits of a received word; higher bits are ignored.
    ///
    /// # Errors
    /// [`FecError::Hamming`] when no codeword lies within one bit.
    pub fn decode(self, word: u32) -> Result<Corrected<u32>, FecError> {
        let Self(code) = self;
        let word = word & ((1 << code.length()) - 1);
        let syndrome = code.syndrome(word);
        let noise = if syndrome == 0 {
            0
        } else {
            (0..code.length())
                .map(|bit| 1 << bit)
                .find(|&noise| code.syndrome(noise) == syndrome)
                .ok_or(FecError::Hamming {
                    length: code.length(),
                    data_bits: code.data_bits,
                })?
        };
        Ok(Corrected {
            value: (word ^ noise) >> code.check_bits(),
            corrected_bits: noise.count_ones(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(Hamming, &[u32]); 5] = [
        (HAMMING_7_4, &[5, 7, 6, 3]),
        (HAMMING_13_9, &[0xF, 0xE, 7, 0xA, 5, 0xB, 0xC, 6, 3]),
        (
            HAMMING_15_11,
            &[9, 0xD, 0xF, 0xE, 7, 0xA, 5, 0xB, 0xC, 6, 3],
        ),
        (
            HAMMING_16_11,
            &[
                0x13, 0x1A, 0x1F, 0x1C, 0x0E, 0x15, 0x0B, 0x16, 0x19, 0x0D, 0x07,
            ],
        ),
        (
            HAMMING_17_12,
            &[
                0x1B, 0x1F, 0x1D, 0x1C, 0x0E, 0x07, 0x11, 0x1A, 0x0D, 0x14, 0x0A, 0x05,
            ],
        ),
    ];

    #[test]
    fn parity_of_the_unit_vectors_is_that_of_the_generator_matrices() {
        for (code, expected) in ALL {
            for (bit, &parity) in expected.iter().rev().enumerate() {
                let checks = code.0.check_bits();
                assert_eq!(code.encode(1 << bit), 1 << (bit as u32 + checks) | parity);
            }
        }
    }

    #[test]
    fn one_wrong_bit_is_repaired_anywhere() {
        for (code, _) in ALL {
            for data in 0..1 << code.0.data_bits {
                let word = code.encode(data);
                assert_eq!(
                    code.decode(word),
                    Ok(Corrected {
                        value: data,
                        corrected_bits: 0
                    })
                );
                for bit in 0..code.length() {
                    let repaired = Corrected {
                        value: data,
                        corrected_bits: 1,
                    };
                    assert_eq!(code.decode(word ^ 1 << bit), Ok(repaired));
                }
            }
        }
    }

    #[test]
    fn two_wrong_bits_are_noticed_with_overall_parity() {
        let code = HAMMING_16_11;
        for noise in (0..1u32 << 16).filter(|n| n.count_ones() == 2) {
            assert!(code.decode(code.encode(0x2A5) ^ noise).is_err());
        }
    }
}
