//! All PDUs between a centre and us.

use bytes::{Bytes, BytesMut};

use super::Cut;
use super::bind::{Bind, Way};
use super::bind_resp::BindResp;
use super::header::{Command, Header, OCTETS};
use super::message::Message;
use super::message_resp::MessageResp;

/// What a PDU says. Whether a response is good or bad stands in the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pdu {
    /// Asks to be let in.
    Bind(Bind),
    /// Let in or not.
    BindResp(BindResp),
    /// The session is going to end.
    Unbind,
    /// It may.
    UnbindResp,
    /// A message from us.
    SubmitSm(Box<Message>),
    /// Taken or not.
    SubmitSmResp(MessageResp),
    /// A message or receipt for us.
    DeliverSm(Box<Message>),
    /// Taken or not.
    DeliverSmResp(MessageResp),
    /// Asks whether the other end is there.
    EnquireLink,
    /// It is.
    EnquireLinkResp,
    /// A PDU was not understood.
    GenericNack,
    /// What is not served here: `query_sm`, `replace_sm`, `cancel_sm`, `submit_multi`,
    /// `data_sm`, `alert_notification`, `outbind`, and commands that nobody knows.
    Other {
        /// What it is.
        command: Command,
        /// As it came.
        body: Bytes,
    },
}

impl Pdu {
    /// The command in its header.
    #[must_use]
    pub const fn command(&self) -> Command {
        match self {
            Self::Bind(it) => it.way.command(),
            Self::BindResp(it) => it.way.command().response(),
            Self::Unbind => Command::UNBIND,
            Self::UnbindResp => Command::UNBIND.response(),
            Self::SubmitSm(_) => Command::SUBMIT_SM,
            Self::SubmitSmResp(_) => Command::SUBMIT_SM.response(),
            Self::DeliverSm(_) => Command::DELIVER_SM,
            Self::DeliverSmResp(_) => Command::DELIVER_SM.response(),
            Self::EnquireLink => Command::ENQUIRE_LINK,
            Self::EnquireLinkResp => Command::ENQUIRE_LINK.response(),
            Self::GenericNack => Command::GENERIC_NACK,
            Self::Other { command, .. } => *command,
        }
    }

    /// Reads a body. What follows the fields of a PDU without optional parameters is ignored.
    ///
    /// # Errors
    /// A mandatory field is cut short.
    pub fn decode(command: Command, body: &[u8]) -> Result<Self, Cut> {
        const UNBIND_RESP: Command = Command::UNBIND.response();
        const SUBMIT_SM_RESP: Command = Command::SUBMIT_SM.response();
        const DELIVER_SM_RESP: Command = Command::DELIVER_SM.response();
        const ENQUIRE_LINK_RESP: Command = Command::ENQUIRE_LINK.response();
        for way in [Way::Receiver, Way::Transmitter, Way::Transceiver] {
            if command == way.command() {
                return Bind::decode(way, body).map(Self::Bind);
            }
            if command == way.command().response() {
                return BindResp::decode(way, body).map(Self::BindResp);
            }
        }
        Ok(match command {
            Command::UNBIND => Self::Unbind,
            UNBIND_RESP => Self::UnbindResp,
            Command::SUBMIT_SM => Self::SubmitSm(Box::new(Message::decode("submit_sm", body)?)),
            SUBMIT_SM_RESP => Self::SubmitSmResp(MessageResp::decode(body)),
            Command::DELIVER_SM => Self::DeliverSm(Box::new(Message::decode("deliver_sm", body)?)),
            DELIVER_SM_RESP => Self::DeliverSmResp(MessageResp::decode(body)),
            Command::ENQUIRE_LINK => Self::EnquireLink,
            ENQUIRE_LINK_RESP => Self::EnquireLinkResp,
            Command::GENERIC_NACK => Self::GenericNack,
            command => Self::Other {
                command,
                body: Bytes::copy_from_slice(body),
            },
        })
    }

    /// The whole PDU with its header.
    #[must_use]
    pub fn encode(&self, status: u32, sequence: u32) -> Bytes {
        let mut body = BytesMut::with_capacity(256);
        match self {
            Self::Bind(it) => it.encode(&mut body),
            Self::BindResp(it) => it.encode(&mut body),
            Self::SubmitSm(it) | Self::DeliverSm(it) => it.encode(&mut body),
            Self::SubmitSmResp(it) | Self::DeliverSmResp(it) => it.encode(&mut body),
            Self::Other { body: it, .. } => body.extend_from_slice(it),
            Self::Unbind
            | Self::UnbindResp
            | Self::EnquireLink
            | Self::EnquireLinkResp
            | Self::GenericNack => {}
        }
        let mut whole = BytesMut::with_capacity(OCTETS + body.len());
        let header = Header {
            length: u32::try_from(OCTETS + body.len()).unwrap_or(u32::MAX),
            command: self.command(),
            status,
            sequence,
        };
        header.encode(&mut whole);
        whole.extend_from_slice(&body);
        whole.freeze()
    }
}

#[cfg(test)]
mod tests;
