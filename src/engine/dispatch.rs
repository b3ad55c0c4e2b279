//! What goes to which carrier next.

use narrowcast_protocol::air::{
    self, Address, CarrierId, CarrierKind, Delivery, GroupId, JobId, RadioId, Text, TextForm,
    Transmission,
};
use narrowcast_protocol::session::{CarrierState, Job};
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::collect::PollRun;
use crate::engine::compose;
use crate::engine::io::Effect;
use crate::engine::queue::{Item, Place};
use crate::engine::stations::CarrierRun;
use crate::engine::timers::Timer;
use crate::model::alert::{Ask, Precedence};
use crate::model::book::{DeliveryBook, Wording};
use crate::model::delivery::{FailReason, Outcome};
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex, EmergencyId};
use crate::model::roster::Recipient;

/// How many places of a queue are looked at for one that can go now.
pub(super) const LOOK_AHEAD: usize = 256;
/// How often the text is sent to a radio that confirms nothing.
pub(super) const UNCONFIRMED_REPEATS: u8 = 2;

/// A group transmission over one carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct GroupRunId {
    pub(super) alert: AlertId,
    pub(super) group: GroupId,
    pub(super) carrier: CarrierId,
}

/// A job that a session has.
#[derive(Debug, Clone)]
pub(super) enum JobRun {
    /// Radios are asked for their answers.
    Polls(PollRun),
    /// Radios are asked for the status they have, before any alert asks them.
    Baseline,
    /// Radios of an alert are admitted to random access.
    Admission,
    /// A part of a text to one radio.
    One {
        delivery: DeliveryId,
        radio: RadioId,
        number: u8,
        part: u8,
    },
    /// A part of a text to a talkgroup.
    Group {
        run: GroupRunId,
        part: u8,
        parts: u8,
    },
    /// The system's acknowledgement of an emergency.
    Emergency(EmergencyId),
}

impl Engine {
    /// Fills the room of every carrier worth a look.
    pub(super) fn dispatch(&mut self) {
        self.dispatch_messages();
        while let Some(id) = self.queues.next_touched() {
            self.queues.advance(id, self.clock.mono());
            while self.dispatch_one(id) {}
            if let Some(at) = self.queues.next_ready(id) {
                self.timers.set(at, Timer::Carrier(id));
            }
        }
    }

    /// What waits behind a call for a carrier to which a Flash wants to go is taken back, so
    /// that the Flash is the first after the call.
    fn clear_the_way(&mut self, id: CarrierId) {
        let flash = self.queues.ready(id, Precedence::Flash).next().is_some();
        if !flash {
            return;
        }
        let waits_behind = |run: &JobRun| {
            let (alert, carrier) = match run {
                JobRun::One { delivery, .. } => {
                    let book = self.state.alerts.get(&delivery.alert);
                    let carrier = book
                        .and_then(|book| book.delivery(delivery.index))
                        .and_then(|delivery| delivery.carrier);
                    (delivery.alert, carrier)
                }
                JobRun::Group { run, .. } => (run.alert, Some(run.carrier)),
                _ => return false,
            };
            let precedence = self.state.alerts.get(&alert).map(|b| b.alert.precedence);
            carrier == Some(id) && precedence.is_some_and(|other| other > Precedence::Flash)
        };
        for job in self.jobs_where(waits_behind) {
            if self.taken_back.insert(job) {
                self.after_commit(Effect::Transmit(Job::Withdraw(job)));
            }
        }
    }

    fn dispatch_one(&mut self, id: CarrierId) -> bool {
        let now = self.clock.mono();
        let Some(run) = self.carriers.get(&id).copied() else {
            return false;
        };
        if run.state == CarrierState::Busy {
            self.clear_the_way(id);
        }
        if run.state != CarrierState::Up || run.room == 0 {
            return false;
        }
        let held = run.holds_back(Precedence::Routine, now);
        let Some(place) = self.pick(id, run, now) else {
            self.note_idle(id);
            return !held && self.ask_baselines(id);
        };
        self.queues.serve(id, &place);
        match place.item {
            Item::Poll(_) => self.start_polls(id, place),
            Item::One(index) => self.start_one(
                id,
                DeliveryId {
                    alert: place.alert,
                    index,
                },
            ),
            Item::Group(group) => self.start_group(id, &place, group),
        }
        true
    }

