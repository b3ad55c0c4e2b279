//! Telephones: when they are rung, over which route, what receipts and answers prove.

mod again;
mod templates;

use narrowcast_protocol::air::{
    Incoming, MessageId, Phone, Receipt as Told, SmsToken, Submit as Part,
};
use narrowcast_protocol::session::Refusal as JobRefusal;
use narrowcast_protocol::sms::{self, Answer, Coding, RefusalClass, Sender};
use proptest::prelude::*;

use super::*;
use crate::model::delivery::Outcome;
use crate::model::evidence::AnsweredBy;
use crate::model::language::Language;
use crate::model::policy::{RouteKind, SmsRoute};
use crate::model::roster::Person;

const ROUTE: u32 = 0xE000_0001;
const SECOND: u32 = 0xE000_0002;
const LI: &str = "13800138000";
const WANG: &str = "13900139000";

fn route(id: u32, name: &str) -> SmsRoute {
    SmsRoute {
        id: StationId(id),
        name: name.into(),
        kind: RouteKind::Smpp,
        exercises: false,
        receipt_wait: Duration::from_secs(900),
        prefixes: Vec::new(),
        signature: String::new(),
        template: String::new(),
        cost: 5,
        daily_cap: 0,
    }
}

fn with_routes(routes: Vec<SmsRoute>) -> Policy {
    Policy { routes, ..policy() }
}

fn person(id: &str, radios: &[u32], phones: &[&str]) -> RosterEntry {
    RosterEntry::Person(Person {
        id: id.into(),
        name: format!("name of {id}"),
        node: "city".parse().unwrap(),
        radios: radios.iter().map(|id| radio(*id)).collect(),
        phones: phones.iter().map(|it| Phone::new(it).unwrap()).collect(),
        phone_first: false,
        language: Language::default(),
    })
}

/// A rig with one route, `li` with radio 1 and a telephone, `wang` with two telephones only.
fn rig() -> Rig {
    rig_of(with_routes(vec![route(ROUTE, "operator")]))
}

fn rig_of(policy: Policy) -> Rig {
    let mut rig = Rig::of(policy);
    rig.people([
        person("li", &[1], &[LI]),
        person("wang", &[], &[WANG, "13700137000"]),
    ]);
    rig
}

impl Rig {
    fn people(&mut self, entries: impl IntoIterator<Item = RosterEntry>) {
        let entries = entries.into_iter().collect();
        let replace = false;
        self.ask(Request::ImportRoster { entries, replace })
            .unwrap();
    }

    fn link(&mut self, route: u32, room: u8) {
        self.input(Input::Carrier {
            id: carrier(route),
            state: CarrierState::Up,
            room,
        });
    }

    /// The parts given to operators, oldest first.
    fn rung(&self) -> Vec<(JobId, u32, Part)> {
        let part = |(_, job): &(Instant, Job)| match job {
            Job::Send {
                id,
                carrier,
                transmission: Transmission::Sms(part),
            } => Some((*id, carrier.station.0, part.clone())),
            _ => None,
        };
        self.jobs.iter().filter_map(part).collect()
    }

    fn numbers(&self) -> Vec<String> {
        let rung = self.rung().into_iter();
        rung.map(|(_, _, part)| part.to.to_string()).collect()
    }

    fn tell(&mut self, id: JobId, step: Step) {
        self.input(Input::Step { id, step });
    }

    /// The operator takes a part and names it.
    fn takes(&mut self, id: JobId, name: &str) {
        self.input(Input::Sent(id));
        let message = MessageId::new(name.as_bytes()).unwrap();
        self.tell(id, Step::Taken { message });
        self.tell(id, Step::Done);
    }

    fn receipt(&mut self, name: &str, outcome: sms::Outcome) {
        let before = self.jobs.len();
        self.input(Input::Heard(Heard {
            carrier: carrier(ROUTE),
            what: HeardKind::Receipt(Box::new(Told {
                message: MessageId::new(name.as_bytes()).unwrap(),
                to: None,
                outcome,
                code: "SAID".into(),
            })),
            owed: vec![owed()],
        }));
        let answered = self.jobs.iter().skip(before);
        let answered = answered.filter(|(_, job)| matches!(job, Job::Acknowledge { .. }));
        assert_eq!(answered.count(), 1, "the operator is answered once");
    }

