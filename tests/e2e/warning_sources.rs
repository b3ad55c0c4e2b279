//! Warnings that come by themselves: out of a directory, and over a feed.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{Path as Wanted, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;

use crate::support::place::{FIRST_RADIO, Place, http, roster};
use crate::support::until;

/// A CAP alert for everybody.
fn document(identifier: &str, msg_type: &str, of: &str) -> String {
    let at = |hours: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        let text = at.to_string();
        format!("{}+00:00", &text[..19])
    };
    let (sent, expires) = (at(0), at(2));
    let references = match of {
        "" => String::new(),
        of => format!("<references>bureau@cap.example,{of},{sent}</references>"),
    };
    format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{identifier}</identifier>\
         <sender>bureau@cap.example</sender><sent>{sent}</sent><status>Actual</status>\
         <msgType>{msg_type}</msgType><scope>Public</scope>{references}<info>\
         <language>zh-CN</language><category>Met</category><event>山洪</event>\
         <urgency>Immediate</urgency><severity>Extreme</severity><certainty>Observed</certainty>\
         <expires>{expires}</expires><headline>山洪预警 {identifier}</headline>\
         <area><areaDesc>全市</areaDesc><circle>34.75,113.65 30</circle></area></info></alert>"
    )
}

/// A server of warnings: a feed, and the documents that it names.
#[derive(Clone, Default)]
struct Bureau {
    documents: Arc<Mutex<Vec<(String, String)>>>,
    /// Paths that were asked for, and whether something changed since.
    asked: Arc<Mutex<Vec<(String, StatusCode)>>>,
}

impl Bureau {
    async fn start(self) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Router::new().route("/{*path}", get(serve)).with_state(self);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        port
    }

    fn publish(&self, name: &str, document: String) {
        self.documents
            .lock()
            .unwrap()
            .push((name.to_owned(), document));
    }

    fn asked_for(&self, path: &str, status: StatusCode) -> usize {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|it| **it == (path.to_owned(), status))
            .count()
    }

    fn answer(&self, path: &str, headers: &HeaderMap) -> Response {
        let documents = self.documents.lock().unwrap();
        if path != "feed.atom" {
            let found = documents.iter().find(|(name, _)| name == path);
            return match found {
                Some((_, document)) => document.clone().into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            };
        }
        if headers
            .get(header::AUTHORIZATION)
            .is_none_or(|it| it != "Bearer s3cret")
        {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let tag = format!("\"{}\"", documents.len());
        if headers
            .get(header::IF_NONE_MATCH)
            .is_some_and(|it| it.as_bytes() == tag.as_bytes())
        {
            return StatusCode::NOT_MODIFIED.into_response();
        }
        let entries = documents.iter().rev().map(|(name, _)| {
            let link = format!("<link type=\"application/cap+xml\" href=\"{name}\"/>");
            format!("<entry><id>urn:{name}</id><updated>1</updated>{link}</entry>")
        });
        // A feed must not send us to machines beside us.
        let away = "<entry><id>away</id><link href=\"http://127.0.0.2:1/x\"/></entry>";
        let entries: String = entries.collect();
        let feed = format!("<feed xmlns=\"http://www.w3.org/2005/Atom\">{entries}{away}</feed>");
        ([(header::ETAG, tag)], feed).into_response()
    }
}

async fn serve(
    State(bureau): State<Bureau>,
    Wanted(path): Wanted<String>,
    headers: HeaderMap,
) -> Response {
    let answer = bureau.answer(&path, &headers);
    bureau.asked.lock().unwrap().push((path, answer.status()));
    answer
}

async fn alerts(place: &Place, http: &reqwest::Client) -> Vec<Value> {
    let (status, body) = place.get(http, "alerts?limit=100").await;
    assert_eq!(status, 200, "{body}");
    body["alerts"].as_array().unwrap().clone()
}

