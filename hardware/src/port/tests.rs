use tokio_serial::SerialPort;

use super::*;

fn loopback() -> PortConfig {
    PortConfig::Udp {
        listen: "127.0.0.1:0".parse().unwrap(),
    }
}

fn serial(path: impl Into<PathBuf>) -> PortConfig {
    PortConfig::Serial {
        path: path.into(),
        baud: 115_200,
        settings: SerialSettings::default(),
    }
}

async fn heard(port: &mut Port) -> (Peer, Vec<u8>) {
    let mut buffer = vec![0; LARGEST_CHUNK];
    let receive = port.recv(&mut buffer);
    let (peer, count) = tokio::time::timeout(Duration::from_secs(5), receive)
        .await
        .expect("bytes within 5 s")
        .expect("an open port");
    buffer.truncate(count);
    (peer, buffer)
}

#[tokio::test]
async fn datagrams_go_both_ways_and_name_their_peers() {
    let mut server = Port::open(&loopback()).await.unwrap();
    let mut client = Port::open(&PortConfig::UdpClient {
        remote: server.local().unwrap(),
        local: None,
    })
    .await
    .unwrap();
    client.send(Peer::Line, b"RPTL").await.unwrap();
    let (from, bytes) = heard(&mut server).await;
    assert_eq!(bytes, b"RPTL");
    assert_eq!(
        from,
        Peer::Socket(SocketAddr::from((
            [127, 0, 0, 1],
            client.local().unwrap().port()
        )))
    );
    server.send(from, b"").await.unwrap();
    assert_eq!(heard(&mut client).await, (Peer::Line, Vec::new()));
}

#[tokio::test]
async fn an_ipv6_socket_shows_ipv4_peers_as_ipv4() {
    let listen = "[::]:0".parse().unwrap();
    let mut server = Port::open(&PortConfig::Udp { listen }).await.unwrap();
    let port = server.local().unwrap().port();
    for far in ["127.0.0.1", "::1"] {
        let remote = SocketAddr::new(far.parse().unwrap(), port);
        let config = PortConfig::UdpClient {
            remote,
            local: None,
        };
        let mut client = Port::open(&config).await.unwrap();
        client.send(Peer::Line, b"?").await.unwrap();
        let (from, _) = heard(&mut server).await;
        let Peer::Socket(address) = from else {
            panic!("{from} is no socket")
        };
        assert_eq!(address.ip(), remote.ip());
        server.send(from, b"!").await.unwrap();
        assert_eq!(heard(&mut client).await.1, b"!");
    }
}

#[tokio::test]
async fn a_peer_that_is_gone_does_not_cost_the_socket() {
    let mut port = Port::open(&loopback()).await.unwrap();
    let gone = {
        let other = Port::open(&loopback()).await.unwrap();
        other.local().unwrap()
    };
    let mut client = Port::open(&PortConfig::UdpClient {
        remote: gone,
        local: None,
    })
    .await
    .unwrap();
    let mut buffer = [0; 16];
    for _ in 0..3 {
        port.send(Peer::Socket(gone), b"anyone?").await.unwrap();
        if let Err(error) = client.send(Peer::Line, b"anyone?").await {
            assert!(!error.loses_port(), "{error}");
        }
        for port in [&mut port, &mut client] {
            let silence = Duration::from_millis(20);
            let heard = tokio::time::timeout(silence, port.recv(&mut buffer)).await;
            assert!(heard.is_err(), "ICMP is not for the session: {heard:?}");
        }
    }
}

#[tokio::test]
async fn a_datagram_too_long_is_refused_and_the_port_stays() {
    let mut port = Port::open(&loopback()).await.unwrap();
    let to = Peer::Socket(port.local().unwrap());
    let error = port.send(to, &[0; 70_000]).await.unwrap_err();
    assert!(!error.loses_port(), "{error}");
    let error = port.send(Peer::Line, b"x").await.unwrap_err();
    assert!(!error.loses_port(), "{error}");
    port.send(to, &[7; 65_507]).await.unwrap();
    assert_eq!(heard(&mut port).await.1.len(), 65_507);
}

#[tokio::test]
async fn a_taken_address_is_named_with_its_remedy() {
    let first = Port::open(&loopback()).await.unwrap();
    let listen = first.local().unwrap();
    let error = Port::open(&PortConfig::Udp { listen }).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&listen.to_string()), "{text}");
    assert!(text.contains("another program has this port"), "{text}");
}

#[tokio::test]
async fn a_stream_ends_when_its_server_does() {
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    let mut port = Port::open(&PortConfig::TcpClient { address })
        .await
        .unwrap();
    let (mut far, _) = server.accept().await.unwrap();
    port.send(Peer::Line, b"EHLO").await.unwrap();
    let mut got = [0; 4];
    tokio::io::AsyncReadExt::read_exact(&mut far, &mut got)
        .await
        .unwrap();
    assert_eq!(&got, b"EHLO");
    drop(far);
    let error = port.recv(&mut got).await.unwrap_err();
    assert!(matches!(error, PortError::HungUp), "{error}");
}

