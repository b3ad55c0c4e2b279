//! What is told about sensor alarms.

use crate::engine::Engine;
use crate::engine::alarms::view::SensorAlarmView;
use crate::engine::io::{Refusal, Response};
use crate::model::alarm::{SensorAlarm, Suppression};
use crate::model::ids::SensorAlarmId;
use crate::model::token::Principal;

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
