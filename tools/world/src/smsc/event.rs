//! What a centre did, and what it saw.

use bytes::Bytes;
use narrowcast_protocol::sms::Concatenation;

/// One part of a text that the centre has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The name that the centre has given it, as in its answer.
    pub id: String,
    /// The number that the phone shows.
    pub from: String,
    /// The phone, as the client wrote it.
    pub to: String,
    /// What it says.
    pub text: String,
    /// Which part of a long text it is.
    pub part: Option<Concatenation>,
    /// Whether the client wants a receipt.
    pub receipt: bool,
    /// Until when the centre may try, as the client wrote it; often empty.
    pub validity: String,
    /// Service code of CMPP, `service_type` of SMPP.
    pub service: String,
}

/// What a client is brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// What became of a message.
    Receipt {
        /// The name of the message, as in the answer to it.
        message: String,
        /// The phone that it was for.
        phone: String,
        /// Whether the phone has it.
        delivered: bool,
    },
    /// What a person writes.
    Text {
        /// The phone.
        from: String,
        /// What it says.
        text: String,
    },
}

/// What a centre did, and what it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CentreEvent {
    /// It sends this to its client.
    Send(Bytes),
    /// It closes the connection, and why.
    Close(&'static str),
    /// The client is in.
    LoggedIn,
    /// The client was not let in, and why.
    Refused(&'static str),
    /// The client has taken its leave.
    LoggedOut,
    /// It has taken a message.
    Taken(Message),
    /// It has refused a message, with the protocol's code.
    NotTaken {
        /// The phone.
        to: String,
        /// The code.
        code: u32,
    },
    /// The client is brought a receipt or a text, perhaps not for the first time.
    Gives(Given),
    /// The client was brought a receipt or a text, and says whether it keeps it.
    Brought {
        /// What it said, in words.
        what: String,
        /// What it said.
        given: Given,
        /// Whether the client keeps it.
        kept: bool,
    },
    /// The client did what a strict centre does not allow.
    Odd(&'static str),
}
