//! Who may do and see what: every route of the document with every role, and with tokens of
//! other nodes; every answer as the document promises.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request as HttpRequest};
use serde_json::{Value, json};

use super::*;
use crate::api::backend::SinkDesk;
use crate::api::conform;
use crate::model::alarm::{AlarmRule, Level, LevelRule};
use crate::model::emergency::Emergency;
use crate::model::language::Language;
use crate::model::policy::{RouteKind, SinkPolicy, SmsRoute};
use crate::model::roster::{Person, Phone};
use crate::model::sink::SinkCommand;

/// Without a token; with one that is not valid; with one of each role, at the root.
const WHO: [Option<&str>; 7] = [
    None,
    Some("nc_wrong"),
    Some("nc_viewer"),
    Some("nc_technician"),
    Some("nc_dispatcher"),
    Some("nc_supervisor"),
    Some("nc_admin"),
];

const ROLES: [(&str, Role); 5] = [
    ("viewer", Role::Viewer),
    ("technician", Role::Technician),
    ("dispatcher", Role::Dispatcher),
    ("supervisor", Role::Supervisor),
    ("admin", Role::Admin),
];

/// What `{id}` stands for.
#[derive(Clone, Copy)]
enum Id {
    No,
    Alert,
    Alarm,
    Emergency,
    Station,
    Token,
    SmsRoute,
    Sink,
}

