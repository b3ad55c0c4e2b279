//! Reading captures: our own, and those of sniffers.
//!
//! pcapng in both byte orders (several sections, unknown blocks and options, any time
//! resolution) and classic pcap (both byte orders, micro- and nanoseconds). Blocks are read
//! one at a time: memory does not grow with the file. A damaged record costs itself: reading
//! goes on at the next thing that is a record for certain. The container is parsed here and not
//! by `pcap-file`, whose 2.0 refuses a whole file for an option it dislikes (a time zone, a
//! comment that is not UTF-8, a missing end of options) and knows no time resolution.

mod classic;
mod decode;
mod pcapng;
mod source;

use core::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;

use jiff::Timestamp;

use super::{Direction, SerialEvent};
pub use decode::{NoDatagram, datagram};
use source::Source;

/// Longest packet that is taken: 64 KiB of payload and its headers.
pub const LARGEST_PACKET: u32 = 65_536 + 128;

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

/// A remark on a file that could be read all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// The file ends inside a record that begins at this offset.
    Truncated {
        /// Bytes from the start of the file.
        offset: u64,
    },
    /// Records are damaged, the first at this offset; what stands around them was read.
    Damaged {
        /// Bytes from the start of the file.
        offset: u64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { offset } => write!(
                f,
                "the file ends inside the record at byte {offset}: what precedes it was read"
            ),
            Self::Damaged { offset } => write!(
                f,
                "the record at byte {offset} is damaged: what stands around it was read"
            ),
        }
    }
}

/// Why a capture cannot be read (further).
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("cannot read the capture: {0}")]
    Io(#[from] io::Error),
    /// The file is something else.
    #[error(
        "not a capture: it begins with {0:02x?}, expected pcapng (0a0d0d0a) or pcap (a1b2c3d4)"
    )]
    NotACapture(Vec<u8>),
    /// A field of a record cannot be right.
    #[error("damaged capture at byte {offset}: {field} is {value}, expected {expected}")]
    Damaged {
        /// Where the record begins, in bytes from the start of the file.
        offset: u64,
        /// Which field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// What would have been right.
        expected: &'static str,
    },
}

/// A packet record before its headers are looked into.
struct Raw {
    at: Timestamp,
    interface: String,
    description: Option<String>,
    linktype: u16,
    direction: Option<Direction>,
    comment: Option<String>,
    /// The packet was longer on the wire.
    cut: bool,
    data: Vec<u8>,
}

/// Reads a capture packet by packet. After an error there is nothing more.
#[derive(Debug)]
pub struct CaptureReader<R> {
    container: Container,
    source: Source<R>,
    skipped: Skipped,
    warning: Option<Warning>,
    ended: bool,
    tcp: bool,
}

#[derive(Debug)]
enum Container {
    PcapNg(pcapng::Section),
    Classic(classic::Header),
}

impl CaptureReader<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    /// It cannot be opened, or it is no capture.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Self::new(BufReader::new(File::open(path)?))
    }
}

impl<R: Read> CaptureReader<R> {
    /// Looks at the beginning of a capture. Give it a buffered reader.
    ///
    /// # Errors
    /// The input cannot be read, or it is no capture.
    pub fn new(inner: R) -> Result<Self, ReadError> {
        let mut source = Source::new(inner);
        let mut magic = Vec::new();
        source.take_into(&mut magic, 4)?;
        let container = match <[u8; 4]>::try_from(magic.as_slice()) {
            Ok(pcapng::SECTION_HEADER) => Container::PcapNg(pcapng::Section::first(&mut source)?),
            Ok(magic) => match classic::Header::read(magic, &mut source)? {
                Some(header) => Container::Classic(header),
                None => return Err(ReadError::NotACapture(magic.to_vec())),
            },
            Err(_) => return Err(ReadError::NotACapture(magic)),
        };
        Ok(Self {
            container,
            source,
            skipped: Skipped::default(),
            warning: None,
            ended: false,
            tcp: false,
        })
    }

    /// Also gives TCP segments, each as it was recorded: those that came twice come twice. They
    /// are passed over otherwise.
    #[must_use]
    pub fn with_tcp(mut self) -> Self {
        self.tcp = true;
        self
    }

    /// Packets passed over so far.
    #[must_use]
    pub fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// What there is to remark, once the end is reached.
    #[must_use]
    pub fn warning(&self) -> Option<Warning> {
        self.warning
    }

    /// Goes to the next place behind the start of a damaged record at which one begins for
    /// certain; whether there is any.
    fn find_next(&mut self) -> io::Result<bool> {
        self.source.rewind();
        while self.source.step()? {
            let found = match &self.container {
                Container::PcapNg(section) => section.begins_at(&mut self.source)?,
                Container::Classic(header) => header.begins_at(&mut self.source)?,
            };
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn raw(&mut self) -> Result<Option<Raw>, Stop> {
        self.source.mark();
        match &mut self.container {
            Container::PcapNg(section) => section.next(&mut self.source),
            Container::Classic(header) => header.next(&mut self.source),
        }
    }
}

impl<R: Read> Iterator for CaptureReader<R> {
    type Item = Result<Captured, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let stop = match self.raw() {
                Ok(Some(raw)) => {
                    if let Some(captured) = decode::packet(raw, self.tcp, &mut self.skipped) {
                        return Some(Ok(captured));
                    }
                    continue;
                }
                Ok(None) => {
                    self.ended = true;
                    continue;
                }
                Err(stop) => stop,
            };
            let offset = match &stop {
                Stop::Truncated { offset } | Stop::Error(ReadError::Damaged { offset, .. }) => {
                    Some(*offset)
                }
                Stop::Error(_) => None,
            };
            if let Some(offset) = offset {
                match self.find_next() {
                    Ok(true) => {
                        self.skipped.damaged += 1;
                        self.warning.get_or_insert(Warning::Damaged { offset });
                        continue;
                    }
                    Ok(false) => {}
                    Err(error) => {
                        self.ended = true;
                        return Some(Err(error.into()));
                    }
                }
            }
            self.ended = true;
            match stop {
                Stop::Truncated { offset } => self.warning = Some(Warning::Truncated { offset }),
                Stop::Error(error) => return Some(Err(error)),
            }
        }
        None
    }
}

/// Why reading stops.
#[derive(Debug)]
enum Stop {
    /// The file ends inside a record.
    Truncated { offset: u64 },
    /// It cannot go on.
    Error(ReadError),
}

impl<E: Into<ReadError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// Byte order of a file or section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// Takes a number off the front.
    fn take_u16(self, bytes: &mut &[u8]) -> Option<u16> {
        let (first, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(self.u16(*first))
    }

    /// Takes a number off the front.
    fn take_u32(self, bytes: &mut &[u8]) -> Option<u32> {
        let (first, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(self.u32(*first))
    }
}

/// Captured and original length of a packet, checked against each other and our limit.
fn check_lengths(captured: u32, original: u32, offset: u64) -> Result<(), ReadError> {
    let damaged = |expected| ReadError::Damaged {
        offset,
        field: "captured length",
        value: u64::from(captured),
        expected,
    };
    if captured > LARGEST_PACKET {
        return Err(damaged("at most 64 KiB and headers"));
    }
    if captured > original {
        return Err(damaged("at most the original length"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
