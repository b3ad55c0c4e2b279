//! Attempts, their caps and gaps, and groups.

use super::*;

#[test]
fn a_delivery_climbs_the_ladder_only_by_evidence() {
    let mut rig = Rig::new();
    rig.up(1);
    let alert = rig
        .submit(
            "东山起火",
            Precedence::Flash,
            Ask::Acknowledgement,
            "radio:1",
        )
        .id;
    assert_eq!(rig.delivery(alert).rung, Rung::Queued);
    let (job, to, text, _) = rig.last_send();
    assert_eq!(to, 1);
    assert!(text.contains("东山起火"));
    rig.input(Input::Sent(job));
    assert_eq!(rig.delivery(alert).rung, Rung::Sent);
    rig.input(Input::Step {
        id: job,
        step: Step::Received { by: radio(2) },
    });
    assert_eq!(
        rig.delivery(alert).rung,
        Rung::Sent,
        "another radio's confirmation proves nothing"
    );
    rig.input(Input::Step {
        id: job,
        step: Step::Received { by: radio(1) },
    });
    assert_eq!(rig.delivery(alert).rung, Rung::Received);
    rig.input(Input::Step {
        id: job,
        step: Step::Done,
    });
    rig.says(1, "1", 5);
    let delivery = rig.delivery(alert);
    assert_eq!(
        (delivery.rung, delivery.answer.map(|answer| answer.choice)),
        (Rung::Answered, Some(1))
    );
    assert_eq!(rig.view(alert).counts.answered, 1);
    assert!(rig.view(alert).ended_at.is_some());
}

#[test]
fn a_flash_goes_before_everything_that_waits() {
    let mut rig = Rig::new();
    rig.up(1);
    for id in 1..=4 {
        rig.submit(
            "routine",
            Precedence::Routine,
            Ask::Receipt,
            &format!("radio:{id}"),
        );
    }
    rig.submit("flash", Precedence::Flash, Ask::Receipt, "radio:5");
    let (job, _, first, _) = rig.last_send();
    assert!(
        first.contains("routine"),
        "one routine fragment was on its way already"
    );
    rig.play(job, 1, Some(1));
    assert!(rig.last_send().2.contains("flash"));
}

#[test]
fn a_silent_radio_gets_six_attempts_at_least_twenty_seconds_apart_and_then_fails() {
    let mut rig = Rig::new();
    rig.up(1);
    let alert = rig
        .submit("x", Precedence::Priority, Ask::Receipt, "radio:1")
        .id;
    let mut seen = 0;
    for _ in 0..400 {
        let sends = rig.sends();
        for (job, ..) in sends.iter().skip(seen) {
            rig.play(*job, 1, None);
        }
        seen = sends.len();
        rig.pass(Duration::from_secs(10));
    }
    let times: Vec<Instant> = rig
        .jobs
        .iter()
        .filter(|(_, job)| matches!(job, Job::Send { .. }))
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(times.len(), 6);
    assert!(
        times
            .windows(2)
            .all(|pair| pair[1].since(pair[0]) >= Duration::from_secs(20)),
        "{times:?}"
    );
    assert_eq!(
        rig.delivery(alert).end,
        Some(End::Failed(FailReason::NoAcknowledgement))
    );
}

#[test]
fn a_flapping_link_sends_nobody_the_same_text_more_than_six_times() {
    let mut rig = Rig::new();
    for precedence in Precedence::ALL {
        rig.submit("flap", precedence, Ask::Receipt, "radio:1");
    }
    let before = rig.facts.len();
    let mut seen = 0;
    for _ in 0..1_200 {
        rig.up(1);
        let sends = rig.sends();
        for (job, ..) in sends.iter().skip(seen) {
            rig.input(Input::Sent(*job));
            rig.input(Input::Step {
                id: *job,
                step: Step::Lost,
            });
        }
        seen = sends.len();
        rig.gone(1);
        rig.pass(Duration::from_secs(3));
    }
    let mut per_text = std::collections::BTreeMap::new();
    rig.sends()
        .into_iter()
        .for_each(|(_, _, text, _)| *per_text.entry(text).or_insert(0) += 1);
    assert!(per_text.values().sum::<i32>() <= 24, "{per_text:?}");
    let stored: usize = rig.facts[before..]
        .iter()
        .map(|entry| postcard::to_stdvec(entry).unwrap().len() + 100)
        .sum();
    assert!(stored < 1 << 20, "{stored} bytes");
}

