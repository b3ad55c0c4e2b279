//! The checksum of embedded link control.

use super::FullLc;

/// 5-bit checksum of an embedded LC: its octets added up, modulo 31
/// (TS 102 361-1 clause B.3.11).
#[must_use]
pub fn sum5(lc: &[u8; 9]) -> u8 {
    let sum: u16 = lc.iter().copied().map(u16::from).sum();
    (sum % 31) as u8
}

/// An embedded LC was damaged on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("checksum of the embedded LC is {found}, its octets give {computed}")]
pub struct SumError {
    /// The checksum it carries, 5 bits.
    pub found: u8,
    /// The checksum of its nine octets.
    pub computed: u8,
}

impl FullLc {
    /// Reads nine octets whose checksum stands in the upper five bits of a tenth.
    ///
    /// # Errors
    /// The checksum does not match.
    pub fn decode_with_sum(lc: &[u8; 10]) -> Result<Self, SumError> {
        let [a, b, c, d, e, f, g, h, i, last] = *lc;
        let octets = [a, b, c, d, e, f, g, h, i];
        let (found, computed) = (last >> 3, sum5(&octets));
        if found == computed {
            Ok(Self::decode(&octets))
        } else {
            Err(SumError { found, computed })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_words_pass_and_damaged_ones_do_not() {
        for word in [
            "00000000000620baefe8",
            "00000000086520baf888",
            "0400da00520034005748",
            "050000420050002000e0",
            "070000720069006900a8",
        ] {
            let mut octets = [0; 10];
            hex::decode_to_slice(word, &mut octets).unwrap();
            let lc = FullLc::decode_with_sum(&octets).unwrap();
            assert_eq!(lc.encode(), octets[..9]);
            octets[5] ^= 0x10;
            assert!(FullLc::decode_with_sum(&octets).is_err());
        }
    }
}
