//! Alerts accepted durably, through the server as it runs, without HTTP: backend, engine,
//! hash, ledger. Beside it bare sled and a bare file that are given the same bytes in the same
//! batches, in turns, so that a noisy disk is noisy for all of them.
//!
//! `one`: 64 submitters, one recipient each; the target is 0.7 of bare sled that is given the
//! batches which the core formed. `waiting`: the same behind 50,000 Routine deliveries that wait
//! for 50 stations which are not there. `lone`: a single submitter; the target is two bare commits.
//! `many`: one alert to 10,000 recipients; the target is 200 ms.

mod bare;
mod city;

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use bare::{Appended, Raw, Sled, median, ratio};
use narrowcast::api::backend::Backend;
use narrowcast::config::Config;
use narrowcast::engine::io::{Credential, Request, Response, Submit};
use narrowcast::ledger::record::Stored;
use narrowcast::model::alert::{Ask, Precedence, Target};
use narrowcast::model::ids::{AlertId, Seq};
use narrowcast::server::{self, Served};
use tokio_util::sync::CancellationToken;

const SUBMITTERS: u32 = 64;
const ROUNDS: u32 = 200;
const REPEATS: usize = 5;
/// Alerts to 10,000 in one repeat.
const LARGE: u32 = 5;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    if bare::wanted("submit one") {
        one(&runtime, "one", 0);
    }
    if bare::wanted("submit waiting") {
        one(&runtime, "waiting", city::COUNTIES / 2);
    }
    if bare::wanted("submit lone") {
        lone(&runtime);
    }
    if bare::wanted("submit many") {
        many(&runtime);
    }
}

/// What a run of the server gave: how long it took, and what the ledger holds of it.
struct Run {
    took: Vec<Duration>,
    submits: Vec<Vec<Raw>>,
    /// The last position of each batch that the core formed, as it became durable. Two that
    /// followed too closely to be told apart count as one, which favours what is compared.
    ends: Vec<Seq>,
}

/// `before`: Routine alerts to 10,000 recipients each that nothing of has left yet.
fn one(runtime: &tokio::runtime::Runtime, what: &str, before: u32) {
    let mut took = [const { Vec::new() }; 3];
    let mut batches = Vec::new();
    let mut bytes = 0;
    for _ in 0..REPEATS {
        let [server, sled, file] = &mut took;
        let run = runtime.block_on(served(before, crowd));
        server.push(seconds(run.took.iter().sum()));
        bytes = bytes_of(&run.submits);
        batches.push(run.ends.len() as f64);
        let dir = bare::directory();
        let mut db = Sled::open(dir.path());
        sled.push(in_batches(&run, |batch| db.commit(batch)));
        let mut log = Appended::open(dir.path());
        file.push(in_batches(&run, |batch| log.commit(batch)));
    }
    let submits = f64::from(SUBMITTERS * ROUNDS);
    let rates = took.map(|took| {
        took.into_iter()
            .map(|took| submits / took)
            .collect::<Vec<_>>()
    });
    println!(
        "submit {what}: {} deliveries waiting, {SUBMITTERS} submitters, {ROUNDS} alerts each, one recipient, {bytes} bytes an alert, {:.0} alerts a batch",
        before * city::RADIOS / city::COUNTIES * 2,
        submits / median(batches)
    );
    for (who, rates) in ["server", "sled", "file"].iter().zip(&rates) {
        println!("  {who:<8} {:>9.0} alerts/s", median(rates.clone()));
    }
    let [server, sled, file] = &rates;
    println!(
        "  server/sled {:.2}   server/file {:.2}",
        ratio(server, sled),
        ratio(server, file)
    );
}

fn many(runtime: &tokio::runtime::Runtime) {
    let mut took = [const { Vec::new() }; 3];
    let mut bytes = 0;
    for _ in 0..REPEATS {
        let [server, sled, file] = &mut took;
        let run = runtime.block_on(served(0, large));
        server.extend(run.took.iter().copied().map(seconds));
        bytes = bytes_of(&run.submits);
        let dir = bare::directory();
        let mut db = Sled::open(dir.path());
        sled.extend(run.submits.iter().map(|submit| timed(|| db.commit(submit))));
        let mut log = Appended::open(dir.path());
        file.extend(
            run.submits
                .iter()
                .map(|submit| timed(|| log.commit(submit))),
        );
    }
    println!("submit many: 10000 recipients, {bytes} bytes an alert");
    for (who, took) in ["server", "sled", "file"].iter().zip(&took) {
        let slowest = took.iter().copied().fold(0.0, f64::max);
        println!(
            "  {who:<8} {:>7.1} ms, slowest {:>7.1} ms",
            1e3 * median(took.clone()),
            1e3 * slowest
        );
    }
}

fn seconds(took: Duration) -> f64 {
    took.as_secs_f64()
}

fn timed(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_secs_f64()
}

fn bytes_of(submits: &[Vec<Raw>]) -> usize {
    let bytes: usize = submits.iter().flatten().map(|raw| raw.value.len()).sum();
    bytes / submits.len().max(1)
}

/// Commits what the submitters submitted, in the batches which the core formed.
fn in_batches(run: &Run, mut commit: impl FnMut(Vec<&Raw>)) -> f64 {
    let mut records = run.submits.iter().flatten().peekable();
    let mut batches = Vec::new();
    for end in &run.ends {
        let mut batch = Vec::new();
        while let Some(raw) = records.next_if(|raw| raw.seq <= end.0) {
            batch.push(raw);
        }
        if !batch.is_empty() {
            batches.push(batch);
        }
    }
    timed(|| batches.into_iter().for_each(&mut commit))
}

