//! What the steps of a message prove, and when it is tried again.

use std::time::Duration;

use narrowcast_protocol::air::{JobId, StationId};
use narrowcast_protocol::session::{Job, Refusal, Step};
use narrowcast_protocol::sms::RefusalClass;

use crate::engine::Engine;
use crate::engine::io::Effect;
use crate::engine::sms::{MessageRun, Ring, SmsTimer};
use crate::engine::tries::outcome_name;
use crate::model::alert::Precedence;
use crate::model::delivery::{Outcome, RefusedBy, Rung};
use crate::model::evidence::Evidence;
use crate::model::facts::Fact;
use crate::model::phone_book::MessageRef;

/// Between two attempts over one telephone; doubles each time.
const GAP: Duration = Duration::from_secs(60);
/// The same for a Flash.
const FLASH_GAP: Duration = Duration::from_secs(20);
/// When a message is tried again that came too fast. The session waits by itself.
const THROTTLED: Duration = Duration::from_secs(1);
/// How long receipts are waited for where the route is not configured any more.
const RECEIPT_WAIT: Duration = Duration::from_secs(900);

impl Engine {
    /// How long the fate of a message may stay open over a route.
    pub(super) fn receipt_wait(&self, route: Option<StationId>) -> Duration {
        let known = route.and_then(|id| self.state.policy.route(id));
        known.map_or(RECEIPT_WAIT, |route| route.receipt_wait)
    }

    /// A part's last byte was written; whether the job was one of ours.
    pub(in crate::engine) fn message_written(&mut self, job: JobId) -> bool {
        let Some(run) = self.sms.jobs.get(&job).copied() else {
            return false;
        };
        self.message_proved(run.of, Evidence::Written);
        true
    }

    /// A part came further; whether the job was one of ours.
    pub(in crate::engine) fn message_step(&mut self, job: JobId, step: Step) -> bool {
        let Some(run) = self.sms.jobs.get(&job).copied() else {
            return false;
        };
        match step {
            Step::Taken { message } => {
                self.route_took(run.route);
                self.emit(Fact::MessageTaken {
                    of: run.of,
                    route: run.route,
                    to: run.to,
                    message: message.as_str().to_owned(),
                });
                self.match_early_receipts(run.route, message, run.to);
                self.after_message(Ring::of(run.of));
            }
            Step::Accepted => {
                self.route_took(run.route);
                self.message_proved(run.of, Evidence::StationAccepted);
            }
            Step::OnAir | Step::Received { .. } => {}
            Step::Refused(_) | Step::Lost | Step::Done => {
                self.sms.jobs.remove(&job);
                self.part_of_message_over(run, step);
            }
        }
        true
    }

    fn route_took(&mut self, route: StationId) {
        if let Some(run) = self.sms.routes.get_mut(&route) {
            run.has_taken();
        }
    }

    /// Something is proven of one part, where that is news.
    fn message_proved(&mut self, of: MessageRef, evidence: Evidence) {
        let known = self.state.delivery_book(Ring::of(of).delivery());
        let Some(known) = known.and_then(|it| it.phone(of.phone)) else {
            return;
        };
        let is_old = match evidence {
            Evidence::Written => known.has_left(of.part),
            _ => known.is_taken(of.part),
        };
        if !is_old || known.attempts != of.number {
            self.emit(Fact::MessageEvidenced { of, evidence });
            self.after_message(Ring::of(of));
        }
    }

    /// Something was proven over a telephone: what is not wanted any more is taken back.
    pub(super) fn after_message(&mut self, ring: Ring) {
        let id = ring.delivery();
        let Some(book) = self.state.alerts.get(&id.alert) else {
            return;
        };
        let Some(delivery) = book.delivery(id.index) else {
            return;
        };
        if delivery.rung >= Rung::Received && !delivery.again {
            self.radio_not_wanted(id);
            self.stop_ringing(id);
        }
        self.settle(id.alert);
    }

