//! What the log says to who has to find out what happened to a station.

use std::time::Duration;

use narrowcast_world::radio::Answers;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};

use crate::support::place::{FIRST_RADIO, Place, STATION, http, roster};
use crate::support::site::Site;
use crate::support::until;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_names_the_station_that_logs_in_and_an_ordinary_start_logs_no_error() {
    let (place, http) = (Place::new(), http());
    let _server = place.start();
    place.until_up(&http).await;
    let _site = Site::start(place.homebrew, 2, Answers::Never, 0.0, 5).await;
    let line = format!("a station is there station={STATION} name=\"site\" link=\"homebrew ");
    until(
        "the log-in in the log",
        Duration::from_secs(20),
        async || place.log().contains(&line),
    )
    .await;
    let log = place.log();
    assert!(!log.contains("ERROR"), "{log}");
    let nameless = log
        .lines()
        .find(|line| line.contains("link{}") || line.contains("link up="));
    assert_eq!(nameless, None, "which link it is must stand in the line");
}

/// Reads JSON of any shape and refuses an object that has a key twice.
struct EachKeyOnce;

impl<'de> Deserialize<'de> for EachKeyOnce {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = EachKeyOnce;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON")
            }

            fn visit_bool<E>(self, _: bool) -> Result<EachKeyOnce, E> {
                Ok(EachKeyOnce)
            }

            fn visit_i64<E>(self, _: i64) -> Result<EachKeyOnce, E> {
                Ok(EachKeyOnce)
            }

            fn visit_u64<E>(self, _: u64) -> Result<EachKeyOnce, E> {
                Ok(EachKeyOnce)
            }

            fn visit_f64<E>(self, _: f64) -> Result<EachKeyOnce, E> {
                Ok(EachKeyOnce)
            }

            fn visit_str<E>(self, _: &str) -> Result<EachKeyOnce, E> {
                Ok(EachKeyOnce)
            }

            fn visit_unit<E>(self) -> Result<EachKeyOnce, E> {
                Ok(EachKeyOnce)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<EachKeyOnce, A::Error> {
                while list.next_element::<EachKeyOnce>()?.is_some() {}
                Ok(EachKeyOnce)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EachKeyOnce, A::Error> {
                let mut keys = std::collections::BTreeSet::new();
                while let Some((key, EachKeyOnce)) = map.next_entry::<String, EachKeyOnce>()? {
                    if !keys.insert(key.clone()) {
                        return Err(serde::de::Error::custom(format!("`{key}` stands twice")));
                    }
                }
                Ok(EachKeyOnce)
            }
        }
        from.deserialize_any(Any)
    }
}

/// The line of the log with this message.
async fn line(place: &Place, message: &str) -> Value {
    let find = || {
        let log = place.log();
        let mut lines = log
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.find(|line| line["message"] == message)
    };
    until(message, Duration::from_secs(20), async || find().is_some()).await;
    find().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_for_machines_has_each_key_once_and_says_who_did_what() {
    let (place, http) = (Place::new(), http());
    place.add("[log]\nformat = \"json\"\n");
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(4)).await;
    let body = json!({"name": "王指挥", "role": "supervisor"});
    let (status, made) = place.post(&http, "tokens", &body).await;
    assert_eq!(status, 201, "{made}");
    let _site = Site::start(place.homebrew, 2, Answers::Never, 0.0, 5).await;
    let there = line(&place, "a station is there").await;
    assert_eq!(
        (&there["station"], &there["name"]),
        (&STATION.into(), &"site".into())
    );
    assert!(
        there["says"].is_string() && there["link"].is_string(),
        "{there}"
    );
    let body = json!({"text": "不要写进日志", "precedence": "immediate", "ask": "nothing",
        "targets": [format!("radio:{FIRST_RADIO}"), "node:city"]});
    let request = http
        .post(place.url("alerts"))
        .bearer_auth(made["token"].as_str().unwrap());
    let answer = request.json(&body).send().await.unwrap();
    let receipt: Value = answer.json().await.unwrap();
    let token = made["id"].as_str().unwrap();
    let request = http.delete(place.url(&format!("tokens/{token}")));
    let gone = request.bearer_auth(place.token()).send().await.unwrap();
    assert_eq!(gone.status().as_u16(), 200);

    let accepted = line(&place, "alert accepted").await;
    assert_eq!(accepted["alert"], receipt["id"], "{accepted}");
    assert_eq!(accepted["precedence"], "immediate");
    assert_eq!(
        accepted["targets"],
        format!("radio:{FIRST_RADIO} node:city")
    );
    assert_eq!(accepted["recipients"], 4);
    assert_eq!(accepted["by"], "王指挥");
    let imported = line(&place, "roster imported").await;
    assert_eq!(
        (&imported["lines"], &imported["replaces"]),
        (&4.into(), &false.into())
    );
    let made = line(&place, "token made").await;
    assert_eq!(made["level"], "INFO", "{made}");
    let lines = place.log();
    let of_wang = lines
        .lines()
        .filter(|line| line.contains("token made") && line.contains("王指挥"));
    assert_eq!(of_wang.count(), 1, "{lines}");
    let revoked = line(&place, "token revoked").await;
    assert_eq!(revoked["token"], token);

    let log = place.log();
    assert!(
        !log.contains("不要写进日志"),
        "texts never stand in the log"
    );
    for line in log.lines() {
        if let Err(error) = serde_json::from_str::<EachKeyOnce>(line) {
            panic!("{error}: {line}");
        }
    }
}
