//! What is accepted, and what a dry run says.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, Delivery};

use crate::engine::Engine;
use crate::engine::air::Load;
use crate::engine::compose;
use crate::engine::hearing::REPORT_TEXT;
use crate::engine::hindrance::Hindered;
use crate::engine::io::{Receipt, Refusal, Response, Submit, SystemSays};
use crate::engine::known::known;
use crate::engine::languages::{self, part_groups};
use crate::engine::queue::Item;
use crate::engine::views::{CarrierPlan, Plan, PlannedRecipient};
use crate::model::alert::{Alert, Ask, Idempotency, Precedence, Target};
use crate::model::book::AlertBook;
use crate::model::delivery::{End, Rung};
use crate::model::evidence::{Answer, AnsweredBy, Evidence};
use crate::model::facts::{self, CHUNK, Fact, Prediction};
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};
use crate::model::roster::{Node, Recipient};
use crate::model::sight::Share;
use crate::model::text;
use crate::model::token::{Principal, Right};
use crate::model::wall::Wall;

/// Longest text of an alert, in characters.
pub(super) const TEXT_CHARACTERS: usize = 300;
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
/// How many recipients a dry run lists.
const SAMPLE: usize = 200;

impl Engine {
    pub(super) fn submit(&mut self, who: &Principal, submit: Submit) -> Result<Response, Refusal> {
        if let Some(answer) = self.answered_before(who, &submit)? {
            return Ok(Response::Accepted(answer));
        }
        let (alert, recipients, hindered) = self.prepared(who, submit)?;
        Ok(Response::Accepted(self.accept(
            alert,
            &recipients,
            hindered,
        )))
    }

