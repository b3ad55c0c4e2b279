//! All PDUs between a gateway and a service provider.

use bytes::{Bytes, BytesMut};

use super::active_test::ActiveTestResp;
use super::connect::Connect;
use super::connect_resp::ConnectResp;
use super::deliver::Deliver;
use super::deliver_resp::DeliverResp;
use super::header::{Command, Header, OCTETS};
use super::submit::Submit;
use super::submit_resp::SubmitResp;
use super::{PduError, Version, terminate};

/// What a PDU says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pdu {
    /// Asks to be let in.
    Connect(Connect),
    /// Let in or not.
    ConnectResp(ConnectResp),
    /// The connection is going to be closed.
    Terminate,
    /// It may be closed.
    TerminateResp,
    /// A message from us.
    Submit(Box<Submit>),
    /// Taken or not.
    SubmitResp(SubmitResp),
    /// A message or report for us.
    Deliver(Box<Deliver>),
    /// Taken or not.
    DeliverResp(DeliverResp),
    /// Asks whether the other end is there.
    ActiveTest,
    /// It is.
    ActiveTestResp(ActiveTestResp),
}

impl Pdu {
    /// The command in its header.
    #[must_use]
    pub const fn command(&self) -> Command {
        match self {
            Self::Connect(_) => Command::CONNECT,
            Self::ConnectResp(_) => Command::CONNECT.response(),
            Self::Terminate => Command::TERMINATE,
            Self::TerminateResp => Command::TERMINATE.response(),
            Self::Submit(_) => Command::SUBMIT,
            Self::SubmitResp(_) => Command::SUBMIT.response(),
            Self::Deliver(_) => Command::DELIVER,
            Self::DeliverResp(_) => Command::DELIVER.response(),
            Self::ActiveTest => Command::ACTIVE_TEST,
            Self::ActiveTestResp(_) => Command::ACTIVE_TEST.response(),
        }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// The command is unknown, or the body is not what it should be.
    pub fn decode(version: Version, command: Command, body: &[u8]) -> Result<Self, PduError> {
        const CONNECT_RESP: Command = Command::CONNECT.response();
        const TERMINATE_RESP: Command = Command::TERMINATE.response();
        const SUBMIT_RESP: Command = Command::SUBMIT.response();
        const DELIVER_RESP: Command = Command::DELIVER.response();
        const ACTIVE_TEST_RESP: Command = Command::ACTIVE_TEST.response();
        Ok(match command {
            Command::CONNECT => Self::Connect(Connect::decode(body)?),
            CONNECT_RESP => Self::ConnectResp(ConnectResp::decode(body)?),
            Command::TERMINATE => {
                terminate::decode("TERMINATE", body)?;
                Self::Terminate
            }
            TERMINATE_RESP => {
                terminate::decode("TERMINATE_RESP", body)?;
                Self::TerminateResp
            }
            Command::SUBMIT => Self::Submit(Box::new(Submit::decode(version, body)?)),
            SUBMIT_RESP => Self::SubmitResp(SubmitResp::decode(body)?),
            Command::DELIVER => Self::Deliver(Box::new(Deliver::decode(version, body)?)),
            DELIVER_RESP => Self::DeliverResp(DeliverResp::decode(body)?),
            // Whatever stands behind the header, the answer is the same.
            Command::ACTIVE_TEST => Self::ActiveTest,
            ACTIVE_TEST_RESP => Self::ActiveTestResp(ActiveTestResp::decode(body)?),
            Command(unknown) => return Err(PduError::UnknownCommand(unknown)),
        })
    }

    /// The whole PDU with its header.
    #[must_use]
    pub fn encode(&self, version: Version, sequence: u32) -> Bytes {
        let mut body = BytesMut::with_capacity(256);
        match self {
            Self::Connect(it) => it.encode(&mut body),
            Self::ConnectResp(it) => it.encode(version, &mut body),
            Self::Submit(it) => it.encode(version, &mut body),
            Self::SubmitResp(it) => it.encode(version, &mut body),
            Self::Deliver(it) => it.encode(version, &mut body),
            Self::DeliverResp(it) => it.encode(version, &mut body),
            Self::ActiveTestResp(ActiveTestResp) => body.extend_from_slice(&[0]),
            Self::Terminate | Self::TerminateResp | Self::ActiveTest => {}
        }
        let mut whole = BytesMut::with_capacity(OCTETS + body.len());
        let header = Header {
            length: u32::try_from(OCTETS + body.len()).unwrap_or(u32::MAX),
            command: self.command(),
            sequence,
        };
        header.encode(&mut whole);
        whole.extend_from_slice(&body);
        whole.freeze()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body(pdu: &Pdu, version: Version) -> Bytes {
        pdu.encode(version, 9).slice(OCTETS..)
    }

    #[test]
    fn responses_are_read_in_either_layout_whatever_version_was_agreed() {
        let submitted = SubmitResp {
            message: 7,
            result: 13,
        };
        let connected = ConnectResp {
            status: 4,
            proof: [9; 16],
            version: 0x20,
        };
        let taken = DeliverResp {
            message: 7,
            result: 8,
        };
        let all = [
            (Pdu::SubmitResp(submitted), [9, 12]),
            (Pdu::ConnectResp(connected), [18, 21]),
            (Pdu::DeliverResp(taken), [9, 12]),
        ];
        for (pdu, lengths) in all {
            for (version, length) in [Version::V2, Version::V3].into_iter().zip(lengths) {
                let body = body(&pdu, version);
                assert_eq!(body.len(), length);
                for agreed in [Version::V2, Version::V3] {
                    let read = Pdu::decode(agreed, pdu.command(), &body);
                    assert_eq!(read.as_ref(), Ok(&pdu));
                }
            }
        }
    }

    #[test]
    fn a_test_is_answered_with_one_octet_or_none() {
        let command = Command::ACTIVE_TEST.response();
        for (body, good) in [(&[][..], true), (&[0], true), (&[0, 0], false)] {
            assert_eq!(Pdu::decode(Version::V2, command, body).is_ok(), good);
        }
    }

    proptest! {
        #[test]
        fn hostile_bodies_of_every_command_are_read_or_refused(
            command in 0_u32..0x20, response: bool, three: bool,
            body in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            let version = if three { Version::V3 } else { Version::V2 };
            let command = Command(command);
            let command = if response { command.response() } else { command };
            if let Ok(pdu) = Pdu::decode(version, command, &body) {
                prop_assert_eq!(pdu.command(), command);
                prop_assert!(pdu.encode(version, 1).len() <= OCTETS + body.len() + 20);
            }
        }
    }
}
