//! DMRD a second that a master takes from 1,000 stations on one core: admission,
//! decoding, and each timeslot's channel.

use std::net::SocketAddr;
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use narrowcast_protocol::air::{RadioId, Slot, StationId};
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::master::{HomebrewMaster, MasterConfig, StationConfig};
use narrowcast_protocol::homebrew::message::{Dmrd, Rptack, Rptc, Rptk, Rptl};
use narrowcast_protocol::session::{Action, Peer, Session};
use narrowcast_protocol::time::Instant;

const STATIONS: u32 = 1_000;
/// Bursts in one sample: a second of the load that is promised.
const BURSTS: u32 = 30_000;

/// A preamble CSBK, a rate 1/2 block and a voice burst, as recorded.
const RECORDED: [&str; 3] = [
    "444d52440b27fd7900238b002811d1e31b6bf08343f0007d899035ac17893812c4cdff57d75df5dac92265f88be83ae0bf1d6f1398002f",
    "444d52440500274a00277311e1a365e7cf64a9a16cbf40af13e5d68b6893026585ed5d7f77fd7570944b6779062d1ea037105232c10047",
    "444d5244632807220000090028072281f9d3565bfd956f6e8bb53d09817a4e6b26d1347030900914b4e255cceadac1b1d881e71ceb0339",
];

fn main() {
    divan::main();
}

fn peer(id: u32) -> SocketAddr {
    let [_, _, high, low] = id.to_be_bytes();
    SocketAddr::from(([10, 0, high, low], 62_031))
}

fn configuration(id: u32) -> Vec<u8> {
    let mut datagram = b"RPTC".to_vec();
    datagram.extend_from_slice(&id.to_be_bytes());
    datagram.resize(97, b'1');
    datagram.push(b'3');
    datagram.resize(Rptc::LENGTH, b' ');
    datagram
}

fn drain(master: &mut HomebrewMaster) -> Vec<Action> {
    std::iter::from_fn(|| master.poll()).collect()
}

fn logged_in() -> HomebrewMaster {
    let passphrase = Passphrase::new("s3cr37w0rd").expect("it is not empty");
    let stations = (1..=STATIONS).map(|id| StationConfig {
        id: StationId(id),
        passphrase: passphrase.clone(),
        networks: Vec::new(),
        color_code: None,
        own: RadioId::new(16_000_001).expect("it is in range"),
        groups: Vec::new(),
        slots: vec![Slot::One, Slot::Two],
        test: false,
        trunking: None,
    });
    let config = MasterConfig::new(stations.collect());
    let mut master = HomebrewMaster::new(config, [7; 32]).expect("no id stands twice");
    let mut carriers = 0;
    for id in 1..=STATIONS {
        let from = Peer::Socket(peer(id));
        master.receive(Instant::ZERO, from, &Rptl { id }.encode());
        let salt = drain(&mut master)
            .into_iter()
            .find_map(|action| match action {
                Action::Send { bytes, .. } => Rptack::decode(&bytes).ok(),
                _ => None,
            });
        let digest = passphrase.digest(salt.expect("it is challenged").value);
        master.receive(Instant::ZERO, from, &Rptk { id, digest }.encode());
        master.receive(Instant::ZERO, from, &configuration(id));
        let told = drain(&mut master);
        let appeared = |action: &&Action| matches!(action, Action::Carrier { .. });
        carriers += told.iter().filter(appeared).count();
    }
    assert_eq!(carriers, 2_000, "everyone is logged in");
    master
}

fn datagrams() -> Vec<(Peer, bytes::Bytes)> {
    let recorded: Vec<Dmrd> = RECORDED
        .iter()
        .map(|text| hex::decode(text).expect("it is hexadecimal"))
        .map(|datagram| Dmrd::decode(&datagram).expect("it is a DMRD"))
        .collect();
    let from_stations = recorded.iter().cycle().zip((1..=STATIONS).cycle());
    from_stations
        .take(BURSTS as usize)
        .map(|(burst, id)| {
            let burst = Dmrd {
                repeater: id,
                ..*burst
            };
            (Peer::Socket(peer(id)), burst.encode())
        })
        .collect()
}

/// One station after the other, 33 microseconds apart.
#[divan::bench]
fn intake(bencher: Bencher<'_, '_>) {
    let mut master = logged_in();
    let datagrams = datagrams();
    let mut now = Instant::from_millis(1);
    bencher.counter(ItemsCount::new(BURSTS)).bench_local(|| {
        let mut actions = 0_usize;
        for (from, datagram) in &datagrams {
            now += Duration::from_micros(33);
            master.receive(now, *from, datagram);
            if master.deadline().is_some_and(|due| due <= now) {
                master.tick(now);
            }
            while master.poll().is_some() {
                actions += 1;
            }
        }
        actions
    });
}
