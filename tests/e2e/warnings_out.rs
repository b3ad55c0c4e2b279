//! Alerts that leave as documents by themselves: over a webhook, into a directory, as a feed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path as Named, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use narrowcast_protocol::warning::cap::{self, Alert, MsgType, Status};
use narrowcast_protocol::warning::cpeas;
use narrowcast_protocol::warning::feed::{self, Place as Linked};
use narrowcast_protocol::warning::xml::Strictness;
use serde_json::{Value, json};

use crate::support::place::{FIRST_RADIO, Place, http};
use crate::support::{schema, until};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const PATIENCE: Duration = Duration::from_secs(30);

/// A document as it came: over which webhook, and its content type.
#[derive(Debug, Clone)]
struct Got {
    hook: String,
    kind: String,
    xml: String,
}

/// What receives over webhooks.
#[derive(Clone, Default)]
struct Platform(Arc<Mutex<Vec<Got>>>);

impl Platform {
    async fn start(&self) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Router::new()
            .route("/{hook}", post(take))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        port
    }

    fn got(&self, hook: &str) -> Vec<String> {
        let all = self.0.lock().unwrap();
        let of = all.iter().filter(|it| it.hook == hook);
        of.map(|it| it.xml.clone()).collect()
    }

    fn cap(&self) -> Vec<Alert> {
        self.got("cap").iter().map(|xml| read(xml)).collect()
    }

    fn national(&self) -> Vec<cpeas::Message> {
        let all = self.got("cpeas");
        all.iter().map(|xml| read_national(xml)).collect()
    }

    /// Whether every document came with the content type of its form.
    fn all_of_their_kind(&self) -> bool {
        let all = self.0.lock().unwrap();
        all.iter().all(|it| {
            it.kind
                == if it.hook == "cap" {
                    "application/cap+xml"
                } else {
                    "application/xml"
                }
        })
    }
}

async fn take(
    State(platform): State<Platform>,
    Named(hook): Named<String>,
    headers: HeaderMap,
    xml: String,
) -> StatusCode {
    let verifier = standardwebhooks::Webhook::new(SECRET).unwrap();
    if verifier.verify(xml.as_bytes(), &headers).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let kind = headers["content-type"].to_str().unwrap().to_owned();
    platform.0.lock().unwrap().push(Got { hook, kind, xml });
    StatusCode::OK
}

/// The alert of a document that every receiver takes.
fn read(xml: &str) -> Alert {
    let document = cap::read(xml.as_bytes(), Strictness::Strict).unwrap();
    let [received] = document.alerts.as_slice() else {
        panic!("{xml}");
    };
    assert!(received.is_valid(), "{:?}\n{xml}", received.faults);
    received.acceptable().unwrap().clone()
}

fn read_national(xml: &str) -> cpeas::Message {
    let received = cpeas::read(xml.as_bytes(), Strictness::Strict).unwrap();
    assert!(!received.has_errors(), "{:?}\n{xml}", received.faults);
    received.acceptable().unwrap().clone()
}

/// A server that feeds a platform and two directories in both forms.
struct Out {
    place: Place,
    http: reqwest::Client,
    platform: Platform,
    server: tokio::process::Child,
}

impl Out {
    async fn start() -> Self {
        let (place, http, platform) = (Place::new(), http(), Platform::default());
        let port = platform.start().await;
        let mut tables = format!(
            "[cap]\nsender = \"nc.example\"\nall_clear = false\n\
             default_targets = [\"system:province\"]\n\
             [cap.national]\nsender = \"郑州市应急管理局\"\nsender_code = \"41010041600000\"\n\
             event_type = \"11B03\"\n\
             [[cap.area]]\nname = \"西区\"\ntargets = [\"radio:{FIRST_RADIO}\"]\n"
        );
        for form in FORMS {
            let directory = place.path(form);
            std::fs::create_dir(&directory).unwrap();
            let hook = if form == "cap" { "province" } else { "bureau" };
            tables += &format!(
                "[[webhook]]\nname = \"{hook}\"\nformat = \"{form}\"\nsecret = \"{SECRET}\"\n\
                 url = \"http://127.0.0.1:{port}/{form}\"\nallow_private = true\n\
                 [[cap.out]]\nname = \"{form}-out\"\ndirectory = {directory:?}\n{}",
                if form == "cap" {
                    ""
                } else {
                    "form = \"cpeas\"\n"
                }
            );
        }
        place.add(&tables);
        let server = place.start();
        place.until_up(&http).await;
        let roster = format!(
            "kind,id,name,node,form,sink\nsystem,province,Province,city,,province\n\
             radio,{FIRST_RADIO},West,city,tms,\n"
        );
        place.import(&http, roster).await;
        Self {
            place,
            http,
            platform,
            server,
        }
    }

