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
mod emergencies;
mod endings;
mod fence;
mod hindrances;
mod intake;
mod languages;
mod marks;
mod people;
mod records;
mod routing;
mod sizes;
mod systems;
mod telephones;
mod trunked;
mod trying;
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
