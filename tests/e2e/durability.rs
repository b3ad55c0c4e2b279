//! kill -9 keeps the page cache, so it cannot show that data reached the disk: the system
//! calls of the real program can.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use crate::support::place::{FIRST_RADIO, Place, http, roster};
use crate::support::{peers, until};

const REQUESTS: usize = 12;

/// What one line of the trace says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Request,
    /// The ledger's file was forced to the medium, and the call has returned.
    Forced,
    Created,
}

/// The calls that matter, in the order in which they ended (requests, forcing) or began
/// (answers): the order that a power cut would see.
fn calls(trace: &str) -> Vec<Call> {
    let mut forcing: Vec<&str> = Vec::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        let is_forcing = call.starts_with("fdatasync(") && call.contains("/ledger/db>");
        if is_forcing && call.ends_with("<unfinished ...>") {
            forcing.push(thread);
        } else if is_forcing && call.ends_with("= 0") {
            calls.push(Call::Forced);
        } else if call.starts_with("<... fdatasync resumed>") && call.ends_with("= 0") {
            let known = forcing.iter().position(|waiting| *waiting == thread);
            if let Some(index) = known {
                forcing.remove(index);
                calls.push(Call::Forced);
            }
        } else if call.contains("POST /api/v1/alerts ") {
            calls.push(Call::Request);
        } else if call.contains("HTTP/1.1 201 ") {
            calls.push(Call::Created);
        }
    }
    calls
}

#[test]
fn a_trace_is_read_in_the_order_in_which_calls_end() {
    let trace = "\
7 recvfrom(9<socket:[1]>, \"POST /api/v1/alerts HTTP/1.1\\r\\n\", 8192, 0, NULL, NULL) = 300
8 fdatasync(5</x/ledger/db> <unfinished ...>
9 fdatasync(6</x/other>) = 0
8 <... fdatasync resumed>) = 0
7 sendto(9<socket:[1]>, \"HTTP/1.1 201 Created\\r\\n\", 200, MSG_NOSIGNAL, NULL, 0) = 200
8 fdatasync(5</x/ledger/db>) = -1 EIO (Input/output error)
8 fdatasync(5</x/ledger/db>) = 0
";
    use Call::{Created, Forced, Request};
    assert_eq!(calls(trace), [Request, Forced, Created, Forced]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_a_request_and_its_201_the_ledger_is_forced_to_the_disk() {
    if !peers::has("strace", "--version") {
        return peers::missing("strace is not installed: it counts the fdatasync calls");
    }
    let (place, http) = (Place::new(), http());
    let trace = place.path("trace");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-y", "-s", "64", "-o"])
        .arg(&trace)
        .args([
            "-e",
            "trace=fdatasync,read,recvfrom,readv,recvmsg,write,sendto,writev,sendmsg",
        ])
        .arg(env!("CARGO_BIN_EXE_narrowcast"));
    let mut tracer = place.start_with(strace);
    let traced = Traced::of(&tracer).await;
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    for number in 0..REQUESTS {
        let (status, body) = place
            .submit(&http, FIRST_RADIO, &format!("alert {number}"))
            .await;
        assert_eq!(status, 201, "{body}");
    }
    until(
        "the trace to be written",
        Duration::from_secs(10),
        async || {
            read(&trace)
                .iter()
                .filter(|call| **call == Call::Created)
                .count()
                == REQUESTS
        },
    )
    .await;
    traced.end(&mut tracer).await;
    judge(&read(&trace));
}

fn read(trace: &Path) -> Vec<Call> {
    calls(&String::from_utf8_lossy(
        &std::fs::read(trace).unwrap_or_default(),
    ))
}

fn judge(calls: &[Call]) {
    let (mut asked, mut forced, mut created) = (false, 0, 0);
    for call in calls {
        match call {
            Call::Request => (asked, forced) = (true, 0),
            Call::Forced => forced += 1,
            Call::Created => {
                assert!(asked, "an answer without a request: {calls:?}");
                assert!(forced > 0, "201 before anything was forced: {calls:?}");
                (asked, created) = (false, created + 1);
            }
        }
    }
    assert_eq!(created, REQUESTS, "{calls:?}");
}

/// The server under its tracer, which lets no signal through and would leave it behind.
struct Traced(String);

impl Traced {
    async fn of(tracer: &tokio::process::Child) -> Self {
        let id = tracer.id().unwrap();
        // strace has short-lived children of its own before it starts the program.
        let child = || {
            let children = format!("/proc/{id}/task/{id}/children");
            let children = std::fs::read_to_string(children).unwrap();
            let is_server = |child: &&str| {
                let name = std::fs::read_to_string(format!("/proc/{child}/comm"));
                name.is_ok_and(|name| name.trim() == "narrowcast")
            };
            children
                .split_whitespace()
                .find(is_server)
                .map(str::to_owned)
        };
        until("the traced server", Duration::from_secs(10), async || {
            child().is_some()
        })
        .await;
        Self(child().unwrap())
    }

    fn signal(&self, name: &str) {
        let mut kill = std::process::Command::new("kill");
        let _ = kill
            .args([name, &self.0])
            .stderr(std::process::Stdio::null())
            .status();
    }

    async fn end(&self, tracer: &mut tokio::process::Child) {
        self.signal("-TERM");
        let ended = tokio::time::timeout(Duration::from_secs(20), tracer.wait()).await;
        assert!(ended.is_ok(), "the traced server did not end");
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        // Only if the test failed before it could end.
        if std::thread::panicking() {
            self.signal("-KILL");
        }
    }
}
