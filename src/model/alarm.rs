//! Sensor alarms: what the monitoring of a hazard site says, and the rules that make alerts of it.
//!
//! A *sensor alarm* is no emergency of a radio, and it is not the engine's
//! [`Alarm`](crate::engine::io::Alarm), which tells whoever watches the server at once.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::alert::{Ask, Precedence, Target};
use crate::model::ids::{AlertId, SensorAlarmId};
use crate::model::roster::Node;
use crate::model::wall::Wall;

/// Longest name of a site, a kind or a level, in characters.
pub const NAME: usize = 60;
/// Longest id that a source gives its alarm, in characters.
pub const SOURCE_ID: usize = 100;
/// Longest value of a sensor, in characters.
pub const VALUE: usize = 100;
/// Longest time for which a kind of alarm may be suppressed.
pub const LONGEST_SUPPRESSION: Duration = Duration::from_secs(24 * 3_600);
/// How long a clearing must hold, where no rule says otherwise.
pub const QUIET: Duration = Duration::from_secs(300);
/// Alerts of one alarm that are shown; the oldest leave first.
const ALERTS: usize = 16;

/// What may stand in a template: these words in braces.
pub const PLACEHOLDERS: [&str; 5] = ["site", "kind", "level", "value", "count"];

/// What is done about one kind of alarm at some sites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRule {
    /// The sites it is for, at least one.
    pub sites: Vec<String>,
    /// The kind of alarm.
    pub kind: String,
    /// Where the sites hang: a token raises and sees the alarms of its node and below.
    pub node: Node,
    /// The levels, the lowest first.
    pub levels: Vec<LevelRule>,
    /// What those who were alerted are told once the alarm is over; none for nothing.
    pub clear_text: Option<String>,
    /// An alarm raised again so soon after its clearing is the same one.
    pub quiet: Duration,
    /// An alarm that still stands so long after its last alert is alerted again.
    pub repeat_after: Option<Duration>,
}

/// What one level of an alarm leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelRule {
    /// Its name and how high it stands.
    pub level: Level,
    /// How urgent the alert is.
    pub precedence: Precedence,
    /// What it says, with [`PLACEHOLDERS`].
    pub text: String,
    /// Whom it names.
    pub to: Vec<Target>,
    /// What the alerts that it makes ask.
    pub ask: Ask,
    /// Whether it may go to telephones.
    pub sms: bool,
}

/// A level of an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Level {
    /// Its name.
    pub name: String,
    /// How high it stands, 1 to 255: the more, the worse.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub rank: u8,
}

impl AlarmRule {
    /// Whether it is for this kind of alarm at this site.
    #[must_use]
    pub fn is_for(&self, site: &str, kind: &str) -> bool {
        self.kind == kind && self.sites.iter().any(|known| known == site)
    }

    /// What the level of this name leads to.
    #[must_use]
    pub fn level(&self, name: &str) -> Option<&LevelRule> {
        self.levels.iter().find(|known| known.level.name == name)
    }
}

/// By what an alarm is known while it is open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AlarmKey {
    /// The site.
    pub site: String,
    /// The kind of alarm.
    pub kind: String,
    /// Whether it is part of a drill: those never meet the live ones.
    pub exercise: bool,
    /// The id that the source gives it, if it does.
    pub source_id: Option<String>,
}

/// Which alarm a fact is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AlarmOf {
    /// Its identity everywhere.
    pub id: SensorAlarmId,
    /// The site.
    pub site: String,
    /// The kind of alarm.
    pub kind: String,
    /// The node of its rule.
    pub node: Node,
    /// Whether it is part of a drill.
    pub exercise: bool,
}

/// The newest alert of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Alerted {
    /// Up to which rank people know it.
    pub rank: u8,
    /// When the newest alert was made.
    pub at: Wall,
}

/// An alarm as it is known from facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SensorAlarm {
    /// Its identity, site and kind.
    pub of: AlarmOf,
    /// The id that the source gives it, if it does.
    pub source_id: Option<String>,
    /// The name of the source that raised it.
    pub by: String,
    /// Its level now.
    pub level: Level,
    /// What the sensor read last, as the source writes it.
    pub value: Option<String>,
    /// When that was, as the source says.
    pub said_at: Option<Wall>,
    /// When it was raised.
    pub raised_at: Wall,
    /// When a report of it was recorded last.
    pub changed_at: Wall,
    /// How often it was raised.
    pub count: u64,
    /// Since when it does not stand, if it does not.
    pub cleared_at: Option<Wall>,
    /// When it was over for good.
    pub ended_at: Option<Wall>,
    /// The newest alert of it.
    pub alerted: Option<Alerted>,
    /// Since when its level is below what people know.
    pub lower_since: Option<Wall>,
    /// Its alerts, the newest last.
    pub alerts: Vec<AlertId>,
    /// Who was alerted; kept only where an all-clear is owed to them.
    pub told: BTreeSet<Target>,
    /// Whether any of its alerts could go to telephones.
    pub sms: bool,
    /// What is in the way of its alert, and what would help.
    pub problem: Option<String>,
}

