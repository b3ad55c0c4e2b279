//! People of the roster: what they carry, and how they are named.

use super::*;
use crate::model::language::Language;
use crate::model::roster::{Person, Phone};

fn a_person(id: &str, radios: &[u32]) -> RosterEntry {
    RosterEntry::Person(Person {
        id: id.into(),
        name: id.into(),
        node: "city/east".parse().unwrap(),
        radios: radios.iter().copied().map(radio).collect(),
        phones: vec![Phone::new("13800138000").unwrap()],
        phone_first: false,
        language: Language::default(),
    })
}

fn import(rig: &mut Rig, entries: Vec<RosterEntry>, replace: bool) -> Result<Response, Refusal> {
    rig.ask(Request::ImportRoster { entries, replace })
}

fn refused(result: Result<Response, Refusal>) -> String {
    match result {
        Err(Refusal::Invalid { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_radio_belongs_to_one_person_and_the_second_is_refused_by_name() {
    let mut rig = Rig::new();
    import(&mut rig, vec![a_person("li", &[1, 2])], false).unwrap();
    for second in [
        vec![a_person("wang", &[2])],
        vec![a_person("zhao", &[3]), a_person("wang", &[3])],
    ] {
        let why = refused(import(&mut rig, second, false));
        assert!(
            why.contains("of wang is") || why.contains("of zhao is"),
            "{why}"
        );
        assert!(why.contains("vehicle or a shift"), "{why}");
    }
    // The same person again, and a radio handed from one to the other in one import.
    import(&mut rig, vec![a_person("li", &[1, 2])], false).unwrap();
    let handed = vec![a_person("li", &[1]), a_person("wang", &[2])];
    import(&mut rig, handed, false).unwrap();
    let why = refused(import(&mut rig, vec![a_person("zhao", &[2])], false));
    assert!(why.contains("radio 2 of zhao is wang's"), "{why}");
}

#[test]
fn a_person_without_a_radio_is_on_the_roster_and_an_alert_says_why_it_cannot_reach_them() {
    let mut rig = Rig::new();
    import(&mut rig, vec![a_person("li", &[])], false).unwrap();
    let submit = rig.a_submit("集合", Precedence::Flash, Ask::Receipt, "person:li");
    let why = refused(rig.ask(Request::Submit(submit)));
    assert!(
        why.contains("li has no radio") && why.contains("[[sms]]"),
        "{why}"
    );
}
