//! `serve --salvage`: what it could not recover is a fact, and the server is degraded until an
//! administrator has taken note of it.

use std::process::Stdio;

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::cli::narrowcast;
use crate::damage::{ledger_in, loses_its_end};
use crate::support::place::{FIRST_RADIO, Place, http, roster};
use crate::support::stream::Stream;

/// As [`Place::start`], with `--salvage`.
fn start_salvaging(place: &Place) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(place.path("log"))
        .unwrap();
    Command::new(env!("CARGO_BIN_EXE_narrowcast"))
        .args(["serve", "--salvage", "--config"])
        .arg(place.config())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn degraded(place: &Place, http: &reqwest::Client) -> Value {
    place.get(http, "health").await.1["degraded"].clone()
}

#[tokio::test]
async fn a_salvage_is_a_fact_and_degrades_the_server_over_restarts_until_it_is_acknowledged() {
    let place = Place::new();
    ledger_in(&place.ledger(), 3);
    loses_its_end(&place.ledger(), || ledger_in(&place.ledger(), 2));
    let http = http();
    let mut server = start_salvaging(&place);
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;

    let stream = Stream::open(&place, &http, "from=1&types=salvaged", None).await;
    let fact = stream
        .wait("the salvage", |event| event.name == "salvaged")
        .await;
    let told = fact.data.to_string();
    assert_eq!(fact.id, Some(121), "{told}");
    for words in ["\"has\":120", "\"head\":200", "ledger.bad-"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let kept = std::fs::read_dir(place.ledger().parent().unwrap()).unwrap();
    let kept = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept: Vec<String> = kept
        .filter(|name| name.starts_with("ledger.bad-"))
        .collect();
    assert_eq!(kept.len(), 1);
    let shown = degraded(&place, &http).await.to_string();
    assert!(shown.contains("salvaged"), "{shown}");
    assert!(shown.contains("records 121 to 200 are lost"), "{shown}");
    assert!(shown.contains(&kept[0]), "{shown}");

    // Whoever read more than there is now is told so, and whoever is up to date is not.
    let end = place.get(&http, "health").await.1["seq"].as_u64().unwrap();
    let resume = |last: u64| {
        let request = http.get(place.url("events")).bearer_auth(place.token());
        request.header("Last-Event-ID", last).send()
    };
    assert_eq!(resume(end).await.unwrap().status(), 200);
    let told = resume(5_000).await.unwrap();
    assert_eq!(told.status(), 409);
    let told: Value = told.json().await.unwrap();
    assert_eq!(told["type"], "urn:narrowcast:beyond-end", "{told}");
    assert!(told["detail"].to_string().contains("5000"), "{told}");
    assert_eq!(place.get(&http, "events?from=5000").await.0, 409);
    let (status, alert) = place.submit(&http, FIRST_RADIO, "here").await;
    assert_eq!(status, 201, "{alert}");
    let timeline = format!("alerts/{}/timeline", alert["id"].as_str().unwrap());
    assert_eq!(place.get(&http, &timeline).await.0, 200);
    let beyond = format!("{timeline}?from=5000");
    assert_eq!(place.get(&http, &beyond).await.0, 409);

    // Nobody has taken note of it: a restart does not hide it.
    drop(stream);
    server.kill().await.unwrap();
    let _server = place.start();
    place.until_up(&http).await;
    let shown = degraded(&place, &http).await.to_string();
    assert!(shown.contains("records 121 to 200 are lost"), "{shown}");

    let acknowledge = ["ledger", "acknowledge-salvage"];
    narrowcast(&place, &place.token(), &acknowledge)
        .await
        .well();
    let shown = degraded(&place, &http).await.to_string();
    assert!(!shown.contains("salvaged"), "{shown}");
    let again = narrowcast(&place, &place.token(), &acknowledge).await;
    assert_ne!(again.code, 0, "{again:?}");
    let query = "from=1&types=salvage_acknowledged";
    let stream = Stream::open(&place, &http, query, None).await;
    let by = stream
        .wait("who it was", |event| event.name == "salvage_acknowledged")
        .await;
    assert!(by.data.to_string().contains("\"by\":"), "{by:?}");
}
