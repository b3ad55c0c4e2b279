//! The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 clauses 6.2.1 and
//! 6.2.1.1), and how septets are packed into octets (clause 6.1.2.1).

/// Begins a pair whose second septet is looked up in [`EXTENSION`].
const ESCAPE: u8 = 0x1B;

/// Clause 6.2.1. The escape stands for a blank.
const DEFAULT: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', //
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ' ', 'Æ', 'æ', 'ß', 'É', //
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', //
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', //
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', //
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', //
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', //
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// Clause 6.2.1.1: the septet behind the escape.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// Appends a character, one septet in each octet: one, or two with the escape. False if the
/// alphabet does not have it.
pub fn encode(character: char, septets: &mut Vec<u8>) -> bool {
    let found = (0..)
        .zip(DEFAULT)
        .find(|(septet, it)| *it == character && *septet != ESCAPE);
    if let Some((septet, _)) = found {
        septets.push(septet);
        return true;
    }
    let found = EXTENSION.iter().find(|(_, it)| *it == character);
    if let Some((septet, _)) = found {
        septets.extend([ESCAPE, *septet]);
    }
    found.is_some()
}

/// Reads septets, one in each octet. An unknown pair shows the character of its second septet
/// (clause 6.2.1.1); what is no septet shows as a replacement character.
#[must_use]
pub fn decode(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut escaped = false;
    for septet in septets {
        let pair = EXTENSION.iter().find(|(it, _)| it == septet);
        let plain = DEFAULT.get(usize::from(*septet)).copied();
        let plain = plain.unwrap_or(char::REPLACEMENT_CHARACTER);
        match pair {
            _ if *septet == ESCAPE && !escaped => {
                escaped = true;
                continue;
            }
            Some((_, character)) if escaped => text.push(*character),
            _ => text.push(plain),
        }
        escaped = false;
    }
    text
}

/// Zero bits between a header of so many octets and the first septet, so that the septets begin
/// at a septet's boundary (TS 23.040 clause 9.2.3.24).
#[must_use]
pub const fn fill_bits(header: usize) -> usize {
    (7 - (8 * header) % 7) % 7
}

/// Packs septets behind `fill` zero bits, least significant bit first.
#[must_use]
pub fn pack(septets: &[u8], fill: usize) -> Vec<u8> {
    let mut packed = vec![0_u8; (fill + septets.len() * 7).div_ceil(8)];
    for (index, septet) in septets.iter().enumerate() {
        let at = fill + index * 7;
        let bits = u16::from(septet & 0x7F) << (at % 8);
        let [high, low] = bits.to_be_bytes();
        for (octet, bits) in packed.iter_mut().skip(at / 8).zip([low, high]) {
            *octet |= bits;
        }
    }
    packed
}

/// Unpacks at most `count` septets behind `fill` bits. The count must come from outside: the
/// zeros at the end may be an `@` or nothing.
#[must_use]
pub fn unpack(packed: &[u8], fill: usize, count: usize) -> Vec<u8> {
    let there = (packed.len() * 8).saturating_sub(fill) / 7;
    let septet = |index: usize| {
        let at = fill + index * 7;
        let octet = |place: usize| u16::from(packed.get(place).copied().unwrap_or(0));
        let [_, low] = ((octet(at / 8) | octet(at / 8 + 1) << 8) >> (at % 8)).to_be_bytes();
        low & 0x7F
    };
    (0..count.min(there)).map(septet).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn septets(text: &str) -> Vec<u8> {
        let mut septets = Vec::new();
        assert!(text.chars().all(|c| encode(c, &mut septets)), "{text}");
        septets
    }

    #[test]
    fn published_texts_pack_to_their_published_octets() {
        for (text, packed) in [
            ("hello", "e8329bfd06"),
            ("hellohello", "e8329bfd4697d9ec37"),
            ("€", "9b32"),
        ] {
            let septets = septets(text);
            assert_eq!(hex::encode(pack(&septets, 0)), packed);
            let packed = hex::decode(packed).expect("hexadecimal");
            assert_eq!(decode(&unpack(&packed, 0, septets.len())), text);
        }
        // Behind the header of a long text: TS 23.040, one fill bit.
        assert_eq!(
            hex::encode(pack(&septets("hello"), fill_bits(6))),
            "d06536fb0d"
        );
        assert_eq!(fill_bits(7), 0);
    }

    #[test]
    fn characters_outside_the_alphabet_are_refused_and_leave_nothing() {
        let mut out = Vec::new();
        for character in ['山', '\u{1B}', '😀', 'ç', '`'] {
            assert!(!encode(character, &mut out), "{character}");
        }
        assert!(out.is_empty());
    }

    #[test]
    fn unknown_pairs_show_their_plain_character() {
        assert_eq!(decode(&[0x1B, b'A', 0x1B, 0x1B, b'B', 0x1B]), "A B");
        assert_eq!(decode(&[0x80, 0xFF]), "\u{FFFD}\u{FFFD}");
    }

    proptest! {
        #[test]
        fn every_septet_survives_packing(
            septets in prop::collection::vec(0_u8..128, 0..200), fill in 0_usize..7,
        ) {
            prop_assert_eq!(unpack(&pack(&septets, fill), fill, septets.len()), septets);
        }

        #[test]
        fn text_in_the_alphabet_is_read_as_it_was_written(indices in prop::collection::vec(0_usize..137, 0..200)) {
            let letters = || DEFAULT.iter().enumerate().filter(|(at, _)| *at != 0x1B).map(|(_, c)| *c);
            let all: Vec<char> = letters().chain(EXTENSION.iter().map(|(_, c)| *c)).collect();
            let text: String = indices.iter().map(|at| all[*at]).collect();
            prop_assert_eq!(decode(&septets(&text)), text);
        }
    }
}
