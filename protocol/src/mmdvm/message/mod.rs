//! The messages inside the frames, one file each, decode beside encode.
//!
//! [`ToModem`] and [`ToHost`] cover everything a legal frame can hold; what has no type
//! of its own stays an `Other` frame and encodes back to the same octets.

use super::frame::{Frame, TooLong};
use super::kind;
use crate::dmr::fields::{Field, Fields};

mod ack;
mod debug;
mod dmr_abort;
mod dmr_aloha;
mod dmr_data;
mod dmr_lost;
mod dmr_shortlc;
mod dmr_start;
mod error;
mod mode;
mod modes;
mod nak;
mod pocsag_data;
mod serial_data;
mod set_config;
mod set_freq;
mod set_mode;
mod status;
mod version;

pub use ack::Ack;
pub use debug::Debug;
pub use dmr_abort::DmrAbort;
pub use dmr_aloha::{AlohaNumber, DmrAloha};
pub use dmr_data::{Control, DmrData};
pub use dmr_lost::DmrLost;
pub use dmr_shortlc::DmrShortLc;
pub use dmr_start::DmrStart;
pub use error::MessageError;
pub use mode::Mode;
pub use modes::Modes;
pub use nak::{Nak, Reason};
pub use pocsag_data::PocsagData;
pub use serial_data::SerialData;
pub use set_config::{Levels, SetConfig, flag as config_flag, level};
pub use set_freq::{Further, SetFreq};
pub use set_mode::SetMode;
pub use status::{Flags, Spaces, Status};
pub use version::{Cpu, Protocol, Version};

/// What a host writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToModem {
    /// Asks for the version.
    GetVersion,
    /// Asks for the status.
    GetStatus,
    /// Levels, modes, colour code.
    SetConfig(SetConfig),
    /// Changes the operating mode.
    SetMode(SetMode),
    /// Frequencies.
    SetFreq(SetFreq),
    /// A DMR burst to send.
    DmrData(DmrData),
    /// Keys or unkeys.
    DmrStart(DmrStart),
    /// Drops a slot's queue.
    DmrAbort(DmrAbort),
    /// Short link control.
    DmrShortLc(DmrShortLc),
    /// The C_ALOHA to repeat.
    DmrAloha(DmrAloha),
    /// A POCSAG batch.
    PocsagData(PocsagData),
    /// For an attached serial device.
    SerialData(SerialData),
    /// Anything else.
    Other(Frame),
}

impl ToModem {
    /// Reads a frame written by a host.
    ///
    /// # Errors
    /// The data does not have the message's form.
    pub fn decode(frame: &Frame) -> Result<Self, MessageError> {
        let data = frame.data();
        Ok(match frame.kind() {
            kind::GET_VERSION if data.is_empty() => Self::GetVersion,
            kind::GET_STATUS if data.is_empty() => Self::GetStatus,
            kind::SET_CONFIG => Self::SetConfig(SetConfig::decode(data)?),
            kind::SET_MODE => Self::SetMode(SetMode::decode(data)?),
            kind::SET_FREQ => Self::SetFreq(SetFreq::decode(data)?),
            kind @ (kind::DMR_DATA1 | kind::DMR_DATA2) => {
                Self::DmrData(DmrData::decode(kind, data)?)
            }
            kind::DMR_START => Self::DmrStart(DmrStart::decode(data)?),
            kind::DMR_ABORT => Self::DmrAbort(DmrAbort::decode(data)?),
            kind::DMR_SHORTLC => Self::DmrShortLc(DmrShortLc::decode(data)?),
            kind @ (kind::DMR_ALOHA | kind::DMR_ALOHA_SDR) => {
                Self::DmrAloha(DmrAloha::decode(kind, data)?)
            }
            kind::POCSAG_DATA => Self::PocsagData(PocsagData::decode(data)?),
            kind::SERIAL_DATA => Self::SerialData(SerialData::decode(data)),
            _ => Self::Other(frame.clone()),
        })
    }

    /// The frame to write; `protocol` decides the form of [`SetConfig`].
    ///
    /// # Errors
    /// Octets of variable length do not fit a frame.
    pub fn encode(&self, protocol: Protocol) -> Result<Frame, TooLong> {
        Ok(match self {
            Self::GetVersion => Frame::fixed(kind::GET_VERSION, []),
            Self::GetStatus => Frame::fixed(kind::GET_STATUS, []),
            Self::SetConfig(config) => config.encode(protocol),
            Self::SetMode(mode) => mode.encode(),
            Self::SetFreq(freq) => freq.encode(),
            Self::DmrData(data) => data.encode(),
            Self::DmrStart(start) => start.encode(),
            Self::DmrAbort(abort) => abort.encode(),
            Self::DmrShortLc(lc) => lc.encode(),
            Self::DmrAloha(aloha) => aloha.encode(),
            Self::PocsagData(batch) => batch.encode(),
            Self::SerialData(data) => data.encode()?,
            Self::Other(frame) => frame.clone(),
        })
    }

    fn inner(&self) -> Option<&dyn Fields> {
        match self {
            Self::SetConfig(inner) => Some(inner),
            Self::SetMode(inner) => Some(inner),
            Self::SetFreq(inner) => Some(inner),
            Self::DmrData(inner) => Some(inner),
            Self::DmrStart(inner) => Some(inner),
            Self::DmrAbort(inner) => Some(inner),
            Self::DmrShortLc(inner) => Some(inner),
            Self::DmrAloha(inner) => Some(inner),
            Self::PocsagData(inner) => Some(inner),
            Self::SerialData(inner) => Some(inner),
            Self::GetVersion | Self::GetStatus | Self::Other(_) => None,
        }
    }
}

