//! What is owed to a radio or an operator for what was heard.

use crate::sms::SmsToken;
use crate::time::Instant;

use super::identity::RadioId;

/// An answer that says "I have your message". The session names what is owed when it
/// reports the message; the engine hands it back once the message is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acknowledgement {
    /// A data response for a confirmed packet (TS 102 361-1 clause 8.2.2).
    Data {
        /// Our own address, to which the packet was sent.
        from: RadioId,
        /// The radio that sent it.
        to: RadioId,
        /// Service access point of the packet, 0 to 15.
        sap: u8,
        /// N(S) of the packet, 0 to 7.
        sequence: u8,
    },
    /// A TMS acknowledgement.
    Tms {
        /// Our own address.
        from: RadioId,
        /// The radio that sent the text.
        to: RadioId,
        /// Its message number, 0 to 127.
        reference: u8,
    },
    /// The system's acknowledgement of an emergency call.
    Emergency {
        /// Our own address.
        from: RadioId,
        /// The radio in distress.
        to: RadioId,
    },
    /// A trunked system has taken a radio's short data or status ("message accepted").
    Accepted {
        /// The 24-bit address that the radio sent to: ours, a group's or a gateway's.
        from: u32,
        /// The radio that sent it.
        to: RadioId,
    },
    /// An operator's gateway is answered for a message or a receipt. The session offers
    /// [`Answer::Taken`](crate::sms::Answer::Taken); who has no room for it sends `Busy` instead.
    Sms {
        /// The message or receipt that is answered; the link made the token when it reported it.
        token: SmsToken,
        /// What the operator is told.
        answer: crate::sms::Answer,
    },
}

/// An acknowledgement that the radio waits for, and until when it makes sense to send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// What to send.
    pub acknowledgement: Acknowledgement,
    /// Later than this it is withheld: the radio repeats, and the repeat is answered.
    pub until: Instant,
}
