//! Eleven bits in the embedded field of one burst (B.2.2): a Hamming word sent twice,
//! the second time inverted where it is a reverse channel message.

use super::hamming::HAMMING_16_11;
use super::{Corrected, FecError};
use crate::dmr::crc;

/// How the second row follows from the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    /// Even column parity: the same row again.
    Copy,
    /// Odd column parity: the inverted row (reverse channel).
    Complement,
}

impl Second {
    const fn mask(self) -> u32 {
        match self {
            Self::Copy => 0,
            Self::Complement => 0xFFFF,
        }
    }
}

/// Where the bits of both rows are sent, for each column.
fn places() -> impl Iterator<Item = (u32, u32)> {
    (0..16).map(|column| (31 - 2 * column, 31 - (17 + 2 * column) % 32))
}

/// The 32 bits of the low eleven of `info`.
#[must_use]
pub fn encode(info: u16, second: Second) -> u32 {
    let row = HAMMING_16_11.encode(info.into());
    let other = row ^ second.mask();
    places()
        .zip((0..16).rev())
        .fold(0, |bits, ((a, b), column)| {
            bits | (row >> column & 1) << a | (other >> column & 1) << b
        })
}

/// The eleven bits of a received field: the word nearest to both rows.
///
/// # Errors
/// [`FecError::SingleBurst`] when both rows are beyond repair, or contradict each other
/// with equal right.
pub fn decode(bits: u32, second: Second) -> Result<Corrected<u16>, FecError> {
    let (a, b) = places().fold((0, 0), |(row, other), (a, b)| {
        (row << 1 | bits >> a & 1, other << 1 | bits >> b & 1)
    });
    let b = b ^ second.mask();
    let distance = |info: u32| {
        let word = HAMMING_16_11.encode(info);
        (word ^ a).count_ones() + (word ^ b).count_ones()
    };
    let candidate = |row| {
        let info = HAMMING_16_11.decode(row).ok()?.value;
        Some((distance(info), info))
    };
    let (corrected_bits, info) = match (candidate(a), candidate(b)) {
        (Some(a), Some(b)) if a.0 == b.0 && a.1 != b.1 => return Err(FecError::SingleBurst),
        (Some(a), Some(b)) => a.min(b),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => return Err(FecError::SingleBurst),
    };
    Ok(Corrected {
        value: info as u16,
        corrected_bits,
    })
}

/// Reverse channel command: cease transmission (TS 102 361-2 clause 7.2.20).
pub const CEASE_TRANSMISSION_COMMAND: u8 = 4;
/// Reverse channel command: please cease transmission (TS 102 361-2 clause 7.2.20).
pub const CEASE_TRANSMISSION_REQUEST: u8 = 5;

/// The 32 bits of a reverse channel command, 0 to 15, with its CRC-7.
#[must_use]
pub fn encode_reverse_channel(command: u8) -> u32 {
    let command = command & 0x0F;
    let info = u16::from(command) << 7 | u16::from(crc::crc7(command));
    encode(info, Second::Complement)
}

/// The reverse channel command, 0 to 15, of a received field.
///
/// # Errors
/// As [`decode`], and [`FecError::ReverseChannelCrc`] when CRC-7 is wrong.
pub fn decode_reverse_channel(bits: u32) -> Result<Corrected<u8>, FecError> {
    let read = decode(bits, Second::Complement)?;
    let (command, received) = ((read.value >> 7) as u8, read.value as u8 & 0x7F);
    let computed = crc::crc7(command);
    if received != computed {
        return Err(FecError::ReverseChannelCrc { received, computed });
    }
    Ok(read.map(|_| command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_is_at_even_places_and_the_second_seventeen_later() {
        // The first column of both rows alone, and the parity 13h of the first bit.
        let bits = encode(0x400, Second::Copy);
        assert_eq!(bits >> 31, 1);
        assert_eq!(bits >> (31 - 17) & 1, 1);
        assert_eq!(bits.count_ones(), 8);
        assert_eq!(encode(0, Second::Complement), 0x5555_5555);
    }

    #[test]
    fn every_pattern_of_up_to_three_wrong_bits_is_repaired_and_counted() {
        for info in [0, 0x2A5, 0x7FF] {
            for second in [Second::Copy, Second::Complement] {
                let clean = encode(info, second);
                assert_eq!(decode(clean, second).map(|read| read.value), Ok(info));
                let patterns = (0..32).flat_map(|a| {
                    (0..=a).flat_map(move |b| (0..=b).map(move |c| 1_u32 << a | 1 << b | 1 << c))
                });
                for pattern in patterns {
                    let read = decode(clean ^ pattern, second).unwrap();
                    let count = pattern.count_ones();
                    assert_eq!((read.value, read.corrected_bits), (info, count));
                }
            }
        }
    }

    #[test]
    fn rows_that_contradict_each_other_are_refused() {
        let (a, b) = (encode(0x123, Second::Copy), encode(0x124, Second::Copy));
        let mixed = a & 0xAAAA_AAAA | b & 0x5555_5555;
        assert_eq!(decode(mixed, Second::Copy), Err(FecError::SingleBurst));
    }

    #[test]
    fn reverse_channel_commands_carry_their_crc() {
        for command in 0..16 {
            let bits = encode_reverse_channel(command);
            let expected = Corrected {
                value: command,
                corrected_bits: 0,
            };
            assert_eq!(decode_reverse_channel(bits), Ok(expected));
            let info = decode(bits, Second::Complement).unwrap().value;
            assert!(matches!(
                decode_reverse_channel(encode(info ^ 1, Second::Complement)),
                Err(FecError::ReverseChannelCrc { .. })
            ));
        }
    }
}
