//! NAK (0x7F).

use core::fmt;

use super::MessageError;
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::Frame;
use crate::mmdvm::kind;

/// Why a modem refused a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The firmware does not know the command.
    UnknownCommand,
    /// The mode is not enabled, or another one is active.
    WrongMode,
    /// A length or parameter is wrong.
    BadParameter,
    /// The buffer is full.
    BufferFull,
    /// Anything else.
    Other(u8),
}

impl From<u8> for Reason {
    fn from(value: u8) -> Self {
        match value {
            1 => Self::UnknownCommand,
            2 => Self::WrongMode,
            4 => Self::BadParameter,
            5 => Self::BufferFull,
            other => Self::Other(other),
        }
    }
}

impl From<Reason> for u8 {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::UnknownCommand => 1,
            Reason::WrongMode => 2,
            Reason::BadParameter => 4,
            Reason::BufferFull => 5,
            Reason::Other(other) => other,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownCommand => "unknown command",
            Self::WrongMode => "mode not enabled or another one active",
            Self::BadParameter => "bad length or parameter",
            Self::BufferFull => "buffer full",
            Self::Other(_) => "unknown reason",
        })
    }
}

/// A command was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nak {
    /// The command's type octet.
    pub command: u8,
    /// Why.
    pub reason: Reason,
}

const NAME: &str = "NAK";

impl Nak {
    /// Reads the data of the frame.
    ///
    /// # Errors
    /// It is not two octets.
    pub fn decode(data: &[u8]) -> Result<Self, MessageError> {
        match *data {
            [command, reason] => Ok(Self {
                command,
                reason: reason.into(),
            }),
            _ => Err(MessageError::length(NAME, data)),
        }
    }

    /// The frame.
    #[must_use]
    pub fn encode(self) -> Frame {
        Frame::fixed(kind::NAK, [self.command, self.reason.into()])
    }
}

impl Fields for Nak {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("command", self.command, 8));
        let meaning = self.reason.to_string();
        out.push(Field::coded("reason", u8::from(self.reason), 8, meaning));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_refusal_is_d_star_data_into_a_full_buffer() {
        let nak = Nak::decode(&[0x11, 0x05]).unwrap();
        assert_eq!((nak.command, nak.reason), (0x11, Reason::BufferFull));
        assert_eq!(
            nak.encode().to_bytes().as_ref(),
            [0xE0, 0x05, 0x7F, 0x11, 0x05]
        );
    }

    #[test]
    fn every_reason_comes_back() {
        for value in 0..=u8::MAX {
            assert_eq!(u8::from(Reason::from(value)), value);
        }
    }
}
