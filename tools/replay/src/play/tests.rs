use std::io::Write as _;
use std::net::UdpSocket;

use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::message::{
    Message, Mstpong, Role, Rptack, Rptc, Rptcl, Rptk, Rptl, Rptping,
};

use super::*;

fn args(file: &tempfile::NamedTempFile, target: String) -> PlayArgs {
    PlayArgs {
        file: file.path().to_owned(),
        target: target.parse().unwrap(),
        speed: 20.0,
        gap: None,
        step: false,
        times: 1,
        converse: true,
        side: None,
        passphrase: "secret".to_owned(),
        password: None,
        id: Some(310_001),
        timeout: 2_000,
        strict: true,
        json: false,
        baud: 115_200,
        arm: false,
        filter: Filter::default(),
        faults: crate::faults::none(),
    }
}

fn recording(lines: impl IntoIterator<Item = String>) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for line in lines {
        writeln!(file, "{line}").unwrap();
    }
    file
}

fn text() -> Vec<Vec<u8>> {
    let mut args = crate::encode::tests_args();
    args.kind = Kind::named("homebrew").unwrap();
    crate::encode::frames(&args).unwrap()
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let patience = Some(Duration::from_secs(10));
    socket.set_read_timeout(patience).unwrap();
    socket
}

/// A master that accepts one passphrase and answers pings if it `pongs`; what it took in
/// after the log-in.
fn master(socket: &UdpSocket, passphrase: &str, pongs: bool) -> Vec<Message> {
    let salt = [9, 8, 7, 6];
    let mut heard = Vec::new();
    let mut buffer = [0; 2048];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).unwrap();
        let message = Message::decode(&buffer[..length], Role::Client).unwrap();
        let answer = match &message {
            Message::Rptl(_) => Rptack { value: salt }.encode(),
            Message::Rptk(proof) => {
                let known = Passphrase::new(passphrase.as_bytes()).unwrap();
                assert!(known.accepts(salt, &proof.digest));
                Rptack {
                    value: proof.id.to_be_bytes(),
                }
                .encode()
            }
            Message::Rptc(said) => Rptack {
                value: said.id.to_be_bytes(),
            }
            .encode(),
            Message::Rptping(ping) => {
                heard.push(message.clone());
                if !pongs {
                    continue;
                }
                Mstpong { id: ping.id }.encode()
            }
            Message::Rptcl(_) => return heard,
            _ => {
                heard.push(message);
                continue;
            }
        };
        socket.send_to(&answer, from).unwrap();
    }
}

/// A recorded keep-alive and a text from a repeater.
fn session() -> tempfile::NamedTempFile {
    let mut lines = vec![
        hex::encode(b"RPTPING\0\0\0\x07"),
        hex::encode(b"MSTPONG\0\0\0\x07"),
    ];
    lines.extend(text().iter().map(hex::encode));
    recording(lines)
}

#[test]
fn a_conversation_logs_in_with_the_live_salt_and_plays_under_its_own_id() {
    let (file, socket) = (session(), socket());
    let play = args(&file, format!("udp:{}", socket.local_addr().unwrap()));
    let other = std::thread::spawn(move || master(&socket, "secret", true));
    assert_eq!(run(&play).unwrap(), ExitCode::SUCCESS);
    let heard = other.join().unwrap();
    assert_eq!(heard.len(), text().len() + 1);
    for message in heard {
        if let Message::Dmrd(burst) = message {
            assert_eq!(burst.repeater, 310_001);
        }
    }
}

#[test]
fn a_keep_alive_without_answer_fails_the_conversation_but_not_the_rest_of_it() {
    let (file, socket) = (session(), socket());
    let play = PlayArgs {
        timeout: 200,
        strict: false,
        ..args(&file, format!("udp:{}", socket.local_addr().unwrap()))
    };
    let other = std::thread::spawn(move || master(&socket, "secret", false));
    assert_eq!(run(&play).unwrap(), ExitCode::FAILURE);
    assert_eq!(other.join().unwrap().len(), text().len() + 1);
}

#[test]
fn a_log_in_that_nobody_answers_says_so() {
    let (file, socket) = (session(), socket());
    let play = PlayArgs {
        timeout: 20,
        ..args(&file, format!("udp:{}", socket.local_addr().unwrap()))
    };
    let error = run(&play).unwrap_err();
    assert_eq!(error.to_string(), "the log-in was not answered");
}

/// A repeater that logs in, says `said`, and waits for `count` frames of the master.
fn repeater(to: std::net::SocketAddr, said: &[Vec<u8>], count: usize) -> Vec<Vec<u8>> {
    let socket = socket();
    socket.connect(to).unwrap();
    let id = 310_002;
    let mut buffer = [0; 2048];
    let mut ask = |bytes: &[u8]| {
        socket.send(bytes).unwrap();
        let length = socket.recv(&mut buffer).unwrap();
        buffer[..length].to_vec()
    };
    let salt = ask(&Rptl { id }.encode());
    let known = Passphrase::new(b"secret").unwrap();
    let digest = known.digest(salt[6..10].try_into().unwrap());
    assert!(ask(&Rptk { id, digest }.encode()).starts_with(b"RPTACK"));
    let identity = Rptc {
        id,
        ..roles::tests_identity()
    };
    assert!(ask(&identity.encode()).starts_with(b"RPTACK"));
    assert!(ask(&Rptping { id }.encode()).starts_with(b"MSTPONG"));
    for frame in said {
        socket.send(frame).unwrap();
    }
    let mut heard = Vec::new();
    while heard.len() < count {
        let length = socket.recv(&mut buffer).unwrap();
        heard.push(buffer[..length].to_vec());
    }
    heard
}

