//! A packet put together and checked.

use crate::dmr::data_header::{DataHeader, Proprietary};

use super::build::Outgoing;
use super::pdu::Rate;
use super::response;

/// A complete packet: CRC-32 (or for UDT the CRC-CCITT of its blocks) matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Its header; the one of the first attempt where there were several.
    pub header: DataHeader,
    /// The proprietary header behind it.
    pub second: Option<Proprietary>,
    /// Rate of its blocks; `None` if it has none.
    pub rate: Option<Rate>,
    /// User data without padding and CRC. For UDT with padding: its pad count is in nibbles.
    pub data: Vec<u8>,
    /// The same packet was complete before: answer again, do not deliver again.
    pub repeated: bool,
}

impl Packet {
    /// The acknowledgement that the sender waits for: a confirmed packet to one radio
    /// that asks for a response.
    #[must_use]
    pub fn acknowledgement(&self) -> Option<Outgoing> {
        let addressing = self.header.addressing()?;
        (self.header.is_confirmed() && addressing.response_requested && !addressing.group)
            .then(|| response::ack(addressing, self.header.send_sequence()))
    }

    /// Whether this is one of several fragments of a datagram, and then its number in the
    /// ring and whether it is the last.
    #[must_use]
    pub const fn fragment(&self) -> Option<(u8, bool)> {
        match &self.header {
            DataHeader::Confirmed(header) if header.fragment != 8 => {
                Some((header.fragment & 7, header.fragment & 8 != 0))
            }
            _ => None,
        }
    }
}
