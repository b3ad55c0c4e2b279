//! Captures of SMS links, played as their client to `narrowcast-sim sms` over a real socket.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool that does not run fails the test"
)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use narrowcast_protocol::sms::cmpp::connect::Connect;
use narrowcast_protocol::sms::cmpp::connect_resp::ConnectResp;
use narrowcast_protocol::sms::cmpp::submit_resp::SubmitResp;
use narrowcast_protocol::sms::cmpp::{self, Version};
use narrowcast_protocol::sms::smpp;
use narrowcast_protocol::sms::smpp::bind::{Bind, Way};
use narrowcast_protocol::sms::smpp::bind_resp::BindResp;
use narrowcast_protocol::sms::smpp::message_resp::MessageResp;

const REPLAY: &str = env!("CARGO_BIN_EXE_narrowcast-replay");
const ACCOUNT: &str = "narrow";
const PASSWORD: &str = "s3cr3tpw";
const TEXTS: [&str; 2] = ["山洪预警，请立即转移", "二"];
const CLIENT: u16 = 40_000;

/// The simulated centre; it ends when it is dropped.
struct Centre {
    process: Child,
    lines: Receiver<String>,
}

impl Drop for Centre {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _status = self.process.wait();
    }
}

/// The simulator: where `NARROWCAST_BINARIES` says, or beside this tool.
fn simulator() -> Option<PathBuf> {
    let named = std::env::var_os("NARROWCAST_BINARIES").map(PathBuf::from);
    let beside = Path::new(REPLAY).parent().map(Path::to_path_buf);
    let places = named.into_iter().chain(beside);
    let found = places
        .map(|place| place.join("narrowcast-sim"))
        .find(|path| path.is_file());
    if found.is_none() {
        let what = "narrowcast-sim is not built: run `cargo build --workspace --bins` first";
        assert!(
            std::env::var_os("NARROWCAST_REQUIRE_PEERS").is_none(),
            "{what}"
        );
        eprintln!("NOT RUN: {what}");
    }
    found
}

impl Centre {
    fn start(program: &Path, kind: &str) -> Self {
        let mut process = Command::new(program)
            .args(["sms", "--port", "0", "--kind", kind])
            .args(["--user", ACCOUNT, "--password", PASSWORD])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let lines = said.lines().map_while(Result::ok);
            lines
                .take_while(|line| sender.send(line.clone()).is_ok())
                .for_each(drop);
        });
        Self { process, lines }
    }

    /// The rest of its next line with these words; what comes before is part of a failure.
    fn until(&self, words: &str) -> String {
        let mut before = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(20)) {
            if let Some((_, rest)) = line.split_once(words) {
                return rest.to_owned();
            }
            before.push(line);
        }
        panic!("`{words}` was not said, but {before:?}");
    }
}

/// IPv4 and TCP between two ports of 127.0.0.1.
fn tcp((from, to): (u16, u16), sequence: u32, syn: bool, payload: &[u8]) -> Vec<u8> {
    let length = (40 + payload.len()) as u16;
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 1, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
    packet.extend(from.to_be_bytes());
    packet.extend(to.to_be_bytes());
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 0, 0x50, if syn { 0x02 } else { 0x18 }]);
    packet.extend([0xFF, 0xFF, 0, 0, 0, 0]);
    packet.extend(payload);
    packet
}

/// A classic pcap of raw IP: one PDU a packet, one packet a second, the client's first.
fn capture(path: &Path, port: u16, pdus: &[Vec<u8>]) {
    let mut packets = vec![tcp((CLIENT, port), 0, true, b"")];
    let mut sequences = [1, 1];
    for (at, pdu) in pdus.iter().enumerate() {
        let side = at % 2;
        let way = [(CLIENT, port), (port, CLIENT)][side];
        packets.push(tcp(way, sequences[side], false, pdu));
        sequences[side] += pdu.len() as u32;
    }
    let mut file = Vec::new();
    for number in [0xA1B2_C3D4, 0x0004_0002, 0, 0, 65_535, 101] {
        file.extend(u32::to_le_bytes(number));
    }
    for (second, packet) in packets.iter().enumerate() {
        let length = packet.len() as u32;
        for number in [1_700_000_000 + second as u32, 0, length, length] {
            file.extend(number.to_le_bytes());
        }
        file.extend(packet);
    }
    std::fs::write(path, file).unwrap();
}

