//! What sinks cost the radio side: Flash alerts accepted durably under a load of 2,000 facts a
//! second, without sinks and beside one that is dead and one that takes ten events a second. The
//! two take turns, so that a noisy machine is noisy for both, and what counts is the ratio of a
//! turn with sinks to the turn without them just before. The server runs as it does, without HTTP
//! on our side.
//!
//! `NARROWCAST_SECONDS` says how long each turn lasts, 20 if not set, and `NARROWCAST_TURNS` how
//! many there are of each kind, 3 if not set.

mod bare;
mod city;

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use narrowcast::api::backend::Backend;
use narrowcast::config::Config;
use narrowcast::engine::io::{Credential, Request, Response, Submit};
use narrowcast::model::alert::{Ask, Precedence, Target};
use narrowcast::model::ids::AlertId;
use narrowcast::server::{self, Served};
use tokio_util::sync::CancellationToken;

/// Facts a second.
const LOAD: u64 = 2_000;
/// Between two Flash alerts.
const EVERY: Duration = Duration::from_millis(50);
/// How long a turn of each kind lasts that is not counted: a process takes memory once.
const WARM_UP: Duration = Duration::from_secs(3);

fn main() {
    if !bare::wanted("sinks") {
        return;
    }
    // As the program does: an HTTP client takes it from the process.
    drop(rustls::crypto::ring::default_provider().install_default());
    let (seconds, turns) = (
        number("NARROWCAST_SECONDS", 20),
        number("NARROWCAST_TURNS", 3),
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    println!("sinks: {turns} turns of {seconds} s of each kind, {LOAD} facts/s");
    for sinks in [false, true] {
        runtime.block_on(turn(WARM_UP, sinks));
    }
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..turns {
        for (sinks, turns) in [(false, &mut without), (true, &mut with)] {
            let turn = runtime.block_on(turn(Duration::from_secs(seconds), sinks));
            turn.show(if sinks { "one dead, one slow" } else { "none" });
            turns.push(turn);
        }
    }
    for permille in [500, 990] {
        let at = |turns: &[Turn]| -> Vec<f64> { turns.iter().map(|it| it.at(permille)).collect() };
        let (without, with) = (at(&without), at(&with));
        let ratio = bare::ratio(&with, &without);
        println!(
            "  at {permille} of 1000: median of the turns {:.2} ms without sinks, {:.2} ms with them; ratio {ratio:.2}",
            bare::median(without),
            bare::median(with),
        );
    }
}

fn number(name: &str, without: u64) -> u64 {
    let set = std::env::var(name);
    set.map_or(without, |text| text.parse().expect("a whole number"))
}

/// What a turn gave.
struct Turn {
    /// How long each Flash took, the shortest first.
    flash: Vec<Duration>,
    /// Facts a second.
    facts: f64,
    /// By how many MiB the process grew in the first half and in the second.
    grown: [f64; 2],
    /// Events that receivers took.
    delivered: u64,
}

impl Turn {
    /// So many milliseconds at most took so many of a thousand.
    fn at(&self, permille: usize) -> f64 {
        let last = self.flash.len().saturating_sub(1);
        let found = self.flash.get(last * permille / 1_000).copied();
        1e3 * found.unwrap_or_default().as_secs_f64()
    }

    fn show(&self, sinks: &str) {
        let [early, late] = self.grown;
        println!(
            "  {sinks:<18} Flash median {:.2} ms, p99 {:.2} ms, slowest {:.2} ms of {}; {:.0} facts/s; memory grew by {early:.1} and {late:.1} MiB; {} events taken",
            self.at(500),
            self.at(990),
            self.at(1_000),
            self.flash.len(),
            self.facts,
            self.delivered,
        );
    }
}

async fn turn(length: Duration, sinks: bool) -> Turn {
    let dir = bare::directory();
    let slow = receiver().await;
    let shutdown = CancellationToken::new();
    let config = config(dir.path(), sinks.then_some(slow));
    let Served { backend, core, .. } = server::serve(&config, &shutdown)
        .await
        .expect("the server starts");
    let roster = Request::ImportRoster {
        entries: city::roster(),
        replace: true,
    };
    ask(&backend, roster).await;
    let (from, before, mut half) = (backend.durable.borrow().0, resident(), None);
    let started = Instant::now();
    let load = tokio::spawn(load(backend.clone(), started, length, from));
    let mut flash = Vec::new();
    let mut every = tokio::time::interval(EVERY);
    while started.elapsed() < length {
        every.tick().await;
        if started.elapsed() >= length / 2 {
            half.get_or_insert_with(resident);
        }
        let submit = submit(&backend, 0, Precedence::Flash);
        let asked = Instant::now();
        ask(&backend, Request::Submit(submit)).await;
        flash.push(asked.elapsed());
    }
    load.await.expect("it submits");
    let (half, after) = (half.unwrap_or(before), resident());
    #[expect(clippy::cast_precision_loss, reason = "a rate, to be read by people")]
    let facts = (backend.durable.borrow().0 - from) as f64 / started.elapsed().as_secs_f64();
    let delivered = backend.sinks.iter().map(|sink| sink.status().delivered);
    let delivered = delivered.sum();
    shutdown.cancel();
    core.await.expect("it ends in order");
    flash.sort_unstable();
    Turn {
        flash,
        facts,
        grown: [half - before, after - half],
        delivered,
    }
}

/// Routine alerts, as many as the load wants by now.
async fn load(backend: Backend, started: Instant, length: Duration, from: u64) {
    let mut every = tokio::time::interval(Duration::from_millis(5));
    let mut radio = 0;
    while started.elapsed() < length {
        every.tick().await;
        let due = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX) * LOAD / 1_000;
        let mut under_way = Vec::new();
        // Two facts are the least that an alert makes.
        let missing = due.saturating_sub(backend.durable.borrow().0 - from) / 2;
        for _ in 0..missing.min(64) {
            radio += 1;
            let submit = submit(&backend, radio % city::RADIOS, Precedence::Routine);
            under_way.push(ask(&backend, Request::Submit(submit)));
        }
        futures_util::future::join_all(under_way).await;
    }
}

/// A receiver that takes ten events a second; its port.
async fn receiver() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let slowly = || async { tokio::time::sleep(Duration::from_millis(100)).await };
    let app = Router::new().route("/hook", post(slowly));
    tokio::spawn(async move { axum::serve(listener, app).await });
    port
}

fn config(dir: &Path, slow: Option<u16>) -> Config {
    let mut text = String::new();
    for (name, port) in slow
        .into_iter()
        .flat_map(|port| [("dead", 1), ("slow", port)])
    {
        let _ = write!(
            text,
            "[[webhook]]\nname = \"{name}\"\nurl = \"http://127.0.0.1:{port}/hook\"\nallow_private = true\nsecret = \"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"\n"
        );
    }
    let mut config = Config::parse("bench.toml", &text).expect("it is a configuration");
    config.server.state_dir = dir.to_owned();
    config.ledger.ballast = 0;
    config.capture.enabled = false;
    config
}

async fn ask(backend: &Backend, request: Request) -> Response {
    let answer = backend.ask(Credential::System, request).await;
    answer
        .expect("the engine answers")
        .expect("the engine agrees")
}

fn submit(backend: &Backend, radio: u32, precedence: Precedence) -> Submit {
    let targets = vec![Target::Radio(city::radio_id(2_300_000 + radio))];
    Submit {
        id: AlertId(backend.new_id()),
        precedence,
        ..city::alert(0, targets, Ask::Acknowledgement)
    }
}

/// Resident memory of the process in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|text| text.parse().ok()).unwrap_or(0.0) / 1_024.0
}
