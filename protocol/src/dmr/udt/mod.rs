//! Unified data transport: a header and one to four appended blocks (TS 102 361-1 clause
//! 8.2.3, TS 102 361-4 clause 7.2.27 and annex B.3).

mod bits;
mod location;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::dmr::crc;
use crate::dmr::data_header::{Addressing, DataHeader, Udt, UdtFormat};
use crate::dmr::packet::{Block, Outgoing, Rate};

use bits::{Reader, Writer};
pub use location::NmeaLocation;

/// Most appended blocks.
pub const MOST_BLOCKS: usize = 4;
/// Octets of content in so many appended blocks.
#[must_use]
pub const fn octets_in(blocks: usize) -> usize {
    blocks.saturating_mul(12).saturating_sub(2)
}

/// Why content cannot go into a UDT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UdtError {
    /// More than four blocks hold.
    #[error("{bits} bits do not fit the {most} bits of four appended blocks")]
    TooLong {
        /// Bits of the content.
        bits: usize,
        /// Bits there may be.
        most: usize,
    },
    /// A character the format does not have.
    #[error("{character:?} at character {index} does not exist in {format}")]
    Character {
        /// Its position, counted in characters.
        index: usize,
        /// It.
        character: char,
        /// The format.
        format: UdtFormat,
    },
    /// The format cannot be written here.
    #[error("{0} content is only read")]
    Unsupported(UdtFormat),
}

/// What the appended blocks hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// User bits (format 0), first bit first.
    Binary(Vec<bool>),
    /// Addresses of radios or talkgroups (format 1).
    Addresses {
        /// The OK flag in front.
        ok: bool,
        /// 24 bits each.
        addresses: Vec<u32>,
    },
    /// Digits `0` to `9`, `*` and `#` (format 2).
    Bcd(String),
    /// Text (formats 3, 4 and 7).
    Text {
        /// [`UdtFormat::Iso7`], [`UdtFormat::Iso8`] or [`UdtFormat::Utf16Be`].
        format: UdtFormat,
        /// What it says. Unpaired surrogates are shown as U+FFFD.
        text: String,
    },
    /// A position (format 5).
    Nmea(NmeaLocation),
    /// An IP address (format 6).
    Ip(IpAddr),
    /// An address and text (format 10).
    Mixed {
        /// The OK flag, whose meaning is not settled.
        ok: bool,
        /// 24 bits.
        address: u32,
        /// UTF-16 on the air.
        text: String,
    },
    /// Any other format, up to the padding.
    Other {
        /// The format.
        format: UdtFormat,
        /// The used octets.
        octets: Vec<u8>,
    },
}

fn latin1(octets: &[u8]) -> String {
    octets.iter().map(|&octet| char::from(octet)).collect()
}

