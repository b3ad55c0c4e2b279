//! Sensor alarms on the built server: by the API, the command line and a real broker.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::cli::narrowcast;
use crate::mqtt_commands::connected;
use crate::support::broker::Broker;
use crate::support::place::{FIRST_RADIO, Place, http, roster};
use crate::support::until;

fn rule() -> String {
    format!(
        "[[alarm]]\nsite = \"plant-7\"\nkind = \"gas\"\nquiet = \"2s\"\n\
         clear_text = \"{{site}} {{kind}} over\"\n\
         [alarm.levels.low]\nprecedence = \"priority\"\ntext = \"{{site}} {{level}} {{value}}\"\n\
         to = [\"radio:{FIRST_RADIO}\"]\n\
         [alarm.levels.high]\nprecedence = \"flash\"\ntext = \"{{site}} {{level}} {{value}}, leave\"\n\
         to = [\"radio:{FIRST_RADIO}\"]\nask = \"acknowledgement\"\n"
    )
}

fn report(level: &str, state: &str) -> Value {
    json!({"site": "plant-7", "kind": "gas", "level": level, "state": state, "value": "12 %LEL"})
}

async fn texts(place: &Place, http: &reqwest::Client) -> Vec<String> {
    let (status, list) = place.get(http, "alerts").await;
    assert_eq!(status, 200, "{list}");
    let alerts = list["alerts"].as_array().unwrap().iter();
    alerts
        .map(|it| it["text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_alarms_a_second_are_one_alert_with_a_count_also_across_a_kill() {
    let (place, http) = (Place::new(), http());
    place.add(&rule());
    let mut server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    let (status, first) = place.post(&http, "alarms", &report("low", "raised")).await;
    assert_eq!(status, 201, "{first}");
    let (_, before) = place.get(&http, "health").await;
    let mut every = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..700 {
        every.tick().await;
        let (status, again) = place.post(&http, "alarms", &report("low", "raised")).await;
        assert_eq!((status, &again["id"]), (200, &first["id"]), "{again}");
    }
    let (_, after) = place.get(&http, "health").await;
    let facts = after["seq"].as_u64().unwrap() - before["seq"].as_u64().unwrap();
    assert!(facts < 15, "{facts} facts for 700 repeats");
    assert_eq!(texts(&place, &http).await, ["plant-7 low 12 %LEL"]);
    server.kill().await.unwrap();
    let _server = place.start();
    place.until_up(&http).await;
    let (status, again) = place.post(&http, "alarms", &report("low", "raised")).await;
    assert_eq!((status, &again["id"]), (200, &first["id"]), "{again}");
    assert!(again["count"].as_u64().unwrap() > 100, "{again}");
    let (status, higher) = place.post(&http, "alarms", &report("high", "raised")).await;
    assert_eq!(status, 200, "{higher}");
    assert_eq!(
        texts(&place, &http).await,
        ["plant-7 high 12 %LEL, leave", "plant-7 low 12 %LEL"]
    );
    let (status, cleared) = place
        .post(&http, "alarms", &report("high", "cleared"))
        .await;
    assert_eq!(status, 200, "{cleared}");
    until("the all-clear", Duration::from_secs(20), async || {
        texts(&place, &http)
            .await
            .first()
            .is_some_and(|it| it == "plant-7 gas over")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_is_raised_seen_suppressed_and_cleared_on_the_command_line() {
    let (place, http) = (Place::new(), http());
    place.add(&rule());
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    let token = place.token();
    let run = async |arguments: &[&str]| narrowcast(&place, &token, arguments).await;
    let suppress = [
        "alarm",
        "suppress",
        "plant-7",
        "gas",
        "--for",
        "1h",
        "--why",
        "calibration",
    ];
    run(&suppress).await.well();
    let raised = run(&["alarm", "raise", "plant-7", "gas", "high", "--value", "9 %"])
        .await
        .well();
    assert!(
        raised.contains("plant-7") && raised.contains("high"),
        "{raised}"
    );
    assert_eq!(
        texts(&place, &http).await,
        Vec::<String>::new(),
        "suppressed"
    );
    let listed = run(&["alarm", "list"]).await.well();
    assert!(
        listed.contains("plant-7") && listed.contains("calibration"),
        "{listed}"
    );
    run(&["alarm", "suppress", "plant-7", "gas", "--for", "0s"])
        .await
        .well();
    until(
        "it stands and is alerted",
        Duration::from_secs(20),
        async || texts(&place, &http).await == ["plant-7 high 9 %, leave"],
    )
    .await;
    run(&["alarm", "clear", "plant-7", "gas"]).await.well();
    let wrong = run(&["alarm", "raise", "plant-9", "gas", "high"]).await;
    assert_ne!(wrong.code, 0);
    assert!(
        wrong.err.contains("plant-9") && wrong.err.contains("plant-7"),
        "{}",
        wrong.err
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_comes_over_a_broker_and_is_answered() {
    let Some(broker) = Broker::start(false, "").await else {
        return;
    };
    let (place, http) = (Place::new(), http());
    place.add(&broker.table("submit_role = \"dispatcher\"\n"));
    place.add(&rule());
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    connected(&broker).await;
    let reply = "nc/city/reply/site";
    let payload = report("high", "raised").to_string();
    let (status, correlation, alarm) = broker.ask("nc/city/alarm", &payload, reply).await;
    assert_eq!((status, correlation.as_str()), (201, "nr 7"), "{alarm}");
    let (status, _, again) = broker.ask("nc/city/alarm", &payload, reply).await;
    assert_eq!((status, &again["id"]), (200, &alarm["id"]), "{again}");
    assert_eq!(texts(&place, &http).await, ["plant-7 high 12 %LEL, leave"]);
    let (status, _, refused) = broker.ask("nc/city/alarm", "{\"site\": 7}", reply).await;
    assert_eq!(status, 422, "{refused}");
}

/// Reports by the API, one every 10 ms; the ids of the alarm that they were told.
async fn report_by_api(place: &Place, http: &reqwest::Client, reports: u32) -> Vec<Value> {
    let mut every = tokio::time::interval(Duration::from_millis(10));
    let mut ids = Vec::new();
    for _ in 0..reports {
        every.tick().await;
        let (status, told) = place.post(http, "alarms", &report("low", "raised")).await;
        assert!([200, 201].contains(&status), "{told}");
        ids.push(told["id"].clone());
    }
    ids
}

/// The same over the broker, on one connection.
async fn report_by_broker(broker: &Broker, reports: u32) {
    let arguments = ["-q", "1", "-t", "nc/city/alarm", "-l"];
    let mut client = broker.client("mosquitto_pub", &arguments);
    let mut child = client.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let line = report("low", "raised").to_string() + "\n";
    let mut every = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..reports {
        every.tick().await;
        input.write_all(line.as_bytes()).await.unwrap();
    }
    drop(input);
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_alarms_a_second_by_the_api_and_as_many_by_mqtt_are_one_alert_that_counts_them() {
    const REPORTS: u32 = 300;
    let Some(broker) = Broker::start(false, "").await else {
        return;
    };
    let (place, http) = (Place::new(), http());
    place.add(&broker.table("submit_role = \"dispatcher\"\n"));
    place.add(&rule());
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    connected(&broker).await;
    let (_, before) = place.get(&http, "health").await;
    let (ids, ()) = tokio::join!(
        report_by_api(&place, &http, REPORTS),
        report_by_broker(&broker, REPORTS)
    );
    assert!(ids.iter().all(|id| *id == ids[0]), "one alarm: {ids:?}");
    let path = format!("alarms/{}", ids[0].as_str().unwrap());
    until("all are counted", Duration::from_secs(20), async || {
        let (_, alarm) = place.get(&http, &path).await;
        alarm["count"] == 2 * REPORTS
    })
    .await;
    assert_eq!(texts(&place, &http).await, ["plant-7 low 12 %LEL"]);
    let (_, after) = place.get(&http, "health").await;
    let facts = after["seq"].as_u64().unwrap() - before["seq"].as_u64().unwrap();
    assert!(facts < 25, "{facts} facts for {} reports", 2 * REPORTS);
}
