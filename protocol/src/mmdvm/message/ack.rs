//! ACK (0x70).

use super::MessageError;
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::Frame;
use crate::mmdvm::kind;

/// A command was carried out. Only SET_CONFIG, SET_MODE, SET_FREQ, calibration and FM
/// parameters are acknowledged: for data, silence says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The command's type octet.
    pub command: u8,
}

const NAME: &str = "ACK";

impl Ack {
    /// Reads the data of the frame.
    ///
    /// # Errors
    /// It is not one octet.
    pub fn decode(data: &[u8]) -> Result<Self, MessageError> {
        match *data {
            [command] => Ok(Self { command }),
            _ => Err(MessageError::length(NAME, data)),
        }
    }

    /// The frame.
    #[must_use]
    pub fn encode(self) -> Frame {
        Frame::fixed(kind::ACK, [self.command])
    }
}

impl Fields for Ack {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("command", self.command, 8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_the_command() {
        let ack = Ack { command: 2 };
        assert_eq!(ack.encode().to_bytes().as_ref(), [0xE0, 4, 0x70, 2]);
        assert_eq!(Ack::decode(&[2]), Ok(ack));
        assert!(Ack::decode(&[]).is_err());
    }
}
