//! What the engine promises, tried on the engine alone with stations that do as they are told.

use std::time::Duration;

use narrowcast_protocol::air::{
    Acknowledgement, CarrierId, CarrierKind, GroupId, Heard, HeardKind, JobId, Owed, RadioId, Slot,
    StationId, TextForm, Transmission,
};
use narrowcast_protocol::session::{CarrierState, Job, Step};
use narrowcast_protocol::time::Instant;

use super::io::{
    Credential, Effect, Input, Now, Receipt, Refusal, Request, Response, Submit, Ticket,
};
use super::views::{AlertView, DeliveryView};
use super::{Alarm, Engine};
use crate::model::alert::{Ask, Mark, Precedence, Target};
use crate::model::delivery::{End, FailReason, Rung};
use crate::model::evidence::Evidence;
use crate::model::facts::{Entry, Fact, Record, ReportNote};
use crate::model::ids::{AlertId, DeliveryIndex, Seq, TokenId};
use crate::model::language::Language;
use crate::model::policy::{Policy, StationPolicy};
use crate::model::roster::{Group, Node, Radio, RosterEntry};
use crate::model::token::{Role, Token};
use crate::model::wall::Wall;

mod alarms;
mod answers;
mod attempts;
mod fence;
mod hindrances;
mod languages;
mod people;
mod routing;
mod sizes;
mod systems;
mod telephones;
mod trunked;
mod warnings;

const OWN: u32 = 16_000_001;

fn carrier(station: u32) -> CarrierId {
    CarrierId {
        station: StationId(station),
        slot: Slot::One,
    }
}

fn radio(id: u32) -> RadioId {
    RadioId::new(id).unwrap()
}

/// An engine whose facts are durable at once, with every output kept.
struct Rig {
    engine: Engine,
    now: Now,
    facts: Vec<Entry>,
    jobs: Vec<(Instant, Job)>,
    alarms: Vec<Alarm>,
    replies: Vec<Result<Response, Refusal>>,
    ids: u128,
}

impl Rig {
    fn with(policy: Policy) -> Self {
        let now = Now {
            mono: Instant::ZERO,
            wall: Wall::from_millis(1_800_000_000_000),
        };
        let mut rig = Self {
            engine: Engine::new(now, [7; 32]),
            now,
            facts: Vec::new(),
            jobs: Vec::new(),
            alarms: Vec::new(),
            replies: Vec::new(),
            ids: 1 << 80,
        };
        rig.engine.resume(policy, "test", now);
        rig.drain();
        rig
    }

    fn new() -> Self {
        Self::of(policy())
    }

    /// With the usual roster.
    fn of(policy: Policy) -> Self {
        let mut rig = Self::with(policy);
        let entries =
            (1..=9)
                .map(|id| RosterEntry::Radio(a_radio(id)))
                .chain([RosterEntry::Group(Group {
                    id: "fire".into(),
                    name: "Fire".into(),
                    node: "city".parse().unwrap(),
                    talkgroup: GroupId::new(9).ok(),
                    members: vec![radio(1), radio(2)],
                })]);
        rig.ask(Request::ImportRoster {
            entries: entries.collect(),
            replace: true,
        })
        .unwrap();
        rig
    }

