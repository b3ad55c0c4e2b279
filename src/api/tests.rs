//! Problem documents, authorisation and the committed document. Whole-system tests stand in
//! `tests/`.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request as HttpRequest, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::api::auth;
use crate::api::backend::{BackendEnds, Page, backend};
use crate::api::router::{openapi, router};
use crate::api::shared::Api;
use crate::engine::io::{Credential, Receipt, Refusal, Request, Response};
use crate::model::facts::{Fact, Record};
use crate::model::ids::{Seq, TokenId};
use crate::model::roster::Node;
use crate::model::token::{Principal, Role};
use crate::model::wall::Wall;
use crate::observe::metrics::Metrics;

const TOKEN: &str = "nc_test";

/// A router whose engine answers with `script`.
fn scripted(
    beyond_loopback: bool,
    script: fn(&Request) -> Result<Response, Refusal>,
) -> (Router, tokio::sync::watch::Sender<Seq>) {
    let (api, ends) = backend(8);
    let BackendEnds {
        mut urgent,
        mut looks,
        mut routine,
        mut pages,
        durable,
        board,
        ..
    } = ends;
    tokio::spawn(async move {
        // Held, so that the board stays readable.
        let _board = board;
        loop {
            let call = tokio::select! {
                Some(call) = urgent.recv() => call,
                Some(call) = looks.recv() => call,
                Some(call) = routine.recv() => call,
                Some(page) = pages.recv() => {
                    page_of(page);
                    continue;
                }
                else => return,
            };
            let known = call.credential == Credential::Token(auth::hash(TOKEN));
            let result = if known || call.credential == Credential::System {
                script(&call.request)
            } else {
                Err(Refusal::Unauthenticated)
            };
            let _ = call.reply.send(result);
        }
    });
    let api = Api::new(api, Arc::new(Metrics::default()), beyond_loopback);
    (router(api), durable)
}

fn page_of(page: Page) {
    match page {
        Page::Read { from, limit, reply } => {
            let records = (from.0..).take(limit.min(3)).map(|seq| Record {
                seq: Seq(seq),
                jurisdiction: "default".into(),
                epoch: 1,
                at: Wall::default(),
                fact: Fact::Started {
                    version: "1\n2".into(),
                },
                hash: [0; 32],
            });
            let _ = reply.send(Ok(records.collect()));
        }
        Page::Stored { reply, .. } => {
            let _ = reply.send(Ok(Vec::new()));
        }
        Page::OfAlert { reply, .. } => {
            let _ = reply.send(Ok(Vec::new()));
        }
        Page::Alerts { reply, .. } => {
            let _ = reply.send(Ok(Vec::new()));
        }
    }
}

fn you(request: &Request) -> Result<Response, Refusal> {
    match request {
        Request::WhoAmI => Ok(Response::You(Principal {
            token: TokenId(ulid::Ulid::nil()),
            name: "administrator".into(),
            role: Role::Admin,
            node: Node::root(),
        })),
        Request::Overview => Ok(Response::Overview(Box::default())),
        Request::Submit(submit) => Ok(Response::Accepted(Receipt {
            id: submit.id,
            mark: "A0".into(),
            recipients: 1,
            expires_at: Wall::default(),
            seq: Seq(9),
            repeated: false,
            hindrances: Vec::new(),
        })),
        _ => Err(Refusal::NotFound("thing")),
    }
}

fn request(method: Method, path: &str, token: Option<&str>) -> axum::http::request::Builder {
    let builder = HttpRequest::builder().method(method).uri(path);
    match token {
        Some(token) => builder.header("authorization", format!("Bearer {token}")),
        None => builder,
    }
}

async fn answer(app: &Router, request: HttpRequest<Body>) -> (StatusCode, Value, String) {
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    let headers = format!("{};{}", header("content-type"), header("location"));
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        headers,
    )
}