    /// The alert that a submission becomes, if it may: nothing is on record yet.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn prepared(
        &self,
        who: &Principal,
        mut submit: Submit,
    ) -> Result<(Alert, Vec<Recipient>, Hindered), Refusal> {
        let mut named = HashSet::new();
        submit.targets.retain(|target| named.insert(target.clone()));
        let mut recipients = self.check(who, &submit)?;
        self.room_for(submit.precedence, recipients.len())?;
        let key = submit.idempotency.clone().map(|(key, body)| Idempotency {
            token: who.token,
            key,
            body,
        });
        let (by, node) = (who.name.clone(), who.node.clone());
        let alert = self.draft(submit, &recipients, by, node, key);
        part_groups(&alert, &mut recipients);
        let hindered = self.hindered(&alert, &recipients);
        if let Some(why) = hindered.text_for_nobody(recipients.len()) {
            return Err(Refusal::Invalid {
                field: "text",
                why: why.to_owned(),
            });
        }
        Ok((alert, recipients, hindered))
    }

    /// The first answer again, if this key was used for the same request.
    fn answered_before(
        &self,
        who: &Principal,
        submit: &Submit,
    ) -> Result<Option<Receipt>, Refusal> {
        let Some((key, body)) = &submit.idempotency else {
            return Ok(None);
        };
        let Some(used) = self.state.keys.get(&(who.token, key.clone())) else {
            return Ok(None);
        };
        if used.body != *body {
            return Err(Refusal::KeyReused);
        }
        Ok(Some(Receipt {
            id: used.alert,
            mark: used.mark.to_string(),
            recipients: used.recipients,
            expires_at: used.expires_at,
            seq: used.seq,
            repeated: true,
            hindrances: Vec::new(),
        }))
    }

    fn check(&self, who: &Principal, submit: &Submit) -> Result<Vec<Recipient>, Refusal> {
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

    /// The alert that a submission becomes.
    pub(super) fn draft(
        &self,
        submit: Submit,
        recipients: &[Recipient],
        by: String,
        node: Node,
        idempotency: Option<Idempotency>,
    ) -> Alert {
        let accepted_at = self.wall();
        let expires_at = submit.expires_at;
        let mut alert = Alert {
            id: submit.id,
            text: submit.text,
            precedence: submit.precedence,
            ask: submit.ask,
            targets: submit.targets,
            accepted_at,
            expires_at: expires_at.unwrap_or(accepted_at.plus(self.state.policy.default_expiry)),
            exercise: submit.exercise,
            station: submit.station,
            by,
            node,
            mark: self.fresh_mark(recipients),
            recipients: u32::try_from(recipients.len()).unwrap_or(u32::MAX),
            answer_set: None,
            sms: submit.sms,
            idempotency,
            came_as: None,
            language: submit.language,
            translations: submit.translations,
        };
        alert.answer_set = self.free_set(&alert, recipients);
        alert
    }

    /// Puts an alert on record and its deliveries into the queues.
    pub(super) fn accept(
        &mut self,
        alert: Alert,
        recipients: &[Recipient],
        hindered: Hindered,
    ) -> Receipt {
        let predictions = self.predicted(&alert, recipients).0;
        let (id, mark, expires_at, count) =
            (alert.id, alert.mark, alert.expires_at, alert.recipients);
        let seq = self.state.seq.next();
        for fact in Fact::of_alert(alert, recipients) {
            self.emit(fact);
        }
        for (delivery, reason) in hindered.of {
            let (alert, end) = (id, End::Failed(reason));
            self.emit(Fact::DeliveryEnded {
                alert,
                delivery,
                end,
            });
        }
        for piece in facts::pieces(&predictions, facts::stored_size) {
            self.emit(Fact::Predicted {
                alert: id,
                carriers: piece.to_vec(),
            });
        }
        self.record_baselines(id);
        self.start_deliveries(id);
        self.settle(id);
        Receipt {
            id,
            mark: mark.to_string(),
            recipients: count,
            expires_at,
            seq,
            repeated: false,
            hindrances: hindered.told,
        }
    }

    fn start_deliveries(&mut self, id: AlertId) {
        let now = self.clock.mono();
        self.index_radios(id);
        self.queue_groups(id, now);
        let Some(book) = self.state.alerts.get(&id) else {
            return;
        };
        let after_group = now + self.state.policy.group_window;
        let first: Vec<_> = (0u32..)
            .zip(&book.deliveries)
            .filter(|(_, delivery)| {
                let by_group = book.alert.ask == Ask::Nothing;
                delivery.end.is_none()
                    && delivery.recipient.radio.is_some()
                    && !(by_group && delivery.recipient.talkgroup.is_some())
            })
            .map(|(index, delivery)| {
                let index = DeliveryIndex(index);
                let grouped = delivery.recipient.talkgroup.is_some();
                let carrier = self
                    .air
                    .carrier_for(known!(self), &book.alert, &delivery.recipient);
                if grouped && self.state.polls_on(&book.alert, carrier) {
                    (Item::Poll(index), after_group)
                } else {
                    let rings = delivery.recipient.rings_first();
                    let ready = match (grouped, rings) {
                        (_, true) => now + self.ring_after(book.alert.precedence),
                        (true, false) => after_group,
                        (false, false) => now,
                    };
                    (Item::One(index), ready)
                }
            })
            .collect();
        self.watch_expiry(id);
        for (item, ready) in first {
            self.enqueue_item(id, item, ready);
        }
        self.start_rings(id);
    }

    pub(super) fn dry_run(&self, who: &Principal, submit: Submit) -> Result<Response, Refusal> {
        let mut recipients = self.check(who, &submit)?;
        let (by, node) = (who.name.clone(), who.node.clone());
        let alert = self.draft(submit, &recipients, by, node, None);
        part_groups(&alert, &mut recipients);
        Ok(Response::Plan(Box::new(self.plan(&alert, &recipients))))
    }

    fn plan(&self, alert: &Alert, recipients: &[Recipient]) -> Plan {
        let mut plan = Plan {
            recipients: alert.recipients,
            at_best_sent: 0,
            unreachable: 0,
            parts: 0,
            answer_set: alert.answer_set.map(|set| set.name),
            words_only: alert.answer_set.is_none() && self.wants_set(alert, recipients),
            readers: languages::readers(alert, recipients),
            baseline_polls: 0,
            hindrances: self.hindered(alert, recipients).told,
            carriers: Vec::new(),
            sms: self.sms_plan(alert, recipients),
            no_sms: self.no_sms_for(alert).map(str::to_owned),
            sample: Vec::new(),
        };
        for recipient in recipients {
            let carrier = self.air.carrier_for(known!(self), alert, recipient);
            let best = self.best_rung(&alert.ask, recipient, carrier);
            plan.at_best_sent += u32::from(best == Rung::Sent);
            let rings = !recipient.phones().is_empty() || recipient.system().is_some();
            plan.unreachable += u32::from(carrier.is_none() && !rings);
            let lacks =
                self.collection
                    .lacks_baseline(&self.state, alert, recipient.radio, carrier);
            plan.baseline_polls += u32::from(lacks);
            let mode = if recipient.confirms {
                Delivery::Confirmed
            } else {
                Delivery::Unconfirmed
            };
            let form = carrier.map_or(recipient.form, |id| self.state.form_on(id, recipient));
            let said = alert.said_to(&recipient.language);
            if let Ok(parts) = compose::parts(&self.state.policy, said, form, mode, 0) {
                plan.parts = plan.parts.max(u8::try_from(parts.len()).unwrap_or(u8::MAX));
            }
            if plan.sample.len() < SAMPLE {
                plan.sample.push(PlannedRecipient {
                    radio: recipient.radio,
                    person: recipient.person().map(str::to_owned),
                    system: recipient.system().map(|(id, _)| id.to_owned()),
                    name: recipient.name.clone(),
                    carrier,
                    best,
                });
            }
        }
        let (predictions, loads) = self.predicted(alert, recipients);
        let carriers = predictions.iter().filter_map(|prediction| {
            let load = loads.get(&prediction.carrier)?;
            Some(self.carrier_plan(prediction, load))
        });
        plan.carriers = carriers.collect();
        plan
    }

    /// When an alert is done on each carrier, and what it adds to each.
    fn predicted(
        &self,
        alert: &Alert,
        recipients: &[Recipient],
    ) -> (Vec<Prediction>, BTreeMap<CarrierId, Load>) {
        let known = known!(self);
        let loads = self.air.loads(known, alert, recipients);
        (self.air.predict(known, alert, &loads), loads)
    }

    fn carrier_plan(&self, prediction: &Prediction, load: &Load) -> CarrierPlan {
        let id = prediction.carrier;
        let station = self.state.station(id.station);
        CarrierPlan {
            carrier: id,
            station: station
                .map(|station| station.name.clone())
                .unwrap_or_default(),
            deliveries: load.deliveries,
            groups: load.groups.iter().copied().collect(),
            airtime_ms: prediction.airtime_ms,
            finished_in_ms: prediction.finished_in_ms,
        }
    }

    /// The highest rung that a recipient can reach, given what its radio and station report.
    pub(super) fn best_rung(
        &self,
        ask: &Ask,
        recipient: &Recipient,
        carrier: Option<CarrierId>,
    ) -> Rung {
        if ask.wants_answer() {
            return Rung::Answered;
        }
        if let Some((_, sink)) = recipient.system() {
            let sinks = &self.state.policy.sinks;
            let mut sinks = sinks.iter();
            let known = sinks.find(|known| known.name == sink);
            let taking = known.map(|known| SystemSays::by_taking(&known.kind));
            return if taking == Some(SystemSays::Brokered) {
                Rung::Accepted
            } else {
                Rung::Received
            };
        }
        if !recipient.phones().is_empty() {
            return Rung::Received;
        }
        if recipient.confirms && !(recipient.talkgroup.is_some() && *ask == Ask::Nothing) {
            return Rung::Received;
        }
        let station = carrier.and_then(|id| self.state.station(id.station));
        if station.is_some_and(|station| station.reports_air) {
            Rung::Transmitted
        } else {
            Rung::Sent
        }
    }

    pub(super) fn resend(&mut self, who: &Principal, alert: AlertId) -> Result<Response, Refusal> {
        let book = self.within(who, alert)?;
        if self.wall() >= book.alert.expires_at {
            return Err(Refusal::Conflict(
                "the alert has expired: submit a new one".into(),
            ));
        }
        let mut ends = book.deliveries.iter().filter_map(|delivery| delivery.end);
        let why = ends.find_map(|end| match end {
            End::Cancelled => Some("the alert was cancelled: submit a new one"),
            End::Superseded => Some("another alert has taken its place: send that again"),
            End::Failed(_) | End::Expired => None,
        });
        if let Some(why) = why {
            return Err(Refusal::Conflict(why.into()));
        }
        let aim = if book.alert.ask.wants_answer() {
            Rung::Answered
        } else {
            Rung::Received
        };
        let silent: Vec<_> = (0u32..)
            .zip(&book.deliveries)
            .filter(|(_, delivery)| delivery.rung < aim && delivery.open.is_none())
            // A sink repeats by itself until the system takes the alert.
            .filter(|(_, delivery)| delivery.recipient.system().is_none())
            .map(|(index, _)| DeliveryIndex(index))
            .collect();
        let was_over = book.ended_at.is_some();
        let answer_set = self.set_when_reopened(book);
        for chunk in silent.chunks(CHUNK * 8) {
            self.emit(Fact::Resent {
                alert,
                by: who.name.clone(),
                deliveries: chunk.to_vec(),
                answer_set,
            });
        }
        if was_over && !silent.is_empty() {
            self.watch_expiry(alert);
        }
        let now = self.clock.mono();
        self.attempts.sent_again(alert);
        for &index in &silent {
            let id = DeliveryId { alert, index };
            self.attempts.new_wording(id);
            if self.state.radio_of(id).is_some() {
                self.enqueue(id, now);
            }
        }
        self.rings_due(alert);
        Ok(Response::Resent(
            u32::try_from(silent.len()).unwrap_or(u32::MAX),
        ))
    }

    /// Records what a recipient has answered by another way, on somebody's word.
    pub(super) fn answer_recorded(
        &mut self,
        who: &Principal,
        alert: AlertId,
        recipient: &Target,
        (choice, text): (u8, String),
    ) -> Result<Response, Refusal> {
        let hidden = || Refusal::NotFound("live alert");
        let book = self.state.alerts.get(&alert).ok_or_else(hidden)?;
        let share = book.share(&who.node).ok_or_else(hidden)?;
        let choices = book.alert.ask.choices();
        if !(1..=choices).contains(&choice) {
            let why = match choices {
                0 => "the alert asks for no answer".to_owned(),
                most => format!("{choice} is none of the answers: 1 to {most}"),
            };
            return Err(Refusal::Invalid {
                field: "choice",
                why,
            });
        }
        let is_meant = |it: &Recipient| match recipient {
            Target::Radio(id) => it.has_radio(*id),
            Target::Person(id) => it.person() == Some(id),
            Target::System(id) => it.system().is_some_and(|(known, _)| known == id),
            Target::Group(_) | Target::Node(_) | Target::All => false,
        };
        let found = book
            .shared(&share, DeliveryIndex(0))
            .find(|(_, it)| is_meant(&it.recipient))
            .map(|(index, _)| index);
        let Some(index) = found else {
            return Err(Refusal::Invalid {
                field: "recipient",
                why: format!(
                    "{recipient} is no recipient of this alert: name a radio, person or system"
                ),
            });
        };
        let answer = Answer {
            choice,
            text: text::shown(text.trim()).chars().take(REPORT_TEXT).collect(),
            by: AnsweredBy::Api,
            from: None,
            recorded_by: Some(who.name.clone()),
            reference: None,
        };
        self.learn(DeliveryId { alert, index }, Evidence::Answered(answer));
        Ok(Response::Done(self.state.seq))
    }

    pub(super) fn cancel(
        &mut self,
        who: &Principal,
        alert: AlertId,
        because: String,
    ) -> Result<Response, Refusal> {
        check_reason(&because)?;
        let book = self.within(who, alert)?;
        if book.ended_at.is_some() {
            return Err(Refusal::Conflict("the alert is over already".into()));
        }
        let end = Some(End::Cancelled);
        self.finish(alert, end, Some(who.name.clone()), Some(because));
        Ok(Response::Done(self.state.seq))
    }

    /// A live alert that was sent from the principal's node or below.
    fn within(&self, who: &Principal, alert: AlertId) -> Result<&AlertBook, Refusal> {
        let hidden = || Refusal::NotFound("live alert");
        let book = self.state.alerts.get(&alert).ok_or_else(hidden)?;
        match book.share(&who.node).ok_or_else(hidden)? {
            Share::Whole => Ok(book),
            Share::Part { .. } => Err(Refusal::OutsideNode {
                node: who.node.to_string(),
                names: vec![format!("alert {alert}, sent from {}", book.alert.node)],
            }),
        }
    }
}

/// As much of a text as an alert may have; what is cut off is shown by `…`.
pub(super) fn fitting(text: &str) -> String {
    if text.chars().count() <= TEXT_CHARACTERS {
        return text.to_owned();
    }
    let kept = text.chars().take(TEXT_CHARACTERS - 1);
    kept.chain(std::iter::once('…')).collect()
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

/// Whether a reason for cancelling or closing is fit to be kept.
pub(super) fn check_reason(because: &str) -> Result<(), Refusal> {
    let invalid = |why: String| Refusal::Invalid {
        field: "because",
        why,
    };
    text::check(because).map_err(|error| invalid(error.to_string()))?;
    let (characters, longest) = (because.chars().count(), text::REASON);
    if because.trim().is_empty() || characters > longest {
        return Err(invalid(format!(
            "it has {characters} characters; give a reason of 1 to {longest}"
        )));
    }
    Ok(())
}

/// Whether a text can be shown and has 1 to `most` characters.
pub(super) fn check_text(written: &str, most: usize) -> Result<(), String> {
    let characters = written.chars().count();
    if written.trim().is_empty() || characters > most {
        return Err(format!("it has {characters} characters; write 1 to {most}"));
    }
    text::check(written).map_err(|error| error.to_string())
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
