//! Character encodings of radio text. Decoding is total: what is no character becomes U+FFFD.

use core::fmt;

/// How a text was written on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// ISO 646, seven bits packed without octet boundaries.
    SevenBit,
    /// The half that all parts of ISO 8859 share; the other half is not known here.
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// ISO 8859-5.
    Cyrillic,
    /// ISO 8859-9.
    Latin5,
    /// ISO 8859-15.
    Latin9,
    /// UTF-8.
    Utf8,
    /// UTF-16, most significant octet first.
    Utf16Be,
    /// UTF-16, least significant octet first.
    Utf16Le,
    /// UTF-32, most significant octet first.
    Utf32Be,
    /// UTF-32, least significant octet first.
    Utf32Le,
    /// Digits, four bits each.
    Bcd,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SevenBit => "7-bit",
            Self::Ascii => "us-ascii",
            Self::Latin1 => "iso-8859-1",
            Self::Cyrillic => "iso-8859-5",
            Self::Latin5 => "iso-8859-9",
            Self::Latin9 => "iso-8859-15",
            Self::Utf8 => "utf-8",
            Self::Utf16Be => "utf-16be",
            Self::Utf16Le => "utf-16le",
            Self::Utf32Be => "utf-32be",
            Self::Utf32Le => "utf-32le",
            Self::Bcd => "bcd",
        })
    }
}

impl Encoding {
    /// The characters in `octets`. Zeros at the end are filling and left out; so is an
    /// incomplete last character.
    #[must_use]
    pub fn decode(self, octets: &[u8]) -> String {
        let single = |table: fn(u8) -> char| octets.iter().copied().map(table).collect();
        let mut text: String = match self {
            Self::SevenBit => seven_bit(octets),
            Self::Ascii => single(ascii),
            Self::Latin1 => single(char::from),
            Self::Cyrillic => single(cyrillic),
            Self::Latin5 => single(latin5),
            Self::Latin9 => single(latin9),
            Self::Utf8 => String::from_utf8_lossy(octets).into_owned(),
            Self::Utf16Be => utf16(octets, u16::from_be_bytes),
            Self::Utf16Le => utf16(octets, u16::from_le_bytes),
            Self::Utf32Be => utf32(octets, u32::from_be_bytes),
            Self::Utf32Le => utf32(octets, u32::from_le_bytes),
            Self::Bcd => octets
                .iter()
                .flat_map(|octet| [octet >> 4, octet & 0xF])
                .filter_map(|nibble| char::from_digit(nibble.into(), 10))
                .collect(),
        };
        text.truncate(text.trim_end_matches('\0').len());
        text
    }
}

/// `text` in UTF-16, most significant octet first.
#[must_use]
pub fn utf16be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// `text` in UTF-16, least significant octet first.
#[must_use]
pub fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// In which order of octets UTF-16 was written that is labelled `labelled` (one of the two),
/// and the octets behind a byte-order mark. The mark decides; then a line break in front; then
/// letters: the label stands unless the text makes sense in the other order only.
#[must_use]
pub(super) fn utf16_order(octets: &[u8], labelled: Encoding) -> (Encoding, &[u8]) {
    match octets {
        [0xFF, 0xFE, rest @ ..] => return (Encoding::Utf16Le, rest),
        [0xFE, 0xFF, rest @ ..] => return (Encoding::Utf16Be, rest),
        [b'\r', 0, b'\n', 0, ..] => return (Encoding::Utf16Le, octets),
        [0, b'\r', 0, b'\n', ..] => return (Encoding::Utf16Be, octets),
        _ => {}
    }
    let encoding = match labelled {
        Encoding::Utf16Be if is_only(octets, |[letter, zero]| [zero, letter]) => Encoding::Utf16Le,
        Encoding::Utf16Le if is_only(octets, |[zero, letter]| [zero, letter]) => Encoding::Utf16Be,
        _ => labelled,
    };
    (encoding, octets)
}