    fn texts(&mut self, from: &str, words: &str) {
        self.input(Input::Heard(Heard {
            carrier: carrier(ROUTE),
            what: HeardKind::Sms(Box::new(Incoming {
                from: Sender::new(from),
                to: "1069".into(),
                part: sms::Part {
                    coding: Coding::Ucs2,
                    concatenation: None,
                    octets: Coding::Ucs2.encode_all(words).unwrap(),
                },
                id: None,
            })),
            owed: vec![owed()],
        }));
    }

    fn all_of(&mut self, alert: AlertId) -> Vec<DeliveryView> {
        match self.ask(Request::Deliveries {
            alert,
            from: DeliveryIndex(0),
            limit: 10,
        }) {
            Ok(Response::Deliveries(views)) => views,
            other => panic!("{other:?}"),
        }
    }

    fn only(&mut self, alert: &Receipt) -> DeliveryView {
        let [view]: [DeliveryView; 1] = self.all_of(alert.id).try_into().unwrap();
        view
    }

    fn reports(&self) -> Vec<ReportNote> {
        let notes = self.facts.iter().filter_map(|entry| match &entry.fact {
            Fact::PhoneReportHeard { note, .. } => Some(note.clone()),
            _ => None,
        });
        notes.collect()
    }

    fn ended(&self) -> Vec<(u8, Outcome, bool)> {
        let ended = self.facts.iter().filter_map(|entry| match entry.fact {
            Fact::MessageEnded {
                phone,
                outcome,
                spent,
                ..
            } => Some((phone, outcome, spent)),
            _ => None,
        });
        ended.collect()
    }
}

fn owed() -> Owed {
    Owed {
        acknowledgement: Acknowledgement::Sms {
            token: SmsToken(1),
            answer: Answer::Taken,
        },
        until: Instant::from_millis(u64::MAX / 2_000),
    }
}

fn text_of(part: &Part) -> String {
    part.part.coding.decode(&part.part.octets)
}

#[test]
fn a_person_without_a_radio_is_reached_by_sms_at_once_and_received_on_the_receipt() {
    let mut rig = rig();
    rig.link(ROUTE, 4);
    let alert = rig.submit("山火", Precedence::Priority, Ask::Receipt, "person:wang");
    let rung = rig.rung();
    let [(job, _, part)] = rung.as_slice() else {
        panic!("{rung:?}");
    };
    assert_eq!(
        (part.to.to_string().as_str(), text_of(part).as_str()),
        (WANG, "山火")
    );
    assert_eq!(rig.only(&alert).rung, Rung::Queued);
    rig.takes(*job, "7F");
    assert_eq!(rig.only(&alert).rung, Rung::Accepted);
    rig.receipt("127", sms::Outcome::Delivered);
    let view = rig.only(&alert);
    assert_eq!(
        (view.rung, view.radio, view.end),
        (Rung::Received, None, None)
    );
    assert_eq!(view.person.as_deref(), Some("wang"));
    let [first, second] = view.routes.as_slice() else {
        panic!("{:?}", view.routes);
    };
    assert_eq!((first.rung, first.attempts), (Rung::Received, 1));
    assert_eq!((second.rung, second.attempts), (Rung::Queued, 0));
    rig.pass(Duration::from_secs(3_600));
    assert_eq!(rig.numbers(), [WANG], "nobody is rung twice without need");
}

#[test]
fn nothing_leaves_for_a_telephone_before_its_attempt_is_on_record() {
    let mut rig = rig();
    rig.link(ROUTE, 4);
    rig.submit("x", Precedence::Flash, Ask::Receipt, "person:wang");
    let started = rig
        .facts
        .iter()
        .any(|entry| matches!(entry.fact, Fact::MessageStarted { number: 1, .. }));
    assert!(started && rig.rung().len() == 1);
}

