//! The promises of the core, tried with a ledger that does as it is told.

use std::collections::BTreeMap;
use std::time::Duration;

use narrowcast_protocol::air::{
    Acknowledgement, Address, CarrierId, CarrierKind, Heard, HeardKind, JobId, Owed, RadioId, Slot,
    StationId, TextForm,
};
use narrowcast_protocol::session::{CarrierState, Job, Step};
use narrowcast_protocol::time::Instant;

use super::Core;
use super::io::{Action, Checkpoint, Intake, LedgerFault, Limits};
use crate::engine::io::{
    Alarm, Credential, Input, Now, Refusal, Request, Response, Submit, Ticket,
};
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::facts::{Entry, Fact, Record};
use crate::model::ids::{AlertId, EmergencyId, Seq};
use crate::model::language::Language;
use crate::model::policy::{Policy, StationPolicy};
use crate::model::roster::{Node, Radio, RosterEntry};
use crate::model::wall::Wall;

const CARRIER: CarrierId = CarrierId {
    station: StationId(1),
    slot: Slot::One,
};

fn radio(id: u32) -> RadioId {
    RadioId::new(id).unwrap()
}

fn policy() -> Policy {
    Policy {
        stations: vec![StationPolicy {
            id: CARRIER.station,
            name: "site".into(),
            kind: CarrierKind::Conventional,
            terminal_accepts: false,
            own: radio(16_000_001),
            groups: Vec::new(),
            test: false,
            exercises: true,
            peer: false,
            reports_air: false,
            node: Node::root(),
        }],
        ..Policy::default()
    }
}

fn submit(id: u128, precedence: Precedence) -> Request {
    Request::Submit(Submit {
        id: AlertId(id.into()),
        text: "flood".into(),
        precedence,
        ask: Ask::Receipt,
        targets: vec![Target::Radio(radio(1))],
        expires_at: None,
        exercise: false,
        sms: true,
        station: None,
        idempotency: None,
        language: None,
        translations: Vec::new(),
    })
}

fn heard(what: HeardKind, acknowledgement: Acknowledgement, until: Instant) -> Input {
    Input::Heard(Heard {
        carrier: CARRIER,
        what,
        owed: vec![Owed {
            acknowledgement,
            until,
        }],
    })
}

fn text(number: u16) -> Input {
    let (from, own) = (radio(1), radio(16_000_001));
    let what = HeardKind::Text {
        from,
        to: Address::Radio(own),
        text: format!("help {number}"),
        reference: Some(number),
    };
    let acknowledgement = Acknowledgement::Tms {
        from: own,
        to: from,
        reference: u8::try_from(number % 128).unwrap(),
    };
    heard(
        what,
        acknowledgement,
        Instant::from_millis(u64::MAX / 2_000),
    )
}

fn distress(from: u32) -> Input {
    let from = radio(from);
    let acknowledgement = Acknowledgement::Emergency {
        from: radio(16_000_001),
        to: from,
    };
    let what = HeardKind::Emergency { from, to: 9 };
    heard(
        what,
        acknowledgement,
        Instant::from_millis(u64::MAX / 2_000),
    )
}

/// The core, a ledger that answers when it is told to, and everything that came out.
struct Bench {
    core: Core,
    now: Now,
    records: Vec<Record>,
    checkpoint: Option<Checkpoint>,
    /// What the ledger was asked and has not answered.
    asked: Option<Action>,
    replies: BTreeMap<Ticket, (Result<Response, Refusal>, Seq)>,
    jobs: Vec<Job>,
    alarms: Vec<EmergencyId>,
    /// The sizes of the batches that were to be committed.
    batches: Vec<usize>,
    reads: Vec<Seq>,
    tickets: u64,
}

impl Bench {
    /// A core that has not opened its ledger.
    fn closed(limits: Limits) -> Self {
        let now = Now {
            mono: Instant::ZERO,
            wall: Wall::from_millis(1_800_000_000_000),
        };
        Self {
            core: Core::new(policy(), limits, [7; 32], now),
            now,
            records: Vec::new(),
            checkpoint: None,
            asked: None,
            replies: BTreeMap::new(),
            jobs: Vec::new(),
            alarms: Vec::new(),
            batches: Vec::new(),
            reads: Vec::new(),
            tickets: 0,
        }
    }

