//! Debian's mosquitto as the platform's broker, and its clients as the platform.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::peers;
use super::place::{free_tcp, fresh};
use super::until;

/// A broker on a port of its own; ended by its own id when dropped.
pub(crate) struct Broker {
    dir: tempfile::TempDir,
    pub(crate) port: u16,
    /// What a client program needs to be let in, beside the port.
    access: Vec<String>,
    child: Option<Child>,
}

/// A program of `PATH`, or of where Debian keeps servers.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    places.find_map(|place| Some(place.join(name)).filter(|it| it.is_file()))
}

fn program() -> Option<PathBuf> {
    let found = which("mosquitto");
    if found.is_none() || which("mosquitto_rr").is_none() {
        peers::missing(
            "mosquitto and mosquitto-clients are not installed: `cargo xtask test` does",
        );
        return None;
    }
    found
}

impl Broker {
    /// Starts one that keeps sessions and messages over a kill, or forgets them. `more` are
    /// further lines of its configuration.
    pub(crate) async fn start(persistent: bool, more: &str) -> Option<Self> {
        Self::start_guarded(persistent, more, Vec::new()).await
    }

    /// The same, where every client program needs these further arguments.
    pub(crate) async fn start_guarded(
        persistent: bool,
        more: &str,
        access: Vec<String>,
    ) -> Option<Self> {
        let program = program()?;
        let dir = tempfile::tempdir().unwrap();
        let port = fresh(free_tcp);
        let keeping = if persistent {
            format!(
                "persistence true\npersistence_location {}/\nautosave_interval 1\n\
                 autosave_on_changes true\n",
                dir.path().display()
            )
        } else {
            "persistence false\n".to_owned()
        };
        let text = format!(
            "user root\nlistener {port} 127.0.0.1\nallow_anonymous true\n\
             max_queued_messages 100000\nlog_dest stderr\n{keeping}{more}\n"
        );
        std::fs::write(dir.path().join("mosquitto.conf"), text).unwrap();
        let mut broker = Self {
            dir,
            port,
            access,
            child: None,
        };
        broker.start_again(&program).await;
        Some(broker)
    }

    async fn start_again(&mut self, program: &Path) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .unwrap();
        let mut command = Command::new(program);
        command
            .arg("-c")
            .arg(self.dir.path().join("mosquitto.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        self.child = Some(command.spawn().unwrap());
        let port = self.port;
        until("the broker listens", Duration::from_secs(10), async || {
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
    }

    /// Ends it as a power failure would.
    pub(crate) async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.unwrap();
        }
    }

    /// Starts it again after [`Self::kill`], on the same port.
    pub(crate) async fn revive(&mut self) {
        self.start_again(&program().unwrap()).await;
    }

    /// The table of a sink that goes there.
    pub(crate) fn table(&self, more: &str) -> String {
        format!(
            "[[mqtt]]\nname = \"platform\"\nurl = \"mqtt://127.0.0.1:{}\"\nprefix = \"nc/city\"\n{more}\n",
            self.port
        )
    }

    /// A client program, speaking MQTT 5 to this broker.
    pub(crate) fn client(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(["-V", "mqttv5", "-h", "127.0.0.1", "-p"])
            .arg(self.port.to_string())
            .args(&self.access)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Publishes with `QoS` 1 and waits for the acknowledgement.
    pub(crate) async fn publish(&self, topic: &str, payload: &str, more: &[&str]) {
        let mut command = self.client("mosquitto_pub", &["-q", "1", "-t", topic, "-m", payload]);
        let status = command.args(more).status().await.unwrap();
        assert!(status.success(), "{topic}");
    }

    /// Sends a command and gives the answer: its user property `status`, correlation data and JSON.
    pub(crate) async fn ask(
        &self,
        topic: &str,
        payload: &str,
        reply: &str,
    ) -> (u16, String, Value) {
        let mut command = self.client("mosquitto_rr", &["-q", "1", "-W", "20", "-t", topic]);
        command
            .args([
                "-e",
                reply,
                "-m",
                payload,
                "-D",
                "publish",
                "correlation-data",
                "nr 7",
            ])
            .args(["-F", "%P|%D|%p"]);
        let output = command.output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut parts = text.trim_end().splitn(3, '|');
        let mut part = || parts.next().unwrap_or_default().to_owned();
        let (properties, correlation, payload) = (part(), part(), part());
        let status = properties.split("status:").nth(1).unwrap_or_default();
        let digits: String = status.chars().take_while(char::is_ascii_digit).collect();
        (
            digits.parse().unwrap_or_default(),
            correlation,
            serde_json::from_str(&payload).unwrap_or_default(),
        )
    }

    /// Subscribes; the broker keeps what comes while the watcher is away.
    pub(crate) async fn watch(&self, name: &str, topic: &str) -> Watcher {
        let format = "%t|%q|%r|%P|%p";
        let mut command = self.client(
            "mosquitto_sub",
            &[
                "-q", "1", "-i", name, "-c", "-x", "3600", "-t", topic, "-F", format,
            ],
        );
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let kept = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                kept.lock().unwrap().push(Seen::read(&line));
            }
        });
        // It says nothing when it is subscribed.
        tokio::time::sleep(Duration::from_millis(500)).await;
        Watcher {
            _child: child,
            seen,
        }
    }
}

/// A message as an independent client got it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) topic: String,
    pub(crate) qos: String,
    pub(crate) retained: bool,
    pub(crate) user: String,
    pub(crate) body: Value,
}

impl Seen {
    fn read(line: &str) -> Self {
        let parts: Vec<&str> = line.splitn(5, '|').collect();
        Self {
            topic: parts[0].to_owned(),
            qos: parts[1].to_owned(),
            retained: parts[2] == "1",
            user: parts[3].to_owned(),
            body: serde_json::from_str(parts[4]).unwrap_or_default(),
        }
    }
}

/// A subscriber; ended by its own id when dropped.
pub(crate) struct Watcher {
    _child: Child,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Watcher {
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Positions of the events, in the order in which they came first.
    pub(crate) fn positions(&self) -> Vec<u64> {
        let mut known = std::collections::BTreeSet::new();
        let seen = self.seen();
        let new = seen
            .iter()
            .filter(|it| known.insert(it.body["id"].to_string()));
        new.filter_map(|it| it.body["ncseq"].as_u64()).collect()
    }
}
