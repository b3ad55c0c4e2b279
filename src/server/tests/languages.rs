//! Alerts in several languages over the interface: the roster says who reads what.

use narrowcast_protocol::warning::cap;
use narrowcast_protocol::warning::xml::Strictness;
use serde_json::{Value, json};

use super::access::{Counties, Told};
use super::cap::{Document, MEDIA_TYPE};

const DISPATCHER: &str = "nc_dispatcher";
const ROSTER: &str = "kind,id,name,node,form,language\n\
    radio,1,Unit 1,city/east,tms,\n\
    radio,2,Unit 2,city/east,tms,EN\n\
    radio,3,Unit 3,city/east,tms,ug\n";

async fn post(counties: &Counties, token: &str, path: &str, kind: &str, body: String) -> Told {
    let body = Some((kind, body.into_bytes()));
    counties.call(Some(token), "POST", path, None, &body).await
}

/// Where radio 1 reads Chinese, 2 English and 3 Uyghur.
async fn counties() -> Counties {
    let counties = Counties::new().await;
    let roster = ROSTER.to_owned();
    let told = post(&counties, "nc_admin", "/api/v1/roster", "text/csv", roster).await;
    assert_eq!(told.status, 200, "{}", told.text);
    counties
}

async fn infos(counties: &Counties, id: &str) -> Vec<(Option<String>, Option<String>)> {
    let path = "/api/v1/alerts/{id}/cap";
    let told = counties.get(DISPATCHER, path, Some(id)).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let document = cap::read(told.text.as_bytes(), Strictness::Strict).unwrap();
    let received = &document.alerts[0];
    assert!(received.is_valid(), "{:?}", received.faults);
    let alert = received.acceptable().unwrap();
    let infos = alert.info.iter();
    infos
        .map(|it| (it.language.clone(), it.headline.clone()))
        .collect()
}

fn said(language: &str, text: &str) -> (Option<String>, Option<String>) {
    (Some(language.to_owned()), Some(text.to_owned()))
}

#[tokio::test]
async fn an_alert_shows_its_languages_and_who_reads_which_and_goes_out_in_all_of_them() {
    let counties = counties().await;
    let body = json!({
        "text": "撤离", "language": "zh-cn", "targets": ["node:city/east"],
        "translations": {"en-gb": "Leave now", "ug": "چىقىڭلار"},
    });
    let json = "application/json";
    let dry = "/api/v1/alerts/dry-run";
    let plan = post(&counties, DISPATCHER, dry, json, body.to_string()).await;
    assert_eq!(
        plan.body["readers"],
        json!({"en-GB": 1, "ug": 1}),
        "{}",
        plan.text
    );
    let told = post(
        &counties,
        DISPATCHER,
        "/api/v1/alerts",
        json,
        body.to_string(),
    )
    .await;
    assert_eq!(told.status, 201, "{}", told.text);
    let id = told.body["id"].as_str().unwrap().to_owned();
    let path = "/api/v1/alerts/{id}";
    let seen = counties.get(DISPATCHER, path, Some(&id)).await.body;
    assert_eq!(seen["language"], "zh-CN");
    assert_eq!(
        seen["translations"],
        json!({"en-GB": "Leave now", "ug": "چىقىڭلار"})
    );
    let path = "/api/v1/alerts/{id}/deliveries";
    let deliveries = counties.get(DISPATCHER, path, Some(&id)).await.body;
    let read = deliveries["deliveries"].as_array().unwrap().iter();
    let read: Vec<&Value> = read.map(|it| &it["language"]).collect();
    assert_eq!(read, ["zh-CN", "en", "ug"]);
    let all = [
        said("zh-CN", "撤离"),
        said("en-GB", "Leave now"),
        said("ug", "چىقىڭلار"),
    ];
    assert_eq!(infos(&counties, &id).await, all);
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn what_a_document_says_in_each_language_is_what_its_readers_are_told() {
    let counties = counties().await;
    let xml = Document::new("l-1").xml();
    let (start, end) = (xml.find("<info>").unwrap(), xml.find("</alert>").unwrap());
    let english = xml[start..end]
        .replace("zh-CN", "en-US")
        .replace("山洪红色预警", "Flash flood, red warning");
    let both = format!("{}{english}</alert>", &xml[..end]);
    let told = post(&counties, DISPATCHER, "/api/v1/cap", MEDIA_TYPE, both).await;
    assert_eq!(told.status, 201, "{}", told.text);
    let id = told.body["alert"]["id"].as_str().unwrap().to_owned();
    let seen = counties
        .get(DISPATCHER, "/api/v1/alerts/{id}", Some(&id))
        .await
        .body;
    assert_eq!(
        (&seen["text"], &seen["language"], &seen["translations"]),
        (
            &"山洪红色预警".into(),
            &"zh-CN".into(),
            &json!({"en-US": "Flash flood, red warning"})
        )
    );
    let all = [
        said("zh-CN", "山洪红色预警"),
        said("en-US", "Flash flood, red warning"),
    ];
    assert_eq!(infos(&counties, &id).await, all);
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn a_language_that_is_none_is_refused_by_its_field() {
    let counties = counties().await;
    let roster = ROSTER.replace("EN\n", "english please\n");
    let told = post(&counties, "nc_admin", "/api/v1/roster", "text/csv", roster).await;
    assert_eq!(told.status, 422, "{}", told.text);
    assert!(
        told.text.contains("line 3") && told.text.contains("zh-CN"),
        "{}",
        told.text
    );
    for (change, field) in [
        (json!({"language": "中文"}), "language"),
        (json!({"translations": {"e": "x"}}), "translations"),
        (
            json!({"translations": {"en": "a\u{202e}b"}}),
            "translations",
        ),
        (json!({"translations": {"en": ""}}), "translations"),
        (
            json!({"translations": {"en": "x", "EN": "y"}}),
            "translations",
        ),
    ] {
        let mut body = json!({"text": "撤离", "targets": ["radio:1"]});
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let json = "application/json";
        let told = post(
            &counties,
            DISPATCHER,
            "/api/v1/alerts",
            json,
            body.to_string(),
        )
        .await;
        assert_eq!(
            (told.status, &told.body["field"]),
            (422, &field.into()),
            "{}",
            told.text
        );
    }
    counties.running.shutdown.cancel();
}
