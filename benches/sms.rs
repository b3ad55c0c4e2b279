//! People reached by SMS, through the server as it runs, without HTTP: engine, ledger, session
//! and a TCP connection to one simulated centre on the same machine.
//!
//! One alert to 10,000 people without a radio. `accepted` is until the submit is durable; the
//! target is 200 ms. `taken` is the rate at which the centre then gets the messages, each decided
//! on durably before it leaves, in a window of 16; the target is 1,000 a second. `received` is
//! the rate until the last receipt is on record.

mod bare;
#[path = "../tests/support/operator.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the tests' operator, whose steps must not fail here either"
)]
mod operator;

use std::path::Path;
use std::time::{Duration, Instant};

use bare::median;
use narrowcast::api::backend::Backend;
use narrowcast::config::Config;
use narrowcast::engine::io::{Credential, Request, Response, Submit};
use narrowcast::engine::views::Overview;
use narrowcast::model::alert::{Ask, Precedence, Target};
use narrowcast::model::ids::AlertId;
use narrowcast::model::language::Language;
use narrowcast::model::roster::{Node, Person, RosterEntry};
use narrowcast::server::{self, Served};
use narrowcast_protocol::sms::Phone;
use narrowcast_world::smsc::{CentreConfig, CentreEvent, CentreKind};
use operator::Operator;
use tokio_util::sync::CancellationToken;

const PEOPLE: u32 = 10_000;
const REPEATS: usize = 3;
const PASSWORD: &str = "s3cr3tpw";
const TEXT: &str = "暴雨红色预警:东江水位超过警戒线,请各队立即赴岗并报告到位情况";

fn main() {
    for (name, kind) in [
        ("smpp", CentreKind::Smpp),
        ("cmpp2", CentreKind::Cmpp2),
        ("cmpp3", CentreKind::Cmpp3),
    ] {
        if bare::wanted(&format!("sms {name}")) {
            measure(name, kind);
        }
    }
}

/// How long after the submit each step was done.
struct Run {
    accepted: Duration,
    taken: Duration,
    received: Duration,
}

fn measure(name: &str, kind: CentreKind) {
    let runs: Vec<Run> = (0..REPEATS).map(|_| run(name, kind)).collect();
    let accepted: Vec<f64> = runs.iter().map(|run| run.accepted.as_secs_f64()).collect();
    let rate = |took: Duration| f64::from(PEOPLE) / took.as_secs_f64();
    let taken = runs.iter().map(|run| rate(run.taken - run.accepted));
    let received = runs.iter().map(|run| rate(run.received - run.accepted));
    println!(
        "sms {name}: {PEOPLE} people, window 16: accepted in {:.0} ms (slowest {:.0}), \
         {:.0} messages/s taken, {:.0} messages/s received",
        1e3 * median(accepted.clone()),
        1e3 * accepted.into_iter().fold(0.0, f64::max),
        median(taken.collect()),
        median(received.collect()),
    );
}

/// The centre has a thread and a runtime of its own, as another program would.
fn run(name: &str, kind: CentreKind) -> Run {
    let theirs = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let config = CentreConfig {
        answer_after: Duration::ZERO,
        receipt_after: Duration::from_millis(50),
        ..CentreConfig::new(kind, "narrow", PASSWORD)
    };
    let operator = theirs.block_on(Operator::start(config, usize::MAX));
    let ours = tokio::runtime::Runtime::new().expect("a runtime");
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let table = operator.table(name, PASSWORD);
    let run = ours.block_on(served(&configured(dir.path(), &table), &operator));
    ours.shutdown_background();
    run
}

fn configured(dir: &Path, table: &str) -> Config {
    let text = format!("{table}window = 16\nper_second = 65535\nkeep_alive = \"60s\"\n");
    let mut config = Config::parse("bench", &text).expect("a configuration");
    config.server.state_dir = dir.to_owned();
    config.ledger.ballast = 0;
    config.capture.enabled = false;
    config
}

async fn served(config: &Config, operator: &Operator) -> Run {
    let shutdown = CancellationToken::new();
    let Served { backend, core, .. } = server::serve(config, &shutdown)
        .await
        .expect("the server starts");
    let entries = (0..PEOPLE).map(person).collect();
    let replace = true;
    ask(&backend, Request::ImportRoster { entries, replace }).await;
    let is_up = |overview: &Overview| overview.sms.iter().all(|route| route.up);
    until(&backend, is_up).await;
    let submit = Submit {
        sms: true,
        id: AlertId(backend.new_id()),
        text: TEXT.to_owned(),
        precedence: Precedence::Immediate,
        ask: Ask::Receipt,
        targets: vec![Target::Node(node())],
        expires_at: None,
        exercise: false,
        station: None,
        idempotency: None,
        language: None,
        translations: Vec::new(),
    };
    let started = Instant::now();
    ask(&backend, Request::Submit(submit)).await;
    let accepted = started.elapsed();
    while count(operator) < PEOPLE as usize {
        assert!(started.elapsed() < Duration::from_secs(120), "too slow");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let taken = started.elapsed();
    until(&backend, |overview| overview.deliveries == 0).await;
    let received = started.elapsed();
    assert_eq!(count(operator), PEOPLE as usize, "nobody twice");
    shutdown.cancel();
    core.await.expect("it ends in order");
    Run {
        accepted,
        taken,
        received,
    }
}

fn count(operator: &Operator) -> usize {
    operator.count(|event| matches!(event, CentreEvent::Taken(_)))
}

async fn until(backend: &Backend, holds: impl Fn(&Overview) -> bool) {
    let started = Instant::now();
    loop {
        match ask(backend, Request::Overview).await {
            Response::Overview(overview) if holds(&overview) => return,
            Response::Overview(_) => {}
            other => panic!("{other:?}"),
        }
        assert!(started.elapsed() < Duration::from_secs(120), "too slow");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn ask(backend: &Backend, request: Request) -> Response {
    let answer = backend.ask(Credential::System, request).await;
    answer
        .expect("the engine answers")
        .expect("the engine agrees")
}

fn node() -> Node {
    "江城市".parse().expect("a node")
}

fn person(index: u32) -> RosterEntry {
    RosterEntry::Person(Person {
        id: format!("p{index}"),
        name: format!("李{index}"),
        node: node(),
        radios: Vec::new(),
        phones: vec![Phone::new(&format!("138001{index:05}")).expect("a telephone")],
        phone_first: false,
        language: Language::default(),
    })
}
