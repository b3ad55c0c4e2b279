//! Warnings of other systems: one version is in force, in whatever order their messages come.

use super::*;
use crate::engine::io::{Says, Warn, Warned};
use crate::model::token::Principal;
use crate::model::warning::{
    AllClear, MessageKey, PART_OCTETS, WarningForm, WarningKind, WarningMessage, WarningOutcome,
};

/// A message of the bureau.
#[derive(Clone)]
struct Message {
    name: &'static str,
    kind: WarningKind,
    names: Vec<&'static str>,
    /// Hours after noon.
    version: i64,
    precedence: Precedence,
    target: &'static str,
    exercise: bool,
    document: Vec<u8>,
}

fn issue(name: &'static str) -> Message {
    Message {
        name,
        kind: WarningKind::Issue,
        names: vec![],
        version: 1,
        precedence: Precedence::Immediate,
        target: "radio:1",
        exercise: false,
        document: name.as_bytes().to_vec(),
    }
}

fn update(name: &'static str, of: &'static str, version: i64) -> Message {
    Message {
        kind: WarningKind::Update,
        names: vec![of],
        version,
        ..issue(name)
    }
}

fn cancel(name: &'static str, of: &'static str) -> Message {
    Message {
        kind: WarningKind::Cancel,
        ..update(name, of, 9)
    }
}

fn west() -> Credential {
    of_node("city/west")
}

fn of_node(node: &str) -> Credential {
    Credential::Source(Box::new(Principal {
        name: format!("source of {node}"),
        role: Role::Dispatcher,
        node: node.parse().unwrap(),
        ..Principal::system()
    }))
}

fn taken_by(rig: &mut Rig, credential: Credential, message: &Message) -> Result<Warned, Refusal> {
    let mut submit = rig.a_submit(
        &format!("预警 {}", message.name),
        message.precedence,
        Ask::Receipt,
        message.target,
    );
    submit.exercise = message.exercise;
    let at = Wall::from_millis(1_800_000_000_000 + message.version * 3_600_000);
    let warn = Warn {
        message: WarningMessage {
            name: message.name.to_owned(),
            form: WarningForm::Cpeas,
            kind: message.kind,
            references: message.names.iter().map(|it| MessageKey::of(it)).collect(),
            version: (at, at),
            exercise: message.exercise,
            hash: [u8::try_from(message.document.len() % 251).unwrap(); 32],
        },
        says: match message.kind {
            WarningKind::Cancel => Says::Over {
                because: "the source says so".into(),
                all_clear: Some(AllClear::OfTheVersion),
            },
            _ => Says::Alert(Box::new(submit)),
        },
        document: message.document.clone(),
    };
    match rig.request(credential, Request::Warn(Box::new(warn)))? {
        Response::Warned(warned) => Ok(*warned),
        other => panic!("{other:?}"),
    }
}

fn taken(rig: &mut Rig, message: &Message) -> Warned {
    taken_by(rig, Credential::System, message).unwrap()
}

fn made(warned: &Warned) -> AlertId {
    warned.receipt.as_ref().unwrap().id
}

/// Everything that waits at station 1 goes out, and is received.
fn play_all(rig: &mut Rig) {
    let mut played = 0;
    loop {
        let sends = rig.sends();
        let Some((job, to, ..)) = sends.get(played).cloned() else {
            break;
        };
        rig.play(job, 1, Some(to));
        rig.pass(Duration::from_secs(3));
        played += 1;
    }
}

fn texts(rig: &Rig) -> Vec<(u32, String)> {
    let sends = rig.sends().into_iter();
    sends.map(|(_, to, text, _)| (to, text)).collect()
}

