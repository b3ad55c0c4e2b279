//! Events through a real broker: each one, in the ledger's order, whoever is killed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::broker::{Broker, Watcher};
use crate::support::place::{FIRST_RADIO, Place, http, roster};
use crate::support::{rounds, until};
use crate::webhooks::outside;

const BEGINNING: &str = "from = \"beginning\"\nheartbeat = \"1s\"";

async fn alert(place: &Place, http: &reqwest::Client, text: &str) {
    let (status, receipt) = place.submit(http, FIRST_RADIO, text).await;
    assert_eq!(status, 201, "{receipt}");
}

async fn sink(place: &Place, http: &reqwest::Client) -> Value {
    let (status, sink) = place.get(http, "sinks/platform").await;
    assert_eq!(status, 200, "{sink}");
    sink
}

/// What a soak reports: repetitions are deliveries beyond the events.
fn report(watcher: &Watcher) {
    let (deliveries, events) = (watcher.seen().len(), watcher.positions().len());
    eprintln!("{deliveries} deliveries of {events} events");
}

pub(crate) async fn all_came(place: &Place, http: &reqwest::Client, watcher: &Watcher) {
    until(
        "every event has come",
        Duration::from_secs(60),
        async || watcher.positions() == outside(place, http).await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_independent_subscriber_gets_every_event_with_its_properties() {
    let Some(broker) = Broker::start(false, "").await else {
        return;
    };
    let watcher = broker.watch("watcher", "nc/city/event/#").await;
    let (place, http) = (Place::new(), http());
    place.add(&broker.table(BEGINNING));
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    for number in 0..4 {
        alert(&place, &http, &format!("#{number}")).await;
    }
    all_came(&place, &http, &watcher).await;
    assert!(watcher.positions().is_sorted());
    let seen = watcher.seen();
    let accepted = "nc/city/event/cn.narrowcast.alert.accepted.v1";
    let first = seen.iter().find(|it| it.topic == accepted).unwrap();
    assert_eq!(first.body["data"]["text"], "#0");
    assert_eq!((first.qos.as_str(), first.retained), ("1", false));
    let id = first.body["id"].as_str().unwrap();
    for property in [
        format!("id:{id}"),
        "type:cn.narrowcast.alert.accepted.v1".to_owned(),
        "prio:flash".to_owned(),
    ] {
        assert!(
            first.user.contains(&property),
            "{property} in {}",
            first.user
        );
    }
    let sink = sink(&place, &http).await;
    assert_eq!(
        (&sink["kind"], &sink["dead"]),
        (&"mqtt".into(), &0.into()),
        "{sink}"
    );
    assert_eq!(sink["unheard"], 0, "{sink}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_killed_under_load_gets_everything_that_it_did_not_acknowledge() {
    let Some(mut broker) = Broker::start(true, "").await else {
        return;
    };
    let watcher = broker.watch("watcher", "nc/city/event/#").await;
    let (place, http) = (Place::new(), http());
    place.add(&broker.table(BEGINNING));
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    for round in 0..rounds(3) {
        for number in 0..5 {
            alert(&place, &http, &format!("#{round}-{number}")).await;
        }
        broker.kill().await;
        alert(&place, &http, &format!("#{round} while it is away")).await;
        broker.revive().await;
    }
    all_came(&place, &http, &watcher).await;
    report(&watcher);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_forgetful_broker_acknowledged_and_lost_is_sent_again_by_replay() {
    let Some(mut broker) = Broker::start(false, "").await else {
        return;
    };
    // A session that is away: the broker acknowledges and keeps in memory what it gets for it.
    drop(broker.watch("watcher", "nc/city/event/#").await);
    let (place, http) = (Place::new(), http());
    place.add(&broker.table(BEGINNING));
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    alert(&place, &http, "#lost").await;
    until("the broker has it", Duration::from_secs(30), async || {
        sink(&place, &http).await["behind"] == 0
    })
    .await;
    broker.kill().await;
    broker.revive().await;
    let watcher = broker.watch("watcher", "nc/city/event/#").await;
    alert(&place, &http, "#after").await;
    until("what comes after", Duration::from_secs(60), async || {
        let seen = watcher.seen();
        seen.iter().any(|it| it.body["data"]["text"] == "#after")
    })
    .await;
    assert!(
        !watcher.positions().contains(&1)
            && watcher.positions().len() < outside(&place, &http).await.len()
    );
    let (status, told) = place
        .post(&http, "sinks/platform/replay", &json!({"seq": 1}))
        .await;
    assert_eq!(status, 200, "{told}");
    until("all of it", Duration::from_secs(60), async || {
        let mut came = watcher.positions();
        came.sort_unstable();
        came == outside(&place, &http).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_under_load_publishes_every_event_and_ids_tell_repetitions() {
    let Some(broker) = Broker::start(true, "").await else {
        return;
    };
    let watcher = broker.watch("watcher", "nc/city/event/#").await;
    let (place, http) = (Place::new(), http());
    place.add(&broker.table(BEGINNING));
    let mut server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    for round in 0..rounds(10) {
        for number in 0..4 {
            alert(&place, &http, &format!("#{round}-{number}")).await;
        }
        tokio::time::sleep(Duration::from_millis(u64::from(round) * 13 % 90)).await;
        server.kill().await.unwrap();
        server = place.start();
        place.until_up(&http).await;
    }
    all_came(&place, &http, &watcher).await;
    report(&watcher);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_is_retained_and_the_will_is_seen_when_the_server_is_killed() {
    let Some(broker) = Broker::start(false, "").await else {
        return;
    };
    let (place, http) = (Place::new(), http());
    place.add(&broker.table(BEGINNING));
    let mut server = place.start();
    place.until_up(&http).await;
    let watcher = broker.watch("state", "nc/city/state").await;
    let says = |state: &str| {
        let seen = watcher.seen();
        seen.last().is_some_and(|it| it.body["state"] == state)
    };
    until("online", Duration::from_secs(10), async || says("online")).await;
    until("a heartbeat", Duration::from_secs(10), async || {
        watcher.seen().len() > 2
    })
    .await;
    assert_eq!(watcher.seen()[0].body["jurisdiction"], "default");
    server.kill().await.unwrap();
    until("the will", Duration::from_secs(30), async || {
        says("offline")
    })
    .await;
    let late = broker.watch("late", "nc/city/state").await;
    until("it is kept", Duration::from_secs(5), async || {
        late.seen().first().is_some_and(|it| it.retained)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_too_large_for_this_connection_is_a_dead_letter_and_the_rest_flows() {
    let limit = "max_packet_size 1200";
    let Some(broker) = Broker::start(false, limit).await else {
        return;
    };
    let watcher = broker.watch("watcher", "nc/city/event/#").await;
    let (place, http) = (Place::new(), http());
    place.add(&broker.table("from = \"now\""));
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    let long = "水".repeat(220);
    alert(&place, &http, &long).await;
    alert(&place, &http, "#short").await;
    until("the short one", Duration::from_secs(30), async || {
        let seen = watcher.seen();
        seen.iter().any(|it| it.body["data"]["text"] == "#short")
    })
    .await;
    let sink = sink(&place, &http).await;
    let why = sink["dead_letters"][0]["why"].as_str().unwrap();
    assert!(why.contains("1200"), "{sink}");
    assert!(
        !watcher
            .seen()
            .iter()
            .any(|it| it.body["data"]["text"] == long.as_str())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_listens_to_events_about_sinks_only_does_not_make_them() {
    let Some(broker) = Broker::start(false, "").await else {
        return;
    };
    let topic = "nc/city/event/cn.narrowcast.sink.behind.v1";
    let watcher = broker.watch("watcher", topic).await;
    let (place, http) = (Place::new(), http());
    place.add(&broker.table(BEGINNING));
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    alert(&place, &http, "#1").await;
    until("it is told", Duration::from_secs(30), async || {
        !watcher.seen().is_empty()
    })
    .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let all = outside(&place, &http).await.len();
    alert(&place, &http, "#2").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(watcher.seen().len(), 1, "{:?}", watcher.positions());
    let more = outside(&place, &http).await.len() - all;
    assert!(more < 6, "{more} events for one alert");
}
