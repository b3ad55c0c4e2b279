//! Motorola text messaging service, the payload of UDP port 4007.

use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u16};
use nom::{IResult, Parser};

use super::encoding::{Encoding, utf16le};

/// Another header octet follows.
const MORE: u8 = 0x80;
/// The sender wants an acknowledgement.
const ASK: u8 = 0x40;
const RESERVED: u8 = 0x20;
/// Not a text.
const CONTROL: u8 = 0x10;
const TYPE: u8 = 0x0F;
const TYPE_ACKNOWLEDGEMENT: u8 = 0x0F;
/// Encoding field: UCS-2, least significant octet first.
const UCS2_LE: u8 = 0x04;
/// Highest message number.
pub const LAST_REFERENCE: u8 = 127;
/// CR LF, which radios expect in front of a text.
const LINE_BREAK: &str = "\r\n";
/// Octets around the text: length, header, empty address, two extension octets, CR LF.
pub(super) const OVERHEAD: usize = 10;

/// A message of the text service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tms {
    /// A text.
    Text {
        /// Whether the sender wants an acknowledgement.
        ask: bool,
        /// Message number, 0 to 127; `None` if the header has none.
        reference: Option<u8>,
        /// What it says, without the line break in front.
        text: String,
    },
    /// A terminal has the text with this number.
    Acknowledgement {
        /// Message number, 0 to 127; `None` in the answer to an availability message.
        reference: Option<u8>,
    },
    /// A terminal says what it can do.
    Availability {
        /// Whether it wants an acknowledgement.
        ask: bool,
        /// 0 limited, 1 internal, 2 external, 3 full; where it says so.
        capability: Option<u8>,
    },
    /// Anything else.
    Other {
        /// The header octet.
        header: u8,
        /// What follows the address.
        octets: Vec<u8>,
    },
}

/// Why octets are no message of the text service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TmsError {
    /// The length field or the address length reach beyond the datagram.
    #[error("the text message is shorter than its length field says")]
    Truncated,
}

/// Header octet, what follows the address.
fn frame(i: &[u8]) -> IResult<&[u8], (u8, &[u8])> {
    let (i, length) = be_u16.parse(i)?;
    let (rest, body) = take(length).parse(i)?;
    let (body, (header, address)) = (be_u8, be_u8).parse(body)?;
    let (body, _address) = take(address).parse(body)?;
    Ok((rest, (header, body)))
}

/// The sequence extension: message number, encoding if it is there, the rest.
fn sequence(octets: &[u8]) -> Option<(u8, &[u8])> {
    match octets {
        [first, second, rest @ ..] if first & MORE != 0 => {
            Some((first & 0x1F | second & 0x60, rest))
        }
        [first, rest @ ..] => Some((first & 0x1F, rest)),
        [] => None,
    }
}

impl Tms {
    /// The message in a datagram's payload; octets behind its length are ignored.
    ///
    /// # Errors
    /// Fewer octets than the length fields say.
    pub fn decode(payload: &[u8]) -> Result<Self, TmsError> {
        let (_, (header, body)) = frame(payload).map_err(|_| TmsError::Truncated)?;
        let ask = header & ASK != 0;
        let extension = if header & MORE != 0 {
            sequence(body)
        } else {
            None
        };
        let reference = extension.map(|(reference, _)| reference);
        Ok(match (header & CONTROL != 0, header & TYPE) {
            (false, 0) => {
                let octets = extension.map_or(body, |(_, rest)| rest);
                let text = Encoding::Utf16Le.decode(octets);
                let text = text.strip_prefix(LINE_BREAK).unwrap_or(&text).to_owned();
                Self::Text {
                    ask,
                    reference,
                    text,
                }
            }
            (true, TYPE_ACKNOWLEDGEMENT) => Self::Acknowledgement { reference },
            (true, 0) => Self::Availability {
                ask,
                capability: body.first().map(|octet| octet & 3),
            },
            _ => Self::Other {
                header,
                octets: body.to_vec(),
            },
        })
    }

