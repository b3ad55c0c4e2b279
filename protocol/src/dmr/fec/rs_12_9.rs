//! Reed-Solomon (12,9) over GF(2^8) of the full link control (B.3.6): one wrong octet
//! is repaired.

use super::FecError;

/// Mask on the parity of a voice LC header (B.3.12).
pub const MASK_VOICE_LC_HEADER: u8 = 0x96;
/// Mask on the parity of a terminator with LC (B.3.12).
pub const MASK_TERMINATOR: u8 = 0x99;

/// x^8 + x^4 + x^3 + x^2 + 1.
const FIELD: u16 = 0x11D;
/// (x - a)(x - a^2)(x - a^3), without its leading term, highest power first.
const GENERATOR: [u8; 3] = [0x0E, 0x38, 0x40];

/// Nine octets of link control, and what was wrong with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repaired {
    /// The link control.
    pub lc: [u8; 9],
    /// Octets repaired, parity included: 0 or 1.
    pub corrected_octets: u32,
    /// Bits that differed within them.
    pub corrected_bits: u32,
}

const fn times(a: u8, b: u8) -> u8 {
    let (mut product, mut factor, mut left) = (0u16, a as u16, b);
    while left != 0 {
        if left & 1 == 1 {
            product ^= factor;
        }
        factor <<= 1;
        if factor & 0x100 != 0 {
            factor ^= FIELD;
        }
        left >>= 1;
    }
    product as u8
}

fn parity(lc: &[u8; 9]) -> [u8; 3] {
    let [g2, g1, g0] = GENERATOR;
    lc.iter().fold([0; 3], |[p2, p1, p0], &octet| {
        let feedback = octet ^ p2;
        [
            p1 ^ times(feedback, g2),
            p0 ^ times(feedback, g1),
            times(feedback, g0),
        ]
    })
}

/// The value of the word as a polynomial at `x`.
fn evaluate(word: &[u8; 12], x: u8) -> u8 {
    word.iter().fold(0, |sum, &octet| times(sum, x) ^ octet)
}

/// Link control followed by its masked parity: the 12 octets of the BPTC block.
#[must_use]
pub fn encode(lc: &[u8; 9], mask: u8) -> [u8; 12] {
    let [p2, p1, p0] = parity(lc);
    let [a, b, c, d, e, f, g, h, i] = *lc;
    [a, b, c, d, e, f, g, h, i, p2 ^ mask, p1 ^ mask, p0 ^ mask]
}

/// The link control of 12 received octets whose parity carries `mask`.
///
/// # Errors
/// [`FecError::ReedSolomon`] when more than one octet is wrong (or the mask is another).
pub fn decode(block: &[u8; 12], mask: u8) -> Result<Repaired, FecError> {
    let mut word = *block;
    for octet in word.iter_mut().skip(9) {
        *octet ^= mask;
    }
    let [s1, s2, s3] = [2, 4, 8].map(|root| evaluate(&word, root));
    let mut wrong = 0;
    if [s1, s2, s3] != [0; 3] {
        // One wrong octet e at x^p gives e a^p, e a^2p, e a^3p.
        let mut locator = 1;
        let mut found = None;
        for octet in word.iter_mut().rev() {
            if s1 != 0 && times(s1, locator) == s2 && times(s2, locator) == s3 {
                found = Some(octet);
                break;
            }
            locator = times(locator, 2);
        }
        let octet = found.ok_or(FecError::ReedSolomon)?;
        wrong = (1..=255)
            .find(|&e| times(e, locator) == s1)
            .ok_or(FecError::ReedSolomon)?;
        *octet ^= wrong;
    }
    let [lc @ .., _, _, _] = word;
    Ok(Repaired {
        lc,
        corrected_octets: u32::from(wrong != 0),
        corrected_bits: wrong.count_ones(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(hex: &str) -> [u8; 12] {
        hex::decode(hex).unwrap().try_into().unwrap()
    }

    #[test]
    fn recorded_words_verify_under_their_mask_only() {
        for (hex, mask) in [
            ("0300002635a903d475cb8795", MASK_VOICE_LC_HEADER),
            ("03000003d4752635a96fed09", MASK_VOICE_LC_HEADER),
            ("0300002635a903d475c4889a", MASK_TERMINATOR),
        ] {
            let block = word(hex);
            let read = decode(&block, mask).unwrap();
            assert_eq!(read.corrected_octets, 0);
            assert_eq!(encode(&read.lc, mask), block);
            let other = mask ^ MASK_VOICE_LC_HEADER ^ MASK_TERMINATOR;
            assert_eq!(decode(&block, other), Err(FecError::ReedSolomon));
        }
    }

    #[test]
    fn any_one_wrong_octet_is_repaired() {
        let block = word("0300002635a903d475cb8795");
        for position in 0..12 {
            for noise in 1..=255u8 {
                let mut received = block;
                received[position] ^= noise;
                let read = decode(&received, MASK_VOICE_LC_HEADER).unwrap();
                assert_eq!(read.lc, block[..9]);
                assert_eq!(
                    (read.corrected_octets, read.corrected_bits),
                    (1, noise.count_ones())
                );
            }
        }
    }

    #[test]
    fn any_two_wrong_octets_are_refused() {
        let block = word("0300002635a903d475cb8795");
        let mut refused = 0;
        for (first, second) in (0..12).flat_map(|a| (0..a).map(move |b| (a, b))) {
            let mut received = block;
            received[first] ^= 0x5A;
            received[second] ^= 0x81;
            match decode(&received, MASK_VOICE_LC_HEADER) {
                Err(FecError::ReedSolomon) => refused += 1,
                other => panic!("two wrong octets read as {other:?}"),
            }
        }
        assert_eq!(refused, 66);
    }
}
