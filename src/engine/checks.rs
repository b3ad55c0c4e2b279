//! Whether a submission is fit to be an alert, and whether there is space for it.

use std::time::Duration;

use crate::engine::Engine;
use crate::engine::io::{Refusal, Submit};
use crate::engine::languages;
use crate::engine::limits::{TEXT_CHARACTERS, check_text};
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::roster::Recipient;
use crate::model::text;
use crate::model::token::{Principal, Right};
use crate::model::wall::Wall;

/// Longest numbered answer, in characters.
const ANSWER_CHARACTERS: usize = 12;
/// Most targets one alert may name.
const TARGETS: usize = 1_000;
/// Longest idempotency key, in characters.
const KEY_CHARACTERS: usize = 255;
/// Longest life of an alert.
const LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
/// When to try again if too much is under way.
const RETRY_AFTER: Duration = Duration::from_secs(10);

impl Engine {
    /// The recipients of a submission, if it is fit to be an alert.
    pub(super) fn check(
        &self,
        who: &Principal,
        submit: &Submit,
    ) -> Result<Vec<Recipient>, Refusal> {
        check_fields(submit)?;
        self.check_expiry(submit.expires_at)?;
        let only_route = submit
            .station
            .and_then(|only| self.state.policy.route(only));
        if let Some(station) = submit.station.filter(|_| only_route.is_none()) {
            let known = self
                .state
                .station(station)
                .ok_or(Refusal::NotFound("station"))?;
            if !known.node.covers(&who.node) && !who.node.covers(&known.node) {
                return Err(Refusal::OutsideNode {
                    node: who.node.to_string(),
                    names: vec![format!("{}, which serves {}", known.name, known.node)],
                });
            }
            if !known.permits(submit.exercise) {
                let why = if submit.exercise {
                    format!(
                        "{} carries no exercises: set `exercises = true` for it",
                        known.name
                    )
                } else {
                    format!(
                        "{} is a test station: it carries exercises only",
                        known.name
                    )
                };
                return Err(Refusal::Invalid {
                    field: "station",
                    why,
                });
            }
        }
        let sms = self.no_sms(submit).is_none();
        let mut found = self.state.roster.resolve(&submit.targets, &who.node, sms)?;
        if only_route.is_some() {
            found.iter_mut().for_each(Recipient::leave_out_radios);
        }
        let out_of_reach =
            |it: &Recipient| it.radio.is_none() && it.phones().is_empty() && it.system().is_none();
        match (self.no_sms(submit), found.first()) {
            (Some(why), Some(first)) if found.iter().all(out_of_reach) => Err(Refusal::Invalid {
                field: "targets",
                why: format!(
                    "{} has no radio, and no SMS is sent: {why}",
                    first.person().unwrap_or(&first.name)
                ),
            }),
            _ => Ok(found),
        }
    }

    /// Whether an alert that loses its meaning then is worth accepting now.
    fn check_expiry(&self, expires_at: Option<Wall>) -> Result<(), Refusal> {
        let Some(expires) = expires_at else {
            return Ok(());
        };
        let now = self.wall();
        let wrong = if expires <= now {
            "is in the past"
        } else if expires.since(now) > LIFE {
            "is more than 7 days ahead"
        } else {
            return Ok(());
        };
        let latest = now.plus(LIFE);
        let mut why = format!(
            "{expires} {wrong}: it is {now} here; give a time up to {latest}, or leave it out"
        );
        if self.clock.step().is_some() {
            why.push_str(
                ". The clock stepped and is not believed until a supervisor confirms it \
                 (POST /api/v1/clock/confirm)",
            );
        }
        Err(Refusal::Invalid {
            field: "expires_at",
            why,
        })
    }

    /// Whether there is space on disk and in memory for so urgent an alert.
    pub(super) fn room_for(
        &self,
        precedence: Precedence,
        recipients: usize,
    ) -> Result<(), Refusal> {
        let urgent = precedence <= Precedence::Immediate;
        if let Some((free, total)) = self.free {
            let level = self.state.policy.space.level(free, total);
            if level.refuses().is_some_and(|least| precedence >= least) {
                return Err(Refusal::NoSpace { free });
            }
        }
        let live = self.state.unsettled as usize + recipients;
        if !urgent && live > self.state.policy.max_live_deliveries as usize {
            return Err(Refusal::Busy {
                retry_after: RETRY_AFTER,
            });
        }
        Ok(())
    }
}

/// Whether the principal may submit this at all: a station test needs less.
pub(super) fn right_for(submit: &Submit) -> Right {
    let test = submit.exercise
        && submit.station.is_some()
        && submit.precedence == Precedence::Routine
        && matches!(submit.targets.as_slice(), [Target::Radio(_)]);
    if test {
        Right::TestStation
    } else {
        Right::Send
    }
}

fn check_fields(submit: &Submit) -> Result<(), Refusal> {
    let invalid = |field, why: String| Err(Refusal::Invalid { field, why });
    if let Err(why) = check_text(&submit.text, TEXT_CHARACTERS) {
        return invalid("text", why);
    }
    languages::check(submit)?;
    if submit.targets.is_empty() || submit.targets.len() > TARGETS {
        return invalid("targets", format!("name 1 to {TARGETS} of them"));
    }
    if let Ask::Answers(answers) = &submit.ask {
        if answers.is_empty() || answers.len() > 9 {
            return invalid(
                "answers",
                format!("there are {}; give 1 to 9", answers.len()),
            );
        }
        for (number, answer) in (1..).zip(answers) {
            let characters = answer.chars().count();
            let why = match text::check(answer) {
                Err(error) => error.to_string(),
                Ok(()) if answer.trim().is_empty() => "it is empty".to_owned(),
                Ok(()) if characters > ANSWER_CHARACTERS => {
                    format!("it has {characters} characters; write at most {ANSWER_CHARACTERS}")
                }
                Ok(()) => continue,
            };
            let number: usize = number;
            return invalid("answers", format!("answer {number}: {why}"));
        }
    }
    if let Some((key, _)) = &submit.idempotency
        && (key.is_empty() || key.chars().count() > KEY_CHARACTERS)
    {
        return invalid(
            "Idempotency-Key",
            format!("use 1 to {KEY_CHARACTERS} characters"),
        );
    }
    Ok(())
}
