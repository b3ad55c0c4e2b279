//! When what a source said is written.

use crate::engine::Engine;
use crate::model::alarm::AlarmUpdate;
use crate::model::facts::Fact;
use crate::model::ids::SensorAlarmId;

impl Engine {
    /// Writes what a source said of its alarm since the last fact about it.
    pub(super) fn write_alarm(&mut self, id: SensorAlarmId) {
        let now = self.clock.mono();
        let Some(alarm) = self.state.alarms.get(id) else {
            return;
        };
        let run = self.alarms.runs.get_mut(&id);
        let Some(said) = run.and_then(|run| run.take(now)) else {
            return;
        };
        let of = alarm.of.clone();
        if said.stands {
            self.emit(Fact::AlarmUpdated(Box::new(AlarmUpdate {
                of,
                level: said.level,
                value: said.value,
                said_at: said.said_at,
                count: said.count,
                rearmed: said.rearmed,
            })));
        } else {
            self.emit(Fact::AlarmCleared {
                of,
                by: said.by,
                count: said.count,
            });
        }
    }
}
