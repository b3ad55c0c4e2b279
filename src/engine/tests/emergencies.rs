//! Distress calls.

use super::*;

#[test]
fn an_emergency_stays_open_until_a_named_person_closes_it() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.distress(1, 1);
    rig.distress(1, 1);
    assert_eq!(rig.alarms.len(), 1, "a repeated call is the same emergency");
    let acknowledged: Vec<JobId> = rig
        .jobs
        .iter()
        .filter_map(|(_, job)| {
            if let Job::Acknowledge { id, .. } = job {
                Some(*id)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(acknowledged.len(), 2, "and is answered again");
    rig.input(Input::Sent(acknowledged[0]));
    rig.pass(Duration::from_secs(30 * 24 * 3600));
    let Ok(Response::Emergencies(open)) = rig.ask(Request::Emergencies) else {
        panic!()
    };
    assert!(open[0].closed.is_none() && open[0].acknowledged_at.is_some());
    let id = open[0].id;
    assert!(matches!(
        rig.ask(Request::CloseEmergency {
            id,
            because: " ".into()
        }),
        Err(Refusal::Invalid {
            field: "because",
            ..
        })
    ));
    rig.ask(Request::TakeEmergency { id }).unwrap();
    assert!(
        rig.last_send().2.contains("system"),
        "the radio is told in words"
    );
    rig.ask(Request::CloseEmergency {
        id,
        because: "found".into(),
    })
    .unwrap();
    let Ok(Response::Emergencies(all)) = rig.ask(Request::Emergencies) else {
        panic!()
    };
    assert_eq!(all[0].closed.as_ref().unwrap().by, "system");
}

#[test]
fn an_emergency_is_on_record_before_it_is_acknowledged() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.distress(5, 1);
    let raised = |entry: &Entry| matches!(&entry.fact, Fact::EmergencyRaised(_));
    assert_eq!(rig.facts.iter().filter(|entry| raised(entry)).count(), 1);
    assert!(matches!(
        rig.jobs.last(),
        Some((_, Job::Acknowledge { .. }))
    ));
    let before = rig.facts.len();
    rig.restart(before);
    let Ok(Response::Emergencies(open)) = rig.ask(Request::Emergencies) else {
        panic!()
    };
    assert_eq!(open.len(), 1);
}