#[test]
fn who_has_a_radio_is_reached_by_it_first_and_by_sms_after_the_time_of_the_policy() {
    for (precedence, after) in [(Precedence::Routine, 120), (Precedence::Flash, 30)] {
        let mut rig = rig();
        rig.up(1);
        rig.link(ROUTE, 4);
        let alert = rig.submit("x", precedence, Ask::Receipt, "person:li");
        assert_eq!((rig.sends().len(), rig.rung().len()), (1, 0));
        rig.pass(Duration::from_secs(after - 1));
        assert!(rig.rung().is_empty(), "{precedence:?}");
        rig.pass(Duration::from_secs(2));
        assert_eq!(rig.numbers(), [LI], "{precedence:?}");
        assert_eq!(rig.all_of(alert.id).len(), 1);
    }
}

#[test]
fn a_radio_that_received_in_time_spares_the_telephone_and_one_that_did_not_answer_does_not() {
    for (ask, rung) in [(Ask::Receipt, 0), (Ask::Acknowledgement, 1)] {
        let mut rig = rig();
        rig.up(1);
        rig.link(ROUTE, 4);
        let alert = rig.submit("x", Precedence::Flash, ask, "person:li");
        let (job, ..) = rig.sends()[0];
        rig.tell(job, Step::Received { by: radio(1) });
        rig.tell(job, Step::Done);
        assert_eq!(rig.only(&alert).rung, Rung::Received);
        rig.pass(Duration::from_secs(60));
        assert_eq!(rig.rung().len(), rung);
    }
}

#[test]
fn a_radio_that_cannot_be_served_lets_the_telephone_ring_at_once() {
    let mut rig = rig();
    rig.link(ROUTE, 4);
    rig.pass(Duration::from_secs(120));
    rig.submit("x", Precedence::Routine, Ask::Receipt, "person:li");
    assert_eq!(rig.numbers(), [LI]);
}

#[test]
fn a_radio_named_alone_gets_no_sms_and_beside_its_person_it_is_one_recipient() {
    let mut rig = rig();
    rig.up(1);
    rig.link(ROUTE, 4);
    let alone = rig.submit("x", Precedence::Flash, Ask::Receipt, "radio:1");
    rig.pass(Duration::from_secs(300));
    assert!(rig.rung().is_empty());
    assert_eq!(rig.only(&alone).person, None);
    let both = rig.a_submit("y", Precedence::Flash, Ask::Receipt, "radio:1");
    let both = Submit {
        targets: vec![Target::Radio(radio(1)), Target::Person("li".into())],
        ..both
    };
    let Ok(Response::Accepted(receipt)) = rig.ask(Request::Submit(both)) else {
        panic!()
    };
    assert_eq!(receipt.recipients, 1);
    assert_eq!(rig.only(&receipt).person.as_deref(), Some("li"));
}

#[test]
fn an_alert_that_forbids_sms_and_one_through_a_named_station_ring_nobody() {
    let mut rig = rig();
    rig.up(1);
    rig.link(ROUTE, 4);
    for (sms, station) in [(false, None), (true, Some(StationId(1)))] {
        let submit = rig.a_submit("x", Precedence::Flash, Ask::Receipt, "all");
        let submit = Submit {
            sms,
            station,
            ..submit
        };
        let Ok(Response::Accepted(receipt)) = rig.ask(Request::Submit(submit)) else {
            panic!()
        };
        let [hindrance] = receipt.hindrances.as_slice() else {
            panic!("{:?}", receipt.hindrances)
        };
        assert_eq!(hindrance.people, ["wang"], "{}", hindrance.remedy);
        rig.pass(Duration::from_secs(600));
        assert!(rig.rung().is_empty());
    }
}

