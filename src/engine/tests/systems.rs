//! External systems: what a sink's word proves, and what keeps an alert from one.

use super::*;
use crate::engine::io::SystemSays;
use crate::model::delivery::FailReason;
use crate::model::policy::SinkPolicy;
use crate::model::roster::System;
use crate::model::token::{Principal, Role};

fn sink(name: &str, kind: &str, node: &str) -> SinkPolicy {
    SinkPolicy {
        name: name.into(),
        kind: kind.into(),
        node: node.parse().unwrap(),
    }
}

fn system(id: &str, sink: &str) -> RosterEntry {
    RosterEntry::System(System {
        id: id.into(),
        name: format!("name of {id}"),
        node: "city".parse().unwrap(),
        sink: sink.into(),
    })
}

fn with_sinks() -> Policy {
    let sinks = vec![
        sink("up", "webhook", ""),
        sink("broker", "mqtt", "city"),
        sink("far", "webhook", "elsewhere"),
    ];
    Policy { sinks, ..policy() }
}

/// A rig whose province is fed by a webhook, and whose district by a broker.
fn rig() -> Rig {
    let mut rig = Rig::of(with_sinks());
    let entries = vec![
        system("province", "up"),
        system("district", "broker"),
        system("lost", "none"),
        system("fenced", "far"),
    ];
    let replace = false;
    rig.ask(Request::ImportRoster { entries, replace }).unwrap();
    rig
}

fn says(rig: &mut Rig, alert: AlertId, sink: &str, says: SystemSays) -> Result<Response, Refusal> {
    rig.ask(Request::SystemSays {
        alert,
        delivery: DeliveryIndex(0),
        sink: sink.into(),
        says,
    })
}

fn to(rig: &mut Rig, ask: Ask, target: &str) -> AlertId {
    rig.submit("山洪预警", Precedence::Immediate, ask, target)
        .id
}

#[test]
fn a_system_has_received_when_it_acknowledged_and_its_broker_proves_acceptance_only() {
    let mut rig = rig();
    let alert = to(&mut rig, Ask::Receipt, "system:province");
    let before = rig.delivery(alert);
    assert_eq!(before.system.as_deref(), Some("province"));
    assert_eq!((before.radio, before.person), (None, None));
    assert_eq!(before.rung, Rung::Queued);
    says(&mut rig, alert, "up", SystemSays::Acknowledged).unwrap();
    let after = rig.delivery(alert);
    assert_eq!((after.rung, after.end), (Rung::Received, None));
    assert_eq!(after.routes.len(), 1);
    assert!(rig.view(alert).ended_at.is_some(), "nothing more is wanted");

    let alert = to(&mut rig, Ask::Receipt, "system:district");
    says(&mut rig, alert, "broker", SystemSays::Brokered).unwrap();
    assert_eq!(rig.delivery(alert).rung, Rung::Accepted);
    assert!(rig.view(alert).ended_at.is_none(), "a receipt is wanted");
    assert!(rig.sends().is_empty(), "no radio is concerned");
}

#[test]
fn a_system_that_refuses_is_a_failure_and_what_it_says_twice_is_said_once() {
    let mut rig = rig();
    let alert = to(&mut rig, Ask::Nothing, "system:province");
    says(&mut rig, alert, "up", SystemSays::Refused).unwrap();
    let end = End::Failed(FailReason::RefusedBySystem);
    assert_eq!(rig.delivery(alert).end, Some(end));
    let facts = rig.facts.len();
    says(&mut rig, alert, "up", SystemSays::Refused).unwrap();
    assert_eq!(rig.facts.len(), facts);
    // Evidence after the end still counts, and is late.
    says(&mut rig, alert, "up", SystemSays::Acknowledged).unwrap();
    assert_eq!(rig.delivery(alert).rung, Rung::Received);
}

#[test]
fn only_the_server_speaks_for_the_sink_that_feeds_the_system() {
    let mut rig = rig();
    let alert = to(&mut rig, Ask::Receipt, "system:province");
    assert!(says(&mut rig, alert, "broker", SystemSays::Acknowledged).is_err());
    let admin = Credential::Source(Box::new(Principal {
        name: "admin".into(),
        role: Role::Admin,
        ..Principal::system()
    }));
    let request = Request::SystemSays {
        alert,
        delivery: DeliveryIndex(0),
        sink: "up".into(),
        says: SystemSays::Acknowledged,
    };
    assert!(rig.request(admin, request).is_err());
    assert_eq!(rig.delivery(alert).rung, Rung::Queued);
}

#[test]
fn a_system_is_reached_by_its_own_name_only() {
    let mut rig = rig();
    for target in ["all", "node:city"] {
        let alert = to(&mut rig, Ask::Receipt, target);
        let Response::Deliveries(all) = rig
            .ask(Request::Deliveries {
                alert,
                from: DeliveryIndex(0),
                limit: 100,
            })
            .unwrap()
        else {
            panic!("no deliveries")
        };
        assert!(all.iter().all(|it| it.system.is_none()), "{target}");
    }
}

#[test]
fn a_system_whose_sink_cannot_feed_it_is_named_when_the_alert_is_accepted() {
    let mut rig = rig();
    for (target, remedy) in [
        ("system:lost", "add a [[webhook]], [[mqtt]] or [[cap.out]]"),
        ("system:fenced", "give it a node that covers city"),
    ] {
        let receipt = rig.submit("山洪", Precedence::Immediate, Ask::Receipt, target);
        let [told] = receipt.hindrances.as_slice() else {
            panic!("{:?}", receipt.hindrances);
        };
        assert!(told.remedy.contains(remedy), "{}", told.remedy);
        assert_eq!(told.systems.len(), 1);
        let end = rig.delivery(receipt.id).end;
        assert_eq!(end, Some(End::Failed(FailReason::NoPermittedStation)));
    }
}

#[test]
fn a_sink_that_falls_behind_is_on_record_and_only_the_server_says_so() {
    let mut rig = rig();
    let says = |why: Option<&str>| Request::SinkSays {
        sink: "up".into(),
        why: why.map(str::to_owned),
    };
    rig.ask(says(Some("connection refused"))).unwrap();
    rig.ask(says(None)).unwrap();
    let names: Vec<_> = rig.facts.iter().map(|entry| entry.fact.name()).collect();
    assert!(
        names.ends_with(&["sink_behind", "sink_recovered"]),
        "{names:?}"
    );
    let admin = Credential::Source(Box::new(Principal {
        name: "admin".into(),
        ..Principal::system()
    }));
    assert!(rig.request(admin, says(None)).is_err());
    let sink = "unknown".to_owned();
    assert!(rig.ask(Request::SinkSays { sink, why: None }).is_err());
}

#[test]
fn what_a_system_said_outlives_a_restart() {
    let mut rig = rig();
    let alert = to(&mut rig, Ask::Acknowledgement, "system:province");
    says(&mut rig, alert, "up", SystemSays::Acknowledged).unwrap();
    let answer = Request::Answer {
        alert,
        recipient: "system:province".parse().unwrap(),
        choice: 1,
        text: "handled".into(),
    };
    rig.ask(answer).unwrap();
    let before = rig.delivery(alert);
    assert_eq!(before.rung, Rung::Answered);
    let durable = rig.facts.len();
    rig.restart_with(with_sinks(), durable);
    assert_eq!(rig.delivery(alert), before);
}
