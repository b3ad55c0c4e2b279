//! TCP captures of SMS links, read by the built tool, and SMPP by tshark too.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool that does not run fails the test"
)]

use std::path::Path;
use std::process::Command;

use narrowcast_protocol::sms::cmpp;
use narrowcast_protocol::sms::smpp::Pdu;
use narrowcast_protocol::sms::smpp::bind::{Bind, Way};
use narrowcast_protocol::sms::smpp::message::{Address, Message};
use narrowcast_protocol::sms::smpp::message_resp::MessageResp;
use serde_json::Value;

const REPLAY: &str = env!("CARGO_BIN_EXE_narrowcast-replay");
const PASSWORD: &str = "s3cr3tpw";
const CLIENT: u16 = 40_000;
const SMPP: u16 = 2_775;

/// Standard output, standard error and exit status.
fn run(args: &[&str], file: &Path) -> (String, String, i32) {
    let output = Command::new(REPLAY).args(args).arg(file).output().unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.code().unwrap(),
    )
}

fn json(args: &[&str], file: &Path) -> (Vec<Value>, String, i32) {
    let (out, errors, code) = run(&[&["decode", "--json"], args].concat(), file);
    let lines = out.lines().map(|line| serde_json::from_str(line).unwrap());
    (lines.collect(), errors, code)
}

/// IPv4 and TCP between two ports of 127.0.0.1.
fn tcp(from: u16, to: u16, sequence: u32, syn: bool, payload: &[u8]) -> Vec<u8> {
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

/// A classic pcap of raw IP, one packet a second.
fn write(path: &Path, packets: &[Vec<u8>]) {
    let mut file = Vec::new();
    for number in [0xA1B2_C3D4, 0x0004_0002, 0, 0, 65_535, 101] {
        file.extend(u32::to_le_bytes(number));
    }
    for (second, packet) in packets.iter().enumerate() {
        let length = packet.len() as u32;
        for number in [1_700_000_000 + second as u32, 5, length, length] {
            file.extend(number.to_le_bytes());
        }
        file.extend(packet);
    }
    std::fs::write(path, file).unwrap();
}

fn bind() -> Vec<u8> {
    let bind = Bind {
        way: Way::Transceiver,
        system_id: "narrow".to_owned(),
        password: PASSWORD.to_owned(),
        system_type: String::new(),
        version: 0x34,
        ton: 0,
        npi: 0,
        range: String::new(),
    };
    Pdu::Bind(bind).encode(0, 1).to_vec()
}

fn message(text: &str, part: Option<[u8; 3]>) -> Message {
    let address = |digits: &str| Address {
        ton: 1,
        npi: 1,
        digits: digits.to_owned(),
    };
    let mut short_message = Vec::new();
    if let Some(part) = part {
        short_message.extend([5, 0, 3]);
        short_message.extend(part);
    }
    short_message.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    Message {
        source: address("106901234"),
        destination: address("8613800138000"),
        esm_class: if part.is_some() { 0x40 } else { 0 },
        registered: 1,
        data_coding: 8,
        short_message,
        ..Message::default()
    }
}

fn submit(sequence: u32, text: &str, part: Option<[u8; 3]>) -> Vec<u8> {
    let pdu = Pdu::SubmitSm(Box::new(message(text, part)));
    pdu.encode(0, sequence).to_vec()
}

fn taken(sequence: u32) -> Vec<u8> {
    let id = MessageResp {
        message_id: format!("id{sequence}"),
    };
    Pdu::SubmitSmResp(id).encode(0, sequence).to_vec()
}

/// A log-in, then a text of two parts, the stream cut every 50 octets.
fn conversation() -> Vec<Vec<u8>> {
    let stream = [
        bind(),
        submit(2, "山洪预警，", Some([7, 2, 1])),
        submit(3, "请转移", Some([7, 2, 2])),
    ]
    .concat();
    let mut packets = vec![tcp(CLIENT, SMPP, 999, true, b"")];
    let mut sequence = 1_000;
    for chunk in stream.chunks(50) {
        packets.push(tcp(CLIENT, SMPP, sequence, false, chunk));
        sequence += chunk.len() as u32;
    }
    packets.push(tcp(SMPP, CLIENT, 5, false, &[taken(2), taken(3)].concat()));
    packets
}

fn pdus(reports: &[Value]) -> Vec<&str> {
    let names = reports.iter().map(|report| report["pdu"].as_str().unwrap());
    names.collect()
}

#[test]
fn a_connection_is_read_in_order_whatever_came_twice_or_early() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("smpp.pcap");
    let mut packets = conversation();
    packets.swap(2, 4);
    packets.insert(3, packets[1].clone());
    write(&file, &packets);
    let (reports, errors, code) = json(&["--reassemble"], &file);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert_eq!(
        pdus(&reports),
        [
            "bind_transceiver",
            "submit_sm",
            "submit_sm",
            "Text",
            "submit_sm_resp",
            "submit_sm_resp"
        ]
    );
    assert_eq!(reports[3]["text"], "山洪预警，请转移");
    assert_eq!(reports[1]["fields"]["concatenation"]["total"], 2);
    assert_eq!(reports[4]["fields"]["message_id"], "id2");
    assert_eq!(reports[0]["to"], "127.0.0.1:2775");
    let (brief, ..) = run(&["decode", "--brief"], &file);
    let line = brief.lines().nth(1).unwrap();
    assert!(
        line.ends_with("smpp submit_sm +106901234 -> +8613800138000 \"山洪预警，\": ok"),
        "{line}"
    );
}

