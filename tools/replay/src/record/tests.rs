use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;

use narrowcast_hardware::capture::Direction;
use narrowcast_hardware::port::{Port, PortConfig, SerialSettings};
use narrowcast_protocol::session::Peer;

use super::*;
use crate::input::{self, Raw};

fn all(path: &std::path::Path) -> Vec<Raw> {
    let mut all = Vec::new();
    input::read(Some(path), &mut |raw| {
        all.push(raw);
        Ok(())
    })
    .unwrap();
    all
}

fn args(near: &str, far: Option<&str>, output: PathBuf, frames: u64) -> RecordArgs {
    RecordArgs {
        near: near.parse().unwrap(),
        far: far.map(|far| far.parse().unwrap()),
        output: Some(output),
        time: Some(Duration::from_secs(30)),
        frames: Some(frames),
        baud: 115_200,
        secrets: false,
        filter: Filter::default(),
    }
}

/// A loopback port that was free a moment ago.
fn free() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

fn client() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let patience = Some(Duration::from_millis(100));
    socket.set_read_timeout(patience).unwrap();
    socket
}

/// Says something until there is an answer.
fn ask(socket: &UdpSocket, at: SocketAddr, said: &[u8]) -> Vec<u8> {
    let mut buffer = [0; 64];
    for _ in 0..100 {
        socket.send_to(said, at).unwrap();
        if let Ok((count, from)) = socket.recv_from(&mut buffer) {
            assert_eq!(from, at, "the answer comes from where it was asked");
            return buffer[..count].to_vec();
        }
    }
    panic!("no answer");
}

