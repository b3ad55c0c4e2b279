//! When a telephone is tried.
//!
//! A person with a radio is reached by radio first. By SMS, when the time of the policy has passed
//! below `Received` (below `Answered` where an answer is asked), and at once when no radio of the
//! person can be served. A further telephone follows after as long again, or when the one before
//! is spent.

use std::time::Duration;

use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::queue::{Cost, Item, Place};
use crate::engine::sms::{Ring, SmsTimer};
use crate::model::alert::{Ask, Precedence};
use crate::model::book::DeliveryBook;
use crate::model::delivery::{End, FailReason, Rung};
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};

/// Whether a text to a telephone is wanted.
pub(super) fn wants_ring(ask: &Ask, delivery: &DeliveryBook) -> bool {
    let enough = if ask.wants_answer() {
        Rung::Answered
    } else {
        Rung::Received
    };
    delivery.end.is_none() && (delivery.rung < enough || delivery.again)
}

impl Engine {
    /// After how long telephones are used for such an alert.
    pub(in crate::engine) fn ring_after(&self, precedence: Precedence) -> Duration {
        let sms = &self.state.policy.sms;
        if precedence == Precedence::Flash {
            sms.after_flash
        } else {
            sms.after
        }
    }

    /// Takes up the telephones of an alert: after its acceptance, and after a restart.
    pub(in crate::engine) fn start_rings(&mut self, alert: AlertId) {
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        if !book.deliveries.iter().any(|it| it.others.is_some()) {
            return;
        }
        let phones: Vec<_> = (0u32..)
            .map(DeliveryIndex)
            .zip(&book.deliveries)
            .flat_map(|(index, it)| {
                it.recipient
                    .phones()
                    .iter()
                    .map(move |phone| (index, *phone))
            })
            .collect();
        let is_over = book.ended_at.is_some();
        if phones.is_empty() {
            return;
        }
        self.sms.by_phone.add(alert, phones.into_iter());
        if !is_over {
            self.rings_due(alert);
        }
    }

    /// Tries the telephones whose time has come, and comes back for those to follow.
    pub(in crate::engine) fn rings_due(&mut self, alert: AlertId) {
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        if book.ended_at.is_some() {
            return;
        }
        let after = self.ring_after(book.alert.precedence);
        let since = book.again_at.unwrap_or(book.alert.accepted_at);
        let passed = self.wall().since(since);
        let turns = passed.as_millis() / after.as_millis().max(1);
        let turns = u8::try_from(turns).unwrap_or(u8::MAX);
        let mut later = false;
        let mut due = Vec::new();
        for (index, delivery) in (0u32..).map(DeliveryIndex).zip(&book.deliveries) {
            if delivery.phones().is_empty() || !wants_ring(&book.alert.ask, delivery) {
                continue;
            }
            let first = delivery.recipient.radio.is_none() || delivery.recipient.rings_first();
            let turns = turns.saturating_add(u8::from(first));
            for (phone, known) in (0u8..).zip(delivery.phones()) {
                if phone >= turns {
                    later = true;
                } else if known.open.is_none() && !known.spent && !known.has_it() {
                    due.push((index, phone));
                }
            }
        }
        let next = since.plus(after.saturating_mul(u32::from(turns) + 1));
        if later {
            let at = self.clock.when(next).max(self.clock.mono());
            self.sms.timers.set(at, SmsTimer::Rings(alert));
        }
        let now = self.clock.mono();
        for (delivery, phone) in due {
            let ring = Ring {
                alert,
                delivery,
                phone,
            };
            self.ring_at(ring, now);
        }
    }

    /// No radio of a delivery can be served: the first telephone that is not spent is tried at
    /// once. Whether there is one.
    pub(in crate::engine) fn ring_now(&mut self, id: DeliveryId) -> bool {
        let Some(book) = self.state.alerts.get(&id.alert) else {
            return false;
        };
        let Some(delivery) = book.delivery(id.index) else {
            return false;
        };
        let mut phones = (0u8..).zip(delivery.phones());
        let Some((phone, known)) = phones.find(|(_, known)| !known.spent) else {
            return false;
        };
        if known.open.is_none() && wants_ring(&book.alert.ask, delivery) {
            let ring = Ring {
                alert: id.alert,
                delivery: id.index,
                phone,
            };
            self.ring_at(ring, self.clock.mono());
        }
        true
    }

