//! The whole ledger is checked while the server runs: what rots on the medium is noticed, named
//! and shown, and nothing else is disturbed.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Child;

use crate::cli::narrowcast;
use crate::damage::ledger_in;
use crate::support::place::{FIRST_RADIO, NO_MARKS, Place, http, roster};
use crate::support::until;

const PATIENCE: Duration = Duration::from_secs(60);

fn place(every: &str) -> Place {
    let place = Place::unconfigured(None);
    let ledger = format!("ballast = 0\nscrub = \"{every}\"");
    place.configure(&ledger, NO_MARKS, "");
    place
}

/// Stops it in order, so that it keeps a checkpoint.
async fn stop(mut server: Child) {
    let id = server.id().unwrap().to_string();
    let mut kill = tokio::process::Command::new("kill");
    assert!(kill.arg(id).status().await.unwrap().success());
    assert!(server.wait().await.unwrap().success());
}

async fn health(place: &Place, http: &reqwest::Client) -> Value {
    place.get(http, "health").await.1
}

/// The last walk that ended, once that is another one than `before`.
async fn walked(place: &Place, http: &reqwest::Client, before: &Value) -> Value {
    until("a walk over the ledger ends", PATIENCE, || async {
        let last = health(place, http).await["scrub"]["last"].clone();
        !last.is_null() && last != *before
    })
    .await;
    health(place, http).await["scrub"]["last"].clone()
}

/// Flips a bit of every place where the store has `needle`, under the running server.
fn rot(db: &Path, needle: &[u8]) {
    let bytes = std::fs::read(db).unwrap();
    let file = File::options().write(true).open(db).unwrap();
    let places = bytes.windows(needle.len()).enumerate();
    let mut found = 0;
    for (at, _) in places.filter(|(_, window)| *window == needle) {
        file.write_all_at(&[bytes[at] ^ 1], at as u64).unwrap();
        found += 1;
    }
    assert!(found > 0, "the needle is not in the store");
}

#[tokio::test]
async fn a_record_that_rots_under_the_running_server_is_found_by_a_scrub_and_stops_nothing_else() {
    let place = place("never");
    ledger_in(&place.ledger(), 50);
    let http = http();
    let server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    stop(server).await;
    // From its checkpoint: the old records are not in memory.
    let server = place.start();
    place.until_up(&http).await;
    rot(&place.ledger().join("db"), b"needle 20.");

    narrowcast(&place, &place.token(), &["ledger", "scrub"])
        .await
        .well();
    let last = walked(&place, &http, &Value::Null).await;
    assert_eq!(last["sound"], false, "{last}");
    // The store reads some records at once, and names the first of them.
    let fault = last["fault_at"].as_u64().unwrap();
    assert!((700..=801).contains(&fault), "{last}");
    let now = health(&place, &http).await;
    assert_eq!(now["status"], "degraded", "{now}");
    let named = format!("does not verify at record {fault}");
    assert!(now["degraded"].to_string().contains(&named), "{now}");
    assert!(place.log().contains(&named), "{}", place.log());
    let metrics = http.get(place.url("metrics")).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for line in ["narrowcast_ledger_scrub_faults 1", "narrowcast_degraded 1"] {
        assert!(metrics.contains(line), "{metrics}");
    }
    let (status, body) = place.submit(&http, FIRST_RADIO, "山火").await;
    assert_eq!(status, 201, "{body}");
    let doctor = ["doctor", "--config", place.config().to_str().unwrap()].map(str::to_owned);
    let doctor: Vec<&str> = doctor.iter().map(String::as_str).collect();
    let told = narrowcast(&place, &place.token(), &doctor).await;
    assert!(told.out.contains(&named), "{told:?}");
    drop(server);
}

#[tokio::test]
async fn a_sound_ledger_is_walked_when_due_to_its_end_and_that_is_known_after_a_restart() {
    let place = place("1s");
    ledger_in(&place.ledger(), 30);
    let http = http();
    let server = place.start();
    place.until_up(&http).await;
    let last = walked(&place, &http, &Value::Null).await;
    assert_eq!(last["sound"], true, "{last}");
    assert!(last["last"].as_u64().unwrap() >= 1_200, "{last}");
    until("a walk shows how far it is", PATIENCE, || async {
        let running = health(&place, &http).await["scrub"]["running"].clone();
        let [at, of] = ["at", "of"].map(|name| running[name].as_u64().unwrap_or(0));
        at > 500 && of >= 1_200
    })
    .await;
    let again = walked(&place, &http, &last).await;
    assert_eq!(again["sound"], true, "{again}");
    let now = health(&place, &http).await;
    assert!(!now["degraded"].to_string().contains("verify"), "{now}");
    stop(server).await;

    let ledger = "ballast = 0\nscrub = \"weekly\"";
    place.configure(ledger, NO_MARKS, "");
    let _server = place.start();
    place.until_up(&http).await;
    let known = health(&place, &http).await["scrub"].clone();
    assert_eq!(known["last"]["sound"], true, "{known}");
    assert_eq!(known["running"], Value::Null, "{known}");
}
