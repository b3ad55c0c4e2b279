//! Trunked carriers: polls, answer sets, budgets, and radios that were away.

use super::*;
use crate::engine::views::Plan;
use crate::model::evidence::AnsweredBy;
use crate::model::policy::Ceilings;

const GROUP: &str = "group:fire";

fn trunked(change: impl FnOnce(&mut Policy)) -> Rig {
    let mut policy = policy();
    policy.stations[0].kind = CarrierKind::Control;
    policy.collection.first_poll = Duration::ZERO;
    policy.group_repeats = 1;
    change(&mut policy);
    let mut rig = Rig::with(policy);
    let radios = (1..=30).map(|id| {
        RosterEntry::Radio(Radio {
            form: TextForm::Udt,
            ..a_radio(id)
        })
    });
    let group = RosterEntry::Group(Group {
        id: "fire".into(),
        name: "Fire".into(),
        node: "city".parse().unwrap(),
        talkgroup: GroupId::new(9).ok(),
        members: vec![radio(1), radio(2), radio(3)],
    });
    let entries = radios.chain([group]).collect();
    rig.ask(Request::ImportRoster {
        entries,
        replace: true,
    })
    .unwrap();
    rig
}

impl Rig {
    fn room(&mut self, room: u8) {
        self.input(Input::Carrier {
            id: carrier(1),
            state: CarrierState::Up,
            room,
        });
    }

    /// The radios of the polls that were handed over, with their jobs.
    fn polls(&self) -> Vec<(JobId, Vec<u32>)> {
        let of = |job: &Job| match job {
            Job::Collect { id, radios, .. } => {
                Some((*id, radios.iter().map(|radio| radio.get()).collect()))
            }
            _ => None,
        };
        self.jobs.iter().filter_map(|(_, job)| of(job)).collect()
    }

    fn heard(&mut self, what: HeardKind) {
        self.input(Input::Heard(Heard {
            carrier: carrier(1),
            what,
            owed: vec![],
        }));
    }

    fn polled(&mut self, from: u32, code: u16) {
        let to = narrowcast_protocol::air::Address::Radio(radio(OWN));
        self.heard(HeardKind::Status {
            from: radio(from),
            to,
            code,
            polled: true,
        });
    }

    fn done(&mut self, job: JobId) {
        self.input(Input::Step {
            id: job,
            step: Step::Done,
        });
    }

    /// Radios register and tell the status they have.
    fn register(&mut self, ids: std::ops::RangeInclusive<u32>, status: u16) {
        for id in ids {
            self.heard(HeardKind::Registered { from: radio(id) });
        }
        self.room(8);
        let polls = self.polls();
        for (job, radios) in polls {
            for id in radios {
                self.polled(id, status);
            }
            self.done(job);
        }
        self.jobs.clear();
    }

    fn plan(&mut self, target: &str) -> Plan {
        let submit = self.a_submit("山火", Precedence::Routine, Ask::Acknowledgement, target);
        match self.ask(Request::DryRun(submit)).unwrap() {
            Response::Plan(plan) => *plan,
            other => panic!("{other:?}"),
        }
    }

    fn answered_by(&mut self, alert: AlertId) -> Vec<(u32, AnsweredBy)> {
        let all = Request::Deliveries {
            alert,
            from: DeliveryIndex(0),
            limit: 100,
        };
        let Response::Deliveries(views) = self.ask(all).unwrap() else {
            panic!("no deliveries");
        };
        let answers = views.into_iter();
        answers
            .filter_map(|view| Some((view.radio?.get(), view.answer?.by)))
            .collect()
    }
}

