//! What is learnt of a delivery, and what follows an attempt at its radio.

use std::time::Duration;

use narrowcast_protocol::air::RadioId;
use narrowcast_protocol::session::Job;

use crate::engine::Engine;
use crate::engine::attempts::{self, AfterTry};
use crate::engine::io::Effect;
use crate::engine::wants::wants_sending;
use crate::model::delivery::{End, FailReason, Outcome, Rung};
use crate::model::evidence::Evidence;
use crate::model::facts::Fact;
use crate::model::ids::DeliveryId;

impl Engine {
    /// An attempt at a radio is over.
    pub(super) fn attempt_over(
        &mut self,
        id: DeliveryId,
        radio: RadioId,
        number: u8,
        outcome: Outcome,
    ) {
        self.free(radio);
        let Some(delivery) = self.state.delivery_book(id) else {
            return;
        };
        if delivery.open == Some(number) {
            let rest = attempts::rests_for(&self.state, id, outcome);
            if let Some((carrier, rest)) = delivery.carrier.zip(rest) {
                self.attempts.rest(id, carrier, self.clock.mono() + rest);
            }
            self.outcomes.count(outcome_name(outcome));
            self.emit(Fact::AttemptEnded {
                alert: id.alert,
                delivery: id.index,
                number,
                outcome,
            });
        }
        self.try_again(id, outcome);
        self.settle(id.alert);
    }

    /// Queues the next attempt, or ends the delivery when there were enough.
    pub(super) fn try_again(&mut self, id: DeliveryId, outcome: Outcome) {
        let now = self.clock.mono();
        match attempts::after_try(&self.state, id, outcome) {
            Some(AfterTry::Again(wait)) => self.enqueue(id, now + wait),
            Some(AfterTry::Turn(radio, wait)) => self.turn_radio(id, radio, wait),
            Some(AfterTry::Done) => {
                self.attempts.done(id);
                self.ask_after_text(id);
            }
            Some(AfterTry::Spent { confirms }) => {
                self.attempts.new_wording(id);
                if confirms {
                    self.radio_spent(id, FailReason::NoAcknowledgement);
                }
            }
            Some(AfterTry::WithTheSite) | None => {}
        }
    }

    /// Another radio of the person has its turn.
    fn turn_radio(&mut self, id: DeliveryId, radio: RadioId, wait: Duration) {
        self.attempts.turn_radio(id);
        self.emit(Fact::RadioTurned {
            alert: id.alert,
            delivery: id.index,
            radio,
        });
        self.enqueue(id, self.clock.mono() + wait);
    }

    /// Nothing more is sent to the radio of a delivery: a telephone is tried at once, or the
    /// delivery ends where the person has none left.
    pub(super) fn radio_spent(&mut self, id: DeliveryId, reason: FailReason) {
        if self.ring_now(id) {
            return;
        }
        self.emit(Fact::DeliveryEnded {
            alert: id.alert,
            delivery: id.index,
            end: End::Failed(reason),
        });
        self.settle(id.alert);
    }

    /// A radio came back to a site: what the site took over for it and did not deliver is sent
    /// again.
    pub(super) fn recall(&mut self, radio: RadioId) {
        let now = self.clock.mono();
        for id in self.whereabouts.deliveries_of(radio) {
            let Some((book, delivery)) = self.state.delivery(id) else {
                continue;
            };
            let with_site = self.state.is_with_the_site(delivery)
                && delivery.open.is_none()
                && book.times_sent(delivery) < self.state.policy.max_attempts;
            if with_site && book.ended_at.is_none() && !self.air.is_waiting(id) {
                self.enqueue(id, now);
            }
        }
    }

    /// Records evidence about a delivery, if it says anything new.
    pub(super) fn learn(&mut self, id: DeliveryId, evidence: Evidence) {
        let Some(delivery) = self.state.delivery_book(id) else {
            return;
        };
        let news = match &evidence {
            Evidence::Present => !delivery.present,
            Evidence::Answered(answer) => delivery.answer.as_deref() != Some(answer),
            other => other.proves().is_some_and(|rung| {
                rung > delivery.rung || (rung >= Rung::Received && delivery.again)
            }),
        };
        if !news {
            return;
        }
        let open = delivery.open;
        self.emit(Fact::Evidenced {
            alert: id.alert,
            delivery: id.index,
            evidence,
        });
        self.stop_ringing(id);
        let done = self
            .state
            .delivery(id)
            .is_some_and(|(book, delivery)| !wants_sending(&book.alert.ask, delivery));
        if done {
            self.radio_done(id, open);
        }
    }

    /// A telephone of the recipient has the text: the radio need not get it any more.
    pub(super) fn radio_not_wanted(&mut self, id: DeliveryId) {
        let Some(delivery) = self.state.delivery_book(id) else {
            return;
        };
        let open = delivery.open;
        if delivery.recipient.radio.is_some() {
            self.radio_done(id, open);
        }
    }

    /// Takes back what has not left for the radio of a delivery, and ends what is open.
    fn radio_done(&mut self, id: DeliveryId, open: Option<u8>) {
        let under_way = self.attempts.jobs_where(|run| run.is_of(id));
        if !under_way.is_empty() {
            // What has not left yet need not leave any more; what has comes to its end.
            for job in under_way {
                self.after_commit(Effect::Transmit(Job::Withdraw(job)));
            }
            return;
        }
        self.air.take_out(id);
        match open.zip(self.state.radio_of(id)) {
            Some((number, radio)) => {
                self.attempt_over(id, radio, number, Outcome::Evidenced);
            }
            None => {
                self.ask_after_text(id);
                self.settle(id.alert);
            }
        }
    }
}

/// How an outcome is called where attempts are counted.
pub(super) const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Evidenced => "evidenced",
        Outcome::Refused(_) => "refused",
        Outcome::TimedOut => "timed_out",
        Outcome::Withdrawn => "withdrawn",
        Outcome::Unclear => "unclear",
    }
}
