//! The master against the client and against everything else, in virtual time.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::station::Link;
use super::*;
use crate::air::{
    Address, CarrierId, Delivery, JobId, RadioId, Slot, StationId, Text, TextForm, Transmission,
};
use crate::homebrew::auth::Passphrase;
use crate::homebrew::client::{Client, ClientAction, ClientConfig};
use crate::homebrew::message::{
    Dmrd, FrameType, Rptack, Rptc, Rptcl, Rptk, Rptl, Rpto, Rptping, Sent, Slots,
};
use crate::session::{Notice, Step};

pub(super) const SEED: [u8; 32] = [7; 32];
pub(super) const ID: u32 = 460_001;

pub(super) fn station(id: u32) -> StationConfig {
    StationConfig {
        id: StationId(id),
        passphrase: Passphrase::new("s3cr37w0rd").unwrap(),
        networks: Vec::new(),
        color_code: None,
        own: RadioId::new(9_990).unwrap(),
        groups: Vec::new(),
        slots: vec![Slot::One, Slot::Two],
        test: false,
        trunking: None,
    }
}

fn master() -> HomebrewMaster {
    HomebrewMaster::new(MasterConfig::new(vec![station(ID), station(ID + 1)]), SEED).unwrap()
}

pub(super) fn configuration(id: u32) -> Rptc {
    Rptc {
        id,
        callsign: "B1ABC".to_owned(),
        rx_frequency: Some(350_012_500),
        tx_frequency: Some(360_012_500),
        power: Some(25),
        color_code: Some(1),
        latitude: Some(39.9042),
        longitude: Some(116.4074),
        height: Some(30),
        location: "北京".to_owned(),
        description: String::new(),
        slots: Slots::Both,
        url: String::new(),
        software: "test".to_owned(),
        package: "none".to_owned(),
        sent: Sent::default(),
    }
}

pub(super) fn burst(repeater: u32) -> Dmrd {
    Dmrd {
        sequence: 0,
        source: 2_308_155,
        destination: 9_990,
        repeater,
        slot: Slot::Two,
        group: false,
        frame: FrameType::Data(3),
        stream: 1,
        burst: [0; 33],
        quality: None,
        uuid: None,
    }
}

pub(super) fn peer(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 62_031))
}

pub(super) fn at(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1_000)
}

/// Hands over one datagram and returns what the master sends.
pub(super) fn exchange(
    master: &mut HomebrewMaster,
    now: Instant,
    from: SocketAddr,
    datagram: &[u8],
) -> Vec<(Peer, Bytes)> {
    master.receive(now, Peer::Socket(from), datagram);
    sent(drain(master))
}

pub(super) fn drain(master: &mut HomebrewMaster) -> Vec<Action> {
    core::iter::from_fn(|| master.poll()).collect()
}

pub(super) fn sent(actions: Vec<Action>) -> Vec<(Peer, Bytes)> {
    let sent = actions.into_iter().filter_map(|action| match action {
        Action::Send { to, bytes, .. } => Some((to, bytes)),
        _ => None,
    });
    sent.collect()
}

pub(super) fn notices(master: &mut HomebrewMaster) -> Vec<Notice> {
    let actions = drain(master).into_iter();
    actions
        .filter_map(|action| match action {
            Action::Notice(notice) => Some(notice),
            _ => None,
        })
        .collect()
}

fn ack(id: u32) -> Bytes {
    let value = id.to_be_bytes();
    Rptack { value }.encode()
}

fn nak(id: u32) -> Bytes {
    Mstnak { id }.encode()
}

pub(super) fn one(answers: Vec<(Peer, Bytes)>) -> Bytes {
    let [(_, bytes)]: [(Peer, Bytes); 1] = answers.try_into().unwrap();
    bytes
}

/// RPTL and RPTK; the proof that was accepted.
pub(super) fn prove(master: &mut HomebrewMaster, now: Instant, from: SocketAddr, id: u32) -> Rptk {
    let challenge = one(exchange(master, now, from, &Rptl { id }.encode()));
    let salt = Rptack::decode(&challenge).unwrap().value;
    let digest = Passphrase::new("s3cr37w0rd").unwrap().digest(salt);
    let proof = Rptk { id, digest };
    assert_eq!(one(exchange(master, now, from, &proof.encode())), ack(id));
    proof
}