#[test]
fn the_masters_side_takes_a_log_in_answers_pings_and_compares_what_the_repeater_says() {
    let (client, master) = ("10.0.0.2:4000", "10.0.0.1:62031");
    let line = |bytes: &[u8], from, to| {
        let hex = hex::encode(bytes);
        format!("2026-01-31T12:00:00Z hb1 - {hex} # {from} -> {to}")
    };
    let uplink = text();
    let mut lines = vec![line(&Rptl { id: 7 }.encode(), client, master)];
    lines.extend(uplink.iter().map(|frame| line(frame, client, master)));
    let downlink = uplink[0].clone();
    lines.push(line(&downlink, master, client));
    lines.push(line(&Rptcl { id: 7 }.encode(), client, master));
    let file = recording(lines);
    // The port is free between here and the start, as far as this machine is at peace.
    let free = socket().local_addr().unwrap();
    let play = PlayArgs {
        id: None,
        ..args(&file, format!("udp-listen:{free}"))
    };
    let player = std::thread::spawn(move || run(&play));
    while UdpSocket::bind(free).is_ok() {
        std::thread::sleep(Duration::from_millis(5));
    }
    // The down link, and the farewell.
    let heard = repeater(free, &uplink, 2);
    assert_eq!(player.join().unwrap().unwrap(), ExitCode::SUCCESS);
    assert_eq!(heard[0][11..15], 310_002_u32.to_be_bytes());
    assert_eq!(heard[0][20..], downlink[20..]);
    assert!(heard[1].starts_with(b"MSTCL"));
}

#[test]
fn a_modem_is_played_to_its_host_over_a_pseudo_terminal() {
    let file = recording([
        "2026-01-31T12:00:00.000Z tty > E0 03 00 # serial DATA_TX_START".to_owned(),
        "2026-01-31T12:00:00.100Z tty < E0 06 00 01 41 42 # serial DATA_RX_START".to_owned(),
        "2026-01-31T12:00:00.200Z tty > E0 04 03 02 # serial DATA_TX_START".to_owned(),
        "2026-01-31T12:00:00.300Z tty < E0 04 70 03 # serial DATA_RX_START".to_owned(),
    ]);
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("modem");
    let play = PlayArgs {
        side: Some(Side::Received),
        ..args(&file, format!("pty:{}", link.display()))
    };
    let player = std::thread::spawn(move || run(&play));
    while !link.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut host = tokio_serial::new(link.to_string_lossy(), 115_200)
        .timeout(Duration::from_secs(10))
        .open()
        .unwrap();
    for (said, answer) in [
        (
            [0xE0, 3, 0].as_slice(),
            [0xE0, 6, 0, 1, 0x41, 0x42].as_slice(),
        ),
        (&[0xE0, 4, 3, 2], &[0xE0, 4, 0x70, 3]),
    ] {
        host.write_all(said).unwrap();
        let mut heard = vec![0; answer.len()];
        std::io::Read::read_exact(&mut host, &mut heard).unwrap();
        assert_eq!(heard, answer);
    }
    assert_eq!(player.join().unwrap().unwrap(), ExitCode::SUCCESS);
}

#[test]
fn plain_playing_sends_the_side_that_logs_in_as_often_as_asked() {
    let (file, socket) = (session(), socket());
    let play = PlayArgs {
        converse: false,
        times: 2,
        gap: Some(0),
        ..args(&file, format!("udp:{}", socket.local_addr().unwrap()))
    };
    assert_eq!(run(&play).unwrap(), ExitCode::SUCCESS);
    let mut buffer = [0; 2048];
    for _ in 0..2 {
        let length = socket.recv(&mut buffer).unwrap();
        assert!(buffer[..length].starts_with(b"RPTPING"));
        for frame in text() {
            let length = socket.recv(&mut buffer).unwrap();
            assert_eq!(buffer[..length], frame);
        }
    }
}

#[tokio::test]
async fn a_target_beyond_this_machine_needs_an_armed_hand() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let serial = format!("serial:{}", file.path().display());
    for (target, is_safe) in [
        ("udp:192.0.2.1:62031", false),
        ("udp-listen:0.0.0.0:62031", false),
        ("tcp:192.0.2.1:7000", false),
        (serial.as_str(), false),
        ("udp:127.0.0.1:62031", true),
        ("udp:[::1]:62031", true),
        ("pty", true),
    ] {
        let place = target.parse().unwrap();
        let refused = check_target(&place, false)
            .await
            .map_err(|error| error.to_string());
        match refused {
            Ok(()) => assert!(is_safe, "{target}"),
            Err(why) => assert!(!is_safe && why.contains("--arm"), "{target}: {why}"),
        }
        assert!(check_target(&place, true).await.is_ok());
    }
}