#[test]
fn after_a_group_text_the_members_are_polled_and_who_answered_by_himself_is_skipped() {
    let mut rig = trunked(|_| {});
    rig.room(8);
    rig.register(1..=3, 100);
    let alert = rig
        .submit("山火", Precedence::Flash, Ask::Acknowledgement, GROUP)
        .id;
    let (job, to, text, _) = rig.last_send();
    assert_eq!(to, 9);
    assert!(text.contains("回A1收到"), "the text names the set: {text}");
    rig.input(Input::Sent(job));
    rig.presses(2, 1);
    rig.done(job);
    rig.room(8);
    let (poll, radios) = rig.polls().pop().unwrap();
    assert_eq!(radios, [1, 3]);
    rig.polled(1, 1);
    rig.polled(3, 100);
    rig.done(poll);
    assert_eq!(
        rig.answered_by(alert),
        [(1, AnsweredBy::PolledStatus(1)), (2, AnsweredBy::Status(1))]
    );
    rig.room(8);
    let (_, to, _, _) = rig.last_send();
    assert_eq!(to, 3, "the one with an old value gets the text alone");
}

#[test]
fn a_polled_value_that_may_have_stood_there_before_answers_nothing() {
    let mut rig = trunked(|_| {});
    rig.room(8);
    // Set A holds 1 to 4: radio 1 has had a 1 since yesterday, radio 2 is not known.
    rig.register(1..=1, 1);
    let alert = rig
        .submit("山火", Precedence::Flash, Ask::Acknowledgement, GROUP)
        .id;
    let (job, ..) = rig.last_send();
    rig.input(Input::Sent(job));
    rig.done(job);
    rig.room(8);
    let (poll, _) = rig.polls().pop().unwrap();
    rig.polled(1, 1);
    rig.polled(2, 1);
    rig.done(poll);
    assert_eq!(rig.answered_by(alert), []);
    rig.presses(1, 1);
    assert_eq!(rig.answered_by(alert), [(1, AnsweredBy::Status(1))]);
}

#[test]
fn each_open_alert_holds_a_set_of_its_own_and_the_one_used_longest_ago_is_next() {
    let mut rig = trunked(|_| {});
    rig.room(8);
    let first = rig.submit("一", Precedence::Flash, Ask::Acknowledgement, "radio:1");
    let second = rig.submit("二", Precedence::Flash, Ask::Acknowledgement, "radio:1");
    let set = |rig: &mut Rig, id| rig.view(id).answer_set;
    assert_eq!(set(&mut rig, first.id), Some('A'));
    assert_eq!(set(&mut rig, second.id), Some('B'));
    rig.ask(Request::Cancel {
        alert: first.id,
        because: "x".into(),
    })
    .unwrap();
    for expected in ['C', 'D', 'E', 'F', 'A'] {
        rig.pass(Duration::from_secs(1));
        let next = rig.submit("三", Precedence::Flash, Ask::Acknowledgement, "radio:2");
        assert_eq!(set(&mut rig, next.id), Some(expected));
    }
    let plan = rig.plan("radio:3");
    assert!(plan.answer_set.is_none() && plan.words_only, "none is free");
}

#[test]
fn a_status_answers_the_alert_that_holds_its_set_and_no_other() {
    let mut rig = trunked(|_| {});
    rig.room(8);
    let alert = |rig: &mut Rig, text: &str| {
        let receipt = rig.submit(text, Precedence::Flash, Ask::Acknowledgement, "radio:1");
        let (job, ..) = rig.last_send();
        rig.play(job, 1, Some(1));
        let polls = rig.polls();
        polls.into_iter().for_each(|(job, _)| rig.done(job));
        receipt.id
    };
    let yesterday = alert(&mut rig, "昨天");
    rig.ask(Request::Cancel {
        alert: yesterday,
        because: "over".into(),
    })
    .unwrap();
    rig.pass(Duration::from_secs(20));
    let today = alert(&mut rig, "今天");
    assert_eq!(rig.view(today).answer_set, Some('B'));
    rig.presses(1, 1);
    assert_eq!(rig.answered_by(today), []);
    rig.presses(1, 5);
    assert_eq!(rig.answered_by(today), [(1, AnsweredBy::Status(5))]);
}

