//! Evidence: the facts that lift a delivery, typed by what they can prove.
//!
//! | evidence | proves |
//! |---|---|
//! | the link wrote the last byte | `Sent` |
//! | the station says it took it | `Accepted` |
//! | the station says it was on the air | `Transmitted` |
//! | the terminal's link layer confirmed every packet | `Received` |
//! | the terminal acknowledged this text by its number | `Received` |
//! | the operator's receipt says that the telephone has it | `Received` |
//! | the terminal says it was read | `Read` |
//! | a person answered this alert | `Answered` |
//! | the radio was heard afterwards | nothing: a note |

use narrowcast_protocol::air::{Phone, RadioId};
use serde::{Deserialize, Serialize};

use crate::model::delivery::Rung;

/// How an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AnsweredBy {
    /// A status code from the radio, 0 to 1023.
    Status(#[cfg_attr(test, schemars(range(max = 1_023)))] u16),
    /// A text from the radio.
    Text,
    /// A status code that the radio had when it was asked, 0 to 127.
    PolledStatus(#[cfg_attr(test, schemars(range(max = 127)))] u16),
    /// A short message from a telephone of the person's.
    Sms(Phone),
    /// Somebody who has spoken with the person recorded it.
    Api,
}

/// What a person answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Answer {
    /// Which of the numbered answers, from 1.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub choice: u8,
    /// What came in, in words.
    pub text: String,
    /// The way by which it came.
    pub by: AnsweredBy,
    /// The radio that says so, where it is not the one that is addressed.
    pub from: Option<RadioId>,
    /// Who recorded it, where somebody did.
    pub recorded_by: Option<String>,
    /// The sender's own message number, where the form has one: the same text with the same
    /// number within minutes is this answer again.
    pub reference: Option<u16>,
}

/// One piece of evidence about one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The port wrote the last byte while the link was up.
    Written,
    /// The station said that it took it.
    StationAccepted,
    /// The station said that it was on the air.
    OnAir,
    /// The terminal's link layer confirmed every packet of the text.
    LinkConfirmed,
    /// The terminal acknowledged the text by its message number.
    TextAcknowledged,
    /// The terminal reported that it was read.
    ReadReport,
    /// A person answered.
    Answered(Answer),
    /// The radio was heard after the transmission: it is there, no more.
    Present,
    /// The operator says that the telephone has every part.
    HandsetReceipt,
    /// A broker between us and the external system took the alert.
    BrokerAccepted,
    /// The external system acknowledged the alert.
    SystemAcknowledged,
}

impl Evidence {
    /// The rung this proves; none for a mere note.
    #[must_use]
    pub const fn proves(&self) -> Option<Rung> {
        match self {
            Self::Written => Some(Rung::Sent),
            Self::StationAccepted | Self::BrokerAccepted => Some(Rung::Accepted),
            Self::OnAir => Some(Rung::Transmitted),
            Self::LinkConfirmed
            | Self::TextAcknowledged
            | Self::HandsetReceipt
            | Self::SystemAcknowledged => Some(Rung::Received),
            Self::ReadReport => Some(Rung::Read),
            Self::Answered(_) => Some(Rung::Answered),
            Self::Present => None,
        }
    }
}
