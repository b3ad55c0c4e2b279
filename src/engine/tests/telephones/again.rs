//! When a telephone is given a text again, and when not. The simulation found these.

use super::*;

const ZHAO: &str = "13600136000";

fn with_zhao(routes: Vec<SmsRoute>) -> Rig {
    let mut rig = rig_of(with_routes(routes));
    rig.people([person("zhao", &[], &[ZHAO])]);
    rig
}

fn lose(rig: &mut Rig, route: u32) {
    rig.input(Input::Carrier {
        id: carrier(route),
        state: CarrierState::Gone,
        room: 0,
    });
}

fn reference(part: &Part) -> Option<sms::Reference> {
    part.part.concatenation.map(|it| it.reference)
}

#[test]
fn who_has_the_text_and_has_not_answered_is_not_given_it_again_by_the_turn_of_the_next_telephone() {
    let mut rig = rig();
    rig.link(ROUTE, 4);
    rig.submit(
        "x",
        Precedence::Routine,
        Ask::Acknowledgement,
        "person:wang",
    );
    let (job, ..) = rig.rung()[0];
    rig.takes(job, "1");
    rig.receipt("1", sms::Outcome::Delivered);
    rig.pass(Duration::from_secs(130));
    assert_eq!(rig.numbers(), [WANG, "13700137000"]);
}

#[test]
fn a_text_that_began_over_one_route_is_not_finished_over_another() {
    let mut rig = with_zhao(vec![route(ROUTE, "operator"), route(SECOND, "other")]);
    rig.link(ROUTE, 1);
    let words = "山".repeat(150);
    rig.submit(&words, Precedence::Routine, Ask::Receipt, "person:zhao");
    let (job, _, first) = rig.rung()[0].clone();
    rig.takes(job, "1");
    lose(&mut rig, ROUTE);
    rig.link(SECOND, 4);
    assert_eq!(
        rig.rung().len(),
        1,
        "no part without an attempt over its route"
    );
    assert_eq!(rig.ended(), [(0, Outcome::Unclear, false)]);
    rig.pass(Duration::from_secs(910));
    let over: Vec<_> = rig.rung().split_off(1);
    let joined: String = over.iter().map(|(_, _, part)| text_of(part)).collect();
    assert_eq!(joined, words, "the whole text goes over the other route");
    for (_, route, part) in &over {
        assert_eq!(*route, SECOND);
        assert_ne!(reference(part), reference(&first));
    }
}

#[test]
fn the_parts_of_two_alerts_for_one_telephone_have_numbers_of_their_own() {
    let mut rig = with_zhao(vec![route(ROUTE, "operator")]);
    rig.link(ROUTE, 9);
    for word in ["山", "水"] {
        let words = word.repeat(100);
        rig.submit(&words, Precedence::Flash, Ask::Receipt, "person:zhao");
    }
    let rung = rig.rung();
    let [(_, _, one), _, (_, _, other), _] = rung.as_slice() else {
        panic!("{rung:?}");
    };
    assert!(reference(one).is_some());
    assert_ne!(reference(one), reference(other));
}

#[test]
fn a_crash_gives_a_telephone_no_more_attempts_than_the_policy() {
    let mut rig = with_zhao(vec![route(ROUTE, "operator")]);
    rig.link(ROUTE, 4);
    rig.submit("x", Precedence::Flash, Ask::Receipt, "person:zhao");
    for attempt in 1..3 {
        let (job, ..) = rig.rung().last().cloned().unwrap();
        rig.input(Input::Sent(job));
        rig.tell(job, Step::Lost);
        rig.link(ROUTE, 4);
        rig.pass(Duration::from_secs(90));
        assert_eq!(rig.rung().len(), attempt + 1);
    }
    let durable = rig.facts.len();
    rig.restart_with(with_routes(vec![route(ROUTE, "operator")]), durable);
    rig.link(ROUTE, 4);
    rig.pass(Duration::from_secs(1_000));
    assert_eq!(rig.numbers(), Vec::<String>::new());
}

#[test]
fn the_receipt_of_before_is_none_of_what_was_sent_again() {
    let mut rig = with_zhao(vec![route(ROUTE, "operator")]);
    rig.link(ROUTE, 4);
    let alert = rig.submit(
        "x",
        Precedence::Routine,
        Ask::Acknowledgement,
        "person:zhao",
    );
    for (name, ended) in [("1", 1), ("2", 2)] {
        let (job, ..) = rig.rung().last().cloned().unwrap();
        rig.takes(job, name);
        assert_eq!(rig.ended().len(), ended - 1, "its receipt has not come");
        rig.receipt(name, sms::Outcome::Delivered);
        assert_eq!(rig.ended().len(), ended);
        rig.pass(Duration::from_secs(5));
        rig.ask(Request::Resend { alert: alert.id }).unwrap();
        rig.pass(Duration::from_secs(5));
        assert_eq!(rig.rung().len(), ended + 1);
    }
}

#[test]
fn a_word_by_radio_about_another_text_answers_nothing_that_only_the_telephone_has() {
    for (words, answered) in [("收到", false), ("1", true)] {
        let mut rig = rig();
        rig.up(1);
        rig.link(ROUTE, 4);
        let asked = rig.submit("a", Precedence::Flash, Ask::Acknowledgement, "person:li");
        let (job, ..) = rig.sends()[0];
        rig.tell(job, Step::Lost);
        rig.gone(1);
        rig.pass(Duration::from_secs(31));
        let (job, ..) = rig.rung()[0];
        rig.takes(job, "7F");
        rig.receipt("7F", sms::Outcome::Delivered);
        assert_eq!(rig.only(&asked).rung, Rung::Received);
        rig.up(1);
        rig.pass(Duration::from_secs(15));
        let told = rig.submit("b", Precedence::Flash, Ask::Nothing, "person:li");
        let (job, ..) = rig.sends().last().cloned().unwrap();
        rig.input(Input::Sent(job));
        rig.says(1, words, 9);
        let has_answered = rig.only(&asked).rung == Rung::Answered;
        assert_eq!(has_answered, answered, "{words} after {told:?}");
    }
}
