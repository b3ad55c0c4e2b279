//! SERIAL_DATA (0x80): octets of a device attached to the modem.

use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::{Frame, TooLong};
use crate::mmdvm::kind;

/// Octets to or from the attached device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialData(pub Vec<u8>);

impl SerialData {
    pub(super) fn decode(data: &[u8]) -> Self {
        Self(data.to_vec())
    }

    /// The frame.
    ///
    /// # Errors
    /// There are too many octets for one frame.
    pub fn encode(&self) -> Result<Frame, TooLong> {
        Frame::new(kind::SERIAL_DATA, self.0.clone())
    }
}

impl Fields for SerialData {
    fn name(&self) -> &'static str {
        "SERIAL_DATA"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::bytes("data", self.0.as_slice()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_pass_unchanged_up_to_a_frame() {
        let data = SerialData(vec![0xE0, 0, 1]);
        let frame = data.encode().unwrap();
        assert_eq!(SerialData::decode(frame.data()), data);
        assert!(SerialData(vec![0; 600]).encode().is_err());
    }
}