fn utf16(octets: &[u8]) -> String {
    let units = octets.chunks_exact(2).map(|pair| match *pair {
        [high, low] => u16::from_be_bytes([high, low]),
        _ => 0,
    });
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn unterminated(mut text: String) -> String {
    text.truncate(text.trim_end_matches('\0').len());
    text
}

/// The content of a complete UDT: `data` is what its blocks hold without the CRC.
#[must_use]
pub fn read(header: &Udt, data: &[u8]) -> Content {
    let used_bits = (data.len() * 8).saturating_sub(usize::from(header.pad_nibbles) * 4);
    content(header.format, data, used_bits)
}

/// The content of octets that carry no padding.
#[must_use]
pub fn read_octets(format: UdtFormat, octets: &[u8]) -> Content {
    content(format, octets, octets.len() * 8)
}

fn content(format: UdtFormat, data: &[u8], used_bits: usize) -> Content {
    let used = data.get(..used_bits / 8).unwrap_or(data);
    let other = || Content::Other {
        format,
        octets: used.to_vec(),
    };
    let text = |text: String| Content::Text {
        format,
        text: unterminated(text),
    };
    match format {
        UdtFormat::Binary => Content::Binary(binary(data)),
        UdtFormat::Addresses => addresses(data).unwrap_or_else(other),
        UdtFormat::Bcd => Content::Bcd(digits(data, used_bits / 4)),
        UdtFormat::Iso7 => text(seven_bit(data, used_bits / 7)),
        UdtFormat::Iso8 => text(latin1(used)),
        UdtFormat::Utf16Be => text(utf16(used)),
        UdtFormat::Nmea => NmeaLocation::decode(data).map_or_else(other, Content::Nmea),
        UdtFormat::IpAddress => ip(data).map_or_else(other, Content::Ip),
        UdtFormat::Mixed => match used {
            [flags, a, b, c, rest @ ..] => Content::Mixed {
                ok: flags & 1 == 1,
                address: u32::from_be_bytes([0, *a, *b, *c]),
                text: unterminated(utf16(rest)),
            },
            _ => other(),
        },
        _ => other(),
    }
}

/// User bits end before the last zero; ones fill up behind it.
fn binary(data: &[u8]) -> Vec<bool> {
    let mut reader = Reader::new(data);
    let mut bits: Vec<bool> = core::iter::from_fn(|| reader.bit()).collect();
    let end = bits.iter().rposition(|bit| !bit);
    bits.truncate(end.unwrap_or(bits.len()));
    bits
}

fn addresses(data: &[u8]) -> Option<Content> {
    let (flags, rest) = data.split_first()?;
    let addresses = rest
        .chunks_exact(3)
        .filter_map(|octets| match *octets {
            [a, b, c] => Some(u32::from_be_bytes([0, a, b, c])),
            _ => None,
        })
        .filter(|&address| address != 0)
        .collect();
    let ok = flags & 1 == 1;
    Some(Content::Addresses { ok, addresses })
}

fn digits(data: &[u8], count: usize) -> String {
    data.iter()
        .flat_map(|octet| [octet >> 4, octet & 0xF])
        .take(count)
        .filter_map(|nibble| match nibble {
            0..=9 => Some(char::from(b'0' + nibble)),
            0xA => Some('*'),
            0xB => Some('#'),
            _ => None,
        })
        .collect()
}

fn seven_bit(data: &[u8], count: usize) -> String {
    let mut reader = Reader::new(data);
    (0..count)
        .map_while(|_| reader.number(7))
        .filter_map(char::from_u32)
        .collect()
}

fn ip(data: &[u8]) -> Option<IpAddr> {
    if data.len() > octets_in(1) {
        let octets = data.first_chunk::<16>()?;
        Some(IpAddr::V6(Ipv6Addr::from(*octets)))
    } else {
        let octets = data.first_chunk::<4>()?;
        Some(IpAddr::V4(Ipv4Addr::from(*octets)))
    }
}

/// Content as bits, its format, and whether padding is counted in the header.
fn write(content: &Content) -> Result<(UdtFormat, Writer, bool), UdtError> {
    let mut bits = Writer::default();
    let (format, padded) = match content {
        Content::Binary(user) => {
            user.iter().for_each(|&bit| bits.number(1, bit));
            bits.number(1, false);
            let filled = (bits.len() + 16).div_ceil(96) * 96 - 16;
            while bits.len() < filled {
                bits.number(1, true);
            }
            (UdtFormat::Binary, false)
        }
        Content::Addresses { ok, addresses } => {
            bits.number(8, *ok);
            addresses
                .iter()
                .for_each(|&address| bits.number(24, address));
            (UdtFormat::Addresses, false)
        }
        Content::Bcd(text) => {
            for (index, character) in text.chars().enumerate() {
                let nibble = match character {
                    '*' => Some(0xA),
                    '#' => Some(0xB),
                    _ => character.to_digit(10),
                };
                let format = UdtFormat::Bcd;
                bits.number(
                    4,
                    nibble.ok_or(UdtError::Character {
                        index,
                        character,
                        format,
                    })?,
                );
            }
            (UdtFormat::Bcd, true)
        }
        Content::Text {
            format: UdtFormat::Utf16Be,
            text,
        } => {
            text.encode_utf16().for_each(|unit| bits.number(16, unit));
            (UdtFormat::Utf16Be, true)
        }
        Content::Text { format, text } => {
            let width = match format {
                UdtFormat::Iso7 => 7,
                UdtFormat::Iso8 => 8,
                other => return Err(UdtError::Unsupported(*other)),
            };
            for (index, character) in text.chars().enumerate() {
                let code = u32::from(character);
                if code >> width != 0 {
                    let format = *format;
                    return Err(UdtError::Character {
                        index,
                        character,
                        format,
                    });
                }
                bits.number(width, code);
            }
            (*format, true)
        }
        Content::Nmea(location) => {
            bits = location.encode();
            (UdtFormat::Nmea, false)
        }
        Content::Ip(IpAddr::V4(address)) => {
            bits.number(32, u32::from(*address));
            (UdtFormat::IpAddress, false)
        }
        Content::Ip(IpAddr::V6(address)) => {
            address
                .octets()
                .iter()
                .for_each(|&octet| bits.number(8, octet));
            (UdtFormat::IpAddress, false)
        }
        Content::Mixed { ok, address, text } => {
            bits.number(8, *ok);
            bits.number(24, *address);
            text.encode_utf16().for_each(|unit| bits.number(16, unit));
            (UdtFormat::Mixed, true)
        }
        Content::Other { format, octets } => {
            octets.iter().for_each(|&octet| bits.number(8, octet));
            (*format, true)
        }
    };
    Ok((format, bits, padded))
}

/// Appended blocks that so many octets of content need.
#[must_use]
pub const fn blocks_for(octets: usize) -> usize {
    octets.saturating_add(2).div_ceil(12)
}

/// A UDT with this content in as few blocks as it needs. `opcode` is
/// [`OUTBOUND`](crate::dmr::data_header::OUTBOUND) or
/// [`INBOUND`](crate::dmr::data_header::INBOUND).
///
/// # Errors
/// The content does not fit four blocks, or its format cannot express it.
pub fn build(addressing: Addressing, opcode: u8, content: &Content) -> Result<Outgoing, UdtError> {
    let (format, bits, padded) = write(content)?;
    let mut octets = bits.octets();
    let blocks = blocks_for(octets.len());
    if blocks > MOST_BLOCKS {
        return Err(UdtError::TooLong {
            bits: bits.len(),
            most: octets_in(MOST_BLOCKS) * 8,
        });
    }
    octets.resize(octets_in(blocks), 0);
    let unused = (octets.len() * 8 - bits.len()) / 4;
    octets.extend(crc::ccitt(&octets, crc::mask::NONE).to_be_bytes());
    let header = DataHeader::Udt(Udt {
        addressing,
        emergency: false,
        option: false,
        format,
        pad_nibbles: if padded { unused as u8 } else { 0 },
        blocks: blocks as u8,
        supplementary: false,
        protect: false,
        opcode,
        reserved: Default::default(),
    });
    let blocks = octets
        .chunks(12)
        .filter_map(|octets| Block::new(Rate::Half, octets))
        .collect();
    Ok(Outgoing { header, blocks })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::dmr::data_header::{INBOUND, OUTBOUND, Sap};

    use super::*;

    const fn to(ask: bool) -> Addressing {
        Addressing {
            group: false,
            response_requested: ask,
            sap: Sap::Udt,
            destination: 0x23_3863,
            source: 0x23_383B,
        }
    }

    fn text(format: UdtFormat, text: &str) -> Content {
        let text = text.to_owned();
        Content::Text { format, text }
    }

    fn hex_of(addressing: Addressing, content: &Content) -> Vec<String> {
        build(addressing, OUTBOUND, content)
            .unwrap()
            .pdus(0)
            .iter()
            .map(|pdu| hex::encode(pdu.octets()))
            .collect()
    }

    /// What a receiver makes of a built UDT.
    fn back(outgoing: &Outgoing) -> Content {
        let DataHeader::Udt(header) = outgoing.header else {
            panic!("another format");
        };
        let octets: Vec<u8> = outgoing
            .blocks
            .iter()
            .flat_map(|block| block.octets())
            .copied()
            .collect();
        read(&header, &octets[..octets.len() - 2])
    }

    #[test]
    fn the_worked_udts_are_built() {
        assert_eq!(
            hex_of(to(true), &text(UdtFormat::Utf16Be, "\u{8B66}\u{62A5}A1")),
            ["400723386323383b201ad7c2", "8b6662a5004100310000b5f8"]
        );
        assert_eq!(
            hex_of(to(true), &text(UdtFormat::Iso7, "ALERT-12")),
            ["400323386323383b301a485e", "83322d2a8b58b200000034f1"]
        );
        assert_eq!(
            hex_of(to(true), &text(UdtFormat::Iso7, "EVACUATE 12B")),
            [
                "400323386323383bb91ae95e",
                "8b5a0c3ab06a4540c5942000",
                "00000000000000000000f534"
            ]
        );
        assert_eq!(
            hex_of(to(true), &Content::Bcd("0123*#".to_owned())),
            ["400223386323383b701aaeb1", "0123ab000000000000004a44"]
        );
        assert_eq!(
            hex_of(to(false), &text(UdtFormat::Utf16Be, "\u{8F6C}\u{79FB}-3")),
            ["000723386323383b201aa5d8", "8f6c79fb002d0033000038c6"]
        );
    }

    #[test]
    fn pad_nibbles_alone_end_iso_8_text() {
        let one = build(to(false), INBOUND, &text(UdtFormat::Iso8, "A")).unwrap();
        let DataHeader::Udt(header) = one.header else {
            panic!("another format");
        };
        assert_eq!(header.pad_nibbles, 18);
        let content = text(UdtFormat::Iso8, "ALERT-1");
        let seven = build(to(false), INBOUND, &content).unwrap();
        assert_eq!(
            hex::encode(seven.blocks[0].octets()),
            "414c4552542d3100000039d5"
        );
        assert_eq!(back(&seven), content);
    }

    #[test]
    fn capacities_are_those_of_the_standard() {
        let fits = |format, count: usize| {
            let outgoing = build(to(false), OUTBOUND, &text(format, &"A".repeat(count)));
            outgoing.map(|outgoing| outgoing.blocks.len()).ok()
        };
        let table = [
            (UdtFormat::Iso7, [11, 25, 38, 52]),
            (UdtFormat::Iso8, [10, 22, 34, 46]),
            (UdtFormat::Utf16Be, [5, 11, 17, 23]),
        ];
        for (format, capacities) in table {
            for (blocks, capacity) in (1..).zip(capacities) {
                assert_eq!(fits(format, capacity), Some(blocks), "{format} {capacity}");
                let more = (blocks < 4).then_some(blocks + 1);
                assert_eq!(fits(format, capacity + 1), more, "{format} {capacity}");
            }
        }
    }

    #[test]
    fn characters_a_format_lacks_are_refused_by_position() {
        assert_eq!(
            build(to(false), OUTBOUND, &text(UdtFormat::Iso7, "ab\u{E9}")),
            Err(UdtError::Character {
                index: 2,
                character: '\u{E9}',
                format: UdtFormat::Iso7
            })
        );
    }

    #[test]
    fn structured_contents_round_trip() {
        let location = NmeaLocation {
            encrypted: false,
            north: true,
            east: false,
            valid: true,
            speed: 12,
            latitude: (50, 5, 1234),
            longitude: (114, 25, 9999),
            time: (23, 59),
            second: 50,
            course: None,
        };
        let long = NmeaLocation {
            second: 57,
            course: Some(359),
            ..location
        };
        for (content, blocks) in [
            (Content::Nmea(location), 1),
            (Content::Nmea(long), 2),
            (Content::Ip(IpAddr::V4(Ipv4Addr::new(12, 1, 2, 3))), 1),
            (Content::Ip(IpAddr::V6(Ipv6Addr::LOCALHOST)), 2),
            (
                Content::Addresses {
                    ok: true,
                    addresses: vec![9, 0x23_3863],
                },
                1,
            ),
            (
                Content::Mixed {
                    ok: false,
                    address: 7,
                    text: "\u{8B66}".to_owned(),
                },
                1,
            ),
            (Content::Binary(vec![true, false, true, true]), 1),
        ] {
            let outgoing = build(to(false), OUTBOUND, &content).unwrap();
            assert_eq!(outgoing.blocks.len(), blocks, "{content:?}");
            assert_eq!(back(&outgoing), content);
        }
        let position = location.position().unwrap();
        assert!((position.latitude - 50.085_39).abs() < 1e-5);
        assert!((position.longitude + 114.433_331).abs() < 1e-5);
    }

    proptest! {
        #[test]
        fn random_blocks_never_panic(
            octets: [u8; 10],
            data in prop::collection::vec(any::<u8>(), 0..46),
        ) {
            let mut pdu = [0; 12];
            pdu[..10].copy_from_slice(&octets);
            pdu[0] &= 0xF0;
            if let DataHeader::Udt(header) = DataHeader::read(&pdu) {
                let _ = read(&header, &data);
            }
        }

        #[test]
        fn digits_and_binary_round_trip(
            digits in "[0-9*#]{0,92}",
            bits in prop::collection::vec(any::<bool>(), 0..367),
        ) {
            for content in [Content::Bcd(digits), Content::Binary(bits)] {
                prop_assert_eq!(&back(&build(to(false), OUTBOUND, &content).unwrap()), &content);
            }
        }
    }
}
