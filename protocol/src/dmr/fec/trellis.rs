//! The rate 3/4 trellis of confirmed and unconfirmed data (B.2.4): 18 octets are 48
//! tribits and a flush tribit of zero; each becomes a constellation point of four bits
//! that depends on the tribit before it.

use super::info_bits::InfoBits;
use super::{Corrected, FecError};

const STATES: usize = 8;
const POINTS: usize = 49;

/// Wrong bits beyond which a block is refused. Of 200,000 random fields half a per cent
/// lie this near to a path; of blocks with more wrong bits as few come out right.
pub const LIMIT: u32 = 9;

/// The constellation point of each tribit in each state, table B.7.
const POINT_OF: [[u8; 8]; STATES] = [
    [0, 8, 4, 12, 2, 10, 6, 14],
    [4, 12, 2, 10, 6, 14, 0, 8],
    [1, 9, 5, 13, 3, 11, 7, 15],
    [5, 13, 3, 11, 7, 15, 1, 9],
    [3, 11, 7, 15, 1, 9, 5, 13],
    [7, 15, 1, 9, 5, 13, 3, 11],
    [2, 10, 6, 14, 0, 8, 4, 12],
    [6, 14, 0, 8, 4, 12, 2, 10],
];

/// The two dibits of each constellation point.
const BITS_OF: [u8; 16] = [
    0b0010, 0b1010, 0b0111, 0b1111, 0b1110, 0b0110, 0b1011, 0b0011, 0b1101, 0b0101, 0b1000, 0b0000,
    0b0001, 0b1001, 0b0100, 0b1100,
];

/// The four bits sent for each tribit in each state.
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
const SENT: [[u8; 8]; STATES] = {
    let mut table = [[0; 8]; STATES];
    let mut index = 0;
    while index < 64 {
        let (state, tribit) = (index / 8, index % 8);
        table[state][tribit] = BITS_OF[POINT_OF[state][tribit] as usize];
        index += 1;
    }
    table
};

/// The points in the order of their transmission. The interleaver moves pairs of
/// dibits, so it keeps each point whole.
fn sending_order() -> impl Iterator<Item = usize> {
    (0..4).flat_map(|start| (start..POINTS).step_by(4))
}

/// The info field of 18 octets.
#[must_use]
pub fn encode(octets: &[u8; 18]) -> InfoBits {
    let mut points = [0u8; POINTS];
    let mut state = 0;
    for (point, tribit) in points.iter_mut().zip(tribits(octets)) {
        let tribit = usize::from(tribit);
        *point = SENT
            .get(state)
            .and_then(|row: &[u8; 8]| row.get(tribit))
            .copied()
            .unwrap_or(0);
        state = tribit;
    }
    // 24 points and half of another fill the first part.
    let (mut first, mut second) = (0u128, 0u128);
    for (sent, logical) in sending_order().enumerate() {
        let point = u128::from(points.get(logical).copied().unwrap_or(0));
        match sent {
            0..24 => first = first << 4 | point,
            24 => {
                first = first << 2 | point >> 2;
                second = point & 3;
            }
            _ => second = second << 4 | point,
        }
    }
    InfoBits::new(first, second)
}

/// The 48 tribits of the octets, then the flush.
fn tribits(octets: &[u8; 18]) -> impl Iterator<Item = u8> {
    octets
        .as_chunks::<3>()
        .0
        .iter()
        .flat_map(|&[a, b, c]| {
            let word = u32::from_be_bytes([0, a, b, c]);
            (0..8).rev().map(move |i| (word >> (3 * i) & 7) as u8)
        })
        .chain([0])
}

/// The received points in the order of their making.
fn received_points(info: InfoBits) -> [u8; POINTS] {
    let point = |sent: usize| match sent {
        0..24 => (info.first() >> (94 - 4 * sent) & 15) as u8,
        24 => (info.first() << 2 & 12 | info.second() >> 96 & 3) as u8,
        _ => (info.second() >> (4 * (48 - sent)) & 15) as u8,
    };
    let mut points = [0; POINTS];
    for (sent, logical) in sending_order().enumerate() {
        if let Some(place) = points.get_mut(logical) {
            *place = point(sent);
        }
    }
    points
}

/// The 18 octets of a received info field, by a search for the nearest path from state
/// 0 to state 0.
///
/// One wrong bit is always repaired, two mostly, more by luck: the CRC inside decides.
///
/// # Errors
/// [`FecError::Trellis`] when the nearest path is more than [`LIMIT`] bits away.
pub fn decode(info: InfoBits) -> Result<Corrected<[u8; 18]>, FecError> {
    let points = received_points(info);
    if let Some(value) = walk(&points) {
        return Ok(Corrected {
            value,
            corrected_bits: 0,
        });
    }
    let (value, distance) = search(&points);
    if distance > LIMIT {
        return Err(FecError::Trellis { distance });
    }
    Ok(Corrected {
        value,
        corrected_bits: distance,
    })
}

