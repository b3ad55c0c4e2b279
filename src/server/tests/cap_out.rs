//! CAP going out: over the interface, as a feed, over a webhook and into a directory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post as at_post;
use narrowcast_protocol::warning::cap::{self, Alert, MsgType, Status};
use narrowcast_protocol::warning::feed::{self, Entry, Place};
use narrowcast_protocol::warning::xml::Strictness;
use serde_json::{Value, json};

use super::access::Counties;
use super::cap::{Document, MEDIA_TYPE, post, rules, taken};
use super::*;
use crate::api::backend::SinkDesk;
use crate::config::Config;
use crate::model::cap::CapRules;
use crate::model::roster::System;
use crate::server::sinks;

const FEED: &str = "/api/v1/cap/feed";
const CAP: &str = "/api/v1/alerts/{id}/cap";
const DISPATCHER: &str = "nc_dispatcher";
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// The alert of a document that every receiver takes.
fn read(xml: &str) -> Alert {
    let document = cap::read(xml.as_bytes(), Strictness::Strict).unwrap();
    let [received] = document.alerts.as_slice() else {
        panic!("{xml}");
    };
    assert!(received.is_valid(), "{:?}\n{xml}", received.faults);
    received.acceptable().unwrap().clone()
}

async fn submitted(counties: &Counties, body: &Value) -> String {
    let body = Some(("application/json", body.to_string().into_bytes()));
    let path = "/api/v1/alerts";
    let told = counties
        .call(Some(DISPATCHER), "POST", path, None, &body)
        .await;
    assert_eq!(told.status, 201, "{}", told.text);
    told.body["id"].as_str().unwrap().to_owned()
}

async fn cancelled(counties: &Counties, id: &str) {
    let body = json!({"because": "tested"}).to_string().into_bytes();
    let path = "/api/v1/alerts/{id}/cancel";
    let body = Some(("application/json", body));
    let told = counties
        .call(Some(DISPATCHER), "POST", path, Some(id), &body)
        .await;
    assert_eq!(told.status, 200, "{}", told.text);
}

async fn entries(counties: &Counties, token: &str) -> Vec<Entry> {
    let told = counties.get(token, FEED, None).await;
    assert_eq!(told.status, 200, "{}", told.text);
    feed::read(told.text.as_bytes()).unwrap()
}

#[tokio::test]
async fn the_feed_lists_what_its_reader_may_see_newest_first_and_comes_again_only_when_it_changed()
{
    let counties = Counties::new().await;
    let mut drill = Document::new("e-1");
    drill.status = "Exercise";
    let drill = taken(&counties, &drill).await;
    let west = submitted(&counties, &json!({"text": "a < b", "targets": ["radio:2"]})).await;
    let told = counties.get(DISPATCHER, FEED, None).await;
    assert!(
        told.text.contains("<title>【演练】山洪红色预警</title>"),
        "{}",
        told.text
    );
    assert!(
        told.text.contains("<title>a &lt; b</title>"),
        "{}",
        told.text
    );
    let all = entries(&counties, DISPATCHER).await;
    let ids: Vec<&str> = all.iter().map(|it| it.id.as_str()).collect();
    let named = |id: &str| format!("urn:narrowcast:alert:{id}");
    assert_eq!(ids, [named(&west), named(&drill)]);
    let of_the_west = entries(&counties, "nc_viewer_west").await;
    assert_eq!(of_the_west, all[..1]);
    let asked = async |tag: &str| {
        let request = HttpRequest::get(FEED)
            .header("authorization", format!("Bearer {DISPATCHER}"))
            .header("if-none-match", tag)
            .body(Body::empty());
        let answer = counties.raw(request.unwrap()).await;
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        (answer.status(), tag)
    };
    let (status, tag) = asked("\"other\"").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        asked(&format!("\"x\", W/{tag}")).await,
        (StatusCode::NOT_MODIFIED, tag.clone())
    );
    cancelled(&counties, &west).await;
    let (status, fresh) = asked(&tag).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(fresh, tag);
    // Whoever follows the feed fetches the document again, which is a Cancel now.
    let now = entries(&counties, DISPATCHER).await;
    assert_eq!(
        (&now[0].id, &now[0].document),
        (&all[0].id, &all[0].document)
    );
    assert_ne!(now[0].updated, all[0].updated);
    assert_eq!(now[1], all[1]);
    counties.running.shutdown.cancel();
}