    /// Rings where a radio waits for a carrier that has not taken anything for long.
    pub(in crate::engine) fn ring_stuck(&mut self) {
        for id in self.air.take_stuck() {
            self.ring_now(id);
        }
    }

    /// Lets a telephone wait for its route, to be tried at `ready` or later.
    pub(super) fn ring_at(&mut self, ring: Ring, ready: Instant) {
        let Some(book) = self.state.alerts.get(&ring.alert) else {
            return;
        };
        let waits = self.sms.queues.find(ring.alert, ring.place());
        if waits.is_some_and(|(_, place)| place.ready <= ready) {
            return;
        }
        self.put_ring(Place {
            precedence: book.alert.precedence,
            ready,
            alert: ring.alert,
            item: Item::One(ring.place()),
            cost: Cost::default(),
        });
    }

    pub(super) fn put_ring(&mut self, place: Place) {
        let Some(index) = place.item.delivery() else {
            return;
        };
        let ring = Ring::placed(place.alert, index);
        let Some(book) = self.state.alerts.get(&ring.alert) else {
            return;
        };
        let delivery = book.delivery(ring.delivery);
        let phone = delivery.and_then(|it| it.recipient.phones().get(usize::from(ring.phone)));
        let Some(phone) = phone else {
            return;
        };
        let route = self.route_to(*phone, &book.alert);
        let carrier = route.map(|route| route.carrier());
        self.sms.queues.push(carrier, carrier, place);
    }

    /// A telephone is spent: the next one, or the end of the delivery if no address is left.
    pub(super) fn phone_spent(&mut self, id: DeliveryId) {
        if self.ring_now(id) {
            return;
        }
        let Some(book) = self.state.alerts.get(&id.alert) else {
            return;
        };
        let Some(delivery) = book.delivery(id.index) else {
            return;
        };
        let radio_goes_on = delivery.recipient.radio.is_some()
            && (self.air.is_waiting(id) || delivery.open.is_some());
        // A radio that confirms nothing may have it: the delivery stands on its rung.
        let may_have_it = delivery.recipient.radio.is_some()
            && !delivery.recipient.confirms
            && delivery.rung >= Rung::Sent;
        let open = delivery.phones().iter().any(|phone| phone.open.is_some());
        if radio_goes_on || may_have_it || open || !wants_ring(&book.alert.ask, delivery) {
            return;
        }
        self.emit(Fact::DeliveryEnded {
            alert: id.alert,
            delivery: id.index,
            end: End::Failed(FailReason::NoAcknowledgement),
        });
        self.settle(id.alert);
    }

    /// Nothing more is wanted of an alert: what waits for telephones does not wait any more.
    pub(in crate::engine) fn end_rings(&mut self, alert: AlertId) {
        self.sms.queues.remove_alert(alert);
        self.withdraw_messages(|run| run.of.alert == alert);
    }

    /// A delivery has what it wanted over whatever way: its telephones are left alone.
    pub(in crate::engine) fn stop_ringing(&mut self, id: DeliveryId) {
        let Some(book) = self.state.alerts.get(&id.alert) else {
            return;
        };
        let Some(delivery) = book.delivery(id.index) else {
            return;
        };
        if delivery.phones().is_empty() || wants_ring(&book.alert.ask, delivery) {
            return;
        }
        for phone in 0..u8::try_from(delivery.phones().len()).unwrap_or(u8::MAX) {
            let ring = Ring {
                alert: id.alert,
                delivery: id.index,
                phone,
            };
            self.sms.queues.remove(id.alert, ring.place());
        }
        self.withdraw_messages(|run| Ring::of(run.of).delivery() == id);
    }
}
