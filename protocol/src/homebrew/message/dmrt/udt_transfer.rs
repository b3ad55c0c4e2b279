//! UDT transfer: text, location or a number, operation 05h.

use bytes::{BufMut, Bytes};

use super::opcode::{UDT_TRANSFER, Way};
use super::wire::{NAME, begin, octet, parties, party_fields, put_parties, put_uuid, uuid, way};
use super::{MessageError, Uuid};
use crate::dmr::data_header::UdtFormat;
use crate::dmr::fields::Field;
use crate::dmr::udt::{self, Content, MOST_BLOCKS};
use crate::homebrew::message::wire::open;

const GROUP: u8 = 0x80;
const ACKNOWLEDGE: u8 = 0x40;

/// Short data from a radio, or for one. With `acknowledge`, answered by a UDT accept of the
/// same UUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UdtTransfer {
    /// Which way.
    pub way: Way,
    /// The name of the transfer; a repeat carries the same one.
    pub uuid: Uuid,
    /// Bit 7 of the type: the destination is a talkgroup.
    pub group: bool,
    /// Bit 6: an answer is asked for.
    pub acknowledge: bool,
    /// Bits 5 and 4, of 2 bits.
    pub reserved: u8,
    /// Bits 3 to 0: what the payload holds.
    pub format: UdtFormat,
    /// Who sends it, 24 bits.
    pub source: u32,
    /// For whom, 24 bits.
    pub destination: u32,
    /// 1 to 46 octets.
    pub payload: Vec<u8>,
}

impl UdtTransfer {
    /// Most octets of payload: what four appended blocks hold.
    pub const LARGEST: usize = udt::octets_in(MOST_BLOCKS);