    /// A core at work, with a radio in the roster and a station that is up.
    fn with(limits: Limits) -> Self {
        let mut bench = Self::closed(limits);
        bench.settle();
        let one = RosterEntry::Radio(Radio {
            id: radio(1),
            name: "one".into(),
            node: Node::root(),
            form: TextForm::Tms,
            confirms: true,
            home: Some(CARRIER),
            language: Language::default(),
        });
        bench.call(Request::ImportRoster {
            entries: vec![one],
            replace: true,
        });
        bench.input(Input::Carrier {
            id: CARRIER,
            state: CarrierState::Up,
            room: 4,
        });
        bench.settle();
        bench.wait(Duration::from_secs(60));
        bench.settle();
        bench.batches.clear();
        bench.jobs.clear();
        bench.replies.clear();
        bench
    }

    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn wait(&mut self, time: Duration) {
        self.now.mono += time;
        self.now.wall = self.now.wall.plus(time);
        self.input(Input::Tick);
        self.drain();
    }

    fn input(&mut self, input: Input) {
        self.core.input(input, self.now);
    }

    /// Asks, without waiting for the answer.
    fn call(&mut self, request: Request) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.core
            .call(ticket, Credential::System, request, self.now);
        ticket
    }

    fn drain(&mut self) {
        while let Some(action) = self.core.poll() {
            match action {
                Action::Reply {
                    ticket,
                    result,
                    recorded_to,
                } => {
                    let before = self.replies.insert(ticket, (result, recorded_to));
                    assert_eq!(before, None, "{ticket:?} is answered twice");
                }
                Action::Transmit(job) => self.jobs.push(job),
                Action::Alarm(Alarm::Emergency(emergency)) => self.alarms.push(emergency.id),
                Action::Alarm(Alarm::ClockStepped(_)) | Action::Durable(_) | Action::Trim(_) => {}
                Action::Checkpoint { at, state } => {
                    let on_disk = self.records.last().is_some_and(|last| last.seq >= at);
                    assert!(on_disk, "the fold of {at} is saved and {at} is not on disk");
                    self.checkpoint = Some(Checkpoint { at, state });
                }
                Action::Close => self.asked = None,
                Action::Open | Action::Read { .. } | Action::Commit { .. } => {
                    if let Action::Commit { batch, .. } = &action {
                        self.batches.push(batch.len());
                    }
                    assert_eq!(self.asked.replace(action), None, "two are under way");
                }
            }
        }
    }

    fn write(&mut self, batch: Vec<Entry>) -> Seq {
        for Entry { at, fact } in batch {
            self.records.push(Record {
                seq: Seq(self.records.len() as u64 + 1),
                jurisdiction: "test".into(),
                epoch: 1,
                at,
                fact,
                hash: [0; 32],
            });
        }
        Seq(self.records.len() as u64)
    }

    /// The ledger does what it was asked; false if it was asked nothing.
    fn answer(&mut self) -> bool {
        self.drain();
        match self.asked.take() {
            Some(Action::Open) => {
                let last = Seq(self.records.len() as u64);
                let opened = Ok((last, self.checkpoint.clone()));
                self.core.opened(opened, self.now);
            }
            Some(Action::Read { from, limit }) => {
                self.reads.push(from);
                let page = self.records.iter().filter(|record| record.seq >= from);
                let page = page.take(limit).cloned().collect();
                self.core.page(Ok(page), self.now);
            }
            Some(Action::Commit { first, batch }) => {
                assert_eq!(first, Seq(self.records.len() as u64 + 1));
                let last = self.write(batch);
                self.core.committed(last, self.now);
            }
            _ => return false,
        }
        self.drain();
        true
    }

    fn settle(&mut self) {
        while self.answer() {}
    }

    fn fail(&mut self, why: LedgerFault) {
        self.drain();
        assert!(matches!(self.asked.take(), Some(Action::Commit { .. })));
        self.core.commit_failed(why, self.now);
        self.drain();
    }

    fn fails(&mut self) {
        self.fail(LedgerFault::Failed("a fault was ordered".into()));
    }

    /// Waits until the ledger is opened again, and lets it work.
    fn recovers(&mut self) {
        self.wait(Duration::from_secs(60));
        self.settle();
        assert!(self.core.is_ready());
    }

    fn result(&self, ticket: Ticket) -> Option<&Result<Response, Refusal>> {
        self.replies.get(&ticket).map(|(result, _)| result)
    }

    fn acknowledged(&self) -> usize {
        let jobs = self.jobs.iter();
        jobs.filter(|job| matches!(job, Job::Acknowledge { .. }))
            .count()
    }

    fn sent(&self) -> Vec<JobId> {
        let jobs = self.jobs.iter().filter_map(|job| match job {
            Job::Send { id, .. } => Some(*id),
            _ => None,
        });
        jobs.collect()
    }

    fn raised(&self) -> Vec<EmergencyId> {
        let facts = self.records.iter().filter_map(|record| match &record.fact {
            Fact::EmergencyRaised(emergency) => Some(emergency.id),
            _ => None,
        });
        facts.collect()
    }

    fn unrecorded(&self) -> Vec<EmergencyId> {
        let unrecorded = self.core.posture().unrecorded.into_iter();
        unrecorded.map(|emergency| emergency.id).collect()
    }
}

