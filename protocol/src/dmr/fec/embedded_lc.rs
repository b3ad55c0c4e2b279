//! The 72 bits of a link control in the four fragments of voice bursts B to E (B.2.1),
//! with their 5-bit checksum (B.3.11).

use super::hamming::HAMMING_16_11;
use super::parity_row::{columns, repair, rows};
use super::{Corrected, FecError};

const COLUMNS: usize = 16;
/// Hamming parity on the right of every row.
const CHECK_BITS: u32 = 5;

/// Sum of the nine octets modulo 31.
fn checksum(lc: &[u8; 9]) -> u8 {
    (lc.iter().map(|&octet| u16::from(octet)).sum::<u16>() % 31) as u8
}

/// The four fragments, in the order of their bursts.
#[must_use]
pub fn encode(lc: &[u8; 9]) -> [u32; 4] {
    let bits = lc
        .iter()
        .fold(0u128, |w, &octet| w << 8 | u128::from(octet));
    let sum = u32::from(checksum(lc));
    // Two rows of 11 bits, five of 10 and a bit of the checksum.
    let mut matrix = [0; 8];
    let (mut left, mut check, mut parity) = (72, 5, 0);
    for (index, row) in matrix.iter_mut().take(7).enumerate() {
        let data = if index < 2 {
            left -= 11;
            (bits >> left & 0x7FF) as u32
        } else {
            left -= 10;
            check -= 1;
            ((bits >> left & 0x3FF) as u32) << 1 | sum >> check & 1
        };
        *row = HAMMING_16_11.encode(data);
        parity ^= *row;
    }
    let [.., last] = &mut matrix;
    *last = parity;
    let sent = columns(&matrix, COLUMNS);
    [96, 64, 32, 0].map(|shift| (sent >> shift) as u32)
}

/// The link control of four received fragments.
///
/// Any three wrong bits are repaired, one in every row, and one row with any number of
/// noticed ones.
///
/// # Errors
/// [`FecError::EmbeddedLc`] with more wrong bits, [`FecError::EmbeddedLcChecksum`] when
/// the repaired word contradicts its checksum.
pub fn decode(fragments: [u32; 4]) -> Result<Corrected<[u8; 9]>, FecError> {
    let received = fragments
        .into_iter()
        .fold(0u128, |bits, fragment| bits << 32 | u128::from(fragment));
    let mut matrix: [u32; 8] = rows(received, COLUMNS);
    let corrected_bits = repair(HAMMING_16_11, &mut matrix).ok_or(FecError::EmbeddedLc)?;
    let (mut bits, mut received) = (0u128, 0);
    for (index, row) in matrix.into_iter().take(7).enumerate() {
        let data = row >> CHECK_BITS;
        if index < 2 {
            bits = bits << 11 | u128::from(data);
        } else {
            bits = bits << 10 | u128::from(data >> 1);
            received = received << 1 | (data & 1) as u8;
        }
    }
    let [.., a, b, c, d, e, f, g, h, i] = bits.to_be_bytes();
    let lc = [a, b, c, d, e, f, g, h, i];
    let computed = checksum(&lc);
    if received != computed {
        return Err(FecError::EmbeddedLcChecksum { received, computed });
    }
    Ok(Corrected {
        value: lc,
        corrected_bits,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LC: [u8; 9] = [0x00, 0x00, 0x00, 0x00, 0x00, 0x06, 0x20, 0xBA, 0xEF];
    const FRAGMENTS: [u32; 4] = [0x0300_030A, 0x0F00_0606, 0x0F03_3A03, 0x0C39_3530];

    fn with_noise(mut fragments: [u32; 4], bits: impl IntoIterator<Item = usize>) -> [u32; 4] {
        for bit in bits {
            fragments[bit / 32] ^= 1 << (31 - bit % 32);
        }
        fragments
    }

    #[test]
    fn the_recorded_word_agrees_both_ways() {
        let read = decode(FRAGMENTS).unwrap();
        assert_eq!((read.value, read.corrected_bits), (LC, 0));
        assert_eq!(encode(&LC), FRAGMENTS);
    }

    #[test]
    fn every_pattern_of_up_to_three_wrong_bits_is_repaired_and_counted() {
        for a in 0..128 {
            for b in 0..=a {
                for c in 0..=b {
                    let mut bits = vec![a, b, c];
                    bits.dedup();
                    let read = decode(with_noise(FRAGMENTS, bits.clone())).unwrap();
                    let count = u32::try_from(bits.len()).unwrap();
                    assert_eq!((read.value, read.corrected_bits), (LC, count), "{bits:?}");
                }
            }
        }
    }

    #[test]
    fn a_column_may_be_lost_but_not_a_fragment() {
        let read = decode(with_noise(FRAGMENTS, 24..32)).unwrap();
        assert_eq!((read.value, read.corrected_bits), (LC, 8));
        assert!(decode(with_noise(FRAGMENTS, 64..96)).is_err());
    }

    #[test]
    fn a_word_with_another_checksum_is_refused() {
        // One more in the last octet moves the sum; its row and the parity row move along.
        let mut other = LC;
        other[8] ^= 1;
        let (mut a, b): ([u32; 8], [u32; 8]) = (
            rows(word(encode(&LC)), COLUMNS),
            rows(word(encode(&other)), COLUMNS),
        );
        // The bit of the LC changes with its Hamming parity, the checksum bits stay.
        a[6] = HAMMING_16_11.encode(a[6] >> 5 ^ 2);
        a[7] = a[..7].iter().fold(0, |sum, row| sum ^ row);
        assert_ne!(a, b);
        let sent = columns(&a, COLUMNS);
        let fragments = [96, 64, 32, 0].map(|shift| (sent >> shift) as u32);
        assert!(matches!(
            decode(fragments),
            Err(FecError::EmbeddedLcChecksum { .. })
        ));
    }

    fn word(fragments: [u32; 4]) -> u128 {
        fragments
            .into_iter()
            .fold(0, |bits, fragment| bits << 32 | u128::from(fragment))
    }

    proptest! {
        #[test]
        fn any_link_control_survives_with_one_wrong_bit_a_row(lc in any::<[u8; 9]>(), columns in any::<[u8; 8]>()) {
            let noise = (0..8).map(|row| usize::from(columns[row] % 16) * 8 + row);
            let expected = Corrected { value: lc, corrected_bits: 8 };
            prop_assert_eq!(decode(with_noise(encode(&lc), noise)), Ok(expected));
        }

        #[test]
        fn any_fragments_decode_or_are_refused(fragments in any::<[u32; 4]>()) {
            if let Ok(read) = decode(fragments) {
                prop_assert_eq!((word(encode(&read.value)) ^ word(fragments)).count_ones(), read.corrected_bits);
            }
        }
    }
}
