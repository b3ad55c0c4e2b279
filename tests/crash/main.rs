//! kill -9 at random instants under load, against the real server and simulated radios:
//! nothing acknowledged is missing, nothing is on record twice, the chain is whole, and
//! nothing was on the air without an attempt on disk.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a step that fails fails the test"
)]

#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use narrowcast::model::evidence::Evidence;
use narrowcast::model::facts::{Fact, Record};
use narrowcast_world::radio::Answers;
use narrowcast_world::rng::Rng;

use support::books;
use support::place::{FIRST_RADIO, Place, http, roster};
use support::site::Site;
use support::{rounds, until};

/// Rounds in the suite; `NARROWCAST_ROUNDS` names another number.
const ROUNDS: u32 = 10;
const SEED: u64 = 2_026;
const RADIOS: u32 = 20;
const SUBMITTERS: u32 = 4;

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
async fn kills_lose_nothing_acknowledged_and_send_nothing_unrecorded() {
    let place = Place::new();
    let http = http();
    let site = Site::start(place.homebrew, RADIOS, Answers::Never, 0.05, SEED).await;
    let mut rng = Rng::new(SEED);
    let mut acknowledged = BTreeMap::new();
    let rounds = u64::from(rounds(ROUNDS));
    let mut log_ins = 0;
    for round in 0..rounds {
        let mut server = place.start();
        place.until_up(&http).await;
        if round == 0 {
            place.import(&http, roster(RADIOS)).await;
        }
        // Without its site a server that is killed early has sent nothing.
        until("the site's log-in", Duration::from_secs(30), async || {
            site.seen().log_ins > log_ins
        })
        .await;
        log_ins = site.seen().log_ins;
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
    let on_air = site.seen().texts;
    drop(site);
    assert!(
        acknowledged.len() as u64 > 5 * rounds,
        "only {} submissions were acknowledged: no load",
        acknowledged.len()
    );
    assert!(
        u64::from(on_air.values().sum::<u32>()) >= rounds,
        "hardly anything was on the air: {on_air:?}"
    );
    let records = books::in_directory(&place.ledger());
    books::nothing_sent_unrecorded(&records, &on_air);
    judge(&records, &acknowledged);
}

fn judge(records: &[Record], acknowledged: &BTreeMap<String, String>) {
    let mut by_key = BTreeMap::new();
    let mut received = BTreeSet::new();
    for record in records {
        match &record.fact {
            Fact::AlertAccepted(alert) => {
                let key = alert.idempotency.as_ref().unwrap().key.clone();
                let twice = by_key.insert(key, alert.id.to_string());
                assert_eq!(twice, None, "an alert is on record twice");
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
    assert!(!received.is_empty(), "no radio ever confirmed");
}
