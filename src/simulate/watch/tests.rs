//! The watch of the telephones catches each wrong that is planted.

use std::time::Duration;

use narrowcast_protocol::air::{Phone, StationId};
use narrowcast_protocol::session::CarrierState;
use narrowcast_protocol::sms::{Concatenation, Reference};
use narrowcast_protocol::time::Instant;
use narrowcast_world::smsc::{CentreEvent, Given, Message};

use super::alerts::Alerts;
use super::phones::{Phones, Verdict};
use crate::model::alert::{Alert, Ask, Mark, Precedence, Target};
use crate::model::delivery::{Outcome, RefusedBy, Rung};
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryIndex};
use crate::model::language::{Language, Translation};
use crate::model::phone_book::{MessageRef, ReceiptOutcome};
use crate::model::policy::{Policy, RouteKind};
use crate::model::roster::{Contact, Node, Recipient};
use crate::model::wall::Wall;
use crate::simulate::invariant::Invariant;
use crate::simulate::setup::Operator;

const ROUTE: StationId = StationId(7);
const LI: &str = "13800138000";

/// A watch that knows one route, and alerts for one person with one telephone.
#[derive(Default)]
struct Bench {
    now: Instant,
    alerts: Alerts,
    phones: Phones,
}

fn id(number: u8) -> AlertId {
    AlertId(u128::from(number).into())
}

fn of(alert: u8, number: u8, part: u8) -> MessageRef {
    MessageRef {
        alert: id(alert),
        delivery: DeliveryIndex(0),
        phone: 0,
        number,
        part,
    }
}

fn verdict(of: Verdict) -> Option<Invariant> {
    of.map(|(invariant, _)| invariant)
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self::default();
        let policy = Policy {
            routes: vec![Operator::new(ROUTE, RouteKind::Smpp, 1).route],
            ..Policy::default()
        };
        bench.phones.begin(&policy);
        bench
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn alert(&mut self, number: u8, change: impl FnOnce(&mut Alert)) {
        let mut alert = Alert {
            id: id(number),
            text: format!("#{number} x"),
            precedence: Precedence::Routine,
            ask: Ask::Acknowledgement,
            targets: vec![Target::All],
            accepted_at: Wall::default(),
            expires_at: Wall::default().plus(Duration::from_secs(3_600)),
            exercise: false,
            station: None,
            by: String::new(),
            node: Node::root(),
            mark: Mark::nth(number.into()),
            recipients: 1,
            answer_set: None,
            sms: true,
            idempotency: None,
            came_as: None,
            language: None,
            translations: Vec::new(),
        };
        change(&mut alert);
        let phone = Phone::new(LI).unwrap();
        let li = Recipient {
            radio: None,
            name: "Li".into(),
            node: Node::root(),
            form: narrowcast_protocol::air::TextForm::Tms,
            confirms: true,
            home: None,
            talkgroup: None,
            contact: Some(Box::new(Contact {
                id: "li".into(),
                radios: Vec::new(),
                phones: vec![phone],
                phone_first: false,
                sink: None,
            })),
            language: Language::default(),
        };
        let frozen = Fact::Recipients {
            alert: alert.id,
            first: DeliveryIndex(0),
            recipients: vec![li],
        };
        let accepted = Fact::AlertAccepted(Box::new(alert));
        for fact in [accepted, frozen] {
            self.alerts.learn(self.now, Wall::default(), &fact);
        }
        self.phones
            .recipient(id(number), DeliveryIndex(0), &[phone]);
    }

    fn starts(&mut self, alert: u8, number: u8, parts: u8) -> Option<Invariant> {
        let started = Fact::MessageStarted {
            alert: id(alert),
            delivery: DeliveryIndex(0),
            phone: 0,
            number,
            route: ROUTE,
            reference: 9,
            parts,
            frame: 0,
        };
        verdict(self.phones.learn(&started).1)
    }

    fn ends(&mut self, alert: u8, number: u8, outcome: Outcome) {
        let ended = Fact::MessageEnded {
            alert: id(alert),
            delivery: DeliveryIndex(0),
            phone: 0,
            number,
            outcome,
            spent: false,
        };
        self.phones.learn(&ended);
    }

    fn sees(&mut self, event: &CentreEvent) -> Option<Invariant> {
        verdict(self.phones.operator(self.now, ROUTE, event, &self.alerts))
    }

    fn reaches(&mut self, name: &str, text: &str, part: Option<(u8, u8)>) -> Option<Invariant> {
        let part = part.map(|(number, total)| Concatenation {
            reference: Reference::Eight(9),
            total,
            number,
        });
        self.sees(&CentreEvent::Taken(Message {
            id: name.into(),
            from: "1069".into(),
            to: LI.into(),
            text: text.into(),
            part,
            receipt: true,
            validity: String::new(),
            service: String::new(),
        }))
    }

    fn receipt(&mut self, name: &str, delivered: bool, is_kept: bool) -> Option<Invariant> {
        let given = Given::Receipt {
            message: name.into(),
            phone: LI.into(),
            delivered,
        };
        self.sees(&if is_kept {
            CentreEvent::Brought {
                what: String::new(),
                given,
                kept: true,
            }
        } else {
            CentreEvent::Gives(given)
        })
    }

    fn has(&mut self, of: MessageRef) -> (bool, Option<Invariant>) {
        let (proved, wrong) = self.phones.learn(&Fact::ReceiptHeard {
            of,
            outcome: ReceiptOutcome::Delivered,
            code: "DELIVRD".into(),
        });
        (
            proved.is_some_and(|it| it.2 == Rung::Received),
            verdict(wrong),
        )
    }

    fn writes(&mut self, text: &str) {
        self.sees(&CentreEvent::Gives(Given::Text {
            from: LI.into(),
            text: text.into(),
        }));
    }

    fn answers(&mut self, alert: u8, text: &str) -> Option<Invariant> {
        let phone = Phone::new(LI).unwrap();
        let (alert, index) = (id(alert), DeliveryIndex(0));
        let answer = self.phones.answer(alert, index, phone, text, &self.alerts);
        verdict(answer)
    }
}

