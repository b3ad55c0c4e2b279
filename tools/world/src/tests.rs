//! Narrowcast's sessions against stations of the world, in virtual time.

use core::time::Duration;
use std::net::SocketAddr;

use bytes::Bytes;
use narrowcast_protocol::air::{
    Address, CarrierId, Delivery, HeardKind, JobId, RadioId, Slot, StationId, Text, TextForm,
    Transmission,
};
use narrowcast_protocol::dmr::slot_type::ColorCode;
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::master::{HomebrewMaster, MasterConfig, StationConfig};
use narrowcast_protocol::mmdvm::host::{HostConfig, ModemHost};
use narrowcast_protocol::session::{Action, CarrierState, Job, Peer, Session, Step};
use narrowcast_protocol::time::Instant;

use crate::air::{Air, AirEvent};
use crate::modem_site::{ModemSite, SiteEvent};
use crate::radio::{Radio, RadioConfig};
use crate::repeater::{Repeater, RepeaterConfig, RepeaterEvent};

const STATION: u32 = 460_001;

fn id(number: u32) -> RadioId {
    RadioId::new(number).unwrap()
}

fn own() -> RadioId {
    id(9_990)
}

fn seconds(number: u64) -> Instant {
    Instant::from_millis(number * 1_000)
}

/// A station with radios on timeslot 2, whichever kind it is.
trait Site {
    fn opened(&mut self, now: Instant);
    fn receive(&mut self, now: Instant, bytes: &[u8]);
    fn tick(&mut self, now: Instant);
    fn deadline(&self) -> Instant;
    fn poll(&mut self) -> Option<Happened>;
    fn air(&mut self) -> &mut Air;
}

enum Happened {
    Sent(Bytes),
    Air(Instant, AirEvent),
    Other,
}

impl Site for Repeater {
    fn opened(&mut self, now: Instant) {
        Self::opened(self, now);
    }

    fn receive(&mut self, now: Instant, bytes: &[u8]) {
        Self::receive(self, now, bytes);
    }

    fn tick(&mut self, now: Instant) {
        Self::tick(self, now);
    }

    fn deadline(&self) -> Instant {
        Self::deadline(self)
    }

    fn poll(&mut self) -> Option<Happened> {
        Some(match Self::poll(self)? {
            RepeaterEvent::Send(bytes) => Happened::Sent(bytes),
            RepeaterEvent::Air { at, event, .. } => Happened::Air(at, event),
            RepeaterEvent::LoggedIn(_) | RepeaterEvent::NotLoggedIn(_) => Happened::Other,
        })
    }

    fn air(&mut self) -> &mut Air {
        Self::air(self, Slot::Two)
    }
}

impl Site for ModemSite {
    fn opened(&mut self, _now: Instant) {}

    fn receive(&mut self, now: Instant, bytes: &[u8]) {
        Self::receive(self, now, bytes);
    }

    fn tick(&mut self, now: Instant) {
        Self::tick(self, now);
    }

    fn deadline(&self) -> Instant {
        Self::deadline(self)
    }

    fn poll(&mut self) -> Option<Happened> {
        Some(match Self::poll(self)? {
            SiteEvent::Write(bytes) => Happened::Sent(bytes),
            SiteEvent::Air { at, event } => Happened::Air(at, event),
        })
    }

    fn air(&mut self) -> &mut Air {
        Self::air(self)
    }
}

fn repeater(loss: f64, seed: u64, radios: Vec<RadioConfig>) -> Repeater {
    Repeater::new(RepeaterConfig {
        id: STATION,
        passphrase: "s3cr37w0rd".to_owned(),
        radios: [Vec::new(), radios],
        loss,
        ping: Duration::from_secs(10),
        retry: Duration::from_secs(1),
        seed,
    })
    .unwrap()
}

fn master() -> HomebrewMaster {
    let station = StationConfig {
        id: StationId(STATION),
        passphrase: Passphrase::new("s3cr37w0rd").unwrap(),
        networks: Vec::new(),
        color_code: None,
        own: own(),
        groups: Vec::new(),
        slots: vec![Slot::One, Slot::Two],
        test: false,
        trunking: None,
    };
    HomebrewMaster::new(MasterConfig::new(vec![station]), [7; 32]).unwrap()
}