#[test]
fn a_lone_submit_is_committed_at_once() {
    let mut bench = Bench::new();
    let ticket = bench.call(submit(1, Precedence::Priority));
    bench.drain();
    assert_eq!(bench.batches.len(), 1);
    assert_eq!(bench.result(ticket), None, "it is answered when durable");
    bench.answer();
    assert!(matches!(
        bench.result(ticket),
        Some(Ok(Response::Accepted(_)))
    ));
}

#[test]
fn what_is_submitted_during_a_commit_is_one_batch() {
    let mut bench = Bench::new();
    bench.call(submit(1, Precedence::Routine));
    bench.drain();
    let tickets: Vec<Ticket> = (2..66)
        .map(|id| bench.call(submit(id, Precedence::Routine)))
        .collect();
    bench.drain();
    assert_eq!(bench.batches.len(), 1, "one commit is under way");
    bench.answer();
    assert_eq!(bench.batches.len(), 2);
    bench.answer();
    assert!(tickets.iter().all(|ticket| bench.result(*ticket).is_some()));
}

#[test]
fn outputs_leave_by_position_and_not_by_age() {
    let mut bench = Bench::new();
    bench.input(distress(5));
    bench.settle();
    assert_eq!(bench.acknowledged(), 1);
    // The disk is busy with something younger, and the call is repeated.
    let older = bench.call(submit(1, Precedence::Priority));
    bench.drain();
    bench.input(distress(5));
    let reading = bench.call(Request::Emergencies);
    bench.drain();
    assert_eq!(bench.acknowledged(), 2, "its emergency is on disk");
    assert!(bench.result(reading).is_some());
    assert_eq!(bench.result(older), None);
}

#[test]
fn readings_are_answered_while_a_commit_takes_five_seconds() {
    let mut bench = Bench::new();
    let durable = bench.core.durable();
    bench.call(submit(1, Precedence::Priority));
    bench.drain();
    bench.wait(Duration::from_secs(5));
    let reading = bench.call(Request::Overview);
    bench.drain();
    let (result, recorded_to) = &bench.replies[&reading];
    assert!(matches!(result, Ok(Response::Overview(_))));
    assert_eq!(*recorded_to, durable);
    assert!(bench.core.posture().reasons.is_empty());
    bench.answer();
    assert_eq!(bench.reads.len(), 1, "a slow ledger is not folded again");
}

#[test]
fn a_job_that_waits_in_the_gate_is_withdrawn_there() {
    let mut bench = Bench::new();
    bench.call(submit(1, Precedence::Priority));
    bench.drain();
    // Its attempt is being committed.
    assert_eq!(bench.sent(), []);
    bench.call(Request::Cancel {
        alert: AlertId(1u128.into()),
        because: "wrong".into(),
    });
    bench.settle();
    assert_eq!(bench.sent(), [], "what was cancelled does not leave");
    let left = bench.jobs.iter().any(|job| matches!(job, Job::Withdraw(_)));
    assert!(!left, "no session has it");
}

