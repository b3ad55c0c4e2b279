//! Answers that can mean more than one alert, and copies of answers.

use super::*;

/// Sends an alert to radio 1 until the terminal has it; its identity.
fn confirmed(rig: &mut Rig, text: &str) -> AlertId {
    let alert = rig
        .submit(text, Precedence::Flash, Ask::Acknowledgement, "radio:1")
        .id;
    let (job, ..) = rig.last_send();
    rig.play(job, 1, Some(1));
    alert
}

fn answered(rig: &mut Rig, alert: AlertId) -> bool {
    rig.delivery(alert).rung == Rung::Answered
}

fn newest_note(rig: &Rig) -> Option<ReportNote> {
    rig.facts.iter().rev().find_map(|entry| match &entry.fact {
        Fact::ReportHeard { note, .. } => Some(note.clone()),
        _ => None,
    })
}

#[test]
fn a_copy_of_an_answer_with_its_number_does_not_answer_the_next_alert_for_ten_minutes() {
    let mut rig = Rig::new();
    rig.up(1);
    let first = confirmed(&mut rig, "一");
    rig.says(1, "收到", 7);
    assert!(answered(&mut rig, first));
    let second = confirmed(&mut rig, "二");
    // The acknowledgement of the answer was lost: the radio sends it again.
    let acknowledged = rig.jobs.len();
    rig.pass(Duration::from_secs(400));
    rig.says(1, "收到", 7);
    assert!(!answered(&mut rig, second));
    assert!(
        matches!(rig.jobs[acknowledged..], [.., (_, Job::Acknowledge { .. })]),
        "the copy is acknowledged again"
    );
    // Its user answers: another number.
    rig.says(1, "收到", 8);
    assert!(answered(&mut rig, second));
    let third = confirmed(&mut rig, "三");
    rig.pass(Duration::from_secs(601));
    // A radio that was switched off counts anew.
    rig.says(1, "收到", 8);
    assert!(answered(&mut rig, third));
}

#[test]
fn the_copy_of_what_is_on_disk_is_acknowledged_without_waiting_for_what_came_later() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.says(1, "报告", 7);
    let recorded = rig.engine.seq();
    rig.presses(2, 3);
    let what = HeardKind::Text {
        from: radio(1),
        to: narrowcast_protocol::air::Address::Radio(radio(OWN)),
        text: "报告".into(),
        reference: Some(7),
    };
    let acknowledgement = Acknowledgement::Tms {
        from: radio(OWN),
        to: radio(1),
        reference: 3,
    };
    let until = rig.now.mono + Duration::from_secs(2);
    let owed = vec![Owed {
        acknowledgement,
        until,
    }];
    let carrier = carrier(1);
    rig.engine.handle(
        Input::Heard(Heard {
            carrier,
            what,
            owed,
        }),
        rig.now,
    );
    let after = std::iter::from_fn(|| rig.engine.poll()).find_map(|output| match output.effect {
        Effect::Transmit(Job::Acknowledge { .. }) => Some(output.after),
        _ => None,
    });
    assert_eq!(after, Some(recorded));
}

#[test]
fn a_status_pressed_again_within_thirty_seconds_of_the_first_is_the_same() {
    let mut rig = Rig::new();
    rig.up(1);
    let first = confirmed(&mut rig, "一");
    rig.presses(1, 1);
    assert!(answered(&mut rig, first));
    rig.pass(Duration::from_secs(25));
    let second = confirmed(&mut rig, "二");
    rig.presses(1, 1);
    assert!(!answered(&mut rig, second));
    rig.pass(Duration::from_secs(10));
    rig.presses(1, 1);
    assert!(answered(&mut rig, second));
}

