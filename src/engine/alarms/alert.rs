//! When an alarm makes an alert, and whom an all-clear reaches.

use std::time::Duration;

use crate::engine::Engine;
use crate::engine::alarms::run::Run;
use crate::engine::io::{Refusal, Submit};
use crate::engine::limits::fitting;
use crate::model::alarm::{AlertedFor, LevelRule, SensorAlarm, render};
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, SensorAlarmId};
use crate::model::roster::Node;
use crate::model::wall::Wall;

/// When to try again what could not be alerted.
const RETRY: Duration = Duration::from_secs(30);
/// Longest text of a problem, in characters.
const PROBLEM: usize = 300;

impl Engine {
    /// When this alarm is alerted again because it still stands.
    pub(super) fn repeat_due(&self, alarm: &SensorAlarm) -> Option<Wall> {
        let mut rules = self.state.policy.alarms.iter();
        let rule = rules.find(|rule| rule.is_for(&alarm.of.site, &alarm.of.kind))?;
        let alerted = alarm.alerted.filter(|_| alarm.stands())?;
        Some(alerted.at.plus(rule.repeat_after?))
    }

    /// Why this alarm should make an alert now, if it should.
    fn alert_is_due(&self, alarm: &SensorAlarm) -> Option<AlertedFor> {
        if !alarm.stands() {
            return None;
        }
        match alarm.alerted {
            None => Some(AlertedFor::Raised),
            Some(alerted) if alarm.level.rank > alerted.rank => Some(AlertedFor::Higher),
            Some(_) => {
                let again = self.repeat_due(alarm)?;
                (again <= self.wall()).then_some(AlertedFor::StillStands)
            }
        }
    }

    /// Makes the alert that this alarm is due, if it is due one.
    pub(super) fn alert_alarm(&mut self, id: SensorAlarmId, instead: Option<AlertedFor>) {
        let now = self.clock.mono();
        let Some(alarm) = self.state.alarms.get(id) else {
            return;
        };
        let run = self.alarms.runs.get(&id);
        let waits = instead.is_none() && run.is_some_and(|run| run.waits_until(now).is_some());
        let (site, kind) = (&alarm.of.site, &alarm.of.kind);
        let Some(because) = self.alert_is_due(alarm).filter(|_| !waits) else {
            return;
        };
        if self.suppression_of(site, kind).is_some() {
            return;
        }
        let mut rules = self.state.policy.alarms.iter();
        let rule = rules.find(|rule| rule.is_for(site, kind));
        let level = rule.and_then(|rule| rule.level(&alarm.level.name)).cloned();
        let alarm = alarm.clone();
        let made = match level {
            Some(level) => self.alert_at_level(&alarm, level),
            None => Err(format!(
                "the configuration has no rule for the level `{}` of {} at {} any more: add it",
                alarm.level.name, alarm.of.kind, alarm.of.site
            )),
        };
        let run = self.alarms.runs.entry(id).or_insert_with(|| Run::new(now));
        run.retry_at = made.is_err().then(|| now + RETRY);
        match made {
            Ok((alert, missing)) => {
                self.emit(Fact::AlarmAlerted {
                    of: alarm.of,
                    alert,
                    level: alarm.level,
                    because: instead.unwrap_or(because),
                    missing,
                });
            }
            Err(problem) => {
                let problem: String = problem.chars().take(PROBLEM).collect();
                if alarm.problem.as_ref() != Some(&problem) {
                    let of = alarm.of;
                    self.emit(Fact::AlarmUnalerted { of, problem });
                }
            }
        }
    }

