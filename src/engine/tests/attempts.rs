//! Attempts: in whatever order their reports come, how often they are made, and how they are
//! worded.

use proptest::prelude::*;

use super::*;
use crate::model::delivery::Outcome;
use crate::model::facts::Fact;

/// A rig whose radio 1 confirms nothing.
fn unconfirming() -> Rig {
    let mut rig = Rig::new();
    rig.roster([Radio {
        confirms: false,
        ..a_radio(1)
    }]);
    rig.up(1);
    rig
}

impl Rig {
    pub(super) fn roster(&mut self, radios: impl IntoIterator<Item = Radio>) {
        let entries = radios.into_iter().map(RosterEntry::Radio).collect();
        let replace = false;
        self.ask(Request::ImportRoster { entries, replace })
            .unwrap();
    }

    fn step(&mut self, id: JobId, step: Step) {
        self.input(Input::Step { id, step });
    }

    /// How many parts the attempt that was started last has.
    fn parts(&self) -> u8 {
        let started = self.facts.iter().rev().find_map(|entry| match entry.fact {
            Fact::AttemptStarted { parts, .. } => Some(parts),
            _ => None,
        });
        started.unwrap()
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let ended = self.facts.iter().filter_map(|entry| match entry.fact {
            Fact::AttemptEnded { outcome, .. } => Some(outcome),
            _ => None,
        });
        ended.collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// What a session and a port can say of a job, in any order, some of it not at all, and the
    /// end last.
    #[test]
    fn the_rung_is_the_highest_report_in_whatever_order_the_reports_come(
        confirms in any::<bool>(),
        reports in Just(vec![0u8, 1, 2, 3]).prop_shuffle(),
        count in 0usize..=4,
        lost in any::<bool>(),
    ) {
        let mut rig = if confirms { Rig::new() } else { unconfirming() };
        rig.up(1);
        let alert = rig.submit("大坝溃口", Precedence::Flash, Ask::Receipt, "radio:1").id;
        let (job, ..) = rig.last_send();
        let mut highest = Rung::Queued;
        for report in &reports[..count] {
            let rung = match report {
                0 => { rig.input(Input::Sent(job)); Rung::Sent }
                1 => { rig.step(job, Step::Accepted); Rung::Accepted }
                2 => { rig.step(job, Step::OnAir); Rung::Transmitted }
                _ => { rig.step(job, Step::Received { by: radio(1) }); Rung::Received }
            };
            highest = highest.max(rung);
        }
        rig.step(job, if lost { Step::Lost } else { Step::Done });
        rig.up(1);
        prop_assert_eq!(rig.delivery(alert).rung, highest);
        prop_assert_eq!(rig.sends().len(), 1, "nothing follows within the gap");
        rig.pass(Duration::from_secs(35));
        let again = highest < Rung::Received;
        prop_assert_eq!(rig.sends().len(), if again { 2 } else { 1 });
    }
}

#[test]
fn a_radio_that_confirms_nothing_gets_the_text_twice_and_no_more() {
    let mut rig = unconfirming();
    let alert = rig
        .submit(
            "东山林场起火",
            Precedence::Flash,
            Ask::Acknowledgement,
            "radio:1",
        )
        .id;
    for made in 1..=2 {
        assert_eq!(rig.sends().len(), made);
        let (job, ..) = rig.last_send();
        // The session is through before the port has written, as sessions are.
        rig.step(job, Step::Accepted);
        rig.input(Input::Sent(job));
        rig.step(job, Step::Done);
        rig.up(1);
        rig.pass(Duration::from_secs(19));
        assert_eq!(rig.sends().len(), made, "not sooner than 20 s");
        rig.pass(Duration::from_secs(20));
    }
    rig.pass(Duration::from_secs(3_600));
    assert_eq!(rig.sends().len(), 2);
    assert_eq!(rig.delivery(alert).rung, Rung::Accepted);
    assert_eq!(rig.outcomes(), [Outcome::Evidenced; 2]);
}

#[test]
fn a_link_that_is_lost_is_no_repetition_and_is_tried_until_the_text_was_sent_twice() {
    let mut rig = unconfirming();
    rig.submit("东山林场起火", Precedence::Flash, Ask::Receipt, "radio:1");
    for made in 1..=6 {
        assert_eq!(rig.sends().len(), made);
        let (job, ..) = rig.last_send();
        rig.step(job, Step::Lost);
        rig.up(1);
        rig.pass(Duration::from_secs(1_000));
    }
    assert_eq!(rig.sends().len(), 6, "six times at most");
}

#[test]
fn what_never_left_does_not_count_and_goes_as_soon_as_there_is_room() {
    use narrowcast_protocol::session::Refusal as JobRefusal;
    let mut rig = Rig::new();
    rig.up(1);
    let alert = rig
        .submit("东山林场起火", Precedence::Flash, Ask::Receipt, "radio:1")
        .id;
    for made in 1..=20 {
        assert_eq!(rig.sends().len(), made);
        let (job, ..) = rig.last_send();
        rig.step(job, Step::Refused(JobRefusal::NoRoom));
        assert_eq!(
            rig.sends().len(),
            made,
            "the carrier said that it has no room"
        );
        rig.up(1);
    }
    assert_eq!(rig.sends().len(), 21);
    assert!(
        rig.outcomes()
            .iter()
            .all(|known| *known == Outcome::Withdrawn)
    );
    assert_eq!(rig.delivery(alert).end, None);
}

/// The message numbers of the last text sent, part by part as they were handed over.
fn references(rig: &Rig) -> Vec<u8> {
    let of_text = |(_, job): &(Instant, Job)| match job {
        Job::Send {
            transmission: Transmission::Text(text),
            ..
        } => Some(text.reference),
        _ => None,
    };
    rig.jobs.iter().filter_map(of_text).collect()
}

#[test]
fn another_form_begins_anew_with_new_numbers_and_the_same_form_goes_on() {
    let mut policy = policy();
    policy.stations[1].kind = CarrierKind::Backhaul;
    let mut rig = Rig::of(policy);
    rig.roster([Radio {
        home: None,
        ..a_radio(1)
    }]);
    rig.up(1);
    rig.up(2);
    rig.present(1, 1);
    let text = "沿公路撤离到体育馆集合,注意风向变化".repeat(6);
    let alert = rig
        .submit(&text, Precedence::Flash, Ask::Receipt, "radio:1")
        .id;
    let (first, ..) = rig.last_send();
    rig.play(first, 1, Some(1));
    let (second, ..) = rig.last_send();
    assert_ne!(first, second, "the text has two parts and more");
    rig.step(second, Step::Lost);
    rig.up(1);
    rig.pass(Duration::from_secs(25));
    let numbers = references(&rig);
    assert_eq!(
        numbers[2], numbers[1],
        "the same wording goes on where it stopped"
    );
    // The radio is heard at the trunked site: there the text is worded and split anew.
    let (third, ..) = rig.last_send();
    rig.step(third, Step::Lost);
    rig.present(1, 2);
    rig.pass(Duration::from_secs(200));
    let numbers = references(&rig);
    let (fourth, _, _, over) = rig.last_send();
    assert_eq!(over, carrier(2));
    assert!(numbers[3] > numbers[2], "{numbers:?}");
    rig.play(fourth, 2, Some(1));
    let parts = rig.parts();
    for part in 2..=parts {
        assert!(
            rig.delivery(alert).rung < Rung::Received,
            "part {part} is missing"
        );
        let (job, ..) = rig.last_send();
        rig.play(job, 2, Some(1));
    }
    assert_eq!(rig.delivery(alert).rung, Rung::Received);
}

#[test]
fn send_again_sends_to_radios_that_confirm_nothing_and_to_members_of_a_talkgroup() {
    let mut rig = unconfirming();
    let alert = rig
        .submit("集合", Precedence::Priority, Ask::Nothing, "group:fire")
        .id;
    let (job, to, ..) = rig.last_send();
    assert_eq!(to, 9, "the talkgroup first");
    rig.play(job, 1, None);
    rig.pass(Duration::from_secs(6));
    let (job, ..) = rig.last_send();
    rig.play(job, 1, None);
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.view(alert).ended_at.map(|_| ()), Some(()));
    let before = rig.sends().len();
    assert_eq!(rig.ask(Request::Resend { alert }), Ok(Response::Resent(2)));
    for _ in 0..2 {
        let (job, ..) = rig.last_send();
        rig.play(job, 1, None);
    }
    let sent: Vec<u32> = rig.sends()[before..]
        .iter()
        .map(|(_, to, ..)| *to)
        .collect();
    assert_eq!(sent, [1, 2], "to each of them alone");
    rig.pass(Duration::from_secs(4 * 3_600));
    let ended = rig.facts.iter().filter(
        |entry| matches!(entry.fact, Fact::AlertEnded { alert: over, .. } if over == alert),
    );
    assert_eq!(ended.count(), 2, "it comes to its end again");
}

