//! What a reader gives: packets with their surroundings, and the count of those passed over.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::super::{Direction, SerialEvent};

/// One chunk as it was on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// When.
    pub at: Timestamp,
    /// Name of the interface, or its number when it has none.
    pub interface: String,
    /// Protocol and line settings, as far as the recorder told.
    pub description: Option<String>,
    /// Link type of the record.
    pub linktype: u16,
    /// Which way, as far as the record tells.
    pub direction: Option<Direction>,
    /// Source and destination of a datagram or TCP segment; `None` for lines.
    pub peers: Option<(SocketAddr, SocketAddr)>,
    /// Where in its stream the payload of a TCP segment stands; `None` for all else.
    pub segment: Option<Segment>,
    /// What happened on a serial line; `None` for datagrams.
    pub event: Option<SerialEvent>,
    /// The datagram's or line's bytes, without any header.
    pub payload: Vec<u8>,
    /// What somebody noted beside it.
    pub comment: Option<String>,
}

/// Place of a TCP segment in its direction's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Number of its first octet, modulo 2^32; a SYN counts as one octet in front.
    pub sequence: u32,
    /// A connection begins.
    pub syn: bool,
}

/// Packets that were passed over, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skipped {
    /// Not IPv4 or IPv6 with UDP: ARP, ICMP and the like, and TCP unless it is asked for.
    pub not_udp: u64,
    /// Pieces of fragmented datagrams.
    pub fragments: u64,
    /// Headers that contradict themselves or the packet's length.
    pub malformed: u64,
    /// Packets of link types that are not known here.
    pub unknown_linktype: u64,
    /// The first such link type.
    pub linktype: Option<u16>,
    /// Packets of which the recorder kept the beginning only.
    pub cut: u64,
    /// Stretches of the file that are no record: damaged ones.
    pub damaged: u64,
}

impl Skipped {
    /// Adds what another recording had passed over.
    pub fn add(&mut self, other: Self) {
        self.not_udp += other.not_udp;
        self.fragments += other.fragments;
        self.malformed += other.malformed;
        self.unknown_linktype += other.unknown_linktype;
        self.linktype = self.linktype.or(other.linktype);
        self.cut += other.cut;
        self.damaged += other.damaged;
    }
}
