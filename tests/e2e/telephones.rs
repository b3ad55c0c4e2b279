//! People are reached by SMS: the built server, an operator behind a socket, people who answer.

use std::collections::BTreeMap;
use std::time::Duration;

use narrowcast_protocol::sms::Phone;
use serde_json::{Value, json};

use crate::cli::narrowcast;
use crate::support::operator::Operator;
use crate::support::place::{FIRST_RADIO, NO_MARKS, Place, STATION, http};
use crate::support::{rounds, until};
use narrowcast_world::smsc::{CentreConfig, CentreEvent, CentreKind};

pub(crate) const PASSWORD: &str = "s3cr3tpw";

pub(crate) fn centre(kind: CentreKind) -> CentreConfig {
    CentreConfig {
        answer_after: Duration::from_millis(5),
        receipt_after: Duration::from_millis(80),
        ..CentreConfig::new(kind, "narrow", PASSWORD)
    }
}

/// `count` people with a telephone each, the first of them with a radio too.
fn people(count: u32) -> String {
    let head = "kind,id,name,node,form,confirms,home,talkgroup,members,phone\n".to_owned();
    let radio = format!("radio,{FIRST_RADIO},Unit,city,tms,yes,{STATION}/1,,,\n");
    (0..count).fold(head + &radio, |csv, index| {
        let radios = if index == 0 {
            FIRST_RADIO.to_string()
        } else {
            String::new()
        };
        format!(
            "{csv}person,p{index},李{index},city,,,,,{radios},{}\n",
            phone(index)
        )
    })
}

fn phone(index: u32) -> String {
    format!("1380013{index:04}")
}

pub(crate) async fn started(
    place: &Place,
    http: &reqwest::Client,
    count: u32,
) -> tokio::process::Child {
    let server = place.start();
    place.until_up(http).await;
    place.import(http, people(count)).await;
    until("the route is up", Duration::from_secs(20), async || {
        let (_, list) = place.get(http, "sms").await;
        list["routes"][0]["up"] == true
    })
    .await;
    server
}

pub(crate) async fn deliveries(place: &Place, http: &reqwest::Client, alert: &str) -> Vec<Value> {
    let (status, list) = place
        .get(http, &format!("alerts/{alert}/deliveries?limit=1000"))
        .await;
    assert_eq!(status, 200, "{list}");
    list["deliveries"].as_array().unwrap().clone()
}