#[test]
fn an_alert_through_one_route_takes_this_route_and_no_radio() {
    let routes = vec![route(ROUTE, "operator"), route(SECOND, "modem")];
    let mut rig = rig_of(with_routes(routes));
    rig.up(1);
    rig.link(ROUTE, 4);
    rig.link(SECOND, 4);
    let submit = Submit {
        station: Some(StationId(SECOND)),
        ..rig.a_submit("test", Precedence::Routine, Ask::Receipt, "person:li")
    };
    rig.ask(Request::Submit(submit)).unwrap();
    rig.gone(SECOND);
    rig.pass(Duration::from_secs(600));
    assert!(rig.sends().is_empty());
    let over: Vec<u32> = rig.rung().iter().map(|(_, over, _)| *over).collect();
    assert_eq!(over, [SECOND]);
    let unknown = Submit {
        station: Some(StationId(77)),
        ..rig.a_submit("test", Precedence::Routine, Ask::Receipt, "person:li")
    };
    assert_eq!(
        rig.ask(Request::Submit(unknown)),
        Err(Refusal::NotFound("station"))
    );
}

#[test]
fn who_prefers_the_telephone_is_rung_first_and_the_radio_follows() {
    let mut rig = rig();
    let RosterEntry::Person(person) = person("qian", &[5], &["13500135000"]) else {
        unreachable!()
    };
    rig.people([RosterEntry::Person(Person {
        phone_first: true,
        ..person
    })]);
    rig.up(1);
    rig.link(ROUTE, 4);
    rig.submit("x", Precedence::Flash, Ask::Receipt, "person:qian");
    assert_eq!((rig.rung().len(), rig.sends().len()), (1, 0));
    rig.pass(Duration::from_secs(31));
    assert_eq!((rig.rung().len(), rig.sends().len()), (1, 1));
}

#[test]
fn an_answer_that_somebody_took_by_word_of_mouth_is_recorded_in_their_name() {
    let mut rig = rig();
    rig.link(ROUTE, 4);
    let alert = rig.submit("x", Precedence::Flash, Ask::Acknowledgement, "person:wang");
    let answer = |choice, recipient: &str| Request::Answer {
        alert: alert.id,
        recipient: recipient.parse().unwrap(),
        choice,
        text: "said so".into(),
    };
    assert!(matches!(
        rig.ask(answer(2, "person:wang")),
        Err(Refusal::Invalid {
            field: "choice",
            ..
        })
    ));
    assert!(matches!(
        rig.ask(answer(1, "person:li")),
        Err(Refusal::Invalid {
            field: "recipient",
            ..
        })
    ));
    rig.ask(answer(1, "person:wang")).unwrap();
    let view = rig.only(&alert);
    let answer = view.answer.unwrap();
    assert_eq!((view.rung, answer.by), (Rung::Answered, AnsweredBy::Api));
    assert!(answer.recorded_by.is_some());
    rig.pass(Duration::from_secs(600));
    assert_eq!(rig.rung().len(), 1, "nobody is rung any more");
}

#[test]
fn a_receipt_outlives_the_alert_in_memory_and_is_on_record() {
    let mut rig = rig();
    rig.link(ROUTE, 4);
    let alert = rig.submit("x", Precedence::Routine, Ask::Receipt, "person:wang");
    let (job, ..) = rig.rung()[0];
    rig.takes(job, "AB01");
    rig.ask(Request::Cancel {
        alert: alert.id,
        because: "over".into(),
    })
    .unwrap();
    rig.pass(Duration::from_secs(2 * 3_600));
    assert_eq!(
        rig.ask(Request::Alert(alert.id)),
        Err(Refusal::NotFound("live alert"))
    );
    rig.receipt("ab01", sms::Outcome::Delivered);
    let heard = rig.facts.iter().find_map(|entry| match entry.fact {
        Fact::ReceiptHeard { of, .. } => Some(of.alert),
        _ => None,
    });
    assert_eq!(heard, Some(alert.id));
}

#[test]
fn the_second_telephone_follows_when_the_first_brings_nothing_in_time() {
    let mut rig = rig();
    rig.link(ROUTE, 4);
    rig.submit("x", Precedence::Flash, Ask::Receipt, "person:wang");
    let (job, ..) = rig.rung()[0];
    rig.takes(job, "1");
    rig.pass(Duration::from_secs(29));
    assert_eq!(rig.rung().len(), 1);
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.numbers(), [WANG, "13700137000"]);
}