/// What the second does with each entry of the first that it has not seen, the oldest first.
async fn follow(first: &Counties, second: &Counties, seen: &mut Vec<Entry>) -> Vec<Value> {
    let mut answers = Vec::new();
    for entry in entries(first, "nc_viewer").await.into_iter().rev() {
        if seen.contains(&entry) {
            continue;
        }
        let Place::Link(link) = &entry.document else {
            panic!("{entry:?}");
        };
        let id = link.split('/').nth(4).unwrap();
        assert_eq!(link, &CAP.replace("{id}", id));
        let told = first.get("nc_viewer", CAP, Some(id)).await;
        let body = Some((MEDIA_TYPE, told.text.into_bytes()));
        let path = "/api/v1/cap";
        let taken = second.call(Some(DISPATCHER), "POST", path, None, &body);
        let taken = taken.await;
        assert!(matches!(taken.status, 200 | 201), "{}", taken.text);
        answers.push(taken.body);
        seen.push(entry);
    }
    answers
}

#[tokio::test]
async fn a_second_narrowcast_can_follow_the_feed_through_updates_and_cancels() {
    let (first, second) = (Counties::new().await, Counties::new().await);
    let mut seen = Vec::new();
    let own = submitted(&first, &json!({"text": "山火", "targets": ["radio:1"]})).await;
    let warning = Document::new("a-1");
    taken(&first, &warning).await;
    let answers = follow(&first, &second, &mut seen).await;
    let alerts: Vec<&Value> = answers.iter().map(|it| &it["alert"]["id"]).collect();
    assert_eq!(alerts.len(), 2);
    taken(&first, &warning.then("a-2", "Update")).await;
    let answers = follow(&first, &second, &mut seen).await;
    assert_eq!(
        answers.len(),
        1,
        "the first version is as it was: {answers:?}"
    );
    assert_eq!(answers[0]["cancelled"], json!([alerts[1]]));
    cancelled(&first, &own).await;
    let answers = follow(&first, &second, &mut seen).await;
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["cancelled"], json!([alerts[0]]));
    assert!(follow(&first, &second, &mut seen).await.is_empty());
    first.running.shutdown.cancel();
    second.running.shutdown.cancel();
}

/// What came over the webhook.
#[derive(Debug, Clone)]
struct Got {
    id: String,
    is_ours: bool,
    content_type: String,
    body: String,
}

type All = Arc<Mutex<Vec<Got>>>;

async fn take(State(all): State<All>, headers: HeaderMap, body: String) -> StatusCode {
    let verifier = standardwebhooks::Webhook::new(SECRET).unwrap();
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let refused = body.contains("REFUSED");
    all.lock().unwrap().push(Got {
        id: text("webhook-id"),
        is_ours: verifier.verify(body.as_bytes(), &headers).is_ok(),
        content_type: text("content-type"),
        body,
    });
    if refused {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    }
}

/// The province gets everything over a webhook, the east its share in a directory.
struct Out {
    counties: Counties,
    got: All,
    directory: PathBuf,
    /// Without them the sinks end.
    _desks: Vec<SinkDesk>,
    _dir: tempfile::TempDir,
}

