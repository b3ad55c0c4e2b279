use narrowcast_protocol::air::{CarrierKind, TextForm};

use super::*;
use crate::engine::fixtures::{Facts, alert, at, carrier, delivery, radio};
use crate::model::alert::Ask;
use crate::model::delivery::Outcome;
use crate::model::facts::Fact;
use crate::model::ids::DeliveryIndex;

impl Attempts {
    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.progress.is_empty()
    }
}

fn facts(precedence: Precedence) -> Facts {
    Facts::new(CarrierKind::Conventional).with_alert(1, precedence, Ask::Nothing, 1..=2)
}

fn start(facts: &mut Facts, number: u8, parts: u8) {
    facts.learn(Fact::AttemptStarted {
        alert: alert(1),
        delivery: DeliveryIndex(0),
        number,
        carrier: carrier(1),
        reference: 1,
        parts,
        form: TextForm::Udt,
        more: 0,
        bursts: 3,
    });
}

fn end(facts: &mut Facts, number: u8, outcome: Outcome) {
    facts.learn(Fact::AttemptEnded {
        alert: alert(1),
        delivery: DeliveryIndex(0),
        number,
        outcome,
    });
}

fn part(part: u8) -> PartRun {
    PartRun {
        delivery: delivery(1, 0),
        radio: radio(1),
        number: 1,
        part,
    }
}

#[test]
fn attempts_follow_at_doubled_gaps_until_there_were_enough() {
    let mut facts = facts(Precedence::Priority);
    let id = delivery(1, 0);
    let gap = facts.state.policy.attempt_gap;
    let most = facts.state.policy.max_attempts;
    for number in 1..most {
        start(&mut facts, number, 1);
        end(&mut facts, number, Outcome::TimedOut);
        let Some(AfterTry::Again(wait)) = after_try(&facts.state, id, Outcome::TimedOut) else {
            panic!("attempt {number} was not the last");
        };
        assert_eq!(wait, gap * (1 << (number - 1)));
    }
    start(&mut facts, most, 1);
    end(&mut facts, most, Outcome::TimedOut);
    let after = after_try(&facts.state, id, Outcome::TimedOut);
    assert_eq!(after, Some(AfterTry::Spent { confirms: true }));
}

#[test]
fn what_never_left_need_not_wait() {
    let mut facts = facts(Precedence::Priority);
    start(&mut facts, 1, 1);
    end(&mut facts, 1, Outcome::Withdrawn);
    let after = after_try(&facts.state, delivery(1, 0), Outcome::Withdrawn);
    assert_eq!(after, Some(AfterTry::Again(std::time::Duration::ZERO)));
}

#[test]
fn a_text_goes_on_with_its_next_part_when_the_one_before_is_confirmed_and_times_out_else() {
    let mut facts = facts(Precedence::Priority);
    start(&mut facts, 1, 2);
    let (id, mut attempts) = (delivery(1, 0), Attempts::default());
    assert_eq!(attempts.next_part(id, 1, 2), Some(0));
    let after = attempts.after_part(&facts.state, part(0));
    assert_eq!(after, Some(AfterPart::Over(Outcome::TimedOut)));
    let proven = attempts.prove(id, (0, 2), Evidence::LinkConfirmed);
    assert_eq!(proven, None, "of the second part nothing is proven");
    let after = attempts.after_part(&facts.state, part(0));
    assert_eq!(after, Some(AfterPart::Next));
    assert_eq!(attempts.next_part(id, 1, 2), Some(1));
    let proven = attempts.prove(id, (1, 2), Evidence::LinkConfirmed);
    assert_eq!(proven, Some((Evidence::LinkConfirmed, true)));
    assert!(!attempts.has_next(&facts.state, id));
}

#[test]
fn only_a_flash_rests_over_the_carrier_that_has_just_sent_it() {
    let id = delivery(1, 0);
    let flash = facts(Precedence::Flash);
    let rest = rests_for(&flash.state, id, Outcome::TimedOut).unwrap();
    assert_eq!(rests_for(&flash.state, id, Outcome::Withdrawn), None);
    let routine = facts(Precedence::Routine);
    assert_eq!(rests_for(&routine.state, id, Outcome::TimedOut), None);
    let mut attempts = Attempts::default();
    attempts.rest(id, carrier(1), at(0).mono + rest);
    assert!(attempts.rests_until(id, carrier(1), at(1).mono).is_some());
    assert!(attempts.rests_until(id, carrier(2), at(1).mono).is_none());
    attempts.sent_again(alert(1));
    assert!(attempts.rests_until(id, carrier(1), at(1).mono).is_none());
}

#[test]
fn what_stands_before_a_flash_is_taken_back_once_and_no_other_flash_is() {
    let mut facts = facts(Precedence::Routine);
    start(&mut facts, 1, 1);
    let mut attempts = Attempts::default();
    attempts.begin(JobId(1), JobRun::One(part(0)));
    assert_eq!(attempts.take_back_for_flash(&facts.state, carrier(2)), []);
    let back = attempts.take_back_for_flash(&facts.state, carrier(1));
    assert_eq!(back, [JobId(1)]);
    assert_eq!(attempts.take_back_for_flash(&facts.state, carrier(1)), []);
    let mut flash = self::facts(Precedence::Flash);
    start(&mut flash, 1, 1);
    let mut attempts = Attempts::default();
    attempts.begin(JobId(1), JobRun::One(part(0)));
    assert_eq!(attempts.take_back_for_flash(&flash.state, carrier(1)), []);
}

#[test]
fn the_jobs_of_an_ended_alert_are_named_oldest_first_and_its_radios_stay_busy_until_they_end() {
    let mut attempts = Attempts::default();
    for id in [9, 3, 5] {
        attempts.begin(JobId(id), JobRun::One(part(0)));
    }
    attempts.begin(JobId(4), JobRun::Polls);
    assert_eq!(attempts.end_alert(alert(1)), [JobId(3), JobId(5), JobId(9)]);
    assert!(attempts.is_busy(radio(1)));
    attempts.end_job(JobId(3));
    attempts.free(radio(1));
    assert!(!attempts.is_busy(radio(1)));
    assert_eq!(attempts.under_way(), 3);
}
