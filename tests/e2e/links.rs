//! What a technician sees of stations that are not set up as they should be: on real sockets.

use std::net::UdpSocket;
use std::time::Duration;

use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::message::{Rptack, Rptc, Rptcl, Rptk, Rptl, Rpto, Sent, Slots};

use crate::cli::narrowcast;
use crate::support::place::{OWN, PASSPHRASE, Place, STATION, http};
use crate::support::until;

const PATIENCE: Duration = Duration::from_secs(10);

/// A station that says what it is told to say.
struct Station(UdpSocket);

impl Station {
    fn at(place: &Place) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(("127.0.0.1", place.homebrew)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    fn say(&self, bytes: &[u8]) {
        self.0.send(bytes).unwrap();
    }

    fn ask(&self, bytes: &[u8]) -> Vec<u8> {
        self.say(bytes);
        let mut buffer = [0; 512];
        let length = self.0.recv(&mut buffer).unwrap();
        buffer[..length].to_vec()
    }

    /// RPTL and RPTK.
    fn prove(&self) {
        let challenge = self.ask(&Rptl { id: STATION }.encode());
        let salt = Rptack::decode(&challenge).unwrap().value;
        let digest = Passphrase::new(PASSPHRASE).unwrap().digest(salt);
        let answer = self.ask(
            &Rptk {
                id: STATION,
                digest,
            }
            .encode(),
        );
        assert!(answer.starts_with(b"RPTACK"), "{answer:?}");
    }

    fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }
}

/// The longest fields that a station can send: nothing else may be pushed out by them.
fn configuration() -> Rptc {
    Rptc {
        id: STATION,
        callsign: "VE7ABC".to_owned(),
        rx_frequency: Some(436_500_000),
        tx_frequency: Some(436_500_000),
        power: Some(1),
        color_code: Some(1),
        latitude: Some(49.2827),
        longitude: Some(-123.1207),
        height: Some(0),
        location: "V".repeat(20),
        description: String::new(),
        slots: Slots::Both,
        url: String::new(),
        software: "s".repeat(40),
        package: "p".repeat(40),
        sent: Sent::default(),
    }
}

fn lines_with(place: &Place, words: &str) -> Vec<String> {
    let log = place.log();
    let found = log.lines().filter(|line| line.contains(words));
    found.map(str::to_owned).collect()
}

