//! The name of the talker.

use super::LcBody;
use super::talker_alias_block::{AliasFormat, TalkerAliasBlock, TalkerAliasHeader};

/// Collects a talker alias from the link control of one call.
///
/// Header and blocks repeat through the call, and any may be lost or damaged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TalkerAlias {
    header: Option<TalkerAliasHeader>,
    blocks: [Option<TalkerAliasBlock>; 3],
}

impl TalkerAlias {
    /// Takes a header or block; other link control is none of its business. A new header
    /// begins a new name.
    pub fn push(&mut self, lc: &LcBody) {
        let [first, second, third] = &mut self.blocks;
        match *lc {
            LcBody::TalkerAliasHeader(header) => {
                if self.header.is_some_and(|known| known != header) {
                    self.blocks = [None; 3];
                }
                self.header = Some(header);
            }
            LcBody::TalkerAliasBlock1(block) => *first = Some(block),
            LcBody::TalkerAliasBlock2(block) => *second = Some(block),
            LcBody::TalkerAliasBlock3(block) => *third = Some(block),
            _ => {}
        }
    }

    /// What is known from the beginning on, without control characters; none before the
    /// header came or when it is empty.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let header = self.header?;
        let blocks = self.blocks.iter().map_while(|block| block.as_ref());
        let octets: Vec<u8> = header
            .text
            .into_iter()
            .chain(blocks.flat_map(|block| block.text))
            .collect();
        let length = usize::from(header.length);
        let text: String = match header.format {
            AliasFormat::SevenBit => seven_bit(header.first_bit, &octets).take(length).collect(),
            AliasFormat::Utf8 => utf8(octets.get(..length).unwrap_or(&octets)),
            AliasFormat::Utf16 => utf16(&octets, length),
            AliasFormat::Iso8 | AliasFormat::Reserved(_) => octets
                .iter()
                .take(length)
                .copied()
                .map(char::from)
                .collect(),
        };
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        (!text.is_empty()).then_some(text)
    }
}

/// Characters of seven bits each, the first bit given apart; a rest is no character.
fn seven_bit(first: bool, octets: &[u8]) -> impl Iterator<Item = char> {
    let bits = octets
        .iter()
        .flat_map(|octet| (0..8).rev().map(move |i| octet >> i & 1));
    let bits: Vec<u8> = core::iter::once(u8::from(first)).chain(bits).collect();
    let characters: Vec<char> = bits
        .chunks_exact(7)
        .map(|bits| char::from(bits.iter().fold(0, |value, bit| value << 1 | bit)))
        .collect();
    characters.into_iter()
}

/// A character that is not complete yet is left out, a wrong one replaced.
fn utf8(octets: &[u8]) -> String {
    let valid = match core::str::from_utf8(octets) {
        Err(error) if error.error_len().is_none() => octets.get(..error.valid_up_to()),
        _ => None,
    };
    String::from_utf8_lossy(valid.unwrap_or(octets)).into_owned()
}

/// At most `length` units; half a unit at the end is left out, half a character replaced.
fn utf16(octets: &[u8], length: usize) -> String {
    let (units, _) = octets.as_chunks::<2>();
    let units = units.iter().copied().map(u16::from_be_bytes).take(length);
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::FullLc;
    use super::*;
    use proptest::prelude::*;

    fn lc(hex: &str) -> LcBody {
        let mut octets = [0; 9];
        hex::decode_to_slice(hex, &mut octets).unwrap();
        FullLc::decode(&octets).body
    }

    fn alias(parts: &[&str]) -> Option<String> {
        let mut alias = TalkerAlias::default();
        parts.iter().for_each(|part| alias.push(&lc(part)));
        alias.text()
    }

    #[test]
    fn the_recorded_name_grows_from_its_beginning() {
        let (header, block_1, block_3) = (
            "0400da005200340057",
            "050000420050002000",
            "070000720069006900",
        );
        assert_eq!(alias(&[header]).unwrap(), "R4W");
        assert_eq!(alias(&[header, block_1]).unwrap(), "R4WBP ");
        assert_eq!(alias(&[block_1, header, block_3]).unwrap(), "R4WBP ");
        assert_eq!(alias(&[block_1, block_3]), None);
    }

    #[test]
    fn a_new_header_begins_a_new_name() {
        let text = alias(&[
            "0400da005200340057",
            "050000420050002000",
            "0400da005300340057",
        ]);
        assert_eq!(text.unwrap(), "S4W");
    }

    #[test]
    fn each_format_reads_its_own_way() {
        // "AB" in 7 bits: 1000001 1000010, the first bit in the header octet.
        assert_eq!(alias(&["040005061000000000"]).unwrap(), "AB");
        assert_eq!(alias(&["040044c4d600000000"]).unwrap(), "\u{c4}\u{d6}");
        assert_eq!(alias(&["040086e4b8ad000000"]).unwrap(), "\u{4e2d}");
        assert_eq!(alias(&["04008e41e4b8ade4b8"]).unwrap(), "A\u{4e2d}");
        assert_eq!(alias(&["0400c64e2d0041000a"]).unwrap(), "\u{4e2d}A");
    }

    #[test]
    fn a_length_beyond_the_text_does_no_harm() {
        assert_eq!(alias(&["04007e414243444546"]).unwrap(), "ABCDEF");
        assert_eq!(alias(&["040000000000000000"]), None);
    }

    mod header {
        use super::*;
        use crate::dmr::layout::keeps_every_bit;
        keeps_every_bit!(TalkerAliasHeader, 7);
    }

    mod block {
        use super::*;
        use crate::dmr::layout::keeps_every_bit;
        keeps_every_bit!(TalkerAliasBlock, 7);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn any_parts_in_any_order_give_at_most_31_characters(
            parts in prop::collection::vec((4u8..8, any::<[u8; 7]>()), 0..12)
        ) {
            let mut alias = TalkerAlias::default();
            for (flco, [a, b, c, d, e, f, g]) in parts {
                alias.push(&FullLc::decode(&[flco, 0, a, b, c, d, e, f, g]).body);
            }
            let text = alias.text().unwrap_or_default();
            prop_assert!(text.chars().count() <= 31);
            prop_assert!(!text.chars().any(char::is_control));
        }
    }
}
