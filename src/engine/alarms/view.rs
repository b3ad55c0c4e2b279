//! What is told about sensor alarms.

use crate::engine::Engine;
use crate::engine::io::{Refusal, Response};
use crate::model::alarm::{SensorAlarm, Suppression};
use crate::model::ids::{AlertId, SensorAlarmId};
use crate::model::roster::Node;
use crate::model::token::Principal;
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
    /// Who raised it.
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

impl Engine {
    /// The answer to a report: the alarm, and whether the report opened it.
    pub(super) fn told_of_alarm(&self, id: SensorAlarmId, new: bool) -> Result<Response, Refusal> {
        let alarm = self
            .state
            .alarms
            .get(id)
            .ok_or(Refusal::NotFound("alarm"))?;
        let view = Box::new(self.alarm_view(alarm));
        Ok(Response::SensorAlarm { view, new })
    }

    /// One alarm, open or over within the hour.
    pub(in crate::engine) fn sensor_alarm(
        &self,
        who: &Principal,
        id: SensorAlarmId,
    ) -> Result<Response, Refusal> {
        let known = self.state.alarms.get(id);
        known
            .filter(|alarm| who.node.covers(&alarm.of.node))
            .ok_or(Refusal::NotFound("alarm"))?;
        self.told_of_alarm(id, false)
    }

    /// A page of the alarms of a node, newest first, and every suppression there.
    pub(in crate::engine) fn sensor_alarms(
        &self,
        who: &Principal,
        before: Option<SensorAlarmId>,
        limit: usize,
    ) -> Response {
        let alarms = self.state.alarms.newest();
        let alarms = alarms
            .filter(|alarm| before.is_none_or(|before| alarm.of.id < before))
            .filter(|alarm| who.node.covers(&alarm.of.node))
            .take(limit)
            .map(|alarm| self.alarm_view(alarm));
        let suppressions = self.state.alarms.suppressions();
        let suppressions = suppressions
            .filter(|it| who.node.covers(&it.node) && it.until > self.wall())
            .cloned();
        Response::SensorAlarms {
            alarms: alarms.collect(),
            suppressions: suppressions.collect::<Vec<Suppression>>(),
        }
    }

    fn alarm_view(&self, alarm: &SensorAlarm) -> SensorAlarmView {
        let (site, kind) = (&alarm.of.site, &alarm.of.kind);
        let suppressed = self.suppression_of(site, kind);
        let mut view = SensorAlarmView {
            id: alarm.of.id,
            site: site.clone(),
            kind: kind.clone(),
            source_id: alarm.source_id.clone(),
            node: alarm.of.node.clone(),
            exercise: alarm.of.exercise,
            level: alarm.level.name.clone(),
            value: alarm.value.clone(),
            said_at: alarm.said_at,
            stands: alarm.stands(),
            count: alarm.count,
            by: alarm.by.clone(),
            raised_at: alarm.raised_at,
            changed_at: alarm.changed_at,
            cleared_at: alarm.cleared_at,
            ended_at: alarm.ended_at,
            suppressed_until: suppressed.map(|it| it.until),
            alerts: alarm.alerts.clone(),
            problem: alarm.problem.clone(),
        };
        if let Some(said) = self.alarms.runs.get(&view.id).and_then(|run| run.held()) {
            view.level.clone_from(&said.level.name);
            view.value.clone_from(&said.value);
            view.said_at = said.said_at;
            view.stands = said.stands;
            view.count = said.count;
            view.changed_at = said.at;
            let since = alarm.cleared_at.unwrap_or(said.at);
            view.cleared_at = (!said.stands).then_some(since);
        }
        view
    }
}
