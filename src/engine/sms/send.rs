//! What goes to which route next.

use std::time::Duration;

use narrowcast_protocol::air::{Phone, Submit, Transmission};
use narrowcast_protocol::session::Job;

use crate::engine::Engine;
use crate::engine::io::Effect;
use crate::engine::queue::Place;
use crate::engine::sms::ring::wants_ring;
use crate::engine::sms::wording::Frame;
use crate::engine::sms::{Flight, MessageRun, Ring, SmsTimer};
use crate::model::alert::Precedence;
use crate::model::delivery::Outcome;
use crate::model::facts::Fact;
use crate::model::phone_book::MessageRef;
use crate::model::policy::SmsRoute;

/// Shortest time that an operator is given for a message.
const SHORTEST_VALIDITY: Duration = Duration::from_secs(60);
/// From the number of a text to that of the next text of the same alert. Alerts begin with the
/// index of their mark: so two open ones, whose marks follow each other, never share a number
/// over which a telephone would mix their parts.
const NEXT_REFERENCE: u8 = 75;

impl Engine {
    /// Fills the room of every route worth a look.
    pub(in crate::engine) fn dispatch_messages(&mut self) {
        while let Some(carrier) = self.sms.queues.next_touched() {
            self.sms.queues.advance(carrier, self.clock.mono());
            let Some(route) = self.state.policy.route(carrier.station).cloned() else {
                continue;
            };
            while self.dispatch_message(&route) {}
            if let Some(at) = self.sms.queues.next_ready(carrier) {
                self.sms.timers.set(at, SmsTimer::Route(carrier));
            }
        }
    }

    fn dispatch_message(&mut self, route: &SmsRoute) -> bool {
        let now = self.clock.mono();
        let run = self.sms.routes.get(&route.id);
        if !run.is_some_and(|run| run.may_start(now)) {
            return false;
        }
        let carrier = route.carrier();
        let ready = Precedence::ALL;
        let queues = &self.sms.queues;
        let place = ready
            .into_iter()
            .find_map(|precedence| queues.ready(carrier, precedence).next());
        let Some(place) = place else {
            return false;
        };
        self.sms.queues.serve(carrier, &place);
        self.start_message(route, &place);
        true
    }