fn rules() -> String {
    format!("[cap]\ndefault_targets = [\"radio:{FIRST_RADIO}\"]\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_feed_publishes_becomes_an_alert_once_also_across_a_kill() {
    let bureau = Bureau::default();
    let port = bureau.clone().start().await;
    let (place, http) = (Place::new(), http());
    place.add(&format!(
        "{}[[cap.source]]\nname = \"bureau\"\nurl = \"http://127.0.0.1:{port}/feed.atom\"\n\
         every = \"5s\"\nrole = \"dispatcher\"\nallow_private = true\ntoken = \"s3cret\"\n",
        rules()
    ));
    bureau.publish("a.xml", document("a", "Alert", ""));
    bureau.publish("bad.xml", "<alert/>".to_owned());
    let server = place.start();
    place.until_up(&http).await;
    // The roster comes after the first look: what is refused for that is refused, as it is said.
    place.import(&http, roster(1)).await;
    bureau.publish("b.xml", document("b", "Alert", ""));
    until(
        "the second is an alert",
        Duration::from_secs(30),
        async || {
            alerts(&place, &http)
                .await
                .iter()
                .any(|it| it["text"] == "山洪预警 b")
        },
    )
    .await;
    let made = alerts(&place, &http).await;
    let b = made.iter().find(|it| it["text"] == "山洪预警 b").unwrap();
    assert_eq!(
        (&b["by"], &b["came_as"]),
        (&"cap:bureau".into(), &"cap".into())
    );
    drop(server);
    let fetched = bureau.asked_for("b.xml", StatusCode::OK);
    let server = place.start();
    place.until_up(&http).await;
    bureau.publish("c.xml", document("c", "Cancel", "b"));
    until("it is cancelled", Duration::from_secs(30), async || {
        let made = alerts(&place, &http).await;
        made.iter()
            .any(|it| it["text"] == "山洪预警 b" && it["counts"]["cancelled"] == 1)
    })
    .await;
    assert_eq!(
        bureau.asked_for("b.xml", StatusCode::OK),
        fetched,
        "it was seen before"
    );
    until(
        "nothing new is not sent again",
        Duration::from_secs(30),
        async || bureau.asked_for("feed.atom", StatusCode::NOT_MODIFIED) > 0,
    )
    .await;
    let texts: Vec<String> = alerts(&place, &http)
        .await
        .iter()
        .map(|it| it["text"].to_string())
        .collect();
    assert_eq!(
        texts.iter().filter(|it| it.contains("山洪预警 b")).count(),
        1,
        "{texts:?}"
    );
    drop(server);
}

/// As if it had been there for a while.
fn put(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(10))
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_into_a_directory_becomes_an_alert_or_is_refused_with_the_reason() {
    let (place, http) = (Place::new(), http());
    let spool = tempfile::tempdir().unwrap();
    let (open, closed) = (spool.path().join("open"), spool.path().join("closed"));
    for directory in [&open, &closed] {
        std::fs::create_dir(directory).unwrap();
    }
    place.add(&format!(
        "{}[[cap.source]]\nname = \"open\"\ndirectory = \"{}\"\nevery = \"100ms\"\n\
         role = \"dispatcher\"\n[[cap.source]]\nname = \"closed\"\ndirectory = \"{}\"\n\
         every = \"100ms\"\n",
        rules(),
        open.display(),
        closed.display()
    ));
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    put(&open.join("a.xml"), &document("a", "Alert", ""));
    put(
        &open.join("worse.xml"),
        &document("w", "Alert", "").replace("Extreme", "Dreadful"),
    );
    put(&closed.join("b.xml"), &document("b", "Alert", ""));
    until("all are decided", Duration::from_secs(30), async || {
        let there = [
            "open/done/a.xml",
            "open/failed/worse.xml",
            "closed/failed/b.xml",
        ];
        there.iter().all(|path| spool.path().join(path).exists())
    })
    .await;
    let why = |path: &str| std::fs::read_to_string(spool.path().join(path)).unwrap();
    assert!(why("open/failed/worse.xml.reason.txt").contains("severity"));
    assert!(why("closed/failed/b.xml.reason.txt").contains("role"));
    let made = alerts(&place, &http).await;
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(
        (&made[0]["by"], &made[0]["precedence"]),
        (&"cap:open".into(), &"flash".into())
    );
}
