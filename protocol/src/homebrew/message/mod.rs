//! The messages between a repeater (or a gateway in front of one) and a master.
//!
//! One datagram is one message. Four protocols share these prefixes, so who sent a
//! datagram decides how it is read: see [`Role`]. All integers are big-endian.

mod dialect;
mod dmra;
mod dmrd;
mod dmrg;
pub mod dmrt;
mod error;
mod mstcl;
mod mstnak;
mod mstpong;
mod named_id;
mod role;
mod rptack;
mod rptc;
mod rptcl;
mod rptg;
mod rptk;
mod rptl;
mod rpto;
mod rptping;
mod rptsbkn;
mod uuid;
mod wire;

pub use dialect::Dialect;
pub use dmra::Dmra;
pub use dmrd::{Dmrd, FrameType, Quality};
pub use dmrg::Dmrg;
pub use dmrt::Dmrt;
pub use error::MessageError;
pub use mstcl::Mstcl;
pub use mstnak::Mstnak;
pub use mstpong::Mstpong;
pub use role::Role;
pub use rptack::Rptack;
pub use rptc::{Rptc, Sent, Slots};
pub use rptcl::Rptcl;
pub use rptg::Rptg;
pub use rptk::Rptk;
pub use rptl::Rptl;
pub use rpto::Rpto;
pub use rptping::Rptping;
pub use rptsbkn::Rptsbkn;
pub use uuid::Uuid;

use bytes::Bytes;

use crate::dmr::fields::{Field, Fields};

/// Any message.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Log-in request.
    Rptl(Rptl),
    /// Log-in proof.
    Rptk(Rptk),
    /// Station configuration.
    Rptc(Box<Rptc>),
    /// Options.
    Rpto(Rpto),
    /// Keep-alive.
    Rptping(Rptping),
    /// Repeater closing.
    Rptcl(Rptcl),
    /// Home position.
    Rptg(Rptg),
    /// A burst.
    Dmrd(Dmrd),
    /// A block of talker alias.
    Dmra(Dmra),
    /// A talker's position.
    Dmrg(Dmrg),
    /// A log-in step is accepted.
    Rptack(Rptack),
    /// Refusal.
    Mstnak(Mstnak),
    /// Keep-alive answer.
    Mstpong(Mstpong),
    /// Master closing.
    Mstcl(Mstcl),
    /// Beacon request.
    Rptsbkn(Rptsbkn),
    /// A message of the trunking log-in.
    Dtc(Dtc),
    /// What trunked sites and the network tell each other.
    Dmrt(Dmrt),
}

impl Message {
    /// Reads a datagram that `sender` sent.
    ///
    /// # Errors
    /// This sender has no such message, or a field is missing or too long.
    pub fn decode(datagram: &[u8], sender: Role) -> Result<Self, MessageError> {
        match sender {
            Role::Client => Self::from_client(datagram),
            Role::Master => Self::from_master(datagram),
        }
    }

    fn from_client(datagram: &[u8]) -> Result<Self, MessageError> {
        match datagram {
            [b'D', b'M', b'R', b'D', ..] => Dmrd::decode(datagram).map(Self::Dmrd),
            [b'R', b'P', b'T', b'P', b'I', b'N', b'G', ..] => {
                Rptping::decode(datagram).map(Self::Rptping)
            }
            [b'R', b'P', b'T', b'P', b'O', b'N', b'G', ..] => Err(MessageError::Outdated),
            // The letter after RPTC is also the first byte of an id: the length decides.
            [b'R', b'P', b'T', b'C', b'L', ..] if datagram.len() != Rptc::LENGTH => {
                Rptcl::decode(datagram).map(Self::Rptcl)
            }
            [b'R', b'P', b'T', b'C', ..] => {
                Rptc::decode(datagram).map(|message| Self::Rptc(Box::new(message)))
            }
            [b'R', b'P', b'T', b'L', ..] => Rptl::decode(datagram).map(Self::Rptl),
            [b'R', b'P', b'T', b'K', ..] => Rptk::decode(datagram).map(Self::Rptk),
            [b'R', b'P', b'T', b'O', ..] => Rpto::decode(datagram).map(Self::Rpto),
            [b'R', b'P', b'T', b'G', ..] => Rptg::decode(datagram).map(Self::Rptg),
            [b'D', b'M', b'R', b'A', ..] => Dmra::decode(datagram).map(Self::Dmra),
            [b'D', b'M', b'R', b'G', ..] => Dmrg::decode(datagram).map(Self::Dmrg),
            [b'D', b'M', b'R', b'T', ..] => Dmrt::decode(datagram).map(Self::Dmrt),
            [b'D', b'T', b'C', ..] => Dtc::decode(datagram, Role::Client).map(Self::Dtc),
            _ => Err(MessageError::Unknown),
        }
    }

