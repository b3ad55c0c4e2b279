//! BPTC(196,96), the block product turbo code of most data bursts (B.1.1).
//!
//! The code is linear, and so are its syndromes: each received bit adds (XOR) its own
//! contribution to the 96 data bits, to the syndromes of the 13 rows and to those of the
//! 15 columns. Tables hold these contributions four received bits at a time, so a clean
//! block costs 50 look-ups; correction then works on the syndromes alone.

use super::hamming::{HAMMING_13_9, HAMMING_15_11};
use super::info_bits::InfoBits;
use super::{Corrected, FecError};

const ROWS: usize = 13;
const COLUMNS: usize = 15;
const DATA_ROWS: usize = 9;
const DATA_COLUMNS: usize = 11;
/// Bits in the interleaver; the first is spare, the others fill the matrix.
const BITS: usize = 196;
/// Bits of each half of the info field.
const HALF: usize = 98;
/// Four-bit groups of each half; the last has two.
const NIBBLES: usize = 25;
/// Rounds of columns and rows after which nothing more is gained.
const ROUNDS: usize = 5;

/// What a received bit, or the sum of several, contributes.
#[derive(Clone, Copy)]
struct Sum {
    /// The data in the low 96 bits, first bit highest.
    data: u128,
    /// Four bits for each row, row 0 lowest.
    rows: u64,
    /// Four bits for each column, column 0 lowest.
    columns: u64,
}

impl Sum {
    const ZERO: Self = Self {
        data: 0,
        rows: 0,
        columns: 0,
    };

    const fn plus(self, other: &Self) -> Self {
        Self {
            data: self.data ^ other.data,
            rows: self.rows ^ other.rows,
            columns: self.columns ^ other.columns,
        }
    }

    const fn is_codeword(self) -> bool {
        self.rows | self.columns == 0
    }
}

/// Which data bit stands at a place of the matrix; the first three of row 0 are reserved.
const fn data_index(row: usize, column: usize) -> Option<usize> {
    let index = row * DATA_COLUMNS + column;
    if row < DATA_ROWS && column < DATA_COLUMNS && index >= 3 {
        Some(index - 3)
    } else {
        None
    }
}

/// The contribution of one place of the matrix.
const fn at(row: usize, column: usize) -> Sum {
    Sum {
        data: match data_index(row, column) {
            Some(index) => 1 << (95 - index),
            None => 0,
        },
        rows: (HAMMING_15_11.syndrome_at(column as u32) as u64) << (4 * row),
        columns: (HAMMING_13_9.syndrome_at(row as u32) as u64) << (4 * column),
    }
}

/// Where in the matrix the n-th bit of the info field stands, row by row.
const fn place(info_bit: usize) -> Option<usize> {
    let mut logical = 0;
    while logical < BITS {
        if logical * 181 % BITS == info_bit {
            return logical.checked_sub(1);
        }
        logical += 1;
    }
    None
}

/// The contributions of every place, row by row: what flipping one bit changes.
static FLIPS: [Sum; ROWS * COLUMNS] = FLIPS_TABLE;

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
const FLIPS_TABLE: [Sum; ROWS * COLUMNS] = {
    let mut table = [Sum::ZERO; ROWS * COLUMNS];
    let mut place = 0;
    while place < table.len() {
        table[place] = at(place / COLUMNS, place % COLUMNS);
        place += 1;
    }
    table
};

/// For both halves of the info field, from their last four bits to their first.
static SUMS: [[[Sum; 16]; NIBBLES]; 2] = [sums(0), sums(1)];

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
const fn sums(half: usize) -> [[Sum; 16]; NIBBLES] {
    let mut table = [[Sum::ZERO; 16]; NIBBLES];
    let mut bit = 0;
    while bit < HALF {
        if let Some(place) = place((half + 1) * HALF - 1 - bit) {
            let group = &mut table[bit / 4];
            let mut value = 0;
            while value < 16 {
                if value >> (bit % 4) & 1 == 1 {
                    group[value] = group[value].plus(&FLIPS_TABLE[place]);
                }
                value += 1;
            }
        }
        bit += 1;
    }
    table
}

/// For every syndrome the place in its row or column, or `NONE`.
const NONE: u8 = u8::MAX;
const IN_ROW: [u8; 16] = positions(HAMMING_15_11, COLUMNS);
const IN_COLUMN: [u8; 16] = positions(HAMMING_13_9, ROWS);

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
const fn positions(code: super::hamming::Hamming, length: usize) -> [u8; 16] {
    assert!(code.length() as usize == length);
    let mut table = [NONE; 16];
    let mut position = 0;
    while position < length {
        table[code.syndrome_at(position as u32) as usize] = position as u8;
        position += 1;
    }
    table
}