#[test]
fn an_answer_that_may_be_to_an_alert_out_of_memory_names_both() {
    let mut rig = Rig::of(Policy {
        linger: Duration::from_secs(60),
        default_expiry: Duration::from_secs(120),
        ..policy()
    });
    rig.up(1);
    let first = confirmed(&mut rig, "一");
    // It expires unanswered and leaves memory.
    rig.pass(Duration::from_secs(400));
    assert!(matches!(
        rig.ask(Request::Alert(first)),
        Err(Refusal::NotFound(_))
    ));
    let summed = rig.facts.iter().find_map(|entry| match &entry.fact {
        Fact::Summed { alert, summary, .. } if *alert == first => Some(summary.counts(|_| true)),
        _ => None,
    });
    assert_eq!(summed.map(|counts| counts.expired), Some(1));
    let second = rig
        .submit("二", Precedence::Flash, Ask::Acknowledgement, "radio:1")
        .id;
    let (job, ..) = rig.last_send();
    rig.play(job, 1, None);
    rig.says(1, "收到", 7);
    assert!(!answered(&mut rig, second));
    assert_eq!(
        newest_note(&rig),
        Some(ReportNote::Ambiguous(vec![first, second]))
    );
    // Once the terminal has the second, it is what the user sees.
    rig.pass(Duration::from_secs(35));
    let (job, ..) = rig.last_send();
    rig.play(job, 1, Some(1));
    rig.says(1, "收到", 8);
    assert!(answered(&mut rig, second));
}

#[test]
fn a_part_that_was_seen_of_a_text_that_never_came_whole_can_be_what_is_answered() {
    let mut rig = Rig::new();
    rig.up(1);
    let long = "沿公路撤离到体育馆集合,注意风向变化".repeat(6);
    let first = rig
        .submit(&long, Precedence::Flash, Ask::Acknowledgement, "radio:1")
        .id;
    let (job, ..) = rig.last_send();
    rig.input(Input::Sent(job));
    rig.step_lost(job);
    let second = rig
        .submit("二", Precedence::Flash, Ask::Acknowledgement, "radio:1")
        .id;
    rig.up(1);
    let (job, ..) = rig.last_send();
    rig.play(job, 1, None);
    rig.presses(1, 1);
    assert!(!answered(&mut rig, first) && !answered(&mut rig, second));
    assert_eq!(
        newest_note(&rig),
        Some(ReportNote::Ambiguous(vec![first, second]))
    );
}

#[test]
fn a_radio_that_confirms_nothing_may_say_its_last_answer_again_for_ten_minutes() {
    let mut rig = Rig::new();
    rig.roster([Radio {
        confirms: false,
        ..a_radio(1)
    }]);
    rig.up(1);
    let sent = |rig: &mut Rig, text: &str| {
        let alert = rig
            .submit(text, Precedence::Flash, Ask::Acknowledgement, "radio:1")
            .id;
        let (job, ..) = rig.last_send();
        rig.play(job, 1, None);
        alert
    };
    let first = sent(&mut rig, "一");
    rig.presses(1, 1);
    assert!(answered(&mut rig, first));
    rig.pass(Duration::from_secs(60));
    let second = sent(&mut rig, "二");
    rig.presses(1, 1);
    assert!(!answered(&mut rig, second));
    assert_eq!(
        newest_note(&rig),
        Some(ReportNote::Ambiguous(vec![first, second]))
    );
    rig.pass(Duration::from_secs(600));
    rig.presses(1, 1);
    assert!(answered(&mut rig, second));
}

#[test]
fn what_a_test_station_hears_answers_no_exercise_while_it_can_mean_a_live_alert() {
    let mut policy = policy();
    policy.stations[0].exercises = true;
    let mut rig = Rig::of(policy);
    rig.up(1);
    let live = confirmed(&mut rig, "山火");
    let mut drill = rig.a_submit("演习", Precedence::Flash, Ask::Acknowledgement, "radio:1");
    drill.exercise = true;
    let Ok(Response::Accepted(drill)) = rig.ask(Request::Submit(drill)) else {
        panic!("the drill is accepted");
    };
    rig.input(Input::Sent(rig.last_send().0));
    // The radio is brought to the bench, and its user answers what came first.
    rig.up(3);
    let status = |code| HeardKind::Status {
        from: radio(1),
        to: narrowcast_protocol::air::Address::Radio(radio(OWN)),
        code,
        polled: false,
    };
    let heard = |code| {
        Input::Heard(Heard {
            carrier: carrier(3),
            what: status(code),
            owed: vec![],
        })
    };
    rig.input(heard(1));
    assert!(!answered(&mut rig, drill.id) && !answered(&mut rig, live));
    assert_eq!(
        newest_note(&rig),
        Some(ReportNote::Ambiguous(vec![live, drill.id]))
    );
}
