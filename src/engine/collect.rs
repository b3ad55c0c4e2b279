//! Answers collected on a control channel: planned polls, or admission in portions.
//!
//! A poll costs one burst out and one in, and cannot collide. So after the text, radios are
//! asked in runs, those that have answered by themselves are skipped, and stragglers come last:
//! a radio that stays silent is asked twice more at the end of the line, one that answers with
//! an old value gets the text alone (it may have missed the group transmission), and after
//! that the polls back off.
//!
//! A polled status is no more than the value of a switch. It counts as an answer only if it
//! lies in the alert's answer set and cannot have stood there before: the radio's value was
//! known, before the alert, to lie outside the set ("baselined"), or another value was polled
//! or sent since. Radios whose value is unknown are asked for it when their carrier is idle.

use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, CarrierKind, RadioId};
use narrowcast_protocol::session::{ADMITTED, CarrierState, Job, POLL_RUN};
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::dispatch::{GroupRunId, JobRun, LOOK_AHEAD, wants_sending};
use crate::engine::io::Effect;
use crate::engine::queue::{Item, Place};
use crate::model::alert::{Alert, Precedence};
use crate::model::book::{AlertBook, DeliveryBook};
use crate::model::evidence::{Answer, AnsweredBy, Evidence};
use crate::model::facts::{CHUNK, Fact};
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};

/// So many polls in a row without a sign of life, and the radio is taken to be away.
const SILENT: u8 = 3;
/// Longest wait between two polls.
const POLL_GAP_MAX: Duration = Duration::from_secs(300);

/// Radios of one alert that are being asked.
#[derive(Debug, Clone)]
pub(super) struct PollRun {
    alert: AlertId,
    radios: Vec<(DeliveryIndex, RadioId)>,
}

/// What the polls of a delivery have brought so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Polls {
    made: u8,
    /// Without a sign of life, in a row.
    silent: u8,
}

impl Engine {
    /// Whether answers to this alert are collected by polls over this carrier.
    pub(super) fn polls_on(&self, alert: &Alert, carrier: Option<CarrierId>) -> bool {
        self.state.policy.collection.polls && self.collects(alert, carrier)
    }

    fn collects(&self, alert: &Alert, carrier: Option<CarrierId>) -> bool {
        alert.answer_set.is_some()
            && carrier.is_some_and(|id| self.kind(id) == CarrierKind::Control)
    }

    /// Asks the radio whose turn it is, and further ones of the same alert.
    pub(super) fn start_polls(&mut self, carrier: CarrierId, first: Place) {
        let station = self.state.station(carrier.station);
        let Some(from) = station.map(|station| station.own) else {
            return;
        };
        let further: Vec<Place> = self
            .queues
            .ready(carrier, first.precedence)
            .take(LOOK_AHEAD)
            .filter(|place| place.alert == first.alert && matches!(place.item, Item::Poll(_)))
            .filter(|place| self.is_free(place))
            .take(POLL_RUN - 1)
            .collect();
        for place in &further {
            self.queues.serve(carrier, place);
        }
        let Some(book) = self.state.alerts.get(&first.alert) else {
            return;
        };
        let asked = std::iter::once(first).chain(further);
        let asked = asked.filter_map(|place| {
            let index = place.item.delivery()?;
            let delivery = book.delivery(index)?;
            let radio = delivery.recipient.radio?;
            wants_answer(book, delivery).then_some((index, radio))
        });
        let radios: Vec<_> = asked.collect();
        if radios.is_empty() {
            return;
        }
        let alert = first.alert;
        let polls = u16::try_from(radios.len()).unwrap_or(u16::MAX);
        self.emit(Fact::Polled {
            alert,
            carrier,
            polls,
        });
        self.spend(carrier, alert, u64::from(polls));
        let ids: Vec<RadioId> = radios.iter().map(|(_, radio)| *radio).collect();
        let id = self.new_job(JobRun::Polls(PollRun { alert, radios }));
        for &radio in &ids {
            self.busy.insert(radio);
            self.polling.insert(radio, id);
        }
        self.note_start(carrier, u64::from(polls));
        self.take_room(carrier);
        self.after_commit(Effect::Transmit(Job::Collect {
            id,
            carrier,
            from,
            radios: ids,
        }));
    }

    /// Notes the status of a radio of the roster; which one was known before.
    pub(super) fn note_status(&mut self, radio: RadioId, status: u16) -> Option<u16> {
        let known = self.state.roster.radio(radio).is_some();
        known.then(|| self.statuses.insert(radio, status)).flatten()
    }

