//! What is accepted: keys, tokens, disks, drills, times.

use super::*;

#[test]
fn an_exercise_never_reaches_a_live_station_nor_a_live_alert_a_test_station() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.up(3);
    // The radio lies on the bench, within reach of the test station.
    rig.present(1, 3);
    let mut drill = rig.a_submit("drill", Precedence::Flash, Ask::Receipt, "radio:1");
    drill.exercise = true;
    rig.ask(Request::Submit(drill)).unwrap();
    rig.submit("live", Precedence::Flash, Ask::Receipt, "radio:2");
    for (_, _, text, carrier) in rig.sends() {
        assert_eq!(
            text.starts_with("【演练】"),
            carrier.station == StationId(3),
            "{text} on {carrier}"
        );
    }
    assert_eq!(rig.sends().len(), 2);
    rig.distress(1, 3);
    let Some(Alarm::Emergency(emergency)) = rig.alarms.pop() else {
        panic!()
    };
    assert!(
        emergency.exercise,
        "what a test station hears opens exercise emergencies only"
    );
}

#[test]
fn a_key_used_again_brings_the_first_answer_or_a_refusal() {
    let mut rig = Rig::new();
    let mut submit = rig.a_submit("a", Precedence::Flash, Ask::Receipt, "radio:1");
    submit.idempotency = Some(("k".into(), [1; 32]));
    let Ok(Response::Accepted(first)) = rig.ask(Request::Submit(submit.clone())) else {
        panic!()
    };
    let again = Submit {
        id: AlertId(ulid::Ulid::from(5u128)),
        ..submit.clone()
    };
    let Ok(Response::Accepted(second)) = rig.ask(Request::Submit(again)) else {
        panic!()
    };
    let again = Receipt {
        repeated: true,
        ..first
    };
    assert_eq!(second, again);
    submit.idempotency = Some(("k".into(), [2; 32]));
    assert_eq!(rig.ask(Request::Submit(submit)), Err(Refusal::KeyReused));
}

