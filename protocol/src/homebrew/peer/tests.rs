//! The peer against our own master, in virtual time.

use core::time::Duration;
use std::net::SocketAddr;

use super::*;
use crate::air::{Address, Delivery, HeardKind, Text, TextForm, Transmission};
use crate::homebrew::auth::Passphrase;
use crate::homebrew::master::{HomebrewMaster, MasterConfig, StationConfig};
use crate::homebrew::message::{Mstcl, Mstnak, Rptc, Sent, Slots};
use crate::session::CarrierState;

const ID: u32 = 460_900;
const STATION: StationId = StationId(7);

fn at(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1_000)
}

fn radio(id: u32) -> RadioId {
    RadioId::new(id).unwrap()
}

fn address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 9], 50_000))
}

fn peer(passphrase: &str) -> HomebrewPeer {
    let identity = Rptc {
        id: ID,
        callsign: "B1NC".to_owned(),
        rx_frequency: None,
        tx_frequency: None,
        power: None,
        color_code: Some(1),
        latitude: None,
        longitude: None,
        height: None,
        location: String::new(),
        description: String::new(),
        slots: Slots::Both,
        url: String::new(),
        software: "Narrowcast".to_owned(),
        package: String::new(),
        sent: Sent::default(),
    };
    let mut client = ClientConfig::new(Passphrase::new(passphrase).unwrap(), identity);
    client.longest_retry = Duration::from_secs(120);
    let config = PeerConfig {
        station: STATION,
        master: SocketAddr::from(([192, 0, 2, 1], 62_031)),
        client,
        own: radio(9_990),
        groups: vec![GroupId::new(9).unwrap()],
        slots: vec![Slot::One, Slot::Two],
        color_code: ColorCode::default(),
        response_wait: Duration::from_secs(3),
    };
    HomebrewPeer::new(config, [5; 32])
}

fn master() -> HomebrewMaster {
    let station = StationConfig {
        id: StationId(ID),
        passphrase: Passphrase::new("s3cr37w0rd").unwrap(),
        networks: Vec::new(),
        color_code: None,
        own: radio(2_308_155),
        groups: Vec::new(),
        slots: vec![Slot::One, Slot::Two],
        test: false,
        trunking: None,
    };
    HomebrewMaster::new(MasterConfig::new(vec![station]), [7; 32]).unwrap()
}

/// A peer and a master on one wire; what each reports is kept.
struct Wire {
    now: Instant,
    peer: HomebrewPeer,
    master: HomebrewMaster,
    told: Vec<Action>,
    heard: Vec<HeardKind>,
    sent: Vec<bytes::Bytes>,
}

impl Wire {
    fn new(passphrase: &str) -> Self {
        let mut wire = Self {
            now: at(0),
            peer: peer(passphrase),
            master: master(),
            told: Vec::new(),
            heard: Vec::new(),
            sent: Vec::new(),
        };
        wire.peer.opened(at(0));
        wire
    }

