//! What a source's report means.

use std::time::Duration;

use crate::engine::Engine;
use crate::engine::alarms::run::{DAMPED, HeldBack, Run};
use crate::engine::alarms::{IDS, OPEN};
use crate::engine::io::{AlarmReport, Refusal, Response};
use crate::model::alarm::{
    AlarmKey, AlarmOf, AlarmRule, Level, NAME, SOURCE_ID, SensorAlarm, VALUE,
};
use crate::model::alert::Precedence;
use crate::model::facts::Fact;
use crate::model::ids::SensorAlarmId;
use crate::model::text;
use crate::model::token::Principal;

/// When to try again if too many alarms are open.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// A change that is held back because the alarm flaps: it is remembered and soon written, and until
/// then a crash would lose it. So the source is not told that we have it.
const FLAPS: Refusal = Refusal::Busy {
    retry_after: DAMPED,
};
/// Names that a refusal lists.
const LISTED: usize = 20;

impl Engine {
    /// A source says that its alarm stands, or does not any more.
    pub(in crate::engine) fn report_alarm(
        &mut self,
        who: &Principal,
        report: AlarmReport,
    ) -> Result<Response, Refusal> {
        check(&report)?;
        self.room_for(Precedence::Flash, 0)?;
        let rule = self.alarm_rule(who, &report.site, &report.kind)?;
        let level = match (&report.level, report.raised) {
            (Some(name), _) => Some(level_of(rule, name)?),
            (None, true) => {
                let why = format!("it is missing: write one of {}", levels(rule));
                return Err(invalid("level", why));
            }
            (None, false) => None,
        };
        let mut key = AlarmKey {
            site: report.site.clone(),
            kind: report.kind.clone(),
            exercise: report.exercise,
            source_id: report.id.clone(),
        };
        match level.filter(|_| report.raised) {
            None => self.alarm_cleared(who, &report, &key),
            Some(level) => {
                if self.state.alarms.find(&key).is_none() && self.ids_are_spent(&key) {
                    key.source_id = None;
                }
                match self.state.alarms.find(&key) {
                    Some(id) => self.alarm_again(who, id, level, report),
                    None => self.alarm_is_new(who, key, level, report),
                }
            }
        }
    }

    /// Whether an id of a source would be one too many for its kind and site.
    fn ids_are_spent(&self, key: &AlarmKey) -> bool {
        let alike = self.state.alarms.of_kind(&key.site, &key.kind);
        let alike = alike.filter(|(known, _)| known.exercise == key.exercise);
        let named = alike.filter(|(known, _)| known.source_id.is_some()).count();
        key.source_id.is_some() && named >= IDS
    }

    fn alarm_is_new(
        &mut self,
        who: &Principal,
        key: AlarmKey,
        level: Level,
        report: AlarmReport,
    ) -> Result<Response, Refusal> {
        if self.state.alarms.open_count() >= OPEN {
            return Err(Refusal::Busy {
                retry_after: RETRY_AFTER,
            });
        }
        let node = self.alarm_rule(who, &key.site, &key.kind)?.node.clone();
        let id = SensorAlarmId(self.fresh_id());
        let now = self.wall();
        let alarm = SensorAlarm {
            of: AlarmOf {
                id,
                site: key.site,
                kind: key.kind,
                node,
                exercise: key.exercise,
            },
            source_id: key.source_id,
            by: who.name.clone(),
            level,
            value: report.value,
            said_at: report.at,
            raised_at: now,
            changed_at: now,
            count: 1,
            cleared_at: None,
            ended_at: None,
            alerted: None,
            lower_since: None,
            alerts: Vec::new(),
            told: std::collections::BTreeSet::new(),
            sms: false,
            problem: None,
        };
        self.emit(Fact::AlarmRaised(Box::new(alarm)));
        self.alarms.runs.insert(id, Run::new(self.clock.mono()));
        self.alert_alarm(id, None);
        self.watch_alarm(id);
        self.told_of_alarm(id, true)
    }

    fn alarm_again(
        &mut self,
        who: &Principal,
        id: SensorAlarmId,
        level: Level,
        report: AlarmReport,
    ) -> Result<Response, Refusal> {
        let (now, wall) = (self.clock.mono(), self.wall());
        let Some(alarm) = self.state.alarms.get(id) else {
            return Err(Refusal::NotFound("alarm"));
        };
        let quiet = self.quiet_of(&alarm.of.site, &alarm.of.kind);
        let suppressed = self
            .suppression_of(&alarm.of.site, &alarm.of.kind)
            .is_some();
        let run = self.alarms.runs.entry(id).or_insert_with(|| Run::new(now));
        let said = run.held();
        let before = said.map_or(&alarm.level, |it| &it.level);
        let stood = said.map_or(alarm.stands(), |it| it.stands);
        let count = said.map_or(alarm.count, |it| it.count).saturating_add(1);
        let rises = level.rank > before.rank;
        let long_lower = alarm
            .lower_since
            .is_some_and(|since| wall.since(since) >= quiet);
        let rearmed = said.is_some_and(|it| it.rearmed) || (rises && long_lower);
        let known = alarm.alerted.map_or(0, |alerted| alerted.rank);
        let known = if rearmed {
            known.min(alarm.level.rank)
        } else {
            known
        };
        let alerts = level.rank > known && !suppressed && run.waits_until(now).is_none();
        let changes = !stood || level != *before;
        let recorded = alarm.stands() && level == alarm.level;
        run.hold(HeldBack {
            by: who.name.clone(),
            stands: true,
            level,
            value: report.value,
            said_at: report.at,
            count,
            rearmed,
            at: wall,
        });
        let written = alerts || run.is_due(now) || (changes && run.may_change(now));
        if written {
            self.write_alarm(id);
            self.alert_alarm(id, None);
        }
        self.watch_alarm(id);
        if !recorded && !written {
            return Err(FLAPS);
        }
        self.told_of_alarm(id, false)
    }

