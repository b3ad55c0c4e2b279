use super::*;
use crate::model::alert::{Alert, Ask, Mark, Precedence, Target};
use crate::model::ids::AlertId;
use crate::model::language::Language;
use crate::model::roster::Node;
use crate::model::wall::Wall;

const TEMPLATE: &str = "尊敬的用户：{text}，请知悉。";

fn alert(text: &str, ask: Ask, exercise: bool) -> Alert {
    Alert {
        id: AlertId(ulid::Ulid::nil()),
        text: text.into(),
        precedence: Precedence::Flash,
        ask,
        targets: vec![Target::All],
        accepted_at: Wall::default(),
        expires_at: Wall::default(),
        exercise,
        station: None,
        by: String::new(),
        node: Node::root(),
        mark: Mark::nth(57),
        recipients: 1,
        answer_set: None,
        sms: true,
        idempotency: None,
        came_as: None,
        language: None,
        translations: Vec::new(),
    }
}

fn frame(signature: &str, template: &str) -> Frame {
    Frame {
        kind: RouteKind::Cmpp2,
        sign: "【演练】".into(),
        signature: signature.into(),
        template: template.into(),
    }
}

fn said(alert: &Alert) -> Said<'_> {
    alert.said_to(&Language::default())
}

fn shown(frame: &Frame, alert: &Alert) -> String {
    let parts = frame.parts(said(alert), 7).unwrap();
    let text = parts.iter().map(|part| part.coding.decode(&part.octets));
    text.collect()
}

#[test]
fn a_template_stands_around_the_words_and_the_signature_in_front_of_both() {
    let alert = alert("东山林场起火", Ask::Receipt, false);
    for (signature, template, text) in [
        ("", "", "东山林场起火"),
        ("【应急】", "", "【应急】东山林场起火"),
        ("", TEMPLATE, "尊敬的用户：东山林场起火，请知悉。"),
        (
            "【应急】",
            TEMPLATE,
            "【应急】尊敬的用户：东山林场起火，请知悉。",
        ),
        ("【应急】", "{text}", "【应急】东山林场起火"),
    ] {
        assert_eq!(shown(&frame(signature, template), &alert), text);
    }
}

#[test]
fn the_drill_sign_opens_what_people_read_before_any_template() {
    let drill = alert("{text}", Ask::Receipt, true);
    assert_eq!(
        shown(&frame("【应急】", TEMPLATE), &drill),
        "【应急】【演练】尊敬的用户：{text}，请知悉。"
    );
    assert_eq!(
        shown(&frame("", TEMPLATE), &drill),
        "【演练】尊敬的用户：{text}，请知悉。"
    );
}

#[test]
fn the_mark_and_how_to_answer_stand_within_the_template_and_stay_readable() {
    let asked = alert("东山起火", Ask::Acknowledgement, false);
    assert_eq!(
        shown(&frame("", TEMPLATE), &asked),
        "尊敬的用户：M7 东山起火 回1收到，请知悉。"
    );
    // An answer that runs into the template would be another answer.
    let answers = Ask::Answers(vec!["在岗".into(), "离岗".into()]);
    let asked = alert("谁在", answers, false);
    assert_eq!(
        shown(&frame("", "通知：{text}请知悉"), &asked),
        "通知：M7 谁在 回1在岗 2离岗 请知悉"
    );
}

#[test]
fn a_text_that_needs_one_part_more_with_its_template_takes_one_part_more() {
    let count = |frame: &Frame, alert: &Alert| frame.parts(said(alert), 7).unwrap().len();
    let plain = alert(&"山".repeat(70), Ask::Receipt, false);
    assert_eq!(count(&frame("", ""), &plain), 1);
    assert_eq!(count(&frame("", "{text}。"), &plain), 2);
    // The template is longer than UCS-2 lets one part be where the words alone are ASCII.
    let ascii = alert(&"a".repeat(100), Ask::Receipt, false);
    assert_eq!(count(&frame("", ""), &ascii), 1);
    assert_eq!(count(&frame("", TEMPLATE), &ascii), 2);
    let long = alert(&"山".repeat(670), Ask::Receipt, false);
    assert_eq!(count(&frame("", ""), &long), 10);
    assert!(frame("", TEMPLATE).parts(said(&long), 7).is_err());
}

#[test]
fn frames_that_differ_anywhere_have_different_numbers_and_old_ones_are_kept_within_a_bound() {
    let frames = [
        frame("", ""),
        frame("ab", ""),
        frame("a", "b"),
        frame("", "ab"),
        Frame {
            kind: RouteKind::Cmpp3,
            ..frame("", "")
        },
        Frame {
            sign: "drill".into(),
            ..frame("", "")
        },
    ];
    let numbers: std::collections::BTreeSet<u32> = frames.iter().map(Frame::number).collect();
    assert_eq!(numbers.len(), frames.len());
    let route = |template: &str| SmsRoute {
        id: narrowcast_protocol::air::StationId(1),
        name: "operator".into(),
        kind: RouteKind::Cmpp2,
        exercises: false,
        receipt_wait: std::time::Duration::from_secs(900),
        prefixes: Vec::new(),
        signature: String::new(),
        template: template.into(),
        cost: 0,
        daily_cap: 0,
    };
    let policy = |template: &str| Policy {
        routes: vec![route(template)],
        ..Policy::default()
    };
    let mut kept = Frames::default();
    for round in 0..400 {
        kept.learn(&policy(&format!("{round}{{text}}")));
        kept.learn(&policy("{text}"));
    }
    let of = |template: &str| Frame::of(&policy(template), &route(template));
    let is_kept = |template: &str| kept.get(of(template).number()) == Some(&of(template));
    assert!(is_kept("{text}") && is_kept("399{text}") && is_kept("200{text}"));
    assert!(!is_kept("0{text}"), "the oldest went");
}