#[test]
fn clients_of_a_datagram_proxy_are_kept_apart_and_recorded_with_their_own_addresses() {
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("a.pcapng");
    let master = UdpSocket::bind("127.0.0.1:0").unwrap();
    let far = master.local_addr().unwrap();
    let near = free();
    let (near_name, far_name) = (format!("udp:{near}"), format!("udp:{far}"));
    let args = args(&near_name, Some(&far_name), output.clone(), u64::MAX);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let recorder = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime
            .block_on(record(&args, async { stopped.await.unwrap() }))
            .unwrap()
    });
    // The master answers each with what it said.
    let echo = std::thread::spawn(move || {
        let mut buffer = [0; 64];
        loop {
            let (count, from) = master.recv_from(&mut buffer).unwrap();
            master.send_to(&buffer[..count], from).unwrap();
            if buffer.starts_with(b"RPTCL") {
                return;
            }
        }
    });
    let (one, other) = (client(), client());
    assert_eq!(ask(&one, near, b"RPTL one"), b"RPTL one");
    assert_eq!(ask(&other, near, b"RPTL two"), b"RPTL two");
    assert_eq!(ask(&other, near, b"RPTCL"), b"RPTCL");
    stop.send(()).unwrap();
    assert_eq!(recorder.join().unwrap(), ExitCode::SUCCESS);
    echo.join().unwrap();
    let recorded = all(&output);
    for (socket, said) in [(&one, b"RPTL one"), (&other, b"RPTL two")] {
        let address = socket.local_addr().unwrap();
        for (direction, peers) in [
            (Direction::Outbound, (address, far)),
            (Direction::Inbound, (far, address)),
        ] {
            let found = recorded.iter().find(|raw| {
                raw.bytes == said && raw.direction == Some(direction) && raw.peers == Some(peers)
            });
            assert!(found.is_some(), "{direction:?} {peers:?} in {recorded:?}");
        }
    }
    let mode = std::fs::metadata(&output).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_recording_ends_after_so_many_frames() {
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("a.pcapng");
    let near = free();
    let args = args(&format!("udp:{near}"), None, output.clone(), 3);
    let recorder = std::thread::spawn(move || run(&args).unwrap());
    let socket = client();
    while !recorder.is_finished() {
        // Refused while nobody listens.
        let _refused = socket.send_to(b"DMRD", near);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(recorder.join().unwrap(), ExitCode::SUCCESS);
    let recorded = all(&output);
    assert_eq!(recorded.len(), 3);
    assert_eq!(
        recorded[0].peers,
        Some((socket.local_addr().unwrap(), near))
    );
}

#[test]
fn only_the_datagrams_that_a_filter_takes_are_recorded_and_no_stream_is_filtered() {
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("a.pcapng");
    let near = free();
    let filter = Filter {
        pdu: vec!["RPTL".to_owned()],
        ..Filter::default()
    };
    let recorded_by = RecordArgs {
        filter: filter.clone(),
        ..args(&format!("udp:{near}"), None, output.clone(), 2)
    };
    let recorder = std::thread::spawn(move || run(&recorded_by).unwrap());
    let socket = client();
    while !recorder.is_finished() {
        // Refused while nobody listens.
        for said in [b"DMRD".as_slice(), b"RPTL\0\0\0\x01", b"RPTPONG"] {
            let _refused = socket.send_to(said, near);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(recorder.join().unwrap(), ExitCode::SUCCESS);
    let recorded = all(&output);
    let said: Vec<_> = recorded.iter().map(|raw| raw.bytes.as_slice()).collect();
    assert_eq!(said, [b"RPTL\0\0\0\x01"; 2]);
    let stream = RecordArgs {
        filter,
        ..args("pty", None, directory.path().join("b"), 1)
    };
    let error = run(&stream).unwrap_err().to_string();
    assert!(
        error.contains("recorded whole") && error.contains("convert"),
        "{error}"
    );
    assert!(!directory.path().join("b").exists());
}

async fn serial(path: &std::path::Path) -> Port {
    let config = PortConfig::Serial {
        path: path.to_owned(),
        baud: 115_200,
        settings: SerialSettings::default(),
    };
    for _ in 0..200 {
        match Port::open(&config).await {
            Ok(port) => return port,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    panic!("{} was not made", path.display());
}

async fn say(port: &mut Port, said: &[u8], to: &mut Port) {
    port.send(Peer::Line, said).await.unwrap();
    let mut heard = Vec::new();
    let mut buffer = [0; 64];
    while heard.len() < said.len() {
        let (_, count) = to.recv(&mut buffer).await.unwrap();
        heard.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(heard, said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serial_line_is_recorded_between_host_and_modem() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let (host, modem) = (path("host"), path("modem"));
    let near = format!("pty:{}", host.display());
    let far = format!("pty:{}", modem.display());
    let args = args(&near, Some(&far), path("a.pcapng"), 2);
    let recorder = tokio::task::spawn_blocking(move || run(&args).unwrap());
    let mut host = serial(&host).await;
    let mut modem = serial(&modem).await;
    say(&mut host, &[0xE0, 3, 0], &mut modem).await;
    say(&mut modem, &[0xE0, 4, 0x70, 2], &mut host).await;
    assert_eq!(recorder.await.unwrap(), ExitCode::SUCCESS);
    let recorded = all(&path("a.pcapng"));
    let shown: Vec<_> = recorded
        .iter()
        .map(|raw| (raw.direction, raw.bytes.clone()))
        .collect();
    assert_eq!(
        shown,
        [
            (Some(Direction::Outbound), vec![0xE0, 3, 0]),
            (Some(Direction::Inbound), vec![0xE0, 4, 0x70, 2]),
        ]
    );
    assert!(recorded.iter().all(|raw| raw.stream));
    assert!(
        !path("host").exists(),
        "the link to the pseudo-terminal is gone"
    );
}

/// A bind with a password, in the two pieces in which it is said.
fn bind() -> (Vec<u8>, Vec<u8>) {
    use narrowcast_protocol::sms::smpp::{Pdu, bind::Bind, bind::Way};
    let bind = Bind {
        way: Way::Transceiver,
        system_id: "narrow".to_owned(),
        password: "s3cr3tpw".to_owned(),
        system_type: String::new(),
        version: 0x34,
        ton: 0,
        npi: 0,
        range: String::new(),
    };
    let mut bind = Pdu::Bind(bind).encode(0, 1).to_vec();
    let rest = bind.split_off(27);
    (bind, rest)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_is_passed_on_whole_and_recorded_without_its_password() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    for secrets in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let output = directory.path().join("a.pcapng");
        let centre = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let far = format!("tcp:{}", centre.local_addr().unwrap());
        let near = free();
        let args = RecordArgs {
            secrets,
            ..args(&format!("tcp-listen:{near}"), Some(&far), output.clone(), 2)
        };
        let recorder = tokio::task::spawn_blocking(move || run(&args).unwrap());
        let (mut centre, _) = centre.accept().await.unwrap();
        let mut client = loop {
            match tokio::net::TcpStream::connect(near).await {
                Ok(client) => break client,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let (first, rest) = bind();
        let mut heard = vec![0; first.len() + rest.len()];
        client.write_all(&first).await.unwrap();
        let (begin, end) = heard.split_at_mut(first.len());
        centre.read_exact(begin).await.unwrap();
        client.write_all(&rest).await.unwrap();
        centre.read_exact(end).await.unwrap();
        assert_eq!(heard, [first, rest].concat(), "the centre is told it");
        let mut reply = narrowcast_protocol::sms::smpp::Pdu::EnquireLink.encode(0, 1);
        centre.write_all_buf(&mut reply).await.unwrap();
        // With the secrets, every piece is a frame of its own.
        assert_eq!(recorder.await.unwrap(), ExitCode::SUCCESS);
        let recorded = all(&output);
        let sent = recorded.iter();
        let sent = sent.filter(|raw| raw.direction == Some(Direction::Outbound));
        let bytes: Vec<u8> = sent.clone().flat_map(|raw| raw.bytes.clone()).collect();
        let has = bytes.windows(8).any(|window| window == b"s3cr3tpw");
        assert_eq!(has, secrets);
        let name = bytes.windows(6).any(|window| window == b"narrow");
        assert!(name, "the account stays");
        let notes: Vec<_> = sent.filter_map(|raw| raw.comment.clone()).collect();
        assert_eq!(notes.is_empty(), secrets, "{notes:?}");
        if !secrets {
            assert_eq!(bytes.len(), heard.len());
            assert!(notes[0].contains("not recorded"));
        }
    }
}

#[test]
fn places_that_do_not_go_together_and_times_that_are_none_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let output = |name: &str| directory.path().join(name);
    let error = run(&args("udp:127.0.0.1:0", Some("pty"), output("a"), 1)).unwrap_err();
    assert!(error.to_string().contains("udp:HOST:PORT"), "{error}");
    let error = run(&args("pty", Some("udp:127.0.0.1:1"), output("b"), 1)).unwrap_err();
    assert!(error.to_string().contains("byte stream"), "{error}");
    assert!(!output("a").exists() && !output("b").exists());
    std::fs::write(output("a"), "kept").unwrap();
    let error = run(&args("pty", None, output("a"), 1)).unwrap_err();
    assert!(format!("{error:#}").contains("exists"), "{error:#}");
    assert_eq!(duration("1h30m").unwrap(), Duration::from_secs(5_400));
    assert_eq!(duration("250ms").unwrap(), Duration::from_millis(250));
    for text in ["", "0s", "-5s", "5", "soon"] {
        let error = duration(text).unwrap_err();
        assert!(error.contains("as in 90s"), "{error}");
    }
}

#[test]
fn a_gap_in_the_recording_is_on_record() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.pcapng");
    let filter = Filter::default();
    let mut sink = Sink::new(create(&path).unwrap(), false, filter.sieve()).unwrap();
    sink.admit_loss(3).unwrap();
    sink.flush().unwrap();
    let mut found = Vec::new();
    input::read_all(Some(&path), &mut |raw| {
        found.push((raw.event, raw.comment));
        Ok(())
    })
    .unwrap();
    let lost = narrowcast_hardware::capture::SerialEvent::CaptureDataLost;
    let comment = "3 chunks were not recorded".to_owned();
    assert_eq!(found, [(Some(lost), Some(comment))]);
}
