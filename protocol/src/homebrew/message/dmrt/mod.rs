//! DMRT: what trunked sites and the network tell each other beside the bursts (Homebrew DMR
//! trunking protocol 0.6).
//!
//! Addresses have 24 bits, most significant octet first; timestamps 64 bits, least
//! significant first; a UUID stands as it is written. No message is longer than 255 bytes.

mod answer;
mod call_setup;
mod confirmation;
mod deregistration;
mod groups;
mod internal;
mod opcode;
mod registration;
mod status;
mod udt_transfer;
mod wire;

pub use answer::Answer;
pub use call_setup::CallSetup;
pub use confirmation::RegistrationConfirmation;
pub use deregistration::Deregistration;
pub use groups::Groups;
pub use internal::ChannelCommand;
pub use opcode::Way;
pub use registration::Registration;
pub use status::Status;
pub use udt_transfer::UdtTransfer;

use bytes::Bytes;

use self::opcode as op;
use super::{MessageError, Uuid};
use crate::dmr::fields::{Field, Fields};

/// Any trunking message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dmrt {
    /// Radios have registered with a site.
    Registration(Registration),
    /// Which of them the network takes.
    RegistrationConfirmation(RegistrationConfirmation),
    /// Radios have left, or are served elsewhere.
    Deregistration(Deregistration),
    /// A site wants these talkgroups; or which it gets.
    Subscribe(Groups),
    /// A site wants them no more; or the confirmation.
    Unsubscribe(Groups),
    /// Short data.
    UdtTransfer(UdtTransfer),
    /// A transfer was taken.
    UdtAccept(Answer),
    /// A private call is asked for.
    CallSetup(CallSetup),
    /// It may begin.
    CallAccept(Answer),
    /// It will not take place.
    CallReject(Answer),
    /// A status value.
    Status(Status),
    /// Internal: a channel or reverse-channel command.
    Channel(ChannelCommand),
    /// Internal: the gateway has logged in to the master.
    MasterLoggedIn,
    /// Internal: the link to the master is closed.
    MasterClosed,
    /// Any other.
    Other {
        /// What it would be.
        opcode: u8,
        /// What follows.
        octets: Vec<u8>,
    },
}

impl Dmrt {
    /// The bytes it begins with.
    pub const NAME: &'static str = wire::NAME;

    /// Reads a datagram.
    ///
    /// # Errors
    /// It has no opcode, or a known message is cut short, too long, or has an impossible
    /// count.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let (opcode, octets) = match datagram {
            [b'D', b'M', b'R', b'T', opcode, octets @ ..] => (*opcode, octets),
            _ => {
                return Err(MessageError::Cut {
                    message: Self::NAME,
                    field: "opcode",
                    length: datagram.len(),
                });
            }
        };
        let other = Self::Other {
            opcode,
            octets: octets.to_vec(),
        };
        if op::is_internal(opcode) {
            return match (opcode, octets) {
                (op::MASTER_LOGGED_IN, []) => Ok(Self::MasterLoggedIn),
                (op::MASTER_CLOSED, []) => Ok(Self::MasterClosed),
                (op::CHANNEL, _) => ChannelCommand::decode(datagram).map(Self::Channel),
                (command, _) if op::REVERSE_CHANNEL.contains(&command) => {
                    ChannelCommand::decode(datagram).map(Self::Channel)
                }
                _ => Ok(other),
            };
        }
        match (op::operation(opcode), Way::of(opcode)) {
            (op::REGISTRATION, Way::ToNetwork) => {
                Registration::decode(datagram).map(Self::Registration)
            }
            (op::REGISTRATION, Way::FromNetwork) => {
                RegistrationConfirmation::decode(datagram).map(Self::RegistrationConfirmation)
            }
            (op::DEREGISTRATION, _) => Deregistration::decode(datagram).map(Self::Deregistration),
            (op::SUBSCRIBE, _) => Groups::decode(datagram).map(Self::Subscribe),
            (op::UNSUBSCRIBE, _) => Groups::decode(datagram).map(Self::Unsubscribe),
            (op::UDT_TRANSFER, _) => UdtTransfer::decode(datagram).map(Self::UdtTransfer),
            (op::UDT_ACCEPT, _) => Answer::decode(datagram).map(Self::UdtAccept),
            (op::CALL_SETUP, _) => CallSetup::decode(datagram).map(Self::CallSetup),
            (op::CALL_ACCEPT, _) => Answer::decode(datagram).map(Self::CallAccept),
            (op::CALL_REJECT, _) => Answer::decode(datagram).map(Self::CallReject),
            (op::STATUS, _) => Status::decode(datagram).map(Self::Status),
            _ => Ok(other),
        }
    }

    /// The bytes to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Registration(message) => message.encode(),
            Self::RegistrationConfirmation(message) => message.encode(),
            Self::Deregistration(message) => message.encode(),
            Self::Subscribe(message) => message.encode(op::SUBSCRIBE),
            Self::Unsubscribe(message) => message.encode(op::UNSUBSCRIBE),
            Self::UdtTransfer(message) => message.encode(),
            Self::UdtAccept(message) => message.encode(op::UDT_ACCEPT),
            Self::CallSetup(message) => message.encode(),
            Self::CallAccept(message) => message.encode(op::CALL_ACCEPT),
            Self::CallReject(message) => message.encode(op::CALL_REJECT),
            Self::Status(message) => message.encode(),
            Self::Channel(message) => message.encode(),
            Self::MasterLoggedIn => wire::opaque(op::MASTER_LOGGED_IN, &[]),
            Self::MasterClosed => wire::opaque(op::MASTER_CLOSED, &[]),
            Self::Other { opcode, octets } => wire::opaque(*opcode, octets),
        }
    }

    /// Operation, in words.
    const fn operation(&self) -> &'static str {
        match self {
            Self::Registration(_) => "registration",
            Self::RegistrationConfirmation(_) => "registration confirmation",
            Self::Deregistration(_) => "de-registration",
            Self::Subscribe(_) => "group subscribe",
            Self::Unsubscribe(_) => "group unsubscribe",
            Self::UdtTransfer(_) => "UDT transfer",
            Self::UdtAccept(_) => "UDT accept",
            Self::CallSetup(_) => "private call setup",
            Self::CallAccept(_) => "private call accept",
            Self::CallReject(_) => "private call reject",
            Self::Status(_) => "status",
            Self::Channel(message) => message.words(),
            Self::MasterLoggedIn => "master login done",
            Self::MasterClosed => "master closed",
            Self::Other { .. } => "unknown",
        }
    }

    /// The octet after the name.
    #[must_use]
    pub fn opcode(&self) -> u8 {
        self.encode().get(4).copied().unwrap_or_default()
    }
}