#[test]
fn a_message_without_an_attempt_or_over_another_route_is_caught() {
    let mut bench = Bench::new();
    bench.alert(1, |_| {});
    let wrong = Some(Invariant::NoMessageWithoutAttempt);
    assert_eq!(bench.reaches("A", "#1 x", None), wrong);
    assert_eq!(bench.starts(1, 1, 1), None);
    assert_eq!(
        bench.reaches("B", "#1 x", Some((1, 2))),
        wrong,
        "other parts"
    );
    assert_eq!(bench.reaches("C", "#1 x", None), None);
}

#[test]
fn a_receipt_that_no_operator_gave_is_caught_and_half_a_text_proves_nothing() {
    let mut bench = Bench::new();
    bench.alert(1, |_| {});
    bench.starts(1, 1, 2);
    bench.reaches("A", "#1 x", Some((1, 2)));
    bench.reaches("B", "y", Some((2, 2)));
    bench.receipt("A", true, false);
    bench.receipt("B", false, false);
    assert_eq!(bench.has(of(1, 1, 0)), (false, None));
    let wrong = Some(Invariant::NoReceiptThatWasNotGiven);
    assert_eq!(bench.has(of(1, 1, 1)).1, wrong, "B has failed");
    bench.receipt("B", true, false);
    assert_eq!(bench.has(of(1, 1, 1)), (true, None));
}

#[test]
fn an_answer_that_nobody_sent_or_that_may_mean_another_alert_is_caught() {
    let mut bench = Bench::new();
    for alert in [1, 2] {
        bench.alert(alert, |_| {});
        bench.starts(alert, 1, 1);
        bench.reaches(&alert.to_string(), &format!("#{alert} x"), None);
    }
    bench.pass(10);
    let wrong = Some(Invariant::NoAnswerThatWasNotMeant);
    assert_eq!(bench.answers(1, "G1 1"), wrong, "nobody sent it");
    for text in ["1", "G1 1", "G2 1"] {
        bench.writes(text);
    }
    assert_eq!(bench.answers(1, "1"), wrong, "it may mean 2");
    assert_eq!(bench.answers(1, "G2 1"), wrong, "it names 2");
    assert_eq!(bench.answers(1, "G1 1"), None);
}

