//! SMS links: operators' gateways and centres, and GSM modems.

mod check;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use narrowcast_protocol::air::StationId;
use narrowcast_protocol::sms::phone::Prefix;
use serde::{Deserialize, Deserializer, de};
use sha2::{Digest, Sha256};

use crate::config::error::Fault;
use crate::config::homebrew::read_secret;
use crate::config::value::{Secret, duration};
use crate::model::policy::{RouteKind, SmsRoute};

/// Where the numbers of SMS links begin; no other station should have one of these.
const FIRST_STATION: u32 = 0xE000_0000;

/// What is at the far end of an SMS link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsKind {
    /// A short message centre or aggregator that speaks SMPP 3.4.
    Smpp,
    /// China Mobile's gateway, version 2.0.
    Cmpp2,
    /// China Mobile's gateway, version 3.0.
    Cmpp3,
    /// A GSM modem on a serial line.
    Modem,
}

/// Whether a CMPP gateway must prove that it knows the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerifyGateway {
    /// Without a proof the link is not used.
    Strict,
    /// A missing proof is told of, and the link is used: many gateways send zeros.
    #[default]
    Lenient,
    /// Nobody looks.
    Off,
}

/// What `data_coding` 0 means to an SMPP centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultAlphabet {
    /// GSM 7-bit, one septet in each octet.
    #[default]
    Gsm7,
    /// GSM 7-bit, packed as on the air.
    Gsm7Packed,
    /// ASCII.
    Ascii,
    /// ISO 8859-1.
    Latin1,
}

/// How the parts of a long text are marked for an SMPP centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LongTexts {
    /// By a header in front of each part.
    #[default]
    Header,
    /// By the optional parameters `sar_*`.
    Sar,
}

/// How the validity of a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Validity {
    /// As a time of the operator's clock.
    Absolute,
    /// As a time from now on.
    Relative,
    /// Not at all: the operator refuses both.
    Omit,
}

/// `[[sms]]`: one link, which is one route and one station with one carrier, timeslot 1.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsLink {
    /// What people call it, 1 to 40 characters. Its station number follows from it.
    pub name: String,
    /// What is at the far end.
    pub kind: SmsKind,
    /// Name or address of the operator's host; none for a modem.
    pub host: Option<String>,
    /// Its TCP port; none for a modem.
    pub port: Option<u16>,
    /// The account: `system_id` of SMPP, Source_Addr (SP id) of CMPP; none for a modem.
    pub user: Option<String>,
    /// What proves it; none for a modem.
    pub password: Option<Secret>,
    /// A file whose content, without the last line end, is the password.
    pub password_file: Option<PathBuf>,
    /// The number that phones show and answer to; empty where the centre sets it, and for a modem.
    #[serde(default)]
    pub source: String,
    /// Service code of a CMPP contract, `service_type` of SMPP.
    #[serde(default)]
    pub service: String,
    /// `system_type` of SMPP, often none.
    #[serde(default)]
    pub system_type: String,
    /// Messages that the operator may leave unanswered, 1 to 255. A modem takes one at a time.
    #[serde(default = "window")]
    pub window: u8,
    /// Messages in a second, from 1. A modem takes one in some seconds.
    #[serde(default = "per_second")]
    pub per_second: u16,
    /// Whether exercises may leave over it.
    #[serde(default)]
    pub exercises: bool,
    /// How long a receipt is waited for before a message counts as without outcome.
    #[serde(default = "receipt_wait", deserialize_with = "duration")]
    pub receipt_wait: Duration,
    /// Numbers that begin so go here first: digits, with or without a plus and country code.
    #[serde(default)]
    pub prefixes: Vec<String>,
    /// What stands in front of every text because the operator demands it; counts as text.
    #[serde(default)]
    pub signature: String,
    /// The text that the operator has approved, with `{text}` once where an alert's words stand;
    /// at most 100 characters besides, which count as text. Empty where it takes any text.
    #[serde(default)]
    pub template: String,
    /// Price of one part in hundredths of the currency; cheaper links go first.
    #[serde(default)]
    pub cost: u32,
    /// Most parts to one person in a day; 0 for no limit. Never stops a Flash.
    #[serde(default)]
    pub daily_cap: u32,
    /// Silence after which the operator is asked whether it is there.
    #[serde(default = "keep_alive", deserialize_with = "duration")]
    pub keep_alive: Duration,
    /// How long the operator's answer to a message is waited for; 30 s for SMPP and 60 s for
    /// CMPP if not set.
    #[serde(default, deserialize_with = "some_duration")]
    pub answer_wait: Option<Duration>,
    /// How Chinese mobile numbers are written; `country-code` for SMPP and `bare` for CMPP if
    /// not set.
    pub number_form: Option<Prefix>,
    /// How the validity is written; `relative` for SMPP and `absolute` for CMPP if not set.
    pub validity: Option<Validity>,
    /// The operator's clock, in seconds east of Greenwich.
    #[serde(default = "beijing", deserialize_with = "offset")]
    pub utc_offset: i32,
    /// Whether a CMPP gateway must prove that it knows the password.
    #[serde(default)]
    pub verify_gateway: VerifyGateway,
    /// What an SMPP centre's default alphabet is.
    #[serde(default)]
    pub alphabet: DefaultAlphabet,
    /// How the parts of a long text are marked for an SMPP centre.
    #[serde(default)]
    pub long_texts: LongTexts,
    /// Whether texts travel in `message_payload`, where an SMPP centre wants that.
    #[serde(default)]
    pub payload: bool,
    /// Whether an SMPP centre marks receipts by their words only.
    #[serde(default)]
    pub receipts_by_words: bool,
    /// The serial device of a modem.
    pub path: Option<PathBuf>,
    /// Its speed.
    #[serde(default = "baud")]
    pub baud: u32,
    /// The PIN of its card, 4 to 8 digits.
    pub pin: Option<Secret>,
}

