//! A link that flaps every 3 s for an hour, in virtual time: the engine, the sessions and
//! the ledger of the server, and simulated stations.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use narrowcast::config::Config;
use narrowcast::engine::Engine;
use narrowcast::engine::io::{Credential, Effect, Input, Now, Request, Submit, Ticket};
use narrowcast::ledger::Ledger;
use narrowcast::ledger::sled::SledLedger;
use narrowcast::model::alert::{Ask, Precedence};
use narrowcast::model::facts::Fact;
use narrowcast::model::ids::{AlertId, Seq};
use narrowcast::model::language::Language;
use narrowcast::model::roster::{Group, Node, Radio as Entry, RosterEntry};
use narrowcast::model::wall::Wall;
use narrowcast_protocol::air::{CarrierId, GroupId, RadioId, Slot, StationId, TextForm};
use narrowcast_protocol::dmr::slot_type::ColorCode;
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::master::{HomebrewMaster, MasterConfig, StationConfig};
use narrowcast_protocol::mmdvm::host::{HostConfig, ModemHost};
use narrowcast_protocol::session::{Action, CarrierState, Notice, Peer, Session};
use narrowcast_protocol::time::Instant;
use narrowcast_world::air::AirEvent;
use narrowcast_world::modem_site::{ModemSite, SiteEvent};
use narrowcast_world::radio::{Answers, RadioConfig};
use narrowcast_world::repeater::{Repeater, RepeaterConfig, RepeaterEvent};

use crate::support::books;
use crate::support::place::{FIRST_RADIO, OWN, PASSPHRASE, Place, STATION};
use crate::support::site::begins_text;

const HOUR: Duration = Duration::from_secs(3_600);
const PERIOD: Duration = Duration::from_secs(3);
/// How long of each period the link is away.
const AWAY: Duration = Duration::from_millis(600);
const TALKGROUP: u32 = 7;
/// Half of them are switched off: they never confirm.
const RADIOS: u32 = 12;
const MOST: u32 = 6;

/// A station with radios, whichever kind it is, at the far end of a link that flaps.
trait Far {
    fn linked(&mut self, now: Instant, up: bool);
    fn receive(&mut self, now: Instant, bytes: &[u8]);
    fn tick(&mut self, now: Instant);
    fn deadline(&self) -> Instant;
    /// Bytes for the session, or a burst to the radios.
    fn poll(&mut self) -> Option<Result<Bytes, AirEvent>>;
}

/// A repeater that logs out and in again, or whose master's port is lost.
struct RepeaterFar {
    repeater: Repeater,
    logs_out: bool,
}

impl Far for RepeaterFar {
    fn linked(&mut self, now: Instant, up: bool) {
        match (up, self.logs_out) {
            (true, true) => self.repeater.opened(now),
            (false, true) => self.repeater.close(),
            _ => {}
        }
    }

    fn receive(&mut self, now: Instant, bytes: &[u8]) {
        self.repeater.receive(now, bytes);
    }

    fn tick(&mut self, now: Instant) {
        self.repeater.tick(now);
    }

    fn deadline(&self) -> Instant {
        self.repeater.deadline()
    }

    fn poll(&mut self) -> Option<Result<Bytes, AirEvent>> {
        loop {
            match self.repeater.poll()? {
                RepeaterEvent::Send(bytes) => return Some(Ok(bytes)),
                RepeaterEvent::Air { event, .. } => return Some(Err(event)),
                RepeaterEvent::LoggedIn(_) | RepeaterEvent::NotLoggedIn(_) => {}
            }
        }
    }
}

impl Far for ModemSite {
    fn linked(&mut self, _now: Instant, _up: bool) {}

    fn receive(&mut self, now: Instant, bytes: &[u8]) {
        Self::receive(self, now, bytes);
    }

    fn tick(&mut self, now: Instant) {
        Self::tick(self, now);
    }

    fn deadline(&self) -> Instant {
        Self::deadline(self)
    }

