//! The modem protocol: frames out of a stream, messages, the host and the modem.

use core::time::Duration;

use narrowcast_protocol::air::{CarrierId, Slot, StationId};
use narrowcast_protocol::dmr::slot_type::ColorCode;
use narrowcast_protocol::mmdvm::deframe::Deframer;
use narrowcast_protocol::mmdvm::host::{HostConfig, ModemHost};
use narrowcast_protocol::mmdvm::kind::Direction;
use narrowcast_protocol::mmdvm::message::{
    Ack, Control, DmrData, DmrLost, Nak, Protocol, Reason, ToHost, ToModem,
};
use narrowcast_protocol::mmdvm::modem::{Modem, ModemConfig, ModemEvent};
use narrowcast_protocol::session::{Action, Peer, Session as _};
use narrowcast_protocol::time::Instant;

use super::air;
use super::input::{Input, assert_bounded};
use super::session::Driver;

/// A stream in pieces, in both directions: every octet is read once, every frame that is
/// found is one that may be there, and what is held back is bounded.
pub fn stream(octets: &[u8]) {
    let input = &mut Input::new(octets);
    for direction in [Direction::ToHost, Direction::ToModem] {
        let mut deframer = Deframer::new(direction);
        let mut now = Instant::ZERO;
        let valid = from_modem(&air::bursts());
        while let Some(choice) = input.octet() {
            let piece = if choice & 1 == 0 {
                input.some().to_vec()
            } else {
                input.damaged(&valid)
            };
            let mut rest = piece.as_slice();
            while let Some(found) = deframer.next(now, &mut rest) {
                message(direction, &found.frame);
            }
            assert!(rest.is_empty());
            now += Duration::from_millis(u64::from(choice >> 1));
            if choice & 0x80 != 0 {
                break;
            }
        }
        assert_bounded(&deframer, 16_384);
        let late = now + Duration::from_secs(1);
        while let Some(found) = deframer.next(late, &mut [].as_slice()) {
            message(direction, &found.frame);
        }
        assert_eq!(deframer.deadline(), None, "what is late is given up");
    }
}

fn message(direction: Direction, frame: &narrowcast_protocol::mmdvm::frame::Frame) {
    match direction {
        Direction::ToHost => {
            if let Ok(message) = ToHost::decode(frame) {
                let again = message.encode().expect("it fitted before");
                let again = ToHost::decode(&again).expect("what we write is read");
                assert_eq!(again, message);
            }
        }
        Direction::ToModem => {
            if let Ok(message) = ToModem::decode(frame) {
                for protocol in [Protocol::V1, Protocol::V2] {
                    let again = message.encode(protocol).expect("it fitted before");
                    let _ = ToModem::decode(&again).expect("what we write is read");
                }
            }
        }
    }
}

/// What a modem writes of itself, out of a real start-up, and with these bursts.
fn from_modem(bursts: &[[u8; 33]]) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for protocol in [Protocol::V1, Protocol::V2] {
        let mut modem = Modem::new(ModemConfig {
            protocol,
            ..ModemConfig::default()
        });
        for message in [ToModem::GetVersion, ToModem::GetStatus] {
            let frame = message.encode(protocol).expect("it has no content");
            modem.receive(Instant::ZERO, &frame.to_bytes());
        }
        while let Some(event) = modem.poll() {
            if let ModemEvent::ToHost(octets) = event {
                all.push(octets.to_vec());
            }
        }
    }
    for command in [0x02, 0x03, 0x04, 0x1A] {
        all.push(Ack { command }.encode().to_bytes().to_vec());
        let reason = Reason::BufferFull;
        all.push(Nak { command, reason }.encode().to_bytes().to_vec());
    }
    for slot in [Slot::One, Slot::Two] {
        all.push(DmrLost(slot).encode().to_bytes().to_vec());
        for (at, burst) in bursts.iter().enumerate() {
            let data = DmrData {
                slot,
                control: Control::from([0x46, 0x43, 0x41, 0x20, 0xC3][at % 5]),
                burst: *burst,
                rssi: (at & 1 == 0).then_some(50),
            };
            all.push(data.encode().to_bytes().to_vec());
        }
    }
    all
}

fn host(duplex: bool) -> (ModemHost, Vec<CarrierId>) {
    let station = StationId(1);
    let hz = (435_000_000, if duplex { 430_000_000 } else { 435_000_000 });
    let mut config = HostConfig::new(station, air::radio(air::OWN), ColorCode::default(), hz);
    config.groups = vec![air::group()];
    let carriers = [Slot::One, Slot::Two].map(|slot| CarrierId { station, slot });
    (ModemHost::new(config, Peer::Line), carriers.to_vec())
}