#[test]
fn a_number_that_does_not_exist_is_spent_and_with_the_last_one_the_delivery_fails() {
    let mut rig = rig();
    rig.link(ROUTE, 4);
    let alert = rig.submit("x", Precedence::Routine, Ask::Receipt, "person:wang");
    for _ in 0..2 {
        let (job, ..) = rig.rung().last().cloned().unwrap();
        let class = RefusalClass::Number;
        rig.tell(job, Step::Refused(JobRefusal::Operator { class, code: 11 }));
    }
    assert_eq!(rig.rung().len(), 2);
    let view = rig.only(&alert);
    assert_eq!(view.end, Some(End::Failed(FailReason::NoAcknowledgement)));
    assert!(view.routes.iter().all(|route| route.spent));
}

#[test]
fn too_fast_is_no_attempt_and_the_message_goes_when_the_route_takes_it() {
    let mut rig = rig();
    rig.link(ROUTE, 4);
    rig.submit("x", Precedence::Routine, Ask::Receipt, "person:wang");
    for _ in 0..10 {
        let (job, ..) = rig.rung().last().cloned().unwrap();
        let class = RefusalClass::Throttled;
        rig.tell(job, Step::Refused(JobRefusal::Operator { class, code: 88 }));
        rig.link(ROUTE, 4);
        rig.pass(Duration::from_secs(2));
    }
    assert_eq!(rig.rung().len(), 11);
    let started = |entry: &&Entry| matches!(entry.fact, Fact::MessageStarted { .. });
    assert_eq!(rig.facts.iter().filter(started).count(), 1);
    assert!(rig.ended().is_empty());
}

#[test]
fn an_operator_that_refuses_everything_rests_and_the_other_route_takes_over() {
    let routes = vec![route(ROUTE, "operator"), route(SECOND, "modem")];
    let mut rig = rig_of(with_routes(routes));
    rig.link(ROUTE, 4);
    rig.link(SECOND, 4);
    rig.submit("x", Precedence::Routine, Ask::Receipt, "person:wang");
    let (job, first, _) = rig.rung()[0].clone();
    let class = RefusalClass::Permanent;
    rig.tell(job, Step::Refused(JobRefusal::Operator { class, code: 14 }));
    let rung = rig.rung();
    assert_eq!((first, rung[1].1), (ROUTE, SECOND));
    assert_eq!(rig.ended(), [(0, Outcome::Withdrawn, false)]);
}

#[test]
fn prefixes_choose_the_route_and_a_route_that_is_away_is_passed_by() {
    let mobile = SmsRoute {
        prefixes: vec!["+86139".into()],
        ..route(SECOND, "mobile")
    };
    let mut rig = rig_of(with_routes(vec![route(ROUTE, "operator"), mobile]));
    rig.link(ROUTE, 4);
    rig.link(SECOND, 4);
    rig.submit("x", Precedence::Routine, Ask::Receipt, "person:wang");
    assert_eq!(rig.rung()[0].1, SECOND);
    rig.gone(SECOND);
    rig.submit("y", Precedence::Routine, Ask::Receipt, "person:wang");
    assert_eq!(rig.rung()[1].1, ROUTE);
}

#[test]
fn only_what_fits_the_room_is_started_and_flash_goes_first() {
    let mut rig = rig();
    rig.people((10..40).map(|n| person(&format!("p{n}"), &[], &[&format!("135000000{n}")])));
    rig.submit("routine", Precedence::Routine, Ask::Receipt, "node:city");
    rig.link(ROUTE, 3);
    assert_eq!(rig.rung().len(), 3);
    let started = |entry: &&Entry| matches!(entry.fact, Fact::MessageStarted { .. });
    assert_eq!(
        rig.facts.iter().filter(started).count(),
        3,
        "a crash leaves a window's worth"
    );
    rig.submit("flash", Precedence::Flash, Ask::Receipt, "person:p30");
    rig.link(ROUTE, 1);
    let rung = rig.rung();
    assert_eq!(text_of(&rung[3].2), "flash");
}

