//! What goes to which carrier next, and how an attempt at one radio begins.

use narrowcast_protocol::air::{
    self, Address, CarrierId, JobId, RadioId, Text, TextForm, Transmission,
};
use narrowcast_protocol::session::Job;
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::air::Turn;
use crate::engine::attempts::{JobRun, PartRun};
use crate::engine::compose;
use crate::engine::io::Effect;
use crate::engine::known::known;
use crate::engine::queue::{Item, Place};
use crate::engine::state::State;
use crate::engine::wants::{mode, wants_sending};
use crate::model::book::{DeliveryBook, Wording};
use crate::model::delivery::{FailReason, Outcome};
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryId};

impl Engine {
    /// Fills the room of every carrier and route worth a look.
    pub(super) fn dispatch(&mut self) {
        loop {
            self.ring_stuck();
            self.dispatch_messages();
            let now = self.clock.mono();
            while let Some(id) = self.air.next_touched(now) {
                while self.dispatch_one(id) {}
                self.air.come_back(id);
            }
            if !self.air.has_stuck() {
                break;
            }
        }
    }

    /// Hands the next thing over to a carrier. Whether there was one.
    fn dispatch_one(&mut self, id: CarrierId) -> bool {
        let (state, attempts) = (&self.state, &self.attempts);
        let is_free = |place: &Place| {
            let index = place.item.delivery();
            let radio = index.and_then(|index| {
                let alert = place.alert;
                state.radio_of(DeliveryId { alert, index })
            });
            radio.is_none_or(|radio| !attempts.is_busy(radio))
        };
        match self.air.turn(known!(self), id, is_free) {
            Turn::Send(place) => {
                self.start(id, place);
                true
            }
            Turn::Nothing { idle } => idle && self.ask_baselines(id),
            Turn::Closed { flash_waits } => {
                if flash_waits {
                    self.preempt_for_flash(id);
                }
                false
            }
        }
    }

    fn start(&mut self, id: CarrierId, place: Place) {
        let alert = place.alert;
        match place.item {
            Item::Poll(_) => self.start_polls(id, place),
            Item::One(index) => self.start_one(id, DeliveryId { alert, index }),
            Item::Group(group) => self.start_group(id, alert, group),
        }
    }

    /// What waits behind a call for a carrier to which a Flash wants to go is taken back, so
    /// that the Flash is the first after the call.
    fn preempt_for_flash(&mut self, id: CarrierId) {
        for job in self.attempts.take_back_for_flash(&self.state, id) {
            self.after_commit(Effect::Transmit(Job::Withdraw(job)));
        }
    }