#[test]
fn a_carrier_is_given_no_more_than_its_room_whatever_waits_in_the_gate() {
    let mut bench = Bench::new();
    let carrier = |state, room| Input::Carrier {
        id: CARRIER,
        state,
        room,
    };
    bench.input(carrier(CarrierState::Up, 1));
    bench.call(submit(1, Precedence::Priority));
    bench.drain();
    // A call begins and ends while the attempt is being committed.
    bench.input(carrier(CarrierState::Busy, 0));
    bench.input(carrier(CarrierState::Up, 1));
    bench.call(submit(2, Precedence::Flash));
    bench.drain();
    bench.settle();
    assert_eq!(bench.sent().len(), 1);
}

#[test]
fn what_is_withdrawn_in_the_gate_leaves_its_room_to_the_next() {
    let mut bench = Bench::new();
    bench.input(Input::Carrier {
        id: CARRIER,
        state: CarrierState::Up,
        room: 1,
    });
    bench.call(submit(1, Precedence::Priority));
    bench.drain();
    bench.call(Request::Cancel {
        alert: AlertId(1u128.into()),
        because: "wrong".into(),
    });
    bench.call(submit(2, Precedence::Priority));
    bench.settle();
    bench.wait(Duration::from_secs(1));
    bench.settle();
    assert_eq!(bench.sent().len(), 1);
}

#[test]
fn a_failed_commit_answers_away_and_withdraws_what_is_outstanding() {
    let mut bench = Bench::new();
    bench.call(submit(1, Precedence::Priority));
    bench.settle();
    let jobs = bench.sent();
    assert_eq!(jobs.len(), 1);
    let behind = bench.call(submit(2, Precedence::Priority));
    bench.drain();
    let next = bench.call(submit(3, Precedence::Priority));
    bench.fails();
    for ticket in [behind, next] {
        assert_eq!(bench.result(ticket), Some(&Err(Refusal::Away)));
    }
    assert_eq!(bench.jobs.last(), Some(&Job::Withdraw(jobs[0])));
    assert_eq!(bench.core.intake(), Intake::Essential);
    // Meanwhile: what decides is refused, what looks is answered.
    let deciding = bench.call(submit(4, Precedence::Flash));
    let looking = bench.call(Request::Overview);
    bench.drain();
    assert_eq!(bench.result(deciding), Some(&Err(Refusal::Away)));
    assert!(matches!(
        bench.result(looking),
        Some(Ok(Response::Overview(_)))
    ));
    bench.recovers();
    let again = bench.call(submit(2, Precedence::Priority));
    bench.settle();
    assert!(matches!(
        bench.result(again),
        Some(Ok(Response::Accepted(_)))
    ));
}

#[test]
fn an_emergency_that_is_not_durable_keeps_its_id_over_a_failed_commit() {
    for written in [false, true] {
        let mut bench = Bench::new();
        bench.input(distress(5));
        bench.drain();
        assert_eq!(bench.unrecorded(), bench.alarms);
        if written {
            let Some(Action::Commit { batch, .. }) = bench.asked.clone() else {
                panic!("it is being committed");
            };
            bench.write(batch);
        }
        bench.fails();
        assert_eq!(bench.unrecorded(), bench.alarms);
        assert_eq!(bench.acknowledged(), 0);
        bench.recovers();
        assert_eq!(bench.raised(), bench.alarms, "written: {written}");
        assert_eq!(bench.acknowledged(), 1);
        assert_eq!(bench.unrecorded(), []);
    }
}

#[test]
fn an_emergency_heard_while_the_ledger_is_away_is_shown_at_once_and_recorded_later() {
    let mut bench = Bench::closed(Limits::default());
    bench.input(distress(5));
    bench.input(distress(5));
    bench.drain();
    assert_eq!(bench.alarms.len(), 1);
    assert_eq!(bench.unrecorded(), bench.alarms);
    bench.settle();
    assert_eq!(bench.raised(), bench.alarms);
    assert_eq!(bench.acknowledged(), 1);
    assert_eq!(bench.unrecorded(), []);
}