/// Alerts that are not over.
fn live(rig: &mut Rig) -> Vec<AlertId> {
    let asked = rig.ask(Request::Alerts {
        before: None,
        limit: 100,
    });
    match asked.unwrap() {
        Response::Alerts(views) => {
            let live = views.into_iter().filter(|view| view.ended_at.is_none());
            live.map(|view| view.id).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn end_of(rig: &mut Rig, alert: AlertId) -> Option<End> {
    rig.delivery(alert).end
}

#[test]
fn an_update_takes_the_place_of_the_version_before_in_one_commit() {
    let mut rig = Rig::new();
    let a = taken(&mut rig, &issue("a"));
    assert_eq!(a.outcome, WarningOutcome::Issued);
    let b = taken(&mut rig, &update("b", "a", 2));
    assert_eq!(b.outcome, WarningOutcome::Replaced);
    assert_eq!(b.ended, [made(&a)]);
    assert_eq!(end_of(&mut rig, made(&a)), Some(End::Superseded));
    assert_eq!(end_of(&mut rig, made(&b)), None);
    let again = rig.ask(Request::Resend { alert: made(&a) });
    assert!(matches!(again, Err(Refusal::Conflict(why)) if why.contains("taken its place")));
}

#[test]
fn a_cancel_that_names_the_first_message_ends_the_version_in_its_place() {
    let mut rig = Rig::new();
    rig.up(1);
    taken(&mut rig, &issue("a"));
    play_all(&mut rig);
    let b = taken(&mut rig, &update("b", "a", 2));
    let d = taken(&mut rig, &cancel("d", "a"));
    assert_eq!(d.outcome, WarningOutcome::Cancelled);
    assert_eq!(d.ended, [made(&b)]);
    assert_eq!(end_of(&mut rig, made(&b)), Some(End::Cancelled));
}

#[test]
fn who_had_a_version_is_told_once_that_it_is_over_and_nobody_else() {
    let mut rig = Rig::new();
    rig.up(1);
    // Nothing has left yet: nothing needs to be taken back on the air.
    let early = taken(
        &mut rig,
        &Message {
            target: "radio:5",
            ..issue("early")
        },
    );
    rig.gone(1);
    assert!(early.receipt.is_some());
    rig.jobs.clear();
    let mut rig = Rig::new();
    taken(&mut rig, &issue("silent"));
    let over = taken(&mut rig, &cancel("silent-over", "silent"));
    assert_eq!(over.all_clear, None, "it never left");

    rig.up(1);
    taken(&mut rig, &issue("a"));
    play_all(&mut rig);
    // The update is for others, and for those who had the first.
    let wider = Message {
        target: "radio:2",
        precedence: Precedence::Flash,
        ..update("b", "a", 2)
    };
    let b = taken(&mut rig, &wider);
    assert_eq!(rig.view(made(&b)).recipients, 2);
    play_all(&mut rig);
    rig.jobs.clear();
    let d = taken(&mut rig, &cancel("d", "b"));
    let clear = d.all_clear.unwrap();
    assert_eq!(clear.recipients, 2);
    assert_eq!(
        rig.view(clear.id).precedence,
        Precedence::Immediate,
        "one step less urgent"
    );
    play_all(&mut rig);
    let told = texts(&rig);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter().all(|(_, text)| text.contains("【解除】预警 b")),
        "{told:?}"
    );
    let again = taken(&mut rig, &cancel("d2", "a"));
    assert_eq!(
        (again.outcome, again.all_clear),
        (WarningOutcome::Over, None)
    );
}

/// Case C4: the first issue, two updates that name it, and its end.
fn event() -> [Message; 4] {
    [
        issue("a"),
        Message {
            precedence: Precedence::Immediate,
            ..update("b", "a", 2)
        },
        Message {
            precedence: Precedence::Flash,
            ..update("c", "a", 3)
        },
        cancel("d", "a"),
    ]
}

fn orders(of: &[Message]) -> Vec<Vec<Message>> {
    if of.len() < 2 {
        return vec![of.to_vec()];
    }
    let mut all = Vec::new();
    for at in 0..of.len() {
        let mut rest = of.to_vec();
        let first = rest.remove(at);
        for mut order in orders(&rest) {
            order.insert(0, first.clone());
            all.push(order);
        }
    }
    all
}

#[test]
fn in_every_order_the_latest_version_is_in_force_and_nothing_follows_the_end() {
    for order in orders(&event()) {
        let names: String = order.iter().map(|it| it.name).collect();
        let mut rig = Rig::new();
        rig.up(1);
        let mut over = false;
        let mut latest = i64::MIN;
        for message in &order {
            let before = rig.sends().len();
            let warned = taken(&mut rig, message);
            play_all(&mut rig);
            if message.kind == WarningKind::Cancel {
                over = true;
                assert!(live(&mut rig).is_empty(), "{names}: all is over");
                continue;
            }
            let expected = if over {
                WarningOutcome::Over
            } else if message.version < latest {
                WarningOutcome::Late
            } else if latest == i64::MIN {
                WarningOutcome::Issued
            } else {
                WarningOutcome::Replaced
            };
            assert_eq!(warned.outcome, expected, "{names}: {}", message.name);
            let sent = rig.sends().len() > before;
            let is_new = matches!(expected, WarningOutcome::Issued | WarningOutcome::Replaced);
            assert_eq!(sent, is_new, "{names}: {}", message.name);
            latest = latest.max(message.version);
        }
        let told = texts(&rig)
            .iter()
            .filter(|(_, text)| text.contains("【解除】"))
            .count();
        let had_one = order.first().unwrap().kind != WarningKind::Cancel;
        assert_eq!(told, usize::from(had_one), "{names}");
    }
}

#[test]
fn a_cancel_that_comes_first_is_remembered_for_a_day() {
    for (hours, sent) in [(23, false), (25, true)] {
        let mut rig = Rig::new();
        let d = taken(&mut rig, &cancel("d", "a"));
        assert_eq!(d.outcome, WarningOutcome::CancelledAhead);
        rig.pass(Duration::from_secs(hours * 3_600));
        let a = taken(&mut rig, &issue("a"));
        assert_eq!(a.receipt.is_some(), sent, "after {hours} h");
    }
}

#[test]
fn the_same_message_gets_the_first_answer_and_changes_nothing() {
    let mut rig = Rig::new();
    let first = taken(&mut rig, &issue("a"));
    taken(&mut rig, &update("b", "a", 2));
    let facts = rig.facts.len();
    let again = taken(&mut rig, &issue("a"));
    assert!(again.repeated);
    assert_eq!((again.outcome, made(&again)), (first.outcome, made(&first)));
    let other = Message {
        document: b"another".to_vec(),
        ..issue("a")
    };
    let refused = taken_by(&mut rig, Credential::System, &other);
    assert_eq!(refused, Err(Refusal::KeyReused));
    assert_eq!(rig.facts.len(), facts);
}

#[test]
fn a_drill_and_what_is_meant_never_touch_each_other() {
    let mut rig = Rig::new();
    let a = taken(&mut rig, &issue("a"));
    let facts = rig.facts.len();
    for mut message in [update("b", "a", 2), cancel("d", "a")] {
        message.exercise = true;
        let refused = taken_by(&mut rig, Credential::System, &message).unwrap_err();
        assert!(
            matches!(
                refused,
                Refusal::Invalid {
                    field: "references",
                    ..
                }
            ),
            "{refused:?}"
        );
    }
    assert_eq!(rig.facts.len(), facts);
    assert_eq!(end_of(&mut rig, made(&a)), None);
    // A drill's end that comes ahead ends no live warning.
    let ahead = Message {
        exercise: true,
        ..cancel("e", "x")
    };
    assert_eq!(
        taken(&mut rig, &ahead).outcome,
        WarningOutcome::CancelledAhead
    );
    assert_eq!(taken(&mut rig, &issue("x")).outcome, WarningOutcome::Issued);
}

#[test]
fn a_source_of_another_node_ends_nothing_and_takes_no_names() {
    let mut rig = Rig::new();
    let root = taken(&mut rig, &issue("a"));
    let west_a = Message {
        target: "radio:9",
        ..issue("a")
    };
    let own = taken_by(&mut rig, west(), &west_a).unwrap();
    assert_eq!(
        own.outcome,
        WarningOutcome::Issued,
        "the name is free for each node"
    );
    let d = taken_by(&mut rig, west(), &cancel("d", "a")).unwrap();
    assert_eq!(d.ended, [made(&own)]);
    assert_eq!(end_of(&mut rig, made(&root)), None);
    // East does not learn that west knows the message.
    let east = of_node("city/east");
    let ahead = taken_by(&mut rig, east, &cancel("d", "a")).unwrap();
    assert_eq!(ahead.outcome, WarningOutcome::CancelledAhead);
    // An end that came ahead from above holds below, and one from below does not hold above.
    taken(&mut rig, &cancel("e", "x"));
    let below = taken_by(
        &mut rig,
        west(),
        &Message {
            target: "radio:9",
            ..issue("x")
        },
    );
    assert_eq!(below.unwrap().outcome, WarningOutcome::Over);
    taken_by(&mut rig, west(), &cancel("f", "y")).unwrap();
    let above = taken(&mut rig, &issue("y"));
    assert_eq!(above.outcome, WarningOutcome::Issued);
    assert_eq!(taken(&mut rig, &cancel("f", "y")).ended, [made(&above)]);
}

#[test]
fn an_update_from_above_is_taken_once_too() {
    let mut rig = Rig::new();
    let below = Message {
        target: "radio:9",
        ..issue("a")
    };
    taken_by(&mut rig, west(), &below).unwrap();
    let b = taken(&mut rig, &update("b", "a", 2));
    assert_eq!(b.outcome, WarningOutcome::Replaced);
    let again = taken(&mut rig, &update("b", "a", 2));
    assert_eq!((again.repeated, made(&again)), (true, made(&b)));
}

#[test]
fn an_update_that_is_refused_leaves_the_version_before_in_force() {
    let mut rig = Rig::new();
    let a = taken(&mut rig, &issue("a"));
    let facts = rig.facts.len();
    let unknown = Message {
        target: "person:nobody",
        ..update("b", "a", 2)
    };
    taken_by(&mut rig, Credential::System, &unknown).unwrap_err();
    assert_eq!(rig.facts.len(), facts);
    assert_eq!(end_of(&mut rig, made(&a)), None);
}

#[test]
fn an_update_of_two_warnings_shows_that_they_are_one() {
    let mut rig = Rig::new();
    let a = taken(&mut rig, &issue("a"));
    let x = taken(&mut rig, &issue("x"));
    let both = Message {
        names: vec!["a", "x"],
        ..update("b", "a", 2)
    };
    let b = taken(&mut rig, &both);
    assert_eq!(b.ended, [made(&a), made(&x)]);
    assert_eq!(taken(&mut rig, &cancel("d", "x")).ended, [made(&b)]);
}

#[test]
fn a_restart_knows_every_message_and_keeps_the_document_octet_for_octet() {
    let mut rig = Rig::new();
    let document: Vec<u8> = (0..PART_OCTETS * 3 + 7)
        .map(|at| u8::try_from(at % 253).unwrap())
        .collect();
    let long = Message {
        document: document.clone(),
        ..issue("a")
    };
    let a = taken(&mut rig, &long);
    let kept: Vec<u8> = rig
        .facts
        .iter()
        .filter_map(|entry| match &entry.fact {
            Fact::DocumentPart { alert, octets, .. } => {
                assert_eq!(*alert, Some(made(&a)));
                Some(octets.clone())
            }
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(kept, document);
    rig.restart(usize::MAX);
    assert!(taken(&mut rig, &long).repeated);
    let b = taken(&mut rig, &update("b", "a", 2));
    assert_eq!(b.ended, [made(&a)]);
    rig.restart(usize::MAX);
    assert_eq!(taken(&mut rig, &cancel("d", "a")).ended, [made(&b)]);
    rig.restart(usize::MAX);
    assert_eq!(
        taken(&mut rig, &update("c", "a", 3)).outcome,
        WarningOutcome::Over
    );
}

#[test]
fn what_does_not_fit_is_refused_with_its_field() {
    let mut rig = Rig::new();
    let large = Message {
        document: vec![0; (1 << 20) + 1],
        ..issue("a")
    };
    let many = Message {
        names: vec!["x"; 51],
        ..update("b", "a", 2)
    };
    let nameless = issue("");
    for (message, field) in [
        (large, "document"),
        (many, "references"),
        (nameless, "identifier"),
    ] {
        let refused = taken_by(&mut rig, Credential::System, &message).unwrap_err();
        assert!(
            matches!(refused, Refusal::Invalid { field: of, .. } if of == field),
            "{refused:?}"
        );
    }
}
