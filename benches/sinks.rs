//! What sinks cost the radio side: Flash alerts accepted durably under a load of 2,000 facts a
//! second, without sinks and beside one that is dead and one that takes ten events a second, in
//! turns. The server runs as it does, without HTTP on our side.
//!
//! `NARROWCAST_SECONDS` says how long each turn lasts; 20 if not set.

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
/// Turns with and without sinks.
const TURNS: usize = 3;

fn main() {
    if !bare::wanted("sinks") {
        return;
    }
    // As the program does: an HTTP client takes it from the process.
    drop(rustls::crypto::ring::default_provider().install_default());
    let seconds = std::env::var("NARROWCAST_SECONDS");
    let seconds = seconds.map_or(20, |text| text.parse().expect("a number of seconds"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    println!("sinks: {TURNS} turns of {seconds} s each, {LOAD} facts/s");
    let (mut without, mut with) = (Turn::default(), Turn::default());
    for _ in 0..TURNS {
        without.add(runtime.block_on(turn(Duration::from_secs(seconds), false)));
        with.add(runtime.block_on(turn(Duration::from_secs(seconds), true)));
    }
    without.show("none");
    with.show("one dead, one slow");
}

/// What turns of one kind gave.
#[derive(Default)]
struct Turn {
    flash: Vec<Duration>,
    facts: Vec<f64>,
    grown: Vec<f64>,
    delivered: u64,
}

impl Turn {
    fn add(&mut self, other: Self) {
        self.flash.extend(other.flash);
        self.facts.extend(other.facts);
        self.grown.extend(other.grown);
        self.delivered += other.delivered;
    }

    fn show(mut self, sinks: &str) {
        self.flash.sort_unstable();
        let at = |permille: usize| {
            let last = self.flash.len().saturating_sub(1);
            let found = self.flash.get(last * permille / 1_000).copied();
            1e3 * found.unwrap_or_default().as_secs_f64()
        };
        println!(
            "  {sinks:<18} Flash median {:.2} ms, p99 {:.2} ms, slowest {:.2} ms of {}; {:.0} facts/s; memory grew by {:.0} MiB; {} events taken",
            at(500),
            at(990),
            at(1_000),
            self.flash.len(),
            bare::median(self.facts),
            bare::median(self.grown),
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
    let (from, before) = (backend.durable.borrow().0, resident());
    let started = Instant::now();
    let load = tokio::spawn(load(backend.clone(), started, length, from));
    let mut flash = Vec::new();
    let mut every = tokio::time::interval(EVERY);
    while started.elapsed() < length {
        every.tick().await;
        let submit = submit(&backend, 0, Precedence::Flash);
        let asked = Instant::now();
        ask(&backend, Request::Submit(submit)).await;
        flash.push(asked.elapsed());
    }
    load.await.expect("it submits");
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate and a size, to be read by people"
    )]
    let (facts, grown) = (
        (backend.durable.borrow().0 - from) as f64 / started.elapsed().as_secs_f64(),
        resident().saturating_sub(before) as f64 / 1_024.0,
    );
    let delivered = backend.sinks.iter().map(|sink| sink.status().delivered);
    let delivered = delivered.sum();
    shutdown.cancel();
    core.await.expect("it ends in order");
    Turn {
        flash,
        facts: vec![facts],
        grown: vec![grown],
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

/// Resident memory of the process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|text| text.parse().ok()).unwrap_or(0)
}
