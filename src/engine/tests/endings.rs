//! How alerts end, and what counts after their end.

use super::*;

#[test]
fn cancelling_takes_back_what_waits_and_late_evidence_is_kept_as_late() {
    let mut rig = Rig::new();
    rig.up(1);
    let alert = rig
        .submit("a", Precedence::Priority, Ask::Receipt, "radio:1")
        .id;
    let (job, ..) = rig.last_send();
    rig.input(Input::Sent(job));
    rig.ask(Request::Cancel {
        alert,
        because: "mistake".into(),
    })
    .unwrap();
    assert!(
        rig.jobs
            .iter()
            .any(|(_, withdrawn)| *withdrawn == Job::Withdraw(job))
    );
    rig.input(Input::Step {
        id: job,
        step: Step::Received { by: radio(1) },
    });
    let delivery = rig.delivery(alert);
    assert_eq!(
        (delivery.rung, delivery.end, delivery.late),
        (Rung::Received, Some(End::Cancelled), true)
    );
}

#[test]
fn an_expired_alert_ends_and_is_not_sent_any_more() {
    let mut rig = Rig::new();
    let mut submit = rig.a_submit("a", Precedence::Priority, Ask::Receipt, "radio:1");
    submit.expires_at = Some(rig.now.wall.plus(Duration::from_secs(60)));
    let id = submit.id;
    rig.ask(Request::Submit(submit)).unwrap();
    rig.pass(Duration::from_secs(61));
    rig.up(1);
    assert_eq!(rig.delivery(id).end, Some(End::Expired));
    assert!(rig.sends().is_empty());
}

#[test]
fn a_step_of_the_clock_expires_nothing_until_it_is_confirmed() {
    let mut rig = Rig::new();
    let alert = rig
        .submit("a", Precedence::Priority, Ask::Receipt, "radio:1")
        .id;
    rig.now.wall = rig.now.wall.plus(Duration::from_secs(10 * 365 * 24 * 3600));
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.delivery(alert).end, None);
    assert!(matches!(rig.alarms.as_slice(), [Alarm::ClockStepped(_)]));
    rig.ask(Request::ConfirmClock).unwrap();
    assert_eq!(rig.delivery(alert).end, Some(End::Expired));
}

#[test]
fn an_answer_after_the_end_counts_and_is_late() {
    let mut rig = Rig::new();
    rig.up(1);
    let alert = rig
        .submit("a", Precedence::Flash, Ask::Acknowledgement, "radio:1")
        .id;
    rig.play(rig.last_send().0, 1, Some(1));
    rig.ask(Request::Cancel {
        alert,
        because: "over".into(),
    })
    .unwrap();
    rig.says(1, "1", 1);
    let delivery = rig.delivery(alert);
    assert_eq!((delivery.rung, delivery.late), (Rung::Answered, true));
}

#[test]
fn what_was_never_sent_cannot_be_answered() {
    let mut rig = Rig::new();
    rig.up(1);
    let alert = rig
        .submit("a", Precedence::Flash, Ask::Acknowledgement, "radio:1")
        .id;
    let refused = Step::Refused(narrowcast_protocol::session::Refusal::NoCarrier);
    rig.input(Input::Step {
        id: rig.last_send().0,
        step: refused,
    });
    rig.says(1, "1", 1);
    assert_eq!(rig.delivery(alert).rung, Rung::Queued);
}