/// Whether the units are text only if `put` gives the order of their octets, high one first.
/// ASCII shows it: none in the labelled order, and in this one a third of the text or more.
/// A few ASCII letters are, turned round, common characters of Chinese (U+4E00, U+6700) or its
/// space (U+3000); they alone show nothing.
fn is_only(octets: &[u8], put: fn([u8; 2]) -> [u8; 2]) -> bool {
    let (mut units, mut letters, mut sure, mut against) = (0_usize, 0_usize, 0_usize, 0_usize);
    for pair in octets.chunks_exact(2) {
        let Some(pair) = pair.first_chunk::<2>() else {
            continue;
        };
        match put(*pair) {
            // Filling at the end.
            [0, 0] => continue,
            [0, letter @ (b' '..=b'~' | b'\r' | b'\n' | b'\t')] => {
                letters += 1;
                sure += usize::from(!matches!(letter, b'N' | b'0' | b'g'));
            }
            [high, 0] if high.is_ascii() => against += 1,
            _ => {}
        }
        units += 1;
    }
    let (all, third) = (letters == units && sure > 0, sure * 3 >= units && sure > 1);
    units > 1 && against == 0 && (all || third)
}

fn utf16(octets: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = octets
        .chunks_exact(2)
        .filter_map(|pair| pair.first_chunk::<2>().copied().map(unit));
    char::decode_utf16(units)
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn utf32(octets: &[u8], code: fn([u8; 4]) -> u32) -> String {
    octets
        .chunks_exact(4)
        .filter_map(|quad| quad.first_chunk::<4>().copied().map(code))
        .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn seven_bit(octets: &[u8]) -> String {
    let mut text = String::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for &octet in octets {
        held = held << 8 | u32::from(octet);
        bits += 8;
        while bits >= 7 {
            bits -= 7;
            text.extend(char::from_u32(held >> bits & 0x7F));
        }
        held &= (1 << bits) - 1;
    }
    text
}

const fn ascii(octet: u8) -> char {
    if octet.is_ascii() {
        octet as char
    } else {
        char::REPLACEMENT_CHARACTER
    }
}

fn cyrillic(octet: u8) -> char {
    match octet {
        0..=0xA0 | 0xAD => char::from(octet),
        0xF0 => '\u{2116}',
        0xFD => '\u{00A7}',
        letter => {
            let code = 0x0360 + u32::from(letter);
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
    }
}

const fn latin5(octet: u8) -> char {
    match octet {
        0xD0 => '\u{011E}',
        0xDD => '\u{0130}',
        0xDE => '\u{015E}',
        0xF0 => '\u{011F}',
        0xFD => '\u{0131}',
        0xFE => '\u{015F}',
        other => other as char,
    }
}

const fn latin9(octet: u8) -> char {
    match octet {
        0xA4 => '\u{20AC}',
        0xA6 => '\u{0160}',
        0xA8 => '\u{0161}',
        0xB4 => '\u{017D}',
        0xB8 => '\u{017E}',
        0xBC => '\u{0152}',
        0xBD => '\u{0153}',
        0xBE => '\u{0178}',
        other => other as char,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_encoding_reads_its_own_letters() {
        let seven = [0x83, 0x32, 0x2D, 0x2A, 0x8B, 0x58, 0xB2];
        assert_eq!(Encoding::SevenBit.decode(&seven), "ALERT-12");
        assert_eq!(Encoding::Latin1.decode(&[0x4F, 0xE9]), "O\u{E9}");
        assert_eq!(
            Encoding::Cyrillic.decode(&[0xB0, 0xA1, 0xFF]),
            "\u{410}\u{401}\u{45F}"
        );
        assert_eq!(Encoding::Latin5.decode(&[0xDD, 0x41]), "\u{130}A");
        assert_eq!(Encoding::Latin9.decode(&[0xA4, 0xA5]), "\u{20AC}\u{A5}");
        assert_eq!(Encoding::Utf32Le.decode(&[0x66, 0x8B, 0, 0]), "\u{8B66}");
        assert_eq!(Encoding::Bcd.decode(&[0x12, 0x3F]), "123");
    }

    #[test]
    fn what_is_no_character_is_replaced() {
        assert_eq!(Encoding::Utf16Be.decode(&[0xD8, 0, 0, 0x41]), "\u{FFFD}A");
        assert_eq!(Encoding::Utf8.decode(&[0x41, 0xFF]), "A\u{FFFD}");
        assert_eq!(Encoding::Utf16Le.decode(&[0x41, 0, 0x42, 0, 0, 0, 7]), "AB");
    }

    proptest! {
        #[test]
        fn utf_16_round_trips_in_both_orders(text in "[^\0]*") {
            prop_assert_eq!(Encoding::Utf16Be.decode(&utf16be(&text)), text.as_str());
            prop_assert_eq!(Encoding::Utf16Le.decode(&utf16le(&text)), text);
        }
    }
}