pub(super) fn log_in(master: &mut HomebrewMaster, now: Instant, from: SocketAddr, id: u32) -> Rptk {
    let proof = prove(master, now, from, id);
    let configuration = configuration(id).encode();
    assert_eq!(one(exchange(master, now, from, &configuration)), ack(id));
    proof
}

fn pings(master: &mut HomebrewMaster, now: Instant, from: SocketAddr, id: u32) -> bool {
    let answers = exchange(master, now, from, &Rptping { id }.encode());
    answers
        .iter()
        .any(|(_, bytes)| bytes.starts_with(b"MSTPONG"))
}

#[test]
fn a_station_logs_in_says_who_it_is_and_stays() {
    let mut master = master();
    let now = at(1);
    prove(&mut master, now, peer(1), ID);
    master.receive(now, Peer::Socket(peer(1)), &configuration(ID).encode());
    let told = notices(&mut master);
    match told.as_slice() {
        [
            Notice::StationIdentified {
                station,
                description,
            },
        ] => {
            assert_eq!(*station, StationId(ID));
            assert!(description.contains("350.012500 MHz"), "{description}");
        }
        other => panic!("{other:?}"),
    }
    let options = Rpto {
        id: ID,
        options: "TS2=9".to_owned(),
    };
    master.receive(now, Peer::Socket(peer(1)), &options.encode());
    match notices(&mut master).as_slice() {
        [Notice::StationIdentified { description, .. }] => {
            assert!(description.contains("350.012500 MHz"), "{description}");
            assert!(
                description.contains(", options TS2=9, test, none, "),
                "{description}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        one(exchange(&mut master, now, peer(1), &options.encode())),
        ack(ID)
    );
    for seconds in (10..600).step_by(10) {
        master.tick(at(seconds));
        assert!(pings(&mut master, at(seconds), peer(1), ID));
    }
}

#[test]
fn a_wrong_passphrase_is_refused_and_told_once() {
    let mut master = master();
    for second in 1..20 {
        let challenge = one(exchange(
            &mut master,
            at(second),
            peer(1),
            &Rptl { id: ID }.encode(),
        ));
        let salt = Rptack::decode(&challenge).unwrap().value;
        let digest = Passphrase::new("guess").unwrap().digest(salt);
        master.receive(
            at(second),
            Peer::Socket(peer(1)),
            &Rptk { id: ID, digest }.encode(),
        );
        let actions = drain(&mut master);
        let told = actions
            .iter()
            .filter(|it| matches!(it, Action::Notice(Notice::LogInRefused { .. })));
        assert_eq!(told.count(), usize::from(second == 1));
        // Each failure makes the next wait longer: 1 s, 2 s and then 4 s.
        if [1, 2, 4, 8, 12, 16].contains(&second) {
            assert_eq!(one(sent(actions)), nak(ID));
        } else {
            assert_eq!(sent(actions), []);
        }
    }
    assert!(!pings(&mut master, at(30), peer(1), ID));
    assert_eq!(master.quarantine()[0].count, 6);
}

#[test]
fn only_allowed_networks_get_a_challenge() {
    let mut config = station(ID);
    config.networks = vec!["192.0.2.0/28".parse().unwrap()];
    let mut master = HomebrewMaster::new(MasterConfig::new(vec![config]), SEED).unwrap();
    log_in(&mut master, at(1), peer(3), ID);
    let refused = exchange(&mut master, at(1), peer(99), &Rptl { id: ID }.encode());
    assert_eq!(one(refused), nak(ID));
    assert_eq!(master.quarantine()[0].why, "address not allowed");
}

#[test]
fn a_proof_opens_one_log_in_and_repeats_do_no_harm() {
    let mut master = master();
    let proof = log_in(&mut master, at(1), peer(1), ID).encode();
    assert_eq!(one(exchange(&mut master, at(2), peer(1), &proof)), ack(ID));
    assert!(pings(&mut master, at(3), peer(1), ID), "still running");
    exchange(&mut master, at(4), peer(1), &Rptcl { id: ID }.encode());
    for second in 5..20 {
        master.tick(at(second));
    }
    drain(&mut master);
    assert!(!pings(&mut master, at(20), peer(1), ID), "logged out");
    assert_eq!(one(exchange(&mut master, at(22), peer(1), &proof)), nak(ID));
    assert_eq!(one(exchange(&mut master, at(24), peer(2), &proof)), nak(ID));
}

#[test]
fn the_newest_proof_wins_and_both_addresses_are_told() {
    let mut master = master();
    log_in(&mut master, at(1), peer(1), ID);
    drain(&mut master);
    let challenge = one(exchange(
        &mut master,
        at(2),
        peer(2),
        &Rptl { id: ID }.encode(),
    ));
    assert!(
        pings(&mut master, at(3), peer(1), ID),
        "a request ends nothing"
    );
    let salt = Rptack::decode(&challenge).unwrap().value;
    let digest = Passphrase::new("s3cr37w0rd").unwrap().digest(salt);
    let proof = Rptk { id: ID, digest }.encode();
    master.receive(at(4), Peer::Socket(peer(2)), &proof);
    let moved = Notice::StationMoved {
        station: StationId(ID),
        from: Peer::Socket(peer(1)),
        to: Peer::Socket(peer(2)),
    };
    assert!(notices(&mut master).contains(&moved));
    exchange(&mut master, at(5), peer(2), &configuration(ID).encode());
    assert!(pings(&mut master, at(6), peer(2), ID));
    assert_eq!(
        one(exchange(
            &mut master,
            at(7),
            peer(1),
            &Rptping { id: ID }.encode()
        )),
        nak(ID)
    );
}

#[test]
fn a_moved_address_must_log_in_again() {
    let mut master = master();
    log_in(&mut master, at(1), peer(1), ID);
    let rebound = SocketAddr::from(([192, 0, 2, 1], 40_000));
    let datagram = burst(ID).encode();
    assert_eq!(
        one(exchange(&mut master, at(2), rebound, &datagram)),
        nak(ID)
    );
    log_in(&mut master, at(12), rebound, ID);
    assert_eq!(exchange(&mut master, at(13), rebound, &datagram), []);
}

#[test]
fn a_ping_before_the_configuration_starts_the_log_in_again() {
    let mut master = master();
    prove(&mut master, at(1), peer(1), ID);
    assert!(!pings(&mut master, at(11), peer(1), ID));
    log_in(&mut master, at(21), peer(1), ID);
    assert!(pings(&mut master, at(31), peer(1), ID));
}

#[test]
fn a_silent_station_expires_and_a_slow_one_does_not() {
    let mut master = master();
    log_in(&mut master, at(0), peer(1), ID);
    log_in(&mut master, at(0), peer(2), ID + 1);
    drain(&mut master);
    let mut left = Vec::new();
    for second in 1..=400 {
        if second <= 60 && second % 10 == 0 {
            assert!(pings(&mut master, at(second), peer(1), ID));
        }
        if second % 60 == 0 {
            assert!(pings(&mut master, at(second), peer(2), ID + 1));
        }
        if master.deadline().is_some_and(|due| due <= at(second)) {
            master.tick(at(second));
        }
        for notice in notices(&mut master) {
            if let Notice::StationLeft { station, .. } = notice {
                left.push((station, second));
            }
        }
    }
    assert_eq!(left, [(StationId(ID), 90)]);
}

#[test]
fn drops_are_counted_by_station_and_cause() {
    let mut master = master();
    log_in(&mut master, at(1), peer(1), ID);
    drain(&mut master);
    let own = Peer::Socket(peer(1));
    for _ in 0..5 {
        master.receive(at(2), own, &burst(ID + 1).encode());
        master.receive(at(2), own, &burst(ID).encode()[..52]);
    }
    master.receive(at(2), own, b"RPTPONG\0\0\0\0");
    master.receive(at(2), Peer::Socket(peer(9)), b"hello");
    assert!(sent(drain(&mut master)).is_empty(), "nothing is answered");
    master.tick(at(3));
    let dropped = |station, cause, count| Notice::Dropped {
        station,
        cause,
        count,
    };
    assert_eq!(
        notices(&mut master),
        [
            dropped(None, "unknown-message", 1),
            dropped(Some(StationId(ID)), "other-repeater-id", 5),
            dropped(Some(StationId(ID)), "outdated-protocol", 1),
            dropped(Some(StationId(ID)), "wrong-length", 5),
        ]
    );
}

#[test]
fn strangers_cost_a_bounded_number_of_answers_reports_and_bytes() {
    let mut master = master();
    let mut answers = 0;
    let mut reports = 0;
    for i in 0..100_000_u32 {
        let now = Instant::from_micros(u64::from(i) * 100);
        let [_, a, b, c] = i.to_be_bytes();
        let from = SocketAddr::from(([198, 18 + (a & 1), b, c], 1_000));
        let datagram = if i % 2 == 0 {
            Rptping { id: i }.encode()
        } else {
            Rptl { id: i }.encode()
        };
        master.receive(now, Peer::Socket(from), &datagram);
        master.tick(now);
        for action in drain(&mut master) {
            match action {
                Action::Send { .. } => answers += 1,
                Action::Notice(Notice::LogInRefused { .. }) => reports += 1,
                _ => {}
            }
        }
    }
    // 10 s at 200 a second, and the burst at the start.
    assert!((2_000..=2_200).contains(&answers), "{answers}");
    assert!(reports <= 110, "{reports}");
    assert_eq!(master.quarantine().len(), 64);
    assert!(master.by_address.is_empty());
}

#[test]
fn everyone_recovers_from_a_restart_of_the_master() {
    let ids: Vec<u32> = (1..=1_000).collect();
    let stations = ids.iter().map(|&id| station(id)).collect();
    let mut master = HomebrewMaster::new(MasterConfig::new(stations), SEED).unwrap();
    // All behind one address, each pings every 10 s; a refusal must reach each within a minute.
    let mut told = vec![false; ids.len()];
    for second in 0..60_u64 {
        for (index, &id) in ids.iter().enumerate() {
            if index as u64 % 10 == second % 10 && !told[index] {
                let port = 10_000 + u16::try_from(id).unwrap();
                let from = SocketAddr::from(([127, 0, 0, 1], port));
                let answers = exchange(&mut master, at(second), from, &Rptping { id }.encode());
                told[index] = !answers.is_empty();
            }
        }
    }
    assert!(told.iter().all(|&told| told));
}

#[test]
fn a_lost_port_ends_every_link() {
    let mut master = master();
    log_in(&mut master, at(1), peer(1), ID);
    drain(&mut master);
    master.closed(at(2));
    let left = Notice::StationLeft {
        station: StationId(ID),
        why: "port lost",
    };
    assert_eq!(notices(&mut master), [left]);
    assert_eq!(master.deadline(), None);
    assert!(!pings(&mut master, at(3), peer(1), ID));
}

#[test]
fn one_id_cannot_stand_twice() {
    let twice = HomebrewMaster::new(MasterConfig::new(vec![station(5), station(5)]), SEED);
    assert_eq!(
        twice.err().map(|error| error.to_string()).as_deref(),
        Some("station 5 stands twice in the configuration")
    );
}

/// A datagram under way; the flag says that it goes to the master.
type UnderWay = (Instant, bool, Bytes);

/// Client and master over a network that does what `fates` says to each datagram.
struct Wire {
    master: HomebrewMaster,
    client: Client,
    under_way: Vec<UnderWay>,
    fates: Vec<u8>,
    next: usize,
    clean_from: Instant,
}

impl Wire {
    fn pass(&mut self, now: Instant, to_master: bool, bytes: Bytes) {
        let fate = match self.fates.get(self.next % self.fates.len().max(1)) {
            Some(&fate) if now < self.clean_from => fate,
            _ => 255,
        };
        self.next += 1;
        let after = |millis| now + Duration::from_millis(millis);
        match fate {
            0..60 => {}
            60..120 => {
                self.under_way.push((after(20), to_master, bytes.clone()));
                self.under_way
                    .push((after(u64::from(fate) * 40), to_master, bytes));
            }
            120..180 => self
                .under_way
                .push((after(u64::from(fate) * 60), to_master, bytes)),
            180.. => self.under_way.push((after(20), to_master, bytes)),
        }
    }

    fn step(&mut self, now: Instant) {
        let from = Peer::Socket(peer(1));
        let (due, later) = core::mem::take(&mut self.under_way)
            .into_iter()
            .partition(|(at, ..)| *at <= now);
        self.under_way = later;
        let mut due: Vec<UnderWay> = due;
        due.sort_by_key(|(at, ..)| *at);
        for (_, to_master, bytes) in due {
            if to_master {
                self.master.receive(now, from, &bytes);
            } else {
                self.client.receive(now, &bytes);
            }
        }
        self.master.tick(now);
        self.client.tick(now);
        for (_, bytes) in sent(drain(&mut self.master)) {
            self.pass(now, false, bytes);
        }
        while let Some(action) = self.client.poll() {
            if let ClientAction::Send(bytes) = action {
                self.pass(now, true, bytes);
            }
        }
    }

    fn agreed(&self) -> bool {
        let link = self.master.stations[0].link.as_ref();
        self.client.running() && link.is_some_and(Link::running)
    }
}

/// A preamble, a rate 1/2 block, a voice burst and a voice header.
const ON_AIR: [&str; 4] = [
    "43f0007d899035ac17893812c4cdff57d75df5dac92265f88be83ae0bf1d6f1398",
    "6cbf40af13e5d68b6893026585ed5d7f77fd7570944b6779062d1ea037105232c1",
    "fd956f6e8bb53d09817a4e6b26d1347030900914b4e255cceadac1b1d881e71ceb",
    "0798107c13d83b5031001660046d5d7f77fd757e32f426e86b10176144c0ae01ee",
];

const NAMES: [&str; 12] = [
    "RPTL", "RPTK", "RPTC", "RPTCL", "RPTO", "RPTPING", "RPTG", "DMRD", "DMRA", "DMRG", "MST", "",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_log_in_survives_loss_doubling_and_reordering(
        fates in proptest::collection::vec(any::<u8>(), 16..200),
        options in any::<bool>(),
    ) {
        let passphrase = Passphrase::new("s3cr37w0rd").unwrap();
        let mut config = ClientConfig::new(passphrase, configuration(ID));
        config.options = options.then(|| "TS2=9".to_owned());
        let mut wire = Wire {
            master: master(),
            client: Client::new(config),
            under_way: Vec::new(),
            fates,
            next: 0,
            clean_from: at(240),
        };
        wire.client.opened(at(0));
        let mut agreed = 0;
        for tick in 0..4_800_u64 {
            let now = Instant::from_millis(tick * 100);
            wire.step(now);
            agreed += u32::from(now >= at(360) && wire.agreed());
        }
        prop_assert_eq!(agreed, 1_200, "two minutes after the last loss both run, and stay");
    }

    #[test]
    fn a_mutated_log_in_never_gets_in(
        byte in 4..40_usize,
        change in 1..=255_u8,
    ) {
        let mut master = master();
        let challenge = one(exchange(&mut master, at(1), peer(1), &Rptl { id: ID }.encode()));
        let salt = Rptack::decode(&challenge).unwrap().value;
        let digest = Passphrase::new("s3cr37w0rd").unwrap().digest(salt);
        let mut proof = Rptk { id: ID, digest }.encode().to_vec();
        proof[byte] ^= change;
        for answer in exchange(&mut master, at(1), peer(1), &proof) {
            prop_assert!(answer.1.starts_with(b"MSTNAK"));
        }
        prop_assert!(master.stations.iter().all(|station| station.link.is_none()));
    }

    #[test]
    fn whatever_a_station_says_on_the_air_every_job_ends_and_the_master_comes_to_rest(
        bursts in proptest::collection::vec(
            (proptest::sample::select(ON_AIR.as_slice()), any::<u8>(), 0..264_usize, 0..400_u64),
            1..120,
        ),
        jobs in proptest::collection::vec(0..40_usize, 0..8),
    ) {
        let mut master = master();
        log_in(&mut master, at(0), peer(1), ID);
        drain(&mut master);
        let mut now = at(1);
        let mut given = Vec::new();
        let mut ended = BTreeSet::new();
        let mut note = |actions: Vec<Action>| {
            for action in actions {
                if let Action::Job { id, step: Step::Done | Step::Refused(_) | Step::Lost } = action {
                    ended.insert(id);
                }
            }
        };
        for (index, (recorded, flags, wrong_bit, wait)) in bursts.into_iter().enumerate() {
            now += Duration::from_millis(wait);
            let mut on_air: [u8; 33] = hex::decode(recorded).unwrap().try_into().unwrap();
            on_air[wrong_bit / 8] ^= (flags & 1) << (wrong_bit % 8);
            let slot = if flags & 2 == 0 { Slot::One } else { Slot::Two };
            let heard = Dmrd { slot, burst: on_air, ..burst(ID) };
            master.receive(now, Peer::Socket(peer(1)), &heard.encode());
            for _ in jobs.iter().filter(|job| **job == index) {
                let id = JobId(given.len() as u64);
                given.push(id);
                master.transmit(now, Job::Send {
                    id,
                    carrier: CarrierId { station: StationId(ID), slot },
                    transmission: Transmission::RadioCheck {
                        from: RadioId::new(9_990).unwrap(),
                        to: RadioId::new(2_308_155).unwrap(),
                    },
                });
            }
            if master.deadline().is_some_and(|due| due <= now) {
                master.tick(now);
            }
            note(drain(&mut master));
        }
        // Without further traffic nothing but the expiry of the link may remain.
        let mut ticks = 0;
        while let Some(due) = master.deadline().filter(|due| *due < now + Duration::from_secs(20)) {
            master.tick(due);
            note(drain(&mut master));
            ticks += 1;
            prop_assert!(ticks < 2_000, "it is never at rest");
        }
        prop_assert_eq!(ended.into_iter().collect::<Vec<_>>(), given);
    }

    #[test]
    fn random_datagrams_are_survived_in_bounded_memory(
        datagrams in proptest::collection::vec(
            (
                proptest::sample::select(NAMES.as_slice()),
                proptest::sample::select(vec![ID, ID + 1, 0, u32::MAX]),
                proptest::collection::vec(any::<u8>(), 0..300),
                0..4_u8,
                0..2_000_u64,
            ),
            1..200,
        ),
    ) {
        let mut master = master();
        log_in(&mut master, at(0), peer(1), ID);
        let mut now = at(1);
        for (name, id, junk, from, wait) in datagrams {
            now += Duration::from_millis(wait);
            let datagram = [name.as_bytes(), &id.to_be_bytes(), &junk].concat();
            for peer in [Peer::Socket(peer(from)), Peer::Line] {
                master.receive(now, peer, &datagram);
                if master.deadline().is_some_and(|due| due <= now) {
                    master.tick(now);
                }
                drain(&mut master);
            }
            prop_assert!(master.by_address.len() <= 2);
            prop_assert!(master.quarantine().len() <= 64);
        }
        let elsewhere = master.stations.iter().filter_map(|station| station.link.as_ref());
        prop_assert!(elsewhere.into_iter().all(|link| link.peer == peer(1)));
    }
}

#[test]
fn a_text_leaves_in_bursts_60_ms_apart_and_its_last_datagram_names_the_job() {
    let mut master = master();
    log_in(&mut master, at(1), peer(1), ID);
    drain(&mut master);
    let carrier = CarrierId {
        station: StationId(ID),
        slot: Slot::Two,
    };
    let text = Text {
        from: RadioId::new(16_000_001).unwrap(),
        to: Address::Radio(RadioId::new(2_308_155).unwrap()),
        text: "东山起火".into(),
        form: TextForm::Tms,
        delivery: Delivery::Unconfirmed,
        reference: 1,
    };
    let mut now = at(2);
    master.transmit(
        now,
        Job::Send {
            id: JobId(7),
            carrier,
            transmission: Transmission::Text(text),
        },
    );
    let mut sent = Vec::new();
    let mut done = false;
    while !done {
        while let Some(action) = master.poll() {
            match action {
                Action::Send { bytes, for_job, .. } => sent.push((now, bytes, for_job)),
                Action::Job { id, step } => done = (id, step) == (JobId(7), Step::Done),
                _ => {}
            }
        }
        now = master.deadline().unwrap().max(now);
        master.tick(now);
    }
    assert!(sent.len() > 5);
    assert!(
        sent.windows(2)
            .all(|pair| pair[1].0.since(pair[0].0) == Duration::from_millis(60))
    );
    let jobs: Vec<_> = sent.iter().filter_map(|(.., job)| *job).collect();
    assert_eq!(jobs, [JobId(7)]);
    assert_eq!(sent.last().unwrap().2, Some(JobId(7)));
    let first = Dmrd::decode(&sent[0].1).unwrap();
    assert!((first.repeater, first.slot, first.group) == (ID, Slot::Two, false));
}
