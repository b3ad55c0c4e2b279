use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use super::super::export::{Filter, Summary, export};
use super::super::reader::{CaptureReader, Captured};
use super::super::{Direction, SerialEvent};
use super::config::SMALLEST_FILE;
use super::*;
use crate::port::PortConfig;

fn read(files: &[PathBuf]) -> Vec<Captured> {
    files
        .iter()
        .flat_map(|file| CaptureReader::open(file).unwrap())
        .collect::<Result<_, _>>()
        .unwrap()
}

fn ends(local: &str, peer: &str) -> Option<Ends> {
    Some(Ends {
        local: local.parse().unwrap(),
        peer: peer.parse().unwrap(),
    })
}

#[tokio::test]
async fn datagrams_and_serial_bytes_share_a_file_and_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let ring = CaptureRing::start(CaptureConfig::in_directory(folder.path().join("new"))).unwrap();
    let listen = "0.0.0.0:0".parse().unwrap();
    let udp = Port::open(&PortConfig::Udp { listen }).await.unwrap();
    let (line, _far) = tokio_serial::SerialStream::pair().unwrap();
    let line = Port::from_serial(line);
    let master = ring.tap("udp:62031", "Homebrew");
    let modem = ring.tap("/dev/ttyUSB0", "MMDVM 115200 8N1");
    let peer = "127.0.0.1:54321".parse().unwrap();
    master.record(Direction::Inbound, Peer::Socket(peer), &udp, b"RPTL");
    modem.record(Direction::Outbound, Peer::Line, &line, &[0xE0, 3, 0]);
    master.record(Direction::Outbound, Peer::Socket(peer), &udp, b"");
    ring.flush().unwrap();
    let files = ring.files().unwrap();
    assert_eq!(files.len(), 1);
    let mode = std::fs::metadata(&files[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let all = read(&files);
    let [login, poll, empty] = all.as_slice() else {
        panic!("{all:?}")
    };
    let own = ([127, 0, 0, 1], udp.local().unwrap().port()).into();
    assert_eq!(login.peers, Some((peer, own)), "the address the peer sees");
    assert_eq!(login.payload, b"RPTL");
    assert_eq!(login.interface, "udp:62031");
    assert_eq!(login.direction, Some(Direction::Inbound));
    assert_eq!(poll.interface, "/dev/ttyUSB0");
    assert_eq!(poll.description.as_deref(), Some("MMDVM 115200 8N1"));
    assert_eq!(poll.event, Some(SerialEvent::Sent));
    assert_eq!((poll.linktype, poll.peers), (250, None));
    assert_eq!(poll.payload, [0xE0, 3, 0]);
    assert_eq!(empty.peers, Some((own, peer)));
    assert!(empty.payload.is_empty());
    assert!(login.at <= poll.at && poll.at <= empty.at);
    assert_eq!(ring.status().written, 3);
}

#[test]
fn the_bound_holds_and_the_newest_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let config = CaptureConfig {
        file_bytes: SMALLEST_FILE,
        files: 3,
        ..CaptureConfig::in_directory(folder.path())
    };
    for run in 0..2u8 {
        let ring = CaptureRing::start(config.clone()).unwrap();
        let tap = ring.tap("tcp:host:1", "");
        for n in 0..60u8 {
            tap.put(Direction::Inbound, None, &vec![run * 100 + n; 40_000]);
            ring.flush().unwrap();
        }
        let files = ring.files().unwrap();
        assert_eq!(files.len(), 3);
        for file in &files {
            assert!(std::fs::metadata(file).unwrap().len() <= SMALLEST_FILE);
        }
        let last = read(&files).pop().unwrap();
        assert_eq!(last.payload, vec![run * 100 + 59; 40_000]);
    }
}

#[test]
fn a_disk_that_fails_costs_records_and_says_so_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("ring");
    let ring = CaptureRing::start(CaptureConfig::in_directory(&directory)).unwrap();
    let tap = ring.tap("hb1", "Homebrew");
    std::fs::remove_dir(&directory).unwrap();
    tap.put(
        Direction::Inbound,
        ends("10.0.0.1:1", "10.0.0.2:2"),
        b"gone",
    );
    ring.flush().unwrap();
    let status = ring.status();
    assert_eq!((status.written, status.lost), (0, 1));
    assert!(status.trouble.is_some());
    std::fs::create_dir(&directory).unwrap();
    let told = (0..80).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        ring.flush().unwrap();
        read(&ring.files().unwrap()).pop()
    });
    let told = told.expect("the loss on record within 8 s");
    assert_eq!(told.event, Some(SerialEvent::CaptureDataLost));
    assert_eq!(told.interface, "hb1:lost");
    let comment = told.comment.unwrap();
    assert_eq!(comment, "1 chunks of hb1 were not recorded");
    assert_eq!(ring.status().trouble, None);
}

#[test]
fn a_full_queue_never_waits_and_every_loss_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let ring = CaptureRing::start(CaptureConfig::in_directory(folder.path())).unwrap();
    let tap = ring.tap("hb1", "");
    // More than fits the queue's bytes, whatever the writer manages in the meantime.
    tap.put(Direction::Inbound, None, &vec![0; QUEUE_BYTES + 1]);
    tap.put(Direction::Inbound, None, b"fits");
    ring.flush().unwrap();
    let status = ring.status();
    assert_eq!((status.written, status.lost), (1, 1));
    let all = read(&ring.files().unwrap());
    assert_eq!(all[0].payload, b"fits");
    assert_eq!(all[1].event, Some(SerialEvent::CaptureDataLost));
}

