//! What we record, read by an independent program: tshark, run as a process of its own.
//! `NARROWCAST_REQUIRE_PEERS` makes its absence a failure.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a peer that cannot be run fails the test"
)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use narrowcast_hardware::capture::export::{Filter, export};
use narrowcast_hardware::capture::reader::{CaptureReader, Captured};
use narrowcast_hardware::capture::{CaptureConfig, CaptureRing, Direction};
use narrowcast_hardware::port::{Port, PortConfig};
use narrowcast_protocol::session::Peer;
use tokio_serial::SerialStream;

const REPLAY: &str = env!("CARGO_BIN_EXE_narrowcast-replay");

const FIELDS: [&str; 13] = [
    "frame.time_epoch",
    "frame.interface_name",
    "frame.packet_flags_direction",
    "ip.src",
    "ipv6.src",
    "udp.srcport",
    "ip.dst",
    "ipv6.dst",
    "udp.dstport",
    "udp.length",
    "udp.payload",
    "rtacser.eventtype",
    "data.data",
];

/// Whether tshark can take part.
fn is_there() -> bool {
    let found = ["tshark", "capinfos"].iter().all(|program| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    });
    if !found {
        assert!(
            std::env::var_os("NARROWCAST_REQUIRE_PEERS").is_none(),
            "tshark is missing: apt-get install tshark"
        );
        eprintln!("tshark is missing: no independent reader took part");
    }
    found
}

