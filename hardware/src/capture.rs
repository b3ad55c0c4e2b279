//! The record of what went over the wire.
//!
//! One format for everything: pcapng, with serial lines and TCP streams as RTAC serial
//! records (linktype 250) and datagrams as Ethernet frames made for the purpose (linktype
//! 1), so that any analyser opens it. [`CaptureRing`] writes it into a bounded directory,
//! [`export`](export::export) copies from it without the secrets,
//! [`file`](mod@file) writes whole recordings, and [`CaptureReader`](reader::CaptureReader) reads all
//! of it, as well as what sniffers write.

pub mod export;
pub mod file;
mod frame;
pub mod reader;
mod ring;
mod route;
mod writer;

pub use ring::{CaptureConfig, CaptureError, CaptureRing, CaptureStatus, Tap};
pub use route::Routes;

/// Linktype of Ethernet frames.
pub(crate) const ETHERNET: u32 = 1;
/// Linktype of RTAC serial records.
pub(crate) const RTAC_SERIAL: u32 = 250;

/// Which way bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Received by us.
    Inbound,
    /// Sent by us.
    Outbound,
}

/// What an RTAC serial record tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SerialEvent {
    /// A control line changed.
    StatusChange,
    /// Bytes sent.
    Sent,
    /// Bytes received.
    Received,
    /// The end of a transmission.
    SentEnd,
    /// The end of a reception.
    ReceivedEnd,
    /// The recorder could not keep up here.
    CaptureDataLost,
    /// The recording ends.
    CaptureComplete,
    /// A character without stop bit.
    FramingError,
    /// A character with the wrong parity.
    ParityError,
    /// The line was held in break.
    Break,
    /// The receiver overran.
    Overflow,
    /// Any other number.
    Other(u8),
}

impl SerialEvent {
    /// The event with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::StatusChange,
            1 => Self::Sent,
            2 => Self::Received,
            3 => Self::SentEnd,
            4 => Self::ReceivedEnd,
            5 => Self::CaptureDataLost,
            6 => Self::CaptureComplete,
            7 => Self::FramingError,
            8 => Self::ParityError,
            9 => Self::Break,
            10 => Self::Overflow,
            other => Self::Other(other),
        }
    }

    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::StatusChange => 0,
            Self::Sent => 1,
            Self::Received => 2,
            Self::SentEnd => 3,
            Self::ReceivedEnd => 4,
            Self::CaptureDataLost => 5,
            Self::CaptureComplete => 6,
            Self::FramingError => 7,
            Self::ParityError => 8,
            Self::Break => 9,
            Self::Overflow => 10,
            Self::Other(number) => number,
        }
    }

    /// Bytes that go this way.
    #[must_use]
    pub const fn of(direction: Direction) -> Self {
        match direction {
            Direction::Inbound => Self::Received,
            Direction::Outbound => Self::Sent,
        }
    }

    /// The direction it implies.
    #[must_use]
    pub const fn direction(self) -> Option<Direction> {
        match self {
            Self::Sent | Self::SentEnd => Some(Direction::Outbound),
            Self::Received | Self::ReceivedEnd => Some(Direction::Inbound),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_serial_event_number_survives() {
        for number in 0..=255 {
            assert_eq!(SerialEvent::from_number(number).number(), number);
        }
    }
}