    /// Starts an attempt, or goes on with its next part.
    fn start_one(&mut self, carrier: CarrierId, id: DeliveryId) {
        let Some((book, delivery)) = self.state.delivery(id) else {
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
        let now = self.clock.mono();
        let rests = self.attempts.rests_until(id, carrier, now);
        if let Some(until) = rests.filter(|_| delivery.open.is_none()) {
            return self.enqueue(id, until);
        }
        let own = self.state.station(carrier.station);
        let Some(own) = own.map(|station| station.own) else {
            return self.enqueue(id, now + self.state.policy.attempt_gap);
        };
        let mode = mode(delivery);
        let form = self.state.form_on(carrier, &delivery.recipient);
        // The wording of an attempt stands; a new attempt may have news of what waits.
        let frozen = delivery.wording.filter(|_| delivery.open.is_some());
        let more = frozen.map_or_else(|| self.attempts.announces(id), |wording| wording.more);
        let said = book.alert.said_to(&delivery.recipient.language);
        let Ok(parts) = compose::parts(&self.state.policy, said, form, mode, more) else {
            return self.radio_spent(id, FailReason::Unencodable);
        };
        let count = u8::try_from(parts.len()).unwrap_or(u8::MAX);
        let (number, wording) = match (delivery.open, frozen) {
            (Some(number), Some(wording)) => (number, wording),
            _ => {
                let wording = wording(&self.state, delivery, (form, more, count));
                let bursts = compose::bursts(self.state.kind(carrier), form, mode, &parts);
                let number = delivery.attempts.saturating_add(1);
                if delivery.wording != Some(wording) {
                    self.attempts.new_wording(id);
                }
                self.start_attempt(id, carrier, number, wording, bursts);
                (number, wording)
            }
        };
        let next = self.attempts.next_part(id, number, count);
        let Some((part, text)) =
            next.and_then(|part| Some((part, parts.get(usize::from(part))?.clone())))
        else {
            // Every part is confirmed or under way: nothing is left to hand over.
            return self.attempt_over(id, radio, number, Outcome::Unclear);
        };
        let run = PartRun {
            delivery: id,
            radio,
            number,
            part,
        };
        let text = Text {
            from: own,
            to: Address::Radio(radio),
            text,
            form,
            delivery: mode,
            reference: wording.reference.wrapping_add(part) & 0x7F,
        };
        self.hand_over(carrier, id.alert, JobRun::One(run), text);
    }

    /// Records the next attempt.
    fn start_attempt(
        &mut self,
        id: DeliveryId,
        carrier: CarrierId,
        number: u8,
        wording: Wording,
        bursts: u16,
    ) {
        self.outcomes.count("started");
        self.emit(Fact::AttemptStarted {
            alert: id.alert,
            delivery: id.index,
            number,
            carrier,
            reference: wording.reference,
            parts: wording.parts,
            form: wording.form,
            more: wording.more,
            bursts,
        });
    }

    /// Hands a text over to a carrier's session, as a job of its own, so that more urgent
    /// traffic can go in between.
    pub(super) fn hand_over(
        &mut self,
        carrier: CarrierId,
        alert: AlertId,
        run: JobRun,
        text: Text,
    ) {
        let kind = self.state.kind(carrier);
        let octets = air::text_octets(text.form, &text.text);
        let bursts = air::text_bursts(kind, text.form, text.delivery, octets);
        let known = known!(self);
        self.air.begin(known, carrier, alert, bursts.into());
        let id = self.new_job(run);
        let transmission = Transmission::Text(text);
        self.after_commit(Effect::Transmit(Job::Send {
            id,
            carrier,
            transmission,
        }));
    }

    pub(super) fn new_job(&mut self, run: JobRun) -> JobId {
        let id = self.outbox.next_job();
        self.attempts.begin(id, run);
        id
    }

    /// Puts the text of a delivery into its carrier's queue, to be sent at `ready` or later.
    pub(super) fn enqueue(&mut self, id: DeliveryId, ready: Instant) {
        self.enqueue_item(id.alert, Item::One(id.index), ready);
    }

    /// Puts something of a delivery into its carrier's queue, for `ready` or later.
    pub(super) fn enqueue_item(&mut self, alert: AlertId, item: Item, ready: Instant) {
        let known = known!(self);
        self.air.enqueue(known, alert, item, ready);
    }

    /// Nothing is under way to a radio any more: what waits for it may go.
    pub(super) fn free(&mut self, radio: RadioId) {
        self.attempts.free(radio);
        let deliveries = self.whereabouts.deliveries_of(radio);
        self.air.touch_where_waiting(&deliveries);
    }
}

/// The wording of the next attempt, with its message numbers. The same wording keeps its numbers,
/// so that the terminal knows a repetition; of another nothing is proven yet.
fn wording(
    state: &State,
    delivery: &DeliveryBook,
    (form, more, parts): (TextForm, u16, u8),
) -> Wording {
    let last = delivery.wording;
    let same = last.filter(|last| (last.form, last.more, last.parts) == (form, more, parts));
    let fresh = || {
        let given = delivery
            .recipient
            .radio
            .and_then(|radio| state.references.get(&radio));
        given.copied().unwrap_or(0)
    };
    let reference = same.map_or_else(fresh, |wording| wording.reference);
    Wording {
        form,
        more,
        parts,
        reference,
    }
}
