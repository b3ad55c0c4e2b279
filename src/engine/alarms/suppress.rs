//! When an alarm must make no alert.

use crate::engine::Engine;
use crate::engine::alarms::AlarmTimer;
use crate::engine::io::{Refusal, Response};
use crate::model::alarm::{AlertedFor, LONGEST_SUPPRESSION, Suppression};
use crate::model::alert::Precedence;
use crate::model::facts::Fact;
use crate::model::ids::SensorAlarmId;
use crate::model::text;
use crate::model::token::Principal;
use crate::model::wall::Wall;

impl Engine {
    /// The suppression of a kind of alarm at a site that holds now.
    pub(super) fn suppression_of(&self, site: &str, kind: &str) -> Option<&Suppression> {
        let known = self.state.alarms.suppression(site, kind);
        known.filter(|it| it.until > self.wall())
    }

    /// Keeps a kind of alarm at a site from making alerts for a time; a time in the past ends that.
    pub(in crate::engine) fn suppress_alarm(
        &mut self,
        who: &Principal,
        (site, kind): (String, String),
        until: Wall,
        why: String,
    ) -> Result<Response, Refusal> {
        let node = self.alarm_rule(who, &site, &kind)?.node.clone();
        let now = self.wall();
        if until <= now {
            if self.state.alarms.suppression(&site, &kind).is_none() {
                return Err(Refusal::Conflict(format!(
                    "{kind} at {site} is not suppressed: nothing ends"
                )));
            }
            self.resume_alarm((site, kind), Some(who.name.clone()));
            return Ok(Response::Done(self.state.seq));
        }
        self.room_for(Precedence::Flash, 0)?;
        if until.since(now) > LONGEST_SUPPRESSION {
            return Err(Refusal::Invalid {
                field: "until",
                why: format!(
                    "{until} is more than 24 h ahead: it is {now} here; give a time up to {}",
                    now.plus(LONGEST_SUPPRESSION)
                ),
            });
        }
        check_why(&why)?;
        let seq = self.emit(Fact::AlarmSuppressed(Suppression {
            site,
            kind,
            node,
            by: who.name.clone(),
            why,
            since: now,
            until,
        }));
        let at = self.clock.when(until);
        self.alarms.timers.set(at, AlarmTimer::Suppressions);
        Ok(Response::Done(seq))
    }

    /// Ends the suppressions whose time is over, and comes back for the next.
    pub(in crate::engine) fn suppressions_due(&mut self) {
        let now = self.wall();
        let known = self.state.alarms.suppressions();
        let over: Vec<(String, String)> = known
            .filter(|it| it.until <= now)
            .map(|it| (it.site.clone(), it.kind.clone()))
            .collect();
        for of in over {
            self.resume_alarm(of, None);
        }
        let next = self.state.alarms.suppressions().map(|it| it.until).min();
        if let Some(until) = next {
            let at = self.clock.when(until);
            self.alarms.timers.set(at, AlarmTimer::Suppressions);
        }
    }

    /// Alarms that stand make the alerts now that were kept back.
    fn resume_alarm(&mut self, (site, kind): (String, String), by: Option<String>) {
        let Some(known) = self.state.alarms.suppression(&site, &kind) else {
            return;
        };
        let node = known.node.clone();
        let open = self.state.alarms.of_kind(&site, &kind);
        let open: Vec<SensorAlarmId> = open.map(|(_, id)| id).collect();
        self.emit(Fact::AlarmResumed {
            site,
            kind,
            node,
            by,
        });
        for id in open {
            // What the source said meanwhile counts.
            self.write_alarm(id);
            self.alert_alarm(id, Some(AlertedFor::SuppressionEnded));
            self.watch_alarm(id);
        }
    }
}

fn check_why(why: &str) -> Result<(), Refusal> {
    let invalid = |says: String| Refusal::Invalid {
        field: "why",
        why: says,
    };
    text::check(why).map_err(|error| invalid(error.to_string()))?;
    let (characters, longest) = (why.chars().count(), text::REASON);
    if why.trim().is_empty() || characters > longest {
        return Err(invalid(format!(
            "it has {characters} characters; give a reason of 1 to {longest}"
        )));
    }
    Ok(())
}
