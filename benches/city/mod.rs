//! A city to measure in: a roster of 50,000 radios in a five-level tree, 50 stations, and
//! an air on which every transmission goes out at once, in virtual time.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each benchmark uses a part of it"
)]

use std::collections::VecDeque;
use std::time::Duration;

use narrowcast::engine::Engine;
use narrowcast::engine::io::{Credential, Effect, Input, Now, Request, Response, Submit, Ticket};
use narrowcast::model::alert::{Ask, Precedence, Target};
use narrowcast::model::facts::Entry;
use narrowcast::model::ids::AlertId;
use narrowcast::model::language::Language;
use narrowcast::model::policy::{Policy, StationPolicy};
use narrowcast::model::roster::{Group, Node, Radio, RosterEntry};
use narrowcast::model::wall::Wall;
use narrowcast_protocol::air::{
    Address, CarrierId, CarrierKind, GroupId, JobId, RadioId, Slot, StationId, TextForm,
    Transmission,
};
use narrowcast_protocol::session::{CarrierState, Job, Step};
use narrowcast_protocol::time::Instant;

pub const RADIOS: u32 = 50_000;
pub const COUNTIES: u32 = 10;
pub const STATIONS: u32 = 50;
const TOWNSHIPS: u32 = 20;
const TEAM: u32 = 25;
/// Fragments that a carrier takes before it has sent one.
const ROOM: u8 = 4;

pub const TEXT: &str = "暴雨红色预警:东江水位超过警戒线,请各队立即赴岗并报告到位情况";

pub fn policy() -> Policy {
    let station = |id| StationPolicy {
        id: StationId(id),
        name: format!("东山{id}号基站"),
        kind: CarrierKind::Conventional,
        terminal_accepts: false,
        own: radio_id(16_000_000),
        groups: vec![],
        test: false,
        exercises: false,
        peer: false,
        reports_air: false,
        node: Node::root(),
    };
    Policy {
        stations: (1..=STATIONS).map(station).collect(),
        ..Policy::default()
    }
}

pub fn carriers() -> impl Iterator<Item = CarrierId> {
    (1..=STATIONS).flat_map(|station| [Slot::One, Slot::Two].map(|slot| carrier(station, slot)))
}

fn carrier(station: u32, slot: Slot) -> CarrierId {
    let station = StationId(station);
    CarrierId { station, slot }
}

pub fn radio_id(id: u32) -> RadioId {
    RadioId::new(id).expect("it is in range")
}

/// The path of a county, or of a place below it.
fn county(number: u32) -> String {
    format!("江城市/第{number}区县")
}

/// All radios, and a group with a talkgroup for every team.
pub fn roster() -> Vec<RosterEntry> {
    (0..RADIOS)
        .map(radio)
        .chain((0..RADIOS / TEAM).map(team))
        .collect()
}

fn place(index: u32) -> (String, String) {
    let (county_at, rest) = (index / (RADIOS / COUNTIES) + 1, index % (RADIOS / COUNTIES));
    let (township, team) = (rest / TEAM % TOWNSHIPS + 1, rest / TEAM / TOWNSHIPS + 1);
    let node = format!("{}/第{township}街道/消防{team}队", county(county_at));
    let name = format!("{township}街道消防{team}队{}号", index % TEAM + 1);
    (node, name)
}

fn radio(index: u32) -> RosterEntry {
    let (node, name) = place(index);
    let slot = if index.is_multiple_of(2) {
        Slot::One
    } else {
        Slot::Two
    };
    RosterEntry::Radio(Radio {
        id: radio_id(2_300_000 + index),
        name,
        node: node.parse().expect("a node"),
        form: TextForm::Tms,
        confirms: true,
        home: Some(carrier(index % STATIONS + 1, slot)),
        language: Language::default(),
    })
}

fn team(index: u32) -> RosterEntry {
    let (node, _) = place(index * TEAM);
    RosterEntry::Group(Group {
        id: format!("team-{index}"),
        name: format!("消防队{index}"),
        node: node.parse().expect("a node"),
        talkgroup: GroupId::new(10_000 + index).ok(),
        members: (index * TEAM..(index + 1) * TEAM)
            .map(|radio| radio_id(2_300_000 + radio))
            .collect(),
    })
}

/// The counties that hold 10,000 radios together, two at a time.
pub fn counties(turn: u32) -> Vec<Target> {
    let first = turn % (COUNTIES / 2) * 2 + 1;
    [first, first + 1]
        .map(|number| Target::Node(county(number).parse().expect("a node")))
        .into()
}

pub fn alert(id: u128, targets: Vec<Target>, ask: Ask) -> Submit {
    Submit {
        sms: true,
        id: AlertId(id.into()),
        text: TEXT.to_owned(),
        precedence: Precedence::Immediate,
        ask,
        targets,
        expires_at: None,
        exercise: false,
        station: None,
        idempotency: None,
        language: None,
        translations: Vec::new(),
    }
}

/// What becomes of a transmission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The radio confirms it.
    Confirmed,
    /// It is sent, and nothing comes back.
    Unanswered,
}

/// An engine at work in virtual time; what it records goes to `record`.
pub struct Shift<'a> {
    pub engine: Engine,
    pub now: Now,
    pub fate: Fate,
    on_air: VecDeque<(JobId, CarrierId, Address)>,
    answer: Option<Response>,
    record: Box<dyn FnMut(Vec<Entry>) + 'a>,
}

impl<'a> Shift<'a> {
    pub fn new(engine: Engine, now: Now, record: impl FnMut(Vec<Entry>) + 'a) -> Self {
        Self {
            engine,
            now,
            fate: Fate::Confirmed,
            on_air: VecDeque::new(),
            answer: None,
            record: Box::new(record),
        }
    }

    pub fn start(at: Wall) -> Now {
        Now {
            mono: Instant::ZERO,
            wall: at,
        }
    }

    pub fn input(&mut self, input: Input) {
        self.engine.handle(input, self.now);
        self.collect();
    }

    /// Takes out what the engine says.
    pub fn collect(&mut self) {
        while let Some(output) = self.engine.poll() {
            match output.effect {
                Effect::Persist { entries, .. } => (self.record)(entries),
                Effect::Transmit(Job::Send {
                    id,
                    carrier,
                    transmission: Transmission::Text(text),
                }) => self.on_air.push_back((id, carrier, text.to)),
                Effect::Reply { result, .. } => self.answer = result.ok(),
                _ => {}
            }
        }
    }

    pub fn ask(&mut self, request: Request) -> Response {
        self.input(Input::Request {
            ticket: Ticket(1),
            credential: Credential::System,
            request: Box::new(request),
        });
        self.answer.take().expect("the engine agrees")
    }

    pub fn pass(&mut self, time: Duration) {
        self.now.mono += time;
        self.now.wall = self.now.wall.plus(time);
    }

    pub fn carriers(&mut self, state: CarrierState) {
        for id in carriers() {
            let room = if state == CarrierState::Up { ROOM } else { 0 };
            self.input(Input::Carrier { id, state, room });
        }
    }

    /// Lets everything that the stations have go out, and gives them more, until nothing is left.
    pub fn work(&mut self) {
        while let Some((id, carrier, to)) = self.on_air.pop_front() {
            self.input(Input::Sent(id));
            if let (Fate::Confirmed, Address::Radio(by)) = (self.fate, to) {
                let step = Step::Received { by };
                self.input(Input::Step { id, step });
            }
            let step = Step::Done;
            self.input(Input::Step { id, step });
            self.input(Input::Carrier {
                id: carrier,
                state: CarrierState::Up,
                room: 1,
            });
        }
    }
}