/// A request that is right in all but who makes it, and the answer to each of [`WHO`].
struct Route {
    method: Method,
    path: &'static str,
    id: Id,
    body: Option<(&'static str, Value)>,
    answers: [u16; 7],
}

fn route(method: &str, path: &'static str, id: Id, body: Value, answers: [u16; 7]) -> Route {
    let body = (!body.is_null()).then_some(("application/json", body));
    Route {
        method: method.parse().unwrap(),
        path,
        id,
        body,
        answers,
    }
}

const LOOK: [u16; 7] = [401, 401, 200, 200, 200, 200, 200];
const SEND: [u16; 7] = [401, 401, 403, 403, 200, 200, 200];
const SUPERVISE: [u16; 7] = [401, 401, 403, 403, 403, 200, 200];
const ADMINISTER: [u16; 7] = [401, 401, 403, 403, 403, 403, 200];

/// Every route: who may.
fn routes() -> Vec<Route> {
    let alert = json!({"text": "山火", "targets": ["radio:1"]});
    let because = json!({"because": "tested"});
    let line = json!([{"kind": "radio", "id": "3", "name": "Unit 3"}]);
    let token = json!({"name": "new", "role": "viewer"});
    let until = Wall::from(jiff::Timestamp::now()).plus(Duration::from_secs(3_600));
    let suppress = json!({"site": "plant", "kind": "gas", "until": until, "why": "tested"});
    let none = Value::Null;
    let made = |answers: [u16; 7]| answers.map(|status| if status == 200 { 201 } else { status });
    let may_test = [401, 401, 403, 201, 201, 201, 201];
    let no_salvage = ADMINISTER.map(|status| if status == 200 { 409 } else { status });
    let no_step = SUPERVISE.map(|status| if status == 200 { 409 } else { status });
    vec![
        route("GET", "/api/v1/alerts", Id::No, none.clone(), LOOK),
        route("POST", "/api/v1/alerts", Id::No, alert.clone(), made(SEND)),
        route("POST", "/api/v1/alerts/dry-run", Id::No, alert, LOOK),
        route("GET", "/api/v1/alerts/{id}", Id::Alert, none.clone(), LOOK),
        route(
            "GET",
            "/api/v1/alerts/{id}/deliveries",
            Id::Alert,
            none.clone(),
            LOOK,
        ),
        route(
            "GET",
            "/api/v1/alerts/{id}/timeline",
            Id::Alert,
            none.clone(),
            LOOK,
        ),
        route(
            "POST",
            "/api/v1/alerts/{id}/cancel",
            Id::Alert,
            because.clone(),
            SEND,
        ),
        route(
            "POST",
            "/api/v1/alerts/{id}/resend",
            Id::Alert,
            none.clone(),
            SEND,
        ),
        route(
            "POST",
            "/api/v1/alerts/{id}/answers",
            Id::Alert,
            json!({"recipient": "radio:1", "choice": 1}),
            SEND,
        ),
        route(
            "GET",
            "/api/v1/alerts/{id}/cap",
            Id::Alert,
            none.clone(),
            LOOK,
        ),
        // It was made of no document; see the tests of CAP for one that was.
        route(
            "GET",
            "/api/v1/alerts/{id}/document",
            Id::Alert,
            none.clone(),
            [401, 401, 404, 404, 404, 404, 404],
        ),
        route(
            "GET",
            "/api/v1/alerts/{id}/cpeas",
            Id::Alert,
            none.clone(),
            LOOK,
        ),
        Route {
            body: Some((
                cap::MEDIA_TYPE,
                cap::Document::new("of-a-role").xml().into(),
            )),
            ..route("POST", "/api/v1/cap", Id::No, none.clone(), made(SEND))
        },
        route("GET", "/api/v1/cap/feed", Id::No, none.clone(), LOOK),
        route("GET", "/api/v1/alarms", Id::No, none.clone(), LOOK),
        route("GET", "/api/v1/alarms/{id}", Id::Alarm, none.clone(), LOOK),
        // It is known by then: a new one is answered 201.
        route("POST", "/api/v1/alarms", Id::No, alarm(), SEND),
        route("POST", "/api/v1/alarms/suppress", Id::No, suppress, SEND),
        route("GET", "/api/v1/sinks", Id::No, none.clone(), LOOK),
        route("GET", "/api/v1/sinks/{name}", Id::Sink, none.clone(), LOOK),
        route(
            "POST",
            "/api/v1/sinks/{name}/replay",
            Id::Sink,
            json!({"seq": 1}),
            ADMINISTER,
        ),
        route(
            "POST",
            "/api/v1/sinks/{name}/skip",
            Id::Sink,
            json!({"seq": 1}),
            ADMINISTER,
        ),
        route("GET", "/api/v1/events/page", Id::No, none.clone(), LOOK),
        route("GET", "/api/v1/sms", Id::No, none.clone(), LOOK),
        route(
            "GET",
            "/api/v1/sms/{name}",
            Id::SmsRoute,
            none.clone(),
            LOOK,
        ),
        route(
            "POST",
            "/api/v1/sms/{name}/test",
            Id::SmsRoute,
            json!({"person": "li"}),
            made(SEND),
        ),
        route("GET", "/api/v1/emergencies", Id::No, none.clone(), LOOK),
        route(
            "POST",
            "/api/v1/emergencies/{id}/take",
            Id::Emergency,
            none.clone(),
            SEND,
        ),
        route(
            "POST",
            "/api/v1/emergencies/{id}/close",
            Id::Emergency,
            because,
            SUPERVISE,
        ),
        route("GET", "/api/v1/stations", Id::No, none.clone(), LOOK),
        route(
            "POST",
            "/api/v1/stations/{id}/test",
            Id::Station,
            json!({"radio": 1}),
            may_test,
        ),
        route("GET", "/api/v1/roster", Id::No, none.clone(), LOOK),
        route("POST", "/api/v1/roster", Id::No, line, SUPERVISE),
        route("GET", "/api/v1/tokens", Id::No, none.clone(), ADMINISTER),
        route("POST", "/api/v1/tokens", Id::No, token, made(ADMINISTER)),
        route(
            "DELETE",
            "/api/v1/tokens/{id}",
            Id::Token,
            none.clone(),
            ADMINISTER,
        ),
        route("GET", "/api/v1/whoami", Id::No, none.clone(), LOOK),
        route("GET", "/api/v1/events", Id::No, none.clone(), LOOK),
        route(
            "POST",
            "/api/v1/ledger/export",
            Id::No,
            none.clone(),
            ADMINISTER,
        ),
        route(
            "POST",
            "/api/v1/ledger/trim",
            Id::No,
            json!({"up_to": 1}),
            ADMINISTER,
        ),
        route(
            "POST",
            "/api/v1/ledger/scrub",
            Id::No,
            none.clone(),
            ADMINISTER,
        ),
        route(
            "POST",
            "/api/v1/ledger/salvage/acknowledge",
            Id::No,
            none.clone(),
            no_salvage,
        ),
        route(
            "POST",
            "/api/v1/clock/confirm",
            Id::No,
            none.clone(),
            no_step,
        ),
        route("GET", "/api/v1/health", Id::No, none.clone(), [200; 7]),
        route("GET", "/api/v1/metrics", Id::No, none, LOOK),
    ]
}

/// What a source of the east says.
fn alarm() -> Value {
    json!({"site": "plant", "kind": "gas", "level": "high", "state": "raised", "value": 12})
}

/// A rule of the east.
fn alarm_rule() -> AlarmRule {
    AlarmRule {
        sites: vec!["plant".into()],
        kind: "gas".into(),
        node: "city/east".parse().unwrap(),
        levels: vec![LevelRule {
            level: Level {
                name: "high".into(),
                rank: 40,
            },
            precedence: Precedence::Flash,
            text: "{site}: {value}".into(),
            to: vec![Target::Radio(radio(1))],
            ask: Ask::Receipt,
            sms: false,
        }],
        clear_text: None,
        quiet: Duration::from_secs(300),
        repeat_after: None,
    }
}

/// A running server with two counties: radio 1 in the east, radio 2 in the west.
pub(super) struct Counties {
    pub(super) running: Running,
    app: Router,
    document: Value,
    ids: u128,
    /// What the sink is told: without a listener it would be away.
    _told: tokio::sync::mpsc::Receiver<SinkCommand>,
}

pub(super) struct Told {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) text: String,
}

