//! Every kind of fact, seen by every kind of token.

use narrowcast_protocol::air::{CarrierId, Slot, StationId, TextForm};

use super::*;
use crate::model::alert::{Alert, Target};
use crate::model::alert::{Ask, Idempotency, Mark, Precedence};
use crate::model::delivery::{End, Outcome};
use crate::model::emergency::Emergency;
use crate::model::evidence::Evidence;
use crate::model::facts::ReportNote;
use crate::model::ids::{Seq, TokenId};
use crate::model::language::Language;
use crate::model::roster::{Group, Radio};
use crate::model::salvage::Salvage;
use crate::model::token::{Role, Token};
use crate::model::wall::Wall;
use narrowcast_protocol::air::GroupId;

const CARRIER: CarrierId = CarrierId {
    station: StationId(1),
    slot: Slot::One,
};

fn node(path: &str) -> Node {
    path.parse().unwrap()
}

fn radio(id: u32) -> RadioId {
    RadioId::new(id).unwrap()
}

/// Radio 1 hangs in the east, radio 2 in the west; so do their emergencies.
struct Town(Option<Share>);

impl Places for Town {
    fn radio(&self, id: RadioId) -> bool {
        id == radio(1)
    }

    fn emergency(&self, id: EmergencyId) -> bool {
        id == EmergencyId(ulid::Ulid::from(1u128))
    }

    fn alert(&self, _: AlertId) -> Option<&Share> {
        self.0.as_ref()
    }
}

fn principal(role: Role, path: &str) -> Principal {
    Principal {
        token: TokenId(ulid::Ulid::nil()),
        name: "li".into(),
        role,
        node: node(path),
    }
}

fn recipient(id: u32, path: &str) -> Recipient {
    Recipient {
        radio: Some(radio(id)),
        contact: None,
        name: format!("unit {id}"),
        node: node(path),
        form: TextForm::Tms,
        confirms: true,
        home: None,
        talkgroup: GroupId::new(id + 100).ok(),
        language: Language::default(),
    }
}

fn alert(sent_from: &str) -> Alert {
    Alert {
        id: AlertId(ulid::Ulid::from(7u128)),
        text: "山火".into(),
        precedence: Precedence::Flash,
        ask: Ask::Receipt,
        targets: vec![
            Target::Radio(radio(1)),
            Target::Radio(radio(2)),
            Target::Node(node("city/west")),
            Target::Node(node("city")),
            Target::Person("li-wei".into()),
            Target::Group("fire-west".into()),
            Target::All,
        ],
        accepted_at: Wall::default(),
        expires_at: Wall::default(),
        exercise: false,
        station: None,
        by: "duty".into(),
        node: node(sent_from),
        mark: Mark::nth(0),
        recipients: 2,
        answer_set: None,
        sms: true,
        idempotency: Some(Idempotency {
            token: TokenId(ulid::Ulid::nil()),
            key: "k".into(),
            body: [0; 32],
        }),
        came_as: None,
        language: None,
        translations: Vec::new(),
    }
}

fn recipients() -> Vec<Recipient> {
    vec![recipient(2, "city/west"), recipient(1, "city/east")]
}

fn emergency(id: u32) -> Emergency {
    Emergency {
        id: EmergencyId(ulid::Ulid::from(u128::from(id))),
        radio: radio(id),
        to: 9,
        carrier: CARRIER,
        raised_at: Wall::default(),
        position: None,
        exercise: false,
        acknowledged_at: None,
        taken: None,
        closed: None,
        closed_because: None,
    }
}

fn token(path: &str) -> Token {
    Token {
        id: TokenId(ulid::Ulid::nil()),
        name: "li".into(),
        role: Role::Viewer,
        node: node(path),
        hash: [0; 32],
        created_at: Wall::default(),
    }
}

