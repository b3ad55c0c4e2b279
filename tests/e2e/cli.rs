//! Every subcommand of `narrowcast` as its users type it: what it prints, how it ends.

use std::path::Path;
use std::time::Duration;

use narrowcast_world::radio::Answers;
use serde_json::Value;

use crate::support::place::{FIRST_RADIO, Place, STATION, http, roster};
use crate::support::site::Site;
use crate::support::until;

const RADIOS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(20);

/// How a command ended and what it printed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// It succeeded; what it printed.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// It failed with `code` and said all of `words`.
    #[track_caller]
    fn badly(self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "`{word}` is missing: {self:?}");
        }
    }

    #[track_caller]
    fn json(self) -> Vec<Value> {
        let out = self.well();
        out.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Runs `narrowcast` with the place's server and this token.
pub(crate) async fn narrowcast(place: &Place, token: &str, arguments: &[&str]) -> Ran {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_narrowcast"))
        .args(arguments)
        .env("NARROWCAST_SERVER", place.server())
        .env("NARROWCAST_TOKEN", token)
        .output()
        .await
        .unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A server with radios that answer `1`, and its administrator at the terminal.
struct Desk {
    place: Place,
    http: reqwest::Client,
    token: String,
    site: Site,
    server: tokio::process::Child,
}

impl Desk {
    async fn open() -> Self {
        let (place, http) = (Place::new(), http());
        let server = place.start();
        place.until_up(&http).await;
        let site = Site::start(place.homebrew, RADIOS, Answers::Text(1), 0.0, 5).await;
        until("a log-in", PATIENCE, async || site.seen().log_ins == 1).await;
        Self {
            token: place.token(),
            place,
            http,
            site,
            server,
        }
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        narrowcast(&self.place, &self.token, arguments).await
    }

    async fn with_roster() -> Self {
        let desk = Self::open().await;
        desk.place.import(&desk.http, roster(RADIOS)).await;
        desk
    }

    async fn stop(&mut self) {
        let id = self.server.id().unwrap().to_string();
        let mut kill = tokio::process::Command::new("kill");
        assert!(kill.arg(id).status().await.unwrap().success());
        let ended = tokio::time::timeout(PATIENCE, self.server.wait()).await;
        let status = ended.expect("the server does not end").unwrap();
        assert!(status.success(), "{status}: {}", self.place.log());
    }
}

fn write(path: &Path, text: &str) -> String {
    std::fs::write(path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_configuration_is_printed_and_checked_with_line_field_and_remedy() {
    let place = Place::new();
    let run = async |arguments: &[&str]| narrowcast(&place, "", arguments).await;
    let default = run(&["config"]).await.well();
    let file = write(&place.path("default.toml"), &default);
    let words = run(&["check-config", &file]).await.well();
    assert!(words.contains("is sound"), "{words}");
    let good = place.config();
    let words = run(&["check-config", good.to_str().unwrap()]).await.well();
    assert!(words.contains("1 station"), "{words}");

    let file = write(&place.path("typo.toml"), "[server]\nlissten = \"x\"\n");
    for command in [
        vec!["check-config", &file],
        vec!["serve", "--config", &file],
    ] {
        run(&command)
            .await
            .badly(1, &["typo.toml:2:1", "did you mean `listen`?"]);
    }
    let file = write(
        &place.path("open.toml"),
        "[server]\nlisten = \"0.0.0.0:7373\"\n",
    );
    for command in [
        vec!["check-config", &file],
        vec!["serve", "--config", &file],
    ] {
        run(&command)
            .await
            .badly(1, &["server.listen", "set tls_cert and tls_key"]);
    }
    run(&["check-config", "/nowhere.toml"])
        .await
        .badly(1, &["/nowhere.toml", "narrowcast config"]);
    run(&["check-config", "--json", &file]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_ask_is_told_why_and_what_to_do() {
    let desk = Desk::open().await;
    let place = &desk.place;
    let list = ["alert", "list"];
    narrowcast(place, "nc_wrong", &list)
        .await
        .badly(1, &["(401)"]);
    narrowcast(place, "nothing", &list)
        .await
        .badly(1, &["(401)", "nc_"]);
    narrowcast(
        place,
        "",
        &["alert", "list", "--server", "http://127.0.0.1:1"],
    )
    .await
    .badly(1, &["is the server running there?", "narrowcast doctor"]);
    desk.run(&["alert", "send", "x"]).await.badly(2, &["--to"]);
    desk.run(&["no-such-command"])
        .await
        .badly(2, &["no-such-command"]);

    let made = desk.run(&[
        "token",
        "create",
        "李",
        "--role",
        "dispatcher",
        "--node",
        "city",
    ]);
    let secret = made.await.well().trim().to_owned();
    assert!(secret.starts_with("nc_"), "{secret}");
    let forbidden = ["token", "create", "x", "--role", "admin"];
    narrowcast(place, &secret, &forbidden)
        .await
        .badly(1, &["(403)"]);
    let listed = desk.run(&["token", "list"]).await.well();
    assert!(
        listed.contains("李") && listed.contains("dispatcher"),
        "{listed}"
    );
    assert!(!listed.contains(&secret), "{listed}");
    let all = desk.run(&["token", "list", "--json"]).await.json();
    let his = all.iter().find(|token| token["name"] == "李").unwrap();
    let id = his["id"].as_str().unwrap();
    let words = desk.run(&["token", "revoke", id]).await.well();
    assert!(words.contains("revoked"), "{words}");
    narrowcast(place, &secret, &list).await.badly(1, &["(401)"]);
    desk.run(&["token", "revoke", id])
        .await
        .badly(1, &["(404)"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roster_goes_in_and_comes_out_and_its_errors_name_line_and_column() {
    let desk = Desk::open().await;
    let place = &desk.place;
    let bad = write(
        &place.path("bad.csv"),
        "kind,id,name,node,form\nradio,2308001,A,city,tms\nradio,x,B,city,tms\n",
    );
    desk.run(&["roster", "import", &bad])
        .await
        .badly(1, &["line 3", "column 2", "(422)"]);
    assert_eq!(
        desk.run(&["roster", "list"]).await.well().lines().count(),
        1
    );
    let good = write(&place.path("good.csv"), &roster(RADIOS));
    let words = desk.run(&["roster", "import", &good]).await.well();
    assert!(words.contains("imported"), "{words}");
    let listed = desk.run(&["roster", "list"]).await.well();
    assert_eq!(listed.lines().count(), 4, "{listed}");
    assert!(listed.contains(&format!(
        "radio,{FIRST_RADIO},Unit 0,city,tms,yes,{STATION}/1"
    )));
    let again = write(&place.path("again.csv"), &listed);
    desk.run(&["roster", "import", "--replace", &again])
        .await
        .well();
    let lines = desk.run(&["roster", "list", "--json"]).await.json();
    assert_eq!(lines.len(), 3);
    desk.run(&["roster", "import", "/nowhere.csv"])
        .await
        .badly(1, &["/nowhere.csv"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_sent_watched_shown_and_listed() {
    let desk = Desk::with_roster().await;
    let to = format!("radio:{FIRST_RADIO}");
    let plan = desk.run(&["alert", "send", "水位超警", "--to", "all", "--dry-run"]);
    let plan = plan.await.well();
    assert!(
        plan.contains("3 recipients") && plan.contains(&format!("{STATION}/1")),
        "{plan}"
    );
    let send = [
        "alert",
        "send",
        "水位超警",
        "--to",
        &to,
        "--precedence",
        "flash",
    ];
    let sent = desk
        .run(&[&send[..], &["--ask", "acknowledgement"]].concat())
        .await
        .well();
    assert!(sent.contains("on record for 1 recipients"), "{sent}");
    assert!(
        sent.contains("answered 1 received 0 transmitted 0 sent 0 failed 0 of 1"),
        "{sent}"
    );
    let id = sent.split_whitespace().nth(1).unwrap();
    let shown = desk.run(&["alert", "show", id]).await.well();
    assert!(
        shown.contains("水位超警") && shown.contains("answered"),
        "{shown}"
    );
    let shown = desk
        .run(&["alert", "show", id, "--unanswered"])
        .await
        .well();
    assert!(!shown.contains("Unit 0"), "{shown}");
    let listed = desk.run(&["alert", "list", "--limit", "5"]).await.well();
    assert!(listed.contains(id), "{listed}");

    let key = ["--no-wait", "--key", "k-1", "--json"];
    let first = desk.run(&[&send[..], &key].concat()).await.json();
    let second = desk.run(&[&send[..], &key].concat()).await.json();
    assert_eq!(first[0]["id"], second[0]["id"], "one key, one alert");
    let other = ["alert", "send", "别的", "--to", &to, "--key", "k-1"];
    desk.run(&other)
        .await
        .badly(1, &["Idempotency-Key", "(422)"]);

    for (target, words) in [("radio:1234567", "targets"), ("radar:1", "targets")] {
        desk.run(&["alert", "send", "x", "--to", target])
            .await
            .badly(1, &[words, "(422)"]);
    }
    desk.run(&["alert", "send", "a\u{202E}b", "--to", &to])
        .await
        .badly(1, &["text", "(422)"]);
    desk.run(&["alert", "show", "nonsense"])
        .await
        .badly(1, &["id", "(422)"]);
    desk.run(&["alert", "show", "01J00000000000000000000000"])
        .await
        .badly(1, &["no such alert", "(404)"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_that_waits_is_sent_again_and_withdrawn() {
    let (place, http) = (Place::new(), http());
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    let token = place.token();
    let run = async |arguments: &[&str]| narrowcast(&place, &token, arguments).await;
    let to = format!("radio:{FIRST_RADIO}");
    // No station is there: nothing is under way.
    let send = ["alert", "send", "回来", "--to", &to, "--no-wait", "--json"];
    let sent = run(&send).await.json();
    let id = sent[0]["id"].as_str().unwrap();
    let words = run(&["alert", "resend", id]).await.well();
    assert!(words.contains("sent again to 1"), "{words}");
    let cancel = ["alert", "cancel", id, "--because", "误报"];
    let words = run(&cancel).await.well();
    assert!(words.contains("cancelled"), "{words}");
    run(&cancel).await.badly(1, &["(409)"]);
    run(&["alert", "resend", id]).await.badly(1, &["(409)"]);
    let shown = run(&["alert", "show", id]).await.well();
    assert!(shown.contains("failed 1 of 1"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emergency_is_listed_taken_and_closed_with_a_reason() {
    let desk = Desk::with_roster().await;
    assert_eq!(desk.run(&["emergency", "list", "--json"]).await.well(), "");
    desk.site.press(FIRST_RADIO);
    until("the emergency in the list", PATIENCE, async || {
        let listed = desk.run(&["emergency", "list"]).await.well();
        listed.contains(&FIRST_RADIO.to_string()) && listed.contains("acknowledged")
    })
    .await;
    let all = desk.run(&["emergency", "list", "--json"]).await.json();
    assert_eq!(all[0]["recorded"], true);
    let id = all[0]["id"].as_str().unwrap();
    let words = desk.run(&["emergency", "take", id]).await.well();
    assert!(words.contains("is yours"), "{words}");
    desk.run(&["emergency", "take", id])
        .await
        .badly(1, &["first administrator", "(409)"]);
    desk.run(&["emergency", "close", id])
        .await
        .badly(2, &["--because"]);
    desk.run(&["emergency", "close", id, "--because", " "])
        .await
        .badly(1, &["because", "(422)"]);
    let words = desk
        .run(&["emergency", "close", id, "--because", "人已救出"])
        .await
        .well();
    assert!(words.contains("closed"), "{words}");
    let all = desk.run(&["emergency", "list", "--json"]).await.json();
    assert_eq!(
        (&all[0]["state"], &all[0]["closed_because"]),
        (&"closed".into(), &"人已救出".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stations_are_listed_and_tested_with_a_drill() {
    let desk = Desk::with_roster().await;
    let all = desk.run(&["station", "list", "--json"]).await.json();
    assert_eq!(
        (&all[0]["id"], &all[0]["up"]),
        (&STATION.into(), &true.into())
    );
    let listed = desk.run(&["station", "list"]).await.well();
    assert!(
        listed.contains("site") && listed.contains("yes"),
        "{listed}"
    );
    let (station, radio) = (STATION.to_string(), FIRST_RADIO.to_string());
    let words = desk
        .run(&["station", "test", &station, "--radio", &radio])
        .await
        .well();
    let id = words
        .split_whitespace()
        .nth(3)
        .unwrap()
        .trim_end_matches(':');
    until("the drill received", PATIENCE, async || {
        let shown = desk.run(&["alert", "show", id]).await.well();
        shown.contains("received 1")
    })
    .await;
    let shown = desk.run(&["alert", "show", id, "--json"]).await.json();
    assert_eq!(shown[0]["exercise"], true);
    desk.run(&["station", "test", "7", "--radio", &radio])
        .await
        .badly(1, &["station"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_is_exported_verified_and_imported_on_line_and_off() {
    let mut desk = Desk::with_roster().await;
    let file = |name: &str| desk.place.path(name).to_str().unwrap().to_owned();
    let (online, offline, copy) = (
        file("online.jsonl"),
        file("offline.jsonl"),
        file("copy.jsonl"),
    );
    let (imported, tampered) = (file("imported"), file("tampered.jsonl"));
    let ledger = desk.place.ledger().to_str().unwrap().to_owned();
    let words = desk.run(&["ledger", "export", &online]).await.well();
    assert!(
        words.contains("exported to") && words.contains("records 1 to"),
        "{words}"
    );
    desk.run(&["ledger", "export", &online])
        .await
        .badly(1, &["exists already"]);
    let live = desk.run(&["verify", "--json"]).await.json();
    assert_eq!(live[0]["ok"], true);
    desk.run(&["verify", "--ledger", &ledger])
        .await
        .badly(1, &["another process"]);
    let config = desk.place.config();
    let doctor = ["doctor", "--config", config.to_str().unwrap()];
    let words = desk.run(&doctor).await.well();
    assert!(
        words.contains("a server answers") && words.contains("is private"),
        "{words}"
    );

    desk.stop().await;
    let ran = desk.run(&doctor).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out.contains("WRONG no answer from") && ran.out.contains("(API) is free"),
        "{ran:?}"
    );
    let words = desk.run(&["verify", "--ledger", &ledger]).await.well();
    assert!(words.contains("the chain is sound"), "{words}");
    desk.run(&["ledger", "export", "--ledger", &ledger, &offline])
        .await
        .well();
    desk.run(&["verify", "--file", &offline]).await.well();
    desk.run(&["ledger", "import", "--ledger", &imported, &offline])
        .await
        .well();
    desk.run(&["ledger", "import", "--ledger", &imported, &offline])
        .await
        .badly(1, &["empty"]);
    desk.run(&["ledger", "export", "--ledger", &imported, &copy])
        .await
        .well();
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    assert_eq!(read(&offline), read(&copy), "to the byte");
    assert!(
        read(&offline).starts_with(&read(&online)),
        "nothing on record was changed"
    );

    let line = read(&offline).lines().nth(1).unwrap().to_owned();
    let stored = line.split("\"stored\":\"").nth(1).unwrap();
    let changed = read(&offline).replacen(&stored[..40], &"00".repeat(20), 1);
    std::fs::write(&tampered, changed).unwrap();
    desk.run(&["verify", "--file", &tampered])
        .await
        .badly(1, &["2"]);
    desk.run(&["verify", "--ledger", "/nowhere"])
        .await
        .badly(1, &["is no ledger"]);
}