    fn input(&mut self, input: Input) {
        self.engine.handle(input, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll() {
            match output.effect {
                Effect::Persist { entries } => self.facts.extend(entries),
                Effect::Reply { result, .. } => self.replies.push(result),
                Effect::Transmit(job) => self.jobs.push((self.now.mono, job)),
                Effect::Alarm(alarm) => self.alarms.push(alarm),
            }
        }
    }

    fn request(&mut self, credential: Credential, request: Request) -> Result<Response, Refusal> {
        self.input(Input::Request {
            ticket: Ticket(1),
            credential,
            request: Box::new(request),
        });
        self.replies.pop().unwrap()
    }

    fn ask(&mut self, request: Request) -> Result<Response, Refusal> {
        self.request(Credential::System, request)
    }

    fn pass(&mut self, duration: Duration) {
        let end = self.now.mono + duration;
        while let Some(due) = self.engine.deadline().filter(|due| *due <= end) {
            self.at(due.max(self.now.mono));
            self.input(Input::Tick);
        }
        self.at(end);
        self.input(Input::Tick);
    }

    fn at(&mut self, mono: Instant) {
        self.now = Now {
            mono,
            wall: self.now.wall.plus(mono.since(self.now.mono)),
        };
    }

    fn up(&mut self, station: u32) {
        self.input(Input::Carrier {
            id: carrier(station),
            state: CarrierState::Up,
            room: 1,
        });
    }

    fn gone(&mut self, station: u32) {
        self.input(Input::Carrier {
            id: carrier(station),
            state: CarrierState::Gone,
            room: 0,
        });
    }

    /// A radio shows a sign of life.
    fn present(&mut self, from: u32, station: u32) {
        let from = radio(from);
        self.input(Input::Heard(Heard {
            carrier: carrier(station),
            what: HeardKind::Presence { from },
            owed: vec![],
        }));
    }

    fn submit(&mut self, text: &str, precedence: Precedence, ask: Ask, target: &str) -> Receipt {
        let submit = self.a_submit(text, precedence, ask, target);
        match self.ask(Request::Submit(submit)) {
            Ok(Response::Accepted(receipt)) => receipt,
            other => panic!("{other:?}"),
        }
    }

    fn a_submit(&mut self, text: &str, precedence: Precedence, ask: Ask, target: &str) -> Submit {
        self.ids += 1;
        Submit {
            id: AlertId(ulid::Ulid::from(self.ids)),
            text: text.into(),
            precedence,
            ask,
            targets: vec![target.parse().unwrap()],
            expires_at: None,
            exercise: false,
            sms: true,
            station: None,
            idempotency: None,
            language: None,
            translations: Vec::new(),
        }
    }

    fn sends(&self) -> Vec<(JobId, u32, String, CarrierId)> {
        let text = |job: &Job| match job {
            Job::Send {
                id,
                carrier,
                transmission: Transmission::Text(text),
            } => Some((*id, text.to.get(), text.text.clone(), *carrier)),
            _ => None,
        };
        self.jobs.iter().filter_map(|(_, job)| text(job)).collect()
    }

    fn last_send(&self) -> (JobId, u32, String, CarrierId) {
        self.sends().pop().unwrap()
    }

    /// The station writes the job, reports nothing, and is free again.
    fn play(&mut self, job: JobId, station: u32, confirmed_by: Option<u32>) {
        self.input(Input::Sent(job));
        if let Some(by) = confirmed_by {
            self.input(Input::Step {
                id: job,
                step: Step::Received { by: radio(by) },
            });
        }
        self.input(Input::Step {
            id: job,
            step: Step::Done,
        });
        self.up(station);
    }

    fn step_lost(&mut self, id: JobId) {
        let step = Step::Lost;
        self.input(Input::Step { id, step });
    }

    /// A radio answers a poll that nobody made: its status and nothing more is heard.
    fn presses_once(&mut self, from: u32) {
        let to = narrowcast_protocol::air::Address::Radio(radio(OWN));
        let what = HeardKind::Status {
            from: radio(from),
            to,
            code: 3,
            polled: true,
        };
        self.input(Input::Heard(Heard {
            carrier: carrier(1),
            what,
            owed: vec![],
        }));
    }

    fn says(&mut self, from: u32, text: &str, reference: u16) {
        let what = HeardKind::Text {
            from: radio(from),
            to: narrowcast_protocol::air::Address::Radio(radio(OWN)),
            text: text.into(),
            reference: Some(reference),
        };
        let acknowledgement = Acknowledgement::Tms {
            from: radio(OWN),
            to: radio(from),
            reference: 3,
        };
        let owed = vec![Owed {
            acknowledgement,
            until: self.now.mono + Duration::from_secs(2),
        }];
        self.input(Input::Heard(Heard {
            carrier: carrier(1),
            what,
            owed,
        }));
    }

    fn presses(&mut self, from: u32, code: u16) {
        let to = narrowcast_protocol::air::Address::Radio(radio(OWN));
        let what = HeardKind::Status {
            from: radio(from),
            to,
            code,
            polled: false,
        };
        self.input(Input::Heard(Heard {
            carrier: carrier(1),
            what,
            owed: vec![],
        }));
    }

    fn distress(&mut self, from: u32, station: u32) {
        let acknowledgement = Acknowledgement::Emergency {
            from: radio(OWN),
            to: radio(from),
        };
        let owed = vec![Owed {
            acknowledgement,
            until: self.now.mono + Duration::from_secs(2),
        }];
        let what = HeardKind::Emergency {
            from: radio(from),
            to: 9,
        };
        self.input(Input::Heard(Heard {
            carrier: carrier(station),
            what,
            owed,
        }));
    }

    fn view(&mut self, id: AlertId) -> AlertView {
        match self.ask(Request::Alert(id)).unwrap() {
            Response::Alert(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    fn delivery(&mut self, alert: AlertId) -> DeliveryView {
        match self
            .ask(Request::Deliveries {
                alert,
                from: DeliveryIndex(0),
                limit: 1,
            })
            .unwrap()
        {
            Response::Deliveries(mut views) => views.remove(0),
            other => panic!("{other:?}"),
        }
    }

    /// The engine that a restart after the first `durable` facts would have.
    fn restart(&mut self, durable: usize) {
        self.restart_with(policy(), durable);
    }

    fn restart_with(&mut self, policy: Policy, durable: usize) {
        let mut engine = Engine::new(self.now, [9; 32]);
        self.facts.truncate(durable);
        for (entry, seq) in self.facts.iter().zip(1..) {
            engine.replay(&Record {
                seq: Seq(seq),
                jurisdiction: "test".into(),
                epoch: 1,
                at: entry.at,
                fact: entry.fact.clone(),
                hash: [0; 32],
            });
        }
        self.engine = engine;
        self.jobs.clear();
        self.engine.resume(policy, "test", self.now);
        self.drain();
    }
}

fn a_radio(id: u32) -> Radio {
    Radio {
        id: radio(id),
        name: format!("Unit {id}"),
        node: if id <= 4 { "city/east" } else { "city/west" }
            .parse()
            .unwrap(),
        form: TextForm::Tms,
        confirms: true,
        home: Some(carrier(1)),
        language: Language::default(),
    }
}

fn station(id: u32, test: bool) -> StationPolicy {
    StationPolicy {
        id: StationId(id),
        name: format!("station {id}"),
        kind: CarrierKind::Conventional,
        terminal_accepts: false,
        own: radio(OWN),
        groups: vec![],
        test,
        exercises: false,
        peer: false,
        reports_air: false,
        node: Node::root(),
    }
}

fn policy() -> Policy {
    Policy {
        stations: vec![station(1, false), station(2, false), station(3, true)],
        ..Policy::default()
    }
}

#[test]
fn nothing_leaves_before_the_fact_behind_it_is_durable() {
    let mut rig = Rig::new();
    rig.up(1);
    let submit = rig.a_submit("山火", Precedence::Flash, Ask::Acknowledgement, "radio:1");
    let input = Input::Request {
        ticket: Ticket(9),
        credential: Credential::System,
        request: Box::new(Request::Submit(submit)),
    };
    let before = rig.engine.seq();
    rig.engine.handle(input, rig.now);
    let mut held = Vec::new();
    while let Some(output) = rig.engine.poll() {
        match output.effect {
            Effect::Persist { entries } => {
                assert!(
                    entries
                        .iter()
                        .any(|entry| matches!(entry.fact, Fact::AttemptStarted { .. }))
                );
            }
            _ => held.push(output),
        }
    }
    let reply = held
        .iter()
        .find(|output| matches!(output.effect, Effect::Reply { .. }))
        .unwrap();
    assert!(
        reply.after >= Seq(before.0 + 2),
        "the reply waits for acceptance and recipients"
    );
    let send = held
        .iter()
        .find(|output| matches!(output.effect, Effect::Transmit(_)))
        .unwrap();
    assert_eq!(
        send.after,
        rig.engine.seq(),
        "the transmission waits for its attempt"
    );
}

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
fn a_restart_at_any_fact_loses_nothing_and_tries_open_attempts_again() {
    let mut rig = Rig::new();
    rig.up(1);
    let alert = rig
        .submit("a", Precedence::Flash, Ask::Receipt, "radio:1")
        .id;
    let durable = rig.facts.len();
    assert!(matches!(
        rig.facts[durable - 1].fact,
        Fact::AttemptStarted { .. }
    ));
    rig.restart(durable);
    let delivery = rig.delivery(alert);
    assert!(delivery.unclear && delivery.rung == Rung::Queued && delivery.attempts == 1);
    rig.up(1);
    assert!(rig.sends().is_empty(), "not at once: the radio may have it");
    rig.pass(Duration::from_secs(21));
    assert_eq!(rig.sends().len(), 1);
    rig.play(rig.last_send().0, 1, Some(1));
    assert_eq!(rig.delivery(alert).rung, Rung::Received);
}

#[test]
fn a_checkpoint_restores_what_the_facts_tell() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.submit("a", Precedence::Flash, Ask::Acknowledgement, "group:fire");
    rig.distress(3, 1);
    let (seq, stored) = rig.engine.checkpoint();
    let mut restored = Engine::new(rig.now, [1; 32]);
    assert_eq!(restored.restore(&stored), Ok(seq));
    assert_eq!(restored.state, rig.engine.state);
    assert!(Engine::new(rig.now, [1; 32]).restore(b"nonsense").is_err());
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

#[test]
fn no_fact_outgrows_a_record_however_long_the_names() {
    let mut rig = Rig::new();
    let long = "很长的名字".repeat(12);
    let node: Node = [long.as_str(); 1]
        .join("/")
        .chars()
        .take(40)
        .collect::<String>()
        .parse()
        .unwrap();
    let radios: Vec<RosterEntry> = (100..900)
        .map(|id| {
            RosterEntry::Radio(Radio {
                name: long.clone(),
                node: node.clone(),
                ..a_radio(id)
            })
        })
        .collect();
    rig.ask(Request::ImportRoster {
        entries: radios,
        replace: true,
    })
    .unwrap();
    let receipt = rig.submit("a", Precedence::Flash, Ask::Receipt, "all");
    assert_eq!(receipt.recipients, 800);
    let largest = rig
        .facts
        .iter()
        .map(|entry| postcard::to_stdvec(entry).unwrap().len())
        .max()
        .unwrap();
    assert!(largest < 16 * 1024 - 512, "{largest}");
    assert_eq!(rig.view(receipt.id).counts.queued, 800);
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
fn the_same_seed_and_the_same_inputs_make_the_same_facts_and_jobs() {
    let run = || {
        let mut rig = Rig::new();
        rig.up(1);
        rig.submit(
            "山火",
            Precedence::Flash,
            Ask::Acknowledgement,
            "group:fire",
        );
        rig.distress(3, 1);
        rig.says(1, "hello", 4);
        rig.pass(Duration::from_secs(300));
        (rig.facts, format!("{:?}", rig.jobs))
    };
    assert_eq!(run(), run());
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
