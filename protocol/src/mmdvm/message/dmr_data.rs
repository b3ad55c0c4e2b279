//! DMR_DATA (0x18 slot 1, 0x1A slot 2): one burst of 33 octets, in either direction.

use nom::Parser as _;
use nom::bytes::complete::take;
use nom::combinator::{map, opt};
use nom::number::complete::{be_u16, u8 as octet};

use super::MessageError;
use crate::air::Slot;
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::Frame;
use crate::mmdvm::kind;

/// What the modem's receiver took the burst for. A burst whose slot type could not be
/// corrected has a wrong type here: only the burst itself is evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Control {
    /// Zero: all that a host writes, for voice and data alike.
    None,
    /// Voice with sync: burst A.
    VoiceSync,
    /// Voice bursts B to F as 1 to 5.
    Voice(u8),
    /// Data sync and the data type, 0 to 15 (TS 102 361-1 table 6.1).
    Data(u8),
    /// From the idle receiver of a duplex modem, with the data type: somebody calls the
    /// repeater up.
    Idle(u8),
    /// Anything else.
    Other(u8),
}

impl From<u8> for Control {
    fn from(value: u8) -> Self {
        match value {
            0 => Self::None,
            0x20 => Self::VoiceSync,
            1..=5 => Self::Voice(value),
            0x40..=0x4F => Self::Data(value & 0x0F),
            0xC0..=0xCF => Self::Idle(value & 0x0F),
            other => Self::Other(other),
        }
    }
}

impl From<Control> for u8 {
    fn from(control: Control) -> Self {
        match control {
            Control::None => 0,
            Control::VoiceSync => 0x20,
            Control::Voice(place) => place,
            Control::Data(data_type) => 0x40 | data_type,
            Control::Idle(data_type) => 0xC0 | data_type,
            Control::Other(other) => other,
        }
    }
}

impl Control {
    fn meaning(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::VoiceSync => "voice sync",
            Self::Voice(_) => "voice",
            Self::Data(_) => "data sync",
            Self::Idle(_) => "data sync, idle receiver",
            Self::Other(_) => "unknown",
        }
    }
}

/// One burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DmrData {
    /// Its slot.
    pub slot: Slot,
    /// What the receiver took it for; [`Control::None`] from a host.
    pub control: Control,
    /// The burst: 264 bits, the first in the top bit of octet 0.
    pub burst: [u8; 33],
    /// Received signal strength, raw converter value, from modems that measure it.
    pub rssi: Option<u16>,
}

const NAME: &str = "DMR_DATA";

impl DmrData {
    /// A burst as a host writes it.
    #[must_use]
    pub const fn to_send(slot: Slot, burst: [u8; 33]) -> Self {
        Self {
            slot,
            control: Control::None,
            burst,
            rssi: None,
        }
    }

    /// Reads the data of a frame of this type: 34 octets, or 36 with signal strength.
    ///
    /// # Errors
    /// Any other length.
    pub fn decode(kind: u8, data: &[u8]) -> Result<Self, MessageError> {
        let error = || MessageError::length(NAME, data);
        let (rest, (control, octets, rssi)) = (
            map(octet::<_, ()>, Control::from),
            take(33usize),
            opt(be_u16),
        )
            .parse(data)
            .map_err(|_| error())?;
        if !rest.is_empty() {
            return Err(error());
        }
        let mut burst = [0; 33];
        burst.copy_from_slice(octets);
        let slot = if kind == kind::DMR_DATA1 {
            Slot::One
        } else {
            Slot::Two
        };
        Ok(Self {
            slot,
            control,
            burst,
            rssi,
        })
    }

    /// The frame.
    #[must_use]
    pub fn encode(&self) -> Frame {
        let kind = match self.slot {
            Slot::One => kind::DMR_DATA1,
            Slot::Two => kind::DMR_DATA2,
        };
        let mut long = [0; 36];
        long[0] = self.control.into();
        long[1..34].copy_from_slice(&self.burst);
        match self.rssi {
            Some(rssi) => {
                [long[34], long[35]] = rssi.to_be_bytes();
                Frame::fixed(kind, long)
            }
            None => {
                let mut short = [0; 34];
                short.copy_from_slice(&long[..34]);
                Frame::fixed(kind, short)
            }
        }
    }
}

impl Fields for DmrData {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("slot", self.slot.number(), 2));
        let meaning = self.control.meaning();
        out.push(Field::coded("control", u8::from(self.control), 8, meaning));
        if let Control::Data(data_type) | Control::Idle(data_type) = self.control {
            out.push(Field::number("data_type", data_type, 4));
        }
        out.push(Field::bytes("burst", self.burst.as_slice()));
        if let Some(rssi) = self.rssi {
            out.push(Field::number("rssi", rssi, 16));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mmdvm::message::{ToHost, ToModem};

    #[test]
    fn the_recorded_frame_is_a_voice_header_of_slot_2_with_signal_strength() {
        let bytes = hex::decode(
            "e0271a4111ef0c6c0eb01e983c306820046d5d7f77fd757e33fc0f1014f050c0208125814f0032",
        )
        .unwrap();
        let frame = Frame::new(bytes[2], bytes[3..].to_vec()).unwrap();
        let Ok(ToHost::DmrData(data)) = ToHost::decode(&frame) else {
            panic!("not DMR_DATA")
        };
        assert_eq!((data.slot, data.control), (Slot::Two, Control::Data(1)));
        assert_eq!(data.rssi, Some(0x32));
        assert_eq!(data.burst[..], bytes[4..37]);
        assert_eq!(data.encode().to_bytes(), bytes);
    }

    #[test]
    fn a_host_writes_control_zero() {
        let data = DmrData::to_send(Slot::One, [9; 33]);
        let bytes = data.encode().to_bytes();
        assert_eq!(bytes[..4], [0xE0, 0x25, 0x18, 0x00]);
        assert_eq!(bytes.len(), 37);
        let frame = data.encode();
        assert_eq!(ToModem::decode(&frame), Ok(ToModem::DmrData(data)));
    }

    #[test]
    fn the_wake_up_of_the_idle_receiver_is_told_apart() {
        assert_eq!(Control::from(0xC3), Control::Idle(3));
        for value in 0..=u8::MAX {
            assert_eq!(u8::from(Control::from(value)), value);
        }
    }

    proptest! {
        #[test]
        fn every_burst_comes_back(one: bool, control: u8, burst in prop::collection::vec(any::<u8>(), 33), rssi: Option<u16>) {
            let slot = if one { Slot::One } else { Slot::Two };
            let data = DmrData { slot, control: control.into(), burst: burst.try_into().unwrap(), rssi };
            let frame = data.encode();
            prop_assert_eq!(DmrData::decode(frame.kind(), frame.data()), Ok(data));
        }

        #[test]
        fn other_lengths_are_refused(data in prop::collection::vec(any::<u8>(), 0..60)) {
            let good = matches!(data.len(), 34 | 36);
            prop_assert_eq!(DmrData::decode(kind::DMR_DATA2, &data).is_ok(), good);
        }
    }
}
