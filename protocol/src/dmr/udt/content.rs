//! What the appended blocks hold, format by format.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::dmr::data_header::{Udt, UdtFormat};

use super::bits::{Reader, Writer};
use super::error::UdtError;
use super::location::NmeaLocation;
use super::size::octets_in;

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
pub(super) fn write(content: &Content) -> Result<(UdtFormat, Writer, bool), UdtError> {
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