#[test]
fn a_gap_is_named_and_what_follows_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("smpp.pcap");
    let mut packets = conversation();
    // Inside the first part of the text.
    packets.remove(2);
    write(&file, &packets);
    let (reports, ..) = json(&["--reassemble"], &file);
    let notes: Vec<_> = reports
        .iter()
        .filter_map(|report| report["note"].as_str())
        .collect();
    assert!(
        notes
            .iter()
            .any(|note| note.contains("50 bytes of the stream are missing")),
        "{notes:?}"
    );
    // The second part stands where the sender has put it: 50 octets are missing, none is shifted.
    let first = bind().len() + submit(2, "山洪预警，", Some([7, 2, 1])).len();
    let second = reports.iter().find(|it| it["text"] == "请转移").unwrap();
    assert_eq!(second["offset"], first);
    let good: Vec<_> = reports
        .iter()
        .filter(|report| report["ok"] == true)
        .collect();
    let texts: Vec<_> = good.iter().filter_map(|it| it["text"].as_str()).collect();
    assert_eq!(texts, ["请转移"]);
    let incomplete = reports.last().unwrap();
    assert_eq!(incomplete["error"], "incomplete: part 1 of 2 is missing");
}

#[test]
fn a_capture_that_begins_in_mid_stream_is_read_from_the_first_header_on() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("smpp.pcap");
    let stream = [submit(2, "一", None), submit(3, "二", None)].concat();
    // A port that says nothing.
    write(&file, &[tcp(CLIENT, 9_000, 77, false, &stream[20..])]);
    let (reports, _, code) = json(&[], &file);
    assert_eq!(code, 0);
    assert_eq!(reports.len(), 2);
    assert_eq!(
        (&reports[0]["ok"], &reports[1]["text"]),
        (&false.into(), &"二".into())
    );
}

#[test]
fn tcp_of_other_protocols_is_passed_over_with_the_true_reason() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mixed.pcap");
    let web = tcp(CLIENT, 80, 1, false, b"GET / HTTP/1.1\r\n\r\n");
    write(
        &file,
        &[web, tcp(CLIENT, 9_001, 1, false, &submit(1, "一", None))],
    );
    let (reports, errors, code) = json(&[], &file);
    assert_eq!(pdus(&reports), ["submit_sm"]);
    assert_eq!(
        errors,
        "narrowcast-replay: 1 packet of the capture passed over: TCP that is neither SMPP nor CMPP\n"
    );
    assert_eq!(code, 3);
}

#[test]
fn cmpp_of_both_versions_is_read_and_may_be_forced() {
    use cmpp::{Pdu, Version, connect::Connect, submit_resp::SubmitResp};
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cmpp.pcap");
    let connect = Pdu::Connect(Connect {
        account: "901234".to_owned(),
        proof: *b"0123456789abcdef",
        version: 0x30,
        timestamp: 1_123_163_005,
    });
    let taken = Pdu::SubmitResp(SubmitResp {
        message: 0xBBC1_E140_03E9_0007,
        result: 8,
    });
    let packets = [
        tcp(CLIENT, 7_890, 1, false, &connect.encode(Version::V3, 1)),
        tcp(7_890, CLIENT, 1, false, &taken.encode(Version::V3, 2)),
    ];
    write(&file, &packets);
    for kind in ["cmpp", "cmpp2", "cmpp3"] {
        let (reports, _, code) = json(&["--as", kind], &file);
        assert_eq!(code, 0);
        assert_eq!(pdus(&reports), ["CMPP_CONNECT", "CMPP_SUBMIT_RESP"]);
        assert_eq!(reports[1]["fields"]["Result"]["meaning"], "flow control");
        assert_eq!(reports[1]["fields"]["Msg_Id"], "bbc1e14003e90007");
    }
}