    /// The most urgent place whose turn it is, if the carrier's budget lets it begin.
    fn pick(&mut self, id: CarrierId, run: CarrierRun, now: Instant) -> Option<Place> {
        let all = Precedence::ALL.into_iter();
        let permitted: Vec<Precedence> = all.filter(|it| !run.holds_back(*it, now)).collect();
        let place = permitted.into_iter().find_map(|precedence| {
            self.queues
                .ready(id, precedence)
                .take(LOOK_AHEAD)
                .find(|place| self.is_free(place))
        })?;
        let ceilings = &self.state.policy.ceilings;
        match self.budget.permits(ceilings, id, place.precedence, now) {
            Ok(()) => Some(place),
            Err(when) => {
                // What is less urgent is bound by the same ceiling.
                self.timers.set(when, Timer::Carrier(id));
                None
            }
        }
    }

    /// Whether nothing else is under way to the radio of this place.
    pub(super) fn is_free(&self, place: &Place) -> bool {
        let radio = place
            .item
            .delivery()
            .and_then(|index| self.radio_of(place.alert, index));
        radio.is_none_or(|radio| !self.busy.contains(&radio))
    }

    pub(super) fn radio_of(&self, alert: AlertId, index: DeliveryIndex) -> Option<RadioId> {
        let book = self.state.alerts.get(&alert)?;
        book.delivery(index)?.recipient.radio
    }

    /// Starts an attempt, or goes on with its next part.
    fn start_one(&mut self, carrier: CarrierId, id: DeliveryId) {
        let Some(book) = self.state.alerts.get(&id.alert) else {
            return;
        };
        let Some(delivery) = book.delivery(id.index) else {
            return;
        };
        let Some(radio) = delivery.recipient.radio else {
            return;
        };
        // An attempt is a try over one carrier: a radio that has moved gets the next one.
        let elsewhere = delivery.carrier != Some(carrier);
        if let Some(number) = delivery.open.filter(|_| elsewhere) {
            return self.attempt_over(id, radio, number, Outcome::Unclear);
        }
        if book.ended_at.is_some() || !wants_sending(&book.alert.ask, delivery) {
            return;
        }
        let rests = self.rests.until(id, carrier, self.clock.mono());
        if let Some(until) = rests.filter(|_| delivery.open.is_none()) {
            return self.enqueue(id, until);
        }
        let mode = mode(delivery);
        let own = self.state.station(carrier.station);
        let Some(own) = own.map(|station| station.own) else {
            return self.enqueue(id, self.clock.mono() + self.state.policy.attempt_gap);
        };
        let (kind, form) = (
            self.kind(carrier),
            self.form_on(carrier, &delivery.recipient),
        );
        // The wording of an attempt stands; a new attempt may have news of what waits.
        let frozen = delivery.wording.filter(|_| delivery.open.is_some());
        let more = frozen.map_or_else(
            || self.more.get(&id).copied().unwrap_or(0),
            |wording| wording.more,
        );
        let said = book.alert.said_to(&delivery.recipient.language);
        let Ok(parts) = compose::parts(&self.state.policy, said, form, mode, more) else {
            return self.radio_spent(id, FailReason::Unencodable);
        };
        let bursts = compose::bursts(kind, form, mode, &parts);
        let count = u8::try_from(parts.len()).unwrap_or(u8::MAX);
        let open = delivery.open;
        let (number, wording) = match (open, frozen) {
            (Some(number), Some(wording)) => (number, wording),
            _ => self.start_attempt(id, carrier, (form, more, count), bursts),
        };
        let progress = self.progress.entry(id).or_default();
        progress.begin(number);
        let next = progress.next(count).map(usize::from);
        let Some((part, text)) = next.and_then(|part| Some((part, parts.get(part)?.clone())))
        else {
            // Every part is confirmed or under way: nothing is left to hand over.
            return self.attempt_over(id, radio, number, Outcome::Unclear);
        };
        let part = u8::try_from(part).unwrap_or(0);
        progress.hand_over(part);
        let reference = wording.reference.wrapping_add(part) & 0x7F;
        let job = self.new_job(JobRun::One {
            delivery: id,
            radio,
            number,
            part,
        });
        self.busy.insert(radio);
        let text = Text {
            from: own,
            to: Address::Radio(radio),
            text,
            form,
            delivery: mode,
            reference,
        };
        let spent = self.spend_on(carrier, id.alert, &text);
        self.note_start(carrier, spent);
        self.hand_over(carrier, job, Transmission::Text(text));
    }

