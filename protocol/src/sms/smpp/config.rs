//! What an SMPP link is built with.

use core::time::Duration;
use std::collections::BTreeMap;

use super::deframe::{LONGEST, USUAL};
use crate::air::StationId;
use crate::sms::config::check_text;
pub use crate::sms::config::{ConfigError, Secret, ValidityForm};
use crate::sms::phone::Prefix;
use crate::sms::submit::RefusalClass;
use crate::sms::wall::WallClock;

/// What `data_coding` 0 means to a centre: its "default alphabet" is not always GSM 7-bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alphabet {
    /// GSM 7-bit, one septet in each octet: the usual form.
    #[default]
    Gsm7Unpacked,
    /// GSM 7-bit, packed as on the air.
    Gsm7Packed,
    /// ASCII.
    Ascii,
    /// ISO 8859-1.
    Latin1,
}

/// How the parts of a long text are marked. Never both: centres then count the header twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Joining {
    /// A header in front of the text; `esm_class` says so. The most portable form.
    #[default]
    Header,
    /// The optional parameters `sar_*`.
    Sar,
}

/// Timers and limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Messages that may be unanswered, 1 to 255. 10 by default.
    pub window: u8,
    /// Messages a second, from 1. 10 by default.
    pub per_second: u16,
    /// How long the answer to a bind is waited for. 10 s by default.
    pub bind: Duration,
    /// How long the answer to a message is waited for; after it the message may have been taken
    /// or not. 30 s by default.
    pub answer: Duration,
    /// The connection is given up when messages wait and none is answered for so long. 60 s by
    /// default.
    pub stuck: Duration,
    /// Silence after which the centre is asked whether it is there. 30 s by default.
    pub idle: Duration,
    /// How long its answer is waited for. 10 s by default.
    pub enquiry: Duration,
    /// Unanswered enquiries after which the connection is given up. 2 by default.
    pub enquiries: u8,
    /// How long the centre waits for our answer to its messages. 30 s by default.
    pub patience: Duration,
    /// Longest PDU that is believed, 256 to 66,560 octets. 4,096 by default.
    pub longest: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            window: 10,
            per_second: 10,
            bind: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            stuck: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            enquiry: Duration::from_secs(10),
            enquiries: 2,
            patience: Duration::from_secs(30),
            longest: USUAL,
        }
    }
}

/// What the contract says about each message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// `service_type`, at most 5 characters, often none.
    pub service: String,
    /// The number that phones show and answer to, at most 20 characters; may be empty where the
    /// centre sets it.
    pub source: String,
    /// Its type: 0 unknown, 1 international, 5 a name.
    pub source_ton: u8,
    /// Its numbering plan: 1 E.164, 0 for a name.
    pub source_npi: u8,
    /// How phone numbers are written. International ones have type 1 and no plus on the wire.
    pub prefix: Prefix,
    /// What `data_coding` 0 means.
    pub alphabet: Alphabet,
    /// How the parts of a long text are marked.
    pub joining: Joining,
    /// Whether texts travel in `message_payload`, where the centre wants that.
    pub payload: bool,
    /// How the validity is written.
    pub validity: ValidityForm,
    /// Whether a text without receipt bits in `esm_class` may be a receipt by its words
    /// (`id:.. stat:..`). Off by default: a phone could write such words.
    pub receipts_by_words: bool,
    /// What status codes of this centre mean that are its own, or that it uses differently.
    pub results: BTreeMap<u32, RefusalClass>,
}

impl Contract {
    /// For the number that phones show.
    #[must_use]
    pub fn new(source: impl Into<String>) -> Self {
        Self {
            service: String::new(),
            source: source.into(),
            source_ton: 0,
            source_npi: 1,
            prefix: Prefix::CountryCode,
            alphabet: Alphabet::default(),
            joining: Joining::default(),
            payload: false,
            validity: ValidityForm::Relative,
            receipts_by_words: false,
            results: BTreeMap::new(),
        }
    }
}

/// Everything that a session is built with.
#[derive(Debug, Clone)]
pub struct SmppConfig {
    /// Its name in every report; its one carrier is timeslot 1 of it.
    pub station: StationId,
    /// `system_id`, at most 15 characters.
    pub account: String,
    /// `password`, at most 8 characters. It travels unprotected: use TLS or a VPN.
    pub password: Secret,
    /// `system_type`, at most 12 characters, often none.
    pub system_type: String,
    /// What the contract says about each message.
    pub contract: Contract,
    /// Timers and limits.
    pub limits: Limits,
    /// The centre's clock.
    pub wall: WallClock,
}

impl SmppConfig {
    /// Whether a session can be built with it.
    ///
    /// # Errors
    /// A text does not fit its field on the wire, or a limit cannot be.
    pub fn check(&self) -> Result<(), ConfigError> {
        let contract = &self.contract;
        for (field, text, least, most) in [
            ("account", self.account.as_bytes(), 1, 15),
            ("password", self.password.octets(), 0, 8),
            ("system_type", self.system_type.as_bytes(), 0, 12),
            ("service", contract.service.as_bytes(), 0, 5),
            ("source", contract.source.as_bytes(), 0, 20),
        ] {
            check_text(field, text, least, most)?;
        }
        let limits = &self.limits;
        for (field, zero) in [
            ("window", limits.window == 0),
            ("per_second", limits.per_second == 0),
            ("bind", limits.bind.is_zero()),
            ("answer", limits.answer.is_zero()),
            ("stuck", limits.stuck.is_zero()),
            ("idle", limits.idle.is_zero()),
            ("enquiry", limits.enquiry.is_zero()),
            ("enquiries", limits.enquiries == 0),
            ("patience", limits.patience.is_zero()),
        ] {
            if zero {
                return Err(ConfigError::Zero(field));
            }
        }
        let (least, most, value) = (256, LONGEST, limits.longest);
        if !(least..=most).contains(&value) {
            return Err(ConfigError::Range {
                field: "longest",
                value,
                least,
                most,
            });
        }
        Ok(())
    }
}
