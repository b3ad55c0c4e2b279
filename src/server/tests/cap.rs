//! CAP documents over the interface: what becomes of each, and what an alert is as CAP.

use std::path::PathBuf;

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use narrowcast_protocol::warning::cap::{MsgType, Status, Time, read};
use narrowcast_protocol::warning::cpeas;
use narrowcast_protocol::warning::xml::Strictness;
use serde_json::Value;

use super::access::{Counties, Told};
use crate::config::Config;
use crate::model::cap::CapRules;

pub(super) const MEDIA_TYPE: &str = "application/cap+xml";
const DISPATCHER: &str = "nc_dispatcher";

/// Zhengzhou is radio 1 in the east, Kaifeng radio 2 in the west, elsewhere is radio 1.
pub(super) fn rules() -> CapRules {
    let text = r#"
        [cap]
        sender = "nc.example"
        default_targets = ["radio:1"]
        [cap.national]
        sender = "郑州市应急管理局"
        sender_code = "41010041600000"
        event_type = "11B03"
        [[cap.area]]
        geocode = "410100"
        targets = ["radio:1"]
        [[cap.area]]
        name = "开封市"
        targets = ["radio:2"]
    "#;
    Config::parse("t", text).unwrap().cap_rules()
}

fn hours(from_now: i64) -> String {
    let at = Timestamp::now() + SignedDuration::from_hours(from_now);
    Time::new(at, Offset::constant(8)).unwrap().to_string()
}

/// A document to be changed at one point.
#[derive(Clone)]
pub(super) struct Document {
    identifier: String,
    sent: String,
    pub(super) status: &'static str,
    msg_type: &'static str,
    references: String,
    rated: [&'static str; 3],
    pub(super) headline: String,
    expires: String,
    area: &'static str,
}

impl Document {
    pub(super) fn new(identifier: &str) -> Self {
        Self {
            identifier: identifier.to_owned(),
            sent: hours(0),
            status: "Actual",
            msg_type: "Alert",
            references: String::new(),
            rated: ["Immediate", "Extreme", "Observed"],
            headline: "山洪红色预警".to_owned(),
            expires: hours(2),
            area: "<areaDesc>郑州市</areaDesc><geocode><valueName>GB</valueName><value>410100</value></geocode>",
        }
    }

    /// A later message about this one.
    pub(super) fn then(&self, identifier: &str, msg_type: &'static str) -> Self {
        Self {
            identifier: identifier.to_owned(),
            msg_type,
            references: self.name(),
            ..self.clone()
        }
    }

    fn name(&self) -> String {
        format!("bureau@cap.example,{},{}", self.identifier, self.sent)
    }