#[test]
fn an_emergency_on_record_is_acknowledged_while_the_ledger_is_away() {
    let mut bench = Bench::new();
    bench.input(distress(5));
    bench.settle();
    bench.call(submit(1, Precedence::Priority));
    bench.fails();
    bench.input(distress(5));
    bench.drain();
    assert_eq!(bench.acknowledged(), 2);
    assert_eq!(bench.unrecorded(), []);
}

#[test]
fn a_hang_is_in_the_posture_within_ten_seconds_and_ends_by_itself() {
    let mut bench = Bench::new();
    let ticket = bench.call(submit(1, Precedence::Priority));
    bench.drain();
    let since = bench.now.mono;
    bench.input(distress(5));
    bench.drain();
    let deadline = bench.core.deadline().unwrap();
    assert!(deadline <= since + Duration::from_secs(10));
    bench.wait(Duration::from_secs(10));
    let posture = bench.core.posture();
    assert_eq!(posture.commit_since, Some(since));
    assert_eq!(posture.unrecorded.len(), 1);
    assert_eq!(posture.reasons.len(), 1, "{:?}", posture.reasons);
    assert!(!posture.away);
    bench.wait(Duration::from_secs(3_600));
    bench.settle();
    assert!(bench.result(ticket).is_some_and(Result::is_ok));
    let posture = bench.core.posture();
    assert_eq!((posture.reasons, posture.unrecorded), (vec![], vec![]));
    assert_eq!(bench.reads.len(), 1, "it was not folded again");
}

#[test]
fn messages_are_acknowledged_when_they_are_durable_and_not_before() {
    let mut bench = Bench::closed(Limits::default());
    bench.input(text(1));
    bench.drain();
    assert_eq!(bench.core.posture().held, 1);
    while bench.records.is_empty() {
        assert!(bench.answer());
        assert_eq!(bench.acknowledged(), 0);
    }
    // The ledger has proved that it can be written: now the message is recorded.
    bench.settle();
    assert_eq!(bench.acknowledged(), 1);
    assert_eq!(bench.core.posture().held, 0);
}

#[test]
fn routine_waits_when_the_next_batch_is_full_and_what_is_urgent_is_taken() {
    let limits = Limits {
        batch_facts: 4,
        held: 2,
        ..Limits::default()
    };
    let mut bench = Bench::with(limits);
    bench.call(submit(1, Precedence::Routine));
    bench.drain();
    let taken = bench.call(submit(2, Precedence::Routine));
    bench.call(submit(3, Precedence::Routine));
    assert_eq!(bench.core.intake(), Intake::NoRoutine);
    let routine = bench.call(submit(4, Precedence::Routine));
    let flash = bench.call(submit(5, Precedence::Flash));
    (1..=3).for_each(|number| bench.input(text(number)));
    bench.input(distress(5));
    bench.drain();
    assert!(matches!(
        bench.result(routine),
        Some(Err(Refusal::Busy { .. }))
    ));
    assert_eq!(bench.alarms.len(), 1);
    let posture = bench.core.posture();
    assert_eq!(posture.held, 2);
    assert_eq!(posture.dropped, BTreeMap::from([("text", 1)]));
    bench.settle();
    for ticket in [taken, flash] {
        assert!(bench.result(ticket).is_some_and(Result::is_ok));
    }
    assert_eq!(bench.core.intake(), Intake::All);
    assert_eq!(bench.acknowledged(), 3, "an emergency and two texts");
}

#[test]
fn checkpoints_are_saved_under_load_and_are_the_fold_of_their_position() {
    let limits = Limits {
        checkpoint_every: 10,
        ..Limits::default()
    };
    let mut bench = Bench::with(limits);
    let before = bench.checkpoint.as_ref().map_or(Seq(0), |kept| kept.at);
    for id in 1..=30 {
        bench.call(submit(id, Precedence::Routine));
        bench.drain();
        // Something is always under way.
        if id % 3 == 0 {
            bench.answer();
            assert!(bench.asked.is_some());
        }
    }
    let kept = bench.checkpoint.clone().unwrap();
    assert!(kept.at.0 >= before.0 + 10);
    bench.settle();
    let mut again = Bench::closed(limits);
    again.records.clone_from(&bench.records);
    again.checkpoint = bench.checkpoint.clone();
    again.settle();
    let at = bench.checkpoint.as_ref().unwrap().at;
    assert_eq!(again.reads[0], at.next());
    assert_eq!(
        again.core.engine().seq().0,
        bench.records.len() as u64 + 1,
        "it has restarted and nothing else"
    );
}

