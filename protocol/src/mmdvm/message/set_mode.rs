//! SET_MODE (0x03).

use super::{MessageError, Mode};
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::Frame;
use crate::mmdvm::kind;

/// Changes the operating mode; answered by ACK or NAK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetMode(pub Mode);

const NAME: &str = "SET_MODE";

impl SetMode {
    /// Reads the data of the frame.
    ///
    /// # Errors
    /// It is not one octet.
    pub fn decode(data: &[u8]) -> Result<Self, MessageError> {
        match *data {
            [mode] => Ok(Self(mode.into())),
            _ => Err(MessageError::length(NAME, data)),
        }
    }

    /// The frame.
    #[must_use]
    pub fn encode(self) -> Frame {
        Frame::fixed(kind::SET_MODE, [self.0.into()])
    }
}

impl Fields for SetMode {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::coded(
            "mode",
            u8::from(self.0),
            8,
            self.0.to_string(),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_is_one_octet() {
        assert_eq!(SetMode::decode(&[2]), Ok(SetMode(Mode::Dmr)));
        assert_eq!(
            SetMode(Mode::Dmr).encode().to_bytes().as_ref(),
            [0xE0, 4, 3, 2]
        );
        assert!(SetMode::decode(&[]).is_err());
    }
}