impl Counties {
    pub(super) async fn new() -> Self {
        Self::with_sinks(vec![], vec![]).await
    }

    /// With these sinks, and these further lines of the roster.
    pub(super) async fn with_sinks(sinks: Vec<SinkPolicy>, further: Vec<RosterEntry>) -> Self {
        let mut policy = policy();
        policy.sinks = sinks;
        for station in &mut policy.stations {
            station.exercises = true;
        }
        policy.routes.push(SmsRoute {
            id: StationId(0xE000_0001),
            name: "operator".into(),
            kind: RouteKind::Smpp,
            exercises: false,
            receipt_wait: Duration::from_secs(900),
            prefixes: vec![],
            signature: String::new(),
            template: String::new(),
            cost: 0,
            daily_cap: 0,
        });
        policy.alarms.push(alarm_rule());
        let running = start_under(policy).await;
        let entries = [(1, "city/east"), (2, "city/west")].map(|(id, node)| {
            RosterEntry::Radio(Radio {
                id: radio(id),
                name: format!("Unit {id}"),
                node: node.parse().unwrap(),
                form: TextForm::Tms,
                confirms: true,
                home: None,
                language: Language::default(),
            })
        });
        let person = RosterEntry::Person(Person {
            id: "li".into(),
            name: "Li".into(),
            node: "city/far".parse().unwrap(),
            radios: vec![],
            phones: vec![Phone::new("13800138000").unwrap()],
            phone_first: false,
            language: Language::default(),
        });
        let import = Request::ImportRoster {
            entries: entries.into_iter().chain([person]).chain(further).collect(),
            replace: true,
        };
        running.ask(import).await.unwrap();
        let mut backend = running.backend.clone();
        let (commands, told) = tokio::sync::mpsc::channel(64);
        backend.sinks = Arc::new(vec![SinkDesk {
            name: "province".into(),
            kind: "webhook",
            node: Node::root(),
            status: Arc::default(),
            commands,
        }]);
        let api = Api::new(backend, Arc::new(Metrics::default()), true).with_cap(cap::rules());
        let mut counties = Self {
            running,
            app: router(api),
            document: conform::document(),
            ids: 1 << 90,
            _told: told,
        };
        for (name, role) in ROLES {
            counties.token(name, role, "").await;
            counties
                .token(&format!("{name}_east"), role, "city/east")
                .await;
            counties
                .token(&format!("{name}_west"), role, "city/west")
                .await;
        }
        counties
    }

    /// The server stops and starts again; what has ended leaves memory at once.
    pub(super) async fn restart_and_let_go(&mut self) {
        self.running.shutdown.cancel();
        (&mut self.running.core).await.unwrap();
        let policy = Policy {
            linger: Duration::ZERO,
            ..policy()
        };
        self.running = start_on(self.running.store.clone(), policy).await;
        let backend = self.running.backend.clone();
        let api = Api::new(backend, Arc::new(Metrics::default()), true).with_cap(cap::rules());
        self.app = router(api);
    }

    /// The same server with other rules for CAP.
    pub(super) fn under(&mut self, rules: crate::model::cap::CapRules) {
        let backend = self.running.backend.clone();
        self.app = router(Api::new(backend, Arc::new(Metrics::default()), true).with_cap(rules));
    }

    fn fresh(&mut self) -> ulid::Ulid {
        self.ids += 1;
        ulid::Ulid::from(self.ids)
    }

    async fn token(&mut self, name: &str, role: Role, node: &str) -> TokenId {
        let id = TokenId(self.fresh());
        let token = Token {
            id,
            name: name.to_owned(),
            role,
            node: node.parse().unwrap(),
            hash: auth::hash(&format!("nc_{name}")),
            created_at: Wall::default(),
        };
        self.running.ask(Request::CreateToken(token)).await.unwrap();
        id
    }

