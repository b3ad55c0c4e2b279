//! Which alert an answer means: marks, repetitions, statuses of before.

use super::*;

#[test]
fn an_answer_counts_only_from_a_recipient_and_only_when_it_can_mean_one_alert() {
    let mut rig = Rig::new();
    rig.up(1);
    let first = rig
        .submit("a", Precedence::Flash, Ask::Acknowledgement, "radio:1")
        .id;
    rig.play(rig.last_send().0, 1, Some(1));
    rig.says(2, "1", 1);
    let nothing_asked = |fact: &Fact| {
        matches!(
            fact,
            Fact::ReportHeard {
                note: ReportNote::NothingAsked,
                ..
            }
        )
    };
    assert!(
        rig.facts.iter().any(|entry| nothing_asked(&entry.fact)),
        "a stranger's answer is a report"
    );
    let second = rig.submit(
        "b",
        Precedence::Flash,
        Ask::Answers(vec!["去".into(), "不去".into()]),
        "radio:1",
    );
    rig.play(rig.last_send().0, 1, Some(1));
    rig.says(1, "1", 2);
    assert_eq!(
        rig.delivery(first).rung,
        Rung::Received,
        "it could mean either alert"
    );
    rig.says(1, &format!("{} 2", second.mark), 3);
    assert_eq!(rig.delivery(second.id).answer.unwrap().choice, 2);
    rig.says(1, "收到", 4);
    assert_eq!(
        rig.delivery(first).rung,
        Rung::Answered,
        "now it can only mean the first"
    );
}

#[test]
fn a_text_heard_twice_is_recorded_once_and_acknowledged_twice() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.says(1, "桥断了", 8);
    rig.says(1, "桥断了", 8);
    let reports = rig
        .facts
        .iter()
        .filter(|entry| matches!(entry.fact, Fact::ReportHeard { .. }))
        .count();
    let acknowledged = rig
        .jobs
        .iter()
        .filter(|(_, job)| matches!(job, Job::Acknowledge { .. }))
        .count();
    assert_eq!((reports, acknowledged), (1, 2));
}

#[test]
fn a_status_pressed_before_an_alert_does_not_swallow_the_answer_to_it() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.presses(1, 1);
    rig.pass(Duration::from_secs(30));
    let alert = rig
        .submit("a", Precedence::Flash, Ask::Acknowledgement, "radio:1")
        .id;
    rig.play(rig.last_send().0, 1, Some(1));
    rig.presses(1, 1);
    rig.presses(1, 1);
    assert_eq!(rig.delivery(alert).rung, Rung::Answered);
    let answers = |entry: &&Entry| {
        matches!(
            &entry.fact,
            Fact::Evidenced {
                evidence: Evidence::Answered(_),
                ..
            }
        )
    };
    assert_eq!(rig.facts.iter().filter(answers).count(), 1);
}

#[test]
fn a_link_layer_that_waits_for_the_answer_to_a_text_acknowledgement_gets_it() {
    let mut rig = Rig::new();
    rig.up(1);
    let acknowledgement = Acknowledgement::Data {
        from: radio(OWN),
        to: radio(1),
        sap: 4,
        sequence: 2,
    };
    let owed = vec![Owed {
        acknowledgement,
        until: rig.now.mono + Duration::from_secs(2),
    }];
    let what = HeardKind::TextAcknowledged {
        from: radio(1),
        reference: 0,
    };
    rig.input(Input::Heard(Heard {
        carrier: carrier(1),
        what,
        owed,
    }));
    assert!(
        rig.jobs
            .iter()
            .any(|(_, job)| matches!(job, Job::Acknowledge { .. }))
    );
}

#[test]
fn with_more_open_alerts_than_marks_no_radio_hears_a_mark_twice_and_its_answer_counts() {
    let mut rig = Rig::new();
    rig.up(1);
    let mut first = None;
    for _ in 0..Mark::COUNT {
        let receipt = rig.submit("a", Precedence::Flash, Ask::Acknowledgement, "radio:1");
        rig.play(rig.last_send().0, 1, Some(1));
        first.get_or_insert(receipt);
    }
    let first = first.unwrap();
    // The 201st open alert goes to another radio: it may share any mark.
    let other = rig.submit("b", Precedence::Flash, Ask::Acknowledgement, "radio:2");
    rig.play(rig.last_send().0, 1, Some(2));
    assert_eq!(other.mark, first.mark, "the one given longest ago");
    // The 202nd goes to that radio, too: not under the same mark.
    let third = rig.submit("c", Precedence::Flash, Ask::Acknowledgement, "radio:2");
    rig.play(rig.last_send().0, 1, Some(2));
    assert_ne!(third.mark, other.mark);
    rig.says(2, &format!("{} 1", other.mark), 1);
    assert_eq!(rig.delivery(other.id).rung, Rung::Answered);
    assert_eq!(rig.delivery(third.id).rung, Rung::Received);
    assert_eq!(
        rig.delivery(first.id).rung,
        Rung::Received,
        "asked of another radio"
    );
    rig.says(1, &format!("{} 1", first.mark), 1);
    assert_eq!(rig.delivery(first.id).rung, Rung::Answered);
}

#[test]
fn a_radio_with_more_open_alerts_than_marks_answers_under_a_shared_mark_by_a_report() {
    let mut rig = Rig::new();
    rig.up(1);
    let mut receipts = Vec::new();
    for _ in 0..=Mark::COUNT {
        receipts.push(rig.submit("a", Precedence::Flash, Ask::Acknowledgement, "radio:1"));
        rig.play(rig.last_send().0, 1, Some(1));
    }
    let (first, last) = (&receipts[0], &receipts[receipts.len() - 1]);
    assert_eq!(first.mark, last.mark);
    rig.says(1, &format!("{} 1", last.mark), 1);
    assert_eq!(rig.delivery(first.id).rung, Rung::Received);
    assert_eq!(rig.delivery(last.id).rung, Rung::Received);
    let reported = rig.facts.iter().find_map(|entry| match &entry.fact {
        Fact::ReportHeard {
            note: ReportNote::Ambiguous(alerts),
            ..
        } => Some(alerts.clone()),
        _ => None,
    });
    assert_eq!(reported, Some(vec![first.id, last.id]));
}

#[test]
fn a_mark_rests_as_long_as_it_can_before_it_is_given_again() {
    let mut rig = Rig::new();
    rig.up(1);
    let mut marks = std::collections::BTreeSet::new();
    for _ in 0..Mark::COUNT {
        let receipt = rig.submit("a", Precedence::Flash, Ask::Acknowledgement, "radio:1");
        let because = "over".to_owned();
        rig.ask(Request::Cancel {
            alert: receipt.id,
            because,
        })
        .unwrap();
        assert!(marks.insert(receipt.mark), "given twice while others rest");
    }
}