/// Every fact once for the east (radio 1, delivery 1) and once for the west (radio 2, delivery 0).
fn facts(id: u32) -> Vec<Fact> {
    let alert = AlertId(ulid::Ulid::from(7u128));
    let delivery = DeliveryIndex(u32::from(id == 1));
    let group = GroupId::new(id + 100).unwrap();
    let emergency_id = emergency(id).id;
    vec![
        Fact::AttemptStarted {
            alert,
            delivery,
            number: 1,
            carrier: CARRIER,
            reference: 0,
            parts: 1,
            form: TextForm::Tms,
            more: 0,
            bursts: 8,
        },
        Fact::GroupAttemptStarted {
            alert,
            group,
            carrier: CARRIER,
            number: 1,
            parts: 1,
            bursts: 8,
        },
        Fact::Evidenced {
            alert,
            delivery,
            evidence: Evidence::Written,
        },
        Fact::GroupEvidenced {
            alert,
            group,
            carrier: CARRIER,
            evidence: Evidence::Written,
        },
        Fact::AttemptEnded {
            alert,
            delivery,
            number: 1,
            outcome: Outcome::TimedOut,
        },
        Fact::DeliveryEnded {
            alert,
            delivery,
            end: End::Expired,
        },
        Fact::Resent {
            alert,
            by: "duty".into(),
            deliveries: vec![delivery],
            answer_set: None,
        },
        Fact::Recipients {
            alert,
            first: delivery,
            recipients: vec![recipients().remove(usize::from(id == 1))],
        },
        Fact::ReportHeard {
            from: radio(id),
            to: (9, false),
            carrier: CARRIER,
            text: "x".into(),
            status: None,
            reference: None,
            note: ReportNote::NothingAsked,
        },
        Fact::RadioHeard {
            radio: radio(id),
            carrier: CARRIER,
            position: None,
        },
        Fact::RadioLeft {
            radio: radio(id),
            carrier: CARRIER,
        },
        Fact::EmergencyRaised(Box::new(emergency(id))),
        Fact::EmergencyAcknowledged { id: emergency_id },
        Fact::EmergencyTaken {
            id: emergency_id,
            by: "duty".into(),
        },
        Fact::EmergencyClosed {
            id: emergency_id,
            by: "duty".into(),
            because: "safe".into(),
        },
        Fact::RosterImported {
            by: "duty".into(),
            clears: false,
            entries: vec![RosterEntry::Radio(Radio {
                id: radio(id),
                name: "unit".into(),
                node: recipients().remove(usize::from(id == 1)).node,
                form: TextForm::Tms,
                confirms: true,
                home: None,
                language: Language::default(),
            })],
        },
    ]
}

fn of_the_root() -> Vec<Fact> {
    vec![
        Fact::PolicyInForce(Box::default()),
        Fact::Trimmed {
            by: "duty".into(),
            up_to: Seq(1),
            hash: [0; 32],
        },
        Fact::Salvaged(Salvage::new("torn", Seq(5), Some(Seq(9)), "/kept")),
        Fact::SalvageAcknowledged { by: "duty".into() },
    ]
}

fn of_all() -> Vec<Fact> {
    vec![
        Fact::Started {
            version: "1".into(),
        },
        Fact::StationChanged {
            station: StationId(1),
            up: true,
            changes: 1,
            description: String::new(),
        },
        Fact::ClockConfirmed {
            by: "duty".into(),
            step_millis: 1,
        },
        Fact::AlertEnded {
            alert: AlertId(ulid::Ulid::from(7u128)),
            end: None,
            by: None,
            because: None,
        },
    ]
}

#[test]
fn a_node_sees_its_own_and_nothing_of_its_neighbour() {
    let share = Share::of(&alert(""), recipients().iter(), &node("city/east"));
    let town = Town(share);
    let east = principal(Role::Viewer, "city/east");
    for fact in facts(1).iter().chain(&of_all()) {
        let seen = Seen::by(&east, fact, &town);
        assert_eq!(seen.unwrap().fact.as_ref(), fact, "{}", fact.name());
    }
    for fact in facts(2).iter().chain(&of_the_root()) {
        assert_eq!(Seen::by(&east, fact, &town), None, "{}", fact.name());
    }
    let stranger = Town(None);
    for fact in facts(1)
        .iter()
        .chain(&of_all())
        .filter(|f| f.alert().is_some())
    {
        assert_eq!(Seen::by(&east, fact, &stranger), None, "{}", fact.name());
    }
}

