//! People are reached by SMS through programs that share no code with ours: a centre on the npm
//! package `smpp`, and a CMPP gateway in Python that checks every field.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::peer_process::{self, PeerProcess};
use crate::support::place::{NO_MARKS, Place, http};
use crate::support::stream::Stream;
use crate::support::{rounds, until};
use crate::telephones::{deliveries, started, submitted};

const LONG: &str = "山洪预警:东江水位超过警戒线两米,沿江各村立即转移,不要返回取物。";

/// A peer of this kind; none if it is not installed.
async fn peer(kind: &str, arguments: &[&str]) -> Option<PeerProcess> {
    let command = match kind {
        "smpp" => peer_process::node("smsc.js")?,
        _ => {
            let mut command = peer_process::python("cmpp_server.py")?;
            command.args(["--version", kind.strip_prefix("cmpp").unwrap()]);
            command
        }
    };
    Some(PeerProcess::start(command, arguments).await)
}

fn table(kind: &str, peer: &PeerProcess) -> String {
    format!(
        "[[sms]]\nname = \"operator\"\nkind = \"{kind}\"\nhost = \"127.0.0.1\"\nport = {}\n\
         user = \"narrow\"\npassword = \"s3cr3tpw\"\nsource = \"10690001\"\nservice = \"ALERT\"\n\
         verify_gateway = \"strict\"\nwindow = 8\nper_second = 200\n",
        peer.first("port")
    )
}

fn placed(kind: &str, peer: &PeerProcess) -> Place {
    let place = Place::new();
    place.configure("ballast = 0", NO_MARKS, "");
    place.add(&table(kind, peer));
    place
}

fn texts(peer: &PeerProcess) -> Vec<String> {
    let whole = peer.of("whole");
    let texts = whole.iter().map(|line| line["whole"].as_str().unwrap());
    texts.map(str::to_owned).collect()
}

/// Those of so many people who have no radio.
fn people(count: u32) -> Vec<String> {
    (1..count).map(|index| format!("person:p{index}")).collect()
}