impl Out {
    async fn start() -> Self {
        // Once for the process: another test may have been first.
        drop(rustls::crypto::ring::default_provider().install_default());
        let dir = tempfile::tempdir().unwrap();
        let directory = dir.path().join("out");
        std::fs::create_dir(&directory).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = All::default();
        let app = Router::new()
            .route("/", at_post(take))
            .with_state(Arc::clone(&got));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let text = format!(
            "[server]\nstate_dir = {:?}\n[[webhook]]\nname = \"province\"\nformat = \"cap\"\n\
             url = \"http://127.0.0.1:{port}/\"\nsecret = \"{SECRET}\"\nallow_private = true\n\
             heartbeat = \"1s\"\nfrom = \"beginning\"\n\
             [[cap.out]]\nname = \"spool\"\ndirectory = {directory:?}\nfrom = \"beginning\"\n\
             node = \"city/east\"\n",
            dir.path()
        );
        let config = Config::parse("t", &text).unwrap();
        assert_eq!(config.check(), []);
        let system = |id: &str, node: &str, sink: &str| {
            RosterEntry::System(System {
                id: id.into(),
                name: id.into(),
                node: node.parse().unwrap(),
                sink: sink.into(),
            })
        };
        let systems = vec![
            system("province", "city", "province"),
            system("east", "city/east", "spool"),
        ];
        let mut counties = Counties::with_sinks(config.to_policy().sinks, systems).await;
        let rules = CapRules {
            all_clear: false,
            ..rules()
        };
        let (sinks, desks) = sinks::all(&config, &Arc::new(rules.clone())).unwrap();
        assert_eq!(desks[1].kind, "directory");
        let running = &counties.running;
        sinks.start(&running.backend, "test", &running.shutdown);
        counties.under(rules);
        Self {
            counties,
            got,
            directory,
            _desks: desks,
            _dir: dir,
        }
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// The files in the directory.
    fn files(&self) -> BTreeMap<String, Alert> {
        let files = std::fs::read_dir(&self.directory).unwrap();
        let files = files.map(|it| it.unwrap().file_name().into_string().unwrap());
        let whole = files.filter(|name| !name.starts_with('.'));
        let whole = whole.map(|name| {
            let xml = std::fs::read_to_string(self.directory.join(&name)).unwrap();
            (name, read(&xml))
        });
        whole.collect()
    }

    /// Where the delivery of an alert to a system stands.
    async fn stands(&self, id: &str, system: &str) -> (String, Value) {
        let path = "/api/v1/alerts/{id}/deliveries";
        let told = self.counties.get(DISPATCHER, path, Some(id)).await;
        let mut deliveries = told.body["deliveries"].as_array().unwrap().iter();
        let found = deliveries.find(|it| it["system"] == system).unwrap();
        (
            found["rung"].as_str().unwrap().to_owned(),
            found["end"].clone(),
        )
    }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} has not come about within 12 s");
}