#[test]
fn receipts_match_before_the_answer_twice_and_in_another_form() {
    let mut rig = rig();
    rig.link(ROUTE, 4);
    let alert = rig.submit("x", Precedence::Routine, Ask::Receipt, "person:wang");
    let (job, ..) = rig.rung()[0];
    rig.input(Input::Sent(job));
    rig.receipt("0000007f", sms::Outcome::Delivered);
    assert_eq!(rig.only(&alert).rung, Rung::Sent, "for nobody yet");
    rig.receipt("0000007f", sms::Outcome::Delivered);
    let unmatched = |entry: &&Entry| matches!(entry.fact, Fact::ReceiptUnmatched { .. });
    assert_eq!(rig.facts.iter().filter(unmatched).count(), 1);
    rig.takes(job, "7F");
    assert_eq!(rig.only(&alert).rung, Rung::Received);
    rig.receipt("127", sms::Outcome::Delivered);
    let heard = |entry: &&Entry| matches!(entry.fact, Fact::ReceiptHeard { .. });
    assert_eq!(rig.facts.iter().filter(heard).count(), 1);
}

#[test]
fn a_receipt_finds_its_message_after_a_restart_and_the_crash_makes_it_unclear() {
    let mut rig = rig();
    rig.link(ROUTE, 4);
    let alert = rig.submit("x", Precedence::Routine, Ask::Receipt, "person:wang");
    let (job, ..) = rig.rung()[0];
    rig.takes(job, "AB01");
    let durable = rig.facts.len();
    rig.restart_with(with_routes(vec![route(ROUTE, "operator")]), durable);
    assert!(rig.only(&alert).routes[0].unclear);
    rig.link(ROUTE, 4);
    rig.pass(Duration::from_secs(60));
    assert!(
        !rig.numbers().contains(&WANG.to_owned()),
        "not before the wait is over"
    );
    rig.receipt("ab01", sms::Outcome::Delivered);
    assert_eq!(rig.only(&alert).rung, Rung::Received);
}

#[test]
fn a_message_whose_fate_is_unknown_frees_the_next_telephone_and_waits_itself_unless_it_is_flash() {
    for (precedence, same) in [(Precedence::Routine, 1), (Precedence::Flash, 2)] {
        let mut rig = rig();
        rig.link(ROUTE, 4);
        rig.submit("x", precedence, Ask::Receipt, "person:wang");
        let (job, ..) = rig.rung()[0];
        rig.input(Input::Sent(job));
        rig.tell(job, Step::Lost);
        assert_eq!(rig.numbers(), [WANG, "13700137000"]);
        rig.pass(Duration::from_secs(70));
        let to_wang = rig.numbers().iter().filter(|it| *it == WANG).count();
        assert_eq!(to_wang, same, "{precedence:?}");
        rig.pass(Duration::from_secs(900));
        let to_wang = rig.numbers().iter().filter(|it| *it == WANG).count();
        assert!(to_wang >= 2, "{precedence:?}");
    }
}

#[test]
fn a_long_text_is_received_when_all_its_parts_are_and_only_missing_ones_are_given_again() {
    let mut rig = rig();
    rig.link(ROUTE, 9);
    let words = "山".repeat(150);
    let alert = rig.submit(&words, Precedence::Flash, Ask::Receipt, "person:wang");
    let rung = rig.rung();
    assert_eq!(rung.len(), 3);
    let joined: String = rung.iter().map(|(_, _, part)| text_of(part)).collect();
    assert_eq!(joined, words);
    rig.takes(rung[0].0, "1");
    rig.takes(rung[2].0, "3");
    let class = RefusalClass::Temporary;
    rig.tell(
        rung[1].0,
        Step::Refused(JobRefusal::Operator { class, code: 8 }),
    );
    rig.receipt("1", sms::Outcome::Delivered);
    rig.pass(Duration::from_secs(25));
    let again: Vec<_> = rig.rung().split_off(3);
    let again: Vec<_> = again
        .iter()
        .filter(|it| it.2.to.to_string() == WANG)
        .collect();
    assert_eq!(again.len(), 1);
    assert_eq!(
        again[0].2.part, rung[1].2.part,
        "the same part under the same number"
    );
    let job = again[0].0;
    rig.takes(job, "2");
    rig.receipt("2", sms::Outcome::Delivered);
    assert_eq!(rig.only(&alert).rung, Rung::Accepted);
    rig.receipt("3", sms::Outcome::Delivered);
    assert_eq!(rig.only(&alert).rung, Rung::Received);
}