#[test]
fn a_member_of_a_called_group_gets_the_text_six_times_in_all() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.submit("a", Precedence::Flash, Ask::Receipt, "group:fire");
    let mut seen = 0;
    for _ in 0..600 {
        let sends = rig.sends();
        for (job, ..) in sends.iter().skip(seen) {
            rig.play(*job, 1, None);
        }
        seen = sends.len();
        rig.pass(Duration::from_secs(5));
    }
    let to = |number: u32| {
        rig.sends()
            .iter()
            .filter(|(_, to, ..)| *to == number)
            .count()
    };
    assert_eq!((to(9), to(1), to(2)), (2, 4, 4));
}

#[test]
fn a_restart_gives_nobody_a_seventh_attempt() {
    let mut rig = Rig::new();
    rig.up(1);
    let alert = rig
        .submit("a", Precedence::Flash, Ask::Receipt, "radio:1")
        .id;
    for _ in 0..5 {
        let (job, ..) = rig.last_send();
        rig.input(Input::Step {
            id: job,
            step: Step::Lost,
        });
        rig.up(1);
        rig.pass(Duration::from_secs(600));
    }
    assert_eq!(rig.sends().len(), 6);
    let durable = rig.facts.len();
    rig.restart(durable);
    rig.up(1);
    rig.pass(Duration::from_secs(1_200));
    assert_eq!(rig.sends(), []);
    assert_eq!(
        rig.delivery(alert).end,
        Some(End::Failed(FailReason::NoAcknowledgement))
    );
}

#[test]
fn a_group_transmission_is_one_fact_and_its_members_are_followed_up_one_by_one() {
    let mut rig = Rig::new();
    rig.up(1);
    let alert = rig
        .submit("集结", Precedence::Flash, Ask::Receipt, "group:fire")
        .id;
    let (job, to, ..) = rig.last_send();
    assert_eq!(to, 9);
    rig.play(job, 1, None);
    let group_facts = rig
        .facts
        .iter()
        .filter(|entry| matches!(entry.fact, Fact::GroupEvidenced { .. }))
        .count();
    assert_eq!((group_facts, rig.view(alert).counts.sent), (1, 2));
    for _ in 0..30 {
        rig.pass(Duration::from_secs(1));
        let (job, to, ..) = rig.last_send();
        rig.play(job, 1, Some(to));
    }
    assert_eq!(rig.view(alert).counts.received, 2);
}

#[test]
fn a_radio_heard_elsewhere_takes_its_queue_along() {
    let mut rig = Rig::new();
    rig.submit("a", Precedence::Priority, Ask::Receipt, "radio:1");
    let what = HeardKind::Presence { from: radio(1) };
    rig.input(Input::Carrier {
        id: carrier(2),
        state: CarrierState::Busy,
        room: 0,
    });
    rig.input(Input::Carrier {
        id: carrier(1),
        state: CarrierState::Busy,
        room: 0,
    });
    rig.input(Input::Heard(Heard {
        carrier: carrier(2),
        what,
        owed: vec![],
    }));
    rig.up(1);
    assert!(rig.sends().is_empty());
    rig.up(2);
    assert_eq!(rig.last_send().3, carrier(2));
}

#[test]
fn a_station_gets_no_more_than_it_has_room_for() {
    let mut rig = Rig::new();
    rig.up(1);
    for id in 1..=3 {
        rig.submit(
            "a",
            Precedence::Routine,
            Ask::Receipt,
            &format!("radio:{id}"),
        );
    }
    assert_eq!(rig.sends().len(), 1);
    rig.play(rig.last_send().0, 1, Some(1));
    assert_eq!(rig.sends().len(), 2);
}

#[test]
fn send_again_reaches_only_those_who_have_not_answered() {
    let mut rig = Rig::new();
    rig.up(1);
    let mut submit = rig.a_submit("a", Precedence::Flash, Ask::Acknowledgement, "radio:1");
    submit.targets = vec![Target::Radio(radio(1)), Target::Radio(radio(2))];
    let id = submit.id;
    rig.ask(Request::Submit(submit)).unwrap();
    for _ in 0..2 {
        let (job, to, ..) = rig.last_send();
        rig.play(job, 1, Some(to));
    }
    rig.says(1, "1", 1);
    let before = rig.sends().len();
    assert_eq!(
        rig.ask(Request::Resend { alert: id }),
        Ok(Response::Resent(1))
    );
    assert_eq!(rig.sends().len(), before + 1);
    assert_eq!(rig.last_send().1, 2);
}