    /// Posts a document: the status and body of the answer.
    async fn warn(&self, document: &str) -> (u16, Value) {
        let request = self.http.post(self.place.url("cap"));
        let request = request
            .bearer_auth(self.place.token())
            .header("content-type", "application/cap+xml")
            .body(document.to_owned());
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }

    /// The alert that a document becomes.
    async fn warned(&self, document: &str) -> String {
        let (status, told) = self.warn(document).await;
        assert_eq!(status, 201, "{told}");
        told["alert"]["id"].as_str().unwrap().to_owned()
    }

    async fn alert(&self, id: &str) -> Value {
        let (status, alert) = self.place.get(&self.http, &format!("alerts/{id}")).await;
        assert_eq!(status, 200, "{alert}");
        alert
    }

    async fn until_settled(&self, id: &str) {
        until("all its deliveries have settled", PATIENCE, async || {
            !self.alert(id).await["ended_at"].is_null()
        })
        .await;
        assert_eq!(self.alert(id).await["counts"]["cancelled"], 0);
    }

    async fn until_got(&self, hook: &str, count: usize) {
        until("the documents are there", PATIENCE, async || {
            self.platform.got(hook).len() >= count
        })
        .await;
    }

    /// What is there under this path of the interface.
    async fn text(&self, path: &str) -> String {
        let request = self.http.get(format!("{}{path}", self.place.server()));
        let request = request.bearer_auth(self.place.token());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    /// The documents of a directory by their names.
    fn files(&self, form: &str) -> BTreeMap<String, String> {
        let directory: PathBuf = self.place.path(form);
        let files = std::fs::read_dir(&directory).unwrap();
        let files = files.map(|it| it.unwrap().file_name().into_string().unwrap());
        let whole = files.filter(|name| !name.starts_with('.'));
        let text = |name: &String| std::fs::read_to_string(directory.join(name)).unwrap();
        whole.map(|name| (name.clone(), text(&name))).collect()
    }

    async fn until_files(&self, form: &str, count: usize) -> BTreeMap<String, String> {
        until("the files are there", PATIENCE, async || {
            self.files(form).len() >= count
        })
        .await;
        self.files(form)
    }

    /// The documents that the feed leads to.
    async fn of_the_feed(&self) -> Vec<String> {
        let feed = self.text("/api/v1/cap/feed").await;
        let mut documents = Vec::new();
        for entry in feed::read(feed.as_bytes()).unwrap() {
            let Linked::Link(link) = &entry.document else {
                panic!("{entry:?}");
            };
            documents.push(self.text(link).await);
        }
        documents
    }

    /// Whatever has left is valid for those who wrote the rules: the schema of CAP, and the checker
    /// that goes with the server.
    async fn judge(&self) {
        let mut documents = self.platform.got("cap");
        documents.extend(self.files("cap").into_values());
        documents.extend(self.of_the_feed().await);
        schema::all_valid(&documents);
        let national = self.files("cpeas").into_keys();
        for file in national.map(|name| self.place.path("cpeas").join(name)) {
            let mut check = Command::new(env!("CARGO_BIN_EXE_narrowcast"));
            let check = check.args(["cap", "check", "--strict"]).arg(&file);
            let judged = check.stdin(Stdio::null()).output().unwrap();
            let said = String::from_utf8_lossy(&judged.stdout);
            assert!(judged.status.success(), "{}: {said}", file.display());
        }
        assert!(self.platform.all_of_their_kind());
    }
}

const FORMS: [&str; 2] = ["cap", "cpeas"];

/// A CAP message for the system that the platform is.
#[derive(Clone)]
struct Warning {
    identifier: &'static str,
    sent: String,
    status: &'static str,
    kind: &'static str,
    of: String,
    area: &'static str,
    expires: String,
}

fn at(hours: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
    format!("{}+00:00", &at.to_string()[..19])
}

impl Warning {
    fn new(identifier: &'static str) -> Self {
        Self {
            identifier,
            sent: at(0),
            status: "Actual",
            kind: "Alert",
            of: String::new(),
            area: "全市",
            expires: at(2),
        }
    }

    /// A later message that names this one.
    fn then(&self, identifier: &'static str, kind: &'static str) -> Self {
        Self {
            identifier,
            kind,
            of: format!("bureau@cap.example,{},{}", self.identifier, self.sent),
            ..self.clone()
        }
    }

