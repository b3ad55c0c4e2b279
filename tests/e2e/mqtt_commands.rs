//! Commands of the platform through a real broker, sent by an independent client.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::broker::Broker;
use crate::support::place::{FIRST_RADIO, Place, http, roster};
use crate::support::until;

const DISPATCHER: &str = "submit_role = \"dispatcher\"\n";
const REPLY: &str = "nc/city/reply/platform";

fn submit(key: &str, text: &str) -> String {
    json!({"text": text, "precedence": "flash", "ask": "acknowledgement",
        "targets": [format!("radio:{FIRST_RADIO}")], "idempotency_key": key})
    .to_string()
}

async fn up(broker: &Broker, more: &str) -> (Place, tokio::process::Child, reqwest::Client) {
    let (place, http) = (Place::new(), http());
    place.add(&broker.table(more));
    let server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    connected(broker).await;
    (place, server, http)
}

/// The server is subscribed when its state is there.
pub(crate) async fn connected(broker: &Broker) {
    let watcher = broker.watch("connected", "nc/city/state").await;
    until("it is there", Duration::from_secs(20), async || {
        watcher
            .seen()
            .last()
            .is_some_and(|it| it.body["state"] == "online")
    })
    .await;
}

async fn alerts(place: &Place, http: &reqwest::Client) -> Vec<Value> {
    let (status, list) = place.get(http, "alerts").await;
    assert_eq!(status, 200, "{list}");
    list["alerts"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submit_is_answered_with_its_correlation_data_and_can_be_cancelled() {
    let Some(broker) = Broker::start(false, "").await else {
        return;
    };
    let (place, _server, http) = up(&broker, DISPATCHER).await;
    let (status, correlation, receipt) = broker
        .ask("nc/city/submit", &submit("k1", "#1"), REPLY)
        .await;
    assert_eq!((status, correlation.as_str()), (201, "nr 7"), "{receipt}");
    assert_eq!(receipt["recipients"], 1);
    let (status, _, again) = broker
        .ask("nc/city/submit", &submit("k1", "#1"), REPLY)
        .await;
    assert_eq!(
        (status, &again["id"], &again["repeated"]),
        (201, &receipt["id"], &true.into())
    );
    let (status, _, other) = broker
        .ask("nc/city/submit", &submit("k1", "#2"), REPLY)
        .await;
    assert_eq!(
        (status, &other["field"]),
        (422, &"idempotency_key".into()),
        "{other}"
    );
    let id = receipt["id"].as_str().unwrap();
    let answer = json!({"id": id, "recipient": format!("radio:{FIRST_RADIO}"), "choice": 1, "text": "by telephone"});
    let (status, _, answered) = broker
        .ask("nc/city/answer", &answer.to_string(), REPLY)
        .await;
    assert_eq!(status, 200, "{answered}");
    let (status, _, second) = broker
        .ask("nc/city/submit", &submit("k2", "#2"), REPLY)
        .await;
    assert_eq!(status, 201, "{second}");
    let id = second["id"].as_str().unwrap();
    let cancel = json!({"id": id, "because": "a mistake"}).to_string();
    let (status, _, done) = broker.ask("nc/city/cancel", &cancel, REPLY).await;
    assert_eq!(status, 200, "{done}");
    assert!(done["seq"].as_u64().is_some(), "{done}");
    let (_, shown) = place.get(&http, &format!("alerts/{id}")).await;
    assert_eq!(shown["by"], "mqtt:platform", "{shown}");
    assert!(shown["ended_at"].is_string(), "{shown}");
    assert_eq!(alerts(&place, &http).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_refused_by_its_field_and_harms_nothing() {
    let Some(broker) = Broker::start(false, "").await else {
        return;
    };
    let (place, _server, http) = up(&broker, DISPATCHER).await;
    let deep = "[".repeat(100_000);
    let without_key = json!({"text": "#1", "targets": ["all"]}).to_string();
    let unknown = json!({"id": "x", "because": "y"}).to_string();
    for (topic, payload, field) in [
        ("submit", without_key.as_str(), Some("idempotency_key")),
        (
            "submit",
            "{\"text\":1,\"idempotency_key\":\"k\"}",
            Some("text"),
        ),
        ("submit", "[]", None),
        ("submit", "", None),
        ("submit", "\u{202e}{", None),
        ("submit", &deep[..60_000], None),
        ("cancel", &unknown, None),
        ("cancel", "{\"id\":\"x\",\"because\":\"y\"}", Some("id")),
        ("take", "{\"id\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"}", None),
        (
            "answer",
            "{\"id\":\"x\",\"recipient\":\"town:1\",\"choice\":1}",
            Some("recipient"),
        ),
    ] {
        let shown: String = payload.chars().take(60).collect();
        let (status, _, problem) = broker
            .ask(&format!("nc/city/{topic}"), payload, REPLY)
            .await;
        assert!((400..500).contains(&status), "{topic} {shown}: {problem}");
        assert_eq!(problem["status"], status, "{shown}");
        if let Some(field) = field {
            assert_eq!(problem["field"], field, "{shown}: {problem}");
        }
    }
    let (status, _, receipt) = broker
        .ask("nc/city/submit", &submit("k", "#1"), REPLY)
        .await;
    assert_eq!(status, 201, "{receipt}");
    assert_eq!(alerts(&place, &http).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retained_submit_is_refused_and_so_is_one_without_a_role_or_beyond_it() {
    let Some(broker) = Broker::start(false, "").await else {
        return;
    };
    let (place, mut server, http) = up(&broker, DISPATCHER).await;
    let replies = broker.watch("replies", REPLY).await;
    let more = ["-r", "-D", "publish", "response-topic", REPLY];
    broker
        .publish("nc/city/submit", &submit("k1", "#retained"), &more)
        .await;
    until("the answer", Duration::from_secs(20), async || {
        !replies.seen().is_empty()
    })
    .await;
    let said = &replies.seen()[0].body;
    assert_eq!(said["status"], 403, "{said}");
    assert!(
        said["detail"].as_str().unwrap().contains("retain"),
        "{said}"
    );
    broker.publish("nc/city/submit", "", &["-r"]).await;
    assert_eq!(alerts(&place, &http).await.len(), 0);
    for (more, says) in [("", "submit_role"), ("submit_role = \"viewer\"", "")] {
        server.kill().await.unwrap();
        let text = std::fs::read_to_string(place.config()).unwrap();
        let (before, _) = text.split_once("[[mqtt]]").unwrap();
        std::fs::write(place.config(), format!("{before}{}", broker.table(more))).unwrap();
        server = place.start();
        place.until_up(&http).await;
        let (status, _, problem) = broker
            .ask("nc/city/submit", &submit("k2", "#2"), REPLY)
            .await;
        assert_eq!(status, 403, "{problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains(says),
            "{problem}"
        );
    }
    assert_eq!(alerts(&place, &http).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_sent_while_the_server_is_away_is_done_once_when_it_is_back() {
    let Some(broker) = Broker::start(true, "").await else {
        return;
    };
    let (place, mut server, http) = up(&broker, DISPATCHER).await;
    server.kill().await.unwrap();
    let replies = broker.watch("replies", REPLY).await;
    let more = ["-D", "publish", "response-topic", REPLY];
    for number in 0..15 {
        let text = submit(&format!("k{number}"), &format!("#{number}"));
        broker.publish("nc/city/submit", &text, &more).await;
    }
    let _server = place.start();
    place.until_up(&http).await;
    until("all answers", Duration::from_secs(30), async || {
        replies.seen().len() >= 15
    })
    .await;
    assert!(
        replies.seen().iter().all(|it| it.body["id"].is_string()),
        "{:?}",
        replies.seen()
    );
    let texts: std::collections::BTreeSet<String> = alerts(&place, &http)
        .await
        .iter()
        .map(|it| it["text"].to_string())
        .collect();
    assert_eq!(texts.len(), 15);
    assert_eq!(alerts(&place, &http).await.len(), 15);
}
