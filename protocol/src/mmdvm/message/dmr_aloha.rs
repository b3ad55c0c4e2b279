//! DMR_ALOHA (0x17; 0x14 in MMDVM-SDR): the C_ALOHA of a Tier III control slot.

use super::MessageError;
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::Frame;
use crate::mmdvm::kind;

/// Which number the message has; two firmwares chose differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum AlohaNumber {
    /// 0x17, as in MMDVM.
    #[default]
    Mmdvm,
    /// 0x14, as in MMDVM-SDR's trunking variant.
    MmdvmSdr,
}

/// A burst that holds a C_ALOHA. The modem stamps its own colour code on it and repeats
/// it on the control slot whenever that slot's queue is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DmrAloha {
    /// The message's number.
    pub number: AlohaNumber,
    /// The burst.
    pub burst: [u8; 33],
}

const NAME: &str = "DMR_ALOHA";

impl DmrAloha {
    /// Reads the data of a frame of this type.
    ///
    /// # Errors
    /// It is not 33 octets.
    pub fn decode(kind: u8, data: &[u8]) -> Result<Self, MessageError> {
        let number = if kind == kind::DMR_ALOHA_SDR {
            AlohaNumber::MmdvmSdr
        } else {
            AlohaNumber::Mmdvm
        };
        let burst = data
            .try_into()
            .map_err(|_| MessageError::length(NAME, data))?;
        Ok(Self { number, burst })
    }

    /// The frame.
    #[must_use]
    pub fn encode(&self) -> Frame {
        let kind = match self.number {
            AlohaNumber::Mmdvm => kind::DMR_ALOHA,
            AlohaNumber::MmdvmSdr => kind::DMR_ALOHA_SDR,
        };
        Frame::fixed(kind, self.burst)
    }
}

impl Fields for DmrAloha {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::bytes("burst", self.burst.as_slice()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_numbers_carry_33_octets() {
        for (number, kind) in [(AlohaNumber::Mmdvm, 0x17), (AlohaNumber::MmdvmSdr, 0x14)] {
            let aloha = DmrAloha {
                number,
                burst: [3; 33],
            };
            let frame = aloha.encode();
            assert_eq!((frame.kind(), frame.total()), (kind, 36));
            assert_eq!(DmrAloha::decode(kind, frame.data()), Ok(aloha));
        }
        assert!(DmrAloha::decode(0x17, &[0; 34]).is_err());
    }
}