    /// The datagram's payload. Message numbers above 127 are cut to seven bits; text
    /// gets its line break in front.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let asked = |ask: bool| if ask { ASK } else { 0 };
        let (header, body) = match self {
            Self::Text {
                ask,
                reference,
                text,
            } => {
                let number = reference.unwrap_or_default();
                let mut body = vec![MORE | number & 0x1F, number & 0x60 | UCS2_LE];
                body.extend(utf16le(LINE_BREAK));
                body.extend(utf16le(text));
                (MORE | RESERVED | asked(*ask), body)
            }
            Self::Acknowledgement { reference } => {
                let more = if reference.is_some() { MORE } else { 0 };
                let body = match *reference {
                    None => Vec::new(),
                    Some(short @ 0..=31) => vec![short],
                    Some(long) => vec![MORE | long & 0x1F, long & 0x60],
                };
                (more | RESERVED | CONTROL | TYPE_ACKNOWLEDGEMENT, body)
            }
            Self::Availability { ask, capability } => {
                let more = if capability.is_some() { MORE } else { 0 };
                let body = capability.iter().copied().collect();
                (more | CONTROL | asked(*ask), body)
            }
            Self::Other { header, octets } => (*header, octets.clone()),
        };
        // A message longer than its length field cannot be built from a text that fits a packet.
        let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
        let mut octets = length.to_be_bytes().to_vec();
        octets.extend([header, 0]);
        octets.extend(body);
        octets
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(hex: &str) -> Tms {
        Tms::decode(&hex::decode(hex).unwrap()).unwrap()
    }

    #[test]
    fn recorded_texts_decode_and_encode() {
        let recorded = "0020e00083040d000a0045006c006a0065006e0020006100200053004f0052002100";
        let message = decode(recorded);
        assert_eq!(
            message,
            Tms::Text {
                ask: true,
                reference: Some(3),
                text: "Eljen a SOR!".to_owned()
            }
        );
        assert_eq!(hex::encode(message.encode()), recorded);
        let group = decode("000ca0008e040d000a0048006900");
        assert_eq!(
            group,
            Tms::Text {
                ask: false,
                reference: Some(14),
                text: "Hi".to_owned()
            }
        );
    }

    #[test]
    fn recorded_acknowledgements_decode_and_encode() {
        for (recorded, reference) in [("0003bf0007", 7), ("0003bf0003", 3)] {
            let message = decode(recorded);
            let reference = Some(reference);
            assert_eq!(message, Tms::Acknowledgement { reference });
            assert_eq!(hex::encode(message.encode()), recorded);
        }
        assert_eq!(
            decode("00039f0003"),
            Tms::Acknowledgement { reference: Some(3) }
        );
        let long = Tms::Acknowledgement {
            reference: Some(101),
        };
        assert_eq!(hex::encode(long.encode()), "0004bf008560");
    }

    #[test]
    fn availability_tells_the_capability() {
        assert_eq!(
            decode("0003d00003"),
            Tms::Availability {
                ask: true,
                capability: Some(3)
            }
        );
        assert_eq!(
            decode("00021000"),
            Tms::Availability {
                ask: false,
                capability: None
            }
        );
        assert_eq!(
            hex::encode(Tms::Acknowledgement { reference: None }.encode()),
            "00023f00"
        );
    }

    #[test]
    fn a_length_beyond_the_datagram_is_refused() {
        let short = hex::decode("0020e0008304").unwrap();
        assert_eq!(Tms::decode(&short), Err(TmsError::Truncated));
        assert_eq!(Tms::decode(&[0, 2, 0xE0, 9]), Err(TmsError::Truncated));
    }

    proptest! {
        #[test]
        fn texts_and_acknowledgements_round_trip(
            ask: bool,
            reference in 0_u8..=LAST_REFERENCE,
            text in "[^\0\r]{0,60}",
        ) {
            let reference = Some(reference);
            for message in [
                Tms::Text { ask, reference, text: text.clone() },
                Tms::Acknowledgement { reference },
            ] {
                prop_assert_eq!(Tms::decode(&message.encode()).unwrap(), message);
            }
        }

        #[test]
        fn random_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Tms::decode(&octets).map(|message| message.encode());
        }
    }
}
