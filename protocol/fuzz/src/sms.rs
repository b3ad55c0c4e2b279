//! Short messages: the PDUs of both gateways' protocols and of a modem, and their sessions.

use core::time::Duration;

use narrowcast_protocol::air::{CarrierId, JobId, Slot, StationId, Transmission};
use narrowcast_protocol::session::{Action, Job, Peer, Session};
use narrowcast_protocol::sms::cmpp::config::{AskFor, CmppConfig, Limits as CmppLimits, Verify};
use narrowcast_protocol::sms::cmpp::connect_resp::ConnectResp;
use narrowcast_protocol::sms::cmpp::session::CmppSession;
use narrowcast_protocol::sms::cmpp::submit_resp::SubmitResp;
use narrowcast_protocol::sms::cmpp::{self, Version};
use narrowcast_protocol::sms::config::Secret;
use narrowcast_protocol::sms::gsm::config::{GsmConfig, Limits as GsmLimits};
use narrowcast_protocol::sms::gsm::deliver::Deliver;
use narrowcast_protocol::sms::gsm::frame;
use narrowcast_protocol::sms::gsm::session::GsmSession;
use narrowcast_protocol::sms::gsm::status_report::StatusReport;
use narrowcast_protocol::sms::gsm::submit::Submit as Tpdu;
use narrowcast_protocol::sms::part::{Coding, Part};
use narrowcast_protocol::sms::phone::Phone;
use narrowcast_protocol::sms::smpp;
use narrowcast_protocol::sms::smpp::bind::Way;
use narrowcast_protocol::sms::smpp::bind_resp::BindResp;
use narrowcast_protocol::sms::smpp::config::{Contract, Limits as SmppLimits, SmppConfig};
use narrowcast_protocol::sms::smpp::message::Message;
use narrowcast_protocol::sms::smpp::message_resp::MessageResp;
use narrowcast_protocol::sms::smpp::session::SmppSession;
use narrowcast_protocol::sms::submit::Submit;
use narrowcast_protocol::sms::wall::WallClock;

use super::input::{Input, assert_bounded};
use super::session::Driver;

const CARRIER: CarrierId = CarrierId {
    station: StationId(1),
    slot: Slot::One,
};

fn cmpp_pdus() -> Vec<Vec<u8>> {
    let connect = ConnectResp {
        status: 0,
        proof: [0; 16],
        version: 0x20,
    };
    let submit = SubmitResp {
        message: 7,
        result: 0,
    };
    let mut all: Vec<Vec<u8>> = Vec::new();
    for sequence in 1..4 {
        for pdu in [
            cmpp::Pdu::ConnectResp(connect),
            cmpp::Pdu::SubmitResp(submit),
            cmpp::Pdu::ActiveTest,
            cmpp::Pdu::Terminate,
        ] {
            all.push(pdu.encode(Version::V2, sequence).to_vec());
        }
    }
    let mut deliver = vec![0, 0, 0, 95, 0, 0, 0, 5, 0, 0, 0, 9];
    deliver.resize(95, 0);
    deliver[76] = 10;
    all.push(deliver);
    all
}

fn smpp_pdus() -> Vec<Vec<u8>> {
    let receipt = Message {
        esm_class: Message::RECEIPT,
        short_message: b"id:7F stat:DELIVRD err:000".to_vec(),
        ..Message::default()
    };
    let mut all: Vec<Vec<u8>> = Vec::new();
    for sequence in 1..4 {
        for pdu in [
            smpp::Pdu::BindResp(BindResp {
                way: Way::Transceiver,
                system_id: "centre".to_owned(),
                version: Some(0x34),
            }),
            smpp::Pdu::SubmitSmResp(MessageResp {
                message_id: "7F".to_owned(),
            }),
            smpp::Pdu::DeliverSm(Box::new(receipt.clone())),
            smpp::Pdu::EnquireLink,
            smpp::Pdu::GenericNack,
            smpp::Pdu::Unbind,
        ] {
            all.push(pdu.encode(0, sequence).to_vec());
        }
    }
    all
}

/// What a modem says.
fn modem_lines() -> Vec<Vec<u8>> {
    let lines: [&[u8]; 11] = [
        b"\r\nOK\r\n",
        b"\r\nERROR\r\n",
        b"\r\n> ",
        b"\r\n+CMGS: 42\r\n",
        b"\r\n+CMS ERROR: 500\r\n",
        b"\r\n+CPIN: READY\r\n",
        b"\r\n+CREG: 0,1\r\n",
        b"\r\n+CMTI: \"SM\",3\r\n",
        b"\r\n+CDSI: \"SR\",3\r\n",
        b"\r\n+CDS: 26\r\n00062A0D91683108108300F0621132610350236211326103012300\r\n",
        b"\r\n+CMGR: 0,,24\r\n0891683108000000F0040D91683108108300F00008621132610350230465365230\r\n",
    ];
    lines.map(<[u8]>::to_vec).to_vec()
}