/// Lets a modem and its host talk for this time; whether the host offers a carrier after it.
fn talk(driver: &mut Driver<ModemHost>, modem: &mut Modem, time: Duration) -> bool {
    let until = driver.now + time;
    let mut up = false;
    while driver.now < until {
        let mut actions = driver.pass(Duration::from_millis(20));
        modem.tick(driver.now);
        loop {
            for action in actions {
                match action {
                    Action::Send { bytes, .. } => modem.receive(driver.now, &bytes),
                    Action::Carrier { room, .. } => up |= room > 0,
                    Action::Reopen { .. } => {
                        driver.session.closed(driver.now);
                        driver.session.opened(driver.now);
                    }
                    _ => {}
                }
            }
            while let Some(event) = modem.poll() {
                if let ModemEvent::ToHost(octets) = event {
                    driver.session.receive(driver.now, Peer::Line, &octets);
                }
            }
            actions = driver.actions();
            if actions.is_empty() {
                break;
            }
        }
    }
    up
}

/// A host whose line brings anything. Whatever it brought, its memory is bounded, and with
/// the line opened anew it works again.
pub fn host_session(octets: &[u8]) {
    let input = &mut Input::new(octets);
    let choice = input.number();
    let (session, carriers) = host(choice & 1 == 0);
    let mut driver = Driver::new(session, vec![Peer::Line], carriers);
    let mut modem = Modem::new(ModemConfig::default());
    if choice & 2 == 0 {
        assert!(talk(&mut driver, &mut modem, Duration::from_secs(5)));
    }
    let mut bursts = air::bursts();
    for packet in air::packets(input, air::RADIO, air::OWN) {
        bursts.extend(packet.pdus(1).iter().map(air::burst));
    }
    let frames = from_modem(&bursts);
    while let Some(choice) = input.octet() {
        for action in driver.step(input, choice, &frames) {
            match action {
                Action::Send { bytes, .. } => modem.receive(driver.now, &bytes),
                Action::Reopen { .. } => {
                    driver.session.closed(driver.now);
                    driver.session.opened(driver.now);
                }
                _ => {}
            }
        }
    }
    assert_bounded(&driver.session, 2 << 20);
    driver.session.closed(driver.now);
    driver.actions();
    driver.session.opened(driver.now);
    let mut modem = Modem::new(ModemConfig::default());
    assert!(talk(&mut driver, &mut modem, Duration::from_secs(5)));
}

/// A modem whose host writes anything; after it the modem still says its version.
pub fn modem(octets: &[u8]) {
    let input = &mut Input::new(octets);
    let mut modem = Modem::new(ModemConfig::default());
    let mut now = Instant::ZERO;
    let (session, carriers) = host(input.number() & 1 == 0);
    let mut driver = Driver::new(session, vec![Peer::Line], carriers);
    let mut valid: Vec<Vec<u8>> = vec![vec![0xE0, 3, 0], vec![0xE0, 3, 1]];
    let mut told = Modem::new(ModemConfig::default());
    driver.now = now;
    for _ in 0..100 {
        for action in driver.pass(Duration::from_millis(50)) {
            if let Action::Send { bytes, .. } = action {
                told.receive(driver.now, &bytes);
                valid.push(bytes.to_vec());
            }
        }
        while let Some(event) = told.poll() {
            if let ModemEvent::ToHost(octets) = event {
                driver.session.receive(driver.now, Peer::Line, &octets);
            }
        }
    }
    for burst in air::bursts() {
        for slot in [Slot::One, Slot::Two] {
            valid.push(DmrData::to_send(slot, burst).encode().to_bytes().to_vec());
        }
    }
    while let Some(choice) = input.octet() {
        match choice % 8 {
            0 => modem.receive(now, input.some()),
            1 => modem.hear(now, Slot::Two, Control::from(choice), input.array()),
            2 => now += Duration::from_millis(input.wide() as u64),
            3..=5 => modem.receive(now, &input.damaged(&valid)),
            _ => modem.receive(now, input.frame(&valid)),
        }
        modem.tick(now);
        if choice & 0x80 != 0 {
            while modem.poll().is_some() {}
        }
    }
    assert_bounded(&modem, 1 << 20);
    while modem.poll().is_some() {}
    now += Duration::from_secs(1);
    modem.receive(now, &[0xE0, 3, 0]);
    modem.receive(now + Duration::from_secs(1), &[0xE0, 3, 0]);
    let mut said = core::iter::from_fn(|| modem.poll());
    assert!(said.any(|event| matches!(event, ModemEvent::ToHost(_))));
}