    fn poll(&mut self) -> Option<Result<Bytes, AirEvent>> {
        Some(match Self::poll(self)? {
            SiteEvent::Write(bytes) => Ok(bytes),
            SiteEvent::Air { event, .. } => Err(event),
        })
    }
}

/// Server and station with the link between them.
struct Run<S: Session, F: Far> {
    engine: Engine,
    ledger: SledLedger,
    session: S,
    /// Whether the session notices the flap at once: its port is lost.
    port_is_lost: bool,
    far: F,
    peer: Peer,
    now: Instant,
    up: bool,
    /// How often a carrier came up.
    came: u32,
    texts: BTreeMap<u32, u32>,
}

impl<S: Session, F: Far> Run<S, F> {
    fn clocks(&self) -> Now {
        let start = Wall::from_millis(1_800_000_000_000);
        Now {
            mono: self.now,
            wall: start.plus(self.now.since(Instant::ZERO)),
        }
    }

    fn input(&mut self, input: Input) {
        self.engine.handle(input, self.clocks());
        self.drain();
    }

    /// What the engine decides is durable at once.
    fn drain(&mut self) {
        while let Some(output) = self.engine.poll() {
            match output.effect {
                Effect::Persist { entries, .. } => drop(self.ledger.commit(&entries).unwrap()),
                Effect::Transmit(job) => self.session.transmit(self.now, job),
                Effect::Reply { result, .. } => drop(result.unwrap()),
                Effect::Alarm(_) => {}
            }
        }
    }

    fn ask(&mut self, request: Request) {
        self.input(Input::Request {
            ticket: Ticket(1),
            credential: Credential::System,
            request: Box::new(request),
        });
    }