/// The twelve octets of a received info field.
///
/// Up to three wrong bits anywhere are always repaired, and most patterns of six. The
/// spare bit, outside the matrix, is not looked at; wrong reserved bits are counted.
///
/// # Errors
/// [`FecError::Bptc`] when rows and columns cannot be made to agree. Agreement is no
/// proof: the CRC or Reed-Solomon check inside decides.
#[inline]
pub fn decode(info: InfoBits) -> Result<Corrected<[u8; 12]>, FecError> {
    let sum = syndromes(info);
    if sum.is_codeword() {
        return Ok(Corrected {
            value: octets(sum.data),
            corrected_bits: 0,
        });
    }
    correct(sum)
}

#[inline]
fn syndromes(info: InfoBits) -> Sum {
    let mut sum = Sum::ZERO;
    for (half, table) in [info.first(), info.second()].into_iter().zip(&SUMS) {
        let mut bits = half;
        for group in table {
            #[expect(clippy::indexing_slicing, reason = "four bits, sixteen entries")]
            let contribution = &group[(bits & 15) as usize];
            sum = sum.plus(contribution);
            bits >>= 4;
        }
    }
    sum
}

fn octets(data: u128) -> [u8; 12] {
    let [_, _, _, _, octets @ ..] = data.to_be_bytes();
    octets
}

#[cold]
fn correct(received: Sum) -> Result<Corrected<[u8; 12]>, FecError> {
    let mut sum = received;
    let mut wrong = [0u16; ROWS];
    for _ in 0..ROUNDS {
        let before = sum;
        repair(&mut sum, &mut wrong, before.columns, |column, syndrome| {
            (usize::from(*IN_COLUMN.get(syndrome)?), column).into()
        });
        if sum.is_codeword() {
            break;
        }
        let rows = sum.rows;
        repair(&mut sum, &mut wrong, rows, |row, syndrome| {
            (row, usize::from(*IN_ROW.get(syndrome)?)).into()
        });
        if sum.is_codeword() || (sum.rows, sum.columns) == (before.rows, before.columns) {
            break;
        }
    }
    if !sum.is_codeword() {
        return Err(FecError::Bptc);
    }
    Ok(Corrected {
        value: octets(sum.data),
        corrected_bits: wrong.iter().map(|row| row.count_ones()).sum(),
    })
}

/// Flips the bit that each nonzero syndrome of `lines` points at. A flip in one line
/// touches no other line of the same direction, so `lines` stays true meanwhile.
#[inline]
fn repair(
    sum: &mut Sum,
    wrong: &mut [u16; ROWS],
    lines: u64,
    locate: impl Fn(usize, usize) -> Option<(usize, usize)>,
) {
    let mut left = lines;
    while left != 0 {
        let line = left.trailing_zeros() / 4;
        let syndrome = (left >> (4 * line) & 15) as usize;
        left &= !(15 << (4 * line));
        // A syndrome that points outside the shortened line finds no row here.
        if let Some((row, column)) = locate(line as usize, syndrome)
            && let Some(marks) = wrong.get_mut(row)
            && let Some(flip) = FLIPS.get(row * COLUMNS + column)
        {
            *sum = sum.plus(flip);
            *marks ^= 1 << column;
        }
    }
}

/// The four-bit groups of the data, from last to first, as halves of the info field.
static WORDS: [[[u128; 2]; 16]; 24] = WORDS_TABLE;

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
const WORDS_TABLE: [[[u128; 2]; 16]; 24] = {
    // The bit of the info field where each place of the matrix is sent.
    let mut sent = [0; ROWS * COLUMNS];
    let mut bit = 0;
    while bit < BITS {
        if let Some(place) = place(bit) {
            sent[place] = bit;
        }
        bit += 1;
    }
    let mut table = [[[0; 2]; 16]; 24];
    let mut index = 0;
    while index < 96 {
        let (row, column) = ((index + 3) / DATA_COLUMNS, (index + 3) % DATA_COLUMNS);
        let row_word = HAMMING_15_11.encode(1 << (DATA_COLUMNS - 1 - column));
        let column_word = HAMMING_13_9.encode(1 << (DATA_ROWS - 1 - row));
        let bit = 95 - index;
        let mut place = 0;
        while place < sent.len() {
            let (r, c) = (place / COLUMNS, place % COLUMNS);
            let set = column_word >> (ROWS - 1 - r) & row_word >> (COLUMNS - 1 - c) & 1 == 1;
            let mut value = 0;
            while set && value < 16 {
                if value >> (bit % 4) & 1 == 1 {
                    let half = &mut table[bit / 4][value][sent[place] / HALF];
                    *half ^= 1 << (HALF - 1 - sent[place] % HALF);
                }
                value += 1;
            }
            place += 1;
        }
        index += 1;
    }
    table
};

