//! Sensor alarms.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::io::AlarmReport;
use crate::engine::views::SensorAlarmView;
use crate::model::alarm::Suppression;
use crate::model::text;
use crate::model::wall::Wall;

/// What a source says of a sensor alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmReportBody {
    /// The site, as an `[[alarm]]` of the configuration names it.
    #[schema(example = "plant-7")]
    pub site: String,
    /// The kind of alarm, as the rule names it.
    #[schema(example = "gas")]
    pub kind: String,
    /// Its level, as the rule names it. A clearing needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Whether it stands.
    pub state: AlarmStateBody,
    /// The source's own id of it, 1 to 100 characters: alarms of one kind at one site that are
    /// told apart. Beyond 16 that are open they are counted as one without an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What the sensor read: a text of at most 100 characters, or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<AlarmValueBody>,
    /// When, as the source says; shown, and decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Wall>,
    /// Whether it is part of a drill.
    #[serde(default)]
    pub exercise: bool,
}

/// What a source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmStateBody {
    /// The alarm stands.
    Raised,
    /// It does not stand any more.
    Cleared,
}

/// What a sensor read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AlarmValueBody {
    /// In words, with its unit.
    Text(String),
    /// A number.
    Number(f64),
}

impl From<AlarmReportBody> for AlarmReport {
    fn from(body: AlarmReportBody) -> Self {
        Self {
            site: body.site,
            kind: body.kind,
            level: body.level,
            raised: body.state == AlarmStateBody::Raised,
            id: body.id,
            value: body.value.map(|value| match value {
                AlarmValueBody::Text(text) => text,
                AlarmValueBody::Number(number) => number.to_string(),
            }),
            at: body.at,
            exercise: body.exercise,
        }
    }
}

/// A sensor alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SensorAlarmBody {
    /// Its identity.
    pub id: String,
    /// `raised`, `cleared` (and may come back within the quiet time) or `over`.
    pub state: String,
    /// The site.
    pub site: String,
    /// The kind of alarm.
    pub kind: String,
    /// The id that the source gives it.
    pub source_id: Option<String>,
    /// Where its rule hangs; empty for the root.
    pub node: String,
    /// Its level now.
    pub level: String,
    /// What the sensor read last.
    pub value: Option<String>,
    /// When, as the source says.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub said_at: Option<Wall>,
    /// How often it was raised. Counted at once, on disk some seconds later.
    pub count: u64,
    /// Who raised it.
    pub by: String,
    /// When it was raised.
    #[schema(value_type = String, format = DateTime)]
    pub raised_at: Wall,
    /// When the source spoke of it last.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Wall,
    /// Since when it does not stand.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub cleared_at: Option<Wall>,
    /// When it was over for good.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Wall>,
    /// Until when it makes no alerts.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub suppressed_until: Option<Wall>,
    /// Its newest alert.
    pub alert: Option<String>,
    /// Its newest alerts, the newest last, 16 at most; the all-clear stands at the end.
    pub alerts: Vec<String>,
    /// What is in the way of its alert, and what would help.
    pub problem: Option<String>,
    /// Whether it is part of a drill.
    pub exercise: bool,
}

impl From<SensorAlarmView> for SensorAlarmBody {
    fn from(view: SensorAlarmView) -> Self {
        let state = match (view.ended_at, view.stands) {
            (Some(_), _) => "over",
            (None, true) => "raised",
            (None, false) => "cleared",
        };
        Self {
            id: view.id.to_string(),
            state: state.to_owned(),
            site: view.site,
            kind: view.kind,
            source_id: view.source_id,
            node: view.node.as_str().to_owned(),
            level: view.level,
            value: view.value,
            said_at: view.said_at,
            count: view.count,
            by: view.by,
            raised_at: view.raised_at,
            changed_at: view.changed_at,
            cleared_at: view.cleared_at,
            ended_at: view.ended_at,
            suppressed_until: view.suppressed_until,
            alert: view.alerts.last().map(ToString::to_string),
            alerts: view.alerts.iter().map(ToString::to_string).collect(),
            problem: view.problem.as_deref().map(text::shown),
            exercise: view.exercise,
        }
    }
}

/// Sensor alarms, and what is suppressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SensorAlarmList {
    /// Open ones and those over within the hour, newest first.
    pub alarms: Vec<SensorAlarmBody>,
    /// Every suppression that holds.
    pub suppressions: Vec<SuppressionBody>,
    /// Where the next page begins: give it as `before`.
    pub next: Option<String>,
}

/// No alerts of one kind of alarm at one site, for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuppressionBody {
    /// The site.
    pub site: String,
    /// The kind of alarm.
    pub kind: String,
    /// Who asked for it.
    pub by: String,
    /// Why.
    pub why: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Wall,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub until: Wall,
}

impl From<Suppression> for SuppressionBody {
    fn from(it: Suppression) -> Self {
        Self {
            site: it.site,
            kind: it.kind,
            by: it.by,
            why: it.why,
            since: it.since,
            until: it.until,
        }
    }
}

/// A kind of alarm to keep from making alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppressBody {
    /// The site.
    pub site: String,
    /// The kind of alarm.
    pub kind: String,
    /// Until when, at most 24 hours ahead. A time in the past ends the suppression.
    #[schema(value_type = String, format = DateTime)]
    pub until: Wall,
    /// Why, in 1 to 300 characters; to end a suppression none is needed.
    #[serde(default)]
    pub why: String,
}
