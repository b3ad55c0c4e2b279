//! Every fact fits the ledger, however large what was asked.

use std::collections::BTreeSet;

use super::*;
use crate::model::facts::FACT_BYTES;
use crate::model::language::{Language, Translation};
use crate::model::policy::AnswerRule;
use crate::model::roster::{Person, Phone};

/// The longest path of the organisation tree.
fn deepest() -> Node {
    let level = "长".repeat(40);
    vec![level; Node::LEVELS].join("/").parse().unwrap()
}

fn longest_name(id: u32) -> String {
    format!("{id:0>4}{}", "长".repeat(96))
}

/// Six hundred stations with long names, many groups and many words for each answer.
fn large_policy() -> Policy {
    let stations = (1..=600).map(|id| StationPolicy {
        name: longest_name(id),
        groups: (1..=50).filter_map(|id| GroupId::new(id).ok()).collect(),
        exercises: true,
        ..station(id, false)
    });
    let answers = (1..=9).map(|choice| AnswerRule {
        choice,
        status: Some(u16::from(choice)),
        keywords: (0..20).map(|n| format!("{choice}收到了{n}")).collect(),
    });
    Policy {
        stations: stations.collect(),
        answers: answers.collect(),
        ..Policy::default()
    }
}

fn large_roster() -> Vec<RosterEntry> {
    let radios = (1..=1_200).map(|id| {
        RosterEntry::Radio(Radio {
            name: longest_name(id),
            node: deepest(),
            home: Some(carrier(id % 600 + 1)),
            ..a_radio(id)
        })
    });
    let people = (1..=1_000).map(|id| {
        RosterEntry::Person(Person {
            id: format!("{id:0>60}"),
            name: longest_name(id),
            node: deepest(),
            radios: vec![radio(id)],
            phones: vec![Phone::new("13800138000").unwrap(); 8],
            phone_first: false,
            language: Language::default(),
        })
    });
    let group = RosterEntry::Group(Group {
        id: "x".repeat(60),
        name: longest_name(0),
        node: deepest(),
        talkgroup: GroupId::new(9).ok(),
        members: (1..=1_200).map(radio).collect(),
    });
    radios.chain(people).chain([group]).collect()
}

fn in_another_language(letter: u8) -> Translation {
    Translation {
        language: format!("a{}-{}", char::from(letter), "x".repeat(8))
            .parse()
            .unwrap(),
        text: "\u{1F525}".repeat(300),
    }
}

fn large_submit(rig: &mut Rig) -> Submit {
    let targets = (1..=1_000).map(|id| Target::Person(format!("{id:0>60}")));
    Submit {
        text: "\u{1F525}".repeat(40),
        targets: targets.collect(),
        idempotency: Some(("\u{1F525}".repeat(255), [9; 32])),
        exercise: true,
        translations: (b'a'..=b'g').map(in_another_language).collect(),
        ..rig.a_submit(
            "",
            Precedence::Flash,
            Ask::Answers(vec!["长".repeat(4); 9]),
            "all",
        )
    }
}

#[test]
fn a_thousand_persons_over_six_hundred_stations_make_no_fact_that_is_too_large() {
    let mut rig = Rig::with(large_policy());
    for id in 1..=600 {
        rig.up(id);
    }
    let (entries, replace) = (large_roster(), true);
    rig.ask(Request::ImportRoster { entries, replace }).unwrap();
    let submit = large_submit(&mut rig);
    let id = submit.id;
    let Ok(Response::Accepted(receipt)) = rig.ask(Request::Submit(submit.clone())) else {
        panic!("it is accepted");
    };
    assert_eq!(receipt.recipients, 1_000);
    assert_eq!(rig.view(id).targets.len(), 1_000);
    let because = "\u{1F525}".repeat(300);
    rig.ask(Request::Resend { alert: id }).unwrap();
    rig.ask(Request::Cancel {
        alert: id,
        because: because.clone(),
    })
    .unwrap();
    rig.distress(1, 1);
    let emergency = rig.engine.emergencies().next().unwrap().id;
    rig.ask(Request::TakeEmergency { id: emergency }).unwrap();
    rig.ask(Request::CloseEmergency {
        id: emergency,
        because,
    })
    .unwrap();
    rig.says(1, &"\u{1F525}".repeat(2_000), 9);
    let (up_to, hash) = (Seq(1), [1; 32]);
    rig.ask(Request::Trim { up_to, hash }).unwrap();
    for entry in &rig.facts {
        let size = entry.fact.size();
        assert!(
            size <= FACT_BYTES,
            "{} takes {size} bytes",
            entry.fact.name()
        );
    }
    let seen: BTreeSet<&str> = rig.facts.iter().map(|entry| entry.fact.name()).collect();
    for name in [
        "policy_in_force",
        "stations_in_force",
        "roster_imported",
        "alert_accepted",
        "targets",
        "recipients",
        "predicted",
        "resent",
        "alert_ended",
        "report_heard",
        "emergency_raised",
        "emergency_taken",
        "emergency_closed",
        "trimmed",
    ] {
        assert!(seen.contains(name), "{name} was not tried");
    }
    // What was cut for the disk is whole again after a restart.
    let before = rig.view(id);
    let facts = rig.facts.len();
    rig.restart_with(large_policy(), facts);
    assert_eq!(rig.view(id), before);
    let policies = |rig: &Rig| {
        let facts = rig.facts[facts..].iter();
        facts
            .filter(|entry| matches!(entry.fact, Fact::PolicyInForce(_)))
            .count()
    };
    assert_eq!(policies(&rig), 0, "the policy is the same");
}

#[test]
fn the_same_target_many_times_is_one_target() {
    let mut rig = Rig::new();
    let mut submit = rig.a_submit("集合", Precedence::Routine, Ask::Receipt, "radio:1");
    submit.targets = vec![Target::Radio(radio(1)); 1_000];
    let id = submit.id;
    rig.ask(Request::Submit(submit)).unwrap();
    assert_eq!(rig.view(id).targets, ["radio:1"]);
}

#[test]
fn a_line_that_does_not_fit_is_refused_by_name_and_nothing_of_the_import_is_taken() {
    let mut rig = Rig::new();
    let facts = rig.facts.len();
    let entries = vec![
        RosterEntry::Radio(a_radio(20)),
        RosterEntry::Radio(Radio {
            name: "长".repeat(101),
            ..a_radio(21)
        }),
    ];
    let replace = false;
    let refused = rig.ask(Request::ImportRoster { entries, replace });
    let Err(Refusal::Invalid { field: "name", why }) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.contains("radio:21") && why.contains("101"), "{why}");
    assert_eq!(rig.facts.len(), facts);
}