#[tokio::test]
async fn a_pseudo_terminal_carries_all_bytes_and_its_hang_up_is_noticed() {
    let (far, slave) = SerialStream::pair().unwrap();
    let path = slave.name().unwrap();
    drop(slave);
    let mut near = Port::open(&serial(path)).await.unwrap();
    let mut far = Port::from_serial(far);
    let all: Vec<u8> = (0..=255).collect();
    far.send(Peer::Line, &all).await.unwrap();
    let mut got = Vec::new();
    while got.len() < all.len() {
        got.extend(heard(&mut near).await.1);
    }
    assert_eq!(got, all);
    near.send(Peer::Line, &all).await.unwrap();
    got.clear();
    while got.len() < all.len() {
        got.extend(heard(&mut far).await.1);
    }
    assert_eq!(got, all);
    far.close().await;
    let error = near.recv(&mut [0; 16]).await.unwrap_err();
    assert!(matches!(error, PortError::HungUp), "{error}");
    assert!(error.loses_port());
}

#[tokio::test]
async fn a_busy_device_names_its_holder() {
    let (_far, slave) = SerialStream::pair().unwrap();
    let path = slave.name().unwrap();
    drop(slave);
    let _first = Port::open(&serial(&path)).await.unwrap();
    let error = Port::open(&serial(&path)).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, PortError::Busy { .. }), "{text}");
    assert!(
        text.contains(&path) && text.contains("this program itself"),
        "{text}"
    );
}

#[tokio::test]
async fn errors_of_devices_name_path_and_remedy() {
    let error = Port::open(&serial("/dev/none")).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("/dev/none") && text.contains("plugged in"),
        "{text}"
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Port::open(&serial(file.path())).await.unwrap_err();
    assert!(matches!(error, PortError::Unusable { .. }), "{error}");
    let path = PathBuf::from("/dev/ttyUSB0");
    let text = PortError::Permission { path }.to_string();
    assert!(
        text.contains("/dev/ttyUSB0") && text.contains("dialout"),
        "{text}"
    );
}

/// What leaves of this queue by one call after the other, and whom an error was about.
async fn drained(port: &mut Port, mut queue: Vec<(Peer, Vec<u8>)>) -> Vec<Result<usize, Peer>> {
    let mut steps = Vec::new();
    while !queue.is_empty() {
        let chunks = queue.iter().map(|(to, bytes)| (*to, bytes.as_slice()));
        let (count, step) = match port.halves().1.send_queued(chunks).await {
            Ok(Written::Datagrams(count)) => (count, Ok(count)),
            Ok(Written::Bytes(_)) => (1, Ok(1)),
            Err(PortError::Unsent { to, .. }) => (1, Err(to)),
            Err(error) => panic!("{error}"),
        };
        queue.drain(..count);
        steps.push(step);
    }
    steps
}

#[tokio::test]
async fn many_datagrams_leave_together_in_their_order_on_a_socket_of_either_family() {
    for listen in ["127.0.0.1:0", "[::]:0"] {
        let listen = listen.parse().unwrap();
        let mut server = Port::open(&PortConfig::Udp { listen }).await.unwrap();
        let mut station = Port::open(&loopback()).await.unwrap();
        let to = Peer::Socket(station.local().unwrap());
        let number = |n: u32| n.to_be_bytes().to_vec();
        let steps = drained(&mut server, (0..300).map(|n| (to, number(n))).collect()).await;
        assert_eq!(steps, [Ok(256), Ok(44)]);
        for n in 0..300 {
            let (from, bytes) = heard(&mut station).await;
            assert_eq!(bytes, number(n));
            let port = server.local().unwrap().port();
            assert_eq!(from, Peer::Socket(([127, 0, 0, 1], port).into()));
        }
    }
}

#[tokio::test]
async fn a_datagram_that_cannot_leave_costs_none_of_those_around_it() {
    let mut server = Port::open(&loopback()).await.unwrap();
    let mut station = Port::open(&loopback()).await.unwrap();
    let to = Peer::Socket(station.local().unwrap());
    // An IPv4 socket cannot reach this one.
    let other = Peer::Socket("[2001:db8::1]:5000".parse().unwrap());
    let queue = vec![
        (to, b"first".to_vec()),
        (to, vec![0; 70_000]),
        (other, b"elsewhere".to_vec()),
        (to, b"second".to_vec()),
        (Peer::Line, b"nowhere".to_vec()),
        (to, b"third".to_vec()),
    ];
    let steps = drained(&mut server, queue).await;
    let expected = [Ok(1), Err(to), Err(other), Ok(1), Err(Peer::Line), Ok(1)];
    assert_eq!(steps, expected);
    for expected in [b"first".as_slice(), b"second", b"third"] {
        assert_eq!(heard(&mut station).await.1, expected);
    }
}
