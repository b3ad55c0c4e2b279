//! The Homebrew protocol: its messages, and a master that anybody writes to.

use core::time::Duration;
use std::net::SocketAddr;

use narrowcast_protocol::air::{CarrierId, Slot, StationId};
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::client::{Client, ClientAction, ClientConfig};
use narrowcast_protocol::homebrew::master::{
    HomebrewMaster, MasterConfig, RelayRule, StationConfig, TrunkingConfig,
};
use narrowcast_protocol::homebrew::message::dmrt::{Dmrt, Registration, UdtTransfer, Way};
use narrowcast_protocol::homebrew::message::{
    Dialect, Dmrd, FrameType, Message, Quality, Role, Rptc, Rptcl, Rptl, Rpto, Rptping, Sent,
    Slots, Uuid,
};
use narrowcast_protocol::session::{Action, Peer, Session as _};

use super::air;
use super::input::{Input, assert_bounded};
use super::session::Driver;

const ID: u32 = 460_001;
const STATIONS: u32 = 2;
/// The gateway of a trunked site, beside the stations.
const SITE: u32 = ID + STATIONS;

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
        sent: Sent::default(),
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
    all.extend(trunking());
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
            uuid: (at % 8 == 0).then_some(Uuid([at as u8; 16])),
        };
        all.push(message.encode().to_vec());
    }
    all
}

/// What the gateway of a trunked site says.
fn trunking() -> Vec<Vec<u8>> {
    let parties = |head: &[u8]| {
        let radios = [&air::RADIO.to_be_bytes()[1..], &air::OWN.to_be_bytes()[1..]].concat();
        [b"DMRT".as_slice(), head, &radios].concat()
    };
    let headed = |opcode: u8, more: &[u8]| parties(&[&[opcode], [7; 16].as_slice(), more].concat());
    let registration = Registration {
        timestamp: 1_700_000_000,
        radios: vec![air::RADIO, air::OWN],
    };
    let (format, payload) = UdtTransfer::write("water").expect("it is short");
    let transfer = UdtTransfer {
        way: Way::ToNetwork,
        uuid: Uuid([7; 16]),
        group: false,
        acknowledge: true,
        reserved: 0,
        format,
        source: air::RADIO,
        destination: air::OWN,
        payload,
    };
    vec![
        Dialect::Trunking.speak(Rptl { id: SITE }.encode()).to_vec(),
        Dialect::Trunking
            .speak(Rptping { id: SITE }.encode())
            .to_vec(),
        Dialect::Trunking
            .speak(Rptcl { id: SITE }.encode())
            .to_vec(),
        Dmrt::Registration(registration).encode().to_vec(),
        Dmrt::UdtTransfer(transfer).encode().to_vec(),
        b"DMRT\x03\x02\0\0\x09\0\0\x0a".to_vec(),
        headed(0x06, &[]),
        headed(0x07, &[0x40]),
        headed(0x08, &[]),
        headed(0x09, &[]),
        headed(0x0A, &[0x85]),
    ]
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
        test: false,
        trunking: (id == SITE).then_some(TrunkingConfig {
            terminal_accepts: true,
        }),
    };
    let mut config = MasterConfig::new((ID..=SITE).map(station).collect());
    config.relays = vec![RelayRule {
        group: air::group(),
        members: (ID..=SITE).map(|id| (StationId(id), Slot::Two)).collect(),
    }];
    HomebrewMaster::new(config, [7; 32]).expect("every id stands once")
}

/// Logs a station in at `address`; whether it worked.
fn log_in(driver: &mut Driver<HomebrewMaster>, id: u32, address: SocketAddr) -> bool {
    let dialect = if id == SITE {
        Dialect::Trunking
    } else {
        Dialect::Conventional
    };
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
                let datagram = dialect.speak(datagram);
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
                let twin = match Message::decode(&bytes, Role::Master) {
                    Ok(Message::Dtc(message)) => message.into_twin().encode(),
                    _ => bytes,
                };
                client.receive(driver.now, &twin);
            }
        }
        if client.running() {
            return true;
        }
    }
    false
}

/// A master with two stations, a trunked site and strangers, of whom any may write anything. Whatever they
/// wrote, its memory is bounded, and a station can log in.
pub fn master_session(octets: &[u8]) {
    let input = &mut Input::new(octets);
    let carrier = |id| {
        [Slot::One, Slot::Two].map(|slot| CarrierId {
            station: StationId(id),
            slot,
        })
    };
    let carriers = (ID..=SITE + 1).flat_map(carrier).collect();
    let peers = (0..8).map(|index| Peer::Socket(address(index)));
    let mut driver = Driver::new(master(), peers.chain([Peer::Line]).collect(), carriers);
    if input.number() & 1 == 0 {
        for index in 0..=STATIONS {
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