/// Follows the only path that agrees in every bit, if there is one.
fn walk(points: &[u8; POINTS]) -> Option<[u8; 18]> {
    let mut path = [0u8; POINTS];
    let mut state = 0;
    for (step, &point) in path.iter_mut().zip(points) {
        state = SENT.get(state)?.iter().position(|&sent| sent == point)?;
        *step = state as u8;
    }
    (state == 0).then(|| octets(&path))
}

/// The path with the fewest differing bits, and how many these are.
fn search(points: &[u8; POINTS]) -> ([u8; 18], u32) {
    /// More than any path costs, and far from overflow.
    const UNREACHED: u32 = 1 << 16;
    let mut costs = [UNREACHED; STATES];
    if let Some(start) = costs.first_mut() {
        *start = 0;
    }
    // The state after a step is its tribit, so a step remembers where it came from.
    let mut came_from = [[0u8; STATES]; POINTS];
    for (back, &point) in came_from.iter_mut().zip(points) {
        let mut next = [UNREACHED; STATES];
        for (state, (&cost, sent)) in (0u8..).zip(costs.iter().zip(&SENT)) {
            for ((total, from), bits) in next.iter_mut().zip(back.iter_mut()).zip(sent) {
                let through = cost + (bits ^ point).count_ones();
                if through < *total {
                    (*total, *from) = (through, state);
                }
            }
        }
        costs = next;
    }
    let mut path = [0u8; POINTS];
    let mut state = 0;
    for (step, back) in path.iter_mut().zip(&came_from).rev() {
        *step = state;
        state = back.get(usize::from(state)).copied().unwrap_or(0);
    }
    let [distance, ..] = costs;
    (octets(&path), distance)
}

/// The octets of 48 tribits; the flush is left out.
fn octets(path: &[u8; POINTS]) -> [u8; 18] {
    let mut octets = [0; 18];
    let groups = path.as_chunks::<8>().0;
    for (to, tribits) in octets.as_chunks_mut::<3>().0.iter_mut().zip(groups) {
        let word = tribits
            .iter()
            .fold(0u32, |word, &tribit| word << 3 | u32::from(tribit));
        let [_, bytes @ ..] = word.to_be_bytes();
        *to = bytes;
    }
    octets
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_noise(info: InfoBits, bit: usize) -> InfoBits {
        if bit < 98 {
            InfoBits::new(info.first() ^ 1 << (97 - bit), info.second())
        } else {
            InfoBits::new(info.first(), info.second() ^ 1 << (195 - bit))
        }
    }

    #[test]
    fn one_wrong_bit_is_repaired_anywhere() {
        let octets = *b"rate three quarter";
        for bit in 0..196 {
            let read = decode(with_noise(encode(&octets), bit)).unwrap();
            assert_eq!((read.value, read.corrected_bits), (octets, 1), "bit {bit}");
        }
    }

    #[test]
    fn a_field_far_from_every_path_is_refused() {
        let noise = InfoBits::new(
            0x1_F3C5_A966_9A5C_3F01_2345_6789,
            0x3_8BAD_F00D_DEAD_BEEF_0B57_AC1E,
        );
        assert!(matches!(decode(noise), Err(FecError::Trellis { distance }) if distance > LIMIT));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn what_is_encoded_decodes_clean(octets in any::<[u8; 18]>()) {
            let expected = Corrected { value: octets, corrected_bits: 0 };
            prop_assert_eq!(decode(encode(&octets)), Ok(expected));
        }

        #[test]
        fn one_wrong_bit_of_any_field_is_repaired_and_counted(octets in any::<[u8; 18]>(), bit in 0usize..196) {
            let expected = Corrected { value: octets, corrected_bits: 1 };
            prop_assert_eq!(decode(with_noise(encode(&octets), bit)), Ok(expected));
        }

        #[test]
        fn the_search_finds_what_the_walk_finds(octets in any::<[u8; 18]>()) {
            let points = received_points(encode(&octets));
            prop_assert_eq!(search(&points), (octets, 0));
        }

        #[test]
        fn far_apart_wrong_bits_are_repaired_one_by_one(octets in any::<[u8; 18]>(), start in 0usize..4) {
            // One bit in every twelfth point of the path.
            let order: Vec<usize> = sending_order().collect();
            let info = (start..49).step_by(12).fold(encode(&octets), |info, point| {
                let sent = order.iter().position(|&p| p == point).unwrap();
                with_noise(info, 4 * sent + start)
            });
            prop_assert_eq!(decode(info).map(|read| read.value), Ok(octets));
        }
    }
}
