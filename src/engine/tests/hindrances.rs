//! What can never leave is said when the alert is accepted.

use super::*;
use crate::engine::views::{Hindrance, Plan};

impl Rig {
    fn try_submit(&mut self, submit: Submit) -> Result<Receipt, Refusal> {
        match self.ask(Request::Submit(submit))? {
            Response::Accepted(receipt) => Ok(receipt),
            other => panic!("{other:?}"),
        }
    }

    fn plan_of(&mut self, submit: Submit) -> Plan {
        match self.ask(Request::DryRun(submit)).unwrap() {
            Response::Plan(plan) => *plan,
            other => panic!("{other:?}"),
        }
    }

    fn end_of(&mut self, alert: AlertId) -> Option<End> {
        self.facts.iter().rev().find_map(|entry| match entry.fact {
            Fact::DeliveryEnded { alert: of, end, .. } if of == alert => Some(end),
            _ => None,
        })
    }
}

fn told(hindrances: &[Hindrance]) -> Vec<(FailReason, u32)> {
    hindrances
        .iter()
        .map(|told| (told.reason, told.recipients))
        .collect()
}

#[test]
fn a_text_that_no_recipient_can_show_is_refused_in_characters() {
    let mut rig = Rig::new();
    rig.up(1);
    for length in 200..=300 {
        let text = "火".repeat(length);
        let submit = rig.a_submit(&text, Precedence::Flash, Ask::Receipt, "radio:1");
        let plan = rig.plan_of(submit.clone());
        match rig.try_submit(submit) {
            Ok(receipt) => {
                assert_eq!((plan.hindrances, receipt.hindrances), (vec![], vec![]));
                assert!(plan.parts > 1 && plan.carriers[0].airtime_ms > 0);
            }
            Err(Refusal::Invalid { field: "text", why }) => {
                assert!(why.contains(&format!("{length} characters")), "{why}");
                assert_eq!(told(&plan.hindrances), [(FailReason::Unencodable, 1)]);
                assert_eq!(plan.parts, 0);
                // What it says fits does fit, and one more does not.
                let fits = why
                    .split("take ")
                    .nth(1)
                    .unwrap()
                    .split(' ')
                    .next()
                    .unwrap();
                let fits: usize = fits.parse().unwrap();
                for (longer, accepted) in [(0, true), (1, false)] {
                    let text = "火".repeat(fits + longer);
                    let submit = rig.a_submit(&text, Precedence::Flash, Ask::Receipt, "radio:1");
                    assert_eq!(rig.try_submit(submit).is_ok(), accepted);
                }
                return;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("300 characters fit");
}

#[test]
fn a_recipient_that_cannot_show_the_text_is_named_and_fails_at_once_and_the_others_get_it() {
    let mut policy = policy();
    policy.stations[1].kind = CarrierKind::Backhaul;
    let mut rig = Rig::of(policy);
    rig.roster([Radio {
        home: Some(carrier(2)),
        ..a_radio(1)
    }]);
    rig.up(1);
    rig.up(2);
    let mut submit = rig.a_submit(
        &"火".repeat(200),
        Precedence::Flash,
        Ask::Receipt,
        "radio:1",
    );
    submit.targets.push(Target::Radio(radio(2)));
    let id = submit.id;
    let plan = rig.plan_of(submit.clone());
    let receipt = rig.try_submit(submit).unwrap();
    assert_eq!(told(&receipt.hindrances), [(FailReason::Unencodable, 1)]);
    assert_eq!(receipt.hindrances, plan.hindrances);
    assert_eq!(receipt.hindrances[0].radios, [radio(1)]);
    let failed = End::Failed(FailReason::Unencodable);
    assert_eq!(rig.end_of(id), Some(failed));
    let (_, to, ..) = rig.last_send();
    assert_eq!(to, 2);
}

#[test]
fn an_exercise_that_no_station_of_the_radio_carries_says_so_and_does_not_leave_later() {
    let mut rig = Rig::new();
    rig.up(1);
    let mut submit = rig.a_submit("集合", Precedence::Flash, Ask::Receipt, "radio:1");
    submit.exercise = true;
    let id = submit.id;
    let plan = rig.plan_of(submit.clone());
    let receipt = rig.try_submit(submit).unwrap();
    for hindrances in [&plan.hindrances, &receipt.hindrances] {
        assert_eq!(told(hindrances), [(FailReason::NoPermittedStation, 1)]);
        let remedy = &hindrances[0].remedy;
        assert!(
            remedy.contains("station 1") && remedy.contains("exercises = true"),
            "{remedy}"
        );
    }
    let failed = End::Failed(FailReason::NoPermittedStation);
    assert_eq!(rig.end_of(id), Some(failed));
    assert!(rig.view(id).ended_at.is_some());
    // Another station that carries exercises comes up.
    rig.up(3);
    rig.pass(Duration::from_secs(1_700));
    assert_eq!(rig.sends().len(), 0);
}

#[test]
fn what_a_trunked_site_has_accepted_is_not_sent_again_before_the_radio_comes_back() {
    let mut policy = policy();
    policy.stations[0].kind = CarrierKind::Backhaul;
    let mut rig = Rig::of(policy);
    rig.up(1);
    let alert = rig
        .submit("集合", Precedence::Flash, Ask::Receipt, "radio:1")
        .id;
    let (job, ..) = rig.last_send();
    rig.input(Input::Sent(job));
    rig.input(Input::Step {
        id: job,
        step: Step::Accepted,
    });
    rig.input(Input::Step {
        id: job,
        step: Step::Done,
    });
    rig.up(1);
    rig.pass(Duration::from_secs(3_000));
    assert_eq!(rig.sends().len(), 1);
    assert_eq!(rig.delivery(alert).rung, Rung::Accepted);
    // Neither does a restart send it again.
    rig.restart_with(
        {
            let mut policy = super::policy();
            policy.stations[0].kind = CarrierKind::Backhaul;
            policy
        },
        usize::MAX,
    );
    rig.up(1);
    rig.pass(Duration::from_secs(300));
    assert_eq!(rig.sends().len(), 0);
    let from = radio(1);
    rig.input(Input::Heard(Heard {
        carrier: carrier(1),
        what: HeardKind::Registered { from },
        owed: vec![],
    }));
    assert_eq!(rig.sends().len(), 1, "the radio is back");
    let (job, ..) = rig.last_send();
    rig.play(job, 1, Some(1));
    assert_eq!(rig.delivery(alert).rung, Rung::Received);
}

#[test]
fn a_home_whose_station_is_not_configured_keeps_nobody_from_an_alert() {
    let mut rig = Rig::new();
    rig.roster([Radio {
        home: Some(carrier(77)),
        ..a_radio(1)
    }]);
    rig.up(2);
    let submit = rig.a_submit("集合", Precedence::Flash, Ask::Receipt, "radio:1");
    let receipt = rig.try_submit(submit).unwrap();
    assert_eq!(receipt.hindrances, []);
    let (_, _, _, over) = rig.last_send();
    assert_eq!(over, carrier(2), "over whatever station of ours is there");
}

#[test]
fn without_any_station_an_alert_waits_and_is_not_refused_for_ever() {
    let mut rig = Rig::of(Policy::default());
    let submit = rig.a_submit("集合", Precedence::Flash, Ask::Receipt, "radio:1");
    let id = submit.id;
    let plan = rig.plan_of(submit.clone());
    assert_eq!((plan.unreachable, plan.hindrances), (1, vec![]));
    assert_eq!(rig.try_submit(submit).unwrap().hindrances, []);
    assert_eq!(rig.end_of(id), None);
}
