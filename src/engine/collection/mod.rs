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

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, JobId, RadioId, Slot, StationId};
use narrowcast_protocol::session::POLL_RUN;

use crate::engine::state::State;
use crate::engine::wants::{wants_answer, wants_sending};
use crate::model::alert::Alert;
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};

/// So many polls in a row without a sign of life, and the radio is taken to be away.
const SILENT: u8 = 3;
/// Longest wait between two polls.
const POLL_GAP_MAX: Duration = Duration::from_secs(300);
/// Sorts before every carrier.
const FIRST_CARRIER: CarrierId = CarrierId {
    station: StationId(0),
    slot: Slot::One,
};

/// Radios of one alert that are being asked.
#[derive(Debug, Clone)]
struct PollRun {
    alert: AlertId,
    radios: Vec<(DeliveryIndex, RadioId)>,
}

/// What the polls of a delivery have brought so far.
#[derive(Debug, Clone, Copy, Default)]
struct Polls {
    made: u8,
    /// Without a sign of life, in a row.
    silent: u8,
}

/// What a polled status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Polled {
    /// The delivery whose answer was asked for.
    pub(super) delivery: DeliveryId,
    /// The numbered answer that the status can only mean; none if it may be an old value.
    pub(super) choice: Option<u8>,
}

/// A radio that stayed silent when it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Silent {
    pub(super) delivery: DeliveryId,
    pub(super) radio: RadioId,
    /// It is asked again at the end of the line.
    pub(super) again: bool,
}

/// What follows a poll that has brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FollowUp {
    /// The text again: the radio may have missed it.
    Text,
    /// A later poll, after this wait.
    Poll(Duration),
}

/// Who is asked for answers, and which statuses radios are known to have.
#[derive(Debug, Default)]
pub(super) struct Collection {
    /// Polls that a session makes.
    runs: HashMap<JobId, PollRun>,
    /// Which poll a radio has not answered yet.
    polling: HashMap<RadioId, JobId>,
    polls: HashMap<DeliveryId, Polls>,
    /// The last status that each radio is known to have.
    statuses: HashMap<RadioId, u16>,
    /// Radios on control channels whose status is not known.
    unknown: BTreeMap<CarrierId, BTreeSet<RadioId>>,
    /// Who is admitted to random access, for which alert.
    admissions: BTreeMap<(AlertId, CarrierId), JobId>,
}

impl Collection {
    /// A session begins to ask radios of an alert.
    pub(super) fn begin(
        &mut self,
        job: JobId,
        alert: AlertId,
        radios: Vec<(DeliveryIndex, RadioId)>,
    ) {
        self.polling
            .extend(radios.iter().map(|(_, radio)| (*radio, job)));
        self.runs.insert(job, PollRun { alert, radios });
    }

    /// A radio was heard to have a status; which one was known before. Strangers are not noted.
    pub(super) fn note(&mut self, state: &State, radio: RadioId, status: u16) -> Option<u16> {
        let known = state.roster.radio(radio).is_some();
        known.then(|| self.statuses.insert(radio, status)).flatten()
    }

    /// The last status that a radio is known to have.
    pub(super) fn status(&self, radio: RadioId) -> Option<u16> {
        self.statuses.get(&radio).copied()
    }

    /// A radio that was asked tells its status. None if nobody waits for it.
    pub(super) fn polled(&mut self, state: &State, from: RadioId, status: u16) -> Option<Polled> {
        let before = self.note(state, from, status);
        let run = self.runs.get(&self.polling.remove(&from)?)?;
        let &(index, _) = run.radios.iter().find(|(_, radio)| *radio == from)?;
        let delivery = DeliveryId {
            alert: run.alert,
            index,
        };
        let polls = self.polls.entry(delivery).or_default();
        polls.made = polls.made.saturating_add(1);
        polls.silent = 0;
        let choice = choice(state, delivery, status, before);
        Some(Polled { delivery, choice })
    }

    /// A run of polls is over: who is still on it stayed silent.
    pub(super) fn over(&mut self, state: &State, job: JobId) -> Vec<Silent> {
        let Some(run) = self.runs.remove(&job) else {
            return Vec::new();
        };
        let mut silent = Vec::new();
        for (index, radio) in run.radios {
            if self.polling.get(&radio) != Some(&job) {
                continue;
            }
            self.polling.remove(&radio);
            let alert = run.alert;
            let delivery = DeliveryId { alert, index };
            let polls = self.polls.entry(delivery).or_default();
            polls.made = polls.made.saturating_add(1);
            polls.silent = polls.silent.saturating_add(1);
            let again = polls.silent < SILENT && is_awaited(state, delivery);
            silent.push(Silent {
                delivery,
                radio,
                again,
            });
        }
        silent
    }