pub(crate) async fn submitted(place: &Place, http: &reqwest::Client, body: Value) -> String {
    let (status, receipt) = place.post(http, "alerts", &body).await;
    assert_eq!(status, 201, "{receipt}");
    receipt["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_without_a_radio_and_with_one_that_is_silent_answer_by_sms() {
    for (kind, name) in [
        (CentreKind::Smpp, "smpp"),
        (CentreKind::Cmpp2, "cmpp2"),
        (CentreKind::Cmpp3, "cmpp3"),
    ] {
        let (place, http) = (Place::new(), http());
        let mut config = centre(kind);
        config.people.answer = Some("1".to_owned());
        config.people.after = (Duration::from_millis(200), Duration::from_millis(400));
        let operator = Operator::start(config, usize::MAX).await;
        place.configure(
            "ballast = 0",
            &format!("{NO_MARKS}\nsms_after_flash = \"2s\""),
            "",
        );
        place.add(&operator.table(name, PASSWORD));
        let _server = started(&place, &http, 2).await;
        let body = json!({"text": "山洪", "precedence": "flash", "ask": "acknowledgement", "targets": ["node:city"]});
        let (status, plan) = place.post(&http, "alerts/dry-run", &body).await;
        assert_eq!(status, 200, "{plan}");
        assert_eq!(
            (
                &plan["sms"][0]["route"],
                &plan["sms"][0]["at_once"],
                &plan["sms"][0]["if_needed"]
            ),
            (&"operator".into(), &1.into(), &1.into()),
            "{plan}"
        );
        let arguments = ["alert", "send", "山洪", "--to", "node:city", "--dry-run"];
        let shown = narrowcast(&place, &place.token(), &arguments).await.well();
        let row = shown.lines().find(|line| line.starts_with("operator"));
        let row: Vec<&str> = row.unwrap_or_default().split_whitespace().collect();
        assert_eq!(row, ["operator", "up", "1", "1", "1", "0.00"], "{shown}");
        let (_, health) = place.get(&http, "health").await;
        assert_eq!(
            (&health["sms_routes"], &health["sms_routes_down"]),
            (&1.into(), &0.into()),
            "{health}"
        );
        let alert = submitted(&place, &http, body).await;
        until("both have answered", Duration::from_secs(30), async || {
            let all = deliveries(&place, &http, &alert).await;
            all.len() == 2 && all.iter().all(|it| it["rung"] == "answered")
        })
        .await;
        let all = deliveries(&place, &http, &alert).await;
        let [with_radio, without] = all.as_slice() else {
            panic!("{all:?}");
        };
        assert_eq!(with_radio["radio"], FIRST_RADIO);
        assert_eq!(
            (&without["radio"], &without["person"]),
            (&Value::Null, &"p1".into())
        );
        for delivery in &all {
            assert_eq!(delivery["answer"]["by"], "sms", "{delivery}");
            let routes = delivery["routes"].as_array().unwrap();
            let sms = routes.iter().find(|route| route["kind"] == name).unwrap();
            assert_eq!(
                (&sms["name"], &sms["rung"], &sms["attempts"]),
                (&"operator".into(), &"received".into(), &1.into()),
                "{delivery}"
            );
        }
        assert_eq!(
            operator.texts().len(),
            2,
            "nobody twice: {:?}",
            operator.texts()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_of_a_route_goes_over_it_alone_and_an_exercise_not_at_all() {
    let (place, http) = (Place::new(), http());
    let operator = Operator::start(centre(CentreKind::Smpp), usize::MAX).await;
    place.add(&operator.table("smpp", PASSWORD));
    let _server = started(&place, &http, 2).await;
    let (status, receipt) = place
        .post(&http, "sms/operator/test", &json!({"person": "p0"}))
        .await;
    assert_eq!(status, 201, "{receipt}");
    operator
        .until("the trial message", |seen| {
            seen.iter().any(|event| matches!(event, CentreEvent::Taken(message) if message.text.contains("测试")))
        })
        .await;
    let (status, problem) = place
        .post(&http, "sms/nobody/test", &json!({"person": "p0"}))
        .await;
    assert_eq!(status, 404, "{problem}");
    let drill =
        json!({"text": "drill", "precedence": "flash", "exercise": true, "targets": ["person:p1"]});
    let (status, problem) = place.post(&http, "alerts", &drill).await;
    assert_eq!(
        (status, &problem["field"]),
        (422, &"targets".into()),
        "{problem}"
    );
    assert!(
        problem.to_string().contains("exercises = true"),
        "{problem}"
    );
    let metrics = metrics(&place, &http).await;
    assert!(
        metrics.contains("narrowcast_sms_route_up{route=\"operator\"} 1"),
        "{metrics}"
    );
    assert_eq!(operator.texts().len(), 1);
}

async fn metrics(place: &Place, http: &reqwest::Client) -> String {
    let request = http.get(place.url("metrics")).bearer_auth(place.token());
    request.send().await.unwrap().text().await.unwrap()
}

/// Messages that the operator took, by telephone and text.
fn taken(operator: &Operator) -> BTreeMap<(String, String), usize> {
    let mut taken = BTreeMap::new();
    for event in operator.seen() {
        if let CentreEvent::Taken(message) = event {
            // The operator has it with the country code, the record without.
            let to = Phone::new(&message.to).unwrap().to_string();
            *taken.entry((to, message.text)).or_default() += 1;
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_what_the_operator_took_is_what_is_on_record() {
    let total = rounds(10);
    const PEOPLE: u32 = 12;
    let (place, http) = (Place::new(), http());
    let operator = Operator::start(centre(CentreKind::Smpp), usize::MAX).await;
    let table = operator.table("smpp", PASSWORD);
    place.add(&format!(
        "{table}window = 8\nper_second = 200\nreceipt_wait = \"30s\"\n"
    ));
    let mut server = started(&place, &http, PEOPLE).await;
    let mut alerts = Vec::new();
    for round in 0..total {
        for number in 0..3 {
            let body = json!({"text": format!("#{round}-{number}"), "precedence": "priority", "ask": "receipt",
                "targets": ["person:p1", "node:city"]});
            let answer = place.post(&http, "alerts", &body).await;
            if answer.0 == 201 {
                alerts.push(answer.1["id"].as_str().unwrap().to_owned());
            }
        }
        tokio::time::sleep(Duration::from_millis(u64::from(round * 37 % 200))).await;
        server.kill().await.unwrap();
        server = place.start();
        place.until_up(&http).await;
    }
    assert_eq!(alerts.len(), usize::try_from(total * 3).unwrap());
    let all_received = async || {
        for alert in &alerts {
            let all = deliveries(&place, &http, alert).await;
            // The one with a radio waits for that: nobody serves it.
            let by_phone = all.iter().filter(|it| it["radio"].is_null());
            if by_phone.clone().count() + 1 != usize::try_from(PEOPLE).unwrap() {
                return false;
            }
            if !by_phone.clone().all(|it| it["rung"] == "received") {
                return false;
            }
        }
        true
    };
    until("everybody has it", Duration::from_secs(150), all_received).await;
    let taken = taken(&operator);
    let (mut attempts, mut on_record) = (0, 0);
    for alert in &alerts {
        let (_, shown) = place.get(&http, &format!("alerts/{alert}")).await;
        let text = shown["text"].as_str().unwrap().to_owned();
        for delivery in deliveries(&place, &http, alert).await {
            let route = delivery["routes"]
                .as_array()
                .unwrap()
                .last()
                .unwrap()
                .clone();
            let key = (route["address"].as_str().unwrap().to_owned(), text.clone());
            let sent = taken.get(&key).copied().unwrap_or(0);
            let tried = usize::try_from(route["attempts"].as_u64().unwrap()).unwrap();
            assert!(
                sent <= tried,
                "{key:?} was taken {sent} times, tried {tried} times"
            );
            attempts += tried;
            on_record += sent;
        }
    }
    let messages: usize = taken.values().sum();
    assert_eq!(
        on_record, messages,
        "the operator took nothing that is not on record"
    );
    let twice = taken.values().filter(|count| **count > 1).count();
    eprintln!("{messages} messages taken, {attempts} attempts on record, {twice} taken twice");
    // A crash leaves a window's worth unclear, not a backlog.
    assert!(
        twice <= usize::try_from(total * 8).unwrap(),
        "{twice} were sent twice"
    );
}
