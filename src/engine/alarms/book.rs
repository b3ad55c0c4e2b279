//! Sensor alarms as the facts tell of them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::alarm::{AlarmKey, AlertedFor, SensorAlarm, Suppression};
use crate::model::alert::Target;
use crate::model::book::AlertBook;
use crate::model::facts::{self, Fact};
use crate::model::ids::{AlertId, SensorAlarmId};
use crate::model::policy::Policy;
use crate::model::roster::Recipient;
use crate::model::wall::Wall;

/// How long an alarm that is over stays in memory.
const OVER_LIFE: Duration = Duration::from_secs(3_600);
/// Most alarms that are over and stay in memory; the oldest leave first.
const OVER: usize = 10_000;

/// Open alarms, those that were over within the hour, and suppressions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::engine) struct AlarmBook {
    alarms: BTreeMap<SensorAlarmId, SensorAlarm>,
    open: BTreeMap<AlarmKey, SensorAlarmId>,
    over: BTreeMap<(Wall, SensorAlarmId), ()>,
    suppressions: BTreeMap<(String, String), Suppression>,
}

impl AlarmBook {
    /// Folds one more fact in, decided at `at`.
    pub(in crate::engine) fn apply(
        &mut self,
        at: Wall,
        fact: &Fact,
        books: &BTreeMap<AlertId, AlertBook>,
        policy: &Policy,
    ) {
        match fact {
            Fact::AlarmRaised(alarm) | Fact::AlarmRestated(alarm) => {
                self.open.insert(alarm.key(), alarm.of.id);
                self.alarms.insert(alarm.of.id, alarm.as_ref().clone());
            }
            Fact::AlarmToldRestated { alarm, told } => {
                if let Some(alarm) = self.alarms.get_mut(alarm) {
                    alarm.told.extend(told.iter().cloned());
                }
            }
            Fact::AlarmUpdated(update) => {
                if let Some(alarm) = self.alarms.get_mut(&update.of.id) {
                    alarm.update(at, update);
                }
            }
            Fact::AlarmCleared { of, count, .. } => {
                if let Some(alarm) = self.alarms.get_mut(&of.id) {
                    alarm.count = *count;
                    alarm.cleared_at = Some(at);
                    alarm.changed_at = at;
                }
            }
            Fact::AlarmEnded { of } => self.end(of.id, at),
            Fact::AlarmAlerted {
                of,
                alert,
                level,
                because,
                ..
            } => {
                let Some(alarm) = self.alarms.get_mut(&of.id) else {
                    return;
                };
                if *because == AlertedFor::AllClear {
                    alarm.note(*alert);
                    return;
                }
                alarm.alerted(at, *alert, level.rank);
                let mut rules = policy.alarms.iter();
                let rule = rules.find(|rule| rule.is_for(&of.site, &of.kind));
                let owes = rule.is_some_and(|rule| rule.clear_text.is_some());
                if let Some(book) = books.get(alert).filter(|_| owes) {
                    alarm.sms |= book.alert.sms;
                    let told = book.deliveries.iter();
                    let told = told.filter_map(|it| target_of(&it.recipient));
                    alarm.told.extend(told);
                }
            }
            Fact::AlarmUnalerted { of, problem } => {
                if let Some(alarm) = self.alarms.get_mut(&of.id) {
                    alarm.problem = Some(problem.clone());
                }
            }
            Fact::AlarmSuppressed(suppression) => {
                let key = (suppression.site.clone(), suppression.kind.clone());
                self.suppressions.insert(key, suppression.clone());
            }
            Fact::AlarmResumed { site, kind, .. } => {
                self.suppressions.remove(&(site.clone(), kind.clone()));
            }
            _ => {}
        }
    }