    /// Reads a datagram. What stands behind the stated length of the payload is ignored.
    ///
    /// # Errors
    /// It is cut short, or the payload has no octets or more than 46.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let head = (
            octet("opcode"),
            uuid(),
            octet("type"),
            octet("payload length"),
            parties(),
        );
        let (rest, (_, uuid, kind, length, (source, destination))) = open(NAME, datagram, head)?;
        let length = usize::from(length);
        if !(1..=Self::LARGEST).contains(&length) {
            return Err(MessageError::Value {
                message: NAME,
                field: "payload length",
                value: length as u64,
            });
        }
        let payload = rest.get(..length).ok_or(MessageError::Cut {
            message: NAME,
            field: "payload",
            length: datagram.len(),
        })?;
        Ok(Self {
            way: way(datagram),
            uuid,
            group: kind & GROUP != 0,
            acknowledge: kind & ACKNOWLEDGE != 0,
            reserved: kind >> 4 & 0b11,
            format: UdtFormat::from_code(kind & 0x0F),
            source,
            destination,
            payload: payload.to_vec(),
        })
    }

    /// The bytes to send: 29 and the payload, of which more than 46 octets are left out.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let payload = self.payload.get(..Self::LARGEST).unwrap_or(&self.payload);
        let mut out = begin(UDT_TRANSFER | self.way.bit());
        put_uuid(&mut out, self.uuid);
        let flags = u8::from(self.group) << 7 | u8::from(self.acknowledge) << 6;
        out.put_u8(flags | (self.reserved & 0b11) << 4 | self.format.code() & 0x0F);
        out.put_u8(u8::try_from(payload.len()).unwrap_or(u8::MAX));
        put_parties(&mut out, (self.source, self.destination));
        out.put_slice(payload);
        out.freeze()
    }

    /// The same transfer on its way from the network to a site.
    #[must_use]
    pub fn from_network(&self) -> Self {
        Self {
            way: Way::FromNetwork,
            ..self.clone()
        }
    }

    /// What the payload says.
    ///
    /// Sites differ in how they write text: 7-bit characters one to an octet or packed, and
    /// UTF-8 under the name of ISO 8859-1. All of these are understood.
    #[must_use]
    pub fn content(&self) -> Content {
        let format = self.format;
        let plain = |text: &str| Content::Text {
            format,
            text: text.trim_end_matches('\0').to_owned(),
        };
        match (format, core::str::from_utf8(&self.payload)) {
            (UdtFormat::Iso7, Ok(text)) if text.is_ascii() => plain(text),
            (UdtFormat::Iso8, Ok(text)) => plain(text),
            _ => udt::read_octets(format, &self.payload),
        }
    }

    /// Format and octets in which a site passes this text on: ISO 8859-1 where every
    /// character exists there (half the airtime, and understood by every site), else UTF-16;
    /// nothing if it is longer than 46 octets.
    #[must_use]
    pub fn write(text: &str) -> Option<(UdtFormat, Vec<u8>)> {
        let narrow: Option<Vec<u8>> = text
            .chars()
            .map(|character| u8::try_from(u32::from(character)).ok())
            .collect();
        let (format, payload) = match narrow {
            Some(octets) => (UdtFormat::Iso8, octets),
            None => {
                let octets = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
                (UdtFormat::Utf16Be, octets)
            }
        };
        (1..=Self::LARGEST)
            .contains(&payload.len())
            .then_some((format, payload))
    }

    pub(super) fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::text("uuid", self.uuid.to_string()));
        out.push(Field::flag("group", self.group));
        out.push(Field::flag("acknowledge", self.acknowledge));
        out.push(Field::number("type_reserved", self.reserved, 2));
        let format = self.format;
        out.push(Field::coded(
            "udt_format",
            format.code(),
            4,
            format.to_string(),
        ));
        out.push(Field::number(
            "payload_length",
            self.payload.len() as u64,
            8,
        ));
        party_fields(out, self.source, self.destination);
        out.push(Field::bytes("payload", self.payload.clone()));
        match self.content() {
            Content::Text { text, .. } => out.push(Field::text("text", text)),
            Content::Bcd(digits) => out.push(Field::text("digits", digits)),
            Content::Mixed { address, text, .. } => {
                out.push(Field::number("address", address, 24));
                out.push(Field::text("text", text));
            }
            Content::Addresses { addresses, .. } => {
                super::wire::list_fields(out, "address", &addresses);
            }
            Content::Ip(address) => out.push(Field::text("ip", address.to_string())),
            Content::Nmea(location) => {
                if let Some(position) = location.position() {
                    out.push(Field::text(
                        "position",
                        format!("{:.5}, {:.5}", position.latitude, position.longitude),
                    ));
                }
            }
            Content::Binary(_) | Content::Other { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn transfer(format: UdtFormat, payload: &[u8]) -> UdtTransfer {
        UdtTransfer {
            way: Way::FromNetwork,
            uuid: Uuid(*b"0123456789abcdef"),
            group: true,
            acknowledge: false,
            reserved: 0,
            format,
            source: 0x98_9681,
            destination: 9,
            payload: payload.to_vec(),
        }
    }

    fn says(format: UdtFormat, payload: &[u8]) -> Option<String> {
        match transfer(format, payload).content() {
            Content::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    #[test]
    fn the_worked_group_text_has_type_87() {
        let (format, payload) = UdtTransfer::write("警报").unwrap();
        let message = transfer(format, &payload);
        let datagram = b"DMRT\x450123456789abcdef\x87\x04\x98\x96\x81\0\0\x09\x8b\x66\x62\xa5";
        assert_eq!(message.encode(), datagram.as_slice());
        assert_eq!(UdtTransfer::decode(datagram), Ok(message));
        let longer = [datagram.as_slice(), b"junk"].concat();
        assert_eq!(UdtTransfer::decode(&longer).unwrap().payload, payload);
    }

    #[test]
    fn a_length_that_lies_is_refused() {
        let mut datagram = transfer(UdtFormat::Iso8, b"abc").encode().to_vec();
        for (length, says) in [
            (4, "DMRT of 32 bytes ends within its payload"),
            (0, "DMRT has 0 in its payload length"),
            (47, "DMRT has 47 in its payload length"),
        ] {
            datagram[22] = length;
            let error = UdtTransfer::decode(&datagram).unwrap_err();
            assert_eq!(error.to_string(), says);
        }
    }

    #[test]
    fn text_is_read_in_every_form_in_which_sites_write_it() {
        assert_eq!(says(UdtFormat::Iso8, b"caf\xe9").unwrap(), "café");
        assert_eq!(says(UdtFormat::Iso8, "警报".as_bytes()).unwrap(), "警报");
        assert_eq!(says(UdtFormat::Iso7, b"ALERT-12").unwrap(), "ALERT-12");
        let packed = hex::decode("83322d2a8b58b2").unwrap();
        assert_eq!(says(UdtFormat::Iso7, &packed).unwrap(), "ALERT-12");
        assert_eq!(
            says(UdtFormat::Utf16Be, b"\x8b\x66\x62\xa5").unwrap(),
            "警报"
        );
    }

    #[test]
    fn the_cheapest_form_is_written_and_none_for_what_is_too_long() {
        let written = |text: &str| UdtTransfer::write(text).map(|(format, p)| (format, p.len()));
        assert_eq!(written("alarm"), Some((UdtFormat::Iso8, 5)));
        assert_eq!(written(&"a".repeat(46)).map(|(_, length)| length), Some(46));
        assert_eq!(written(&"a".repeat(47)), None);
        assert_eq!(
            written(&"警".repeat(23)),
            Some((UdtFormat::Utf16Be, UdtTransfer::LARGEST))
        );
        assert_eq!(written(&"警".repeat(24)), None);
        assert_eq!(written(""), None);
    }

    proptest! {
        #[test]
        fn round_trip(
            uuid: [u8; 16],
            flags: [bool; 3],
            reserved in 0..4_u8,
            format in 0..16_u8,
            source in 0..1_u32 << 24,
            destination in 0..1_u32 << 24,
            payload in prop::collection::vec(any::<u8>(), 1..=46),
        ) {
            let [back, group, acknowledge] = flags;
            let message = UdtTransfer {
                way: if back { Way::FromNetwork } else { Way::ToNetwork },
                uuid: Uuid(uuid),
                group,
                acknowledge,
                reserved,
                format: UdtFormat::from_code(format),
                source,
                destination,
                payload,
            };
            let _ = message.content();
            prop_assert_eq!(UdtTransfer::decode(&message.encode()), Ok(message));
        }

        #[test]
        fn what_is_written_says_the_same(text in "[ -~\u{a1}-\u{ff}\u{4e00}-\u{4eff}]{1,23}") {
            let (format, payload) = UdtTransfer::write(&text).unwrap();
            let read = says(format, &payload).unwrap();
            // Latin characters that happen to be UTF-8 are taken for it.
            if core::str::from_utf8(&payload).is_err() || text.is_ascii() || format == UdtFormat::Utf16Be {
                prop_assert_eq!(read, text);
            }
        }
    }
}
