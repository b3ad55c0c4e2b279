//! kill -9 at random instants under load, against the real server and simulated radios:
//! nothing acknowledged is missing, nothing is on record twice, the chain is whole, and
//! nothing was on the air without an attempt on disk.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a step that fails fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{TcpListener, UdpSocket as StdUdp};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use narrowcast::ledger::sled::SledLedger;
use narrowcast::ledger::{Ledger, verify};
use narrowcast::model::evidence::Evidence;
use narrowcast::model::facts::{Fact, Record};
use narrowcast::model::ids::Seq;
use narrowcast_protocol::air::RadioId;
use narrowcast_protocol::dmr::burst::Burst;
use narrowcast_protocol::dmr::data_header::DataHeader;
use narrowcast_protocol::dmr::slot_type::DataType;
use narrowcast_protocol::time::Instant;
use narrowcast_world::air::AirEvent;
use narrowcast_world::radio::{Answers, RadioConfig};
use narrowcast_world::repeater::{Repeater, RepeaterConfig, RepeaterEvent};
use narrowcast_world::rng::Rng;
use tokio::process::{Child, Command};

const ROUNDS: u64 = 100;
const SEED: u64 = 2_026;
const STATION: u32 = 460_001;
const FIRST_RADIO: u32 = 2_308_001;
const RADIOS: u32 = 20;
const SUBMITTERS: u32 = 4;

/// How many texts were on the air to each radio.
type OnAir = Arc<Mutex<BTreeMap<u32, u32>>>;

