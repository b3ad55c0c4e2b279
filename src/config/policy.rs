//! What the engine is told to do.

use std::time::Duration;

use serde::Deserialize;

use crate::config::airtime::{
    self, AirtimeConfig, AnswerSetConfig, CatchUpConfig, CollectionConfig,
};
use crate::config::error::Fault;
use crate::config::value::{duration, size};
use crate::model::policy::{
    AnswerRule, Policy, SinkPolicy, SmsPolicy, SmsRoute, SpaceMarks, StationPolicy,
};
use crate::model::text;

/// Longest `taken_text`, in characters: with a name in it, it must fit into one short message.
const TAKEN_TEXT: usize = 100;
/// Longest `exercise_sign`, in characters: it stands on every part of a text.
const EXERCISE_SIGN: usize = 16;

/// `[policy]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyConfig {
    /// Most attempts one delivery gets.
    pub max_attempts: u8,
    /// Least time between two attempts of one delivery.
    #[serde(deserialize_with = "duration")]
    pub attempt_gap: Duration,
    /// How long a terminal's acknowledgement is awaited.
    #[serde(deserialize_with = "duration")]
    pub answer_window: Duration,
    /// How often a group transmission is made.
    pub group_repeats: u8,
    /// How long after it the members' own answers are awaited.
    #[serde(deserialize_with = "duration")]
    pub group_window: Duration,
    /// How long an alert lives when the submitter names no expiry.
    #[serde(deserialize_with = "duration")]
    pub default_expiry: Duration,
    /// How long an ended alert stays in memory.
    #[serde(deserialize_with = "duration")]
    pub linger: Duration,
    /// How long a lost link must hold before it takes more than Flash.
    #[serde(deserialize_with = "duration")]
    pub hold_down: Duration,
    /// How long what belongs to a station waits for it while it is away or held down.
    #[serde(deserialize_with = "duration")]
    pub home_grace: Duration,
    /// A call that lasts longer does not keep a channel busy any more.
    #[serde(deserialize_with = "duration")]
    pub longest_call: Duration,
    /// After how long below what is asked a person is reached by SMS too.
    #[serde(deserialize_with = "duration")]
    pub sms_after: Duration,
    /// The same for a Flash.
    #[serde(deserialize_with = "duration")]
    pub sms_after_flash: Duration,
    /// Most attempts over one telephone.
    pub sms_attempts: u8,
    /// Most live deliveries.
    pub max_live_deliveries: u32,
    /// What a radio in distress is told when a person takes its emergency.
    pub taken_text: String,
    /// The sign on every part of an exercise.
    pub exercise_sign: String,
    /// Per mille free below which Routine and Priority are refused.
    pub space_low_permille: u32,
    /// Bytes free below which Routine and Priority are refused.
    #[serde(deserialize_with = "size")]
    pub space_low_bytes: u64,
    /// Per mille free below which everything but Flash and emergencies is refused.
    pub space_critical_permille: u32,
    /// What answers mean; replaces all the built-in ones.
    pub answer: Vec<AnswerConfig>,
    /// Status codes for alerts on trunked systems; replaces all the built-in ones.
    pub answer_set: Vec<AnswerSetConfig>,
    /// Airtime per precedence.
    pub airtime: AirtimeConfig,
    /// How answers are collected on control channels.
    pub collection: CollectionConfig,
    /// What a radio gets that was away.
    pub catch_up: CatchUpConfig,
}

/// `[[policy.answer]]`: what means one numbered answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerConfig {
    /// The numbered answer, 1 to 9.
    pub choice: u8,
    /// The status code that means it, 0 to 1023.
    pub status: Option<u16>,
    /// Words that mean it.
    #[serde(default)]
    pub keywords: Vec<String>,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        let policy = Policy::default();
        Self {
            max_attempts: policy.max_attempts,
            attempt_gap: policy.attempt_gap,
            answer_window: policy.answer_window,
            group_repeats: policy.group_repeats,
            group_window: policy.group_window,
            default_expiry: policy.default_expiry,
            linger: policy.linger,
            hold_down: policy.hold_down,
            home_grace: policy.home_grace,
            longest_call: policy.longest_call,
            sms_after: policy.sms.after,
            sms_after_flash: policy.sms.after_flash,
            sms_attempts: policy.sms.attempts,
            max_live_deliveries: policy.max_live_deliveries,
            taken_text: policy.taken_text,
            exercise_sign: policy.exercise_sign,
            space_low_permille: policy.space.low_permille,
            space_low_bytes: policy.space.low_bytes,
            space_critical_permille: policy.space.critical_permille,
            answer: policy.answers.into_iter().map(Into::into).collect(),
            answer_set: policy.answer_sets.into_iter().map(Into::into).collect(),
            airtime: AirtimeConfig::default(),
            collection: CollectionConfig::default(),
            catch_up: CatchUpConfig::default(),
        }
    }
}

impl From<AnswerRule> for AnswerConfig {
    fn from(rule: AnswerRule) -> Self {
        Self {
            choice: rule.choice,
            status: rule.status,
            keywords: rule.keywords,
        }
    }
}