impl SensorAlarm {
    /// By what it is known while it is open.
    #[must_use]
    pub fn key(&self) -> AlarmKey {
        AlarmKey {
            site: self.of.site.clone(),
            kind: self.of.kind.clone(),
            exercise: self.of.exercise,
            source_id: self.source_id.clone(),
        }
    }

    /// Whether it stands: raised and not cleared.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.cleared_at.is_none() && self.ended_at.is_none()
    }

    /// The source raised it again at `at`, perhaps at another level.
    pub fn update(&mut self, at: Wall, update: &AlarmUpdate) {
        if let Some(alerted) = self.alerted.as_mut().filter(|_| update.rearmed) {
            alerted.rank = alerted.rank.min(self.level.rank);
        }
        self.level = update.level.clone();
        self.value.clone_from(&update.value);
        self.said_at = update.said_at;
        self.count = update.count;
        self.changed_at = at;
        self.cleared_at = None;
        let known = self.alerted.map_or(0, |alerted| alerted.rank);
        self.lower_since = match self.lower_since {
            _ if self.level.rank >= known => None,
            Some(since) => Some(since),
            None => Some(at),
        };
    }

    /// An alert of it was made at `at`.
    pub fn alerted(&mut self, at: Wall, alert: AlertId, rank: u8) {
        let known = self.alerted.map_or(0, |alerted| alerted.rank);
        self.alerted = Some(Alerted {
            rank: rank.max(known),
            at,
        });
        self.note(alert);
        self.problem = None;
    }

    /// Keeps the name of an alert of it.
    pub fn note(&mut self, alert: AlertId) {
        if self.alerts.len() >= ALERTS {
            self.alerts.remove(0);
        }
        self.alerts.push(alert);
    }
}

/// What a source said of an alarm since the last fact about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AlarmUpdate {
    /// The alarm that it is about.
    pub of: AlarmOf,
    /// Its level now.
    pub level: Level,
    /// What the sensor read last.
    pub value: Option<String>,
    /// When that was, as the source says.
    pub said_at: Option<Wall>,
    /// How often it was raised, in all.
    pub count: u64,
    /// Whether it had been lower for so long that its rise is news again.
    pub rearmed: bool,
}

/// Why an alarm makes an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AlertedFor {
    /// It was raised.
    Raised,
    /// It rose to a higher level.
    Higher,
    /// It still stands.
    StillStands,
    /// It stood when its suppression ended.
    SuppressionEnded,
    /// It is over.
    AllClear,
}

/// No alerts of one kind of alarm at one site, for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Suppression {
    /// The site.
    pub site: String,
    /// The kind of alarm.
    pub kind: String,
    /// The node of the rule.
    pub node: Node,
    /// Who asked for it.
    pub by: String,
    /// The reason that was given.
    pub why: String,
    /// Since when.
    pub since: Wall,
    /// Until when.
    pub until: Wall,
}

/// Puts what is known of an alarm into a template.
#[must_use]
pub fn render(template: &str, alarm: &SensorAlarm) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((word, behind)) = after.split_once('}') else {
            text.push('{');
            rest = after;
            continue;
        };
        match word {
            "site" => text.push_str(&alarm.of.site),
            "kind" => text.push_str(&alarm.of.kind),
            "level" => text.push_str(&alarm.level.name),
            "value" => text.push_str(alarm.value.as_deref().unwrap_or("-")),
            "count" => text.push_str(&alarm.count.to_string()),
            other => {
                text.push('{');
                text.push_str(other);
                text.push('}');
            }
        }
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// The first word in braces that no template may have.
#[must_use]
pub fn unknown_placeholder(template: &str) -> Option<&str> {
    let words = template.split('{').skip(1);
    words
        .map(|rest| rest.split('}').next().unwrap_or_default())
        .find(|word| !PLACEHOLDERS.contains(word))
}