    /// The alert of this level, and whom its rule names in vain.
    fn alert_at_level(
        &mut self,
        alarm: &SensorAlarm,
        level: LevelRule,
    ) -> Result<(AlertId, Vec<Target>), String> {
        let (targets, missing) = self.known_targets(level.to, alarm.of.exercise, level.sms);
        if targets.is_empty() {
            let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
            return Err(format!(
                "nobody can be alerted: {} of `to` is not in the roster or has no address; import \
                 the roster",
                names.join(", ")
            ));
        }
        let submit = Submit {
            id: AlertId(self.fresh_id()),
            text: fitting(&render(&level.text, alarm)),
            precedence: level.precedence,
            ask: level.ask,
            targets,
            expires_at: None,
            exercise: alarm.of.exercise,
            sms: level.sms,
            station: None,
            idempotency: None,
            language: None,
            translations: Vec::new(),
        };
        let made = self.alert_of_alarm(alarm, submit);
        made.map(|alert| (alert, missing))
            .map_err(|why| why.to_string())
    }

    /// Tells exactly those who were alerted that it is over.
    pub(super) fn all_clear(&mut self, id: SensorAlarmId) {
        let Some(alarm) = self.state.alarms.get(id).cloned() else {
            return;
        };
        let mut rules = self.state.policy.alarms.iter();
        let rule = rules.find(|rule| rule.is_for(&alarm.of.site, &alarm.of.kind));
        let Some(text) = rule.and_then(|rule| rule.clear_text.as_deref()) else {
            return;
        };
        let text = fitting(&render(text, &alarm));
        let told = alarm.told.iter().cloned().collect();
        let (targets, missing) = self.known_targets(told, alarm.of.exercise, alarm.sms);
        if targets.is_empty() {
            return;
        }
        let submit = Submit {
            id: AlertId(self.fresh_id()),
            text,
            precedence: Precedence::Priority,
            ask: Ask::Receipt,
            targets,
            expires_at: None,
            exercise: alarm.of.exercise,
            sms: alarm.sms,
            station: None,
            idempotency: None,
            language: None,
            translations: Vec::new(),
        };
        match self.alert_of_alarm(&alarm, submit) {
            Ok(alert) => {
                // Who has left the roster since is named as far as it fits one fact.
                let missing = missing.into_iter().take(MISSING).collect();
                self.emit(Fact::AlarmAlerted {
                    of: alarm.of,
                    alert,
                    level: alarm.level,
                    because: AlertedFor::AllClear,
                    missing,
                });
            }
            Err(why) => {
                let problem = format!("the all-clear could not be sent: {why}");
                let problem = problem.chars().take(PROBLEM).collect();
                let of = alarm.of;
                self.emit(Fact::AlarmUnalerted { of, problem });
            }
        }
    }

    /// Those of these targets who can be reached, and the others.
    fn known_targets(
        &self,
        targets: Vec<Target>,
        exercise: bool,
        sms: bool,
    ) -> (Vec<Target>, Vec<Target>) {
        let sms = sms && self.state.policy.has_route(exercise);
        let known = |target: &Target| {
            let one = std::slice::from_ref(target);
            let found = self.state.roster.resolve(one, &Node::root(), sms);
            let reached = |it: &crate::model::roster::Recipient| {
                it.radio.is_some() || !it.phones().is_empty()
            };
            found.is_ok_and(|found| found.iter().any(reached))
        };
        targets.into_iter().partition(known)
    }

    /// Accepts an alert that the configuration asks for, in the name of the alarm's source. It
    /// hangs at the node of the rule and reaches whom the rule names, wherever they hang.
    fn alert_of_alarm(&mut self, alarm: &SensorAlarm, submit: Submit) -> Result<AlertId, Refusal> {
        let sms = self.no_sms(&submit).is_none();
        let roster = &self.state.roster;
        let recipients = roster.resolve(&submit.targets, &Node::root(), sms)?;
        self.room_for(submit.precedence, recipients.len())?;
        let (by, node) = (alarm.by.clone(), alarm.of.node.clone());
        let alert = self.draft(submit, &recipients, by, node, None);
        let hindered = self.hindered(&alert, &recipients);
        if let Some(why) = hindered.text_for_nobody(recipients.len()) {
            let why = why.to_owned();
            return Err(Refusal::Invalid { field: "text", why });
        }
        Ok(self.accept(alert, &recipients, hindered).id)
    }
}

/// Most people of an all-clear who are named because the roster does not know them any more.
const MISSING: usize = 100;