    /// Records the next attempt: its number, and the wording with its message numbers. The same
    /// wording keeps its numbers, so that the terminal knows a repetition; of another nothing is
    /// proven yet.
    fn start_attempt(
        &mut self,
        id: DeliveryId,
        carrier: CarrierId,
        (form, more, parts): (TextForm, u16, u8),
        bursts: u16,
    ) -> (u8, Wording) {
        let known = self.delivery_book(id);
        let number = known.map_or(1, |delivery| delivery.attempts.saturating_add(1));
        let same = known
            .and_then(|delivery| delivery.wording)
            .filter(|last| (last.form, last.more, last.parts) == (form, more, parts));
        let radio = known.and_then(|delivery| delivery.recipient.radio);
        let fresh = || {
            let given = radio.and_then(|radio| self.state.references.get(&radio));
            given.copied().unwrap_or(0)
        };
        let reference = same.map_or_else(fresh, |wording| wording.reference);
        if same.is_none() {
            self.progress.remove(&id);
        }
        let wording = Wording {
            form,
            more,
            parts,
            reference,
        };
        *self.outcomes.entry("started").or_default() += 1;
        self.emit(Fact::AttemptStarted {
            alert: id.alert,
            delivery: id.index,
            number,
            carrier,
            reference,
            parts,
            form,
            more,
            bursts,
        });
        (number, wording)
    }

    /// The form in which a radio is addressed over a carrier: a trunked one carries UDT only.
    pub(super) fn form_on(&self, carrier: CarrierId, recipient: &Recipient) -> TextForm {
        match self.kind(carrier) {
            CarrierKind::Conventional => recipient.form,
            CarrierKind::Control | CarrierKind::Backhaul => TextForm::Udt,
        }
    }

    /// Takes a text's airtime from the carrier's budget; how many bursts it is.
    fn spend_on(&mut self, carrier: CarrierId, alert: AlertId, text: &Text) -> u64 {
        let octets = air::text_octets(text.form, &text.text);
        let bursts = air::text_bursts(self.kind(carrier), text.form, text.delivery, octets);
        self.spend(carrier, alert, u64::from(bursts));
        u64::from(bursts)
    }

    pub(super) fn spend(&mut self, carrier: CarrierId, alert: AlertId, bursts: u64) {
        let book = self.state.alerts.get(&alert);
        let precedence = book.map_or(Precedence::Routine, |book| book.alert.precedence);
        let (ceilings, now) = (&self.state.policy.ceilings, self.clock.mono());
        self.budget
            .spend(ceilings, carrier, precedence, bursts, now);
    }

    /// Starts a group transmission, or goes on with its next part. The parts are jobs of
    /// their own, so that more urgent traffic can go in between.
    fn start_group(&mut self, carrier: CarrierId, place: &Place, group: GroupId) {
        let run = GroupRunId {
            alert: place.alert,
            group,
            carrier,
        };
        let Some(book) = self.state.alerts.get(&place.alert) else {
            return self.group_done(run);
        };
        let member = book
            .deliveries
            .iter()
            .find(|d| d.recipient.talkgroup == Some(group))
            .map(|d| &d.recipient);
        let own = self
            .state
            .station(carrier.station)
            .map(|station| station.own);
        let (Some(member), Some(own), None) = (member, own, book.ended_at) else {
            return self.group_done(run);
        };
        // All members that stand for their talkgroup read the same text.
        let (form, said) = (
            self.form_on(carrier, member),
            book.alert.said_to(&member.language),
        );
        let mode = Delivery::Unconfirmed;
        let Ok(texts) = compose::parts(&self.state.policy, said, form, mode, 0) else {
            return self.group_done(run);
        };
        let bursts = compose::bursts(self.kind(carrier), form, mode, &texts);
        let parts = u8::try_from(texts.len()).unwrap_or(u8::MAX);
        let part = self.groups.get(&run).copied().unwrap_or(0);
        let Some(text) = texts.into_iter().nth(usize::from(part)) else {
            return self.group_done(run);
        };
        if part == 0 {
            let started = book
                .groups
                .iter()
                .find(|known| known.group == group && known.carrier == carrier);
            let number = started.map_or(1, |known| known.attempts.saturating_add(1));
            self.emit(Fact::GroupAttemptStarted {
                alert: place.alert,
                group,
                carrier,
                number,
                parts,
                bursts,
            });
        }
        let job = self.new_job(JobRun::Group { run, part, parts });
        let to = Address::Group(group);
        let text = Text {
            from: own,
            to,
            text,
            form,
            delivery: mode,
            reference: part,
        };
        let spent = self.spend_on(carrier, place.alert, &text);
        self.note_start(carrier, spent);
        self.hand_over(carrier, job, Transmission::Text(text));
    }

