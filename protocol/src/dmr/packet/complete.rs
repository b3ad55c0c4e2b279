//! A packet put together and checked.

use crate::dmr::data_header::{DataHeader, Proprietary};

use super::outgoing::Outgoing;
use super::rate::Rate;
use super::response;

/// How much of a datagram a packet's data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// All of it, joined of several packets; the header is that of the one that came last.
    Joined,
    /// One fragment of several.
    Part {
        /// Its number: 0 for the first, then 1 to 7 in a ring.
        number: u8,
        /// Whether no more follow.
        is_last: bool,
    },
}

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
    /// How much of a datagram the data is.
    pub extent: Extent,
    /// The same packet was complete before: answer again, do not deliver again.
    pub repeated: bool,
}

impl Packet {
    /// The acknowledgement that the sender waits for, if he waits for one.
    #[must_use]
    pub fn acknowledgement(&self) -> Option<Outgoing> {
        let to = self.header.awaits_response()?;
        Some(response::ack(to, self.header.send_sequence()))
    }
}
