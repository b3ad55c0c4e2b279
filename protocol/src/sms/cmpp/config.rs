//! What a CMPP link is built with.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::air::StationId;
use crate::sms::config::check_text;
pub use crate::sms::config::{ConfigError, Secret, ValidityForm};
use crate::sms::phone::Prefix;
use crate::sms::submit::RefusalClass;
use crate::sms::wall::WallClock;

/// Which version is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AskFor {
    /// 3.0, and 2.0 when the gateway says that this is too high.
    #[default]
    Auto,
    /// 2.0 only.
    V2,
    /// 3.0 only.
    V3,
}

/// Whether the gateway must prove that it knows the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// Without a proof the link is not used.
    Strict,
    /// A wrong proof is told of, and the link is used: many gateways send zeros.
    #[default]
    Lenient,
    /// Nobody looks.
    Off,
}

/// Timers and limits (2.0 clause 6.2), which every contract sets anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// W: messages that may be unanswered, 1 to 255. 16 by default.
    pub window: u8,
    /// Messages a second, from 1. 10 by default.
    pub per_second: u16,
    /// C: silence after which the gateway is asked whether it is there. 180 s by default; live
    /// gateways want 30 to 60 s.
    pub idle: Duration,
    /// T: how long an answer is waited for. 60 s by default.
    pub answer: Duration,
    /// N: unanswered tests after which the connection is given up. 3 by default.
    pub tests: u8,
    /// How often a message is sent again whose answer does not come. 1 by default: the gateway
    /// may have taken it, and the phone shows it twice.
    pub repeats: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            window: 16,
            per_second: 10,
            idle: Duration::from_secs(180),
            answer: Duration::from_secs(60),
            tests: 3,
            repeats: 1,
        }
    }
}

/// What the contract says about each message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Service_Id, at most 10 characters.
    pub service: String,
    /// Src_Id: the number that phones show and answer to, at most 21 digits.
    pub source: String,
    /// Fee_UserType: 2, we pay.
    pub fee_user: u8,
    /// FeeType: `01`, free.
    pub fee_type: String,
    /// FeeCode: cents.
    pub fee_code: String,
    /// How phone numbers are written.
    pub prefix: Prefix,
    /// How the validity is written.
    pub validity: ValidityForm,
    /// Whether the gateway takes the class bits in Msg_Fmt that make a phone show a message at
    /// once. Without them it is sent as an ordinary one.
    pub at_once: bool,
    /// What result codes of this gateway mean that are its own, or that it uses differently.
    pub results: BTreeMap<u32, RefusalClass>,
}

impl Contract {
    /// For a service and the number that phones show.
    #[must_use]
    pub fn new(service: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            source: source.into(),
            fee_user: 2,
            fee_type: "01".to_owned(),
            fee_code: "000000".to_owned(),
            prefix: Prefix::default(),
            validity: ValidityForm::default(),
            at_once: false,
            results: BTreeMap::new(),
        }
    }
}

/// Everything that a session is built with.
#[derive(Debug, Clone)]
pub struct CmppConfig {
    /// Its name in every report; its one carrier is timeslot 1 of it.
    pub station: StationId,
    /// The account (SP id), at most 6 characters.
    pub account: String,
    /// What proves it.
    pub secret: Secret,
    /// Which version is asked for.
    pub version: AskFor,
    /// Whether the gateway must prove itself.
    pub verify: Verify,
    /// What the contract says about each message.
    pub contract: Contract,
    /// Timers and limits.
    pub limits: Limits,
    /// The gateway's clock. The log-in is refused when it is wrong by minutes.
    pub wall: WallClock,
}

impl CmppConfig {
    /// Whether a session can be built with it.
    ///
    /// # Errors
    /// A text does not fit its field on the wire, or a limit is zero.
    pub fn check(&self) -> Result<(), ConfigError> {
        let contract = &self.contract;
        for (field, text, least, most) in [
            ("account", &self.account, 1, 6),
            ("service", &contract.service, 0, 10),
            ("source", &contract.source, 1, 21),
            ("fee_type", &contract.fee_type, 2, 2),
            ("fee_code", &contract.fee_code, 1, 6),
        ] {
            check_text(field, text.as_bytes(), least, most)?;
        }
        let limits = &self.limits;
        for (field, zero) in [
            ("window", limits.window == 0),
            ("per_second", limits.per_second == 0),
            ("idle", limits.idle.is_zero()),
            ("answer", limits.answer.is_zero()),
            ("tests", limits.tests == 0),
        ] {
            if zero {
                return Err(ConfigError::Zero(field));
            }
        }
        Ok(())
    }
}