fn post(path: &str, body: &Value) -> HttpRequest<Body> {
    request(Method::POST, path, Some(TOKEN))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

#[tokio::test]
async fn without_a_valid_token_nothing_but_health_answers() {
    let (app, _durable) = scripted(true, you);
    for path in [
        "/api/v1/alerts",
        "/api/v1/whoami",
        "/api/v1/events",
        "/metrics",
    ] {
        for token in [None, Some("nc_other"), Some("other")] {
            let get = request(Method::GET, path, token)
                .body(Body::empty())
                .unwrap();
            let (status, body, headers) = answer(&app, get).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path} {token:?}");
            assert!(headers.starts_with("application/problem+json"));
            assert_eq!(body["type"], "urn:narrowcast:unauthenticated");
        }
    }
    let get = request(Method::GET, "/health", None)
        .body(Body::empty())
        .unwrap();
    let (status, body, _) = answer(&app, get).await;
    assert_eq!(
        (status, &body["status"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("starting"))
    );
}

#[tokio::test]
async fn on_loopback_metrics_need_no_token() {
    let (app, _durable) = scripted(false, you);
    let get = request(Method::GET, "/metrics", None)
        .body(Body::empty())
        .unwrap();
    assert_eq!(answer(&app, get).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_submit_is_created_where_its_location_says() {
    let (app, _durable) = scripted(false, you);
    let (status, body, headers) = answer(
        &app,
        post("/api/v1/alerts", &json!({"text": "x", "targets": ["all"]})),
    )
    .await;
    assert_eq!(status, StatusCode::CREATED);
    let id = body["id"].as_str().unwrap();
    assert!(
        headers.ends_with(&format!("/api/v1/alerts/{id}")),
        "{headers}"
    );
}

#[tokio::test]
async fn a_wrong_field_is_named_in_the_problem() {
    let (app, _durable) = scripted(false, you);
    for (body, field) in [
        (
            json!({"text": "x", "targets": ["town:x"]}),
            json!("targets[0]"),
        ),
        (json!({"text": "x", "targets": [7]}), json!("targets[0]")),
        (
            json!({"text": "x", "targets": ["all"], "presedence": "flash"}),
            json!("presedence"),
        ),
        (
            json!({"text": "x", "targets": ["all"], "expires_at": "soon"}),
            json!("expires_at"),
        ),
        (json!({"targets": ["all"]}), json!("text")),
        (json!({"text": 1, "targets": ["all"]}), json!("text")),
        (json!({"text": "x", "targets": "all"}), json!("targets")),
        (
            json!({"text": "x", "targets": ["all"], "precedence": "urgent"}),
            json!("precedence"),
        ),
        (
            json!({"text": "x", "targets": ["all"], "exercise": "yes"}),
            json!("exercise"),
        ),
        (json!([]), Value::Null),
    ] {
        let (status, problem, headers) = answer(&app, post("/api/v1/alerts", &body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(headers.starts_with("application/problem+json"));
        assert_eq!(problem["field"], field, "{body} {problem}");
    }
    for (body, field) in [
        (
            "{\"text\":\"x\",\"targets\":[\"all\"],\"expires_at\":NaN}",
            json!("expires_at"),
        ),
        ("{\"text\":\"x\",\"tar", Value::Null),
        ("", Value::Null),
        ("{} {}", json!("text")),
    ] {
        let post = request(Method::POST, "/api/v1/alerts", Some(TOKEN))
            .header("content-type", "application/json")
            .body(Body::from(body));
        let (status, problem, _) = answer(&app, post.unwrap()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(problem["field"], field, "{body} {problem}");
    }
    for (query, field) in [
        ("alerts?limit=x", "limit"),
        ("alerts?limt=3", "limt"),
        ("roster?offset=-1", "offset"),
        ("alerts?state=dead", "state"),
        ("events?types=nope", "types"),
    ] {
        let get = request(Method::GET, &format!("/api/v1/{query}"), Some(TOKEN));
        let (status, problem, _) = answer(&app, get.body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(problem["field"], field, "{problem}");
    }
    let long = json!({"text": "x".repeat(2 << 20), "targets": ["all"]});
    let (status, _, _) = answer(&app, post("/api/v1/alerts", &long)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let get = request(Method::GET, "/api/v1/alerts/x", Some(TOKEN)).body(Body::empty());
    assert_eq!(answer(&app, get.unwrap()).await.1["field"], "id");
    let bad = request(Method::POST, "/api/v1/roster", Some(TOKEN))
        .header("content-type", "text/csv")
        .body(Body::from("kind,id,name\nradio,0,x\n"));
    assert_eq!(
        answer(&app, bad.unwrap()).await.1["field"],
        "line 2, column 2 (id)"
    );
}

#[tokio::test]
async fn every_refusal_has_its_status() {
    let cases: [(Refusal, u16); 8] = [
        (Refusal::Forbidden, 403),
        (
            Refusal::OutsideNode {
                node: "a".into(),
                names: vec!["radio:1".into()],
            },
            403,
        ),
        (Refusal::NotFound("alert"), 404),
        (
            Refusal::Invalid {
                field: "text",
                why: "long".into(),
            },
            422,
        ),
        (Refusal::KeyReused, 422),
        (
            Refusal::Busy {
                retry_after: std::time::Duration::from_secs(7),
            },
            503,
        ),
        (Refusal::NoSpace { free: 1 }, 507),
        (Refusal::Conflict("over".into()), 409),
    ];
    for (refusal, status) in cases {
        let problem = crate::api::problem::Problem::from(refusal.clone());
        assert_eq!(problem.status, status, "{refusal}");
    }
}

#[tokio::test]
async fn an_engine_that_is_away_is_a_503_with_retry_after() {
    let (api, ends) = backend(1);
    drop(ends);
    let app = router(Api::new(api, Arc::new(Metrics::default()), false));
    let get = request(Method::GET, "/api/v1/stations", Some(TOKEN)).body(Body::empty());
    let response = app.oneshot(get.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "5");
}

#[tokio::test]
async fn a_full_lane_refuses_and_the_urgent_lane_stays_open() {
    let (api, mut ends) = backend(1);
    let ask = |request| {
        let api = api.clone();
        async move { api.ask(Credential::System, request).await }
    };
    let first = tokio::spawn(ask(Request::Overview));
    tokio::task::yield_now().await;
    let refused = ask(Request::Overview).await;
    assert!(refused.unwrap_err().to_string().contains("too many"));
    let id = crate::model::ids::EmergencyId(ulid::Ulid::nil());
    let urgent = tokio::spawn(ask(Request::TakeEmergency { id }));
    let call = ends.urgent.recv().await.unwrap();
    let _ = call.reply.send(Ok(Response::Done(Seq(1))));
    assert_eq!(urgent.await.unwrap().unwrap(), Ok(Response::Done(Seq(1))));
    first.abort();
}

#[tokio::test]
async fn the_event_stream_resumes_after_the_last_event() {
    let (app, durable) = scripted(false, you);
    durable.send_replace(Seq(6));
    let get = request(Method::GET, "/api/v1/events", Some(TOKEN))
        .header("last-event-id", "3")
        .body(Body::empty());
    let response = app.oneshot(get.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body();
    let mut text = String::new();
    while text.matches("\n\n").count() < 3 {
        use futures_util::StreamExt as _;
        let frame = futures_util::stream::poll_fn(|cx| {
            axum::body::HttpBody::poll_frame(std::pin::Pin::new(&mut body), cx)
        })
        .next()
        .await
        .unwrap()
        .unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    assert!(
        text.starts_with("id: 4\nevent: started\ndata: {\"seq\":4,"),
        "{text}"
    );
    assert!(
        text.contains("id: 6\n") && !text.contains("id: 7\n"),
        "{text}"
    );
}

#[test]
fn the_committed_document_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let current = openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("NARROWCAST_WRITE_OPENAPI").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == current,
        "docs/openapi.json is old: run NARROWCAST_WRITE_OPENAPI=1 cargo test -p narrowcast committed"
    );
}