/// PDUs of CMPP: what is read is written, and read again alike.
pub fn cmpp(octets: &[u8]) {
    let input = &mut Input::new(octets);
    let valid = cmpp_pdus();
    while let Some(choice) = input.octet() {
        let pdu = input.damaged(&valid);
        let version = if choice & 1 == 0 {
            Version::V2
        } else {
            Version::V3
        };
        let Some(header) = pdu.first_chunk().map(cmpp::Header::decode) else {
            continue;
        };
        let body = pdu.get(12..).unwrap_or_default();
        if let Ok(read) = cmpp::Pdu::decode(version, header.command, body) {
            let again = read.encode(version, 1);
            let again = cmpp::Pdu::decode(version, header.command, &again[12..]);
            assert!(again.is_ok(), "what we write is read");
        }
    }
}

/// PDUs of SMPP: what is read is written, and read again alike.
pub fn smpp(octets: &[u8]) {
    let input = &mut Input::new(octets);
    let valid = smpp_pdus();
    while input.octet().is_some() {
        let pdu = input.damaged(&valid);
        let Some(header) = pdu.first_chunk().map(smpp::Header::decode) else {
            continue;
        };
        let body = pdu.get(16..).unwrap_or_default();
        if let Ok(read) = smpp::Pdu::decode(header.command, body) {
            let again = read.encode(0, 1);
            let again = smpp::Pdu::decode(header.command, &again[16..]);
            assert!(again.is_ok(), "what we write is read");
        }
    }
}

/// Messages of a modem, in all three types.
pub fn gsm(octets: &[u8]) {
    let input = &mut Input::new(octets);
    let valid = [
        "0031000D91683108108300F00000A70C0500032A0201D06536FB0D",
        "0891683108000000F0040D91683108108300F00008621132610350230465365230",
        "00062A0D91683108108300F0621132610350236211326103012300",
    ];
    while let Some(choice) = input.octet() {
        let line = input.damaged(&valid);
        let line = String::from_utf8_lossy(&line);
        let Ok(tpdu) = frame::decode(&line, usize::from(choice)) else {
            continue;
        };
        if let Ok(read) = Deliver::decode(&tpdu) {
            assert!(Deliver::decode(&read.encode()).is_ok());
        }
        if let Ok(read) = StatusReport::decode(&tpdu) {
            assert!(StatusReport::decode(&read.encode()).is_ok());
        }
        if let Ok(read) = Tpdu::decode(&tpdu) {
            assert!(Tpdu::decode(&read.encode()).is_ok());
        }
    }
}

/// Drives a session whose far end says anything; messages are handed to it all the time.
fn survive<S: Session + core::fmt::Debug>(session: S, octets: &[u8], frames: &[Vec<u8>]) {
    let input = &mut Input::new(octets);
    let mut driver = Driver::new(session, vec![Peer::Line], vec![CARRIER]);
    let mut jobs = 1_000_000;
    while let Some(choice) = input.octet() {
        let mut actions = driver.step(input, choice, frames);
        jobs += 1;
        let message = Submit {
            to: Phone::new("13800138000").expect("a number"),
            part: Part {
                coding: Coding::Ucs2,
                concatenation: None,
                octets: vec![0x5C, 0x71],
            },
            receipt: true,
            validity: Some(Duration::from_secs(600)),
            at_once: choice & 1 == 0,
        };
        let job = Job::Send {
            id: JobId(jobs),
            carrier: CARRIER,
            transmission: Transmission::Sms(message),
        };
        driver.session.transmit(driver.now, job);
        actions.extend(driver.actions());
        for action in actions {
            if let Action::Reopen { .. } = action {
                driver.session.closed(driver.now);
                driver.session.opened(driver.now);
            }
        }
    }
    assert_bounded(&driver.session, 4 << 20);
    driver.session.closed(driver.now);
    driver.actions();
}

/// A gateway that says anything.
pub fn cmpp_session(octets: &[u8]) {
    let config = CmppConfig {
        station: CARRIER.station,
        account: "901234".to_owned(),
        secret: Secret::new("secret"),
        version: AskFor::V2,
        verify: Verify::Off,
        contract: cmpp::config::Contract::new("ALERT", "106901234"),
        limits: CmppLimits::default(),
        wall: WallClock::new(0, 28_800),
    };
    let session = CmppSession::new(config).expect("a configuration");
    survive(session, octets, &cmpp_pdus());
}

/// A centre that says anything.
pub fn smpp_session(octets: &[u8]) {
    let config = SmppConfig {
        station: CARRIER.station,
        account: "alert".to_owned(),
        password: Secret::new("secret"),
        system_type: String::new(),
        contract: Contract::new("10690001"),
        limits: SmppLimits::default(),
        wall: WallClock::new(0, 28_800),
    };
    let session = SmppSession::new(config).expect("a configuration");
    survive(session, octets, &smpp_pdus());
}

/// A modem that says anything.
pub fn gsm_session(octets: &[u8]) {
    let config = GsmConfig {
        station: CARRIER.station,
        pin: None,
        limits: GsmLimits::default(),
    };
    let session = GsmSession::new(config).expect("a configuration");
    survive(session, octets, &modem_lines());
}
