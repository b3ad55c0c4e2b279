//! Sensor alarms: which reports are one alarm, and when it makes an alert.
//!
//! An alarm is known by its site, its kind, the id that its source gives it (if it does) and
//! whether it is a drill. What the ledger knows of it is the fold in [`AlarmBook`]. Between
//! facts what the source says is held back for some seconds, so that a sensor that repeats
//! itself a hundred times a second neither fills the ledger nor rings anybody twice.
//!
//! These are not the engine's own [`Alarm`](crate::engine::io::Alarm)s, which tell whoever
//! watches the server at once.
//!
//! | part | decides |
//! |---|---|
//! | `book` | what is known from facts |
//! | `report` | what a source's report means |
//! | `damping` | when what it said is written |
//! | `alert` | when an alarm makes an alert, and whom an all-clear reaches |
//! | `suppress` | when it must not |
//! | `view` | what is told about it |

mod alert;
mod book;
mod damping;
mod report;
mod suppress;
mod view;

use std::collections::BTreeMap;
use std::time::Duration;

use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
pub(super) use crate::engine::alarms::book::AlarmBook;
use crate::engine::alarms::damping::Run;
pub use crate::engine::alarms::view::SensorAlarmView;
use crate::engine::timers::Timers;
use crate::model::alarm::QUIET;
use crate::model::facts::Fact;
use crate::model::ids::SensorAlarmId;

/// Most alarms that are open at once.
const OPEN: usize = 10_000;
/// Most open alarms of one kind at one site that are told apart by the source's ids. What comes
/// beyond is counted as the one alarm without an id.
const IDS: usize = 16;

/// What lives in memory only.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    runs: BTreeMap<SensorAlarmId, Run>,
    timers: Timers<AlarmTimer>,
}

/// What is due at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum AlarmTimer {
    /// Something of this alarm: to write, to alert or to end it.
    Alarm(SensorAlarmId),
    /// The time of a suppression is over.
    Suppressions,
}

impl Alarms {
    /// When something is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }
}

impl Engine {
    /// Looks after every open alarm and suppression again, after a restart.
    pub(super) fn resume_alarms(&mut self) {
        let now = self.clock.mono();
        for id in self.state.alarms.open() {
            self.alarms.timers.set(now, AlarmTimer::Alarm(id));
        }
        self.alarms.timers.set(now, AlarmTimer::Suppressions);
    }

    /// Does what is due of sensor alarms.
    pub(super) fn fire_alarms(&mut self, now: Instant) {
        while let Some(timer) = self.alarms.timers.due(now) {
            match timer {
                AlarmTimer::Alarm(id) => self.sensor_alarm_due(id),
                AlarmTimer::Suppressions => self.suppressions_due(),
            }
        }
    }

    /// How long a clearing of this alarm must hold.
    fn quiet_of(&self, site: &str, kind: &str) -> Duration {
        let mut rules = self.state.policy.alarms.iter();
        let rule = rules.find(|rule| rule.is_for(site, kind));
        rule.map_or(QUIET, |rule| rule.quiet)
    }

    /// Something of this alarm is due.
    pub(super) fn sensor_alarm_due(&mut self, id: SensorAlarmId) {
        let now = self.clock.mono();
        if self.alarms.runs.get(&id).is_some_and(|run| run.is_due(now)) {
            self.write_alarm(id);
        }
        self.end_alarm(id);
        self.alert_alarm(id, None);
        self.watch_alarm(id);
    }

    /// Ends an alarm that was cleared and stayed quiet.
    fn end_alarm(&mut self, id: SensorAlarmId) {
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
    fn watch_alarm(&mut self, id: SensorAlarmId) {
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