#[test]
fn a_receipt_that_says_failed_is_tried_again_and_then_the_telephone_is_spent() {
    let mut rig = rig();
    rig.people([person("zhao", &[], &["13600136000"])]);
    rig.link(ROUTE, 4);
    let alert = rig.submit("x", Precedence::Routine, Ask::Receipt, "person:zhao");
    for name in ["1", "2", "3"] {
        let (job, ..) = rig.rung().last().cloned().unwrap();
        rig.takes(job, name);
        rig.receipt(name, sms::Outcome::Failed);
        rig.pass(Duration::from_secs(600));
    }
    assert_eq!(rig.rung().len(), 3);
    let end = rig.only(&alert).end;
    assert_eq!(end, Some(End::Failed(FailReason::NoAcknowledgement)));
}

#[test]
fn an_answer_by_sms_answers_the_open_alert_and_stops_the_radio() {
    let mut rig = rig();
    rig.up(1);
    rig.link(ROUTE, 4);
    let alert = rig.submit("x", Precedence::Flash, Ask::Acknowledgement, "person:li");
    rig.pass(Duration::from_secs(31));
    let rung = rig.rung();
    assert!(
        text_of(&rung[0].2).contains('回'),
        "how to answer stands in the text"
    );
    rig.takes(rung[0].0, "1");
    rig.texts(LI, "收到");
    let view = rig.only(&alert);
    let by = view.answer.map(|answer| answer.by);
    assert_eq!(by, Some(AnsweredBy::Sms(Phone::new(LI).unwrap())));
    let sent = rig.sends().len();
    rig.pass(Duration::from_secs(900));
    assert_eq!(rig.sends().len(), sent);
    assert!(rig.reports().is_empty());
}

#[test]
fn what_a_telephone_says_that_answers_nothing_is_a_report_and_twice_is_once() {
    let mut rig = rig();
    rig.link(ROUTE, 4);
    for _ in 0..3 {
        rig.texts("10086", "余额不足");
        rig.texts("BANK", "hello");
    }
    assert_eq!(
        rig.reports(),
        [ReportNote::NothingAsked, ReportNote::NothingAsked]
    );
}

#[test]
fn an_answer_that_could_mean_two_alerts_is_a_report_and_a_mark_tells() {
    let mut rig = rig();
    rig.link(ROUTE, 9);
    let one = rig.submit("a", Precedence::Flash, Ask::Acknowledgement, "person:wang");
    let two = rig.submit("b", Precedence::Flash, Ask::Acknowledgement, "person:wang");
    for (number, (job, ..)) in rig.rung().into_iter().enumerate() {
        rig.takes(job, &format!("A{number}"));
    }
    rig.texts(WANG, "收到");
    assert!(matches!(
        rig.reports().as_slice(),
        [ReportNote::Ambiguous(_)]
    ));
    rig.texts(WANG, &format!("{} 收到", two.mark));
    assert_eq!(rig.only(&two).rung, Rung::Answered);
    assert_eq!(rig.only(&one).rung, Rung::Accepted);
}