/// The info field of twelve octets; spare and reserved bits are sent as 0.
#[must_use]
pub fn encode(octets: &[u8; 12]) -> InfoBits {
    let nibbles = octets
        .iter()
        .rev()
        .flat_map(|octet| [octet & 15, octet >> 4]);
    let (mut first, mut second) = (0, 0);
    for (group, nibble) in WORDS.iter().zip(nibbles) {
        if let Some([a, b]) = group.get(usize::from(nibble)) {
            first ^= a;
            second ^= b;
        }
    }
    InfoBits::new(first, second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CSBK: [u8; 12] = [
        0xBD, 0x00, 0x80, 0x1D, 0x23, 0x38, 0x63, 0x23, 0x38, 0x3B, 0x58, 0x89,
    ];

    fn with_noise(info: InfoBits, bits: &[usize]) -> InfoBits {
        let (mut first, mut second) = (info.first(), info.second());
        for &bit in bits {
            if bit < HALF {
                first ^= 1 << (HALF - 1 - bit);
            } else {
                second ^= 1 << (BITS - 1 - bit);
            }
        }
        InfoBits::new(first, second)
    }

    /// The matrix filled and interleaved as the clause words it, bit by bit.
    fn encode_by_the_clause(octets: &[u8; 12]) -> InfoBits {
        let mut matrix = [[false; COLUMNS]; ROWS];
        for index in 0..96 {
            let bit = octets[index / 8] >> (7 - index % 8) & 1 == 1;
            matrix[(index + 3) / 11][(index + 3) % 11] = bit;
        }
        for row in matrix.iter_mut().take(9) {
            let data = row[..11].iter().fold(0, |w, &b| w << 1 | u32::from(b));
            let word = HAMMING_15_11.encode(data);
            for (column, bit) in row.iter_mut().enumerate() {
                *bit = word >> (14 - column) & 1 == 1;
            }
        }
        for column in 0..COLUMNS {
            let data = matrix[..9]
                .iter()
                .fold(0, |w, row| w << 1 | u32::from(row[column]));
            let word = HAMMING_13_9.encode(data);
            for (r, row) in matrix.iter_mut().enumerate() {
                row[column] = word >> (12 - r) & 1 == 1;
            }
        }
        let logical: Vec<bool> = core::iter::once(false)
            .chain(matrix.into_iter().flatten())
            .collect();
        let set: Vec<usize> = (0..BITS)
            .filter(|&k| logical[k])
            .map(|k| k * 181 % BITS)
            .collect();
        with_noise(InfoBits::new(0, 0), &set)
    }

    #[test]
    fn every_pattern_of_up_to_three_wrong_bits_is_repaired() {
        let clean = encode(&CSBK);
        for a in 0..BITS {
            for b in a..BITS {
                for c in b..BITS {
                    let mut bits = vec![a, b, c];
                    bits.dedup();
                    let read = decode(with_noise(clean, &bits)).unwrap();
                    let covered = bits.iter().filter(|&&bit| bit != 0).count();
                    assert_eq!(read.value, CSBK, "wrong bits {bits:?}");
                    assert_eq!(read.corrected_bits as usize, covered, "wrong bits {bits:?}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn the_tables_encode_what_the_clause_says(octets in any::<[u8; 12]>()) {
            prop_assert_eq!(encode(&octets), encode_by_the_clause(&octets));
        }

        #[test]
        fn what_is_encoded_decodes_clean(octets in any::<[u8; 12]>()) {
            prop_assert_eq!(decode(encode(&octets)), Ok(Corrected { value: octets, corrected_bits: 0 }));
        }

        #[test]
        fn eight_wrong_neighbours_are_repaired(octets in any::<[u8; 12]>(), start in 0..BITS - 8, pattern in 1u8..) {
            let bits: Vec<usize> = (0..8).filter(|i| pattern >> i & 1 == 1).map(|i| start + i).collect();
            let read = decode(with_noise(encode(&octets), &bits)).unwrap();
            prop_assert_eq!(read.value, octets);
        }

        #[test]
        fn any_bits_decode_or_are_refused(first in any::<u128>(), second in any::<u128>()) {
            if let Ok(read) = decode(InfoBits::new(first, second)) {
                prop_assert!(decode(encode(&read.value)).is_ok());
            }
        }
    }
}