    fn alarm_cleared(
        &mut self,
        who: &Principal,
        report: &AlarmReport,
        key: &AlarmKey,
    ) -> Result<Response, Refusal> {
        let (now, wall) = (self.clock.mono(), self.wall());
        let Some(id) = self.state.alarms.find(key) else {
            // It is over already: to say so twice is no fault.
            let over = self.state.alarms.find_over(key);
            let over = over.ok_or(Refusal::NotFound("open alarm of this site, kind and id"))?;
            return self.told_of_alarm(over, false);
        };
        let Some(alarm) = self.state.alarms.get(id) else {
            return Err(Refusal::NotFound("alarm"));
        };
        let run = self.alarms.runs.entry(id).or_insert_with(|| Run::new(now));
        let said = run.held();
        if said.map_or(alarm.stands(), |it| it.stands) {
            let recorded = !alarm.stands();
            let held = HeldBack {
                by: who.name.clone(),
                stands: false,
                level: said.map_or(&alarm.level, |it| &it.level).clone(),
                value: report.value.clone().or_else(|| alarm.value.clone()),
                said_at: report.at,
                count: said.map_or(alarm.count, |it| it.count),
                rearmed: false,
                at: wall,
            };
            run.hold(held);
            let written = run.is_due(now) || run.may_change(now);
            if written {
                self.write_alarm(id);
            }
            self.watch_alarm(id);
            if !recorded && !written {
                return Err(FLAPS);
            }
        }
        self.told_of_alarm(id, false)
    }

    /// The rule for this kind of alarm at this site.
    pub(super) fn alarm_rule(
        &self,
        who: &Principal,
        site: &str,
        kind: &str,
    ) -> Result<&AlarmRule, Refusal> {
        let rules = &self.state.policy.alarms;
        let mut of_site = rules
            .iter()
            .filter(|rule| rule.sites.iter().any(|known| known == site))
            .peekable();
        if of_site.peek().is_none() {
            let within = rules.iter().filter(|rule| who.node.covers(&rule.node));
            let sites = within.flat_map(|rule| rule.sites.iter().map(String::as_str));
            let why = format!(
                "no rule names the site `{site}`; {}: name one of them, or add an [[alarm]] for it \
                 to the configuration",
                listed("sites with rules are", sites)
            );
            return Err(invalid("site", why));
        }
        let mut within = of_site
            .filter(|rule| who.node.covers(&rule.node))
            .peekable();
        if within.peek().is_none() {
            return Err(Refusal::OutsideNode {
                node: who.node.to_string(),
                names: vec![format!("site {site}")],
            });
        }
        let kinds: Vec<&AlarmRule> = within.collect();
        let found = kinds.iter().find(|rule| rule.kind == kind).copied();
        found.ok_or_else(|| {
            let known = kinds.iter().map(|rule| rule.kind.as_str());
            let why = format!(
                "no rule of the site `{site}` is for the kind `{kind}`; {}: name one of them, or \
                 add an [[alarm]] for it to the configuration",
                listed("its kinds are", known)
            );
            invalid("kind", why)
        })
    }
}

fn level_of(rule: &AlarmRule, name: &str) -> Result<Level, Refusal> {
    let found = rule.level(name).map(|known| known.level.clone());
    found.ok_or_else(|| {
        let why = format!(
            "the rule has no level `{name}`: write one of {}, or add [alarm.levels.{name}] to the \
             configuration",
            levels(rule)
        );
        invalid("level", why)
    })
}

fn levels(rule: &AlarmRule) -> String {
    let names = rule.levels.iter().map(|known| known.level.name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

fn listed<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: std::collections::BTreeSet<&str> = names.collect();
    let shown: Vec<&str> = names.iter().take(LISTED).copied().collect();
    match (shown.is_empty(), names.len().saturating_sub(shown.len())) {
        (true, _) => "there are none".to_owned(),
        (false, 0) => format!("{what} {}", shown.join(", ")),
        (false, more) => format!("{what} {} and {more} more", shown.join(", ")),
    }
}

fn invalid(field: &'static str, why: String) -> Refusal {
    Refusal::Invalid { field, why }
}

/// Whether a report is fit to be kept.
fn check(report: &AlarmReport) -> Result<(), Refusal> {
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    for (field, said, least, most) in [
        ("site", report.site.clone(), 1, NAME),
        ("kind", report.kind.clone(), 1, NAME),
        ("level", optional(&report.level), 0, NAME),
        ("id", optional(&report.id), 0, SOURCE_ID),
        ("value", optional(&report.value), 0, VALUE),
    ] {
        text::check(&said).map_err(|error| invalid(field, error.to_string()))?;
        let characters = said.chars().count();
        if !(least..=most).contains(&characters) {
            let why = format!("it has {characters} characters; write {least} to {most}");
            return Err(invalid(field, why));
        }
    }
    if report.id.as_deref().is_some_and(|id| id.trim().is_empty()) {
        let why = "it is empty: leave it out where the source has none".to_owned();
        return Err(invalid("id", why));
    }
    Ok(())
}