#[test]
fn a_person_with_two_radios_is_one_delivery_that_tries_one_after_the_other() {
    let mut rig = rig();
    rig.people([person("sun", &[3, 4], &[])]);
    rig.up(1);
    let alert = rig.submit("x", Precedence::Flash, Ask::Acknowledgement, "person:sun");
    let (job, to, ..) = rig.sends()[0];
    assert_eq!(to, 3);
    rig.input(Input::Sent(job));
    rig.tell(job, Step::Done);
    rig.up(1);
    rig.pass(Duration::from_secs(15));
    let to: Vec<u32> = rig.sends().iter().map(|(_, to, ..)| *to).collect();
    assert_eq!(to, [3, 4]);
    assert_eq!(rig.all_of(alert.id).len(), 1);
    // Either radio answers for the person.
    rig.says(3, &format!("{} 1", alert.mark), 1);
    let answer = rig.only(&alert).answer.unwrap();
    assert_eq!(answer.from, Some(radio(3)));
}

#[test]
fn cancelling_takes_back_what_waits_for_telephones() {
    let mut rig = rig();
    let alert = rig.submit("x", Precedence::Routine, Ask::Receipt, "person:wang");
    rig.ask(Request::Cancel {
        alert: alert.id,
        because: "over".into(),
    })
    .unwrap();
    rig.link(ROUTE, 4);
    rig.pass(Duration::from_secs(600));
    assert!(rig.rung().is_empty());
}

#[test]
fn the_daily_cap_holds_back_everything_but_flash() {
    let capped = SmsRoute {
        daily_cap: 2,
        ..route(ROUTE, "operator")
    };
    let mut rig = rig_of(with_routes(vec![capped]));
    rig.people([person("zhao", &[], &["13600136000"])]);
    rig.link(ROUTE, 200);
    for _ in 0..4 {
        rig.submit("x", Precedence::Routine, Ask::Receipt, "person:zhao");
    }
    assert_eq!(rig.rung().len(), 2);
    rig.submit("y", Precedence::Flash, Ask::Receipt, "person:zhao");
    assert_eq!(rig.rung().len(), 3);
}

#[test]
fn the_dry_run_says_over_which_route_in_how_many_parts_and_for_how_much() {
    let mut rig = rig();
    rig.up(1);
    let submit = rig.a_submit(&"山".repeat(100), Precedence::Flash, Ask::Receipt, "all");
    let Ok(Response::Plan(plan)) = rig.ask(Request::DryRun(submit)) else {
        panic!()
    };
    let [sms] = plan.sms.as_slice() else {
        panic!("{:?}", plan.sms)
    };
    assert_eq!(
        (sms.at_once, sms.if_needed, sms.parts, sms.cost),
        (1, 1, 2, 20)
    );
    assert_eq!(
        (sms.name.as_str(), sms.up, plan.unreachable),
        ("operator", false, 0)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Promise 7: whatever the policy, an exercise leaves only over routes that carry them.
    #[test]
    fn an_exercise_never_reaches_a_live_route(
        marked in prop::collection::vec(any::<bool>(), 0..4),
        later in prop::collection::vec(any::<bool>(), 0..4),
        flash in any::<bool>(),
        target in prop::sample::select(vec!["all", "person:li", "person:wang", "node:city"]),
        waits in 0u64..400,
    ) {
        let routes = |marks: &[bool]| -> Vec<SmsRoute> {
            (0u32..).zip(marks).map(|(n, exercises)| SmsRoute {
                exercises: *exercises,
                ..route(ROUTE + n, &format!("r{n}"))
            }).collect()
        };
        let mut rig = rig_of(with_routes(routes(&marked)));
        let precedence = if flash { Precedence::Flash } else { Precedence::Routine };
        let submit = Submit {
            exercise: true,
            ..rig.a_submit("drill", precedence, Ask::Acknowledgement, target)
        };
        let _ = rig.ask(Request::Submit(submit));
        // The policy changes under what waits.
        let durable = rig.facts.len();
        rig.restart_with(with_routes(routes(&later)), durable);
        for n in 0..4 {
            rig.link(ROUTE + n, 9);
        }
        rig.pass(Duration::from_secs(waits));
        for (_, over, part) in rig.rung() {
            let at = usize::try_from(over - ROUTE).unwrap();
            prop_assert_eq!(later.get(at), Some(&true), "{}", text_of(&part));
            prop_assert!(text_of(&part).contains("【演练】"));
        }
    }
}
