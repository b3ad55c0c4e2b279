//! A pcapng file in the making.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};
use std::net::SocketAddr;

use jiff::Timestamp;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::{Endianness, PcapError};

use super::{Direction, ETHERNET, RTAC_SERIAL, SerialEvent, frame};

/// if_tsresol: nanoseconds.
const NANOSECONDS: u8 = 9;
/// Type of an enhanced packet block, and its length up to the packet: type, block length,
/// interface, two halves of the time, captured and original length, 4 bytes each.
const ENHANCED_PACKET: u32 = 6;
const PACKET_HEAD: usize = 28;
/// opt_endofopt, opt_comment and epb_flags.
const END_OF_OPTIONS: u16 = 0;
const COMMENT: u16 = 1;
const FLAGS: u16 = 2;
/// About what a section header takes.
const SECTION: u64 = 256;

/// What a record holds besides its time and direction.
#[derive(Debug)]
pub(super) enum Content<'a> {
    /// A datagram.
    Datagram {
        source: SocketAddr,
        destination: SocketAddr,
        payload: &'a [u8],
    },
    /// Something that happened on a byte stream.
    Serial { event: SerialEvent, bytes: &'a [u8] },
}

impl Content<'_> {
    const fn linktype(&self) -> u32 {
        match self {
            Self::Datagram { .. } => ETHERNET,
            Self::Serial { .. } => RTAC_SERIAL,
        }
    }

    /// Appends the bytes of the packet record; its link type.
    pub(super) fn put(&self, at: Timestamp, identification: u16, out: &mut Vec<u8>) -> u32 {
        match *self {
            Self::Datagram {
                source,
                destination,
                payload,
            } => frame::ethernet(source, destination, identification, payload, out),
            Self::Serial { event, bytes } => {
                let seconds = u32::try_from(at.as_second()).unwrap_or(0);
                let micros = u32::try_from(at.subsec_microsecond()).unwrap_or(0);
                frame::serial(seconds, micros, event, bytes, out);
            }
        }
        self.linktype()
    }
}

/// Writes records, and an interface block before the first record of each interface.
pub(super) struct FileWriter<W: Write> {
    inner: PcapNgWriter<W>,
    /// Their numbers in the file, by link type and name.
    interfaces: HashMap<u32, HashMap<String, u32>>,
    identification: u16,
    size: u64,
    /// The block in the making, kept for its memory.
    block: Vec<u8>,
}

impl<W: Write> FileWriter<W> {
    pub(super) fn new(out: W, comment: Option<&str>) -> io::Result<Self> {
        let program = concat!("narrowcast-hardware ", env!("CARGO_PKG_VERSION"));
        let mut options = vec![SectionHeaderOption::UserApplication(Cow::Borrowed(program))];
        if let Some(comment) = comment {
            options.push(SectionHeaderOption::Comment(Cow::Owned(comment.to_owned())));
        }
        let section = SectionHeaderBlock {
            endianness: Endianness::Little,
            options,
            ..SectionHeaderBlock::default()
        };
        Ok(Self {
            inner: PcapNgWriter::with_section_header(out, section).map_err(plain)?,
            interfaces: HashMap::new(),
            identification: 0,
            size: SECTION,
            block: Vec::new(),
        })
    }

    pub(super) fn write(
        &mut self,
        interface: &str,
        description: &str,
        at: Timestamp,
        direction: Option<Direction>,
        content: &Content<'_>,
        comment: Option<&str>,
    ) -> io::Result<()> {
        if let Content::Datagram { .. } = content {
            self.identification = self.identification.wrapping_add(1);
        }
        let linktype = content.linktype();
        let interface = self.interface(interface, description, linktype)?;
        let nanoseconds = u64::try_from(at.as_nanosecond()).unwrap_or(0);
        let block = &mut self.block;
        block.clear();
        block.extend(ENHANCED_PACKET.to_le_bytes());
        // The lengths are known at the end.
        block.extend([0; 4]);
        block.extend(interface.to_le_bytes());
        block.extend(((nanoseconds >> 32) as u32).to_le_bytes());
        block.extend((nanoseconds as u32).to_le_bytes());
        block.extend([0; 8]);
        content.put(at, self.identification, block);
        let length = block.len() - PACKET_HEAD;
        pad(block);
        if let Some(direction) = direction {
            let flags: u32 = match direction {
                Direction::Inbound => 1,
                Direction::Outbound => 2,
            };
            put_option(block, FLAGS, &flags.to_le_bytes());
        }
        if let Some(comment) = comment {
            put_option(block, COMMENT, comment.as_bytes());
        }
        if direction.is_some() || comment.is_some() {
            put_option(block, END_OF_OPTIONS, &[]);
        }
        let total = number(block.len() + 4);
        block.extend(total.to_le_bytes());
        let length = number(length).to_le_bytes();
        for (at, value) in [(4, total.to_le_bytes()), (20, length), (24, length)] {
            if let Some(place) = block.get_mut(at..at + 4) {
                place.copy_from_slice(&value);
            }
        }
        self.inner.get_mut().write_all(block)?;
        self.size += u64::from(total);
        Ok(())
    }

    /// Bytes written so far, to within the section header.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.inner.get_mut().flush()
    }

    fn interface(&mut self, name: &str, description: &str, linktype: u32) -> io::Result<u32> {
        let known = self.interfaces.get(&linktype);
        if let Some(id) = known.and_then(|names| names.get(name)) {
            return Ok(*id);
        }
        // Two interfaces of one name confuse every reader.
        let mut all = self.interfaces.values();
        let taken = all.any(|names| names.contains_key(name));
        let shown = if taken {
            format!("{name}#{linktype}")
        } else {
            name.to_owned()
        };
        let mut block = InterfaceDescriptionBlock::new(linktype.into(), 0);
        block.options = vec![
            InterfaceDescriptionOption::IfName(Cow::Owned(shown)),
            InterfaceDescriptionOption::IfDescription(Cow::Owned(description.to_owned())),
            InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
        ];
        self.size += self.inner.write_pcapng_block(block).map_err(plain)? as u64;
        let id = number(self.interfaces.values().map(HashMap::len).sum());
        let names = self.interfaces.entry(linktype).or_default();
        names.insert(name.to_owned(), id);
        Ok(id)
    }
}

/// Fills a block up to a multiple of four bytes.
fn pad(block: &mut Vec<u8>) {
    block.resize(block.len().next_multiple_of(4), 0);
}

/// An option of a block; no value is longer than 65,535 bytes, and one that is is cut.
fn put_option(block: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    block.extend(code.to_le_bytes());
    block.extend(length.to_le_bytes());
    block.extend(value.get(..usize::from(length)).unwrap_or(value));
    pad(block);
}

/// Nothing here is as long as that: a packet is a datagram or what a port reads at once.
fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn plain(error: PcapError) -> io::Error {
    match error {
        PcapError::IoError(error) => error,
        other => io::Error::other(other.to_string()),
    }
}