#[test]
fn an_exercise_over_a_live_route_or_without_its_sign_and_a_forbidden_alert_are_caught() {
    let wrong = Some(Invariant::NoExerciseOverLiveSms);
    for (exercises, text, sms, caught) in [
        (false, "【演练】#1 x", true, wrong),
        (true, "#1 x", true, wrong),
        (true, "【演练】#1 x", false, wrong),
        (true, "【演练】#1 x", true, None),
    ] {
        let mut bench = Bench::new();
        let mut route = Operator::new(ROUTE, RouteKind::Smpp, 1).route;
        route.exercises = exercises;
        bench.phones.begin(&Policy {
            routes: vec![route],
            ..Policy::default()
        });
        bench.alert(1, |alert| (alert.exercise, alert.sms) = (true, sms));
        bench.starts(1, 1, 1);
        assert_eq!(
            bench.reaches("A", text, None),
            caught,
            "{exercises} {text} {sms}"
        );
    }
}

#[test]
fn who_is_not_tried_while_a_route_has_room_is_caught() {
    let missed = |bench: &Bench| {
        let untried = bench
            .phones
            .untried(bench.now, Instant::ZERO, &bench.alerts);
        verdict(untried)
    };
    let mut bench = Bench::new();
    bench.alert(1, |_| {});
    bench.pass(600);
    assert_eq!(missed(&bench), None, "no route is there");
    bench.phones.link(bench.now, ROUTE, CarrierState::Up, 0);
    bench.pass(600);
    assert_eq!(missed(&bench), None, "it has no room");
    bench.phones.link(bench.now, ROUTE, CarrierState::Up, 4);
    bench.pass(10);
    assert_eq!(missed(&bench), None);
    bench.pass(20);
    assert_eq!(missed(&bench), Some(Invariant::EverybodyIsTried));
    bench.starts(1, 1, 1);
    assert_eq!(missed(&bench), None);
}

#[test]
fn a_copy_without_need_and_an_attempt_too_many_are_caught() {
    let wrong = Some(Invariant::NoMessageTwiceWithoutNeed);
    let mut bench = Bench::new();
    bench.alert(1, |_| {});
    bench.starts(1, 1, 1);
    bench.reaches("A", "#1 x", None);
    assert_eq!(bench.starts(1, 2, 1), wrong, "the first is open");
    bench.pass(10);
    assert_eq!(bench.reaches("B", "#1 x", None), wrong, "its fate is open");
    bench.receipt("B", false, false);
    assert_eq!(bench.reaches("C", "#1 x", None), None, "it failed");
    bench.pass(61);
    assert_eq!(bench.reaches("D", "#1 x", None), None, "the wait is over");

    let mut bench = Bench::new();
    bench.alert(1, |_| {});
    for (number, caught) in [(1, None), (2, None), (3, None), (4, wrong)] {
        assert_eq!(bench.starts(1, number, 1), caught, "attempt {number}");
        bench.ends(1, number, Outcome::Refused(RefusedBy::Link));
    }
}

#[test]
fn parts_of_two_alerts_with_one_number_are_caught() {
    let mut bench = Bench::new();
    for (alert, caught) in [(1, None), (2, Some(Invariant::NoTextsMixed))] {
        bench.alert(alert, |_| {});
        bench.starts(alert, 1, 2);
        let text = format!("#{alert} x");
        let reached = bench.reaches(&alert.to_string(), &text, Some((1, 2)));
        assert_eq!(reached, caught);
    }
}

#[test]
fn a_text_in_another_language_than_is_read_is_caught() {
    let mut bench = Bench::new();
    bench.alert(1, |alert| {
        alert.text = "#1 Fire".into();
        alert.translations = vec![Translation {
            language: Language::default(),
            text: "#1 山火".into(),
        }];
    });
    bench.starts(1, 1, 1);
    assert_eq!(bench.reaches("A", "#1 山火", None), None);
    assert_eq!(
        bench.reaches("B", "#1 Fire", None),
        Some(Invariant::NoOtherLanguage)
    );
}

#[test]
fn a_receipt_that_was_acknowledged_and_is_not_on_record_is_caught() {
    let mut bench = Bench::new();
    bench.alert(1, |_| {});
    bench.starts(1, 1, 1);
    bench.reaches("A", "#1 x", None);
    bench.receipt("A", true, false);
    assert_eq!(
        bench.receipt("A", true, true),
        Some(Invariant::NoReceiptIsLost)
    );
    bench.has(of(1, 1, 0));
    assert_eq!(bench.receipt("A", true, true), None);
}