impl Fields for ToModem {
    fn name(&self) -> &'static str {
        match (self, self.inner()) {
            (_, Some(inner)) => inner.name(),
            (Self::GetVersion, _) => "GET_VERSION",
            (Self::GetStatus, _) => "GET_STATUS",
            _ => "OTHER",
        }
    }

    fn fields(&self, out: &mut Vec<Field>) {
        match (self, self.inner()) {
            (_, Some(inner)) => inner.fields(out),
            (Self::Other(frame), _) => other_fields(frame, out),
            _ => {}
        }
    }
}

/// What a modem writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToHost {
    /// What it is.
    Version(Version),
    /// How it is.
    Status(Status),
    /// A DMR burst received.
    DmrData(DmrData),
    /// Signal lost.
    DmrLost(DmrLost),
    /// Carried out.
    Ack(Ack),
    /// Refused.
    Nak(Nak),
    /// From an attached serial device.
    SerialData(SerialData),
    /// For the log.
    Debug(Debug),
    /// Anything else.
    Other(Frame),
}

impl ToHost {
    /// Reads a frame written by a modem. The forms of the two protocol versions are told
    /// apart by their length.
    ///
    /// # Errors
    /// The data does not have the message's form.
    pub fn decode(frame: &Frame) -> Result<Self, MessageError> {
        let data = frame.data();
        Ok(match frame.kind() {
            kind::GET_VERSION => Self::Version(Version::decode(data)?),
            kind::GET_STATUS => Self::Status(Status::decode(data)?),
            kind @ (kind::DMR_DATA1 | kind::DMR_DATA2) => {
                Self::DmrData(DmrData::decode(kind, data)?)
            }
            kind @ (kind::DMR_LOST1 | kind::DMR_LOST2) if data.is_empty() => {
                Self::DmrLost(DmrLost::decode(kind))
            }
            kind::ACK => Self::Ack(Ack::decode(data)?),
            kind::NAK => Self::Nak(Nak::decode(data)?),
            kind::SERIAL_DATA => Self::SerialData(SerialData::decode(data)),
            kind @ kind::DEBUG1..=kind::DEBUG5 => Self::Debug(Debug::decode(kind, data)?),
            _ => Self::Other(frame.clone()),
        })
    }

    /// The frame to write.
    ///
    /// # Errors
    /// Octets or text of variable length do not fit a frame.
    pub fn encode(&self) -> Result<Frame, TooLong> {
        Ok(match self {
            Self::Version(version) => version.encode()?,
            Self::Status(status) => status.encode(),
            Self::DmrData(data) => data.encode(),
            Self::DmrLost(lost) => lost.encode(),
            Self::Ack(ack) => ack.encode(),
            Self::Nak(nak) => nak.encode(),
            Self::SerialData(data) => data.encode()?,
            Self::Debug(debug) => debug.encode()?,
            Self::Other(frame) => frame.clone(),
        })
    }

    fn inner(&self) -> Option<&dyn Fields> {
        match self {
            Self::Version(inner) => Some(inner),
            Self::Status(inner) => Some(inner),
            Self::DmrData(inner) => Some(inner),
            Self::DmrLost(inner) => Some(inner),
            Self::Ack(inner) => Some(inner),
            Self::Nak(inner) => Some(inner),
            Self::SerialData(inner) => Some(inner),
            Self::Debug(inner) => Some(inner),
            Self::Other(_) => None,
        }
    }
}

impl Fields for ToHost {
    fn name(&self) -> &'static str {
        self.inner().map_or("OTHER", Fields::name)
    }

    fn fields(&self, out: &mut Vec<Field>) {
        match (self, self.inner()) {
            (_, Some(inner)) => inner.fields(out),
            (Self::Other(frame), _) => other_fields(frame, out),
            _ => {}
        }
    }
}

fn other_fields(frame: &Frame, out: &mut Vec<Field>) {
    out.push(Field::number("type", frame.kind(), 8));
    out.push(Field::bytes("data", frame.data()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_frame_is_refused_or_decodes_to_something_that_encodes_stably(
            kind in prop_oneof![0u8..5, 0x10u8..0x20, Just(0x50u8), Just(0x70), Just(0x7F), 0x80u8..0x92, 0xF0u8.., any::<u8>()],
            data in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..20),
                prop::collection::vec(any::<u8>(), 23..=23),
                prop::collection::vec(any::<u8>(), 33..=37),
                prop::collection::vec(any::<u8>(), 68..=68),
                prop::collection::vec(any::<u8>(), 0..=506),
            ],
        ) {
            let frame = Frame::new(kind, data).unwrap();
            if let Ok(message) = ToHost::decode(&frame) {
                message.to_fields();
                let again = message.encode().unwrap();
                prop_assert_eq!(ToHost::decode(&again), Ok(message));
            }
            if let Ok(message) = ToModem::decode(&frame) {
                message.to_fields();
                let protocol = if frame.data().len() == 23 { Protocol::V1 } else { Protocol::V2 };
                let again = message.encode(protocol).unwrap();
                prop_assert_eq!(ToModem::decode(&again), Ok(message));
            }
        }
    }
}
