//! A recorded client of a CMPP gateway, played to the strict gateway of the tests over a real socket.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool that does not run fails the test"
)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use narrowcast_protocol::sms::cmpp::connect::Connect;
use narrowcast_protocol::sms::cmpp::connect_resp::ConnectResp;
use narrowcast_protocol::sms::cmpp::submit_resp::SubmitResp;
use narrowcast_protocol::sms::cmpp::{Pdu, Version};
use serde_json::Value;

const REPLAY: &str = env!("CARGO_BIN_EXE_narrowcast-replay");
const PASSWORD: &str = "s3cr3tpw";
const TEXT: &str = "山洪预警，请立即转移";
const PHONE: &str = "13800138000";
const OTHER: &str = "13900139000";

/// The gateway; it ends when it is dropped.
struct Gateway {
    process: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _status = self.process.wait();
    }
}

impl Gateway {
    /// None if there is no Python.
    fn start(version: &str) -> Option<Self> {
        let python = std::env::var_os("NARROWCAST_PEER_PYTHON").unwrap_or("python3".into());
        let script: PathBuf = [
            env!("CARGO_MANIFEST_DIR"),
            "../../tests/peers/cmpp_server.py",
        ]
        .iter()
        .collect();
        let process = Command::new(python)
            .arg(script)
            .args(["--version", version])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut process) = process else {
            assert!(
                std::env::var_os("NARROWCAST_REQUIRE_PEERS").is_none(),
                "python3 is missing: apt-get install python3"
            );
            eprintln!("python3 is missing: no strict gateway took part");
            return None;
        };
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Some(Self { process, lines })
    }

    fn next(&mut self) -> Value {
        let line = self.lines.next().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Its lines up to one that has this key; whatever is odd fails the test.
    fn until(&mut self, key: &str) -> Value {
        loop {
            let line = self.next();
            assert!(line["odd"].is_null(), "{line}");
            if !line[key].is_null() {
                return line;
            }
        }
    }
}

/// SUBMIT as the tool itself writes it.
fn encoded(kind: &str, to: &str, text: &str, sequence: u32) -> Vec<u8> {
    let output = Command::new(REPLAY)
        .args(["encode", "--as", kind, "--from", "10690001", "--to", to])
        .args(["--account", "narrow", "--service", "ALERT", "--text", text])
        .args(["--sequence", &sequence.to_string()])
        .output()
        .unwrap();
    let hex = String::from_utf8(output.stdout).unwrap();
    hex::decode(hex.trim()).unwrap()
}

/// A log-in with a proof of another day, a text to each of two telephones, and the answers.
fn record(path: &Path, kind: &str, version: Version) {
    let line = |second: u32, way: &str, bytes: &[u8]| {
        let octets: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let octets = octets.join(" ");
        format!("2026-01-31T12:00:0{second}Z cmpp {way} {octets}\n")
    };
    let connect = Pdu::Connect(Connect {
        account: "narrow".to_owned(),
        proof: [0; 16],
        version: version.code(),
        timestamp: 131_200_000,
    });
    let let_in = Pdu::ConnectResp(ConnectResp {
        status: 0,
        proof: [0; 16],
        version: version.code(),
    });
    let taken = |message| Pdu::SubmitResp(SubmitResp { message, result: 0 });
    let log = [
        line(0, ">", &connect.encode(version, 1)),
        line(0, "<", &let_in.encode(version, 1)),
        line(1, ">", &encoded(kind, PHONE, TEXT, 2)),
        line(1, "<", &taken(7).encode(version, 2)),
        line(2, ">", &encoded(kind, OTHER, "二", 3)),
        line(2, "<", &taken(8).encode(version, 3)),
    ];
    std::fs::write(path, log.concat()).unwrap();
}

#[test]
fn a_recorded_client_logs_in_and_submits_to_a_strict_gateway_of_either_version() {
    for (kind, version, number) in [("cmpp2", Version::V2, "2"), ("cmpp3", Version::V3, "3")] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("client.log");
        record(&file, kind, version);
        for (filter, texts) in [(None, vec![TEXT, "二"]), (Some(OTHER), vec!["二"])] {
            let Some(mut gateway) = Gateway::start(number) else {
                return;
            };
            let port = gateway.until("port")["port"].as_u64().unwrap();
            let mut play = Command::new(REPLAY);
            play.arg("play")
                .arg(&file)
                .arg(format!("tcp:127.0.0.1:{port}"))
                .args(["--converse", "--password", PASSWORD, "--speed", "4"])
                .args(["--side", "sent"]);
            if let Some(phone) = filter {
                play.args(["--phone", phone]);
            }
            let output = play.output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            let report = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{kind}: {errors}{report}");
            assert!(!errors.contains(PASSWORD) && !report.contains(PASSWORD));
            gateway.until("bound");
            for text in texts {
                let said = gateway.until("whole");
                assert_eq!(said["whole"], text, "{kind} {filter:?}");
            }
        }
    }
}