    /// What follows a poll that has brought no answer, if anything is still wanted.
    pub(super) fn follow_up(&self, state: &State, id: DeliveryId) -> Option<FollowUp> {
        let (book, delivery) = state.delivery(id)?;
        if !wants_answer(book, delivery) || delivery.open.is_some() {
            return None;
        }
        let attempts_left = book.times_sent(delivery) < state.policy.max_attempts;
        if attempts_left && wants_sending(&book.alert.ask, delivery) {
            return Some(FollowUp::Text);
        }
        let collection = &state.policy.collection;
        let made = self.polls.get(&id).map_or(0, |polls| polls.made);
        let doubled = 1u32 << made.saturating_sub(1).min(8);
        let wait = collection.gap.saturating_mul(doubled).min(POLL_GAP_MAX);
        (made < collection.max_polls).then_some(FollowUp::Poll(wait))
    }

    /// Radios are admitted to answer an alert by random access.
    pub(super) fn admit(&mut self, alert: AlertId, carrier: CarrierId, job: JobId) {
        self.admissions.insert((alert, carrier), job);
    }

    /// Nobody is expected to answer an alert any more: the admissions to take back.
    pub(super) fn end_alert(&mut self, alert: AlertId) -> Vec<JobId> {
        let of_alert: Vec<_> = self
            .admissions
            .range((alert, FIRST_CARRIER)..)
            .take_while(|((of, _), _)| *of == alert)
            .map(|(key, job)| (*key, *job))
            .collect();
        for (key, _) in &of_alert {
            self.admissions.remove(key);
        }
        self.polls.retain(|id, _| id.alert != alert);
        of_alert.into_iter().map(|(_, job)| job).collect()
    }

    /// The deliveries of an alert whose polled answers can be trusted: the status of their radio
    /// is known to lie outside the alert's answer set.
    pub(super) fn baselines(&self, state: &State, alert: AlertId) -> Vec<DeliveryIndex> {
        let book = state.alerts.get(&alert);
        let Some((book, set)) = book.and_then(|book| Some((book, book.alert.answer_set?))) else {
            return Vec::new();
        };
        let deliveries = (0u32..).map(DeliveryIndex).zip(&book.deliveries);
        let known = deliveries.filter(|(_, delivery)| {
            let status = delivery.recipient.radio.and_then(|it| self.status(it));
            status.is_some_and(|status| set.choice(status).is_none())
        });
        known.map(|(index, _)| index).collect()
    }

    /// Whether polls of an alert could mistake an old status of this radio for an answer.
    pub(super) fn lacks_baseline(
        &self,
        state: &State,
        alert: &Alert,
        radio: Option<RadioId>,
        carrier: Option<CarrierId>,
    ) -> bool {
        let unknown = radio.is_some_and(|radio| self.status(radio).is_none());
        unknown && state.polls_on(alert, carrier)
    }

    /// A radio of the roster was heard over a carrier: its status is asked for if it is not
    /// known, once there is nothing better to do. Whether it is.
    pub(super) fn want_baseline(
        &mut self,
        state: &State,
        radio: RadioId,
        carrier: CarrierId,
    ) -> bool {
        let wanted = state.policy.collection.polls
            && state.is_control(carrier)
            && self.status(radio).is_none();
        if wanted {
            self.unknown.entry(carrier).or_default().insert(radio);
        }
        wanted
    }

    /// Whether radios at a carrier are to be asked for the status they have.
    pub(super) fn wants_baselines(&self, carrier: CarrierId) -> bool {
        self.unknown.contains_key(&carrier)
    }

    /// Radios at a carrier that are asked now for the status they have. `is_busy`: whether
    /// something else is under way to a radio.
    pub(super) fn next_baselines(
        &mut self,
        carrier: CarrierId,
        is_busy: impl Fn(RadioId) -> bool,
    ) -> Vec<RadioId> {
        let mut radios = Vec::new();
        let Some(unknown) = self.unknown.get_mut(&carrier) else {
            return radios;
        };
        while radios.len() < POLL_RUN
            && let Some(radio) = unknown.pop_first()
        {
            if !is_busy(radio) && !self.statuses.contains_key(&radio) {
                radios.push(radio);
            }
        }
        if radios.is_empty() {
            self.unknown.remove(&carrier);
        }
        radios
    }
}

/// What a polled status answers, if it can only be an answer to this alert.
fn choice(state: &State, id: DeliveryId, status: u16, before: Option<u16>) -> Option<u8> {
    let (book, delivery) = state.delivery(id)?;
    let choice = book.alert.answer_set?.choice(status)?;
    let is_news = delivery.baselined || before.is_some_and(|before| before != status);
    (is_news && choice <= book.alert.ask.choices()).then_some(choice)
}

/// Whether the answer to a delivery is still awaited.
fn is_awaited(state: &State, id: DeliveryId) -> bool {
    let known = state.delivery(id);
    known.is_some_and(|(book, delivery)| wants_answer(book, delivery))
}

#[cfg(test)]
mod tests;