    fn from_master(datagram: &[u8]) -> Result<Self, MessageError> {
        match datagram {
            [b'D', b'M', b'R', b'D', ..] => Dmrd::decode(datagram).map(Self::Dmrd),
            [b'R', b'P', b'T', b'A', b'C', b'K', ..] => Rptack::decode(datagram).map(Self::Rptack),
            [b'M', b'S', b'T', b'P', b'O', b'N', b'G', ..] => {
                Mstpong::decode(datagram).map(Self::Mstpong)
            }
            [b'M', b'S', b'T', b'N', b'A', b'K', ..] => Mstnak::decode(datagram).map(Self::Mstnak),
            [b'M', b'S', b'T', b'C', b'L', ..] => Mstcl::decode(datagram).map(Self::Mstcl),
            [b'R', b'P', b'T', b'S', b'B', b'K', b'N', ..] => {
                Rptsbkn::decode(datagram).map(Self::Rptsbkn)
            }
            [b'D', b'M', b'R', b'T', ..] => Dmrt::decode(datagram).map(Self::Dmrt),
            [b'D', b'T', b'C', ..] => Dtc::decode(datagram, Role::Master).map(Self::Dtc),
            [b'M', b'S', b'T', b'A', b'C', b'K', ..]
            | [b'M', b'S', b'T', b'P', b'I', b'N', b'G', ..] => Err(MessageError::Outdated),
            _ => Err(MessageError::Unknown),
        }
    }

    /// The datagram to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Rptl(message) => message.encode(),
            Self::Rptk(message) => message.encode(),
            Self::Rptc(message) => message.encode(),
            Self::Rpto(message) => message.encode(),
            Self::Rptping(message) => message.encode(),
            Self::Rptcl(message) => message.encode(),
            Self::Rptg(message) => message.encode(),
            Self::Dmrd(message) => message.encode(),
            Self::Dmra(message) => message.encode(),
            Self::Dmrg(message) => message.encode(),
            Self::Rptack(message) => message.encode(),
            Self::Mstnak(message) => message.encode(),
            Self::Mstpong(message) => message.encode(),
            Self::Mstcl(message) => message.encode(),
            Self::Rptsbkn(message) => message.encode(),
            Self::Dtc(message) => message.encode(),
            Self::Dmrt(message) => message.encode(),
        }
    }

    fn shown(&self) -> &dyn Fields {
        match self {
            Self::Rptl(message) => message,
            Self::Rptk(message) => message,
            Self::Rptc(message) => message.as_ref(),
            Self::Rpto(message) => message,
            Self::Rptping(message) => message,
            Self::Rptcl(message) => message,
            Self::Rptg(message) => message,
            Self::Dmrd(message) => message,
            Self::Dmra(message) => message,
            Self::Dmrg(message) => message,
            Self::Rptack(message) => message,
            Self::Mstnak(message) => message,
            Self::Mstpong(message) => message,
            Self::Mstcl(message) => message,
            Self::Rptsbkn(message) => message,
            Self::Dtc(message) => message,
            Self::Dmrt(message) => message,
        }
    }
}

impl Fields for Message {
    fn name(&self) -> &'static str {
        self.shown().name()
    }

    fn fields(&self, out: &mut Vec<Field>) {
        self.shown().fields(out);
    }
}

/// A message of the trunking log-in.
#[derive(Debug, Clone, PartialEq)]
pub struct Dtc {
    pub(super) name: &'static str,
    pub(super) twin: Box<Message>,
}

impl Dtc {
    /// The bytes that all of them begin with.
    pub const NAME: &'static str = "DTC";

