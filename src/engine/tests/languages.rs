//! Everybody is told in the closest of an alert's languages, over whichever way.

use narrowcast_protocol::air::Phone;

use super::*;
use crate::model::language::Translation;
use crate::model::policy::{RouteKind, SmsRoute};
use crate::model::roster::Person;

const ROUTE: u32 = 0xE000_0001;

fn of(tag: &str) -> Language {
    tag.parse().unwrap()
}

fn reads(id: u32, language: &str) -> RosterEntry {
    RosterEntry::Radio(Radio {
        language: of(language),
        ..a_radio(id)
    })
}

fn translations(said: &[(&str, &str)]) -> Vec<Translation> {
    let said = said.iter();
    said.map(|(language, text)| Translation {
        language: of(language),
        text: (*text).into(),
    })
    .collect()
}

/// Three read Chinese, radio 2 English, radio 4 Uyghur; 1 to 4 are a group with a talkgroup.
fn rig() -> Rig {
    let operator = SmsRoute {
        id: StationId(ROUTE),
        name: "operator".into(),
        kind: RouteKind::Smpp,
        exercises: false,
        receipt_wait: Duration::from_secs(900),
        prefixes: Vec::new(),
        signature: String::new(),
        template: String::new(),
        cost: 5,
        daily_cap: 0,
    };
    let mut rig = Rig::of(Policy {
        routes: vec![operator],
        ..policy()
    });
    let group = RosterEntry::Group(Group {
        id: "fire".into(),
        name: "Fire".into(),
        node: "city".parse().unwrap(),
        talkgroup: GroupId::new(9).ok(),
        members: (1..=4).map(radio).collect(),
    });
    let ann = RosterEntry::Person(Person {
        id: "ann".into(),
        name: "Ann".into(),
        node: "city".parse().unwrap(),
        radios: Vec::new(),
        phones: vec![Phone::new("13800138000").unwrap()],
        phone_first: false,
        language: of("en-GB"),
    });
    let entries = vec![reads(2, "en-US"), reads(4, "ug"), group, ann];
    let replace = false;
    rig.ask(Request::ImportRoster { entries, replace }).unwrap();
    rig
}

fn spoken(rig: &mut Rig, target: &str, said: &[(&str, &str)]) -> Submit {
    Submit {
        translations: translations(said),
        ..rig.a_submit("撤离", Precedence::Flash, Ask::Receipt, target)
    }
}

#[test]
fn a_talkgroup_hears_what_most_read_and_the_others_are_told_by_themselves() {
    let mut rig = rig();
    let said = [("en", "Leave now"), ("ug", "چىقىڭلار")];
    let submit = spoken(&mut rig, "group:fire", &said);
    rig.ask(Request::Submit(submit)).unwrap();
    rig.up(1);
    for _ in 0..40 {
        let under_way = rig.sends().last().cloned();
        if let Some((job, to, _, _)) = under_way {
            let by = (to != 9).then_some(to);
            rig.play(job, 1, by);
        }
        rig.pass(Duration::from_secs(5));
    }
    let said: std::collections::BTreeSet<(u32, String)> = rig
        .sends()
        .into_iter()
        .map(|(_, to, text, _)| (to, text))
        .collect();
    for (to, text) in [(9, "撤离"), (2, "Leave now"), (4, "چىقىڭلار")] {
        assert!(said.contains(&(to, text.to_owned())), "{said:?}");
    }
    // Nobody hears a language that another of them reads.
    let texts = |to: u32| said.iter().filter(move |(known, _)| *known == to).count();
    assert!((1..=9).all(|to| texts(to) <= 1), "{said:?}");
}

#[test]
fn most_may_be_those_who_read_a_translation() {
    let mut rig = rig();
    let entries = vec![reads(1, "en"), reads(3, "en-AU")];
    let replace = false;
    rig.ask(Request::ImportRoster { entries, replace }).unwrap();
    let submit = spoken(&mut rig, "group:fire", &[("en", "Leave now")]);
    let Ok(Response::Plan(plan)) = rig.ask(Request::DryRun(submit.clone())) else {
        panic!("there is a plan");
    };
    assert_eq!(plan.readers, [(of("en"), 3)]);
    rig.ask(Request::Submit(submit)).unwrap();
    rig.up(1);
    let (_, to, text, _) = rig.last_send();
    assert_eq!((to, text.ends_with("Leave now")), (9, true), "{text}");
}

#[test]
fn a_telephone_gets_the_closest_language_with_how_to_answer_in_it() {
    let mut rig = rig();
    rig.input(Input::Carrier {
        id: carrier(ROUTE),
        state: CarrierState::Up,
        room: 4,
    });
    let mut submit = spoken(&mut rig, "person:ann", &[("en", "Leave now")]);
    submit.ask = Ask::Acknowledgement;
    rig.ask(Request::Submit(submit)).unwrap();
    let texts: Vec<String> = rig
        .jobs
        .iter()
        .filter_map(|(_, job)| match job {
            Job::Send {
                transmission: Transmission::Sms(part),
                ..
            } => part.part.coding.decode(&part.part.octets).into(),
            _ => None,
        })
        .collect();
    assert!(texts[0].ends_with("Leave now Reply 1"), "{texts:?}");
}

#[test]
fn a_translation_too_many_twice_or_empty_is_refused_by_its_language() {
    let mut rig = rig();
    let many = ["aa", "ab", "ac", "ad", "ae", "af", "ag", "ah"].map(|tag| (tag, "x"));
    for (said, names) in [
        (&many[..], "at most 7"),
        (&[("en", "x"), ("EN", "y")], "en: the text stands"),
        (&[("zh-CN", "x")], "zh-CN: the text stands"),
        (&[("en", " ")], "en: it has 1 characters"),
    ] {
        let mut submit = spoken(&mut rig, "radio:1", said);
        submit.language = Some(of("zh-CN"));
        match rig.ask(Request::Submit(submit)) {
            Err(Refusal::Invalid { field, why }) => {
                assert_eq!(field, "translations");
                assert!(why.contains(names), "{why}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_text_too_long_in_one_language_hinders_those_who_read_that_only() {
    let mut rig = rig();
    let long = "x".repeat(300);
    let mut submit = spoken(&mut rig, "node:city", &[("ug", &long)]);
    submit.ask = Ask::Nothing;
    let Ok(Response::Plan(plan)) = rig.ask(Request::DryRun(submit)) else {
        panic!("there is a plan");
    };
    let hindered: Vec<_> = plan.hindrances.iter().map(|it| &it.radios).collect();
    assert!(
        hindered.iter().all(|radios| **radios == [radio(4)]),
        "{hindered:?}"
    );
}
