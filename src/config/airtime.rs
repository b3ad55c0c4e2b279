//! Airtime, and how answers are collected with it: parts of `[policy]`.

use std::time::Duration;

use serde::Deserialize;

use crate::config::error::Fault;
use crate::config::value::duration;
use crate::model::policy::{AnswerSet, CatchUp, Ceilings, Collection, Policy};

/// `[[policy.answer_set]]`: status codes that answer one open alert and no other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerSetConfig {
    /// Its name in texts: one of the letters A to F.
    pub name: char,
    /// The status code of its first answer, 1 to 126.
    pub first: u16,
    /// How many answers it has, 1 to 9.
    pub count: u8,
}

impl From<AnswerSet> for AnswerSetConfig {
    fn from(set: AnswerSet) -> Self {
        let AnswerSet { name, first, count } = set;
        Self { name, first, count }
    }
}

impl From<&AnswerSetConfig> for AnswerSet {
    fn from(set: &AnswerSetConfig) -> Self {
        let &AnswerSetConfig { name, first, count } = set;
        Self { name, first, count }
    }
}

/// Finds what is wrong with the answer sets.
pub(super) fn check_sets(sets: &[AnswerSetConfig], faults: &mut Vec<Fault>) {
    for (index, set) in sets.iter().enumerate() {
        let mut fault = |key: &str, why: String| {
            faults.push(Fault::new(format!("policy.answer_set[{index}].{key}"), why));
        };
        if !('A'..='F').contains(&set.name) {
            fault(
                "name",
                format!("`{}` is none of the letters A to F", set.name),
            );
        }
        if !(1..=9).contains(&set.count) {
            fault("count", format!("{} is out of range: 1 to 9", set.count));
        }
        let last = u32::from(set.first) + u32::from(set.count) - 1;
        if set.first == 0 || last > 126 {
            let why = format!("{} to {last} is out of range: 1 to 126", set.first);
            fault("first", why);
        }
        for other in sets.iter().take(index) {
            let apart = other.first + u16::from(other.count) <= set.first
                || set.first + u16::from(set.count) <= other.first;
            if !apart {
                let why = format!("its codes overlap those of set {}", other.name);
                fault("first", why);
            }
            if other.name == set.name {
                fault("name", format!("`{}` names another set already", set.name));
            }
        }
    }
}

/// `[policy.airtime]`: the share of a carrier that each precedence may take, together with
/// everything less urgent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AirtimeConfig {
    /// Per cent for Flash; 100 has no limit.
    pub flash: u8,
    /// Per cent for Immediate.
    pub immediate: u8,
    /// Per cent for Priority.
    pub priority: u8,
    /// Per cent for Routine.
    pub routine: u8,
    /// How long a carrier may be used in one go before its ceiling is felt.
    #[serde(deserialize_with = "duration")]
    pub window: Duration,
}

impl Default for AirtimeConfig {
    fn default() -> Self {
        let Ceilings { percent, window } = Policy::default().ceilings;
        let [flash, immediate, priority, routine] = percent;
        Self {
            flash,
            immediate,
            priority,
            routine,
            window,
        }
    }
}

impl AirtimeConfig {
    pub(super) const fn ceilings(&self) -> Ceilings {
        Ceilings {
            percent: [self.flash, self.immediate, self.priority, self.routine],
            window: self.window,
        }
    }

    pub(super) fn check(&self, faults: &mut Vec<Fault>) {
        let shares = [
            ("flash", self.flash),
            ("immediate", self.immediate),
            ("priority", self.priority),
            ("routine", self.routine),
        ];
        let mut above = 100;
        for (key, share) in shares {
            if !(1..=above).contains(&share) {
                faults.push(Fault::new(
                    format!("policy.airtime.{key}"),
                    format!(
                        "{share} is out of range: 1 to {above} (what is more urgent gets no less)"
                    ),
                ));
            }
            above = share.clamp(1, 100);
        }
        check_range("policy.airtime.window", self.window, 1, 3600, faults);
    }
}

/// `[policy.collection]`: how answers are collected on a control channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CollectionConfig {
    /// Whether radios are asked for their status; otherwise they are admitted in portions.
    pub polls: bool,
    /// How long after the text people are left alone before the first poll.
    #[serde(deserialize_with = "duration")]
    pub first_poll: Duration,
    /// Between two polls of a radio that has not answered; doubles each time.
    #[serde(deserialize_with = "duration")]
    pub gap: Duration,
    /// Most polls of one delivery.
    pub max_polls: u8,
}

impl Default for CollectionConfig {
    fn default() -> Self {
        let Collection {
            polls,
            first_poll,
            gap,
            max_polls,
        } = Policy::default().collection;
        Self {
            polls,
            first_poll,
            gap,
            max_polls,
        }
    }
}

impl CollectionConfig {
    pub(super) const fn collection(&self) -> Collection {
        Collection {
            polls: self.polls,
            first_poll: self.first_poll,
            gap: self.gap,
            max_polls: self.max_polls,
        }
    }

    pub(super) fn check(&self, faults: &mut Vec<Fault>) {
        check_range(
            "policy.collection.first_poll",
            self.first_poll,
            0,
            600,
            faults,
        );
        check_range("policy.collection.gap", self.gap, 1, 600, faults);
        if !(1..=100).contains(&self.max_polls) {
            faults.push(Fault::new(
                "policy.collection.max_polls",
                format!("{} is out of range: 1 to 100", self.max_polls),
            ));
        }
    }
}

/// `[policy.catch_up]`: what a radio gets that was away.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatchUpConfig {
    /// A radio that was silent for so long was away.
    #[serde(deserialize_with = "duration")]
    pub absence: Duration,
    /// Most alerts it gets at once, newest first.
    pub at_once: u8,
    /// After how long the next of them follow.
    #[serde(deserialize_with = "duration")]
    pub pause: Duration,
}

impl Default for CatchUpConfig {
    fn default() -> Self {
        let CatchUp {
            absence,
            at_once,
            pause,
        } = Policy::default().catch_up;
        Self {
            absence,
            at_once,
            pause,
        }
    }
}

impl CatchUpConfig {
    pub(super) const fn catch_up(&self) -> CatchUp {
        CatchUp {
            absence: self.absence,
            at_once: self.at_once,
            pause: self.pause,
        }
    }

    pub(super) fn check(&self, faults: &mut Vec<Fault>) {
        check_range("policy.catch_up.absence", self.absence, 10, 86_400, faults);
        check_range("policy.catch_up.pause", self.pause, 1, 86_400, faults);
        if !(1..=100).contains(&self.at_once) {
            faults.push(Fault::new(
                "policy.catch_up.at_once",
                format!("{} is out of range: 1 to 100", self.at_once),
            ));
        }
    }
}

fn check_range(key: &str, value: Duration, least: u64, most: u64, faults: &mut Vec<Fault>) {
    let seconds = value.as_secs();
    if !(least..=most).contains(&seconds) {
        let why = format!("{seconds}s is out of range: {least}s to {most}s");
        faults.push(Fault::new(key, why));
    }
}