#[test]
fn a_bad_checkpoint_is_ignored_and_all_facts_are_folded() {
    let limits = Limits {
        checkpoint_every: 1,
        ..Limits::default()
    };
    let bench = Bench::with(limits);
    let good = bench.checkpoint.clone().unwrap();
    let elsewhere = Checkpoint {
        at: Seq(good.at.0 - 1),
        ..good.clone()
    };
    let unreadable = Checkpoint {
        state: vec![1, 2, 3],
        ..good.clone()
    };
    for (kept, first) in [
        (good.clone(), good.at.next()),
        (elsewhere, Seq(1)),
        (unreadable, Seq(1)),
    ] {
        let mut again = Bench::closed(Limits::default());
        again.records.clone_from(&bench.records);
        again.checkpoint = Some(kept);
        again.settle();
        assert_eq!(again.reads[0], first);
        assert!(again.core.is_ready());
    }
}

#[test]
fn a_ledger_that_cannot_be_opened_or_read_is_tried_again_at_doubling_waits() {
    let mut bench = Bench::closed(Limits::default());
    let fault = || LedgerFault::Failed("no such device".into());
    for (attempt, wait) in [1, 2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
        bench.drain();
        assert_eq!(bench.asked.take(), Some(Action::Open), "attempt {attempt}");
        if attempt % 2 == 0 {
            bench.core.opened(Err(fault()), bench.now);
        } else {
            bench.core.opened(Ok((Seq(0), None)), bench.now);
            bench.drain();
            assert!(matches!(bench.asked.take(), Some(Action::Read { .. })));
            bench.core.page(Err(fault()), bench.now);
        }
        bench.drain();
        assert!(bench.core.posture().away);
        assert!(bench.core.posture().reasons[0].contains("no such device"));
        let due = bench.now.mono + Duration::from_secs(wait);
        assert_eq!(bench.core.deadline(), Some(due));
        bench.wait(Duration::from_secs(wait));
    }
    bench.settle();
    assert!(bench.core.is_ready());
    assert!(bench.core.posture().reasons.is_empty());
}

#[test]
fn a_fact_that_fits_no_record_is_not_tried_again_for_ever() {
    let mut bench = Bench::new();
    let too_large = || LedgerFault::TooLarge("a fact of 20000 bytes".into());
    let ticket = bench.call(submit(1, Precedence::Priority));
    bench.input(distress(5));
    bench.fail(too_large());
    assert_eq!(bench.result(ticket), Some(&Err(Refusal::Away)));
    bench.wait(Duration::from_secs(60));
    while !matches!(bench.asked, Some(Action::Commit { .. })) {
        assert!(bench.answer());
    }
    // The kept emergency was given to the new engine, and it fails again.
    bench.fail(too_large());
    bench.recovers();
    assert_eq!(bench.raised(), []);
    assert_eq!(bench.unrecorded(), bench.alarms, "it is still shown");
    let reasons = bench.core.posture().reasons;
    assert!(reasons.iter().any(|reason| reason.contains("20000 bytes")));
}

#[test]
fn leaving_commits_what_is_decided_saves_a_checkpoint_and_closes_the_ledger() {
    let mut bench = Bench::new();
    let ticket = bench.call(submit(1, Precedence::Priority));
    bench.core.leaving(bench.now);
    let late = bench.call(submit(2, Precedence::Priority));
    bench.settle();
    assert!(bench.result(ticket).is_some_and(Result::is_ok));
    assert_eq!(bench.result(late), Some(&Err(Refusal::Away)));
    let last = Seq(bench.records.len() as u64);
    assert_eq!(bench.checkpoint.as_ref().map(|kept| kept.at), Some(last));
    bench.input(Input::Step {
        id: JobId(1),
        step: Step::Done,
    });
    assert_eq!(bench.core.poll(), None);
}