async fn started() -> (Place, reqwest::Client, tokio::process::Child) {
    let (place, http) = (Place::new(), http());
    let server = place.start();
    place.until_up(&http).await;
    (place, http, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_of_the_wrong_length_is_refused_with_one_line_that_says_what_is_wrong() {
    let (place, _http, _server) = started().await;
    let station = Station::at(&place);
    let whole = configuration().encode();
    let (head, tail) = (&whole[..38], &whole[38 + 8 + 9..]);
    let long = [head, b"-123.4567", b"-1009.8618", tail].concat();
    assert_eq!(long.len(), 304);
    for _ in 0..2 {
        station.prove();
        let answer = station.ask(&long);
        assert!(answer.starts_with(b"MSTNAK"), "{answer:?}");
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    until("the line", PATIENCE, async || {
        !lines_with(&place, "304 octets").is_empty()
    })
    .await;
    let lines = lines_with(&place, "304 octets");
    let [line] = lines.as_slice() else {
        panic!("once: {lines:?}")
    };
    for word in [
        "WARN",
        &format!("claimed={STATION}"),
        "name=\"site\"",
        &format!("homebrew 127.0.0.1:{}", place.homebrew),
        &format!("peer={}", station.address()),
        "longitude",
    ] {
        assert!(line.contains(word), "{word}: {line}");
    }
    assert_eq!(lines_with(&place, "a station is there"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_of_stations_shows_callsign_and_options_of_a_station_that_told_both() {
    let (place, _http, _server) = started().await;
    let station = Station::at(&place);
    station.prove();
    assert!(
        station
            .ask(&configuration().encode())
            .starts_with(b"RPTACK")
    );
    let options = "TS2=9".to_owned();
    let options = Rpto {
        id: STATION,
        options,
    }
    .encode();
    assert!(station.ask(&options).starts_with(b"RPTACK"));
    until("both in the list", PATIENCE, async || {
        let list = narrowcast(&place, &place.token(), &["station", "list"]).await;
        let list = list.well();
        list.contains("VE7ABC") && list.contains("options TS2=9") && list.contains("sss")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_that_leaves_is_named_with_the_reason() {
    let (place, _http, _server) = started().await;
    let station = Station::at(&place);
    station.prove();
    assert!(
        station
            .ask(&configuration().encode())
            .starts_with(b"RPTACK")
    );
    station.say(&Rptcl { id: STATION }.encode());
    until("its leaving", Duration::from_secs(30), async || {
        !lines_with(&place, "a station left").is_empty()
    })
    .await;
    let line = &lines_with(&place, "a station left")[0];
    let whose = format!("station={STATION} name=\"site\" link=\"homebrew ");
    assert!(line.contains("INFO") && line.contains(&whose), "{line}");
    assert!(line.contains("why=\"logged out\""), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mmdvmhost_at_the_homebrew_port_is_told_once_for_what_it_is_and_what_it_needs() {
    let (place, _http, _server) = started().await;
    let host = Station::at(&place);
    let id = 460_777u32.to_be_bytes();
    for _ in 0..3 {
        host.say(&[b"DMRC".as_slice(), &id, &[b' '; 111]].concat());
    }
    until("the line", PATIENCE, async || {
        !lines_with(&place, "MMDVMHost").is_empty()
    })
    .await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    host.say(&[b"DMRC".as_slice(), &id, &[b' '; 111]].concat());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let lines = lines_with(&place, "MMDVMHost");
    let [line] = lines.as_slice() else {
        panic!("once: {lines:?}")
    };
    for word in ["WARN", "claimed=460777", "gateway", &host.address()] {
        assert!(line.contains(word), "{word}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_modem_over_udp_with_nobody_behind_it_is_down_with_the_reason_from_the_start() {
    let (place, http) = (Place::new(), http());
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap();
    let nobody_at = nobody.local_addr().unwrap();
    drop(nobody);
    place.add(&format!(
        "[[modem]]\nid = 7\nname = \"depot\"\nown = {OWN}\nudp = \"{nobody_at}\"\n\
         udp_listen = \"127.0.0.1:0\"\nrx_hz = 433000000\ntx_hz = 433000000\n"
    ));
    let _server = place.start();
    place.until_up(&http).await;
    let reason = format!("nobody listens at {nobody_at}");
    until("the reason", Duration::from_secs(3), async || {
        !lines_with(&place, &reason).is_empty()
    })
    .await;
    // Longer than one attempt takes: the reason is told once, and the link is never up.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let of_link = lines_with(&place, "modem depot");
    assert_eq!(of_link.len(), 1, "{of_link:?}");
    assert!(
        of_link[0].contains("WARN") && of_link[0].contains(&reason),
        "{of_link:?}"
    );
    let (_, list) = place.get(&http, "stations").await;
    let depot = list["stations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["id"] == 7);
    assert_eq!(depot.unwrap()["up"], false, "{list}");
}

/// Two servers, of which one logs in to the other with this passphrase.
async fn peers(passphrase: &str) -> [(Place, tokio::process::Child); 2] {
    let http = http();
    let (master, peer) = (Place::new(), Place::new());
    peer.add(&format!(
        "[[homebrew_peer]]\nmaster = \"127.0.0.1:{}\"\nid = {STATION}\nname = \"Province\"\n\
         own = {OWN}\npassphrase = \"{passphrase}\"\n",
        master.homebrew
    ));
    let text = std::fs::read_to_string(peer.config()).unwrap();
    let other = format!("[[homebrew.station]]\nid = {}", STATION + 1);
    let text = text.replace(&format!("[[homebrew.station]]\nid = {STATION}"), &other);
    std::fs::write(peer.config(), text).unwrap();
    let upper = master.start();
    master.until_up(&http).await;
    let lower = peer.start();
    peer.until_up(&http).await;
    [(master, upper), (peer, lower)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_log_in_at_another_master_does_not_wait() {
    let [(master, _upper), (peer, _lower)] = peers(PASSPHRASE).await;
    until("the log-in", Duration::from_secs(4), async || {
        !lines_with(&peer, "a station is there").is_empty()
    })
    .await;
    let line = &lines_with(&peer, "a station is there")[0];
    assert!(
        line.contains("name=\"Province\" link=\"homebrew peer Province\""),
        "{line}"
    );
    assert!(
        line.contains(&format!("127.0.0.1:{}", master.homebrew)),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_with_a_wrong_passphrase_is_never_said_to_be_there() {
    let [(master, _upper), (peer, _lower)] = peers("not the right one").await;
    until(
        "the refusal at both ends",
        Duration::from_secs(4),
        async || {
            let ours = lines_with(&peer, "the master refuses the passphrase");
            let theirs = lines_with(&master, "wrong passphrase");
            !ours.is_empty() && !theirs.is_empty()
        },
    )
    .await;
    let line = &lines_with(&peer, "the master refuses the passphrase")[0];
    assert!(line.contains("name=\"Province\""), "{line}");
    for place in [&peer, &master] {
        for word in ["a station is there", "logged in", "a station left"] {
            assert_eq!(lines_with(place, word), [""; 0]);
        }
    }
}