#[tokio::test]
async fn each_alert_goes_up_as_one_document_and_a_cancel_and_nothing_else_does() {
    let out = Out::start().await;
    let own = json!({"text": "山火", "ask": "receipt",
        "targets": ["system:province", "system:east", "radio:1", "node:city/west"]});
    let own = submitted(&out.counties, &own).await;
    // Taking it is evidence; of a file nobody knows whether it was read.
    until("both systems have it", async || {
        out.stands(&own, "province").await == ("received".into(), Value::Null)
            && out.stands(&own, "east").await == ("accepted".into(), Value::Null)
    })
    .await;
    let warning = Document::new("a-1");
    let update = warning.then("a-2", "Update");
    let first = taken(&out.counties, &warning).await;
    let second = taken(&out.counties, &update).await;
    cancelled(&out.counties, &own).await;
    assert_eq!(
        post(&out.counties, &update.then("a-3", "Cancel"))
            .await
            .status,
        200
    );
    let refused = json!({"text": "REFUSED", "targets": ["system:province"]});
    let refused = submitted(&out.counties, &refused).await;
    until("the refusal is on record", async || {
        out.stands(&refused, "province").await.1 != Value::Null
    })
    .await;
    let got = out.got();
    assert!(
        got.iter()
            .all(|it| it.is_ours && it.content_type == MEDIA_TYPE),
        "{got:?}"
    );
    let ids: std::collections::BTreeSet<&String> = got.iter().map(|it| &it.id).collect();
    assert_eq!(ids.len(), got.len());
    assert!(ids.iter().all(|id| id.starts_with("test:")), "{ids:?}");
    let sent: Vec<Alert> = got.iter().map(|it| read(&it.body)).collect();
    let names: Vec<&str> = sent.iter().map(|it| it.identifier.as_str()).collect();
    // The Update says that the first version is over.
    let (own_over, second_over) = (format!("{own}.cancel"), format!("{second}.cancel"));
    assert_eq!(
        names,
        [&own, "a-1", "a-2", &own_over, &second_over, &refused]
    );
    assert_eq!(sent[1], read(&warning.xml()), "with all that it said");
    assert_eq!(sent[2], read(&update.xml()));
    assert_eq!(sent[3].references, [sent[0].id()]);
    assert_eq!(sent[4].references, [sent[2].id()]);
    assert!(got[0].body.contains("city/west"));
    // The east sees its share, in our words: there no Update says what it stands in place of.
    until("all files are there", async || out.files().len() == 6).await;
    let files = out.files();
    for id in [&own, &first, &second] {
        let (alert, cancel) = (
            &files[&format!("{id}.xml")],
            &files[&format!("{id}.cancel.xml")],
        );
        assert_eq!(
            (alert.msg_type, cancel.msg_type),
            (MsgType::Alert, MsgType::Cancel)
        );
        assert_eq!(alert.identifier.as_str(), id);
        assert_eq!(cancel.references, [alert.id()]);
        assert!(
            alert.info[0]
                .area
                .iter()
                .all(|it| !it.area_desc.contains("west"))
        );
    }
    out.counties.running.shutdown.cancel();
}

#[tokio::test]
async fn no_exercise_leaves_unmarked_whichever_way_it_came_and_goes() {
    let out = Out::start().await;
    let mut chance = 7_u64;
    let mut below = |most: u64| {
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (chance >> 33) % most
    };
    let mut ids = Vec::new();
    let mut documents = 0;
    for number in 0..40 {
        let (drill, of_cap, over) = (below(2) == 0, below(2) == 0, below(3) == 0);
        let precedence = ["flash", "immediate", "priority", "routine"][below(4) as usize];
        let text = format!("{} {number}", if drill { "DRILL" } else { "REAL" });
        let id = if of_cap {
            let mut document = Document::new(&format!("d-{number}"));
            document.headline = text;
            document.status = if drill { "Exercise" } else { "Actual" };
            taken(&out.counties, &document).await
        } else {
            let body = json!({"text": text, "precedence": precedence, "exercise": drill,
                "targets": ["system:province", "radio:1"]});
            submitted(&out.counties, &body).await
        };
        if over {
            cancelled(&out.counties, &id).await;
        }
        documents += 1 + usize::from(over);
        ids.push(id);
    }
    until("everything has left", async || {
        out.got().len() == documents && out.files().len() == documents
    })
    .await;
    let mut all: Vec<Alert> = out.got().iter().map(|it| read(&it.body)).collect();
    all.extend(out.files().into_values());
    for id in &ids {
        for token in [DISPATCHER, "nc_viewer_east"] {
            let told = out.counties.get(token, CAP, Some(id)).await;
            all.push(read(&told.text));
        }
    }
    let mut counts = [0, 0];
    for alert in all {
        let is_drill = alert.info[0]
            .headline
            .as_ref()
            .unwrap()
            .starts_with("DRILL");
        let status = if is_drill {
            Status::Exercise
        } else {
            Status::Actual
        };
        assert_eq!(alert.status, status, "{alert:?}");
        counts[usize::from(is_drill)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 40), "{counts:?}");
    let told = out.counties.get("nc_viewer_east", FEED, None).await;
    let titles = told.text.matches("<title>").count() - 1;
    assert_eq!(titles, ids.len());
    assert!(!told.text.contains("<title>DRILL"), "{}", told.text);
    assert!(!told.text.contains("【演练】REAL"), "{}", told.text);
    out.counties.running.shutdown.cancel();
}