impl Fields for Dmrt {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        let opcode = self.opcode();
        let way = if op::is_internal(opcode) {
            "within the site"
        } else {
            Way::of(opcode).words()
        };
        out.push(Field::coded(
            "opcode",
            opcode,
            8,
            format!("{}, {way}", self.operation()),
        ));
        match self {
            Self::Registration(message) => message.fields(out),
            Self::RegistrationConfirmation(message) => message.fields(out),
            Self::Deregistration(message) => message.fields(out),
            Self::Subscribe(message) | Self::Unsubscribe(message) => message.fields(out),
            Self::UdtTransfer(message) => message.fields(out),
            Self::UdtAccept(message) | Self::CallAccept(message) | Self::CallReject(message) => {
                message.fields(out);
            }
            Self::CallSetup(message) => message.fields(out),
            Self::Status(message) => message.fields(out),
            Self::Channel(message) => message.fields(out),
            Self::MasterLoggedIn | Self::MasterClosed => {}
            Self::Other { octets, .. } => out.push(Field::bytes("octets", octets.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn samples() -> Vec<Vec<u8>> {
        let uuid = b"0123456789abcdef".as_slice();
        let tail = |head: &[u8], rest: &[u8]| [head, uuid, rest].concat();
        let parties = b"\x23\x38\x3b\x98\x96\x81";
        vec![
            b"DMRT\x01\0\0\0\0\0\0\0\0\x01\0\0\x01".to_vec(),
            b"DMRT\x41\0\0\0\0\0\0\0\0\x01\x01\0\0\x01".to_vec(),
            b"DMRT\x02\0\0\0\0\0\0\0\0\x01\0\0\x01".to_vec(),
            b"DMRT\x03\x01\0\0\x09".to_vec(),
            b"DMRT\x44\x01\0\0\x09".to_vec(),
            tail(b"DMRT\x45", b"\x44\x02\x23\x38\x3b\x98\x96\x81ok"),
            tail(b"DMRT\x06", parties),
            tail(b"DMRT\x07", b"\x00\x23\x38\x3b\x98\x96\x81"),
            tail(b"DMRT\x08", parties),
            tail(b"DMRT\x49", parties),
            tail(b"DMRT\x0a", b"\x05\x23\x38\x3b\x98\x96\x81"),
            b"DMRT\x81\x81\0\0".to_vec(),
            b"DMRT\x84\0\0\0".to_vec(),
            b"DMRT\xc1".to_vec(),
            b"DMRT\xc2".to_vec(),
            b"DMRT\x3fwhat".to_vec(),
        ]
    }

    #[test]
    fn every_sample_is_read_and_written_the_same_and_every_truncation_survived() {
        let mut seen = std::collections::BTreeSet::new();
        for datagram in samples() {
            let message = Dmrt::decode(&datagram).unwrap();
            assert_eq!(message.encode(), datagram, "{message:?}");
            assert!(seen.insert(message.operation()), "{message:?}");
            for length in 0..datagram.len() {
                let cut = Dmrt::decode(&datagram[..length]);
                let known = !matches!(message, Dmrt::Other { .. });
                assert!(cut.is_err() || length >= 5 && !known, "{cut:?}");
            }
        }
    }

    #[test]
    fn the_operation_is_said_in_words() {
        let shown = |datagram: &[u8]| {
            let fields = Dmrt::decode(datagram).unwrap().to_fields();
            fields.first().unwrap().value.to_string()
        };
        assert_eq!(
            shown(b"DMRT\x44\x01\0\0\x09"),
            "44h group unsubscribe, from the network"
        );
        assert_eq!(shown(b"DMRT\xc1"), "C1h master login done, within the site");
        assert_eq!(shown(b"DMRT\x3f"), "3Fh unknown, to the network");
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_and_read_again_the_same(
            opcode: u8,
            octets in prop::collection::vec(any::<u8>(), 0..251),
        ) {
            let datagram = [b"DMRT".as_slice(), &[opcode], &octets].concat();
            if let Ok(message) = Dmrt::decode(&datagram) {
                prop_assert!(!message.to_fields().is_empty());
                prop_assert_eq!(Dmrt::decode(&message.encode()), Ok(message));
            }
        }

        #[test]
        fn samples_with_lying_counts_never_panic(
            sample in 0..16_usize,
            place in 4..30_usize,
            octet: u8,
        ) {
            let mut datagram = samples()[sample].clone();
            if let Some(changed) = datagram.get_mut(place) {
                *changed = octet;
            }
            if let Ok(message) = Dmrt::decode(&datagram) {
                prop_assert!(message.encode().len() <= 255);
            }
        }
    }
}