const fn window() -> u8 {
    16
}

const fn per_second() -> u16 {
    10
}

const fn receipt_wait() -> Duration {
    Duration::from_secs(900)
}

const fn keep_alive() -> Duration {
    Duration::from_secs(30)
}

const fn beijing() -> i32 {
    28_800
}

const fn baud() -> u32 {
    115_200
}

fn some_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

/// `"+08:00"`, in seconds.
fn offset<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    let text = String::deserialize(deserializer)?;
    offset_of(&text).ok_or_else(|| {
        de::Error::custom(format!(
            "`{text}` is no offset from UTC: write it as \"+08:00\", at most 14 hours"
        ))
    })
}

fn offset_of(text: &str) -> Option<i32> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<i32>().ok()).flatten()
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let seconds = hours * 3_600 + minutes * 60;
    (minutes < 60 && seconds <= 14 * 3_600).then_some(sign * seconds)
}

impl SmsLink {
    /// The number of its station: E0 and the first 24 bits of the name's SHA-256. It stays the
    /// same as long as the name does.
    #[must_use]
    pub fn station(&self) -> StationId {
        station_of(&self.name)
    }

    /// The route that it is to the engine.
    #[must_use]
    pub fn route(&self) -> SmsRoute {
        SmsRoute {
            id: self.station(),
            name: self.name.clone(),
            kind: match self.kind {
                SmsKind::Smpp => RouteKind::Smpp,
                SmsKind::Cmpp2 => RouteKind::Cmpp2,
                SmsKind::Cmpp3 => RouteKind::Cmpp3,
                SmsKind::Modem => RouteKind::Modem,
            },
            exercises: self.exercises,
            receipt_wait: self.receipt_wait,
            prefixes: self.prefixes.clone(),
            signature: self.signature.clone(),
            template: self.template.clone(),
            cost: self.cost,
            daily_cap: self.daily_cap,
        }
    }

    /// `host:port` of the operator; none if the file does not name both.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        let (host, port) = (self.host.as_deref()?, self.port?);
        Some(if host.parse::<std::net::Ipv6Addr>().is_ok() {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        })
    }

    pub(super) fn read_secrets(&mut self, at: &str, faults: &mut Vec<Fault>) {
        let file = self.password_file.as_deref();
        read_secret(&mut self.password, file, (at, "password"), faults);
    }
}

fn station_of(name: &str) -> StationId {
    let hash = Sha256::digest(name);
    let first = hash.iter().take(3);
    let number = first.fold(0, |number, octet| number << 8 | u32::from(*octet));
    StationId(FIRST_STATION | number)
}
