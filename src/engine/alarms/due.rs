//! What is due of sensor alarms, and when.

use std::time::Duration;

use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::alarms::AlarmTimer;
use crate::engine::alarms::run::Run;
use crate::model::alarm::QUIET;
use crate::model::facts::Fact;
use crate::model::ids::SensorAlarmId;

impl Engine {
    /// Looks after every open alarm and suppression again, after a restart.
    pub(in crate::engine) fn resume_alarms(&mut self) {
        let now = self.clock.mono();
        for id in self.state.alarms.open() {
            self.alarms.timers.set(now, AlarmTimer::Alarm(id));
        }
        self.alarms.timers.set(now, AlarmTimer::Suppressions);
    }

    /// Does what is due of sensor alarms.
    pub(in crate::engine) fn fire_alarms(&mut self, now: Instant) {
        while let Some(timer) = self.alarms.timers.due(now) {
            match timer {
                AlarmTimer::Alarm(id) => self.sensor_alarm_due(id),
                AlarmTimer::Suppressions => self.suppressions_due(),
            }
        }
    }

    /// How long a clearing of this alarm must hold.
    pub(super) fn quiet_of(&self, site: &str, kind: &str) -> Duration {
        let mut rules = self.state.policy.alarms.iter();
        let rule = rules.find(|rule| rule.is_for(site, kind));
        rule.map_or(QUIET, |rule| rule.quiet)
    }

    /// Something of this alarm is due.
    pub(in crate::engine) fn sensor_alarm_due(&mut self, id: SensorAlarmId) {
        let now = self.clock.mono();
        if self.alarms.runs.get(&id).is_some_and(|run| run.is_due(now)) {
            self.write_alarm(id);
        }
        self.end_alarm(id);
        self.alert_alarm(id, None);
        self.watch_alarm(id);
    }

    /// Ends an alarm that was cleared and stayed quiet.
    pub(super) fn end_alarm(&mut self, id: SensorAlarmId) {
        let waits = self.alarms.runs.get(&id).is_some_and(Run::holds_back);
        let Some(alarm) = self.state.alarms.get(id).filter(|_| !waits) else {
            return;
        };
        let quiet = self.quiet_of(&alarm.of.site, &alarm.of.kind);
        let over = alarm
            .cleared_at
            .is_some_and(|at| self.wall().since(at) >= quiet);
        if alarm.ended_at.is_none() && over {
            let of = alarm.of.clone();
            self.emit(Fact::AlarmEnded { of });
            self.alarms.runs.remove(&id);
            self.all_clear(id);
        }
    }

    /// Sets the timer of the next thing that becomes due of this alarm.
    pub(super) fn watch_alarm(&mut self, id: SensorAlarmId) {
        let Some(alarm) = self.state.alarms.get(id).filter(|it| it.ended_at.is_none()) else {
            return;
        };
        let run = self.alarms.runs.get(&id);
        let held = run.and_then(Run::due);
        let now = self.clock.mono();
        let retry = run.and_then(|run| run.waits_until(now));
        let (site, kind) = (&alarm.of.site, &alarm.of.kind);
        let quiet = alarm
            .cleared_at
            .filter(|_| held.is_none())
            .map(|at| self.clock.when(at.plus(self.quiet_of(site, kind))));
        let again = self
            .repeat_due(alarm)
            .filter(|_| retry.is_none() && self.suppression_of(site, kind).is_none())
            .map(|at| self.clock.when(at));
        let next: Option<Instant> = [held, retry, quiet, again].into_iter().flatten().min();
        if let Some(at) = next {
            self.alarms.timers.set(at, AlarmTimer::Alarm(id));
        }
    }
}