/// One submitter at a time: what a submit takes beside a bare commit of the same bytes.
fn lone(runtime: &tokio::runtime::Runtime) {
    let (mut server, mut sled) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        let run = runtime.block_on(served(0, alone));
        server.extend(run.took.iter().copied().map(seconds));
        let dir = bare::directory();
        let mut db = Sled::open(dir.path());
        sled.extend(run.submits.iter().map(|submit| timed(|| db.commit(submit))));
    }
    let (server, sled) = (median(server), median(sled));
    println!(
        "submit lone: server {:.2} ms, bare commit {:.2} ms, server/commit {:.2}",
        1e3 * server,
        1e3 * sled,
        server / sled
    );
}

async fn alone(backend: Backend) -> Vec<Duration> {
    let mut took = Vec::new();
    for round in 0..ROUNDS {
        let radio = city::radio_id(2_300_000 + round);
        let submit = submit(&backend, vec![Target::Radio(radio)]);
        let started = Instant::now();
        ask(&backend, Request::Submit(submit)).await;
        took.push(started.elapsed());
    }
    took
}

/// Starts a server on an empty ledger, imports the roster, lets `work` happen, and reads what
/// the ledger holds of it.
async fn served<F: Future<Output = Vec<Duration>>>(
    before: u32,
    work: impl FnOnce(Backend) -> F,
) -> Run {
    let dir = bare::directory();
    let shutdown = CancellationToken::new();
    let Served { backend, core, .. } = server::serve(&config(dir.path(), before > 0), &shutdown)
        .await
        .expect("the server starts");
    let roster = Request::ImportRoster {
        entries: city::roster(),
        replace: true,
    };
    ask(&backend, roster).await;
    for turn in 0..before {
        let submit = Submit {
            precedence: Precedence::Routine,
            ..submit(&backend, city::counties(turn))
        };
        ask(&backend, Request::Submit(submit)).await;
    }
    let from = backend.durable.borrow().next();
    let mut durable = backend.durable.clone();
    durable.mark_unchanged();
    let watched = tokio::spawn(async move {
        let mut ends = Vec::new();
        while durable.changed().await.is_ok() {
            ends.push(*durable.borrow_and_update());
        }
        ends
    });
    let took = work(backend.clone()).await;
    let submits = submits(&backend, from).await;
    shutdown.cancel();
    core.await.expect("it ends in order");
    drop(backend);
    let ends = watched.await.expect("it only watches");
    Run {
        took,
        submits,
        ends,
    }
}

fn config(dir: &Path, stations: bool) -> Config {
    let mut text = String::new();
    if stations {
        text.push_str("[[homebrew]]\nlisten = \"127.0.0.1:0\"\n");
    }
    for id in 1..=city::STATIONS * u32::from(stations) {
        let _ = write!(
            text,
            "[[homebrew.station]]\nid = {id}\nname = \"东山{id}号基站\"\npassphrase = \"a long passphrase\"\nown = 16000000\n"
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

async fn crowd(backend: Backend) -> Vec<Duration> {
    let started = Instant::now();
    let submitters: Vec<_> = (0..SUBMITTERS)
        .map(|submitter| {
            let backend = backend.clone();
            tokio::spawn(async move {
                for round in 0..ROUNDS {
                    let radio = city::radio_id(2_300_000 + round * SUBMITTERS + submitter);
                    let submit = submit(&backend, vec![Target::Radio(radio)]);
                    ask(&backend, Request::Submit(submit)).await;
                }
            })
        })
        .collect();
    for submitter in submitters {
        submitter.await.expect("it submits");
    }
    vec![started.elapsed()]
}

async fn large(backend: Backend) -> Vec<Duration> {
    let mut took = Vec::new();
    for turn in 0..LARGE {
        let submit = submit(&backend, city::counties(turn));
        let started = Instant::now();
        ask(&backend, Request::Submit(submit)).await;
        took.push(started.elapsed());
    }
    took
}

fn submit(backend: &Backend, targets: Vec<Target>) -> Submit {
    Submit {
        id: AlertId(backend.new_id()),
        precedence: Precedence::Immediate,
        ..city::alert(0, targets, Ask::Acknowledgement)
    }
}

/// The records of each alert that was accepted from position `from` on.
async fn submits(backend: &Backend, mut from: Seq) -> Vec<Vec<Raw>> {
    let mut submits: Vec<Vec<Raw>> = Vec::new();
    loop {
        let page = backend.stored(from, 4_096).await.expect("the ledger reads");
        let Some(last) = page.last() else {
            return submits;
        };
        from = last.seq.next();
        for stored in page {
            let raw = raw(&stored);
            match submits.last_mut() {
                Some(submit) if submit.first().is_some_and(|first| first.alert == raw.alert) => {
                    submit.push(raw);
                }
                _ if raw.alert.is_some() => submits.push(vec![raw]),
                _ => {}
            }
        }
    }
}

fn raw(stored: &Stored) -> Raw {
    let record = stored.decode().expect("it is of this version");
    Raw {
        seq: stored.seq.0,
        alert: record.fact.alert().map(|alert| alert.0.into()),
        value: [stored.bytes.as_slice(), &stored.hash].concat(),
    }
}
