//! How a sensor alarm is shown.

use crate::model::ids::{AlertId, SensorAlarmId};
use crate::model::roster::Node;
use crate::model::wall::Wall;

/// A sensor alarm as it stands now, what is not written yet included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorAlarmView {
    /// Its identity.
    pub id: SensorAlarmId,
    /// The site.
    pub site: String,
    /// The kind of alarm.
    pub kind: String,
    /// The id that the source gives it, if it does.
    pub source_id: Option<String>,
    /// The node of its rule.
    pub node: Node,
    /// Whether it is part of a drill.
    pub exercise: bool,
    /// Its level now.
    pub level: String,
    /// What the sensor read last.
    pub value: Option<String>,
    /// When that was, as the source says.
    pub said_at: Option<Wall>,
    /// Whether it stands: raised and not cleared.
    pub stands: bool,
    /// How often it was raised.
    pub count: u64,
    /// The name of the source that raised it.
    pub by: String,
    /// When it was raised.
    pub raised_at: Wall,
    /// When the source spoke of it last.
    pub changed_at: Wall,
    /// Since when it does not stand, if it does not.
    pub cleared_at: Option<Wall>,
    /// When it was over for good.
    pub ended_at: Option<Wall>,
    /// Until when it makes no alerts, if it is suppressed.
    pub suppressed_until: Option<Wall>,
    /// Its newest alerts, the newest last.
    pub alerts: Vec<AlertId>,
    /// What is in the way of its alert, and what would help.
    pub problem: Option<String>,
}