    /// An alert sent by the holder of this token.
    async fn alert(&mut self, token: &str, target: &str) -> String {
        let body =
            json!({"text": format!("to {target}"), "targets": [target], "ask": "acknowledgement"});
        let made = self
            .call(
                Some(token),
                "POST",
                "/api/v1/alerts",
                None,
                &json_body(&body),
            )
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// The sensor alarm of the east.
    async fn sensor_alarm(&self) -> Value {
        let body = json_body(&alarm());
        let path = "/api/v1/alarms";
        let made = self
            .call(Some("nc_dispatcher_east"), "POST", path, None, &body)
            .await;
        assert!(matches!(made.status, 200 | 201), "{}", made.body);
        made.body
    }

    /// An open emergency of this radio that nobody has taken yet.
    async fn emergency(&self, from: u32) -> Emergency {
        if let Some(open) = self.open(from).await {
            let because = "again".to_owned();
            self.running
                .ask(Request::CloseEmergency {
                    id: open.id,
                    because,
                })
                .await
                .unwrap();
        }
        let carrier = CarrierId {
            station: StationId(1),
            slot: Slot::One,
        };
        let what = HeardKind::Emergency {
            from: radio(from),
            to: 9,
        };
        let heard = LinkEvent::Heard(Heard {
            carrier,
            what,
            owed: vec![],
        });
        self.running.link(heard).await;
        loop {
            if let Some(open) = self.open(from).await {
                return open;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn open(&self, from: u32) -> Option<Emergency> {
        let Ok(Response::Emergencies(all)) = self.running.ask(Request::Emergencies).await else {
            panic!("no emergencies")
        };
        all.into_iter()
            .find(|one| one.radio == radio(from) && one.closed.is_none())
    }

    /// Makes a request and holds the answer to the document.
    pub(super) async fn call(
        &self,
        token: Option<&str>,
        method: &str,
        path: &str,
        id: Option<&str>,
        body: &Option<(&str, Vec<u8>)>,
    ) -> Told {
        let bare = path.split('?').next().unwrap();
        let id = id.unwrap_or_default();
        let uri = path.replace("{id}", id).replace("{name}", id);
        let mut request = HttpRequest::builder().method(method).uri(&uri);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = match body {
            Some((kind, bytes)) => request
                .header("content-type", *kind)
                .body(Body::from(bytes.clone())),
            None => request.body(Body::empty()),
        };
        let answer = self.app.clone().oneshot(request.unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let kind = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        let text = if kind.starts_with("text/event-stream") {
            String::new()
        } else {
            let bytes = to_bytes(answer.into_body(), 1 << 24).await.unwrap();
            String::from_utf8(bytes.to_vec()).unwrap()
        };
        let json = kind.contains("json") && !kind.contains("ndjson");
        let body: Value = if json {
            serde_json::from_str(&text).unwrap()
        } else {
            Value::Null
        };
        let fault = conform::fault(
            &self.document,
            &conform::Answer {
                method,
                path: bare,
                status,
                media_type: &kind,
                body: json.then_some(&body),
            },
        );
        assert_eq!(fault, None, "{method} {uri} as {token:?}: {text}");
        Told { status, body, text }
    }

    /// The answer as it comes.
    pub(super) async fn raw(&self, request: HttpRequest<Body>) -> axum::response::Response {
        self.app.clone().oneshot(request).await.unwrap()
    }

    pub(super) async fn get(&self, token: &str, path: &str, id: Option<&str>) -> Told {
        self.call(Some(token), "GET", path, id, &None).await
    }
}

/// A text as it is, everything else as JSON.
fn bytes(body: &Value) -> Vec<u8> {
    body.as_str()
        .map_or_else(|| body.to_string(), str::to_owned)
        .into_bytes()
}

fn json_body(body: &Value) -> Option<(&'static str, Vec<u8>)> {
    Some(("application/json", body.to_string().into_bytes()))
}

#[tokio::test]
async fn every_route_answers_every_role_as_stated() {
    let mut counties = Counties::new().await;
    let table = routes();
    let listed: std::collections::BTreeSet<_> = table
        .iter()
        .map(|route| (route.method.to_string(), route.path.to_owned()))
        .collect();
    assert_eq!(listed, conform::operations(&counties.document));
    for route in table {
        for (who, expected) in WHO.into_iter().zip(route.answers) {
            let id = match route.id {
                Id::No => None,
                Id::Alert => Some(counties.alert("nc_admin", "radio:1").await),
                Id::Alarm => counties.sensor_alarm().await["id"]
                    .as_str()
                    .map(str::to_owned),
                Id::Emergency => Some(counties.emergency(1).await.id.to_string()),
                Id::Station => Some("1".to_owned()),
                Id::SmsRoute => Some("operator".to_owned()),
                Id::Sink => Some("province".to_owned()),
                Id::Token => Some(counties.token("spare", Role::Viewer, "").await.to_string()),
            };
            let body = route.body.as_ref().map(|(kind, body)| (*kind, bytes(body)));
            let method = route.method.as_str();
            let answer = counties
                .call(who, method, route.path, id.as_deref(), &body)
                .await;
            assert_eq!(
                answer.status, expected,
                "{method} {} as {who:?}: {}",
                route.path, answer.text
            );
        }
    }
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn a_token_of_another_node_finds_nothing_and_does_nothing_on_any_route() {
    let mut counties = Counties::new().await;
    let alert = counties.alert("nc_dispatcher_east", "radio:1").await;
    let emergency = counties.emergency(1).await.id.to_string();
    let unknown = counties.emergency(77).await.id.to_string();
    let spare = counties
        .token("spare", Role::Viewer, "city/east")
        .await
        .to_string();
    let sensor = counties.sensor_alarm().await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let because = json_body(&json!({"because": "mine"}));
    // Of a choice that does not exist: what the alert asks must not be told either.
    let answer = json_body(&json!({"recipient": "radio:1", "choice": 9}));
    let nothing = None;
    let cases = [
        ("GET", "/api/v1/alerts/{id}", &alert, &nothing, 404),
        ("GET", "/api/v1/alarms/{id}", &sensor, &nothing, 404),
        (
            "GET",
            "/api/v1/alerts/{id}/deliveries",
            &alert,
            &nothing,
            404,
        ),
        ("GET", "/api/v1/alerts/{id}/timeline", &alert, &nothing, 404),
        ("GET", "/api/v1/alerts/{id}/cap", &alert, &nothing, 404),
        ("POST", "/api/v1/alerts/{id}/cancel", &alert, &because, 404),
        ("POST", "/api/v1/alerts/{id}/resend", &alert, &nothing, 404),
        ("POST", "/api/v1/alerts/{id}/answers", &alert, &answer, 404),
        (
            "POST",
            "/api/v1/emergencies/{id}/take",
            &emergency,
            &nothing,
            404,
        ),
        (
            "POST",
            "/api/v1/emergencies/{id}/close",
            &emergency,
            &because,
            404,
        ),
        (
            "POST",
            "/api/v1/emergencies/{id}/take",
            &unknown,
            &nothing,
            404,
        ),
        ("DELETE", "/api/v1/tokens/{id}", &spare, &nothing, 404),
        ("POST", "/api/v1/clock/confirm", &alert, &nothing, 403),
        ("POST", "/api/v1/ledger/export", &alert, &nothing, 403),
    ];
    for (method, path, id, body, status) in cases {
        let answer = counties
            .call(Some("nc_admin_west"), method, path, Some(id), body)
            .await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        for own in [&alert, "Unit 1", "to radio:1"] {
            assert!(
                !answer.text.contains(own),
                "{method} {path}: {}",
                answer.text
            );
        }
    }
    let refused = [
        (
            "/api/v1/alerts",
            json!({"text": "x", "targets": ["radio:1"]}),
        ),
        ("/api/v1/alerts", json!({"text": "x", "targets": ["all"]})),
        ("/api/v1/alarms", alarm()),
        (
            "/api/v1/alarms/suppress",
            json!({"site": "plant", "kind": "gas", "until": "2000-01-01T00:00:00Z"}),
        ),
        (
            "/api/v1/alerts/dry-run",
            json!({"text": "x", "targets": ["node:city"]}),
        ),
        ("/api/v1/ledger/trim", json!({"up_to": 1})),
        (
            "/api/v1/tokens",
            json!({"name": "n", "role": "viewer", "node": "city/east"}),
        ),
        ("/api/v1/tokens", json!({"name": "n", "role": "viewer"})),
        (
            "/api/v1/roster",
            json!([{"kind": "radio", "id": "3", "name": "n", "node": "city/east"}]),
        ),
        // Taking over a radio of the east.
        (
            "/api/v1/roster",
            json!([{"kind": "radio", "id": "1", "name": "n", "node": "city/west"}]),
        ),
        (
            "/api/v1/roster",
            json!([{"kind": "group", "id": "g", "name": "n", "node": "city/west", "members": [1]}]),
        ),
        (
            "/api/v1/roster?replace=true",
            json!([{"kind": "radio", "id": "3", "name": "n", "node": "city/west"}]),
        ),
    ];
    for (path, body) in refused {
        let answer = counties
            .call(Some("nc_admin_west"), "POST", path, None, &json_body(&body))
            .await;
        assert_eq!(answer.status, 403, "{path} {body}: {}", answer.text);
        assert_eq!(answer.body["type"], "urn:narrowcast:outside-node", "{body}");
    }
    for (path, list, count) in [
        ("/api/v1/alerts", "alerts", 2),
        ("/api/v1/alerts?state=live", "alerts", 2),
        ("/api/v1/emergencies", "emergencies", 1),
        ("/api/v1/alarms", "alarms", 1),
    ] {
        let seen = counties.get("nc_viewer_west", path, None).await;
        assert_eq!(seen.body[list], json!([]), "{path}");
        let seen = counties.get("nc_viewer_east", path, None).await;
        assert_eq!(seen.body[list].as_array().unwrap().len(), count, "{path}");
    }
    let root = counties.get("nc_viewer", "/api/v1/emergencies", None).await;
    assert_eq!(root.body["emergencies"].as_array().unwrap().len(), 2);
    let roster = counties.get("nc_viewer_west", "/api/v1/roster", None).await;
    assert_eq!(roster.body["total"], 1);
    assert_eq!(roster.body["entries"][0]["id"], "2");
    let tokens = counties.get("nc_admin_west", "/api/v1/tokens", None).await;
    let nodes = tokens.body["tokens"].as_array().unwrap();
    assert!(nodes.len() == 5 && nodes.iter().all(|token| token["node"] == "city/west"));
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn a_hundred_alarms_a_second_over_the_api_are_one_alert_with_a_count() {
    let counties = Counties::new().await;
    let before = counties.get("nc_viewer", "/api/v1/health", None).await;
    let first = counties.sensor_alarm().await;
    let began = std::time::Instant::now();
    let mut last = first.clone();
    for _ in 1..300 {
        last = counties.sensor_alarm().await;
    }
    assert_eq!((&last["id"], &last["count"]), (&first["id"], &json!(300)));
    assert_eq!(last["alert"], first["alert"]);
    let alerts = counties.get("nc_viewer", "/api/v1/alerts", None).await;
    let made = alerts.body["alerts"].as_array().unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0]["id"], last["alert"]);
    assert_eq!(made[0]["text"], "plant: 12");
    assert_eq!(made[0]["by"], "dispatcher_east");
    let page = "/api/v1/events/page?limit=1000";
    let events = counties.get("nc_viewer_east", page, None).await;
    let of_alarm = |event: &&Value| {
        let name = event["type"].as_str().unwrap_or_default();
        name.starts_with("alarm_")
    };
    let events = events.body["events"].as_array().unwrap();
    let told = events.iter().filter(of_alarm).count();
    let most = 3 + usize::try_from(began.elapsed().as_secs() / 5).unwrap();
    assert!(
        (2..=most).contains(&told),
        "{told} of {most}: {before:?}",
        before = before.body
    );
    let west = counties.get("nc_viewer_west", page, None).await;
    let events = west.body["events"].as_array().unwrap();
    assert_eq!(events.iter().filter(of_alarm).count(), 0);
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn of_an_alert_from_the_city_a_county_sees_its_share_live_ended_and_out_of_memory() {
    let mut counties = Counties::new().await;
    let alert = counties.alert("nc_dispatcher", "all").await;
    let mut before: Vec<Value> = Vec::new();
    for stage in ["live", "ended", "out of memory"] {
        if stage == "out of memory" {
            counties.restart_and_let_go().await;
            let known = alert.parse().unwrap();
            let asked = counties
                .running
                .backend
                .ask(Credential::System, Request::Alert(known));
            assert!(matches!(asked.await, Ok(Err(Refusal::NotFound(_)))));
        }
        if stage == "ended" {
            let cancel = json_body(&json!({"because": "over"}));
            let path = "/api/v1/alerts/{id}/cancel";
            let outside = counties
                .call(
                    Some("nc_dispatcher_east"),
                    "POST",
                    path,
                    Some(&alert),
                    &cancel,
                )
                .await;
            assert_eq!(outside.status, 403, "it was sent from above");
            let done = counties
                .call(Some("nc_dispatcher"), "POST", path, Some(&alert), &cancel)
                .await;
            assert_eq!(done.status, 200);
        }
        let shown = counties
            .get("nc_viewer_east", "/api/v1/alerts/{id}", Some(&alert))
            .await;
        assert_eq!(shown.body["recipients"], 1, "{}", shown.text);
        assert_eq!(shown.body["part"], true);
        let path = "/api/v1/alerts/{id}/deliveries";
        let part = counties.get("nc_viewer_east", path, Some(&alert)).await;
        let deliveries = part.body["deliveries"].as_array().unwrap();
        assert_eq!(deliveries.len(), 1, "{}", part.text);
        assert_eq!(deliveries[0]["radio"], 1);
        let path = "/api/v1/alerts/{id}/timeline";
        let part = counties.get("nc_viewer_east", path, Some(&alert)).await;
        assert!(
            part.text.contains("Unit 1") && !part.text.contains("Unit 2"),
            "{}",
            part.text
        );
        let whole = counties.get("nc_viewer", path, Some(&alert)).await;
        assert!(whole.text.contains("Unit 1") && whole.text.contains("Unit 2"));
        let mut shown = Vec::new();
        for who in ["nc_viewer", "nc_viewer_east"] {
            for path in ["/api/v1/alerts/{id}", "/api/v1/alerts/{id}/deliveries"] {
                let mut body = counties.get(who, path, Some(&alert)).await.body;
                // What it could have reached is said of live alerts only.
                let deliveries = body["deliveries"].as_array_mut().into_iter().flatten();
                deliveries.for_each(|delivery| delivery["best"] = Value::Null);
                shown.push(body);
            }
            shown.push(counties.get(who, "/api/v1/alerts", None).await.body);
        }
        if stage == "out of memory" {
            for (now, then) in shown.iter().zip(&before) {
                assert_eq!(now, then, "nothing is lost of it when it leaves memory");
            }
        }
        before = shown;
    }
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn the_event_stream_tells_a_county_only_its_own() {
    let mut counties = Counties::new().await;
    let east = counties.alert("nc_dispatcher_east", "radio:1").await;
    let west = counties.alert("nc_dispatcher_west", "radio:2").await;
    let both = counties.alert("nc_dispatcher", "all").await;
    let distress = [counties.emergency(1).await, counties.emergency(2).await];
    let [own, other] = distress.map(|emergency| emergency.id.to_string());
    let last = counties.alert("nc_dispatcher_east", "radio:1").await;
    let stream = counties.stream("nc_viewer_east", &last).await;
    assert!(stream.contains(&east) && stream.contains(&both) && stream.contains(&own));
    for hidden in [
        &west,
        &other,
        "Unit 2",
        "radio:2",
        "token_created",
        "policy_in_force",
    ] {
        assert!(!stream.contains(hidden), "{hidden} in {stream}");
    }
    let stream = counties.stream("nc_admin", &last).await;
    for told in [
        &east,
        &west,
        &own,
        &other,
        "Unit 2",
        "token_created",
        "policy_in_force",
    ] {
        assert!(stream.contains(told), "{told} not in {stream}");
    }
    counties.running.shutdown.cancel();
}

impl Counties {
    /// The events from the beginning up to the acceptance of this alert.
    async fn stream(&self, token: &str, until: &str) -> String {
        let request = HttpRequest::get("/api/v1/events?from=1")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        let answer = self.app.clone().oneshot(request).await.unwrap();
        let mut frames = answer.into_body().into_data_stream();
        let mut text = String::new();
        while !text.contains(until) {
            use futures_util::StreamExt as _;
            let frame = frames.next().await.unwrap().unwrap();
            text.push_str(std::str::from_utf8(&frame).unwrap());
        }
        text
    }
}

#[tokio::test]
async fn while_the_ledger_is_away_emergencies_are_fenced_too() {
    let counties = Counties::new().await;
    counties.emergency(1).await;
    counties.running.store.fail_at(1);
    assert!(counties.running.submit(8).await.is_err());
    counties
        .running
        .board(|board| !board.degraded.is_empty())
        .await;
    let carrier = CarrierId {
        station: StationId(1),
        slot: Slot::One,
    };
    let what = HeardKind::Emergency {
        from: radio(2),
        to: 9,
    };
    let heard = LinkEvent::Heard(Heard {
        carrier,
        what,
        owed: vec![],
    });
    counties.running.link(heard).await;
    counties
        .running
        .board(|board| board.unrecorded.len() == 1)
        .await;
    for (token, radios) in [
        ("nc_viewer_east", json!([1])),
        ("nc_viewer_west", json!([2])),
        ("nc_viewer", json!([2, 1])),
    ] {
        let seen = counties.get(token, "/api/v1/emergencies", None).await;
        let all = seen.body["emergencies"].as_array().unwrap();
        let shown: Vec<&Value> = all.iter().map(|one| &one["radio"]).collect();
        assert_eq!(json!(shown), radios, "{token}");
    }
    counties.running.store.repair();
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn the_last_administrator_of_the_whole_tree_stays() {
    let counties = Counties::new().await;
    let tokens = counties.get("nc_admin", "/api/v1/tokens", None).await;
    let all = tokens.body["tokens"].as_array().unwrap();
    let admin = all.iter().find(|token| token["name"] == "admin").unwrap();
    let id = admin["id"].as_str().unwrap();
    let answer = counties
        .call(
            Some("nc_admin"),
            "DELETE",
            "/api/v1/tokens/{id}",
            Some(id),
            &None,
        )
        .await;
    assert_eq!(
        answer.status, 409,
        "administrators of counties cannot take its place"
    );
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn what_a_radio_or_a_station_says_reaches_no_reader_raw() {
    let mut counties = Counties::new().await;
    let carrier = CarrierId {
        station: StationId(1),
        slot: Slot::One,
    };
    for (reference, hostile) in (0..).zip(crate::model::text::HOSTILE) {
        let what = HeardKind::Text {
            from: radio(1),
            to: narrowcast_protocol::air::Address::Radio(radio(9_990)),
            text: format!("a{hostile}b"),
            reference: Some(reference),
        };
        let heard = Heard {
            carrier,
            what,
            owed: vec![],
        };
        let identified = narrowcast_protocol::session::Notice::StationIdentified {
            station: StationId(1),
            description: format!("a{hostile}b"),
        };
        counties.running.link(LinkEvent::Heard(heard)).await;
        counties.running.link(LinkEvent::Notice(identified)).await;
    }
    let last = counties.alert("nc_admin", "radio:1").await;
    let stream = counties.stream("nc_admin", &last).await;
    assert_eq!(
        stream.matches("event: report_heard").count(),
        crate::model::text::HOSTILE.len()
    );
    let stations = counties.get("nc_admin", "/api/v1/stations", None).await;
    let events = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    for json in events.chain([stations.text.as_str()]) {
        let value: Value = serde_json::from_str(json).unwrap();
        harmless(&value);
    }
    counties.running.shutdown.cancel();
}

fn harmless(value: &Value) {
    match value {
        Value::String(text) => assert_eq!(crate::model::text::check(text), Ok(()), "{text:?}"),
        Value::Array(items) => items.iter().for_each(harmless),
        Value::Object(fields) => fields.values().for_each(harmless),
        _ => {}
    }
}

#[tokio::test]
async fn hostile_text_is_refused_by_name_in_every_field_that_takes_text() {
    let mut counties = Counties::new().await;
    let alert = counties.alert("nc_admin", "radio:1").await;
    let emergency = counties.emergency(1).await.id.to_string();
    for hostile in crate::model::text::HOSTILE {
        let bodies = [
            (
                "/api/v1/alerts",
                None,
                json!({"text": hostile, "targets": ["all"]}),
                "text",
            ),
            (
                "/api/v1/alerts",
                None,
                json!({"text": "x", "targets": [hostile]}),
                "targets[0]",
            ),
            (
                "/api/v1/alerts",
                None,
                json!({"text": "x", "targets": ["all"], "ask": "answers", "answers": [hostile]}),
                "answers[0]",
            ),
            (
                "/api/v1/alerts/dry-run",
                None,
                json!({"text": hostile, "targets": ["all"]}),
                "text",
            ),
            (
                "/api/v1/alerts/{id}/cancel",
                Some(&alert),
                json!({"because": hostile}),
                "because",
            ),
            (
                "/api/v1/emergencies/{id}/close",
                Some(&emergency),
                json!({"because": hostile}),
                "because",
            ),
            (
                "/api/v1/tokens",
                None,
                json!({"name": hostile, "role": "viewer"}),
                "name",
            ),
            (
                "/api/v1/tokens",
                None,
                json!({"name": "n", "role": "viewer", "node": hostile}),
                "node",
            ),
            (
                "/api/v1/roster",
                None,
                json!([{"kind": "radio", "id": "3", "name": hostile}]),
                "[0].name",
            ),
            (
                "/api/v1/roster",
                None,
                json!([{"kind": "group", "id": hostile, "name": "n"}]),
                "[0].id",
            ),
        ];
        for (path, id, body, field) in bodies {
            let id = id.map(String::as_str);
            let answer = counties
                .call(Some("nc_admin"), "POST", path, id, &json_body(&body))
                .await;
            assert_eq!(answer.status, 422, "{path} {body}: {}", answer.text);
            assert_eq!(answer.body["field"], field, "{path} {body}");
            harmless(&answer.body);
        }
    }
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn a_county_imports_no_group_with_another_countys_talkgroup() {
    let counties = Counties::new().await;
    let import = async |who: &str, line: &str| {
        let csv = format!("kind,id,name,node,talkgroup,members\n{line}\n");
        let body = Some(("text/csv", csv.into_bytes()));
        counties
            .call(Some(who), "POST", "/api/v1/roster", None, &body)
            .await
    };
    let east = import("nc_admin", "group,east,East,city/east,77,1").await;
    assert_eq!(east.status, 200, "{}", east.text);
    // Its own radio as member, and the neighbour's talkgroup; one that nobody gave it.
    for talkgroup in [77, 4_711] {
        let line = format!("group,west,West,city/west,{talkgroup},2");
        let taken = import("nc_supervisor_west", &line).await;
        assert_eq!(taken.status, 403, "{}", taken.text);
        assert!(
            taken.text.contains(&format!("talkgroup {talkgroup}")),
            "{}",
            taken.text
        );
    }
    let given = import("nc_admin", "group,west,West,city/west,88,2").await;
    assert_eq!(given.status, 200, "{}", given.text);
    let again = import("nc_supervisor_west", "group,west,West,city/west,88,2").await;
    assert_eq!(again.status, 200, "{}", again.text);
    counties.running.shutdown.cancel();
}