    fn part_of_message_over(&mut self, run: MessageRun, step: Step) {
        let ring = Ring::of(run.of);
        let now = self.clock.mono();
        let Some(flight) = self.sms.flights.get_mut(&ring) else {
            return;
        };
        if flight.number != run.of.number {
            return;
        }
        flight.under_way = flight.under_way.saturating_sub(1);
        let Step::Refused(why) = step else {
            if step == Step::Lost {
                flight.broken = true;
                return self.message_over_when_quiet(ring, Outcome::Unclear);
            }
            return self.go_on_with_message(ring);
        };
        let never_left = match why {
            Refusal::NoCarrier | Refusal::NoRoom | Refusal::Withdrawn | Refusal::TooLate => true,
            Refusal::Operator { class, .. } => class == RefusalClass::Throttled,
            _ => false,
        };
        if never_left {
            flight.handed &= !(1 << run.of.part);
        }
        let number = run.of.number;
        if let Refusal::Operator { class, .. } = why {
            let rests = self.note_refusal(run.route, class, &why.to_string());
            let counts = match class {
                RefusalClass::Throttled => return self.ring_at(ring, now + THROTTLED),
                // The others of the route would be refused as well: this one was not tried.
                RefusalClass::Permanent if rests => Outcome::Withdrawn,
                _ => Outcome::Refused(RefusedBy::Link),
            };
            let spent = class == RefusalClass::Number;
            return self.end_message(ring, number, counts, spent);
        }
        match why {
            Refusal::Withdrawn => self.message_over_when_quiet(ring, Outcome::Withdrawn),
            Refusal::NoCarrier | Refusal::NoRoom | Refusal::TooLate => {
                if let Some(run) = self.sms.routes.get_mut(&run.route) {
                    // It says so when it has room again.
                    run.room = 0;
                }
                self.ring_at(ring, now);
            }
            _ => self.end_message(ring, number, Outcome::Refused(RefusedBy::Link), true),
        }
    }

    /// Notes why an operator refused; whether the route rests now.
    fn note_refusal(&mut self, route: StationId, class: RefusalClass, why: &str) -> bool {
        let now = self.clock.mono();
        let carrier = self.state.policy.route(route).map(|route| route.carrier());
        let Some(run) = self.sms.routes.get_mut(&route) else {
            return false;
        };
        run.last_error = Some(why.to_owned());
        match class {
            RefusalClass::Throttled => run.throttled += 1,
            _ => run.refusals += 1,
        }
        if class != RefusalClass::Permanent {
            return false;
        }
        let until = run.rest(now);
        if let Some(carrier) = carrier {
            self.sms.timers.set(until, SmsTimer::Route(carrier));
        }
        self.find_routes_again();
        true
    }

    /// A part is through: the next one, or the wait for the receipts.
    fn go_on_with_message(&mut self, ring: Ring) {
        let Some(flight) = self.sms.flights.get(&ring).copied() else {
            return;
        };
        if flight.broken {
            return self.message_over_when_quiet(ring, Outcome::Unclear);
        }
        let waits = self.sms.queues.find(ring.alert, ring.place()).is_some();
        if flight.under_way == 0 && !waits {
            self.await_receipt(ring, flight.number);
        }
    }

    /// Every part was given to the operator: what became of them is waited for.
    pub(super) fn await_receipt(&mut self, ring: Ring, number: u8) {
        let known = self.state.delivery_book(ring.delivery());
        let Some(known) = known.and_then(|it| it.phone(ring.phone)) else {
            return;
        };
        if known.open != Some(number) {
            return;
        }
        // What was received before a person sent it again is no receipt of this text.
        if known.has_it() {
            return self.end_message(ring, number, Outcome::Evidenced, false);
        }
        let at = self.clock.mono() + self.receipt_wait(known.route);
        self.sms.timers.set(at, SmsTimer::Receipt(ring, number));
    }

    /// The wait for the receipts of an attempt is over.
    pub(in crate::engine) fn receipt_due(&mut self, ring: Ring, number: u8) {
        let known = self.state.delivery_book(ring.delivery());
        let known = known.and_then(|it| it.phone(ring.phone));
        let Some(known) = known.filter(|known| known.open == Some(number)) else {
            return;
        };
        let outcome = if known.has_it() {
            Outcome::Evidenced
        } else {
            Outcome::TimedOut
        };
        self.end_message(ring, number, outcome, false);
    }