    pub(super) fn new_job(&mut self, run: JobRun) -> JobId {
        let id = self.outbox.next_job();
        self.jobs.insert(id, run);
        id
    }

    /// A fragment takes one unit of its carrier's room.
    pub(super) fn take_room(&mut self, carrier: CarrierId) {
        let now = self.clock.mono();
        if let Some(run) = self.carriers.get_mut(&carrier) {
            run.room = run.room.saturating_sub(1);
            run.started_at = now;
        }
    }

    fn hand_over(&mut self, carrier: CarrierId, id: JobId, transmission: Transmission) {
        self.take_room(carrier);
        self.after_commit(Effect::Transmit(Job::Send {
            id,
            carrier,
            transmission,
        }));
    }

    /// Everything that is still wanted goes back into the queues (after a restart).
    pub(super) fn requeue_everything(&mut self, now: Instant) {
        let gap = self.state.policy.attempt_gap;
        let alerts: Vec<AlertId> = self.state.alerts.keys().copied().collect();
        for alert in alerts {
            self.index_radios(alert);
            let Some(book) = self.state.alerts.get(&alert) else {
                continue;
            };
            if book.ended_at.is_some() {
                self.start_rings(alert);
                continue;
            }
            let expiry = self.clock.when(book.alert.expires_at);
            self.timers.set(expiry, Timer::Expiry(alert));
            let wanted: Vec<_> = (0u32..)
                .zip(&book.deliveries)
                .filter(|(_, delivery)| wants_sending(&book.alert.ask, delivery))
                .filter(|(_, delivery)| !self.is_with_the_site(delivery))
                .map(|(index, delivery)| {
                    let spent = book.times_sent(delivery) >= self.state.policy.max_attempts;
                    (DeliveryIndex(index), delivery.attempts > 0, spent)
                })
                .collect();
            for (index, tried, spent) in wanted {
                let id = DeliveryId { alert, index };
                if spent {
                    self.try_again(id, Outcome::Unclear);
                } else {
                    self.enqueue(id, if tried { now + gap } else { now });
                }
            }
            self.poll_again_after_restart(alert, now);
            self.queue_groups(alert, now);
            self.start_rings(alert);
            self.settle(alert);
        }
        self.forget();
    }

    pub(super) fn index_radios(&mut self, alert: AlertId) {
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        let radios = (0u32..)
            .map(DeliveryIndex)
            .zip(&book.deliveries)
            .flat_map(|(index, it)| it.recipient.radios().map(move |radio| (index, radio)));
        self.by_radio.add(alert, radios);
    }

    /// The deliveries in memory that go to this radio, oldest alert first.
    pub(super) fn deliveries_of(&self, radio: RadioId) -> Vec<DeliveryId> {
        self.by_radio.of(radio)
    }
}

/// Whether the link layer is asked to confirm.
pub(super) const fn mode(delivery: &DeliveryBook) -> Delivery {
    if delivery.recipient.confirms {
        Delivery::Confirmed
    } else {
        Delivery::Unconfirmed
    }
}

/// Whether another transmission to this radio is wanted.
pub(super) fn wants_sending(ask: &Ask, delivery: &DeliveryBook) -> bool {
    if delivery.settled(ask) || delivery.recipient.radio.is_none() {
        return false;
    }
    // A radio of which nobody expected it may confirm all the same.
    let repeats = delivery.recipient.confirms || delivery.completed < UNCONFIRMED_REPEATS;
    repeats && !delivery.confirmed()
}
