//! A pcapng file in the making.

use core::time::Duration;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};
use std::net::SocketAddr;

use jiff::Timestamp;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::{Endianness, PcapError};

use super::{Direction, ETHERNET, RTAC_SERIAL, SerialEvent, frame};

/// if_tsresol: nanoseconds.
const NANOSECONDS: u8 = 9;
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
    /// Link type and bytes of the packet record.
    pub(super) fn packet(&self, at: Timestamp, identification: u16) -> (u32, Vec<u8>) {
        match *self {
            Self::Datagram {
                source,
                destination,
                payload,
            } => {
                let frame = frame::ethernet(source, destination, identification, payload);
                (ETHERNET, frame)
            }
            Self::Serial { event, bytes } => {
                let seconds = u32::try_from(at.as_second()).unwrap_or(0);
                let micros = u32::try_from(at.subsec_microsecond()).unwrap_or(0);
                (RTAC_SERIAL, frame::serial(seconds, micros, event, bytes))
            }
        }
    }
}

/// Writes records, and an interface block before the first record of each interface.
pub(super) struct FileWriter<W: Write> {
    inner: PcapNgWriter<W>,
    interfaces: HashMap<(String, u32), u32>,
    identification: u16,
    size: u64,
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
        let (linktype, data) = content.packet(at, self.identification);
        let interface_id = self.interface(interface, description, linktype)?;
        let mut options = Vec::new();
        if let Some(direction) = direction {
            options.push(EnhancedPacketOption::Flags(match direction {
                Direction::Inbound => 1,
                Direction::Outbound => 2,
            }));
        }
        if let Some(comment) = comment {
            options.push(EnhancedPacketOption::Comment(Cow::Borrowed(comment)));
        }
        let nanoseconds = u64::try_from(at.as_nanosecond()).unwrap_or(0);
        let packet = EnhancedPacketBlock {
            interface_id,
            // The writer puts this number down as it is; its unit is our if_tsresol.
            timestamp: Duration::from_nanos(nanoseconds),
            original_len: u32::try_from(data.len()).unwrap_or(u32::MAX),
            data: Cow::Owned(data),
            options,
        };
        self.size += self.inner.write_pcapng_block(packet).map_err(plain)? as u64;
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
        let key = (name.to_owned(), linktype);
        if let Some(id) = self.interfaces.get(&key) {
            return Ok(*id);
        }
        // Two interfaces of one name confuse every reader.
        let taken = self.interfaces.keys().any(|(other, _)| other == name);
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
        let id = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        self.interfaces.insert(key, id);
        Ok(id)
    }
}

fn plain(error: PcapError) -> io::Error {
    match error {
        PcapError::IoError(error) => error,
        other => io::Error::other(other.to_string()),
    }
}