#[test]
fn an_export_keeps_everything_but_log_in_hashes_and_what_was_not_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let ring = CaptureRing::start(CaptureConfig::in_directory(folder.path())).unwrap();
    let mut login = b"RPTK\0\x2f\x4d\x61".to_vec();
    login.extend([0xAB; 32]);
    let six = ends("[2001:db8::1]:62031", "[2001:db8::2]:40000");
    let tap = ring.tap("udp:62031", "Homebrew");
    tap.put(Direction::Inbound, six, &login);
    tap.put(Direction::Outbound, six, b"RPTACK\0\x2f\x4d\x61");
    ring.tap("other", "").put(Direction::Inbound, None, b"AT");
    ring.flush().unwrap();
    // What a crash leaves behind must not stand in the way.
    std::fs::write(folder.path().join("link-1.pcapng"), b"").unwrap();
    let filter = Filter {
        interfaces: vec!["udp:62031".to_owned()],
        ..Filter::default()
    };
    let mut out = Vec::new();
    let summary: Summary = export(&ring.files().unwrap(), &filter, &mut out).unwrap();
    assert_eq!((summary.packets, summary.blanked), (2, 1));
    assert_eq!(summary.problems.len(), 1);
    let original = read(&ring.files().unwrap()[1..]);
    let copied: Vec<_> = CaptureReader::new(out.as_slice())
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(copied.len(), 2);
    assert_eq!(copied[0].payload[..8], login[..8]);
    assert_eq!(copied[0].payload[8..], [0; 32]);
    assert_eq!(copied[1], original[1]);
    assert!(!out.windows(4).any(|four| four == [0xAB; 4]));
}

#[test]
fn configurations_that_make_no_sense_are_refused_by_field() {
    let good = CaptureConfig::in_directory("/nowhere");
    for (config, field) in [
        (
            CaptureConfig {
                prefix: "../x".to_owned(),
                ..good.clone()
            },
            "prefix",
        ),
        (
            CaptureConfig {
                file_bytes: 1,
                ..good.clone()
            },
            "file_bytes",
        ),
        (CaptureConfig { files: 0, ..good }, "files"),
    ] {
        let error = CaptureRing::start(config).unwrap_err();
        assert!(error.to_string().contains(field), "{error}");
    }
}

#[tokio::test]
async fn an_export_of_a_file_with_a_damaged_record_has_those_around_it_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let ring = CaptureRing::start(CaptureConfig::in_directory(folder.path().join("ring"))).unwrap();
    let (line, _far) = tokio_serial::SerialStream::pair().unwrap();
    let line = Port::from_serial(line);
    let tap = ring.tap("/dev/ttyUSB0", "MMDVM 115200 8N1");
    for payload in [b"first!!!", b"second!!", b"third!!!", b"fourth!!"] {
        tap.record(Direction::Inbound, Peer::Line, &line, payload);
    }
    ring.flush().unwrap();
    let files = ring.files().unwrap();
    let [file] = files.as_slice() else {
        panic!("{files:?}");
    };
    let mut bytes = std::fs::read(file).unwrap();
    let at = bytes.windows(8).position(|it| it == b"second!!").unwrap();
    // The record's captured length, in front of its 12 octets of header.
    let length = bytes.get_mut(at - 20..at - 16).unwrap();
    assert_eq!(length, [20, 0, 0, 0]);
    length.fill(0xFF);
    std::fs::write(file, bytes).unwrap();
    let mut out = Vec::new();
    let summary = export(&files, &Filter::default(), &mut out).unwrap();
    let exported: Vec<Vec<u8>> = CaptureReader::new(out.as_slice())
        .unwrap()
        .map(|captured| captured.unwrap().payload)
        .collect();
    assert_eq!(exported, [b"first!!!", b"third!!!", b"fourth!!"]);
    assert_eq!((summary.packets, summary.skipped.damaged), (3, 1));
    let [(path, problem)] = summary.problems.as_slice() else {
        panic!("{summary:?}");
    };
    assert_eq!(path, file);
    assert!(problem.contains("is damaged"), "{problem}");
}

#[tokio::test]
async fn what_is_sent_to_many_at_once_is_a_record_for_each() {
    let folder = tempfile::tempdir().unwrap();
    let ring = CaptureRing::start(CaptureConfig::in_directory(folder.path())).unwrap();
    let listen = "127.0.0.1:0".parse().unwrap();
    let udp = Port::open(&PortConfig::Udp { listen }).await.unwrap();
    let tap = ring.tap("udp:62031", "Homebrew");
    let frame = Bytes::from_static(b"DMRD of a call");
    let peers: Vec<SocketAddr> = (1..=200).map(|n| ([10, 0, 0, n], 62_031).into()).collect();
    let chunks = peers.iter().map(|to| (Peer::Socket(*to), frame.clone()));
    tap.record_sent(&udp, chunks);
    // Too many to wait for the disk: none is kept, and each is counted.
    let many = iter::repeat_n((Peer::Line, frame.clone()), QUEUE_RECORDS + 1);
    tap.record_sent(&udp, many);
    ring.flush().unwrap();
    let all = read(&ring.files().unwrap());
    let sent = all
        .iter()
        .filter(|it| it.direction == Some(Direction::Outbound));
    let own = udp.local().unwrap();
    let ends: Vec<_> = sent.map(|it| (it.peers, it.payload.clone())).collect();
    let expected = peers.iter().map(|to| (Some((own, *to)), frame.to_vec()));
    assert_eq!(ends, expected.collect::<Vec<_>>());
    let comment = all.last().unwrap().comment.as_deref();
    assert_eq!(comment, Some("16385 chunks of udp:62031 were not recorded"));
    let status = ring.status();
    assert_eq!(
        (status.written, status.lost),
        (200, QUEUE_RECORDS as u64 + 1)
    );
}