    fn end(&mut self, id: SensorAlarmId, at: Wall) {
        let Some(alarm) = self.alarms.get_mut(&id) else {
            return;
        };
        alarm.ended_at = Some(at);
        self.open.remove(&alarm.key());
        self.over.insert((at, id), ());
        if self.over.len() > OVER
            && let Some(((_, oldest), ())) = self.over.pop_first()
        {
            self.alarms.remove(&oldest);
        }
    }

    /// Forgets the alarms that have been over for an hour.
    pub(in crate::engine) fn forget(&mut self, now: Wall) {
        let kept = |(at, _): &(Wall, SensorAlarmId)| now.since(*at) < OVER_LIFE;
        while let Some(first) = self.over.first_entry().filter(|it| !kept(it.key())) {
            let ((_, id), ()) = first.remove_entry();
            self.alarms.remove(&id);
        }
    }

    /// An alarm that is open or was over within the hour.
    pub(in crate::engine) fn get(&self, id: SensorAlarmId) -> Option<&SensorAlarm> {
        self.alarms.get(&id)
    }

    /// The alarms that are open.
    pub(super) fn open(&self) -> Vec<SensorAlarmId> {
        self.open.values().copied().collect()
    }

    /// How many alarms are open.
    pub(super) fn open_count(&self) -> usize {
        self.open.len()
    }

    /// The open alarm that is known by this.
    pub(super) fn find(&self, key: &AlarmKey) -> Option<SensorAlarmId> {
        self.open.get(key).copied()
    }

    /// The newest alarm of those that were over within the hour which was known by this.
    pub(super) fn find_over(&self, key: &AlarmKey) -> Option<SensorAlarmId> {
        let mut newest = self.over.keys().rev().map(|(_, id)| *id);
        newest.find(|id| self.get(*id).is_some_and(|alarm| alarm.key() == *key))
    }

    /// The open alarms of one kind at one site, drills and live ones.
    pub(super) fn of_kind(
        &self,
        site: &str,
        kind: &str,
    ) -> impl Iterator<Item = (&AlarmKey, SensorAlarmId)> {
        let first = AlarmKey {
            site: site.to_owned(),
            kind: kind.to_owned(),
            exercise: false,
            source_id: None,
        };
        self.open
            .range(first..)
            .take_while(move |(key, _)| key.site == site && key.kind == kind)
            .map(|(key, id)| (key, *id))
    }

    /// All that are in memory, newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &SensorAlarm> {
        self.alarms.values().rev()
    }

    /// The suppression of a kind of alarm at a site, if there is one.
    pub(super) fn suppression(&self, site: &str, kind: &str) -> Option<&Suppression> {
        // A map by borrowed pairs is not to be had; few are suppressed at once.
        self.suppressions
            .values()
            .find(|known| known.site == site && known.kind == kind)
    }

    /// Every suppression, by site and kind.
    pub(super) fn suppressions(&self) -> impl Iterator<Item = &Suppression> {
        self.suppressions.values()
    }

    /// States again what is open, because older facts go.
    pub(in crate::engine) fn restated(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        for alarm in self.open.values().filter_map(|id| self.alarms.get(id)) {
            let told: Vec<Target> = alarm.told.iter().cloned().collect();
            let mut bare = alarm.clone();
            bare.told.clear();
            facts.push(Fact::AlarmRestated(Box::new(bare)));
            facts.extend(facts::pieces(&told, facts::stored_size).map(|piece| {
                Fact::AlarmToldRestated {
                    alarm: alarm.of.id,
                    told: piece.to_vec(),
                }
            }));
        }
        let suppressed = self.suppressions.values().cloned();
        facts.extend(suppressed.map(Fact::AlarmSuppressed));
        facts
    }
}

/// How the roster names who got an alert.
fn target_of(recipient: &Recipient) -> Option<Target> {
    let person = recipient.person().map(|id| Target::Person(id.to_owned()));
    let system = recipient.system();
    let system = system.map(|(id, _)| Target::System(id.to_owned()));
    person.or(system).or(recipient.radio.map(Target::Radio))
}