#[test]
fn the_root_sees_everything_but_tokens_which_only_administrators_see() {
    let root = principal(Role::Supervisor, "");
    let nothing_placed = Town(None);
    let all = [facts(1), facts(2), of_all(), of_the_root()].concat();
    for fact in &all {
        assert_eq!(
            Seen::by(&root, fact, &nothing_placed),
            Some(Seen::whole(fact)),
            "{}",
            fact.name()
        );
    }
    let made = |path| Fact::TokenCreated {
        by: "duty".into(),
        token: token(path),
    };
    let revoked = Fact::TokenRevoked {
        by: "duty".into(),
        token: TokenId(ulid::Ulid::nil()),
    };
    let cases = [
        (Role::Supervisor, "", "city/east", false, false),
        (Role::Admin, "", "city/east", true, true),
        (Role::Admin, "city/east", "city/east/1", true, false),
        (Role::Admin, "city/east", "city/west", false, false),
        (Role::Admin, "city/east", "", false, false),
        (Role::Viewer, "city/east", "city/east", false, false),
    ];
    for (role, own, of, sees_made, sees_revoked) in cases {
        let who = principal(role, own);
        let made = made(of);
        let seen = |fact| Seen::by(&who, fact, &nothing_placed).is_some();
        assert_eq!(
            (seen(&made), seen(&revoked)),
            (sees_made, sees_revoked),
            "{role:?} {own} {of}"
        );
    }
}

#[test]
fn of_an_alert_from_elsewhere_only_the_share_is_told() {
    let node = node("city/east");
    let share = Share::of(&alert(""), recipients().iter(), &node).unwrap();
    let town = Town(Some(share.clone()));
    let east = principal(Role::Dispatcher, "city/east");
    let fact = Fact::AlertAccepted(Box::new(alert("")));
    let seen = Seen::by(&east, &fact, &town).unwrap();
    let Fact::AlertAccepted(told) = seen.fact.as_ref() else {
        panic!("{seen:?}")
    };
    let targets: Vec<String> = told.targets.iter().map(ToString::to_string).collect();
    assert_eq!(targets, ["radio:1", "node:city", "all"]);
    assert_eq!(told.recipients, 1);
    let fact = Fact::Recipients {
        alert: told.id,
        first: DeliveryIndex(0),
        recipients: recipients(),
    };
    let seen = Seen::by(&east, &fact, &town).unwrap();
    assert_eq!(seen.deliveries, [DeliveryIndex(1)]);
    let Fact::Recipients { recipients, .. } = seen.fact.as_ref() else {
        panic!("{seen:?}")
    };
    assert_eq!(recipients.len(), 1);
    assert_eq!(recipients[0].radio, Some(radio(1)));
}

#[test]
fn an_alert_sent_from_the_node_or_below_is_seen_whole_and_by_no_neighbour() {
    let own = alert("city/east/2");
    let to = [recipient(1, "city/east/2")];
    let share = |path| Share::of(&own, to.iter(), &node(path));
    assert_eq!(share("city/east"), Some(Share::Whole));
    assert_eq!(share("city"), Some(Share::Whole));
    assert_eq!(share("city/west"), None);
    assert_eq!(share("city/east/3"), None);
    assert!(matches!(share("city/east/2"), Some(Share::Whole)));
}

#[test]
fn a_roster_that_is_cleared_says_so_to_everybody_and_names_nothing_of_others() {
    let group = RosterEntry::Group(Group {
        id: "fire-west".into(),
        name: "Fire west".into(),
        node: node("city/west"),
        talkgroup: None,
        members: vec![],
    });
    let fact = Fact::RosterImported {
        by: "duty".into(),
        clears: true,
        entries: vec![group],
    };
    let east = principal(Role::Viewer, "city/east");
    let seen = Seen::by(&east, &fact, &Town(None)).unwrap();
    let Fact::RosterImported {
        clears, entries, ..
    } = seen.fact.as_ref()
    else {
        panic!("{seen:?}")
    };
    assert!(*clears && entries.is_empty());
}
