//! What embedded LC and short LC have in common: Hamming rows, and a last row that is
//! the sum of the others (so it is a codeword as well).

use super::hamming::Hamming;

/// Repairs one wrong bit in every row, and one row beyond that from all others. Gives
/// the count of repaired bits, or `None` when two rows are beyond repair or the rows
/// contradict the sum.
pub(super) fn repair<const ROWS: usize>(code: Hamming, rows: &mut [u32; ROWS]) -> Option<u32> {
    let mut corrected_bits = 0;
    let mut sum = 0;
    let mut beyond_repair = None;
    for row in rows {
        if let Ok(read) = code.decode(*row) {
            *row = code.encode(read.value);
            corrected_bits += read.corrected_bits;
            sum ^= *row;
        } else {
            sum ^= *row;
            if beyond_repair.replace(row).is_some() {
                return None;
            }
        }
    }
    match beyond_repair {
        Some(row) => {
            *row ^= sum;
            corrected_bits += sum.count_ones();
        }
        None if sum != 0 => return None,
        None => {}
    }
    Some(corrected_bits)
}

/// Reads `ROWS` rows of a matrix of which `bits` holds the columns one after the other,
/// first column highest.
pub(super) fn rows<const ROWS: usize>(bits: u128, columns: usize) -> [u32; ROWS] {
    let mut rows = [0; ROWS];
    for bit in (0..ROWS * columns).rev() {
        let place = ROWS * columns - 1 - bit;
        if let Some(row) = rows.get_mut(place % ROWS) {
            *row = *row << 1 | (bits >> bit & 1) as u32;
        }
    }
    rows
}

/// The reverse of [`rows`].
pub(super) fn columns<const ROWS: usize>(rows: &[u32; ROWS], columns: usize) -> u128 {
    (0..columns).rev().fold(0, |bits, column| {
        rows.iter()
            .fold(bits, |bits, row| bits << 1 | u128::from(row >> column & 1))
    })
}
