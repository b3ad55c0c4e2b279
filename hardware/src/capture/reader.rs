//! Reading captures: our own, and those of sniffers.
//!
//! pcapng in both byte orders (several sections, unknown blocks and options, any time
//! resolution) and classic pcap (both byte orders, micro- and nanoseconds). Blocks are read
//! one at a time: memory does not grow with the file. A damaged record costs itself: reading
//! goes on at the next thing that is a record for certain. The container is parsed here and not
//! by `pcap-file`, whose 2.0 refuses a whole file for an option it dislikes (a time zone, a
//! comment that is not UTF-8, a missing end of options) and knows no time resolution.

mod captured;
mod classic;
mod container;
mod decode;
mod pcapng;
mod source;

use core::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

pub use captured::{Captured, Segment, Skipped};
pub use container::{LARGEST_PACKET, ReadError};
use container::{Raw, Stop};
pub use decode::{NoDatagram, datagram};
use source::Source;

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

#[cfg(test)]
mod tests;