    fn settle(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(action) = self.peer.poll() {
                quiet = false;
                match action {
                    Action::Send { bytes, .. } => {
                        self.sent.push(bytes.clone());
                        let from = Peer::Socket(address());
                        self.master.receive(self.now, from, &bytes);
                    }
                    other => self.told.push(other),
                }
            }
            while let Some(action) = self.master.poll() {
                quiet = false;
                match action {
                    Action::Send { bytes, .. } => {
                        self.peer.receive(self.now, Peer::Line, &bytes);
                    }
                    Action::Heard(heard) => self.heard.push(heard.what),
                    _ => {}
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn run(&mut self, until: Instant) {
        self.settle();
        while let Some(due) = [self.peer.deadline(), self.master.deadline()]
            .into_iter()
            .flatten()
            .min()
            .filter(|due| *due <= until)
        {
            self.now = due.max(self.now);
            self.peer.tick(self.now);
            self.master.tick(self.now);
            self.settle();
        }
        self.now = until;
    }

    /// How often a carrier appeared with room, or went.
    fn carriers(&self, wanted: CarrierState) -> usize {
        let told = self.told.iter();
        told.filter(|it| match it {
            Action::Carrier { state, room, .. } => {
                *state == wanted && (*room == 1 || wanted == CarrierState::Gone)
            }
            _ => false,
        })
        .count()
    }
}

/// The texts among what was heard.
fn texts<'a>(heard: impl Iterator<Item = &'a HeardKind>) -> Vec<&'a str> {
    heard
        .filter_map(|what| match what {
            HeardKind::Text { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

fn text(from: u32, to: Address) -> Transmission {
    Transmission::Text(Text {
        from: radio(from),
        to,
        text: "东山起火".to_owned(),
        form: TextForm::Tms,
        delivery: Delivery::Unconfirmed,
        reference: 1,
    })
}

fn send(id: u64, station: StationId, transmission: Transmission) -> Job {
    Job::Send {
        id: JobId(id),
        carrier: CarrierId {
            station,
            slot: Slot::Two,
        },
        transmission,
    }
}

#[test]
fn a_master_that_answers_no_ping_is_sent_nothing_until_it_answers() {
    let mut wire = Wire::new("s3cr37w0rd");
    wire.run(at(31));
    // Killed: its answers stop, and what is sent to it goes nowhere.
    let bursts = |wire: &mut Wire, until: u64| {
        let mut bursts = 0;
        while let Some(due) = wire.peer.deadline().filter(|due| *due <= at(until)) {
            wire.now = due.max(wire.now);
            wire.peer.tick(wire.now);
            while let Some(action) = wire.peer.poll() {
                bursts += u32::from(
                    matches!(action, Action::Send { bytes, .. } if bytes.starts_with(b"DMRD")),
                );
            }
        }
        wire.now = at(until);
        bursts
    };
    assert_eq!(bursts(&mut wire, 50), 0);
    let out = text(9_990, Address::Radio(radio(2_308_155)));
    wire.peer.transmit(wire.now, send(1, STATION, out));
    assert_eq!(bursts(&mut wire, 55), 0);
    let pong = crate::homebrew::message::Mstpong { id: ID }.encode();
    wire.peer.receive(wire.now, Peer::Line, &pong);
    assert!(bursts(&mut wire, 60) > 0);
}

#[test]
fn texts_go_both_ways_over_somebody_elses_master() {
    let mut wire = Wire::new("s3cr37w0rd");
    wire.run(at(11));
    assert_eq!(wire.carriers(CarrierState::Up), 2);
    let out = text(9_990, Address::Radio(radio(2_308_155)));
    wire.peer.transmit(wire.now, send(1, STATION, out));
    wire.run(at(15));
    assert_eq!(texts(wire.heard.iter()), ["东山起火"]);
    let done = |it: &Action| {
        matches!(
            it,
            Action::Job {
                id: JobId(1),
                step: Step::Done
            }
        )
    };
    assert!(wire.told.iter().any(done));
    let back = text(2_308_155, Address::Group(GroupId::new(9).unwrap()));
    wire.master.transmit(wire.now, send(2, StationId(ID), back));
    wire.run(at(20));
    let heard = wire.told.iter().filter_map(|it| match it {
        Action::Heard(heard) if heard.carrier.station == STATION => Some(&heard.what),
        _ => None,
    });
    assert_eq!(texts(heard), ["东山起火"]);
}

#[test]
fn our_own_bursts_that_a_master_sends_back_are_not_heard() {
    let mut wire = Wire::new("s3cr37w0rd");
    wire.run(at(11));
    let out = text(9_990, Address::Group(GroupId::new(9).unwrap()));
    wire.peer.transmit(wire.now, send(1, STATION, out));
    wire.run(at(15));
    let bursts: Vec<_> = wire
        .sent
        .iter()
        .filter(|it| it.starts_with(b"DMRD"))
        .collect();
    assert!(!bursts.is_empty());
    for burst in bursts {
        wire.peer.receive(wire.now, Peer::Line, burst);
    }
    let told: Vec<_> = core::iter::from_fn(|| wire.peer.poll()).collect();
    assert!(
        !told.iter().any(|it| matches!(it, Action::Heard(_))),
        "{told:?}"
    );
}

#[test]
fn it_logs_in_again_when_the_master_forgets_it_and_its_jobs_are_lost() {
    let mut wire = Wire::new("s3cr37w0rd");
    wire.run(at(11));
    let out = text(9_990, Address::Radio(radio(2_308_155)));
    wire.peer.transmit(wire.now, send(1, STATION, out));
    wire.peer
        .receive(wire.now, Peer::Line, &Mstnak { id: ID }.encode());
    wire.settle();
    let lost = |it: &Action| {
        matches!(
            it,
            Action::Job {
                id: JobId(1),
                step: Step::Lost
            }
        )
    };
    assert!(wire.told.iter().any(lost));
    assert_eq!(wire.carriers(CarrierState::Gone), 2);
    wire.run(at(60));
    assert_eq!(wire.carriers(CarrierState::Up), 4, "both are there again");
    wire.peer
        .receive(wire.now, Peer::Line, &Mstcl { id: ID }.encode());
    wire.run(at(120));
    assert_eq!(wire.carriers(CarrierState::Up), 6);
}

#[test]
fn a_master_that_refuses_is_asked_less_and_less_often() {
    let mut wire = Wire::new("a wrong guess");
    wire.run(at(1_200));
    let requests = wire.sent.iter().filter(|it| it.starts_with(b"RPTL"));
    // 10 s, then 20, 40, 80, and 120 each.
    let requests = requests.count();
    assert!((11..=14).contains(&requests), "{requests}");
    let refused = wire
        .told
        .iter()
        .filter(|it| matches!(it, Action::Notice(Notice::LogInRefused { claimed: ID, .. })));
    assert!(refused.count() >= 10);
    assert_eq!(wire.carriers(CarrierState::Up), 0);
}

#[test]
fn it_takes_its_leave_before_the_port_closes() {
    let mut wire = Wire::new("s3cr37w0rd");
    wire.run(at(11));
    wire.peer.leaving(wire.now);
    wire.settle();
    assert!(wire.sent.last().unwrap().starts_with(b"RPTCL"));
    wire.peer.closed(wire.now);
    wire.settle();
    assert_eq!(wire.carriers(CarrierState::Gone), 2);
    assert_eq!(wire.peer.deadline(), None);
}

#[test]
fn jobs_without_a_log_in_are_refused() {
    let mut wire = Wire::new("s3cr37w0rd");
    let out = text(9_990, Address::Radio(radio(2_308_155)));
    wire.peer.transmit(wire.now, send(1, STATION, out));
    wire.settle();
    let step = Step::Refused(Refusal::NoCarrier);
    assert_eq!(wire.told, [Action::Job { id: JobId(1), step }]);
}