#[test]
fn send_again_leaves_an_answer_set_to_the_alert_that_has_it_now() {
    let mut policy = policy();
    policy.stations[0].kind = CarrierKind::Control;
    policy.answer_sets.truncate(1);
    let mut rig = Rig::of(policy);
    rig.up(1);
    let set_of = |rig: &mut Rig, alert| rig.view(alert).answer_set;
    let first = rig
        .submit("一", Precedence::Flash, Ask::Acknowledgement, "radio:1")
        .id;
    assert_eq!(set_of(&mut rig, first), Some('A'));
    let (job, ..) = rig.last_send();
    rig.play(job, 1, Some(1));
    rig.presses(1, 1);
    assert!(rig.view(first).ended_at.is_some());
    let second = rig
        .submit("二", Precedence::Flash, Ask::Acknowledgement, "radio:2")
        .id;
    assert_eq!(set_of(&mut rig, second), Some('A'));
    rig.says(1, "nothing", 7);
    let third = rig
        .submit("三", Precedence::Flash, Ask::Acknowledgement, "radio:3")
        .id;
    assert_eq!(
        set_of(&mut rig, third),
        None,
        "both sets cannot be told apart"
    );
    assert_eq!(
        rig.ask(Request::Resend { alert: first }),
        Ok(Response::Resent(0))
    );
    assert_eq!(set_of(&mut rig, second), Some('A'));
}
