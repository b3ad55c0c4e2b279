//! Takes messages, and strikes with the faults that belong to them.

use bytes::{BufMut, Bytes, BytesMut};
use narrowcast_protocol::time::Instant;

use super::delivery::{Delivery, What};
use super::request::{Fault, Submitted};
use super::{Centre, CentreEvent, GOOD_BYE, Message, Phase, Task};

/// Answers that are kept for messages that come again.
const ANSWERS: usize = 64;

impl Centre {
    pub(super) fn submit(&mut self, now: Instant, submit: Submitted) {
        if self.phase == Phase::Leaving {
            return;
        }
        let sequence = submit.sequence;
        let known = self.answered.iter().find(|(known, _)| *known == sequence);
        if let Some((_, answer)) = known {
            let answer = answer.clone();
            self.tell(CentreEvent::Odd("a sequence number was used twice"));
            return self.say(answer);
        }
        if self.phase != Phase::In {
            return self.refuse(submit, Fault::LoggedOut);
        }
        self.submits = self.submits.saturating_add(1);
        if self.strike(now) {
            return;
        }
        let every = self.config.faults.throttle_every;
        if every > 0 && self.submits.is_multiple_of(every) {
            return self.refuse(submit, Fault::Throttled);
        }
        if let Some(fault) = submit.fault {
            if let Fault::Structure(why) = fault {
                self.tell(CentreEvent::Odd(why));
            }
            return self.refuse(submit, fault);
        }
        if self
            .config
            .people
            .unknown
            .iter()
            .any(|it| is(it, &submit.to))
        {
            return self.refuse(submit, Fault::Number);
        }
        self.accept(now, submit);
    }

    /// A fault that stands in place of an answer; whether there is one at this message.
    fn strike(&mut self, now: Instant) -> bool {
        let faults = self.config.faults;
        if faults.close_at == self.submits {
            self.close("a fault on purpose");
        } else if faults.silent_at == self.submits {
            self.phase = Phase::Silent;
        } else if faults.huge_at == self.submits {
            let mut huge = BytesMut::new();
            huge.put_u32(0x7FFF_FFFF);
            huge.put_u32(0x15);
            huge.put_u64(0);
            self.say(huge.freeze());
            self.phase = Phase::Silent;
        } else if faults.unbind_at == self.submits {
            let sequence = self.next_sequence();
            let leave = self.wire.leave(sequence);
            self.say(leave);
            self.phase = Phase::Leaving;
            let why = "the client has not answered our good-bye";
            self.plan(now + GOOD_BYE, Task::Close(self.connection, why));
        } else {
            return false;
        }
        true
    }

    fn refuse(&mut self, submit: Submitted, fault: Fault) {
        let (answer, code) = self.wire.submit_answer(submit.sequence, Err(fault));
        self.say(answer);
        let to = submit.to;
        self.tell(CentreEvent::NotTaken { to, code });
    }

    fn accept(&mut self, now: Instant, submit: Submitted) {
        let faults = self.config.faults;
        let number = self.wire.number_after(self.number, now);
        self.number = number;
        let sequence = submit.sequence;
        let (answer, _) = self.wire.submit_answer(sequence, Ok(number));
        self.remember(sequence, answer.clone());
        let answer_at = now + self.config.answer_after + faults.slow;
        let every = faults.wrong_sequence_every;
        if every > 0 && self.submits.is_multiple_of(every) {
            let other = sequence.wrapping_add(0x0100_0000) & 0x7FFF_FFFF;
            let (wrong, _) = self.wire.submit_answer(other, Ok(number));
            self.plan(answer_at, Task::Say(self.connection, wrong));
        }
        let receipt_at = if faults.receipt_first {
            now
        } else {
            (now + self.config.receipt_after).max(answer_at)
        };
        let receipt_at = receipt_at + faults.receipts_held;
        // In this order where both are due at once.
        if faults.receipt_first {
            self.plan_receipts(&submit, number, now, receipt_at);
            self.plan(answer_at, Task::Say(self.connection, answer));
        } else {
            self.plan(answer_at, Task::Say(self.connection, answer));
            self.plan_receipts(&submit, number, now, receipt_at);
        }
        self.plan_reply(&submit, receipt_at);
        self.tell(CentreEvent::Taken(Message {
            id: self.wire.name(number),
            from: submit.from,
            to: submit.to,
            text: submit.coding.decode(&submit.octets),
            part: submit.part,
            receipt: submit.receipt,
            validity: submit.validity,
            service: submit.service,
        }));
    }

    fn remember(&mut self, sequence: u32, answer: Bytes) {
        self.answered.push_back((sequence, answer));
        if self.answered.len() > ANSWERS {
            self.answered.pop_front();
        }
    }

    fn plan_receipts(&mut self, submit: &Submitted, number: u64, now: Instant, at: Instant) {
        if !submit.receipt {
            return;
        }
        let unreachable = &self.config.people.unreachable;
        let delivered = !unreachable.iter().any(|it| is(it, &submit.to));
        let times = if self.config.faults.receipt_twice {
            2
        } else {
            1
        };
        for _ in 0..times {
            let delivery = Delivery {
                own: self.rng.draw(),
                phone: submit.to.clone(),
                ours: submit.from.clone(),
                what: What::Receipt {
                    number,
                    delivered,
                    submitted: now,
                    done: at,
                },
            };
            self.plan(at, Task::Bring(delivery));
        }
    }

    /// People answer a text when they have all of it.
    fn plan_reply(&mut self, submit: &Submitted, shown: Instant) {
        let people = &self.config.people;
        let Some(text) = people.answer.clone() else {
            return;
        };
        let whole = submit.part.is_none_or(|part| part.number == part.total);
        let there = !people.unreachable.iter().any(|it| is(it, &submit.to));
        let (low, high) = people.after;
        let answers = self.rng.below(100) < u64::from(people.percent);
        let after = self.rng.between(low, high);
        if whole && there && answers {
            let delivery = Delivery {
                own: self.rng.draw(),
                phone: submit.to.clone(),
                ours: submit.from.clone(),
                what: What::Text(text),
            };
            self.plan(shown + after, Task::Bring(delivery));
        }
    }
}

/// Whether two written numbers are one, with or without country code.
fn is(one: &str, other: &str) -> bool {
    use narrowcast_protocol::sms::Phone;
    match (Phone::new(one), Phone::new(other)) {
        (Ok(one), Ok(other)) => one.digits() == other.digits(),
        _ => one == other,
    }
}
