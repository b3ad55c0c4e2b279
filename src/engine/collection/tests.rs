use narrowcast_protocol::air::CarrierKind;

use super::*;
use crate::engine::fixtures::{Facts, alert, carrier, delivery, radio};
use crate::model::alert::{Ask, Precedence};
use crate::model::facts::Fact;

impl Collection {
    pub(in crate::engine) fn knows_no_status(&self) -> bool {
        self.statuses.is_empty()
    }
}

const JOB: JobId = JobId(1);

/// An alert that asks three radios of a control channel, and their polls under way.
fn asked() -> (Facts, Collection) {
    let facts = Facts::new(CarrierKind::Control)
        .with_radios(1..=3)
        .with_alert(1, Precedence::Priority, Ask::Acknowledgement, 1..=3);
    let mut collection = Collection::default();
    begin(&mut collection, JOB);
    (facts, collection)
}

fn begin(collection: &mut Collection, job: JobId) {
    let radios = (0..3).map(|index| (DeliveryIndex(index), radio(index + 1)));
    collection.begin(job, alert(1), radios.collect());
}

/// The status code that means the first answer to the alert.
fn code(facts: &Facts) -> u16 {
    facts.state.policy.answer_sets[0].first
}

#[test]
fn a_status_that_stood_there_before_the_alert_is_no_answer_and_a_changed_one_is() {
    let (facts, mut collection) = asked();
    let (state, code) = (&facts.state, code(&facts));
    let polled = collection.polled(state, radio(1), code).unwrap();
    assert_eq!((polled.delivery, polled.choice), (delivery(1, 0), None));
    begin(&mut collection, JobId(2));
    assert_eq!(
        collection.polled(state, radio(2), 126).unwrap().choice,
        None
    );
    begin(&mut collection, JobId(3));
    let polled = collection.polled(state, radio(2), code).unwrap();
    assert_eq!(polled.choice, Some(1), "it was another value a moment ago");
}

#[test]
fn a_status_that_was_known_to_be_another_before_the_alert_answers_at_the_first_poll() {
    let (mut facts, mut collection) = asked();
    let code = code(&facts);
    collection.note(&facts.state, radio(1), 126);
    let baselines = collection.baselines(&facts.state, alert(1));
    assert_eq!(baselines, [DeliveryIndex(0)]);
    facts.learn(Fact::Baselined {
        alert: alert(1),
        deliveries: baselines,
    });
    let mut afresh = Collection::default();
    begin(&mut afresh, JOB);
    let polled = afresh.polled(&facts.state, radio(1), code).unwrap();
    assert_eq!(polled.choice, Some(1));
}

#[test]
fn a_silent_radio_is_asked_twice_more_at_the_end_of_the_line_and_then_gets_the_text() {
    let (facts, mut collection) = asked();
    for (job, again) in [(JOB, true), (JobId(2), true), (JobId(3), false)] {
        if job != JOB {
            begin(&mut collection, job);
        }
        collection.polled(&facts.state, radio(1), 126);
        let silent = collection.over(&facts.state, job);
        let radios: Vec<RadioId> = silent.iter().map(|silent| silent.radio).collect();
        assert_eq!(radios, [radio(2), radio(3)], "the first one said something");
        assert!(silent.iter().all(|silent| silent.again == again));
    }
    let follow_up = collection.follow_up(&facts.state, delivery(1, 1));
    assert_eq!(follow_up, Some(FollowUp::Text));
    assert!(collection.over(&facts.state, JobId(3)).is_empty());
}

#[test]
fn an_answer_that_nobody_asked_for_is_taken_for_none() {
    let (facts, mut collection) = asked();
    let code = code(&facts);
    assert!(collection.polled(&facts.state, radio(9), code).is_none());
    collection.polled(&facts.state, radio(1), code).unwrap();
    assert!(collection.polled(&facts.state, radio(1), code).is_none());
}

#[test]
fn radios_of_unknown_status_are_asked_for_it_once_and_busy_ones_not_now() {
    let (facts, mut collection) = asked();
    let state = &facts.state;
    for id in 1..=3 {
        assert!(collection.want_baseline(state, radio(id), carrier(1)));
    }
    collection.note(state, radio(3), 5);
    assert!(!collection.want_baseline(state, radio(3), carrier(1)));
    let radios = collection.next_baselines(carrier(1), |it| it == radio(1));
    assert_eq!(radios, [radio(2)]);
    assert!(collection.next_baselines(carrier(1), |_| false).is_empty());
    assert!(!collection.wants_baselines(carrier(1)));
}

#[test]
fn an_alert_that_has_ended_takes_back_its_admissions_and_no_others() {
    let (_, mut collection) = asked();
    collection.admit(alert(1), carrier(1), JobId(10));
    collection.admit(alert(1), carrier(2), JobId(11));
    collection.admit(alert(2), carrier(1), JobId(12));
    assert_eq!(collection.end_alert(alert(1)), [JobId(10), JobId(11)]);
    assert_eq!(collection.end_alert(alert(1)), []);
}
