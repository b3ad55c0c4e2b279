//! What both container formats have in common.

use std::io;

use jiff::Timestamp;

use super::super::Direction;

/// Longest packet that is taken: 64 KiB of payload and its headers.
pub const LARGEST_PACKET: u32 = 65_536 + 128;

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
pub(super) struct Raw {
    pub(super) at: Timestamp,
    pub(super) interface: String,
    pub(super) description: Option<String>,
    pub(super) linktype: u16,
    pub(super) direction: Option<Direction>,
    pub(super) comment: Option<String>,
    /// The packet was longer on the wire.
    pub(super) cut: bool,
    pub(super) data: Vec<u8>,
}

/// Why reading stops.
#[derive(Debug)]
pub(super) enum Stop {
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
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// Takes a number off the front.
    pub(super) fn take_u16(self, bytes: &mut &[u8]) -> Option<u16> {
        let (first, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(self.u16(*first))
    }

    /// Takes a number off the front.
    pub(super) fn take_u32(self, bytes: &mut &[u8]) -> Option<u32> {
        let (first, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(self.u32(*first))
    }
}

/// Captured and original length of a packet, checked against each other and our limit.
pub(super) fn check_lengths(captured: u32, original: u32, offset: u64) -> Result<(), ReadError> {
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