#[test]
fn a_token_reaches_no_further_than_its_node_and_role() {
    let mut rig = Rig::new();
    let token = |role, hash| Token {
        id: TokenId(ulid::Ulid::from(u128::from(hash))),
        name: "li".into(),
        role,
        node: "city/east".parse::<Node>().unwrap(),
        hash: [hash; 32],
        created_at: Wall::default(),
    };
    rig.ask(Request::CreateToken(token(Role::Dispatcher, 1)))
        .unwrap();
    rig.ask(Request::CreateToken(token(Role::Viewer, 2)))
        .unwrap();
    let east = rig.a_submit("a", Precedence::Flash, Ask::Receipt, "radio:1");
    let west = rig.a_submit("a", Precedence::Flash, Ask::Receipt, "radio:9");
    let all = rig.a_submit("a", Precedence::Flash, Ask::Receipt, "all");
    assert!(
        rig.request(Credential::Token([1; 32]), Request::Submit(east.clone()))
            .is_ok()
    );
    for (submit, name) in [(west, "radio:9"), (all, "all")] {
        match rig.request(Credential::Token([1; 32]), Request::Submit(submit)) {
            Err(Refusal::OutsideNode { names, .. }) => assert_eq!(names, [name]),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        rig.request(Credential::Token([2; 32]), Request::Submit(east.clone())),
        Err(Refusal::Forbidden)
    );
    assert_eq!(
        rig.request(Credential::Token([3; 32]), Request::Submit(east)),
        Err(Refusal::Unauthenticated)
    );
}

#[test]
fn a_full_disk_refuses_routine_first_and_flash_only_when_the_emergency_reserve_is_left() {
    let mut rig = Rig::new();
    rig.input(Input::Space {
        free: 100 << 20,
        total: 100 << 30,
    });
    let attempt = |rig: &mut Rig, precedence| {
        let submit = rig.a_submit("a", precedence, Ask::Receipt, "radio:1");
        rig.ask(Request::Submit(submit)).is_ok()
    };
    rig.input(Input::Space {
        free: 4 << 30,
        total: 100 << 30,
    });
    assert!(!attempt(&mut rig, Precedence::Routine) && attempt(&mut rig, Precedence::Flash));
    rig.input(Input::Space {
        free: 100 << 20,
        total: 100 << 30,
    });
    assert!(!attempt(&mut rig, Precedence::Immediate) && attempt(&mut rig, Precedence::Flash));
    rig.input(Input::Space {
        free: 3 << 20,
        total: 100 << 30,
    });
    assert!(!attempt(&mut rig, Precedence::Flash));
    rig.distress(1, 1);
    assert_eq!(rig.alarms.len(), 1, "an emergency is never refused");
}

/// A token of a dispatcher at the root.
fn a_dispatcher(rig: &mut Rig, hash: u8) -> Credential {
    let token = Token {
        id: TokenId(ulid::Ulid::from(u128::from(hash))),
        name: "li".into(),
        role: Role::Dispatcher,
        node: Node::root(),
        hash: [hash; 32],
        created_at: Wall::default(),
    };
    rig.ask(Request::CreateToken(token)).unwrap();
    Credential::Token([hash; 32])
}

fn keyed(rig: &mut Rig, who: &Credential) -> Receipt {
    let mut submit = rig.a_submit("a", Precedence::Flash, Ask::Receipt, "radio:1");
    submit.idempotency = Some(("k".into(), [1; 32]));
    match rig.request(who.clone(), Request::Submit(submit)) {
        Ok(Response::Accepted(receipt)) => receipt,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_belongs_to_its_token() {
    let mut rig = Rig::new();
    let (li, wang) = (a_dispatcher(&mut rig, 1), a_dispatcher(&mut rig, 2));
    let first = keyed(&mut rig, &li);
    let other = keyed(&mut rig, &wang);
    assert!(!other.repeated && other.id != first.id);
    assert_eq!(keyed(&mut rig, &li).id, first.id);
}

#[test]
fn a_key_is_remembered_for_seven_days_over_restarts_and_no_longer() {
    let mut rig = Rig::new();
    let li = a_dispatcher(&mut rig, 1);
    let first = keyed(&mut rig, &li);
    let (before, hour) = (rig.facts.len(), Duration::from_secs(3_600));
    rig.restart(before);
    rig.pass(7 * 24 * hour - hour);
    let again = keyed(&mut rig, &li);
    assert_eq!((again.id, again.repeated), (first.id, true));
    rig.pass(2 * hour);
    assert!(!keyed(&mut rig, &li).repeated);
}

#[test]
fn nothing_that_a_key_needs_can_be_trimmed_and_what_is_trimmed_takes_no_key_along() {
    let mut rig = Rig::new();
    let li = a_dispatcher(&mut rig, 1);
    let first = keyed(&mut rig, &li);
    rig.pass(Duration::from_secs(2 * 24 * 3_600));
    let trim = |rig: &mut Rig, up_to| {
        let hash = [0; 32];
        rig.ask(Request::Trim { up_to, hash })
    };
    assert!(matches!(
        trim(&mut rig, first.seq),
        Err(Refusal::Invalid { field: "up_to", .. })
    ));
    let up_to = Seq(first.seq.0 - 1);
    trim(&mut rig, up_to).unwrap();
    // A restart that finds the facts after the trimmed ones only.
    let mut engine = Engine::new(rig.now, [9; 32]);
    for (entry, seq) in rig.facts.iter().zip(1..).skip(up_to.0 as usize) {
        engine.replay(&Record {
            seq: Seq(seq),
            jurisdiction: "test".into(),
            epoch: 1,
            at: entry.at,
            fact: entry.fact.clone(),
            hash: [0; 32],
        });
    }
    rig.engine = engine;
    rig.engine.resume(policy(), "test", rig.now);
    rig.drain();
    let again = keyed(&mut rig, &li);
    assert_eq!((again.id, again.repeated), (first.id, true));
}

#[test]
fn an_expiry_in_the_past_is_refused_with_the_time_and_what_would_do() {
    let mut rig = Rig::new();
    let try_at = |rig: &mut Rig, wall| {
        let mut submit = rig.a_submit("a", Precedence::Flash, Ask::Receipt, "radio:1");
        submit.expires_at = Some(wall);
        match rig.ask(Request::Submit(submit)) {
            Ok(_) => String::new(),
            Err(Refusal::Invalid {
                field: "expires_at",
                why,
            }) => why,
            other => panic!("{other:?}"),
        }
    };
    let hour = Duration::from_secs(3_600);
    let now = rig.now.wall;
    let past = try_at(&mut rig, now);
    assert!(
        past.contains("in the past") && past.contains(&now.to_string()),
        "{past}"
    );
    let far = try_at(&mut rig, now.plus(8 * 24 * hour));
    assert!(far.contains("more than 7 days"), "{far}");
    assert_eq!(try_at(&mut rig, now.plus(hour)), "");
    // The civil clock jumps a year ahead: what it makes of a time is not believed yet.
    rig.now.wall = now.plus(365 * 24 * hour);
    let wall = rig.now.wall.plus(hour);
    let stepped = try_at(&mut rig, wall);
    assert!(stepped.contains("clock/confirm"), "{stepped}");
    rig.ask(Request::ConfirmClock).unwrap();
    assert_eq!(try_at(&mut rig, wall), "");
}