#[test]
fn a_password_stays_out_of_every_output_form() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    write(&path("smpp.pcap"), &conversation());
    let is_in = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes)
            .to_lowercase()
            .replace(' ', "");
        text.contains(PASSWORD) || text.contains(&hex::encode(PASSWORD))
    };
    for form in ["", "--json", "--brief"] {
        let args: Vec<&str> = ["decode", form]
            .into_iter()
            .filter(|it| !it.is_empty())
            .collect();
        let (out, ..) = run(&args, &path("smpp.pcap"));
        assert!(!is_in(out.as_bytes()) && out.contains("bind_transceiver"));
    }
    let (shown, ..) = run(&["decode", "--json", "--secrets"], &path("smpp.pcap"));
    assert!(is_in(shown.as_bytes()));
    for (name, secrets) in [
        ("a.log", false),
        ("a.pcapng", false),
        ("a.pcap", false),
        ("b.log", true),
    ] {
        let mut convert = Command::new(REPLAY);
        convert
            .arg("convert")
            .arg(path("smpp.pcap"))
            .arg("-o")
            .arg(path(name));
        if secrets {
            convert.arg("--secrets");
        }
        assert!(convert.status().unwrap().success());
        let bytes = std::fs::read(path(name)).unwrap();
        assert_eq!(is_in(&bytes), secrets, "{name}");
        let (reports, errors, code) = json(&[], &path(name));
        assert_eq!(code, 0, "{errors}");
        let mut names = pdus(&reports);
        names.sort_unstable();
        assert_eq!(names.len(), 5, "{name} {names:?}");
        assert!(reports.iter().all(|report| report["ok"] == true), "{name}");
    }
    let (out, _, code) = run(
        &["diff", "--json", "--all", path("a.log").to_str().unwrap()],
        &path("b.log"),
    );
    assert!(code < 2 && !is_in(out.as_bytes()), "{out}");
}

#[test]
fn a_link_of_the_capture_ring_is_known_by_its_description() {
    use narrowcast_hardware::capture::{CaptureConfig, CaptureRing, Direction};
    use narrowcast_hardware::port::Port;
    use narrowcast_protocol::session::Peer;
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("ring");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ring = CaptureRing::start(CaptureConfig::in_directory(folder.clone())).unwrap();
        let (line, _far) = tokio_serial::SerialStream::pair().unwrap();
        let port = Port::from_serial(line);
        let pdu = submit(9, "一", None);
        let active = cmpp::Pdu::ActiveTest.encode(cmpp::Version::V2, 4);
        let centre = ring.tap("centre", "smpp");
        let gateway = ring.tap("gateway", "cmpp");
        // In pieces that look like nothing.
        for (tap, pdu) in [(&centre, &pdu[..]), (&gateway, &active[..])] {
            for piece in pdu.chunks(5) {
                tap.record(Direction::Outbound, Peer::Line, &port, piece);
            }
        }
        ring.flush().unwrap();
    });
    let (reports, errors, code) = json(&[], &folder);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert_eq!(pdus(&reports), ["submit_sm", "CMPP_ACTIVE_TEST"]);
    assert_eq!(
        (&reports[0]["link"], &reports[0]["direction"]),
        (&"centre".into(), &"out".into())
    );
}

#[test]
fn tshark_reads_the_same_of_smpp() {
    let version = Command::new("tshark").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        assert!(
            std::env::var_os("NARROWCAST_REQUIRE_PEERS").is_none(),
            "tshark is missing: apt-get install tshark"
        );
        eprintln!("tshark is missing: no independent reader took part");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("smpp.pcap");
    write(&file, &conversation());
    let fields = [
        "smpp.command_id",
        "smpp.sequence_number",
        "smpp.source_addr",
        "smpp.message_id",
    ];
    let mut tshark = Command::new("tshark");
    tshark
        .arg("-r")
        .arg(&file)
        .args(["-Y", "smpp", "-T", "fields", "-E", "separator=|"]);
    for field in fields {
        tshark.args(["-e", field]);
    }
    let output = tshark.output().unwrap();
    assert!(output.status.success());
    // Several PDUs of one packet are in one line, with commas between.
    let text = String::from_utf8(output.stdout).unwrap();
    let mut theirs: [Vec<String>; 4] = Default::default();
    for line in text.lines() {
        for (all, said) in theirs.iter_mut().zip(line.split('|')) {
            let said = said.split(',').filter(|it| !it.is_empty());
            all.extend(said.map(str::to_owned));
        }
    }
    let (reports, ..) = json(&[], &file);
    let said = |name: &str| -> Vec<String> {
        let fields = reports.iter().map(|report| &report["fields"][name]);
        let said = fields.filter_map(|value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Object(coded) => Some(format!("0x{:08x}", coded["value"].as_u64().unwrap())),
            number => Some(number.to_string()),
        });
        said.collect()
    };
    let ours = ["command_id", "sequence_number", "source_addr", "message_id"].map(said);
    assert_eq!(ours, theirs);
    assert_eq!(ours[0].len(), 5);
}
