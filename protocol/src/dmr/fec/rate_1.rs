//! Rate 1 data: 192 bits without protection, four zero bits between its halves.

use super::info_bits::InfoBits;

const HALF_BITS: u32 = 96;

/// The info field of 24 octets.
#[must_use]
pub fn encode(octets: &[u8; 24]) -> InfoBits {
    let [first, second] = octets.as_chunks::<12>().0 else {
        return InfoBits::new(0, 0);
    };
    let word = |half: &[u8; 12]| {
        half.iter()
            .fold(0u128, |w, &octet| w << 8 | u128::from(octet))
    };
    InfoBits::new(word(first) << 2, word(second))
}

/// The 24 octets of a received info field; the four bits between the halves are ignored.
#[must_use]
pub fn decode(info: InfoBits) -> [u8; 24] {
    let half = |word: u128| {
        let [octets @ .., _, _, _, _] = (word << (u128::BITS - HALF_BITS)).to_be_bytes();
        octets
    };
    let mut octets = [0; 24];
    for (to, from) in octets
        .as_chunks_mut::<12>()
        .0
        .iter_mut()
        .zip([half(info.first() >> 2), half(info.second())])
    {
        *to = from;
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_halves_stand_at_both_ends_of_the_field() {
        let octets: [u8; 24] = core::array::from_fn(|i| 0xA1 + i as u8);
        let info = encode(&octets);
        assert_eq!(info.first() >> 90, 0xA1);
        assert_eq!(info.first() & 3, 0);
        assert_eq!(info.second() & 0xFF, 0xA1 + 23);
        assert_eq!(info.second() >> 96, 0);
        assert_eq!(decode(info), octets);
        let gap = InfoBits::new(info.first() | 3, info.second() | 3 << 96);
        assert_eq!(decode(gap), octets);
    }
}