struct Place {
    dir: tempfile::TempDir,
    api: u16,
    homebrew: u16,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let api = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let homebrew = StdUdp::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let state = dir.path().join("state");
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:{api}\"\nstate_dir = {state:?}\n\
             [ledger]\nballast = 0\n\
             [policy]\nspace_low_bytes = 1\nspace_low_permille = 0\nspace_critical_permille = 0\n\
             [capture]\nenabled = false\n\
             [[homebrew]]\nlisten = \"127.0.0.1:{homebrew}\"\n\
             [[homebrew.station]]\nid = {STATION}\nname = \"site\"\npassphrase = \"crash-test\"\nown = 9990\n"
        );
        std::fs::write(dir.path().join("narrowcast.toml"), text).unwrap();
        Self { dir, api, homebrew }
    }

    fn start(&self) -> Child {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .unwrap();
        Command::new(env!("CARGO_BIN_EXE_narrowcast"))
            .args(["serve", "--config"])
            .arg(self.dir.path().join("narrowcast.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/api/v1/{path}", self.api)
    }

    fn token(&self) -> String {
        std::fs::read_to_string(self.state().join("admin.token"))
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    async fn until_up(&self, http: &reqwest::Client) {
        for _ in 0..400 {
            let asked = http
                .get(self.url("whoami"))
                .bearer_auth(self.token())
                .send()
                .await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!(
            "the server did not come up:\n{}",
            std::fs::read_to_string(self.dir.path().join("log")).unwrap()
        );
    }
}

fn roster() -> String {
    let head = "kind,id,name,node,form,confirms,home,talkgroup,members\n".to_owned();
    (0..RADIOS).fold(head, |csv, index| {
        let slot = index % 2 + 1;
        format!(
            "{csv}radio,{},Unit {index},city,tms,yes,{STATION}/{slot},,\n",
            FIRST_RADIO + index
        )
    })
}

/// The repeater with its radios, for as long as the test runs.
async fn repeater(port: u16, on_air: OnAir) {
    let radio = |index| RadioConfig {
        answers: Answers::Never,
        ..RadioConfig::new(RadioId::new(FIRST_RADIO + index).unwrap())
    };
    let on_slot = |slot| {
        (0..RADIOS)
            .filter(move |index| index % 2 == slot)
            .map(radio)
            .collect()
    };
    let mut repeater = Repeater::new(RepeaterConfig {
        id: STATION,
        passphrase: "crash-test".into(),
        radios: [on_slot(0), on_slot(1)],
        loss: 0.05,
        retry: Duration::from_millis(50),
        ping: Duration::from_millis(100),
        seed: SEED,
    })
    .unwrap();
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(("127.0.0.1", port)).await.unwrap();
    let origin = tokio::time::Instant::now();
    let now = || Instant::ZERO + origin.elapsed();
    repeater.opened(now());
    let mut buffer = [0; 2_048];
    loop {
        while let Some(event) = repeater.poll() {
            match event {
                RepeaterEvent::Send(bytes) => drop(socket.send(&bytes).await),
                RepeaterEvent::Air {
                    event: AirEvent::Down(burst),
                    ..
                } => note(&on_air, &burst),
                _ => {}
            }
        }
        let deadline = origin + repeater.deadline().since(Instant::ZERO);
        tokio::select! {
            read = socket.recv(&mut buffer) => {
                if let Ok(length) = read {
                    repeater.receive(now(), &buffer[..length]);
                }
            }
            () = tokio::time::sleep_until(deadline) => repeater.tick(now()),
        }
    }
}

/// Counts the header of a text: confirmed, and no selective repeat.
fn note(on_air: &OnAir, burst: &[u8; 33]) {
    let Ok(Burst::Data(data)) = Burst::decode(burst).map(|read| read.value) else {
        return;
    };
    let Some(pdu) = data
        .info
        .octets()
        .first_chunk::<12>()
        .filter(|_| data.data_type == DataType::DataHeader)
    else {
        return;
    };
    let Ok(header) = DataHeader::decode(pdu) else {
        return;
    };
    if header.is_confirmed() && header.is_full_message() {
        let destination = header.addressing().unwrap().destination;
        *on_air.lock().unwrap().entry(destination).or_default() += 1;
    }
}

/// Submits alerts until the server dies; gives back what was acknowledged, by key.
async fn submitter(
    http: reqwest::Client,
    url: String,
    token: String,
    mut rng: Rng,
    name: String,
) -> Vec<(String, String)> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let key = format!("{name}-{number}");
        let radio = u64::from(FIRST_RADIO) + rng.below(u64::from(RADIOS));
        let body = serde_json::json!({
            "text": key, "precedence": "priority", "ask": "receipt", "targets": [format!("radio:{radio}")],
        });
        let sent = http
            .post(&url)
            .bearer_auth(&token)
            .header("Idempotency-Key", &key)
            .json(&body)
            .send()
            .await;
        let Ok(answer) = sent else {
            return acknowledged;
        };
        if answer.status() == 201 {
            let Ok(receipt) = answer.json::<serde_json::Value>().await else {
                return acknowledged;
            };
            acknowledged.push((key, receipt["id"].as_str().unwrap().to_owned()));
        }
        tokio::time::sleep(rng.between(Duration::from_millis(1), Duration::from_millis(30))).await;
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing_acknowledged_and_send_nothing_unrecorded() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let place = Place::new();
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let on_air = OnAir::default();
    let world = tokio::spawn(repeater(place.homebrew, Arc::clone(&on_air)));
    let mut rng = Rng::new(SEED);
    let mut acknowledged = BTreeMap::new();
    for round in 0..ROUNDS {
        let mut server = place.start();
        place.until_up(&http).await;
        if round == 0 {
            let import = http.post(place.url("roster")).bearer_auth(place.token());
            let answer = import
                .header("Content-Type", "text/csv")
                .body(roster())
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        }
        let submitters: Vec<_> = (0..SUBMITTERS)
            .map(|number| {
                let name = format!("r{round}-{number}");
                let load = submitter(
                    http.clone(),
                    place.url("alerts"),
                    place.token(),
                    Rng::new(rng.draw()),
                    name,
                );
                tokio::spawn(load)
            })
            .collect();
        tokio::time::sleep(rng.between(Duration::from_millis(20), Duration::from_millis(600)))
            .await;
        server.kill().await.unwrap();
        for submitter in submitters {
            acknowledged.extend(submitter.await.unwrap());
        }
    }
    world.abort();
    let on_air = on_air.lock().unwrap().clone();
    assert!(
        acknowledged.len() > 500,
        "only {} submissions were acknowledged: no load",
        acknowledged.len()
    );
    assert!(
        on_air.values().sum::<u32>() > 50,
        "hardly anything was on the air: {on_air:?}"
    );
    judge(&place.state().join("ledger"), &acknowledged, &on_air);
}

fn judge(ledger: &Path, acknowledged: &BTreeMap<String, String>, on_air: &BTreeMap<u32, u32>) {
    let mut ledger = SledLedger::open(ledger, "default", 1).unwrap();
    verify::verify(&mut ledger, |_| {}).expect("the chain is whole");
    let records = all(&mut ledger);
    let mut by_key = BTreeMap::new();
    let mut radio_of = BTreeMap::new();
    let mut attempts: BTreeMap<u32, u32> = BTreeMap::new();
    let mut received = BTreeSet::new();
    for record in &records {
        match &record.fact {
            Fact::AlertAccepted(alert) => {
                let key = alert.idempotency.as_ref().unwrap().key.clone();
                let twice = by_key.insert(key, alert.id.to_string());
                assert_eq!(twice, None, "an alert is on record twice");
            }
            Fact::Recipients {
                alert, recipients, ..
            } => {
                radio_of.insert(*alert, recipients[0].radio.get());
            }
            Fact::AttemptStarted { alert, .. } => {
                *attempts.entry(radio_of[alert]).or_default() += 1
            }
            Fact::Evidenced {
                alert,
                evidence: Evidence::LinkConfirmed,
                ..
            } => {
                assert!(
                    received.insert(*alert),
                    "the same confirmation is on record twice"
                );
            }
            _ => {}
        }
    }
    for (key, id) in acknowledged {
        assert_eq!(
            by_key.get(key),
            Some(id),
            "an acknowledged alert is missing"
        );
    }
    for (radio, sent) in on_air {
        let recorded = attempts.get(radio).copied().unwrap_or(0);
        assert!(
            *sent <= recorded,
            "radio {radio}: {sent} texts on the air, {recorded} attempts on record"
        );
    }
    assert!(!received.is_empty(), "no radio ever confirmed");
}

fn all(ledger: &mut SledLedger) -> Vec<Record> {
    let mut records = Vec::new();
    loop {
        let from = records
            .last()
            .map_or(Seq(1), |record: &Record| record.seq.next());
        let page = ledger.read(from, 1_000).unwrap();
        if page.is_empty() {
            return records;
        }
        records.extend(page);
    }
}
