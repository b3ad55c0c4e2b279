//! The 28 bits of a short LC with CRC-8 in four consecutive CACHs (B.2.3).

use super::hamming::HAMMING_17_12;
use super::parity_row::{columns, repair, rows};
use super::{Corrected, FecError};
use crate::dmr::crc;

const COLUMNS: usize = 17;
const CHECK_BITS: u32 = 5;
const INFO_MASK: u32 = 0xFFF_FFFF;
/// Bits that one CACH carries.
const PAYLOAD_BITS: u32 = 17;
const PAYLOAD_MASK: u32 = (1 << PAYLOAD_BITS) - 1;

/// The payloads of four CACHs, 17 bits each, for the low 28 bits of `info`.
#[must_use]
pub fn encode(info: u32) -> [u32; 4] {
    let info = info & INFO_MASK;
    let word = u64::from(info) << 8 | u64::from(crc::crc8_short_lc(info));
    let [a, b, c] = [24, 12, 0].map(|shift| HAMMING_17_12.encode((word >> shift & 0xFFF) as u32));
    let sent = columns(&[a, b, c, a ^ b ^ c], COLUMNS);
    [51, 34, 17, 0].map(|shift| (sent >> shift) as u32 & PAYLOAD_MASK)
}

/// The 28 bits of the payloads of four CACHs, of which the low 17 bits count.
///
/// Any two wrong bits are repaired, and one in every row.
///
/// # Errors
/// [`FecError::ShortLc`] with more wrong bits, [`FecError::ShortLcCrc`] when the
/// repaired word contradicts its CRC.
pub fn decode(payloads: [u32; 4]) -> Result<Corrected<u32>, FecError> {
    let received = payloads.into_iter().fold(0u128, |bits, payload| {
        bits << PAYLOAD_BITS | u128::from(payload & PAYLOAD_MASK)
    });
    let mut matrix: [u32; 4] = rows(received, COLUMNS);
    let corrected_bits = repair(HAMMING_17_12, &mut matrix).ok_or(FecError::ShortLc)?;
    let word = matrix
        .into_iter()
        .take(3)
        .fold(0u64, |word, row| word << 12 | u64::from(row >> CHECK_BITS));
    let (value, received) = ((word >> 8) as u32, word as u8);
    let computed = crc::crc8_short_lc(value);
    if received != computed {
        return Err(FecError::ShortLcCrc { received, computed });
    }
    Ok(Corrected {
        value,
        corrected_bits,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word(payloads: [u32; 4]) -> u128 {
        payloads.into_iter().fold(0, |bits, payload| {
            bits << 17 | u128::from(payload & PAYLOAD_MASK)
        })
    }

    #[test]
    fn the_worked_word_agrees_both_ways() {
        let bits = "00000011110000110011011001100000000000110011001110011100100101011100";
        let payloads = [0, 17, 34, 51].map(|i| u32::from_str_radix(&bits[i..i + 17], 2).unwrap());
        assert_eq!(encode(0x200_2605), payloads);
        let expected = Corrected {
            value: 0x200_2605,
            corrected_bits: 0,
        };
        assert_eq!(decode(payloads), Ok(expected));
    }

    #[test]
    fn every_pattern_of_up_to_two_wrong_bits_is_repaired_and_counted() {
        for (a, b) in (0..68).flat_map(|a| (0..=a).map(move |b| (a, b))) {
            let mut payloads = encode(0x1ED_CB08);
            payloads[a / 17] ^= 1 << (a % 17);
            if a != b {
                payloads[b / 17] ^= 1 << (b % 17);
            }
            let expected = Corrected {
                value: 0x1ED_CB08,
                corrected_bits: if a == b { 1 } else { 2 },
            };
            assert_eq!(decode(payloads), Ok(expected), "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn any_payloads_decode_or_are_refused(payloads in any::<[u32; 4]>(), info in any::<u32>()) {
            if let Ok(read) = decode(payloads) {
                prop_assert_eq!((word(encode(read.value)) ^ word(payloads)).count_ones(), read.corrected_bits);
            }
            prop_assert_eq!(decode(encode(info)).map(|read| read.value), Ok(info & INFO_MASK));
        }
    }
}