    /// Starts an attempt over a telephone, or goes on with its next part.
    fn start_message(&mut self, route: &SmsRoute, place: &Place) {
        let Some(index) = place.item.delivery() else {
            return;
        };
        let ring = Ring::placed(place.alert, index);
        let now = self.clock.mono();
        let Some(book) = self.state.alerts.get(&ring.alert) else {
            return;
        };
        let Some(delivery) = book.delivery(ring.delivery) else {
            return;
        };
        let phones = delivery.recipient.phones();
        let (Some(known), Some(&to)) = (
            delivery.phone(ring.phone),
            phones.get(usize::from(ring.phone)),
        ) else {
            return;
        };
        if book.ended_at.is_some() || !wants_ring(&book.alert.ask, delivery) || known.spent {
            return;
        }
        let flight = self.sms.flights.get(&ring).copied().unwrap_or_default();
        let goes_on = known.open.is_some() && known.open == Some(flight.number);
        // It waits for an answer only: another copy would not bring that.
        if !goes_on && known.has_it() {
            return;
        }
        // A crash can end the last attempt without its having been counted as the last.
        if !goes_on && known.attempts_now() >= self.state.policy.sms.attempts {
            return self.give_up_phone(ring);
        }
        // The fence stands here too: the queue may be older than the policy.
        if !route.carries(&book.alert) {
            return;
        }
        let flash = book.alert.precedence == Precedence::Flash;
        if let Some(since) = known
            .unclear_since
            .filter(|_| !flash && known.open.is_none())
        {
            let over = since.plus(self.receipt_wait(known.route));
            if self.wall() < over {
                return self.ring_at(ring, self.clock.when(over));
            }
        }
        if !flash && self.is_capped(route, to) {
            return self.give_up_phone(ring);
        }
        // A telephone joins parts of one sender only: what began over another route begins anew.
        let same_route = known.route == Some(route.id);
        if goes_on && !same_route {
            if let Some(flight) = self.sms.flights.get_mut(&ring) {
                flight.broken = true;
            }
            return self.message_over_when_quiet(ring, Outcome::Withdrawn);
        }
        // What an operator has taken of a text is not given to it again.
        let is_half = known.parts > 0 && known.has_any_left() && !known.is_whole();
        let same = goes_on || (same_route && is_half);
        // Its parts fit together only in the frame in which it began, whatever the policy has
        // become meanwhile.
        let begun = self.state.frames.get(known.frame).filter(|_| same);
        let said = book.alert.said_to(&delivery.recipient.language);
        let begun = begun.and_then(|frame| frame.parts(said, known.reference).ok());
        let begun = begun.filter(|parts| parts.len() == usize::from(known.parts));
        let attempts = known.attempts;
        let (reference, frame, parts) = if let Some(parts) = begun {
            (known.reference, known.frame, parts)
        } else {
            let frame = Frame::of(&self.state.policy, route);
            let reference = if known.parts == 0 {
                book.alert.mark.index()
            } else {
                known.reference.wrapping_add(NEXT_REFERENCE)
            };
            match frame.parts(said, reference) {
                Ok(parts) => (reference, frame.number(), parts),
                Err(_) => return self.give_up_phone(ring),
            }
        };
        let count = u8::try_from(parts.len()).unwrap_or(u8::MAX);
        let left = book.alert.expires_at.since(self.wall());
        let number = if goes_on {
            flight.number
        } else {
            self.emit(Fact::MessageStarted {
                alert: ring.alert,
                delivery: ring.delivery,
                phone: ring.phone,
                number: attempts.saturating_add(1),
                route: route.id,
                reference,
                parts: count,
                frame,
            });
            let number = attempts.saturating_add(1);
            let flight = Flight {
                number,
                ..Flight::default()
            };
            self.sms.flights.insert(ring, flight);
            self.outcomes.count("started");
            number
        };
        let known = self.state.delivery_book(ring.delivery());
        let known = known.and_then(|it| it.phone(ring.phone));
        let taken = |part: u8| known.is_some_and(|known| known.is_taken(part));
        let handed = self
            .sms
            .flights
            .get(&ring)
            .map_or(0, |flight| flight.handed);
        let missing = |part: &u8| handed & 1 << part == 0 && !taken(*part);
        let mut open = (0..count).filter(missing);
        let (next, more) = (open.next(), open.next().is_some());
        let part = next.and_then(|at| Some((at, parts.into_iter().nth(usize::from(at))?)));
        let Some((at, part)) = part else {
            return self.await_receipt(ring, number);
        };
        let job = self.outbox.next_job();
        let of = MessageRef {
            alert: ring.alert,
            delivery: ring.delivery,
            phone: ring.phone,
            number,
            part: at,
        };
        let run = MessageRun {
            of,
            route: route.id,
            to,
        };
        self.sms.jobs.insert(job, run);
        if let Some(flight) = self.sms.flights.get_mut(&ring) {
            flight.handed |= 1 << at;
            flight.under_way += 1;
        }
        if let Some(run) = self.sms.routes.get_mut(&route.id) {
            run.room = run.room.saturating_sub(1);
        }
        if more {
            self.ring_at(ring, now);
        }
        let submit = Submit {
            to,
            part,
            receipt: true,
            validity: Some(left.max(SHORTEST_VALIDITY)),
            at_once: false,
        };
        self.after_commit(Effect::Transmit(Job::Send {
            id: job,
            carrier: route.carrier(),
            transmission: Transmission::Sms(submit),
        }));
    }

    /// Whether a telephone has had its messages of the day over a route.
    fn is_capped(&self, route: &SmsRoute, to: Phone) -> bool {
        if route.daily_cap == 0 {
            return false;
        }
        let under_way = self.sms.jobs.values();
        let under_way = under_way.filter(|job| (job.route, job.to) == (route.id, to));
        let taken = self.state.sent.today(route.id, to, self.wall());
        let under_way = u32::try_from(under_way.count()).unwrap_or(u32::MAX);
        taken.saturating_add(under_way) >= route.daily_cap
    }
}