fn output(program: &str, args: &[&str], file: &Path) -> String {
    let mut command = Command::new(program);
    match program {
        "tshark" => command.arg("-r").arg(file).args(args),
        _ => command.args(args).arg(file),
    };
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// What tshark says of each packet, in the words of `FIELDS`.
fn dissected(file: &Path, ports: &[u16]) -> Vec<Vec<String>> {
    let mut args: Vec<String> = ["-T", "fields", "-E", "separator=|"]
        .map(str::to_owned)
        .into();
    for field in FIELDS {
        args.extend(["-e".to_owned(), field.to_owned()]);
    }
    args.extend(as_data(ports));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let text = output("tshark", &args, file);
    let line = |line: &str| line.split('|').map(str::to_owned).collect();
    text.lines().map(line).collect()
}

/// A port that the system chose may belong to a protocol that tshark knows.
fn as_data(ports: &[u16]) -> Vec<String> {
    let rule = |port: &u16| ["-d".to_owned(), format!("udp.port=={port},data")];
    ports.iter().flat_map(rule).collect()
}

/// What tshark should say of a chunk.
fn expected(captured: &Captured) -> Vec<String> {
    let at = captured.at.as_nanosecond();
    let (direction, payload) = (captured.direction, hex::encode(&captured.payload));
    let mut said = vec![
        format!("{}.{:09}", at / 1_000_000_000, at % 1_000_000_000),
        captured.interface.clone(),
        match direction {
            Some(Direction::Inbound) => "0x00000001".to_owned(),
            Some(Direction::Outbound) => "0x00000002".to_owned(),
            None => String::new(),
        },
    ];
    match captured.peers {
        Some((source, destination)) => {
            for end in [source, destination] {
                let ip = end.ip().to_string();
                said.extend(match end {
                    SocketAddr::V4(_) => [ip, String::new()],
                    SocketAddr::V6(_) => [String::new(), ip],
                });
                said.push(end.port().to_string());
            }
            said.push((captured.payload.len() + 8).to_string());
            said.extend([payload.clone(), String::new(), payload]);
        }
        None => {
            said.extend([const { String::new() }; 8]);
            said.extend([
                format!("0x{:02x}", captured.event.unwrap().number()),
                payload,
            ]);
        }
    }
    said
}

fn read(file: &Path) -> Vec<Captured> {
    CaptureReader::open(file)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// Both programs find the same in a file, and tshark finds nothing wrong with it.
fn check(file: &Path) -> Vec<Captured> {
    let ours = read(file);
    let ends = ours.iter().filter_map(|captured| captured.peers);
    let ports: BTreeSet<u16> = ends.flat_map(|(a, b)| [a.port(), b.port()]).collect();
    let ports: Vec<u16> = ports.into_iter().collect();
    let theirs = dissected(file, &ports);
    assert_eq!(theirs.len(), ours.len());
    for (theirs, ours) in theirs.iter().zip(&ours) {
        assert_eq!(*theirs, expected(ours), "{FIELDS:?}");
    }
    let mut strict: Vec<String> = ["-q", "-z", "expert,warn"].map(str::to_owned).into();
    for checksum in ["udp.check_checksum:TRUE", "ip.check_checksum:TRUE"] {
        strict.extend(["-o".to_owned(), checksum.to_owned()]);
    }
    strict.extend(as_data(&ports));
    let strict: Vec<&str> = strict.iter().map(String::as_str).collect();
    let complaints = output("tshark", &strict, file);
    assert_eq!(complaints.trim(), "", "tshark finds faults");
    // -M: whole numbers.
    let counted = output("capinfos", &["-c", "-M"], file);
    let packets = counted
        .lines()
        .find(|line| line.starts_with("Number of packets"));
    let count = packets.and_then(|line| line.split_whitespace().last());
    assert_eq!(count, Some(ours.len().to_string().as_str()), "{counted}");
    ours
}

/// Bytes of every sort and length.
fn payload(number: usize) -> Vec<u8> {
    let length = [0, 1, 3, 8, 11, 33, 53, 55, 302, 1_400][number % 10];
    (0..length)
        .map(|at| ((at * 7 + number) % 256) as u8)
        .collect()
}

#[tokio::test]
async fn tshark_reads_the_servers_ring_and_its_export_as_it_was_recorded() {
    if !is_there() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let config = CaptureConfig::in_directory(directory.path().join("ring"));
    let ring = CaptureRing::start(config).unwrap();
    let mut recorded = Vec::new();
    for (name, listen, from) in [
        ("udp:four", "127.0.0.1:0", "127.0.0.1:50001"),
        ("udp:six", "[::1]:0", "[::1]:50001"),
    ] {
        let listen = listen.parse().unwrap();
        let port = Port::open(&PortConfig::Udp { listen }).await.unwrap();
        let tap = ring.tap(name, "Homebrew");
        let peer = Peer::Socket(from.parse().unwrap());
        for number in 0..20 {
            let direction = [Direction::Inbound, Direction::Outbound][number % 2];
            tap.record(direction, peer, &port, &payload(number));
            recorded.push((direction, payload(number)));
        }
    }
    let (line, _far) = SerialStream::pair().unwrap();
    let port = Port::from_serial(line);
    let tap = ring.tap("/dev/ttyUSB0", "MMDVM 115200 8N1");
    for number in 0..20 {
        tap.record(Direction::Outbound, Peer::Line, &port, &payload(number));
        recorded.push((Direction::Outbound, payload(number)));
    }
    ring.flush().unwrap();
    let files = ring.files().unwrap();
    let [file] = files.as_slice() else {
        panic!("{files:?}");
    };
    let exported = directory.path().join("export.pcapng");
    let out = std::fs::File::create(&exported).unwrap();
    export(&files, &Filter::default(), out).unwrap();
    for file in [file, &exported] {
        let said: Vec<_> = check(file)
            .into_iter()
            .map(|captured| (captured.direction.unwrap(), captured.payload))
            .collect();
        assert_eq!(said, recorded);
    }
}

#[test]
fn tshark_reads_what_the_technician_records_and_converts() {
    if !is_there() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let began = Timestamp::now();
    let mut recorder = Command::new(REPLAY)
        .args([
            "record",
            "udp:127.0.0.1:0",
            "--frames",
            "20",
            "--for",
            "60s",
            "-o",
        ])
        .arg(path("a.pcapng"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(recorder.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on udp:");
    let address: SocketAddr = address.unwrap_or_else(|| panic!("{line}")).parse().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for number in 0..20 {
        socket.send_to(&payload(number), address).unwrap();
    }
    assert!(recorder.wait().unwrap().success());
    let recorded = check(&path("a.pcapng"));
    assert_eq!(recorded.len(), 20);
    for (number, captured) in recorded.iter().enumerate() {
        assert_eq!(captured.payload, payload(number));
        assert_eq!(
            captured.peers,
            Some((socket.local_addr().unwrap(), address))
        );
        assert!(began <= captured.at && captured.at <= Timestamp::now());
    }
    for (from, to) in [
        ("a.pcapng", "a.log"),
        ("a.log", "b.pcapng"),
        ("a.log", "b.pcap"),
    ] {
        let converted = Command::new(REPLAY)
            .arg("convert")
            .arg(path(from))
            .arg("-o")
            .arg(path(to))
            .status();
        assert!(converted.unwrap().success(), "{from} to {to}");
    }
    let again = check(&path("b.pcapng"));
    assert_eq!(again.len(), recorded.len());
    for (again, recorded) in again.iter().zip(&recorded) {
        assert_eq!((again.at, &again.payload), (recorded.at, &recorded.payload));
    }
    let classic = read(&path("b.pcap"));
    let ports = [socket.local_addr().unwrap().port(), address.port()];
    let theirs = dissected(&path("b.pcap"), &ports);
    assert_eq!((classic.len(), theirs.len()), (20, 20));
    for (theirs, recorded) in theirs.iter().zip(&recorded) {
        let expected = expected(recorded);
        assert_eq!(theirs[0], expected[0]);
        assert_eq!(theirs[3..], expected[3..]);
    }
}
