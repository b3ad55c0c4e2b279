//! The Homebrew protocol: its messages, and a master that anybody writes to.

use core::time::Duration;
use std::net::SocketAddr;

use narrowcast_protocol::air::{CarrierId, Slot, StationId};
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::client::{Client, ClientAction, ClientConfig};
use narrowcast_protocol::homebrew::master::{HomebrewMaster, MasterConfig, StationConfig};
use narrowcast_protocol::homebrew::message::{
    Dmrd, FrameType, Message, Quality, Role, Rptc, Rptcl, Rptl, Rpto, Rptping, Slots,
};
use narrowcast_protocol::session::{Action, Peer, Session as _};

use super::air;
use super::input::{Input, assert_bounded};
use super::session::Driver;

const ID: u32 = 460_001;
const STATIONS: u32 = 2;

/// Datagrams from both sides: what is read is written, and read again alike.
pub fn messages(octets: &[u8]) {
    let input = &mut Input::new(octets);
    let valid = datagrams(&[]);
    while let Some(choice) = input.octet() {
        let datagram = if choice & 1 == 0 {
            input.some().to_vec()
        } else {
            input.damaged(&valid)
        };
        for role in [Role::Client, Role::Master] {
            if let Ok(message) = Message::decode(&datagram, role) {
                let again = Message::decode(&message.encode(), role);
                let again = again.expect("what we write is read");
                assert_eq!(again.encode(), message.encode());
            }
        }
    }
}

fn identity(id: u32) -> Rptc {
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
        location: String::new(),
        description: String::new(),
        slots: Slots::Both,
        url: String::new(),
        software: String::new(),
        package: String::new(),
    }
}

fn datagrams(bursts: &[[u8; 33]]) -> Vec<Vec<u8>> {
    let id = ID;
    let mut all: Vec<Vec<u8>> = vec![
        Rptl { id }.encode().to_vec(),
        identity(id).encode().to_vec(),
        Rptping { id }.encode().to_vec(),
        Rptcl { id }.encode().to_vec(),
        Rpto {
            id,
            options: "TS1=1".to_owned(),
        }
        .encode()
        .to_vec(),
        [b"RPTK".as_slice(), &id.to_be_bytes(), &[0; 32]].concat(),
        [b"DMRA".as_slice(), &id.to_be_bytes(), &[0; 11]].concat(),
        [b"DMRG".as_slice(), &id.to_be_bytes(), &[0; 10]].concat(),
    ];
    for (at, burst) in bursts.iter().enumerate() {
        let message = Dmrd {
            sequence: at as u8,
            source: air::RADIO,
            destination: air::OWN,
            repeater: ID + at as u32 % STATIONS,
            slot: if at & 2 == 0 { Slot::One } else { Slot::Two },
            group: at & 4 == 0,
            frame: if at % 5 == 0 {
                FrameType::Voice(at as u8 & 7)
            } else {
                FrameType::Data((at % 16) as u8)
            },
            stream: at as u32 / 4,
            burst: *burst,
            quality: (at & 1 == 0).then_some(Quality {
                bit_errors: 0,
                rssi: 47,
            }),
        };
        all.push(message.encode().to_vec());
    }
    all
}

fn address(index: u32) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, index as u8], 62_031))
}

fn passphrase() -> Passphrase {
    Passphrase::new("s3cr37w0rd").expect("it is not empty")
}

fn master() -> HomebrewMaster {
    let station = |id| StationConfig {
        id: StationId(id),
        passphrase: passphrase(),
        networks: Vec::new(),
        color_code: None,
        own: air::radio(air::OWN),
        groups: vec![air::group()],
        slots: vec![Slot::One, Slot::Two],
    };
    let stations = (ID..ID + STATIONS).map(station).collect();
    HomebrewMaster::new(MasterConfig::new(stations), [7; 32]).expect("every id stands once")
}

/// Logs a station in at `address`; whether it worked.
fn log_in(driver: &mut Driver<HomebrewMaster>, id: u32, address: SocketAddr) -> bool {
    let mut client = Client::new(ClientConfig::new(passphrase(), identity(id)));
    client.opened(driver.now);
    for _ in 0..16 {
        if let Some(at) = client.deadline() {
            let wait = at.since(driver.now);
            driver.pass(wait);
        }
        client.tick(driver.now);
        let mut actions = Vec::new();
        while let Some(action) = client.poll() {
            if let ClientAction::Send(datagram) = action {
                driver
                    .session
                    .receive(driver.now, Peer::Socket(address), &datagram);
                actions.extend(driver.actions());
            }
        }
        for action in actions {
            if let Action::Send { to, bytes, .. } = action
                && to == Peer::Socket(address)
            {
                client.receive(driver.now, &bytes);
            }
        }
        if client.running() {
            return true;
        }
    }
    false
}

/// A master with two stations and strangers, of whom any may write anything. Whatever they
/// wrote, its memory is bounded, and a station can log in.
pub fn master_session(octets: &[u8]) {
    let input = &mut Input::new(octets);
    let carrier = |id| {
        [Slot::One, Slot::Two].map(|slot| CarrierId {
            station: StationId(id),
            slot,
        })
    };
    let carriers = (ID..=ID + STATIONS).flat_map(carrier).collect();
    let peers = (0..8).map(|index| Peer::Socket(address(index)));
    let mut driver = Driver::new(master(), peers.chain([Peer::Line]).collect(), carriers);
    if input.number() & 1 == 0 {
        for index in 0..STATIONS {
            assert!(log_in(&mut driver, ID + index, address(index)));
        }
    }
    let mut bursts = air::bursts();
    for packet in air::packets(input, air::RADIO, air::OWN) {
        bursts.extend(packet.pdus(1).iter().map(air::burst));
    }
    let frames = datagrams(&bursts);
    while let Some(choice) = input.octet() {
        driver.step(input, choice, &frames);
    }
    assert!(driver.session.quarantine().len() <= 64);
    // Four carriers with a reassembler each, eight peers.
    assert_bounded(&driver.session, 4 << 20);
    driver.pass(Duration::from_secs(300));
    assert!(log_in(&mut driver, ID, address(0)));
}