    fn exchange(&mut self) {
        loop {
            let mut idle = true;
            while let Some(happened) = self.far.poll() {
                idle = false;
                match happened {
                    Ok(bytes) if self.up => self.session.receive(self.now, self.peer, &bytes),
                    Err(AirEvent::Down(burst)) => {
                        if let Some(to) = begins_text(&burst) {
                            *self.texts.entry(to).or_default() += 1;
                        }
                    }
                    _ => {}
                }
            }
            while let Some(action) = self.session.poll() {
                idle = false;
                self.act(action);
            }
            if idle {
                return;
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Send { bytes, for_job, .. } => {
                if self.up {
                    self.far.receive(self.now, &bytes);
                }
                if let Some(job) = for_job.filter(|_| self.up) {
                    self.input(Input::Sent(job));
                }
            }
            Action::Heard(heard) => self.input(Input::Heard(heard)),
            Action::Job { id, step } => self.input(Input::Step { id, step }),
            Action::Carrier { id, state, room } => {
                self.came += u32::from(state == CarrierState::Up && room > 0);
                self.input(Input::Carrier { id, state, room });
            }
            Action::Notice(Notice::StationIdentified {
                station,
                description,
            }) => self.input(Input::StationIdentified {
                station,
                description,
            }),
            Action::Notice(_) => {}
            Action::Reopen { .. } => {
                self.session.closed(self.now);
                self.session.opened(self.now);
            }
        }
    }

    fn link(&mut self, up: bool) {
        if self.up && !up {
            // The last words of a repeater that leaves still arrive.
            self.far.linked(self.now, false);
            self.exchange();
        }
        let changed = self.up != up;
        self.up = up;
        if changed && self.port_is_lost {
            if up {
                self.session.opened(self.now);
            } else {
                self.session.closed(self.now);
            }
        }
        if up {
            self.far.linked(self.now, true);
        }
    }

    fn until(&mut self, end: Instant) {
        while self.now < end {
            self.exchange();
            let due = [self.session.deadline(), self.engine.deadline()];
            let due = due.into_iter().flatten().fold(end, Instant::min);
            let next = self.far.deadline().min(due);
            self.now = next.max(self.now + Duration::from_millis(1)).min(end);
            self.far.tick(self.now);
            self.session.tick(self.now);
            self.input(Input::Tick);
        }
        self.exchange();
    }

    fn stored(&mut self) -> usize {
        let stored = self.ledger.stored(Seq(1), usize::MAX).unwrap();
        stored
            .iter()
            .map(|record| record.bytes.len() + record.hash.len())
            .sum()
    }
}

fn id(number: u32) -> RadioId {
    RadioId::new(number).unwrap()
}

/// An alert of each precedence to radios of its own; the last three radios are a group.
fn roster(slot: Slot) -> Vec<RosterEntry> {
    let home = CarrierId {
        station: StationId(STATION),
        slot,
    };
    let radio = |index| {
        RosterEntry::Radio(Entry {
            id: id(FIRST_RADIO + index),
            name: format!("Unit {index}"),
            node: Node::root(),
            form: TextForm::Tms,
            confirms: true,
            home: Some(home),
            language: Language::default(),
        })
    };
    let group = Group {
        id: "team".into(),
        name: "Team".into(),
        node: Node::root(),
        talkgroup: GroupId::new(TALKGROUP).ok(),
        members: (RADIOS - 4..RADIOS)
            .map(|index| id(FIRST_RADIO + index))
            .collect(),
    };
    (0..RADIOS)
        .map(radio)
        .chain([RosterEntry::Group(group)])
        .collect()
}

fn radios() -> Vec<RadioConfig> {
    (0..RADIOS)
        .map(|index| RadioConfig {
            on: index % 2 == 0,
            answers: Answers::Never,
            group: GroupId::new(TALKGROUP).ok(),
            ..RadioConfig::new(id(FIRST_RADIO + index))
        })
        .collect()
}

fn submissions() -> Vec<Submit> {
    let own_radios = (0..RADIOS - 4).map(|index| format!("radio:{}", FIRST_RADIO + index));
    let targets = own_radios.chain(["group:team".to_owned()]);
    let precedence = |number: u32| match number {
        number if number >= RADIOS - 4 => Precedence::Flash,
        number => Precedence::ALL[number as usize / 2],
    };
    (0..)
        .zip(targets)
        .map(|(number, target)| Submit {
            sms: true,
            id: AlertId(ulid::Ulid::from(u128::from(number) + (1 << 80))),
            text: "水位超警".into(),
            precedence: precedence(number),
            ask: Ask::Receipt,
            targets: vec![target.parse().unwrap()],
            expires_at: None,
            exercise: false,
            station: None,
            idempotency: None,
            language: None,
            translations: Vec::new(),
        })
        .collect()
}

fn an_hour_of_flapping<S: Session, F: Far>(
    name: &str,
    session: S,
    port_is_lost: bool,
    far: F,
    peer: Peer,
    slot: Slot,
) {
    let dir = tempfile::tempdir().unwrap();
    let start = Now {
        mono: Instant::ZERO,
        wall: Wall::from_millis(1_800_000_000_000),
    };
    let mut run = Run {
        engine: Engine::new(start, [7; 32]),
        ledger: SledLedger::open(dir.path(), "default", 1).unwrap(),
        session,
        port_is_lost,
        far,
        peer,
        now: Instant::ZERO,
        up: false,
        came: 0,
        texts: BTreeMap::new(),
    };
    let mut policy = Config::load(&Place::new().config()).unwrap().to_policy();
    policy.stations[0].reports_air = peer == Peer::Line;
    run.engine.resume(policy, "test", start);
    run.drain();
    run.ask(Request::ImportRoster {
        entries: roster(slot),
        replace: true,
    });
    if !port_is_lost {
        run.session.opened(run.now);
    }
    submissions()
        .into_iter()
        .for_each(|submit| run.ask(Request::Submit(submit)));
    let before = run.stored();
    let mut flaps = 0;
    while run.now < Instant::ZERO + HOUR {
        run.link(true);
        run.until(run.now + (PERIOD - AWAY));
        run.link(false);
        run.until(run.now + AWAY);
        flaps += 1;
    }
    let grown = run.stored() - before;
    let on_disk: u64 = std::fs::metadata(dir.path().join("db")).unwrap().len();
    println!(
        "{name}: {flaps} flaps, up {} times, {} texts on the air, {grown} bytes of facts, file {on_disk}",
        run.came,
        run.texts.values().sum::<u32>()
    );
    assert!(flaps >= 1_200);
    assert!(
        run.came > 600,
        "{name}: it came up {} times: no flapping",
        run.came
    );
    assert!(
        grown < 1 << 20 && on_disk < 1 << 20,
        "{name}: {grown} bytes, file {on_disk}"
    );
    let group = run.texts.get(&TALKGROUP).copied().unwrap_or(0);
    assert!(group > 0, "{name}: the group was not called");
    for index in 0..RADIOS {
        let radio = FIRST_RADIO + index;
        let heard = if index >= RADIOS - 4 { group } else { 0 };
        let texts = run.texts.get(&radio).copied().unwrap_or(0) + heard;
        assert!(
            texts <= MOST,
            "{name}: {texts} times the same text to {radio}: {:?}",
            run.texts
        );
    }
    let records = books::all(&mut run.ledger);
    let mut attempts: BTreeMap<_, u32> = BTreeMap::new();
    for record in &records {
        if let Fact::AttemptStarted {
            alert, delivery, ..
        } = record.fact
        {
            *attempts.entry((alert, delivery)).or_default() += 1;
        }
    }
    assert!(
        attempts.values().all(|made| *made <= MOST),
        "{name}: {attempts:?}"
    );
    let sent: u32 = run
        .texts
        .iter()
        .filter(|(to, _)| **to != TALKGROUP)
        .map(|(_, sent)| sent)
        .sum();
    assert!(
        sent > 0 && sent <= attempts.values().sum(),
        "{name}: {sent} sent"
    );
}

fn repeater(logs_out: bool) -> RepeaterFar {
    let config = RepeaterConfig {
        id: STATION,
        passphrase: PASSPHRASE.to_owned(),
        radios: [radios(), Vec::new()],
        loss: 0.1,
        ping: Duration::from_millis(400),
        retry: Duration::from_millis(200),
        seed: 3,
    };
    let mut repeater = Repeater::new(config).unwrap();
    if !logs_out {
        repeater.opened(Instant::ZERO);
    }
    RepeaterFar { repeater, logs_out }
}

fn master() -> HomebrewMaster {
    let station = StationConfig {
        id: StationId(STATION),
        passphrase: Passphrase::new(PASSPHRASE).unwrap(),
        networks: Vec::new(),
        color_code: None,
        own: id(OWN),
        groups: Vec::new(),
        slots: vec![Slot::One, Slot::Two],
        test: false,
        trunking: None,
    };
    HomebrewMaster::new(MasterConfig::new(vec![station]), [7; 32]).unwrap()
}

#[test]
fn nobody_gets_a_text_more_than_six_times_from_a_repeater_that_logs_out_every_3_seconds() {
    let peer = Peer::Socket(SocketAddr::from(([127, 0, 0, 1], 40_000)));
    an_hour_of_flapping("log-outs", master(), false, repeater(true), peer, Slot::One);
}

#[test]
fn nobody_gets_a_text_more_than_six_times_through_a_port_that_is_lost_every_3_seconds() {
    let peer = Peer::Socket(SocketAddr::from(([127, 0, 0, 1], 40_000)));
    an_hour_of_flapping(
        "lost port",
        master(),
        true,
        repeater(false),
        peer,
        Slot::One,
    );
}

#[test]
fn nobody_gets_a_text_more_than_six_times_from_a_modem_whose_line_is_pulled_every_3_seconds() {
    let hz = (430_000_000, 430_000_000);
    let color_code = ColorCode::new(1).unwrap();
    let mut config = HostConfig::new(StationId(STATION), id(OWN), color_code, hz);
    // Its board is not reset by the opening of the line, or it would never be up.
    config.settle = Duration::ZERO;
    let far = ModemSite::new(Instant::ZERO, radios(), 0.1, 4);
    let host = ModemHost::new(config, Peer::Line);
    an_hour_of_flapping("pulled line", host, true, far, Peer::Line, Slot::Two);
}
