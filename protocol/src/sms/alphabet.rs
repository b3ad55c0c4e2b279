//! From characters to octets and back, in every coding.

use encoding_rs::{GB18030, GBK};

use super::gsm7;
use super::part::Coding;

impl Coding {
    /// Appends a character. False, and nothing appended, if the coding does not have it.
    pub fn encode(self, character: char, octets: &mut Vec<u8>) -> bool {
        match self {
            Self::Gsm7 => gsm7::encode(character, octets),
            Self::Ascii => {
                let plain = character.is_ascii() && (character >= ' ' || character == '\n');
                plain
                    .then(|| octets.extend(u8::try_from(character)))
                    .is_some()
            }
            Self::Latin1 => match u8::try_from(character) {
                Ok(octet) => {
                    octets.push(octet);
                    true
                }
                Err(_) => false,
            },
            Self::Octets => false,
            Self::Ucs2 => {
                let mut units = [0; 2];
                let units = character.encode_utf16(&mut units).iter();
                octets.extend(units.flat_map(|unit| unit.to_be_bytes()));
                true
            }
            Self::Gbk => gbk(character, octets),
        }
    }

    /// The octets of a text; none if the coding does not have all of it.
    #[must_use]
    pub fn encode_all(self, text: &str) -> Option<Vec<u8>> {
        let mut octets = Vec::new();
        let all = text.chars().all(|c| self.encode(c, &mut octets));
        all.then_some(octets)
    }

    /// What the octets say. Never fails: what cannot be read shows as replacement characters,
    /// and octets that are no text as hexadecimal digits.
    #[must_use]
    pub fn decode(self, octets: &[u8]) -> String {
        match self {
            Self::Gsm7 => gsm7::decode(octets),
            Self::Latin1 => octets.iter().map(|octet| char::from(*octet)).collect(),
            Self::Octets => octets.iter().map(|octet| format!("{octet:02x}")).collect(),
            Self::Ucs2 => ucs2(octets),
            // Gateways say ASCII and send GBK: what is ASCII is the same in both.
            Self::Ascii | Self::Gbk => {
                let (text, _) = GB18030.decode_without_bom_handling(octets);
                text.into_owned()
            }
        }
    }
}

/// GBK proper: one octet for ASCII, two for everything else. What GB 18030 writes with four
/// octets, and the euro sign as a single 80, is not understood by old phones.
fn gbk(character: char, octets: &mut Vec<u8>) -> bool {
    let mut text = [0; 4];
    let (coded, _, unmappable) = GBK.encode(character.encode_utf8(&mut text));
    let usual = match *coded {
        [octet] => octet.is_ascii(),
        [_, _] => true,
        _ => false,
    };
    let taken = usual && !unmappable;
    if taken {
        octets.extend_from_slice(&coded);
    }
    taken
}

fn ucs2(octets: &[u8]) -> String {
    let (pairs, rest) = octets.as_chunks::<2>();
    let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
    let characters = char::decode_utf16(units);
    let mut text: String = characters
        .map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if !rest.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_warning_is_written_in_every_coding_that_has_its_characters() {
        let text = "山洪预警";
        let coded = |coding: Coding| coding.encode_all(text).map(hex::encode);
        assert_eq!(coded(Coding::Ucs2).as_deref(), Some("5c716d2a98848b66"));
        assert_eq!(coded(Coding::Gbk).as_deref(), Some("c9bdbae9d4a4beaf"));
        for coding in [Coding::Gsm7, Coding::Ascii, Coding::Latin1, Coding::Octets] {
            assert_eq!(coded(coding), None);
        }
    }

    #[test]
    fn gbk_leaves_to_ucs2_what_takes_one_or_four_odd_octets() {
        for character in ['€', '😀', '\u{E5E5}', '𠀀'] {
            assert_eq!(
                Coding::Gbk.encode_all(&character.to_string()),
                None,
                "{character}"
            );
        }
        // What others send of it is read.
        assert_eq!(Coding::Gbk.decode(&[0x95, 0x32, 0x82, 0x36]), "𠀀");
    }

    #[test]
    fn half_a_character_shows_as_a_replacement() {
        assert_eq!(Coding::Ucs2.decode(&[0x5C, 0x71, 0xD8, 0x3D]), "山\u{FFFD}");
        assert_eq!(Coding::Ucs2.decode(&[0x5C, 0x71, 0x6D]), "山\u{FFFD}");
        assert_eq!(Coding::Gbk.decode(&[0xC9]), "\u{FFFD}");
        assert_eq!(Coding::Ascii.decode(b"ok \xC9\xBD"), "ok 山");
    }

    proptest! {
        #[test]
        fn text_that_a_coding_has_is_read_as_it_was_written(text in "\\PC{0,80}") {
            for coding in [Coding::Gsm7, Coding::Ascii, Coding::Latin1, Coding::Ucs2, Coding::Gbk] {
                if let Some(octets) = coding.encode_all(&text) {
                    prop_assert_eq!(coding.decode(&octets), text.as_str());
                }
            }
        }

        #[test]
        fn hostile_octets_are_read_in_every_coding(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            use Coding::{Ascii, Gbk, Gsm7, Latin1, Octets, Ucs2};
            for coding in [Gsm7, Ascii, Latin1, Octets, Ucs2, Gbk] {
                prop_assert!(coding.decode(&octets).chars().count() <= octets.len() * 2);
            }
        }
    }
}