    /// A radio that was asked tells its status.
    pub(super) fn status_polled(&mut self, from: RadioId, status: u16) {
        let before = self.note_status(from, status);
        let Some(job) = self.polling.remove(&from) else {
            return;
        };
        self.busy.remove(&from);
        self.touch_where_waiting(from);
        let Some(JobRun::Polls(run)) = self.jobs.get(&job) else {
            return;
        };
        let alert = run.alert;
        let Some(&(index, _)) = run.radios.iter().find(|(_, radio)| *radio == from) else {
            return;
        };
        let id = DeliveryId { alert, index };
        let polls = self.polls.entry(id).or_default();
        polls.made = polls.made.saturating_add(1);
        polls.silent = 0;
        match self.polled_choice(id, status, before) {
            Some(choice) => {
                let text = format!("status {status}");
                let by = AnsweredBy::PolledStatus(status);
                self.learn(
                    id,
                    Evidence::Answered(Answer {
                        choice,
                        text,
                        by,
                        from: None,
                        recorded_by: None,
                        reference: None,
                    }),
                );
            }
            None => self.follow_up(id),
        }
    }

    /// What a polled status answers, if it can only be an answer to this alert.
    fn polled_choice(&self, id: DeliveryId, status: u16, before: Option<u16>) -> Option<u8> {
        let book = self.state.alerts.get(&id.alert)?;
        let delivery = book.delivery(id.index)?;
        let choice = book.alert.answer_set?.choice(status)?;
        let is_news = delivery.baselined || before.is_some_and(|before| before != status);
        (is_news && choice <= book.alert.ask.choices()).then_some(choice)
    }

    /// A run of polls is over: who is still on it stayed silent.
    pub(super) fn polls_over(&mut self, job: narrowcast_protocol::air::JobId, run: &PollRun) {
        let now = self.clock.mono();
        for &(index, radio) in &run.radios {
            if self.polling.get(&radio) != Some(&job) {
                continue;
            }
            self.polling.remove(&radio);
            self.busy.remove(&radio);
            self.touch_where_waiting(radio);
            let alert = run.alert;
            let id = DeliveryId { alert, index };
            let polls = self.polls.entry(id).or_default();
            polls.made = polls.made.saturating_add(1);
            polls.silent = polls.silent.saturating_add(1);
            if polls.silent < SILENT && self.is_awaited(id) {
                self.enqueue_item(alert, Item::Poll(index), now);
            } else {
                self.follow_up(id);
            }
        }
    }

    /// A poll has brought no answer: the text again, or a later poll.
    pub(super) fn follow_up(&mut self, id: DeliveryId) {
        let Some(book) = self.state.alerts.get(&id.alert) else {
            return;
        };
        let Some(delivery) = book.delivery(id.index) else {
            return;
        };
        if !wants_answer(book, delivery) || delivery.open.is_some() {
            return;
        }
        let attempts_left = book.times_sent(delivery) < self.state.policy.max_attempts;
        let now = self.clock.mono();
        if attempts_left && wants_sending(&book.alert.ask, delivery) {
            return self.enqueue(id, now);
        }
        let collection = &self.state.policy.collection;
        let made = self.polls.get(&id).map_or(0, |polls| polls.made);
        if made < collection.max_polls {
            let doubled = 1u32 << made.saturating_sub(1).min(8);
            let wait = collection.gap.saturating_mul(doubled).min(POLL_GAP_MAX);
            self.enqueue_item(id.alert, Item::Poll(id.index), now + wait);
        }
    }

    /// The radio has its text: after a while it is asked for the answer.
    pub(super) fn ask_after_text(&mut self, id: DeliveryId) {
        let carrier = self.route(id.alert, id.index);
        let Some(book) = self.state.alerts.get(&id.alert) else {
            return;
        };
        let Some(delivery) = book.delivery(id.index) else {
            return;
        };
        let waits = self.queues.find(id.alert, id.index).is_some();
        if waits || !wants_answer(book, delivery) || !self.polls_on(&book.alert, carrier) {
            return;
        }
        let ready = self.clock.mono() + self.state.policy.collection.first_poll;
        self.enqueue_item(id.alert, Item::Poll(id.index), ready);
    }

    /// A talkgroup has its text: its members are asked, or admitted to answer.
    pub(super) fn collect_after_group(&mut self, run: GroupRunId) {
        let Some(book) = self.state.alerts.get(&run.alert) else {
            return;
        };
        if book.ended_at.is_some() || !self.collects(&book.alert, Some(run.carrier)) {
            return;
        }
        let members = (0u32..).map(DeliveryIndex).zip(&book.deliveries);
        let members = members.filter(|(_, delivery)| {
            delivery.recipient.talkgroup == Some(run.group) && wants_answer(book, delivery)
        });
        if !self.state.policy.collection.polls {
            let radios = members.filter_map(|(_, delivery)| delivery.recipient.radio);
            let radios = radios.take(ADMITTED).collect();
            return self.admit(run, radios);
        }
        let waiting: Vec<DeliveryIndex> = members.map(|(index, _)| index).collect();
        let ready = self.clock.mono() + self.state.policy.collection.first_poll;
        for index in waiting {
            let waits_here = matches!(
                self.queues.find(run.alert, index),
                Some((Some(carrier), Place { item: Item::Poll(_), .. })) if carrier == run.carrier
            );
            if waits_here {
                self.enqueue_item(run.alert, Item::Poll(index), ready);
            }
        }
    }