    fn xml(&self) -> String {
        let references = match self.of.as_str() {
            "" => String::new(),
            of => format!("<references>{of}</references>"),
        };
        let (identifier, sent, status, kind) =
            (self.identifier, &self.sent, self.status, self.kind);
        let (area, expires) = (self.area, &self.expires);
        format!(
            "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{identifier}</identifier>\
             <sender>bureau@cap.example</sender><sent>{sent}</sent><status>{status}</status>\
             <msgType>{kind}</msgType><scope>Public</scope>{references}<info>\
             <language>zh-CN</language><category>Met</category><event>山洪</event>\
             <urgency>Immediate</urgency><severity>Extreme</severity><certainty>Observed</certainty>\
             <expires>{expires}</expires><headline>山洪预警 {identifier}</headline>\
             <area><areaDesc>{area}</areaDesc><circle>34.75,113.65 30</circle></area></info></alert>"
        )
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_that_ends_after_all_its_deliveries_have_settled_leaves_one_cancel_everywhere() {
    let out = Out::start().await;
    let warning = Warning::new("a-1");
    let id = out.warned(&warning.xml()).await;
    out.until_settled(&id).await;
    let (status, told) = out.warn(&warning.then("a-2", "Cancel").xml()).await;
    assert_eq!(
        (status, &told["outcome"]),
        (200, &json!("cancelled")),
        "{told}"
    );
    for form in FORMS {
        out.until_got(form, 2).await;
        out.until_files(form, 2).await;
    }
    let got = out.platform.cap();
    assert_eq!(
        (got[0].msg_type, got[1].msg_type),
        (MsgType::Alert, MsgType::Cancel)
    );
    assert_eq!(got[0], read(&warning.xml()));
    assert_eq!(got[1].references, [got[0].id()]);
    let national = out.platform.national();
    assert_eq!(national[1].msg_type.name(), "Cancel");
    assert_eq!(
        national[1].references.as_ref(),
        Some(&national[0].identifier)
    );
    assert!(out.files("cap").contains_key(&format!("{id}.cancel.xml")));
    // Whoever asks is told the same.
    let asked = out.text(&format!("/api/v1/alerts/{id}/cap")).await;
    assert_eq!(read(&asked), got[1]);
    let asked = out.text(&format!("/api/v1/alerts/{id}/cpeas")).await;
    assert_eq!(read_national(&asked), national[1]);
    assert_eq!(read(&out.of_the_feed().await[0]), got[1]);
    out.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_that_ends_while_it_is_on_its_way_leaves_one_cancel_also_across_a_kill() {
    let mut out = Out::start().await;
    let mut warning = Warning::new("a-1");
    // Its radio is never there.
    warning.area = "西区";
    let id = out.warned(&warning.xml()).await;
    let (status, told) = out.warn(&warning.then("a-2", "Cancel").xml()).await;
    assert_eq!((status, &told["cancelled"]), (200, &json!([id])), "{told}");
    for form in FORMS {
        out.until_got(form, 2).await;
    }
    out.server.kill().await.unwrap();
    out.server = out.place.start();
    out.place.until_up(&out.http).await;
    // What comes later comes after whatever else there would be of the warning.
    let last = out.warned(&Warning::new("b-1").xml()).await;
    for form in FORMS {
        until("the last one is there", PATIENCE, async || {
            out.files(form).contains_key(&format!("{last}.xml"))
        })
        .await;
        let names: Vec<String> = out.files(form).into_keys().collect();
        assert_eq!(names.len(), 3, "{names:?}");
    }
    until("it has come", PATIENCE, async || {
        out.platform
            .cap()
            .iter()
            .any(|it| it.identifier.as_str() == "b-1")
    })
    .await;
    let names = out.platform.cap();
    let names: std::collections::BTreeSet<&str> =
        names.iter().map(|it| it.identifier.as_str()).collect();
    let cancel = format!("{id}.cancel");
    assert_eq!(names, ["a-1", "b-1", cancel.as_str()].into());
    out.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_takes_the_place_of_what_went_out_before_in_every_form() {
    let out = Out::start().await;
    let warning = Warning::new("a-1");
    let first = out.warned(&warning.xml()).await;
    out.until_settled(&first).await;
    let update = warning.then("a-2", "Update");
    let second = out.warned(&update.xml()).await;
    out.until_settled(&second).await;
    let (status, told) = out.warn(&update.then("a-3", "Cancel").xml()).await;
    assert_eq!(status, 200, "{told}");
    out.until_got("cap", 3).await;
    out.until_got("cpeas", 4).await;
    let got = out.platform.cap();
    let kinds: Vec<MsgType> = got.iter().map(|it| it.msg_type).collect();
    assert_eq!(kinds, [MsgType::Alert, MsgType::Update, MsgType::Cancel]);
    assert_eq!(got[1].references, [got[0].id()]);
    assert_eq!(got[2].references, [got[1].id()]);
    // The national form of an Update of CAP names nothing: the version before ends by a Cancel.
    let national = out.platform.national();
    let kinds: Vec<&str> = national.iter().map(|it| it.msg_type.name()).collect();
    assert_eq!(kinds, ["Alert", "Alert", "Cancel", "Cancel"]);
    assert_eq!(
        national[2].references.as_ref(),
        Some(&national[0].identifier)
    );
    assert_eq!(
        national[3].references.as_ref(),
        Some(&national[1].identifier)
    );
    out.until_files("cap", 3).await;
    let files = out.until_files("cpeas", 4).await;
    assert!(
        files.contains_key(&format!("{first}.cancel.xml")),
        "{files:?}"
    );
    out.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exercise_never_leaves_as_something_actual_in_any_form() {
    let out = Out::start().await;
    let mut drill = Warning::new("e-1");
    drill.status = "Exercise";
    let id = out.warned(&drill.xml()).await;
    out.until_settled(&id).await;
    let update = drill.then("e-2", "Update");
    let second = out.warned(&update.xml()).await;
    out.until_settled(&second).await;
    assert_eq!(out.warn(&update.then("e-3", "Cancel").xml()).await.0, 200);
    let own = json!({"text": "演习", "ask": "receipt", "exercise": true,
        "targets": ["system:province", format!("radio:{FIRST_RADIO}")]});
    let (status, receipt) = out.place.post(&out.http, "alerts", &own).await;
    assert_eq!(status, 201, "{receipt}");
    let own = receipt["id"].as_str().unwrap();
    let because = json!({"because": "over"});
    let (status, told) = out
        .place
        .post(&out.http, &format!("alerts/{own}/cancel"), &because)
        .await;
    assert_eq!(status, 200, "{told}");
    // As it came in the national form, too, with words that do not say that it is a drill.
    let national = national("Exercise");
    out.warned(&national).await;
    out.until_got("cap", 6).await;
    out.until_got("cpeas", 7).await;
    out.until_files("cap", 6).await;
    out.until_files("cpeas", 7).await;
    for xml in out
        .files("cap")
        .into_values()
        .chain(out.of_the_feed().await)
    {
        assert_eq!(read(&xml).status, Status::Exercise, "{xml}");
    }
    assert!(
        out.platform
            .cap()
            .iter()
            .all(|it| it.status == Status::Exercise)
    );
    let mut all = out.platform.national();
    all.extend(out.files("cpeas").values().map(|xml| read_national(xml)));
    assert_eq!(all.len(), 14);
    for message in all {
        let sms = message.text_of(&message.methods[0]);
        assert_eq!(message.status.name(), "Exercise", "{message:?}");
        assert!(message.info.headline.starts_with("【演练】"), "{message:?}");
        assert!(sms.starts_with("【演练】"), "{message:?}");
    }
    out.judge().await;
}

/// An alert of the national form.
fn national(status: &str) -> String {
    let sent = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(8);
    let sent = format!("{}+08:00", sent.to_string()[..19].replace('T', " "));
    format!(
        "<alert><identifier>41010041600001_20261123100000</identifier><sender>郑州市气象台</sender>\
         <senderCode>41010041600001</senderCode><sendTime>{sent}</sendTime><status>{status}</status>\
         <msgType>Alert</msgType><scope>Public</scope>\
         <code><method><methodName>SMS</methodName><message>暴雨</message></method></code>\
         <info><language>zh-CN</language><eventType>11B03</eventType><urgency>Unknown</urgency>\
         <severity>Yellow</severity><certainty>Unknown</certainty><effective>{sent}</effective>\
         <senderName>张三</senderName><headline>发布暴雨黄色预警</headline>\
         <description>请注意防范</description><area><areaDesc>郑州市</areaDesc>\
         <geocode>410100000000</geocode></area></info></alert>"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_in_the_national_form_goes_on_as_it_was_and_is_ended_by_its_own_name() {
    let out = Out::start().await;
    let came = national("Actual");
    let id = out.warned(&came).await;
    out.until_settled(&id).await;
    let first = "41010041600001_20261123100000";
    let end = came
        .replace(first, "41010041600001_20261123110000")
        .replace("<msgType>Alert", "<msgType>Cancel")
        .replace("<info>", &format!("<references>{first}</references><info>"));
    let (status, told) = out.warn(&end).await;
    assert_eq!(status, 200, "{told}");
    out.until_got("cpeas", 2).await;
    out.until_got("cap", 2).await;
    let national = out.platform.national();
    assert_eq!(national[0], read_national(&came));
    assert_eq!(national[1].msg_type.name(), "Cancel");
    assert_eq!(national[1].references.as_ref().unwrap().to_string(), first);
    let got = out.platform.cap();
    assert_eq!(got[1].references, [got[0].id()]);
    out.judge().await;
}
