//! What is asked twice happens once, and what was read is not read again.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::place::{FIRST_RADIO, Place, http, roster};
use crate::support::site::Site;
use crate::support::stream::Stream;
use narrowcast_world::radio::Answers;

async fn submit(place: &Place, http: &reqwest::Client, key: &str, text: &str) -> (u16, Value) {
    let body = json!({"text": text, "precedence": "flash", "ask": "receipt", "targets": [format!("radio:{FIRST_RADIO}")]});
    let request = http
        .post(place.url("alerts"))
        .bearer_auth(place.token())
        .header("Idempotency-Key", key)
        .json(&body);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_alert_across_a_restart_and_another_body_is_refused() {
    let (place, http) = (Place::new(), http());
    let mut server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    let first = submit(&place, &http, "k", "山火").await;
    assert_eq!(first.0, 201, "{first:?}");
    let again = |mut answer: (u16, Value)| {
        answer.1["repeated"] = true.into();
        answer
    };
    let first = again(first);
    assert_eq!(submit(&place, &http, "k", "山火").await, first);
    let (status, problem) = submit(&place, &http, "k", "洪水").await;
    assert_eq!(
        (status, &problem["field"]),
        (422, &"Idempotency-Key".into())
    );
    server.kill().await.unwrap();
    let _server = place.start();
    place.until_up(&http).await;
    assert_eq!(
        submit(&place, &http, "k", "山火").await,
        first,
        "after a restart"
    );
    let (_, list) = place.get(&http, "alerts").await;
    assert_eq!(list["alerts"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_event_stream_resumes_behind_the_last_event_across_a_restart() {
    let (place, http) = (Place::new(), http());
    let mut server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    let stream = Stream::open(&place, &http, "from=1", None).await;
    submit(&place, &http, "a", "一").await;
    let accepted = |text: &'static str| {
        move |event: &crate::support::stream::Event| {
            event.name == "alert_accepted" && event.data["data"]["text"] == text
        }
    };
    let last = stream
        .wait("the first alert", accepted("一"))
        .await
        .id
        .unwrap();
    let ids: Vec<u64> = stream
        .events()
        .iter()
        .filter_map(|event| event.id)
        .collect();
    assert!(ids.windows(2).all(|pair| pair[1] == pair[0] + 1), "{ids:?}");
    assert_eq!(ids[0], 1);
    drop(stream);
    submit(&place, &http, "b", "二").await;
    server.kill().await.unwrap();
    let _server = place.start();
    place.until_up(&http).await;
    let stream = Stream::open(&place, &http, "", Some(last)).await;
    stream.wait("the second alert", accepted("二")).await;
    submit(&place, &http, "c", "三").await;
    stream.wait("the third alert", accepted("三")).await;
    let ids: Vec<u64> = stream
        .events()
        .iter()
        .filter_map(|event| event.id)
        .collect();
    assert_eq!(ids[0], last + 1, "nothing twice, nothing left out: {ids:?}");
    assert!(ids.windows(2).all(|pair| pair[1] == pair[0] + 1), "{ids:?}");

    let only = Stream::open(&place, &http, "types=alert_accepted", Some(0)).await;
    only.wait("the third alert", accepted("三")).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(
        only.events()
            .iter()
            .all(|event| event.name == "alert_accepted")
    );
    assert_eq!(only.events().len(), 3);
    for (query, field) in [("types=nonsense", "types"), ("alert=x", "alert")] {
        let (status, problem) = place.get(&http, &format!("events?{query}")).await;
        assert_eq!(
            (status, &problem["field"]),
            (422, &field.into()),
            "{problem}"
        );
    }
}

/// A radio that confirms nothing, the roster's default, in a form that no text service
/// acknowledges, over a station that reports nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_to_a_default_radio_goes_out_twice_twenty_seconds_apart_and_the_record_says_so() {
    let (place, http) = (Place::new(), http());
    let _server = place.start();
    place.until_up(&http).await;
    let site = Site::start(place.homebrew, 2, Answers::Never, 0.0, 7).await;
    place
        .import(
            &http,
            roster(2).replace(",tms,yes,", ",short-data-utf16,no,"),
        )
        .await;
    let wait = async |texts: u32| {
        while site.seen().plain.get(&FIRST_RADIO).copied().unwrap_or(0) < texts {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::time::Instant::now()
    };
    let (status, alert) = submit(&place, &http, "k", "山火逼近").await;
    assert_eq!(status, 201, "{alert}");
    let minute = Duration::from_secs(60);
    let first = tokio::time::timeout(minute, wait(1)).await.unwrap();
    let second = tokio::time::timeout(minute, wait(2)).await.unwrap();
    let gap = second - first;
    assert!(gap >= Duration::from_millis(19_500), "after {gap:?} again");
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(site.seen().plain.get(&FIRST_RADIO), Some(&2));
    let id = alert["id"].as_str().unwrap();
    let (_, page) = place.get(&http, &format!("alerts/{id}/deliveries")).await;
    let delivery = &page["deliveries"][0];
    assert_eq!(delivery["rung"], "sent", "{delivery}");
    assert_eq!(delivery["attempts"], 2, "{delivery}");
}