/// A session and a site with a lossless link between them; whatever is owed is paid.
struct Run<S: Session, T: Site> {
    session: S,
    site: T,
    peer: Peer,
    now: Instant,
    heard: Vec<HeardKind>,
    steps: Vec<(JobId, Step)>,
    log: Vec<(Instant, AirEvent)>,
    up: bool,
    pays: bool,
    jobs: u64,
}

impl<S: Session, T: Site> Run<S, T> {
    fn new(mut session: S, mut site: T, peer: Peer) -> Self {
        session.opened(Instant::ZERO);
        site.opened(Instant::ZERO);
        Self {
            session,
            site,
            peer,
            now: Instant::ZERO,
            heard: Vec::new(),
            steps: Vec::new(),
            log: Vec::new(),
            up: false,
            pays: true,
            jobs: 1_000,
        }
    }

    fn until(&mut self, end: Instant) {
        while self.now < end {
            self.exchange();
            let due = self.session.deadline().unwrap_or(end);
            let next = self.site.deadline().min(due).min(end);
            self.now = next.max(self.now + Duration::from_millis(1));
            self.site.tick(self.now);
            self.session.tick(self.now);
        }
    }

    fn exchange(&mut self) {
        loop {
            let mut idle = true;
            while let Some(happened) = self.site.poll() {
                idle = false;
                match happened {
                    Happened::Sent(bytes) => {
                        self.session.receive(self.now, self.peer, &bytes);
                    }
                    Happened::Air(at, event) => self.log.push((at, event)),
                    Happened::Other => {}
                }
            }
            while let Some(action) = self.session.poll() {
                idle = false;
                self.act(action);
            }
            if idle {
                break;
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Send { bytes, .. } => self.site.receive(self.now, &bytes),
            Action::Heard(heard) => {
                for owed in heard.owed.into_iter().filter(|_| self.pays) {
                    self.jobs += 1;
                    let job = Job::Acknowledge {
                        id: JobId(self.jobs),
                        carrier: heard.carrier,
                        acknowledgement: owed.acknowledgement,
                        until: owed.until,
                    };
                    self.session.transmit(self.now, job);
                }
                self.heard.push(heard.what);
            }
            Action::Job { id, step } => self.steps.push((id, step)),
            Action::Carrier { id, state, .. } if id.slot == Slot::Two => {
                self.up = state == CarrierState::Up;
            }
            _ => {}
        }
    }

    fn text(&mut self, job: u64, to: RadioId, text: &str) {
        let carrier = CarrierId {
            station: StationId(STATION),
            slot: Slot::Two,
        };
        let transmission = Transmission::Text(Text {
            from: own(),
            to: Address::Radio(to),
            text: text.to_owned(),
            form: TextForm::Tms,
            delivery: Delivery::Confirmed,
            reference: 5,
        });
        let id = JobId(job);
        self.session.transmit(
            self.now,
            Job::Send {
                id,
                carrier,
                transmission,
            },
        );
    }

    fn radio(&mut self, id: RadioId) -> &Radio {
        self.site.air().radio(id.get()).unwrap()
    }

    fn answers(&self, from: RadioId) -> usize {
        let answer = |heard: &&HeardKind| matches!(heard, HeardKind::Text { from: radio, text, .. } if *radio == from && text.trim() == "G7 1");
        self.heard.iter().filter(answer).count()
    }

    /// Sends the text again until the radio has it, as Narrowcast would.
    fn deliver(&mut self, to: RadioId) -> bool {
        for job in 1..=6 {
            self.text(job, to, "G7 山火逼近 回1收到");
            self.until(self.now + Duration::from_secs(20));
            let acknowledged = |heard: &HeardKind| matches!(heard, HeardKind::TextAcknowledged { from, reference: 5 } if *from == to);
            let received = |(id, step): &(JobId, Step)| {
                *id == JobId(job) && matches!(step, Step::Received { .. })
            };
            if self.heard.iter().any(acknowledged) || self.steps.iter().any(received) {
                return true;
            }
        }
        false
    }
}

fn homebrew(loss: f64, seed: u64, radios: Vec<RadioConfig>) -> Run<HomebrewMaster, Repeater> {
    let peer = Peer::Socket(SocketAddr::from(([127, 0, 0, 1], 40_000)));
    let mut run = Run::new(master(), repeater(loss, seed, radios), peer);
    run.until(seconds(3));
    run
}

#[test]
fn a_repeater_logs_in_and_its_timeslots_come_up() {
    assert!(homebrew(0.0, 1, Vec::new()).up);
}

#[test]
fn a_text_is_received_and_answered_though_one_burst_in_ten_is_lost() {
    for seed in 0..8 {
        let radio = id(2_308_155);
        let mut run = homebrew(0.1, seed, vec![RadioConfig::new(radio)]);
        assert!(run.deliver(radio), "seed {seed}: not received");
        run.until(run.now + Duration::from_secs(90));
        assert!(run.answers(radio) >= 1, "seed {seed}: {:?}", run.heard);
        let shown = run.radio(radio).shown();
        assert_eq!(shown.len(), 1, "seed {seed}: shown once: {shown:?}");
    }
}

#[test]
fn an_emergency_is_repeated_until_it_is_acknowledged() {
    let radio = id(2_308_155);
    let config = RadioConfig {
        emergency_at: Some(seconds(4)),
        ..RadioConfig::new(radio)
    };
    let mut run = homebrew(0.1, 3, vec![config]);
    run.pays = false;
    run.until(seconds(40));
    let calls = |run: &Run<_, Repeater>| {
        let call = |heard: &&HeardKind| matches!(heard, HeardKind::Emergency { from, .. } if *from == radio);
        run.heard.iter().filter(call).count()
    };
    assert!(calls(&run) >= 5, "nobody acknowledges: {}", calls(&run));
    run.pays = true;
    run.until(seconds(80));
    assert!(run.radio(radio).alarm_acknowledged());
    let before = calls(&run);
    run.until(seconds(200));
    assert_eq!(calls(&run), before, "it falls silent");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let play = |seed| {
        let radios = (0..6).map(|n| RadioConfig::new(id(2_308_155 + n)));
        let mut run = homebrew(0.1, seed, radios.collect());
        for n in 0..6 {
            run.text(u64::from(n), id(2_308_155 + n), "G7 山火逼近 回1收到");
            run.until(run.now + Duration::from_secs(3));
        }
        run.until(seconds(60));
        run.log
    };
    assert!(!play(5).is_empty());
    assert_eq!(play(5), play(5));
    assert_ne!(play(5), play(6));
}

#[test]
fn radios_that_begin_in_one_slot_are_lost_and_get_through_later() {
    let radios = [1, 2].map(|number| RadioConfig {
        emergency_at: Some(seconds(4)),
        ..RadioConfig::new(id(number))
    });
    let mut run = homebrew(0.0, 1, radios.to_vec());
    run.until(seconds(60));
    let up = |event: &&AirEvent| matches!(event, AirEvent::Up(_) | AirEvent::Collision);
    let first = run.log.iter().map(|(_, event)| event).find(up);
    assert_eq!(first, Some(&AirEvent::Collision));
    for radio in [id(1), id(2)] {
        assert!(run.radio(radio).alarm_acknowledged(), "radio {radio}");
    }
}

#[test]
fn a_text_over_a_modem_is_received_and_answered() {
    let radio = id(2_308_155);
    let radios = vec![RadioConfig::new(radio)];
    let site = ModemSite::new(Instant::ZERO, radios, 0.02, 4);
    let hz = (430_000_000, 430_000_000);
    let config = HostConfig::new(StationId(STATION), own(), ColorCode::new(1).unwrap(), hz);
    let mut run = Run::new(ModemHost::new(config, Peer::Line), site, Peer::Line);
    run.until(seconds(5));
    assert!(run.up);
    assert!(run.deliver(radio));
    run.until(run.now + Duration::from_secs(60));
    assert!(run.answers(radio) >= 1);
}