    fn admit(&mut self, run: GroupRunId, radios: Vec<RadioId>) {
        let id = self.new_job(JobRun::Admission);
        self.admissions.insert((run.alert, run.carrier), id);
        self.after_commit(Effect::Transmit(Job::Admit {
            id,
            carrier: run.carrier,
            radios,
        }));
    }

    /// Nobody is expected to answer this alert any more.
    pub(super) fn end_collection(&mut self, alert: AlertId) {
        let of_alert: Vec<_> = self
            .admissions
            .range((alert, FIRST_CARRIER)..)
            .take_while(|((of, _), _)| *of == alert)
            .map(|(key, job)| (*key, *job))
            .collect();
        for (key, job) in of_alert {
            self.admissions.remove(&key);
            self.after_commit(Effect::Transmit(Job::Withdraw(job)));
        }
        self.polls.retain(|id, _| id.alert != alert);
    }

    /// Records which radios' polled answers can be trusted.
    pub(super) fn record_baselines(&mut self, alert: AlertId) {
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        let Some(set) = book.alert.answer_set else {
            return;
        };
        let known: Vec<DeliveryIndex> = (0u32..)
            .map(DeliveryIndex)
            .zip(&book.deliveries)
            .filter(|(_, delivery)| {
                let radio = delivery.recipient.radio;
                let status = radio.and_then(|radio| self.statuses.get(&radio));
                status.is_some_and(|&status| set.choice(status).is_none())
            })
            .map(|(index, _)| index)
            .collect();
        for chunk in known.chunks(CHUNK * 8) {
            self.emit(Fact::Baselined {
                alert,
                deliveries: chunk.to_vec(),
            });
        }
    }

    /// A radio of the roster was heard on a control channel: its status is asked for if it is
    /// not known, once there is nothing better to do.
    pub(super) fn want_baseline(&mut self, radio: RadioId, carrier: CarrierId) {
        let polls = self.state.policy.collection.polls;
        if polls
            && self.kind(carrier) == CarrierKind::Control
            && !self.statuses.contains_key(&radio)
        {
            self.unknown.entry(carrier).or_default().insert(radio);
            self.queues.touch(carrier);
        }
    }

    /// Asks radios for the status they have. Returns whether it did.
    pub(super) fn ask_baselines(&mut self, carrier: CarrierId) -> bool {
        let (now, ceilings) = (self.clock.mono(), &self.state.policy.ceilings);
        let station = self.state.station(carrier.station);
        let (Some(from), Some(unknown)) = (
            station.map(|station| station.own),
            self.unknown.get_mut(&carrier),
        ) else {
            return false;
        };
        let permitted = self
            .budget
            .permits(ceilings, carrier, Precedence::Routine, now);
        let there = self
            .carriers
            .get(&carrier)
            .is_some_and(|run| run.state == CarrierState::Up && run.room > 0);
        if permitted.is_err() || !there {
            return false;
        }
        let mut radios = Vec::new();
        while radios.len() < POLL_RUN
            && let Some(radio) = unknown.pop_first()
        {
            if !self.busy.contains(&radio) && !self.statuses.contains_key(&radio) {
                radios.push(radio);
            }
        }
        if radios.is_empty() {
            self.unknown.remove(&carrier);
            return false;
        }
        let bursts = radios.len() as u64;
        self.budget
            .spend(ceilings, carrier, Precedence::Routine, bursts, now);
        let id = self.new_job(JobRun::Baseline);
        self.take_room(carrier);
        self.after_commit(Effect::Transmit(Job::Collect {
            id,
            carrier,
            from,
            radios,
        }));
        true
    }

    /// After a restart: who has the text and has not answered is asked again.
    pub(super) fn poll_again_after_restart(&mut self, alert: AlertId, now: Instant) {
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        let silent: Vec<DeliveryIndex> = (0u32..)
            .map(DeliveryIndex)
            .zip(&book.deliveries)
            .filter(|(_, d)| wants_answer(book, d) && !wants_sending(&book.alert.ask, d))
            .map(|(index, _)| index)
            .collect();
        let ready = now + self.state.policy.collection.first_poll;
        for index in silent {
            let carrier = self.route(alert, index);
            let book = self.state.alerts.get(&alert);
            if book.is_some_and(|book| self.polls_on(&book.alert, carrier)) {
                self.enqueue_item(alert, Item::Poll(index), ready);
            }
        }
    }

    fn is_awaited(&self, id: DeliveryId) -> bool {
        let book = self.state.alerts.get(&id.alert);
        book.is_some_and(|book| {
            let delivery = book.delivery(id.index);
            delivery.is_some_and(|delivery| wants_answer(book, delivery))
        })
    }
}

/// Sorts before every carrier.
const FIRST_CARRIER: CarrierId = CarrierId {
    station: narrowcast_protocol::air::StationId(0),
    slot: narrowcast_protocol::air::Slot::One,
};

/// Whether a person's answer is still awaited.
fn wants_answer(book: &AlertBook, delivery: &DeliveryBook) -> bool {
    book.ended_at.is_none() && book.alert.ask.wants_answer() && !delivery.settled(&book.alert.ask)
}
