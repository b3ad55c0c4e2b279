//! A program of another language that plays an operator: it says its port or path first, then
//! a line of JSON for each thing that happens.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use super::peers;

/// The program; killed by its own id when dropped.
pub(crate) struct PeerProcess {
    _child: Child,
    /// It ends when this does.
    _input: ChildStdin,
    said: Arc<Mutex<Vec<Value>>>,
}

/// The interpreter of `NARROWCAST_PEER_PYTHON`, with a script of `tests/peers`.
pub(crate) fn python(script: &str) -> Option<Command> {
    let Some(python) = std::env::var_os("NARROWCAST_PEER_PYTHON") else {
        peers::missing("NARROWCAST_PEER_PYTHON is not set: `cargo xtask test` installs the peers");
        return None;
    };
    let mut command = Command::new(python);
    command.arg(file(script));
    Some(command)
}

/// Node.js with a script of `tests/peers`; `NARROWCAST_PEER_NODE` has its packages.
pub(crate) fn node(script: &str) -> Option<Command> {
    if std::env::var_os("NARROWCAST_PEER_NODE").is_none() {
        peers::missing("NARROWCAST_PEER_NODE is not set: `cargo xtask test` installs the peers");
        return None;
    }
    let mut command = Command::new("node");
    command.arg(file(script));
    Some(command)
}

fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "peers", name]
        .iter()
        .collect()
}

impl PeerProcess {
    pub(crate) async fn start(mut command: Command, arguments: &[&str]) -> Self {
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                kept.lock().unwrap().push(value);
            }
        });
        let peer = Self {
            _child: child,
            _input: input,
            said,
        };
        peer.until("its first word", |said| !said.is_empty()).await;
        peer
    }

    /// All lines so far.
    pub(crate) fn said(&self) -> Vec<Value> {
        self.said.lock().unwrap().clone()
    }

    /// The lines that have this key.
    pub(crate) fn of(&self, key: &str) -> Vec<Value> {
        let mut said = self.said();
        said.retain(|line| !line[key].is_null());
        said
    }

    /// The value of the first line.
    pub(crate) fn first(&self, key: &str) -> Value {
        self.said()[0][key].clone()
    }

    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&[Value]) -> bool) {
        for _ in 0..800 {
            if holds(&self.said.lock().unwrap()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("not in time: {what}: {:#?}", self.said());
    }
}