    /// Reads a datagram that `sender` sent.
    ///
    /// # Errors
    /// This sender has no such message, or its twin is malformed.
    pub fn decode(datagram: &[u8], sender: Role) -> Result<Self, MessageError> {
        let names: &[(&'static str, &str)] = match sender {
            Role::Client => &dialect::CLIENT,
            Role::Master => &dialect::MASTER,
        };
        let (name, twin, rest) = names
            .iter()
            .find_map(|&(name, twin)| Some((name, twin, datagram.strip_prefix(name.as_bytes())?)))
            .ok_or(MessageError::Unknown)?;
        let twin = Message::decode(&[twin.as_bytes(), rest].concat(), sender);
        let twin = Box::new(twin.map_err(|error| error.under(name))?);
        let name = match *twin {
            Message::Rptcl(_) => "DTCCL",
            _ => name,
        };
        Ok(Self { name, twin })
    }

    /// The message as the conventional protocol has it.
    #[must_use]
    pub fn into_twin(self) -> Message {
        *self.twin
    }

    /// The datagram to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        Dialect::Trunking.speak(self.twin.encode())
    }
}

impl Fields for Dtc {
    fn name(&self) -> &'static str {
        self.name
    }

    fn fields(&self, out: &mut Vec<Field>) {
        self.twin.fields(out);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_close_is_told_from_a_configuration_by_length() {
        assert_eq!(
            Message::decode(b"RPTCL\x00\x00\x00\x01", Role::Client),
            Ok(Message::Rptcl(Rptcl { id: 1 }))
        );
        let mut configuration = b"RPTCL\x00\x00\x01".to_vec();
        configuration.resize(Rptc::LENGTH, b' ');
        match Message::decode(&configuration, Role::Client) {
            Ok(Message::Rptc(message)) => assert_eq!(message.id, 0x4C00_0001),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_side_is_held_to_its_own_messages() {
        let pong = Mstpong { id: 7 }.encode();
        assert_eq!(
            Message::decode(&pong, Role::Client),
            Err(MessageError::Unknown)
        );
        assert_eq!(
            Message::decode(&pong, Role::guess(&pong)),
            Ok(Message::Mstpong(Mstpong { id: 7 }))
        );
        let login = Rptl { id: 7 }.encode();
        assert_eq!(
            Message::decode(&login, Role::Master),
            Err(MessageError::Unknown)
        );
        assert_eq!(Role::guess(&login), Role::Client);
    }

    #[test]
    fn the_predecessor_protocol_is_named() {
        assert_eq!(
            Message::decode(b"RPTPONG\x00\x00\x00\x01", Role::Client),
            Err(MessageError::Outdated)
        );
        assert_eq!(
            Message::decode(b"MSTPING\x00\x00\x00\x01", Role::Master),
            Err(MessageError::Outdated)
        );
    }

    const NAMES: [&str; 26] = [
        "RPTL", "RPTK", "RPTC", "RPTCL", "RPTO", "RPTPING", "RPTG", "DMRD", "DMRA", "DMRG",
        "RPTACK", "MSTNAK", "MSTPONG", "MSTCL", "RPTSBKN", "MSTACK", "", "DTCL", "DTCK", "DTCC",
        "DTCCL", "DTCPING", "DTCACK", "DTCNAK", "DTCPONG", "DMRT",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn whatever_is_read_is_written_and_read_again_the_same(
            name in proptest::sample::select(NAMES.as_slice()),
            length in prop_oneof![0..60usize, Just(294), Just(298), 0..1_100usize],
            seed in proptest::collection::vec(any::<u8>(), 1..64),
        ) {
            let mut datagram = name.as_bytes().to_vec();
            datagram.extend(seed.iter().cycle().take(length));
            for role in [Role::Client, Role::Master] {
                if let Ok(message) = Message::decode(&datagram, role) {
                    let again = Message::decode(&message.encode(), role).unwrap();
                    prop_assert_eq!(again.name(), message.name());
                    prop_assert_eq!(again.encode(), message.encode());
                    prop_assert_eq!(again.to_fields().len(), message.to_fields().len());
                }
            }
        }
    }
}