/// Everybody without a radio has it.
async fn received(place: &Place, http: &reqwest::Client, alert: &str, people: usize) -> bool {
    let all = deliveries(place, http, alert).await;
    let mut by_phone = all.iter().filter(|it| it["radio"].is_null());
    by_phone.clone().count() == people && by_phone.all(|it| it["rung"] == "received")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_independent_operator_reassembles_a_long_text_and_its_answer_comes_back() {
    for kind in ["smpp", "cmpp2", "cmpp3"] {
        for receipts in ["after", "before", "twice", "decimal"] {
            let arguments = ["--receipts", receipts, "--answer", "1"];
            let Some(peer) = peer(kind, &arguments).await else {
                return;
            };
            let (place, http) = (placed(kind, &peer), http());
            let _server = started(&place, &http, 2).await;
            let text = LONG.repeat(4);
            let body = json!({"text": text, "precedence": "priority", "ask": "acknowledgement",
                "targets": ["person:p1"]});
            let alert = submitted(&place, &http, body).await;
            until("the answer", Duration::from_secs(20), async || {
                deliveries(&place, &http, &alert).await[0]["rung"] == "answered"
            })
            .await;
            let [whole] = texts(&peer).try_into().unwrap();
            assert!(whole.contains(&text), "{kind}, {receipts}: {whole}");
            let all = deliveries(&place, &http, &alert).await;
            let route = &all[0]["routes"][0];
            assert_eq!(
                (&route["rung"], &route["attempts"], &all[0]["answer"]["by"]),
                (&"received".into(), &1.into(), &"sms".into()),
                "{kind}, {receipts}"
            );
            assert_eq!(peer.of("odd"), Vec::<Value>::new(), "{kind}, {receipts}");
            let refused = peer.of("kept").into_iter().find(|line| line["status"] != 0);
            assert_eq!(refused, None, "{kind}, {receipts}");
            eprintln!("{kind}, receipts {receipts}: received and answered");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_reached_though_an_independent_operator_throttles_and_takes_its_leave() {
    const PEOPLE: u32 = 20;
    // What was not answered before the leave waits for its receipt first: at the same time.
    let kinds = ["smpp", "cmpp2", "cmpp3"].map(|kind| async move {
        let arguments = ["--throttle-every", "5", "--unbind-at", "9"];
        let Some(peer) = peer(kind, &arguments).await else {
            return;
        };
        let (place, http) = (placed(kind, &peer), http());
        place.add("receipt_wait = \"30s\"\n");
        let _server = started(&place, &http, PEOPLE).await;
        let body = json!({"text": "山洪", "precedence": "priority", "ask": "receipt",
            "targets": people(PEOPLE)});
        let alert = submitted(&place, &http, body).await;
        until("everybody has it", Duration::from_secs(120), async || {
            received(&place, &http, &alert, PEOPLE as usize - 1).await
        })
        .await;
        let mut taken = BTreeMap::<String, usize>::new();
        for line in peer.of("taken") {
            *taken.entry(line["to"].to_string()).or_default() += 1;
        }
        let twice = taken.values().filter(|times| **times > 1).count();
        // Taken and not answered before the leave: at most a window of them.
        assert!(twice <= 8, "{kind}: {taken:?}");
        assert!(!peer.of("throttled").is_empty(), "{kind}");
        assert_eq!(peer.of("bound").len(), 2, "{kind}: {:?}", peer.said());
        assert_eq!(peer.of("odd"), Vec::<Value>::new(), "{kind}");
        eprintln!("{kind}: throttled and left, everybody reached, {twice} twice");
    });
    futures_util::future::join_all(kinds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_an_independent_operator_and_the_record_agree() {
    const PEOPLE: u32 = 10;
    let total = rounds(10);
    for kind in ["smpp", "cmpp3"] {
        let Some(peer) = peer(kind, &[]).await else {
            return;
        };
        let (place, http) = (placed(kind, &peer), http());
        place.add("receipt_wait = \"30s\"\n");
        let mut server = started(&place, &http, PEOPLE).await;
        let mut alerts = Vec::new();
        for round in 0..total {
            for number in 0..3 {
                let body = json!({"text": format!("#{round}-{number}"), "precedence": "priority",
                    "ask": "receipt", "targets": people(PEOPLE)});
                alerts.push(submitted(&place, &http, body).await);
            }
            tokio::time::sleep(Duration::from_millis(u64::from(round * 53 % 150))).await;
            server.kill().await.unwrap();
            server = place.start();
            place.until_up(&http).await;
        }
        for alert in &alerts {
            until("everybody has it", Duration::from_secs(100), async || {
                received(&place, &http, alert, PEOPLE as usize - 1).await
            })
            .await;
        }
        let (sent, tried, twice) = agreed(&place, &http, &peer, &alerts).await;
        eprintln!("{kind}: {sent} taken, {tried} tried by the record, {twice} taken twice");
        // A crash leaves a window's worth unclear, not a backlog.
        assert!(twice <= total as usize * 8, "{kind}: {twice} twice");
        let odd = peer.of("odd");
        assert_eq!(odd, Vec::<Value>::new(), "{kind}");
    }
}

/// What the operator took is on record, and each has a receipt that was kept: how many were
/// taken, tried, and taken more than once.
async fn agreed(
    place: &Place,
    http: &reqwest::Client,
    peer: &PeerProcess,
    alerts: &[String],
) -> (usize, usize, usize) {
    let kept: Vec<Value> = peer.of("kept").iter().map(|it| it["id"].clone()).collect();
    let mut taken = BTreeMap::<(String, String), Vec<Value>>::new();
    for line in peer.of("taken") {
        let word = |key: &str| line[key].as_str().unwrap().to_owned();
        let of = taken.entry((word("to"), word("text"))).or_default();
        of.push(line["taken"].clone());
    }
    let sent: usize = taken.values().map(Vec::len).sum();
    let (mut tried, mut told) = (0, 0);
    for alert in alerts {
        let (_, shown) = place.get(http, &format!("alerts/{alert}")).await;
        let text = shown["text"].as_str().unwrap();
        for delivery in deliveries(place, http, alert).await {
            if !delivery["radio"].is_null() {
                continue;
            }
            let route = delivery["routes"][0].clone();
            let address = route["address"].as_str().unwrap();
            let attempts = usize::try_from(route["attempts"].as_u64().unwrap()).unwrap();
            let of = taken.iter().filter(|((to, words), _)| {
                words.contains(text) && address.ends_with(&to[to.len() - 11..])
            });
            let ids: Vec<_> = of.flat_map(|(_, ids)| ids).collect();
            assert!(!ids.is_empty(), "received, and never taken: {delivery}");
            assert!(ids.len() <= attempts, "{ids:?}: {delivery}");
            assert!(
                ids.iter().any(|id| kept.contains(id)),
                "received without a receipt that was kept: {delivery}"
            );
            (tried, told) = (tried + attempts, told + ids.len());
        }
    }
    assert_eq!(sent, told, "the operator took what is not on record");
    let twice = taken.values().filter(|ids| ids.len() > 1).count();
    (sent, tried, twice)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_independent_coder_reads_what_the_modem_sends_and_its_answers_come_back() {
    let answer = "收到,正在转移。".repeat(12);
    let Some(command) = peer_process::python("modem.py") else {
        return;
    };
    let peer = PeerProcess::start(command, &["--answer", &answer, "--answer", "1"]).await;
    let (place, http) = (Place::new(), http());
    place.configure("ballast = 0", NO_MARKS, "");
    place.add(&format!(
        "[[sms]]\nname = \"operator\"\nkind = \"modem\"\npath = {}\n",
        peer.first("path")
    ));
    let _server = started(&place, &http, 2).await;
    let events = Stream::open(&place, &http, "", None).await;
    let text = LONG.repeat(3);
    let body = json!({"text": text, "precedence": "priority", "ask": "acknowledgement",
        "targets": ["person:p1"]});
    let alert = submitted(&place, &http, body).await;
    until("received", Duration::from_secs(60), async || {
        let all = deliveries(&place, &http, &alert).await;
        let route = &all[0]["routes"][0];
        route["rung"] == "received"
    })
    .await;
    let [whole] = texts(&peer).try_into().unwrap();
    assert!(whole.contains(&text), "{whole}");
    assert!(peer.of("taken").len() > 1, "{:?}", peer.said());
    for line in peer.of("taken") {
        let to = line["to"].as_str().unwrap();
        assert!(to.ends_with("13800130001"), "{line}");
    }
    assert_eq!(peer.of("odd"), Vec::<Value>::new());
    let seen = events.wait("the long text", |event| {
        event.data.to_string().contains(&answer)
    });
    seen.await;
    until("the answer", Duration::from_secs(30), async || {
        let all = deliveries(&place, &http, &alert).await;
        all[0]["rung"] == "answered" && all[0]["answer"]["by"] == "sms"
    })
    .await;
    // Read and kept: the card has its room back.
    let parts = answer.chars().count().div_ceil(67) + 1;
    peer.until("the parts are deleted", |said| {
        said.iter()
            .filter(|line| !line["deleted"].is_null())
            .count()
            == parts
    })
    .await;
}