#[test]
fn a_silent_radio_is_asked_thrice_and_then_gets_the_text_alone() {
    let mut rig = trunked(|_| {});
    rig.room(8);
    rig.register(1..=3, 100);
    rig.submit("山火", Precedence::Flash, Ask::Acknowledgement, GROUP);
    let (job, ..) = rig.last_send();
    rig.input(Input::Sent(job));
    rig.done(job);
    for _ in 0..3 {
        rig.room(8);
        let (poll, radios) = rig.polls().pop().unwrap();
        assert!(radios.contains(&3));
        for id in radios.into_iter().filter(|id| *id != 3) {
            rig.polled(id, 1);
        }
        rig.done(poll);
    }
    rig.room(8);
    assert_eq!(rig.last_send().1, 3);
}

#[test]
fn where_radios_cannot_be_polled_they_are_admitted_until_the_alert_is_over() {
    let mut rig = trunked(|policy| policy.collection.polls = false);
    rig.room(8);
    let alert = rig
        .submit("山火", Precedence::Flash, Ask::Acknowledgement, GROUP)
        .id;
    let (job, ..) = rig.last_send();
    rig.input(Input::Sent(job));
    rig.done(job);
    let admitted = rig.jobs.iter().find_map(|(_, job)| match job {
        Job::Admit { id, radios, .. } => Some((*id, radios.len())),
        _ => None,
    });
    let (id, count) = admitted.unwrap();
    assert_eq!(count, 3);
    for from in 1..=3 {
        rig.presses(from, 1);
    }
    assert_eq!(rig.view(alert).counts.answered, 3);
    let withdrawn = rig.jobs.iter().any(|(_, job)| *job == Job::Withdraw(id));
    assert!(withdrawn);
}

#[test]
fn routine_stops_at_its_ceiling_while_flash_goes_on() {
    let mut rig = trunked(|policy| {
        policy.ceilings = Ceilings {
            percent: [100, 90, 80, 50],
            window: Duration::from_secs(2),
        };
    });
    rig.room(200);
    for id in 1..=20 {
        let to = format!("radio:{id}");
        rig.submit("例行", Precedence::Routine, Ask::Receipt, &to);
    }
    let sent = rig.sends().len();
    assert!((1..20).contains(&sent), "{sent} went at once");
    rig.submit("山火", Precedence::Flash, Ask::Receipt, "radio:25");
    assert_eq!(rig.last_send().1, 25);
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.sends().len(), 21, "the others follow as time passes");
}

#[test]
fn a_radio_that_comes_back_gets_the_newest_first_and_is_told_how_many_more() {
    let mut rig = trunked(|_| {});
    for number in 0..8 {
        let text = format!("第{number}");
        rig.submit(&text, Precedence::Routine, Ask::Receipt, "radio:1");
        rig.pass(Duration::from_secs(1));
    }
    rig.heard(HeardKind::Registered { from: radio(1) });
    let mut texts = Vec::new();
    for _ in 0..8 {
        rig.room(4);
        rig.pass(Duration::from_millis(1));
        let Some((job, _, text, _)) = rig.sends().pop() else {
            break;
        };
        if texts.last() == Some(&text) {
            break;
        }
        texts.push(text);
        rig.play(job, 1, Some(1));
    }
    assert_eq!(texts.len(), 5, "{texts:?}");
    assert!(
        texts[0].contains("第7") && texts[4].contains("第3"),
        "{texts:?}"
    );
    assert!(texts[4].contains("另有3条"), "{texts:?}");
    rig.pass(Duration::from_secs(601));
    rig.room(4);
    assert!(rig.last_send().2.contains("第2"));
}

#[test]
fn a_prediction_is_on_record_and_the_actual_stands_beside_it() {
    let mut rig = trunked(|_| {});
    rig.room(8);
    rig.register(1..=3, 100);
    let alert = rig
        .submit("山火", Precedence::Flash, Ask::Acknowledgement, GROUP)
        .id;
    let view = rig.view(alert);
    let used = view.carriers.first().unwrap();
    assert!(used.predicted_airtime_ms > 0 && used.predicted_finish_ms > 0);
    assert_eq!(used.airtime_ms % 60, 0);
    assert!(used.airtime_ms > 0, "the group text was started");
}