/// SUBMIT as the tool itself writes it.
fn encoded(kind: &str, text: &str, sequence: u32) -> Vec<u8> {
    let output = Command::new(REPLAY)
        .args(["encode", "--as", kind, "--from", "10690001"])
        .args(["--to", "13800138000", "--account", ACCOUNT, "--text", text])
        .args(["--service", "ALERT", "--sequence", &sequence.to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let hex = String::from_utf8(output.stdout).unwrap();
    hex::decode(hex.trim()).unwrap()
}

/// A log-in of another day, two texts and an end, each with its answer.
fn cmpp(kind: &str, version: Version) -> Vec<Vec<u8>> {
    let connect = cmpp::Pdu::Connect(Connect {
        account: ACCOUNT.to_owned(),
        proof: [0; 16],
        version: version.code(),
        timestamp: 131_200_000,
    });
    let let_in = cmpp::Pdu::ConnectResp(ConnectResp {
        status: 0,
        proof: [0; 16],
        version: version.code(),
    });
    let taken = |message| cmpp::Pdu::SubmitResp(SubmitResp { message, result: 0 });
    vec![
        connect.encode(version, 1).to_vec(),
        let_in.encode(version, 1).to_vec(),
        encoded(kind, TEXTS[0], 2),
        taken(7).encode(version, 2).to_vec(),
        encoded(kind, TEXTS[1], 3),
        taken(8).encode(version, 3).to_vec(),
    ]
}

fn smpp() -> Vec<Vec<u8>> {
    let bind = smpp::Pdu::Bind(Bind {
        way: Way::Transceiver,
        system_id: ACCOUNT.to_owned(),
        password: "of-old".to_owned(),
        system_type: String::new(),
        version: 0x34,
        ton: 0,
        npi: 0,
        range: String::new(),
    });
    let let_in = smpp::Pdu::BindResp(BindResp {
        way: Way::Transceiver,
        system_id: "centre".to_owned(),
        version: Some(0x34),
    });
    let taken = |id: &str| {
        smpp::Pdu::SubmitSmResp(MessageResp {
            message_id: id.to_owned(),
        })
    };
    vec![
        bind.encode(0, 1).to_vec(),
        let_in.encode(0, 1).to_vec(),
        encoded("smpp", TEXTS[0], 2),
        taken("a").encode(0, 2).to_vec(),
        encoded("smpp", TEXTS[1], 3),
        taken("b").encode(0, 3).to_vec(),
    ]
}

#[test]
fn captured_clients_log_in_to_the_simulated_centre_and_their_texts_arrive() {
    let Some(program) = simulator() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    for (kind, port, pdus) in [
        ("smpp", 2_775, smpp()),
        ("cmpp2", 7_890, cmpp("cmpp2", Version::V2)),
        ("cmpp3", 7_890, cmpp("cmpp3", Version::V3)),
    ] {
        let file = directory.path().join(format!("{kind}.pcap"));
        capture(&file, port, &pdus);
        let centre = Centre::start(&program, kind);
        let at = centre.until("listening on ");
        let at = at.split(';').next().unwrap();
        let output = Command::new(REPLAY)
            .arg("play")
            .arg(&file)
            .arg(format!("tcp:{at}"))
            .args(["--converse", "--password", PASSWORD, "--speed", "4"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{kind}: {said}");
        assert!(!said.contains(PASSWORD), "{kind}: {said}");
        centre.until("logged in");
        for text in TEXTS {
            assert_eq!(centre.until(" text="), text, "{kind}: {said}");
        }
    }
}
