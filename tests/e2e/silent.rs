//! A gateway that is killed says nothing: until its ping is overdue it seems to be there.

use std::time::Duration;

use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::client::{Client, ClientAction, ClientConfig};
use narrowcast_protocol::homebrew::message::{Rptc, Sent, Slots};
use narrowcast_protocol::time::Instant;
use tokio::net::UdpSocket;

use crate::support::place::{FIRST_RADIO, PASSPHRASE, Place, STATION, http, roster};

/// A gateway over real UDP that does what it is told for a while, and nothing in between.
struct Gateway {
    client: Client,
    socket: UdpSocket,
    origin: tokio::time::Instant,
}

impl Gateway {
    async fn start(master: u16) -> Self {
        let identity = Rptc {
            id: STATION,
            callsign: "B1NC".to_owned(),
            rx_frequency: None,
            tx_frequency: None,
            power: None,
            color_code: Some(1),
            latitude: None,
            longitude: None,
            height: None,
            location: String::new(),
            description: String::new(),
            slots: Slots::Both,
            url: String::new(),
            software: String::new(),
            package: String::new(),
            sent: Sent::default(),
        };
        let mut config = ClientConfig::new(Passphrase::new(PASSPHRASE).unwrap(), identity);
        config.first = Duration::from_millis(100);
        config.retry = Duration::from_millis(100);
        config.ping = Duration::from_secs(2);
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(("127.0.0.1", master)).await.unwrap();
        let origin = tokio::time::Instant::now();
        let mut client = Client::new(config);
        client.opened(Instant::ZERO);
        Self {
            client,
            socket,
            origin,
        }
    }

    /// Runs until a burst comes or the time is over; whether a burst came.
    async fn burst_within(&mut self, most: Duration) -> bool {
        let end = tokio::time::Instant::now() + most;
        let mut buffer = [0; 2_048];
        loop {
            while let Some(action) = self.client.poll() {
                match action {
                    ClientAction::Send(bytes) => drop(self.socket.send(&bytes).await),
                    ClientAction::Burst(_) => return true,
                    _ => {}
                }
            }
            let due = self.client.deadline().unwrap().since(Instant::ZERO);
            let read = tokio::select! {
                read = self.socket.recv(&mut buffer) => read.ok(),
                () = tokio::time::sleep_until(self.origin + due) => None,
                () = tokio::time::sleep_until(end) => return false,
            };
            let now = Instant::ZERO + self.origin.elapsed();
            match read {
                Some(length) => self.client.receive(now, &buffer[..length]),
                None => self.client.tick(now),
            }
        }
    }

    /// Whether anything but answers to it has come to its socket meanwhile.
    fn got_bursts_unread(&self) -> bool {
        let mut buffer = [0; 2_048];
        while let Ok(length) = self.socket.try_recv(&mut buffer) {
            if buffer[..length].starts_with(b"DMRD") {
                return true;
            }
        }
        false
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_to_a_gateway_that_was_killed_and_everything_when_it_is_back() {
    let (place, http) = (Place::new(), http());
    let _server = place.start();
    place.until_up(&http).await;
    place
        .import(
            &http,
            roster(2).replace(",tms,yes,", ",short-data-utf16,no,"),
        )
        .await;
    let mut killed = Gateway::start(place.homebrew).await;
    assert!(!killed.burst_within(Duration::from_secs(7)).await);
    assert!(killed.client.running());
    // From here on nobody reads its socket and it pings no more.
    tokio::time::sleep(Duration::from_secs(7)).await;
    let (status, alert) = place.submit(&http, FIRST_RADIO, "山火逼近").await;
    assert_eq!(status, 201, "{alert}");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(
        !killed.got_bursts_unread(),
        "the only copies of a text nobody confirms are sent to nobody"
    );
    let mut back = Gateway::start(place.homebrew).await;
    assert!(
        back.burst_within(Duration::from_secs(45)).await,
        "what waited leaves when it is back"
    );
}