    pub(super) fn xml(&self) -> String {
        let [urgency, severity, certainty] = self.rated;
        let references = match self.references.as_str() {
            "" => String::new(),
            names => format!("<references>{names}</references>"),
        };
        format!(
            "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{}</identifier>\
             <sender>bureau@cap.example</sender><sent>{}</sent><status>{}</status>\
             <msgType>{}</msgType><scope>Public</scope><note>为了测试</note>{references}<info>\
             <language>zh-CN</language><category>Met</category><event>山洪</event>\
             <urgency>{urgency}</urgency><severity>{severity}</severity>\
             <certainty>{certainty}</certainty><expires>{}</expires>\
             <headline>{}</headline><area>{}</area></info></alert>",
            self.identifier,
            self.sent,
            self.status,
            self.msg_type,
            self.expires,
            self.headline,
            self.area
        )
    }
}

async fn post_as(counties: &Counties, token: &str, octets: impl Into<Vec<u8>>) -> Told {
    let body = Some((MEDIA_TYPE, octets.into()));
    counties
        .call(Some(token), "POST", "/api/v1/cap", None, &body)
        .await
}

pub(super) async fn post(counties: &Counties, document: &Document) -> Told {
    post_as(counties, DISPATCHER, document.xml()).await
}

/// The alert that a document became.
pub(super) async fn taken(counties: &Counties, document: &Document) -> String {
    let told = post(counties, document).await;
    assert_eq!(told.status, 201, "{}", told.text);
    told.body["alert"]["id"].as_str().unwrap().to_owned()
}

async fn alert(counties: &Counties, id: &str) -> Value {
    let told = counties
        .get(DISPATCHER, "/api/v1/alerts/{id}", Some(id))
        .await;
    assert_eq!(told.status, 200, "{}", told.text);
    told.body
}

/// The alert was cancelled; the reason stands in its timeline.
async fn is_cancelled(counties: &Counties, id: &str, because: &str) {
    assert_eq!(alert(counties, id).await["counts"]["cancelled"], 1);
    let path = "/api/v1/alerts/{id}/timeline";
    let told = counties.get(DISPATCHER, path, Some(id)).await;
    assert!(told.text.contains(because), "{}", told.text);
}

#[tokio::test]
async fn an_alert_becomes_one_alert_however_often_it_comes() {
    let counties = Counties::new().await;
    let document = Document::new("a-1");
    let first = post(&counties, &document).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(first.body["unknown_areas"], serde_json::json!([]));
    let id = first.body["alert"]["id"].as_str().unwrap();
    let seen = alert(&counties, id).await;
    assert_eq!(
        (&seen["text"], &seen["precedence"], &seen["exercise"]),
        (&"山洪红色预警".into(), &"flash".into(), &false.into())
    );
    assert_eq!(seen["targets"], serde_json::json!(["radio:1"]));
    let again = post(&counties, &document).await;
    assert_eq!(
        (again.status, &again.body["alert"]["id"]),
        (201, &id.into())
    );
    assert_eq!(again.body["alert"]["repeated"], true);
    let changed = Document {
        headline: "山洪蓝色预警".to_owned(),
        ..document
    };
    let refused = post(&counties, &changed).await;
    assert_eq!(
        (refused.status, &refused.body["field"]),
        (409, &"identifier".into())
    );
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn a_cancel_is_understood_after_a_restart_and_only_once() {
    let mut counties = Counties::new().await;
    let document = Document::new("a-1");
    let id = taken(&counties, &document).await;
    let cancel = document.then("a-2", "Cancel");
    counties.restart_and_let_go().await;
    let foreign = cancel.xml().replace("<sender>bureau", "<sender>another");
    let refused = post_as(&counties, DISPATCHER, foreign).await;
    assert_eq!(
        (refused.status, &refused.body["field"]),
        (422, &"references".into())
    );
    // Of another node it is not known.
    let west = post_as(&counties, "nc_dispatcher_west", cancel.xml()).await;
    assert_eq!(
        (west.status, &west.body["outcome"], &west.body["cancelled"]),
        (200, &"cancelled-ahead".into(), &serde_json::json!([]))
    );
    let done = post(&counties, &cancel).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(done.body["cancelled"], serde_json::json!([id]));
    is_cancelled(&counties, &id, "为了测试").await;
    let again = post(&counties, &cancel).await;
    assert_eq!((again.status, &again.body["repeated"]), (200, &true.into()));
    let over = post(&counties, &document.then("a-3", "Cancel")).await;
    assert_eq!(
        (over.status, &over.body["outcome"], &over.body["cancelled"]),
        (200, &"over".into(), &serde_json::json!([]))
    );
    // One that comes before what it cancels is remembered.
    let late = Document::new("late");
    let ahead = post(&counties, &late.then("a-4", "Cancel")).await;
    assert_eq!(ahead.body["outcome"], "cancelled-ahead", "{}", ahead.text);
    let told = post(&counties, &late).await;
    assert_eq!(
        (told.status, &told.body["outcome"], &told.body["alert"]),
        (200, &"over".into(), &Value::Null)
    );
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn another_token_of_the_node_may_cancel() {
    let counties = Counties::new().await;
    let document = Document::new("a-1");
    let id = taken(&counties, &document).await;
    let cancel = document.then("a-2", "Cancel").xml();
    let east = post_as(&counties, "nc_dispatcher_east", cancel.clone()).await;
    assert_eq!(
        east.body["outcome"], "cancelled-ahead",
        "it was sent from above: {}",
        east.text
    );
    let done = post_as(&counties, "nc_supervisor", cancel).await;
    assert_eq!(
        done.body["cancelled"],
        serde_json::json!([id]),
        "{}",
        done.text
    );
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn an_update_takes_the_place_of_what_it_references() {
    let counties = Counties::new().await;
    let first = Document::new("a-1");
    let old = taken(&counties, &first).await;
    let mut update = first.then("a-2", "Update");
    // The same instant, written in another zone.
    let sent = Time::parse(&first.sent).unwrap().timestamp();
    let utc = Time::new(sent, Offset::UTC).unwrap();
    update.references = format!("bureau@cap.example,a-1,{utc}");
    let told = post(&counties, &update).await;
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!(told.body["cancelled"], serde_json::json!([old]));
    let new = told.body["alert"]["id"].as_str().unwrap();
    assert_eq!(alert(&counties, &old).await["counts"]["superseded"], 1);
    assert_eq!(alert(&counties, new).await["counts"]["cancelled"], 0);
    let again = post(&counties, &update).await;
    assert_eq!(
        (&again.body["alert"]["id"], &again.body["cancelled"]),
        (&new.into(), &serde_json::json!([]))
    );
    // Of what is not known it is new.
    let lone = Document::new("never").then("a-3", "Update");
    assert_eq!(post(&counties, &lone).await.status, 201);
    // A Cancel that names the first message only ends what has taken its place.
    let mut cancel = first.then("a-4", "Cancel");
    cancel.identifier = "a-4".to_owned();
    let told = post(&counties, &cancel).await;
    assert_eq!(
        told.body["cancelled"],
        serde_json::json!([new]),
        "{}",
        told.text
    );
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn an_exercise_is_one_and_ends_no_live_alert() {
    let counties = Counties::new().await;
    let real = Document::new("a-1");
    let id = taken(&counties, &real).await;
    let mut drill = Document::new("e-1");
    drill.status = "Exercise";
    let drilled = taken(&counties, &drill).await;
    assert_eq!(alert(&counties, &drilled).await["exercise"], true);
    for (of, status) in [(&real, "Exercise"), (&drill, "Actual")] {
        for kind in ["Cancel", "Update"] {
            let mut later = of.then("x-1", kind);
            later.status = status;
            let told = post(&counties, &later).await;
            assert_eq!(
                (told.status, &told.body["field"]),
                (422, &"references".into())
            );
        }
    }
    assert_eq!(alert(&counties, &id).await["ended_at"], Value::Null);
    for status in ["Test", "Draft", "System"] {
        let mut never = Document::new("t-1");
        never.status = status;
        let told = post(&counties, &never).await;
        assert_eq!((told.status, &told.body["field"]), (422, &"status".into()));
        assert!(told.body["detail"].as_str().unwrap().starts_with(status));
    }
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn acknowledgements_and_errors_are_noted_and_send_nothing() {
    let counties = Counties::new().await;
    for kind in ["Ack", "Error"] {
        let told = post(&counties, &Document::new("a-1").then("a-2", kind)).await;
        assert_eq!((told.status, &told.body["alert"]), (200, &Value::Null));
        assert!(told.body["said"].as_str().unwrap().contains("noted"));
    }
    let alerts = counties.get(DISPATCHER, "/api/v1/alerts", None).await;
    assert_eq!(alerts.body["alerts"], serde_json::json!([]));
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_with_its_reason() {
    let counties = Counties::new().await;
    let whole = Document::new("a-1");
    let mut expired = whole.clone();
    expired.expires = hours(-1);
    let told = post(&counties, &expired).await;
    assert_eq!(
        (told.status, &told.body["field"]),
        (422, &"info/expires".into())
    );
    let mut lone = whole.then("a-2", "Update");
    lone.references = String::new();
    // Two faults of meaning, and both are said.
    let both = lone.xml().replace("<scope>Public", "<scope>Private");
    let told = post_as(&counties, DISPATCHER, both).await;
    assert_eq!(
        (told.status, &told.body["type"]),
        (422, &"urn:narrowcast:cap".into())
    );
    let detail = told.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("references") && detail.contains("addresses"),
        "{detail}"
    );
    let entity = format!("<!DOCTYPE alert [<!ENTITY a 'b'>]>{}", whole.xml());
    let told = post_as(&counties, DISPATCHER, entity).await;
    assert_eq!(told.status, 422);
    assert!(told.text.contains("DOCTYPE"), "{}", told.text);
    // Areas: of another node; unknown.
    let mut west = whole.clone();
    west.area = "<areaDesc> 开封市 </areaDesc><circle>34.8,114.3 5</circle>";
    let told = post_as(&counties, "nc_dispatcher_east", west.xml()).await;
    assert_eq!(
        (told.status, &told.body["field"]),
        (403, &"info/area".into())
    );
    let told = post(&counties, &west).await;
    let id = told.body["alert"]["id"].as_str().unwrap();
    assert_eq!(
        alert(&counties, id).await["targets"],
        serde_json::json!(["radio:2"])
    );
    let padding = "x".repeat((1 << 20) + 1);
    let told = post_as(&counties, DISPATCHER, padding).await;
    assert_eq!(told.status, 413);
    let body = Some(("application/json", whole.xml().into_bytes()));
    let told = counties
        .call(Some(DISPATCHER), "POST", "/api/v1/cap", None, &body)
        .await;
    assert_eq!(told.status, 415);
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn unknown_areas_are_named_and_refused_where_nobody_is_meant_by_default() {
    let mut counties = Counties::new().await;
    let mut elsewhere = Document::new("a-1");
    elsewhere.area = "<areaDesc>洛阳市</areaDesc><geocode><valueName>GB</valueName><value>410300</value></geocode>";
    let told = post(&counties, &elsewhere).await;
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!(told.body["unknown_areas"][0], "洛阳市, geocode 410300");
    elsewhere.identifier = "a-2".to_owned();
    let rules = CapRules {
        default_targets: vec![],
        ..rules()
    };
    counties.under(rules);
    let told = post(&counties, &elsewhere).await;
    assert_eq!(
        (told.status, &told.body["field"]),
        (422, &"info/area".into())
    );
    for said in ["洛阳市", "410300", "[[cap.area]]", "default_targets"] {
        assert!(told.text.contains(said), "{}", told.text);
    }
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn an_alert_as_cap_names_the_areas_that_its_reader_may_see() {
    let counties = Counties::new().await;
    let mut both = Document::new("a-1");
    both.area = "<areaDesc>both</areaDesc><geocode><valueName>GB</valueName><value>410100</value></geocode></area><area><areaDesc>开封市</areaDesc><circle>34.8,114.3 5</circle>";
    let id = taken(&counties, &both).await;
    let written = async |token: &'static str| {
        let told = counties
            .get(token, "/api/v1/alerts/{id}/cap", Some(&id))
            .await;
        assert_eq!(told.status, 200, "{}", told.text);
        let document = read(told.text.as_bytes(), Strictness::Strict).unwrap();
        let alert = document.alerts[0].acceptable().unwrap().clone();
        let areas = alert.info[0].area.iter();
        areas.map(|it| it.area_desc.clone()).collect::<Vec<_>>()
    };
    // Who sees all of it gets it as it came.
    assert_eq!(written(DISPATCHER).await, ["both", "开封市"]);
    assert_eq!(written("nc_viewer_east").await, ["radio:1"]);
    assert_eq!(written("nc_dispatcher_west").await, ["开封市"]);
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn an_alert_is_written_as_cap_and_as_cancel_once_it_is_cancelled() {
    let counties = Counties::new().await;
    let mut drill = Document::new("e-1");
    drill.status = "Exercise";
    drill.headline = "a &lt; b &amp; \u{5C71}\u{6D2A}".to_owned();
    let id = taken(&counties, &drill).await;
    let path = "/api/v1/alerts/{id}/cap";
    let written = async || {
        let told = counties.get("nc_viewer_east", path, Some(&id)).await;
        assert_eq!(told.status, 200, "{}", told.text);
        let document = read(told.text.as_bytes(), Strictness::Strict).unwrap();
        let received = document.alerts.first().unwrap();
        assert!(
            received.is_valid() && received.is_meaningful(),
            "{:?}",
            received.faults
        );
        received.alert.clone().unwrap()
    };
    let first = written().await;
    assert_eq!(first.identifier.as_str(), id);
    assert_eq!(first.sender.as_str(), "nc.example");
    assert_eq!(
        (first.status, first.msg_type),
        (Status::Exercise, MsgType::Alert)
    );
    let info = first.info.first().unwrap();
    assert_eq!(info.headline.as_deref(), Some("a < b & 山洪"));
    assert_eq!(info.description, info.headline);
    assert_eq!(
        (info.severity.name(), info.urgency.name()),
        ("Extreme", "Immediate")
    );
    let expires = Time::parse(&drill.expires).unwrap().timestamp();
    assert_eq!(info.expires.unwrap().timestamp(), expires);
    let mut cancel = drill.then("e-2", "Cancel");
    cancel.status = "Exercise";
    assert_eq!(post(&counties, &cancel).await.status, 200);
    let last = written().await;
    assert_eq!(
        (last.status, last.msg_type),
        (Status::Exercise, MsgType::Cancel)
    );
    assert_eq!(last.references, [first.id()]);
    assert_ne!(last.identifier, first.identifier);
    let unknown = counties
        .get(DISPATCHER, path, Some("01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        .await;
    assert_eq!(unknown.status, 404);
    counties.running.shutdown.cancel();
}

fn vectors() -> Option<PathBuf> {
    let root = std::env::var_os("NARROWCAST_VECTORS").map(PathBuf::from);
    if root.is_none() {
        eprintln!("NARROWCAST_VECTORS is not set: no CAP document of others was taken in");
    }
    Some(root?.join("cap"))
}

#[tokio::test]
async fn documents_of_others_are_taken_as_what_they_are() {
    let Some(folder) = vectors() else { return };
    let counties = Counties::new().await;
    let octets = |file: &str| std::fs::read(folder.join(file)).unwrap();
    // All are years old: nothing of them goes on the air.
    for file in [
        // Of the national form.
        "cn_cpeas_native_henan_2020.xml",
        "goo_canada.cap",
        "goo_earthquake-iso8859-1.cap",
        "goo_earthquake.cap",
        "goo_earthquake_signed.cap",
        "kel_NOAA_MultiplePolygons.txt",
        "kel_australia_bom.cap",
        "kel_mexico.xml",
        // In an EDXL-DE envelope.
        "kel_rfs.xml",
        "kel_wcatwc-warning.cap",
        "kel_weather.cap",
        "oasis_amber_example.xml",
    ] {
        let told = post_as(&counties, DISPATCHER, octets(file)).await;
        assert_eq!(
            (told.status, &told.body["field"]),
            (422, &"info/expires".into()),
            "{file}: {}",
            told.text
        );
    }
    for (file, says) in [
        ("goo_amber.atom", "feed"),
        ("goo_bushfire_valid.edxlde", "7 alerts"),
        ("goo_canada_errors.cap", "references"),
        ("goo_no_optional_fields.cap", "info must be there"),
        ("goo_noaa_errors.cap", "urgency"),
        ("goo_xee.cap", "DOCTYPE"),
        ("kel_invalid_xmlns.cap", "alerts:1.2"),
        ("kel_oregon_nws.atom", "feed"),
    ] {
        let told = post_as(&counties, DISPATCHER, octets(file)).await;
        assert_eq!(told.status, 422, "{file}: {}", told.text);
        assert!(told.text.contains(says), "{file}: {}", told.text);
    }
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn a_signed_cancel_of_others_ends_the_alert_that_it_names() {
    let Some(folder) = vectors() else { return };
    let counties = Counties::new().await;
    let cancel = std::fs::read(folder.join("kel_no_info_tag.cap")).unwrap();
    let mut first = Document::new("1017033100951096-517189320160225203219800");
    "2016-02-25T12:32:19-08:00".clone_into(&mut first.sent);
    let first = first.xml().replace("bureau@cap.example", "AtHoc");
    let taken = post_as(&counties, DISPATCHER, first).await;
    assert_eq!(taken.status, 201, "{}", taken.text);
    let done = post_as(&counties, DISPATCHER, cancel).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(done.body["cancelled"][0], taken.body["alert"]["id"]);
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn a_current_document_of_others_becomes_an_alert() {
    let Some(folder) = vectors() else { return };
    let counties = Counties::new().await;
    let text = std::fs::read_to_string(folder.join("kel_wcatwc-warning.cap")).unwrap();
    let current = text.replace("2011-09-02T12:36:50-00:00", &hours(3));
    let told = post_as(&counties, DISPATCHER, current).await;
    assert_eq!(told.status, 201, "{}", told.text);
    let id = told.body["alert"]["id"].as_str().unwrap();
    let seen = alert(&counties, id).await;
    assert_eq!(seen["precedence"], "flash");
    let said = seen["text"].as_str().unwrap();
    assert!(said.starts_with("The tsunami Warning continues"), "{said}");
    assert!(said.chars().count() <= 300);
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn what_cap_can_say_survives_and_the_document_is_kept_octet_for_octet() {
    let mut counties = Counties::new().await;
    let document = Document::new("a-1");
    // More than a part of the ledger, and words of a second language.
    let long = "<description>".to_owned() + &"水位上涨。".repeat(3_000) + "</description>";
    let xml = document
        .xml()
        .replace("</headline>", &format!("</headline>{long}"))
        .replace("<scope>", "<source>水文站</source><scope>")
        .replace(
            "<area>",
            "<parameter><valueName>level</valueName><value>52.3</value></parameter><area>",
        );
    let told = post_as(&counties, DISPATCHER, xml.clone()).await;
    assert_eq!(told.status, 201, "{}", told.text);
    let id = told.body["alert"]["id"].as_str().unwrap().to_owned();
    counties.restart_and_let_go().await;
    let kept = "/api/v1/alerts/{id}/document";
    let told = counties.get(DISPATCHER, kept, Some(&id)).await;
    assert_eq!((told.status, told.text.as_str()), (200, xml.as_str()));
    let path = "/api/v1/alerts/{id}/cap";
    let told = counties.get(DISPATCHER, path, Some(&id)).await;
    let came = read(xml.as_bytes(), Strictness::Strict).unwrap();
    let goes = read(told.text.as_bytes(), Strictness::Strict).unwrap();
    assert_eq!(goes.alerts[0].alert, came.alerts[0].alert);
    // Whoever sees a part of the alert only does not learn whom else the document names.
    for path in [kept, path] {
        let told = counties.get("nc_viewer_east", path, Some(&id)).await;
        assert!(!told.text.contains("52.3"), "{}", told.text);
    }
    let told = counties.get("nc_viewer_east", kept, Some(&id)).await;
    assert_eq!(told.status, 404);
    counties.running.shutdown.cancel();
}

/// A message of the national form.
fn national(id: &str, msg_type: &str, of: &str, colour: &str, effective: i64) -> String {
    let at = Timestamp::now() + SignedDuration::from_mins(effective);
    let at = Time::new(at, Offset::constant(8))
        .unwrap()
        .to_string()
        .replace('T', " ");
    let references = match of {
        "" => String::new(),
        of => format!("<references>41010041600000_{of}</references>"),
    };
    format!(
        "<alert><identifier>41010041600000_{id}</identifier><sender>郑州市气象台</sender>\
         <senderCode>41010041600000</senderCode><sendTime>{at}</sendTime><status>Actual</status>\
         <msgType>{msg_type}</msgType><scope>Public</scope>\
         <code><method><methodName>SMS</methodName><message/><audienceGrp></audienceGrp>\
         <audenceprt>,</audenceprt></method></code>{references}\
         <info><language>zh-CN</language><eventType>11B03</eventType><urgency>Unknown</urgency>\
         <severity>{colour}</severity><certainty>Unknown</certainty><effective>{at}</effective>\
         <onset/><expires/><senderName>张三</senderName><headline>发布暴雨{colour}预警</headline>\
         <description>请注意防范 {id}</description><area><areaDesc>郑州市</areaDesc>\
         <geocode>410100000000,410100000000</geocode></area></info></alert>"
    )
}

#[tokio::test]
async fn the_national_form_is_one_warning_whatever_the_order() {
    let counties = Counties::new().await;
    let [a, b, c, d] = [
        national("20261123100000", "Alert", "", "Yellow", 0),
        national("20261123110000", "Update", "20261123100000", "Orange", 1),
        national("20261123120000", "Update", "20261123100000", "Red", 2),
        national("20261123130000", "Cancel", "20261123100000", "Red", 3),
    ];
    let first = post_as(&counties, DISPATCHER, a).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let id = first.body["alert"]["id"].as_str().unwrap();
    let seen = alert(&counties, id).await;
    assert_eq!(
        (&seen["precedence"], &seen["came_as"]),
        (&"priority".into(), &"cpeas".into())
    );
    assert!(
        seen["text"].as_str().unwrap().contains("请注意防范"),
        "{seen}"
    );
    let red = post_as(&counties, DISPATCHER, c).await;
    assert_eq!(
        red.body["cancelled"],
        serde_json::json!([id]),
        "{}",
        red.text
    );
    let red = red.body["alert"]["id"].as_str().unwrap();
    assert_eq!(alert(&counties, red).await["precedence"], "flash");
    let late = post_as(&counties, DISPATCHER, b).await;
    assert_eq!((late.status, &late.body["outcome"]), (200, &"late".into()));
    let end = post_as(&counties, DISPATCHER, d).await;
    assert_eq!(
        end.body["cancelled"],
        serde_json::json!([red]),
        "{}",
        end.text
    );
    // As CAP it is valid, and says the same.
    let told = counties
        .get(DISPATCHER, "/api/v1/alerts/{id}/cap", Some(id))
        .await;
    let document = read(told.text.as_bytes(), Strictness::Strict).unwrap();
    let received = document.alerts.first().unwrap();
    assert!(received.is_valid(), "{:?}", received.faults);
    let info = received.alert.as_ref().unwrap().info.first().unwrap();
    assert_eq!(info.severity.name(), "Moderate");
    let test = national("20261123140000", "Alert", "", "Red", 4).replace("Actual", "Test");
    let told = post_as(&counties, DISPATCHER, test).await;
    assert_eq!((told.status, &told.body["field"]), (422, &"status".into()));
    let broken = national("x", "Alert", "", "Red", 4);
    let told = post_as(&counties, DISPATCHER, broken).await;
    assert_eq!(told.status, 422);
    assert!(told.text.contains("identifier"), "{}", told.text);
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn an_alert_is_written_in_the_national_form_and_a_drill_is_marked_twice() {
    let counties = Counties::new().await;
    let path = "/api/v1/alerts/{id}/cpeas";
    let written = async |id: &str| {
        let told = counties.get(DISPATCHER, path, Some(id)).await;
        assert_eq!(told.status, 200, "{}", told.text);
        let received = cpeas::read(told.text.as_bytes(), Strictness::Strict).unwrap();
        assert!(!received.has_errors(), "{:?}", received.faults);
        received.acceptable().unwrap().clone()
    };
    let mut drill = Document::new("e-1");
    drill.status = "Exercise";
    let id = taken(&counties, &drill).await;
    let first = written(&id).await;
    assert_eq!(
        (first.status.name(), first.msg_type.name()),
        ("Exercise", "Alert")
    );
    assert_eq!(
        (
            first.info.colour.name(),
            first.info.areas[0].geocodes[0].as_str()
        ),
        ("Red", "410100")
    );
    assert!(first.info.headline.starts_with("【演练】山洪"));
    assert_eq!(first.text_of(&first.methods[0]), first.info.headline);
    let mut cancel = drill.then("e-2", "Cancel");
    cancel.status = "Exercise";
    assert_eq!(post(&counties, &cancel).await.status, 200);
    let last = written(&id).await;
    assert_eq!(last.msg_type.name(), "Cancel");
    assert_eq!(last.references, Some(first.identifier));
    // What came in this form goes out in it as it was.
    let came = national("20261123100000", "Alert", "", "Yellow", 0);
    let told = post_as(&counties, DISPATCHER, came.clone()).await;
    let id = told.body["alert"]["id"].as_str().unwrap();
    let same = cpeas::read(came.as_bytes(), Strictness::Strict).unwrap();
    assert_eq!(Some(&written(id).await), same.acceptable());
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn a_document_of_a_sensor_raises_and_clears_its_alarm() {
    let counties = Counties::new().await;
    let of_sensor = |identifier: &str, msg_type: &'static str, kind: &str| {
        let mut document = Document::new("s-1");
        if msg_type != "Alert" {
            document = document.then(identifier, msg_type);
        }
        let said = format!(
            "<parameter><valueName>narrowcast:site</valueName><value> plant </value></parameter>\
             <parameter><valueName>narrowcast:kind</valueName><value>{kind}</value></parameter>\
             <parameter><valueName>narrowcast:level</valueName><value>high</value></parameter><area>"
        );
        document.xml().replace("<area>", &said)
    };
    let told = post_as(&counties, DISPATCHER, of_sensor("s-1", "Alert", "gas")).await;
    assert_eq!(
        (told.status, &told.body["alert"]),
        (200, &Value::Null),
        "{}",
        told.text
    );
    assert_eq!(told.body["said"], "a sensor alarm is raised");
    let id = told.body["sensor_alarm"].as_str().unwrap().to_owned();
    let again = post_as(&counties, DISPATCHER, of_sensor("s-2", "Update", "gas")).await;
    assert_eq!(again.body["sensor_alarm"], id, "{}", again.text);
    let over = post_as(&counties, DISPATCHER, of_sensor("s-3", "Cancel", "gas")).await;
    assert_eq!(over.body["said"], "the sensor alarm is cleared");
    let seen = counties
        .get(DISPATCHER, "/api/v1/alarms/{id}", Some(&id))
        .await;
    assert_eq!(
        (&seen.body["count"], seen.body["cleared_at"].is_null()),
        (&2.into(), false),
        "{}",
        seen.text
    );
    let unknown = post_as(&counties, DISPATCHER, of_sensor("s-4", "Alert", "noise")).await;
    assert!(unknown.status >= 400, "{}", unknown.text);
    counties.running.shutdown.cancel();
}
