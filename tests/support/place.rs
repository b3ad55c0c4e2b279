//! A directory, free ports and a configuration: where a server of a test lives.

use std::collections::BTreeSet;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};

/// The station of every test.
pub(crate) const STATION: u32 = 460_001;
/// Its passphrase.
pub(crate) const PASSPHRASE: &str = "correct horse battery";
/// Our own address on its system.
pub(crate) const OWN: u32 = 9_990;
/// The talkgroup that we own on its system.
pub(crate) const OWN_GROUP: u32 = 9_991;
/// The first radio; the others follow.
pub(crate) const FIRST_RADIO: u32 = 2_308_001;

/// Ports that tests of this program have taken: the system may offer one twice.
static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

pub(crate) fn fresh(free: impl Fn() -> u16) -> u16 {
    let mut taken = TAKEN.lock().unwrap();
    loop {
        let port = free();
        if taken.insert(port) {
            return port;
        }
    }
}

pub(crate) fn free_tcp() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

fn free_udp() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

/// Where a server lives.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    state: PathBuf,
    scheme: &'static str,
    pub(crate) api: u16,
    pub(crate) homebrew: u16,
}

impl Place {
    /// Everything in a temporary directory, without ballast and marks of free space.
    pub(crate) fn new() -> Self {
        let place = Self::unconfigured(None);
        place.configure("ballast = 0", NO_MARKS, "");
        place
    }

    /// The state is kept in `state` instead. Nothing is configured yet.
    pub(crate) fn unconfigured(state: Option<&Path>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            state: state.map_or_else(|| dir.path().join("state"), Path::to_path_buf),
            dir,
            scheme: "http",
            api: fresh(free_tcp),
            homebrew: fresh(free_udp),
        }
    }

    /// Writes the configuration: these lines in `[ledger]`, `[policy]` and `[server]`.
    pub(crate) fn configure(&self, ledger: &str, policy: &str, server: &str) {
        let (api, homebrew, state) = (self.api, self.homebrew, &self.state);
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:{api}\"\nstate_dir = {state:?}\n{server}\n\
             [ledger]\n{ledger}\n[policy]\n{policy}\n[capture]\nenabled = false\n\
             [[homebrew]]\nlisten = \"127.0.0.1:{homebrew}\"\n\
             [[homebrew.station]]\nid = {STATION}\nname = \"site\"\n\
             passphrase = \"{PASSPHRASE}\"\nown = {OWN}\ngroups = [{OWN_GROUP}]\nexercises = true\n"
        );
        std::fs::write(self.config(), text).unwrap();
    }

    /// Adds tables to the configuration.
    pub(crate) fn add(&self, tables: &str) {
        let text = std::fs::read_to_string(self.config()).unwrap();
        std::fs::write(self.config(), format!("{text}\n{tables}")).unwrap();
    }

    /// From now on its API is asked over TLS.
    pub(crate) fn over_tls(&mut self) {
        self.scheme = "https";
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("narrowcast.toml")
    }

    /// A file beside the configuration.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.state.join("ledger")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Starts the server. It is killed by its own id when the handle is dropped.
    pub(crate) fn start(&self) -> Child {
        self.start_with(Command::new(env!("CARGO_BIN_EXE_narrowcast")))
    }

    /// Starts the server by a command that ends with its program.
    pub(crate) fn start_with(&self, mut command: Command) -> Child {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        command
            .args(["serve", "--config"])
            .arg(self.config())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    pub(crate) fn server(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.api)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.server())
    }

    /// The first administrator's token.
    pub(crate) fn token(&self) -> String {
        std::fs::read_to_string(self.state.join("admin.token"))
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    pub(crate) async fn until_up(&self, http: &reqwest::Client) {
        for _ in 0..800 {
            let asked = http
                .get(self.url("whoami"))
                .bearer_auth(self.token())
                .send()
                .await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the server did not come up:\n{}", self.log());
    }

    /// The status and body of an answer; a body that is no JSON is null.
    pub(crate) async fn get(&self, http: &reqwest::Client, path: &str) -> (u16, Value) {
        let request = http.get(self.url(path)).bearer_auth(self.token());
        answered(request).await
    }

    pub(crate) async fn post(
        &self,
        http: &reqwest::Client,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        let request = http.post(self.url(path)).bearer_auth(self.token());
        answered(request.json(body)).await
    }

    /// Submits a text to one radio.
    pub(crate) async fn submit(
        &self,
        http: &reqwest::Client,
        radio: u32,
        text: &str,
    ) -> (u16, Value) {
        let body = serde_json::json!({
            "text": text, "precedence": "flash", "ask": "receipt", "targets": [format!("radio:{radio}")],
        });
        self.post(http, "alerts", &body).await
    }

    pub(crate) async fn import(&self, http: &reqwest::Client, csv: String) {
        let request = http.post(self.url("roster")).bearer_auth(self.token());
        let request = request.header("Content-Type", "text/csv").body(csv);
        let (status, body) = answered(request).await;
        assert_eq!(status, 200, "{body}");
    }
}

/// Nothing is refused for want of space.
pub(crate) const NO_MARKS: &str =
    "space_low_bytes = 1\nspace_low_permille = 0\nspace_critical_permille = 0";

async fn answered(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_default())
}

/// A client that speaks to the server only.
pub(crate) fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .tls_certs_only([])
        .build()
        .unwrap()
}

/// A roster of `radios` radios, odd ones on timeslot 1 of the station, even ones on 2.
pub(crate) fn roster(radios: u32) -> String {
    let head = "kind,id,name,node,form,confirms,home,talkgroup,members\n".to_owned();
    (0..radios).fold(head, |csv, index| {
        let slot = index % 2 + 1;
        format!(
            "{csv}radio,{},Unit {index},city,tms,yes,{STATION}/{slot},,\n",
            FIRST_RADIO + index
        )
    })
}