    /// Ends an attempt once none of its parts is with a session.
    pub(super) fn message_over_when_quiet(&mut self, ring: Ring, outcome: Outcome) {
        let Some(flight) = self.sms.flights.get(&ring).copied() else {
            return;
        };
        if flight.under_way > 0 {
            return;
        }
        let known = self.state.delivery_book(ring.delivery());
        let known = known.and_then(|it| it.phone(ring.phone));
        let left = known.is_some_and(|known| known.has_any_left());
        let outcome = match outcome {
            _ if known.is_some_and(|known| known.has_it()) => Outcome::Evidenced,
            Outcome::Withdrawn if left => Outcome::Unclear,
            other => other,
        };
        self.end_message(ring, flight.number, outcome, false);
    }

    /// An attempt is over: what follows.
    pub(super) fn end_message(&mut self, ring: Ring, number: u8, outcome: Outcome, spent: bool) {
        let id = ring.delivery();
        let Some(book) = self.state.alerts.get(&ring.alert) else {
            self.sms.flights.remove(&ring);
            return;
        };
        let Some(known) = book.delivery(id.index).and_then(|it| it.phone(ring.phone)) else {
            return;
        };
        if known.open != Some(number) {
            return;
        }
        let flash = book.alert.precedence == Precedence::Flash;
        let counted = known.attempts_now() + u8::from(outcome != Outcome::Withdrawn);
        let is_enough = known.attempts_now() >= self.state.policy.sms.attempts;
        let spent =
            spent || (is_enough && !matches!(outcome, Outcome::Evidenced | Outcome::Withdrawn));
        self.sms.flights.remove(&ring);
        self.outcomes.count(outcome_name(outcome));
        self.message_over_as(ring, number, outcome, spent);
        if spent {
            return self.phone_spent(id);
        }
        let now = self.clock.mono();
        let gap = if flash { FLASH_GAP } else { GAP };
        match outcome {
            Outcome::Evidenced => {}
            Outcome::Withdrawn => self.ring_at(ring, now),
            _ => {
                if outcome == Outcome::Unclear {
                    // Its fate may never be known: the next address need not wait for that.
                    self.ring_next(ring);
                }
                let wait = gap.saturating_mul(1 << counted.saturating_sub(2).min(4));
                self.ring_at(ring, now + wait);
            }
        }
        self.settle(ring.alert);
    }

    /// The telephone after this one, if it has not been tried.
    pub(in crate::engine) fn ring_next(&mut self, ring: Ring) {
        let next = Ring {
            phone: ring.phone.saturating_add(1),
            ..ring
        };
        let known = self.state.delivery_book(ring.delivery());
        let known = known.and_then(|it| it.phone(next.phone));
        if known.is_some_and(|known| known.attempts_now() == 0 && !known.spent) {
            self.ring_at(next, self.clock.mono());
        }
    }

    /// A telephone is not tried any more without an attempt of its own having ended.
    pub(super) fn give_up_phone(&mut self, ring: Ring) {
        // No attempt has the number 0: none that is open is ended by it.
        self.message_over_as(ring, 0, Outcome::Refused(RefusedBy::Link), true);
        self.phone_spent(ring.delivery());
    }

    fn message_over_as(&mut self, ring: Ring, number: u8, outcome: Outcome, spent: bool) {
        self.emit(Fact::MessageEnded {
            alert: ring.alert,
            delivery: ring.delivery,
            phone: ring.phone,
            number,
            outcome,
            spent,
        });
    }

    /// Takes back the messages of this kind that have not left, oldest first.
    pub(super) fn withdraw_messages(&mut self, wanted: impl Fn(&MessageRun) -> bool) {
        let jobs = self.sms.jobs.iter().filter(|(_, run)| wanted(run));
        let mut jobs: Vec<JobId> = jobs.map(|(id, _)| *id).collect();
        jobs.sort_unstable();
        for job in jobs {
            self.after_commit(Effect::Transmit(Job::Withdraw(job)));
        }
    }
}
