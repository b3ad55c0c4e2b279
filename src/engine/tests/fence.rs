//! What a token of one node can set in motion: nothing leaves on an address of another.

use super::*;
use crate::model::roster::RosterEntry;

/// A rig with a dispatcher and a supervisor of city/west; station 1 serves city/east.
fn west() -> (Rig, Credential) {
    let mut policy = policy();
    policy.stations[0].node = "city/east".parse().unwrap();
    policy.stations[0].groups = vec![GroupId::new(77).unwrap()];
    policy.stations[1].node = "city/west".parse().unwrap();
    policy.stations[1].groups = vec![GroupId::new(88).unwrap()];
    let mut rig = Rig::of(policy);
    let token = Token {
        id: TokenId(ulid::Ulid::from(1u128)),
        name: "west".into(),
        role: Role::Supervisor,
        node: "city/west".parse().unwrap(),
        hash: [1; 32],
        created_at: Wall::default(),
    };
    rig.ask(Request::CreateToken(token)).unwrap();
    (rig, Credential::Token([1; 32]))
}

fn a_group(talkgroup: u32, node: &str) -> RosterEntry {
    RosterEntry::Group(Group {
        id: format!("of-{talkgroup}-{}", node.replace('/', "-")),
        name: "Group".into(),
        node: node.parse().unwrap(),
        talkgroup: GroupId::new(talkgroup).ok(),
        members: vec![radio(9)],
    })
}

fn import(rig: &mut Rig, who: Credential, entry: RosterEntry) -> Result<Response, Refusal> {
    let request = Request::ImportRoster {
        entries: vec![entry],
        replace: false,
    };
    rig.request(who, request)
}

fn refused(result: Result<Response, Refusal>) -> String {
    match result {
        Err(Refusal::OutsideNode { names, .. }) => names.join("; "),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_node_gives_its_group_no_talkgroup_that_is_not_its_own() {
    let (mut rig, west) = west();
    // 9 is of a group of the city, 77 of east's station, and nobody knows 4711.
    let city = RosterEntry::Group(Group {
        id: "east".into(),
        name: "East".into(),
        node: "city/east".parse().unwrap(),
        talkgroup: GroupId::new(99).ok(),
        members: vec![radio(1)],
    });
    import(&mut rig, Credential::System, city).unwrap();
    for foreign in [99, 77, 4_711] {
        let why = refused(import(
            &mut rig,
            west.clone(),
            a_group(foreign, "city/west"),
        ));
        assert!(why.contains(&format!("talkgroup {foreign}")), "{why}");
    }
    // Its own station's talkgroup, one of the city that covers it, and one the root gave it.
    for own in [88, 9] {
        import(&mut rig, west.clone(), a_group(own, "city/west")).unwrap();
    }
    import(&mut rig, Credential::System, a_group(55, "city/west")).unwrap();
    import(&mut rig, west, a_group(55, "city/west/town")).unwrap();
}

#[test]
fn a_node_gives_its_radio_no_home_that_serves_another_and_sends_nothing_over_it_by_name() {
    let (mut rig, west) = west();
    let at = |id: u32, station| {
        RosterEntry::Radio(Radio {
            node: "city/west".parse().unwrap(),
            home: Some(carrier(station)),
            ..a_radio(id)
        })
    };
    let why = refused(import(&mut rig, west.clone(), at(30, 1)));
    assert!(
        why.contains("station 1") && why.contains("radio:30"),
        "{why}"
    );
    import(&mut rig, west.clone(), at(30, 2)).unwrap();
    // What the root has set stays when the node imports the line again.
    import(&mut rig, west.clone(), at(9, 1)).unwrap();
    for (station, serves) in [(1, false), (2, true)] {
        let submit = Submit {
            station: Some(StationId(station)),
            ..rig.a_submit("集合", Precedence::Flash, Ask::Receipt, "radio:30")
        };
        let answer = rig.request(west.clone(), Request::Submit(submit));
        assert_eq!(answer.is_ok(), serves, "{answer:?}");
        if !serves {
            assert!(refused(answer).contains("serves city/east"));
        }
    }
}
