//! What embedded LC and short LC have in common: Hamming rows, and a last row that is
//! the sum of the others (so it is a codeword as well).

use super::hamming::Hamming;

/// Repairs one wrong bit in every row, and one row beyond that from all others. Gives
/// the count of repaired bits, or `None` when two rows are beyond repair, or the rows
/// contradict the sum and no single row explains it best.
pub(super) fn repair<const ROWS: usize>(code: Hamming, rows: &mut [u32; ROWS]) -> Option<u32> {
    let received = *rows;
    let mut sum = 0;
    let mut beyond_repair = None;
    for (at, row) in rows.iter_mut().enumerate() {
        match code.decode(*row) {
            Ok(read) => *row = code.encode(read.value),
            Err(_) if beyond_repair.is_some() => return None,
            Err(_) => beyond_repair = Some(at),
        }
        sum ^= *row;
    }
    if sum != 0 {
        let wrong = beyond_repair.or_else(|| most_likely(rows, &received, sum))?;
        *rows.get_mut(wrong)? ^= sum;
    }
    Some(distance(rows, &received))
}

fn distance<const ROWS: usize>(a: &[u32; ROWS], b: &[u32; ROWS]) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}

/// The row that was repaired to a wrong word, by what differs least from what was received
/// if the sum is put right there; `None` where two rows are equally likely.
fn most_likely<const ROWS: usize>(
    rows: &[u32; ROWS],
    received: &[u32; ROWS],
    sum: u32,
) -> Option<usize> {
    let cost = |at: usize| {
        let mut changed = *rows;
        *changed.get_mut(at)? ^= sum;
        Some((distance(&changed, received), at))
    };
    let mut costs: Vec<(u32, usize)> = (0..ROWS).filter_map(cost).collect();
    costs.sort_unstable();
    match *costs.as_slice() {
        [(best, at), (next, _), ..] if best < next => Some(at),
        _ => None,
    }
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
