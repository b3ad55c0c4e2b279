//! A receiver gets every event once by its id, in the ledger's order, whatever it does and
//! whatever happens to the server.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::place::{FIRST_RADIO, Place, http, roster};
use crate::support::{rounds, until};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// What the receiver does to a delivery, by how many it has seen.
type Script = fn(usize) -> (StatusCode, Option<&'static str>);

/// One delivery as it came.
#[derive(Debug, Clone)]
struct Got {
    id: String,
    is_ours: bool,
    taken: bool,
    body: Value,
}

#[derive(Clone)]
struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<Got>>>,
    script: Script,
}

impl Receiver {
    async fn start(script: Script) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            port: listener.local_addr().unwrap().port(),
            got: Arc::default(),
            script,
        };
        let app = Router::new()
            .route("/hook", post(take))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        receiver
    }

    fn table(&self, more: &str) -> String {
        format!(
            "[[webhook]]\nname = \"province\"\nurl = \"http://127.0.0.1:{}/hook\"\n\
             secret = \"{SECRET}\"\nallow_private = true\nheartbeat = \"0s\"\n{more}\n",
            self.port
        )
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Positions that it has acknowledged, in the order in which they came first.
    fn taken(&self) -> Vec<u64> {
        let mut seen = BTreeSet::new();
        let got = self.got().into_iter().filter(|it| it.taken);
        got.filter(|it| seen.insert(it.id.clone()))
            .map(|it| it.body["ncseq"].as_u64().unwrap())
            .collect()
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let verifier = standardwebhooks::Webhook::new(SECRET).unwrap();
    let is_ours = verifier.verify(&body, &headers).is_ok();
    let (status, retry_after) = {
        let mut got = receiver.got.lock().unwrap();
        let (status, retry_after) = (receiver.script)(got.len());
        got.push(Got {
            id: headers["webhook-id"].to_str().unwrap().to_owned(),
            is_ours,
            taken: status.is_success(),
            body: serde_json::from_slice(&body).unwrap(),
        });
        (status, retry_after)
    };
    match retry_after {
        Some(wait) => (status, [("retry-after", wait)]).into_response(),
        None => status.into_response(),
    }
}

fn concerns_outside(event: &&Value) -> bool {
    let inside = [
        "policy_in_force",
        "stations_in_force",
        "roster_imported",
        "token_created",
        "predicted",
    ];
    !inside.contains(&event["type"].as_str().unwrap())
}

/// Positions of events that concern the outside, as the pages of the API give them.
pub(crate) async fn outside(place: &Place, http: &reqwest::Client) -> Vec<u64> {
    let mut from = 1;
    let mut all = Vec::new();
    loop {
        let (status, page) = place
            .get(http, &format!("events/page?from={from}&limit=100"))
            .await;
        assert_eq!(status, 200, "{page}");
        let events = page["events"].as_array().unwrap();
        if events.is_empty() {
            return all;
        }
        let events = events.iter().filter(concerns_outside);
        all.extend(events.map(|event| event["seq"].as_u64().unwrap()));
        from = page["next"].as_u64().unwrap();
    }
}

async fn caught_up(place: &Place, http: &reqwest::Client, receiver: &Receiver) {
    until(
        "every event has come",
        Duration::from_secs(60),
        async || receiver.taken() == outside(place, http).await,
    )
    .await;
}

async fn alert(place: &Place, http: &reqwest::Client, text: &str) {
    let body = json!({"text": text, "precedence": "flash", "ask": "receipt",
        "targets": [format!("radio:{FIRST_RADIO}")]});
    let (status, receipt) = place.post(http, "alerts", &body).await;
    assert_eq!(status, 201, "{receipt}");
}

async fn sink(place: &Place, http: &reqwest::Client) -> Value {
    let (status, sink) = place.get(http, "sinks/province").await;
    assert_eq!(status, 200, "{sink}");
    sink
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_comes_signed_in_order_through_refusals_and_a_slow_receiver() {
    let receiver = Receiver::start(|seen| match seen {
        3 => (StatusCode::INTERNAL_SERVER_ERROR, None),
        5 => (StatusCode::FOUND, None),
        7 => (StatusCode::TOO_MANY_REQUESTS, Some("2")),
        _ => (StatusCode::NO_CONTENT, None),
    })
    .await;
    let (place, http) = (Place::new(), http());
    place.add(&receiver.table("from = \"beginning\""));
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    for number in 0..6 {
        alert(&place, &http, &format!("#{number}")).await;
    }
    caught_up(&place, &http, &receiver).await;
    let got = receiver.got();
    assert!(got.iter().all(|it| it.is_ours), "every signature is right");
    let taken = receiver.taken();
    assert!(taken.is_sorted(), "in the ledger's order: {taken:?}");
    let accepted = got
        .iter()
        .find(|it| it.body["type"] == "cn.narrowcast.alert.accepted.v1");
    assert_eq!(accepted.unwrap().body["data"]["text"], "#0");
    let sink = sink(&place, &http).await;
    assert_eq!(
        (&sink["dead"], &sink["failures"]),
        (&0.into(), &0.into()),
        "{sink}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_over_plain_http_needs_no_certificates_of_the_system() {
    let receiver = Receiver::start(|_| (StatusCode::OK, None)).await;
    let (place, http) = (Place::new(), http());
    place.add(&receiver.table("from = \"beginning\""));
    let mut command = Command::new(env!("CARGO_BIN_EXE_narrowcast"));
    let nowhere = place.path("no-certificates");
    command.env("SSL_CERT_FILE", &nowhere);
    command.env("SSL_CERT_DIR", &nowhere);
    let _server = place.start_with(command);
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    alert(&place, &http, "#1").await;
    caught_up(&place, &http, &receiver).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_event_refused_for_good_is_a_dead_letter_and_replay_sends_it_again() {
    let receiver = Receiver::start(|seen| match seen {
        2 => (StatusCode::UNPROCESSABLE_ENTITY, None),
        _ => (StatusCode::OK, None),
    })
    .await;
    let (place, http) = (Place::new(), http());
    place.add(&receiver.table("from = \"beginning\""));
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    alert(&place, &http, "#1").await;
    let all = outside(&place, &http).await;
    until("the rest has come", Duration::from_secs(30), async || {
        receiver.taken().len() + 1 == outside(&place, &http).await.len()
    })
    .await;
    let dead = sink(&place, &http).await["dead_letters"][0]["seq"].clone();
    assert_eq!(dead, all[2]);
    let (status, told) = place
        .post(&http, "sinks/province/replay", &json!({"seq": all[2]}))
        .await;
    assert_eq!(status, 200, "{told}");
    until("it has come", Duration::from_secs(30), async || {
        receiver.taken().contains(&all[2])
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_gone_switches_its_sink_off_and_a_private_one_is_not_reached_unasked() {
    let receiver = Receiver::start(|_| (StatusCode::GONE, None)).await;
    let (place, http) = (Place::new(), http());
    let fenced = receiver
        .table("from = \"beginning\"")
        .replace("province", "fenced")
        .replace("allow_private = true", "allow_private = false");
    place.add(&format!(
        "{}{fenced}",
        receiver.table("from = \"beginning\"")
    ));
    let _server = place.start();
    place.until_up(&http).await;
    until("it is off", Duration::from_secs(30), async || {
        sink(&place, &http).await["disabled"].is_string()
    })
    .await;
    until("others learn of it", Duration::from_secs(10), async || {
        let (_, page) = place.get(&http, "events/page?from=1&limit=1000").await;
        let events = page["events"].as_array().unwrap();
        events
            .iter()
            .any(|it| it["type"] == "sink_behind" && it["data"]["sink"] == "province")
    })
    .await;
    assert_eq!(receiver.got().len(), 1);
    let (_, list) = place.get(&http, "sinks").await;
    let fenced = &list["sinks"][1];
    assert_eq!(fenced["delivered"], 0, "{fenced}");
    assert!(
        fenced["last_error"]
            .as_str()
            .unwrap()
            .contains("allow_private"),
        "{fenced}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_every_event_arrives_and_ids_tell_repetitions() {
    let total = rounds(10);
    let receiver = Receiver::start(|_| (StatusCode::OK, None)).await;
    let (place, http) = (Place::new(), http());
    place.add(&receiver.table("from = \"beginning\""));
    let mut server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    for round in 0..total {
        for number in 0..4 {
            alert(&place, &http, &format!("#{round}-{number}")).await;
        }
        tokio::time::sleep(Duration::from_millis(u64::from(round) * 13 % 90)).await;
        server.kill().await.unwrap();
        server = place.start();
        place.until_up(&http).await;
    }
    caught_up(&place, &http, &receiver).await;
    let got = receiver.got();
    let ids: BTreeSet<&str> = got.iter().map(|it| it.id.as_str()).collect();
    eprintln!("{} deliveries of {} events", got.len(), ids.len());
    assert!(got.iter().all(|it| it.is_ours));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_of_a_node_gets_what_a_viewer_of_that_node_sees_and_nothing_else() {
    let receiver = Receiver::start(|_| (StatusCode::OK, None)).await;
    let (place, http) = (Place::new(), http());
    place.add(&receiver.table("from = \"beginning\"\nnode = \"city/east\""));
    let _server = place.start();
    place.until_up(&http).await;
    let west = FIRST_RADIO + 1;
    place
        .import(
            &http,
            format!(
                "kind,id,name,node,form\nradio,{FIRST_RADIO},A,city/east,tms\nradio,{west},B,city/west,tms\n"
            ),
        )
        .await;
    for (text, to) in [
        ("east", "node:city/east"),
        ("west", "node:city/west"),
        ("both", "node:city"),
    ] {
        let body = json!({"text": text, "precedence": "flash", "ask": "receipt", "targets": [to]});
        let (status, receipt) = place.post(&http, "alerts", &body).await;
        assert_eq!(status, 201, "{receipt}");
    }
    let viewer = token(&place, &http, "city/east").await;
    let page = seen(&place, &http, &viewer, "events/page?from=1&limit=1000").await;
    let page = page.1["events"].as_array().unwrap().clone();
    let shown: Vec<_> = page
        .iter()
        .filter(concerns_outside)
        .map(|it| (it["seq"].clone(), it["data"].clone()))
        .collect();
    until("it has come", Duration::from_secs(30), async || {
        receiver.taken().len() >= shown.len()
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let got = receiver.got().into_iter();
    let got: Vec<_> = got
        .map(|it| (it.body["ncseq"].clone(), it.body["data"].clone()))
        .collect();
    assert_eq!(got, shown);
    let told = format!("{got:?}");
    assert!(told.contains("east") && told.contains("both"), "{told}");
    assert!(
        !told.contains("\"west\"") && !told.contains(&west.to_string()),
        "{told}"
    );
    // Whoever belongs elsewhere does not see that there is such a sink.
    assert_eq!(seen(&place, &http, &viewer, "sinks/province").await.0, 200);
    let other = token(&place, &http, "city/west").await;
    assert_eq!(seen(&place, &http, &other, "sinks/province").await.0, 404);
    let list = seen(&place, &http, &other, "sinks").await;
    assert_eq!(list.1["sinks"], json!([]));
}

async fn token(place: &Place, http: &reqwest::Client, node: &str) -> String {
    let body = json!({"name": node, "role": "viewer", "node": node});
    let (status, made) = place.post(http, "tokens", &body).await;
    assert_eq!(status, 201, "{made}");
    made["token"].as_str().unwrap().to_owned()
}

async fn seen(place: &Place, http: &reqwest::Client, token: &str, path: &str) -> (u16, Value) {
    let url = format!("{}/api/v1/{path}", place.server());
    let answer = http.get(url).bearer_auth(token).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_takes_the_alert_has_received_it_and_one_that_refuses_it_has_not() {
    let takes = Receiver::start(|seen| match seen % 3 {
        1 => (StatusCode::SERVICE_UNAVAILABLE, Some("1")),
        _ => (StatusCode::OK, None),
    })
    .await;
    let refuses = Receiver::start(|_| (StatusCode::FORBIDDEN, None)).await;
    let (place, http) = (Place::new(), http());
    place.add(&takes.table(""));
    place.add(&refuses.table("").replace("province", "closed"));
    let mut server = place.start();
    place.until_up(&http).await;
    let roster = "kind,id,name,node,sink\nsystem,p1,Province,city,province\nsystem,p2,Closed,city,closed\nsystem,p3,Nobody,city,nowhere\n";
    place.import(&http, roster.to_owned()).await;
    let body = json!({"text": "山洪", "precedence": "flash", "ask": "receipt",
        "targets": ["system:p1", "system:p2", "system:p3"]});
    let (status, receipt) = place.post(&http, "alerts", &body).await;
    assert_eq!(status, 201, "{receipt}");
    assert_eq!(
        receipt["hindrances"][0]["systems"],
        json!(["p3"]),
        "{receipt}"
    );
    let id = receipt["id"].as_str().unwrap().to_owned();
    // What a system did comes after a crash as well.
    server.kill().await.unwrap();
    let _server = place.start();
    place.until_up(&http).await;
    let ends = async || {
        let (_, page) = place.get(&http, &format!("alerts/{id}/deliveries")).await;
        let all = page["deliveries"].as_array().cloned().unwrap_or_default();
        let of = |system: &str| all.iter().find(|it| it["system"] == system).cloned();
        ["p1", "p2", "p3"].map(|system| of(system).unwrap_or_default())
    };
    until("both have said", Duration::from_secs(60), async || {
        let [took, refused, _] = ends().await;
        took["rung"] == "received" && refused["end"] == "failed"
    })
    .await;
    let [took, refused, unfed] = ends().await;
    assert_eq!(refused["reason"], "refused-by-system", "{refused}");
    assert_eq!(refused["rung"], "queued", "{refused}");
    assert_eq!(unfed["reason"], "no-permitted-station", "{unfed}");
    let way = json!({"kind": "sink", "name": "province", "address": "province",
        "rung": "received", "attempts": 1, "spent": false, "unclear": false});
    assert_eq!(took["routes"], json!([way]), "{took}");
    assert_eq!(
        (&took["radio"], &took["person"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_of_a_drill_says_so_also_to_a_sink_that_begins_in_its_middle() {
    let receiver = Receiver::start(|_| (StatusCode::OK, None)).await;
    let (place, http) = (Place::new(), http());
    let mut server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    let mut ids = Vec::new();
    for exercise in [true, false] {
        let body = json!({"text": "drill", "precedence": "flash", "ask": "receipt",
            "exercise": exercise, "targets": [format!("radio:{FIRST_RADIO}")]});
        let (status, receipt) = place.post(&http, "alerts", &body).await;
        assert_eq!(status, 201, "{receipt}");
        ids.push(receipt["id"].as_str().unwrap().to_owned());
    }
    // The sink is new and begins now: it has not read the acceptance.
    server.kill().await.unwrap();
    place.add(&receiver.table("from = \"now\""));
    let _server = place.start();
    place.until_up(&http).await;
    for id in &ids {
        let body = json!({"because": "over"});
        let (status, told) = place
            .post(&http, &format!("alerts/{id}/cancel"), &body)
            .await;
        assert_eq!(status, 200, "{told}");
    }
    let modes = || {
        let got = receiver.got().into_iter();
        let ended = got.filter(|it| it.body["type"] == "cn.narrowcast.alert.ended.v1");
        let mode = |it: Got| (it.body["subject"].clone(), it.body["ncmode"].clone());
        ended.map(mode).collect::<Vec<_>>()
    };
    until("both ends", Duration::from_secs(30), async || {
        modes().len() == 2
    })
    .await;
    let expected = [
        (json!(ids[0]), json!("exercise")),
        (json!(ids[1]), json!("live")),
    ];
    assert_eq!(modes(), expected);
}