impl PolicyConfig {
    /// The policy with these stations, SMS routes and sinks.
    #[must_use]
    pub fn to_policy(
        &self,
        stations: Vec<StationPolicy>,
        routes: Vec<SmsRoute>,
        sinks: Vec<SinkPolicy>,
    ) -> Policy {
        let rule = |answer: &AnswerConfig| AnswerRule {
            choice: answer.choice,
            status: answer.status,
            keywords: answer.keywords.clone(),
        };
        Policy {
            stations,
            routes,
            sinks,
            sms: SmsPolicy {
                after: self.sms_after,
                after_flash: self.sms_after_flash,
                attempts: self.sms_attempts,
            },
            max_attempts: self.max_attempts,
            attempt_gap: self.attempt_gap,
            answer_window: self.answer_window,
            group_repeats: self.group_repeats,
            group_window: self.group_window,
            default_expiry: self.default_expiry,
            linger: self.linger,
            hold_down: self.hold_down,
            home_grace: self.home_grace,
            longest_call: self.longest_call,
            max_live_deliveries: self.max_live_deliveries,
            answers: self.answer.iter().map(rule).collect(),
            answer_sets: self.answer_set.iter().map(Into::into).collect(),
            ceilings: self.airtime.ceilings(),
            collection: self.collection.collection(),
            catch_up: self.catch_up.catch_up(),
            taken_text: self.taken_text.clone(),
            exercise_sign: self.exercise_sign.clone(),
            space: self.space(),
            alarms: Vec::new(),
        }
    }

    /// The marks at which a full disk refuses.
    #[must_use]
    pub const fn space(&self) -> SpaceMarks {
        SpaceMarks {
            low_permille: self.space_low_permille,
            low_bytes: self.space_low_bytes,
            critical_permille: self.space_critical_permille,
        }
    }

    pub(super) fn check(&self, faults: &mut Vec<Fault>) {
        let day = 24 * 3600;
        let mut range = |key: &str, value: u64, least: u64, most: u64, unit: &str| {
            if !(least..=most).contains(&value) {
                faults.push(Fault::new(
                    format!("policy.{key}"),
                    format!("{value}{unit} is out of range: {least}{unit} to {most}{unit}"),
                ));
            }
        };
        range("max_attempts", self.max_attempts.into(), 1, 20, "");
        range("sms_after", self.sms_after.as_secs(), 1, day, "s");
        range(
            "sms_after_flash",
            self.sms_after_flash.as_secs(),
            1,
            day,
            "s",
        );
        range("sms_attempts", self.sms_attempts.into(), 1, 10, "");
        range("attempt_gap", self.attempt_gap.as_secs(), 1, 3600, "s");
        range("answer_window", self.answer_window.as_secs(), 1, 600, "s");
        range("group_repeats", self.group_repeats.into(), 1, 10, "");
        range("group_window", self.group_window.as_secs(), 1, 600, "s");
        range(
            "default_expiry",
            self.default_expiry.as_secs(),
            60,
            30 * day,
            "s",
        );
        range("linger", self.linger.as_secs(), 60, 7 * day, "s");
        range("hold_down", self.hold_down.as_secs(), 1, 300, "s");
        range("longest_call", self.longest_call.as_secs(), 10, 3600, "s");
        range("home_grace", self.home_grace.as_secs(), 1, 3600, "s");
        range(
            "max_live_deliveries",
            self.max_live_deliveries.into(),
            1_000,
            10_000_000,
            "",
        );
        range(
            "space_low_permille",
            self.space_low_permille.into(),
            0,
            900,
            "",
        );
        let low = self.space_low_permille.into();
        range(
            "space_critical_permille",
            self.space_critical_permille.into(),
            0,
            low,
            "",
        );
        for (key, text, most) in [
            ("taken_text", &self.taken_text, TAKEN_TEXT),
            ("exercise_sign", &self.exercise_sign, EXERCISE_SIGN),
        ] {
            if let Err(error) = text::check(text) {
                faults.push(Fault::new(format!("policy.{key}"), error.to_string()));
            }
            let characters = text.chars().count();
            if characters > most {
                faults.push(Fault::new(
                    format!("policy.{key}"),
                    format!("it has {characters} characters; write at most {most}"),
                ));
            }
        }
        if self.exercise_sign.trim().is_empty() {
            faults.push(Fault::new(
                "policy.exercise_sign",
                "it is empty: an exercise must be known as one on the air",
            ));
        }
        self.check_answers(faults);
        airtime::check_sets(&self.answer_set, faults);
        self.airtime.check(faults);
        self.collection.check(faults);
        self.catch_up.check(faults);
    }

    fn check_answers(&self, faults: &mut Vec<Fault>) {
        let mut statuses = std::collections::BTreeSet::new();
        let mut words = std::collections::BTreeSet::new();
        for (index, answer) in self.answer.iter().enumerate() {
            let at = format!("policy.answer[{index}]");
            if !(1..=9).contains(&answer.choice) {
                faults.push(Fault::new(
                    format!("{at}.choice"),
                    format!("{} is out of range: 1 to 9", answer.choice),
                ));
            }
            if let Some(code) = answer.status {
                if code > 1023 {
                    faults.push(Fault::new(
                        format!("{at}.status"),
                        format!("{code} is out of range: 0 to 1023"),
                    ));
                }
                if !statuses.insert(code) {
                    faults.push(Fault::new(
                        format!("{at}.status"),
                        format!("{code} means another answer already"),
                    ));
                }
            }
            for word in &answer.keywords {
                if word.trim().is_empty() || text::check(word).is_err() {
                    faults.push(Fault::new(
                        format!("{at}.keywords"),
                        "a word is empty or has a control character",
                    ));
                } else if !words.insert(word.trim().to_lowercase()) {
                    faults.push(Fault::new(
                        format!("{at}.keywords"),
                        format!("`{}` means another answer already", word.trim()),
                    ));
                }
            }
        }
    }
}
