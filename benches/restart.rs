//! Restart after a kill, with 1,000,000 deliveries on record, 50,000 of them live: from opening
//! the ledger to the first answer of the engine. The target is 5 s.
//!
//! The ledger is built once, by the engine itself in virtual time, and kept in the target
//! directory as a kill would leave it: the store is not closed, and 49,999 facts stand behind
//! the newest checkpoint, as many as can. Delete the directory to build it anew.

mod bare;
mod city;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use bare::median;
use city::{Fate, Shift};
use narrowcast::config::Config;
use narrowcast::engine::Engine;
use narrowcast::engine::io::{Credential, Input, Request, Response};
use narrowcast::ledger::Ledger;
use narrowcast::ledger::sled::SledLedger;
use narrowcast::model::alert::Ask;
use narrowcast::model::facts::Entry;
use narrowcast::model::ids::{Seq, TokenId};
use narrowcast::model::roster::Node;
use narrowcast::model::token::{Role, Token};
use narrowcast::model::wall::Wall;
use narrowcast::server::{self, Served};
use narrowcast_protocol::air::{Heard, HeardKind};
use narrowcast_protocol::session::CarrierState;
use tokio_util::sync::CancellationToken;

/// Deliveries on record, and how many of them are over.
const DELIVERIES: u32 = 1_000_000;
const OVER: u32 = DELIVERIES - city::RADIOS;
const PER_ALERT: u32 = city::RADIOS / city::COUNTIES * 2;
/// Facts behind the newest checkpoint: one more, and there would be another.
const TAIL: u64 = 49_999;
const REPEATS: usize = 5;
/// Far in the future, so that nothing of it expires before it is measured: the engine never
/// takes the time to be earlier than its last fact.
const START: Wall = Wall::from_millis(4_000_000_000_000);

fn main() {
    if !bare::wanted("restart") {
        return;
    }
    let built = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("restart-1000000");
    if !built.join("complete").exists() {
        let started = Instant::now();
        build(&built);
        println!(
            "restart: built {} in {:.0} s",
            built.display(),
            started.elapsed().as_secs_f64()
        );
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!(
        "restart: {DELIVERIES} deliveries on record, {} of them live",
        city::RADIOS
    );
    let mut whole = Vec::new();
    for _ in 0..REPEATS {
        let dir = copy(&built);
        whole.push(runtime.block_on(restart(dir.path())));
    }
    report("with a checkpoint", &whole);
    let mut folded = Vec::new();
    for _ in 0..3 {
        let dir = copy(&built);
        for file in files(&dir.path().join("ledger")) {
            if file
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("checkpoint-"))
            {
                std::fs::remove_file(file).expect("it is removed");
            }
        }
        folded.push(runtime.block_on(restart(dir.path())));
    }
    report("without one", &folded);
    parts(&built);
}

fn report(name: &str, took: &[f64]) {
    let slowest = took.iter().copied().fold(0.0, f64::max);
    println!(
        "  {name:<18} {:>6.2} s, slowest {slowest:.2} s, of {}",
        median(took.to_vec()),
        took.len()
    );
}

fn timed<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    println!(
        "  {name:<18} {:>6.0} ms",
        started.elapsed().as_secs_f64() * 1e3
    );
    done
}

/// From nothing to the first answer.
async fn restart(dir: &Path) -> f64 {
    let shutdown = CancellationToken::new();
    let started = Instant::now();
    let config = config(dir);
    let Served { backend, core, .. } = server::serve(&config, &shutdown).await.expect("it starts");
    let answer = backend.ask(Credential::System, Request::Overview).await;
    let took = started.elapsed().as_secs_f64();
    match answer.expect("the engine answers").expect("it agrees") {
        Response::Overview(overview) => assert_eq!(overview.deliveries, city::RADIOS as usize),
        other => panic!("{other:?}"),
    }
    shutdown.cancel();
    core.await.expect("it ends in order");
    took
}

/// Where the time goes, and for how long a checkpoint stops the engine.
fn parts(built: &Path) {
    println!("restart, step by step:");
    let dir = copy(built);
    let mut ledger = timed("open the store", || open(&dir.path().join("ledger")));
    let (_, state) = timed("read checkpoint", || ledger.checkpoint())
        .expect("the ledger reads")
        .expect("there is one");
    println!("  {:<18} {:>6} kB", "its size", state.len() / 1_000);
    let now = Shift::start(START);
    let mut engine = Engine::new(now, [3; 32]);
    timed("restore", || engine.restore(&state)).expect("it is of this version");
    timed("refold", || refold(&mut *ledger, &mut engine));
    timed("requeue", || {
        engine.resume(config(dir.path()).to_policy(), "bench", now)
    });
    timed("first input", || engine.handle(Input::Tick, now));
    for _ in 0..REPEATS {
        timed("make a checkpoint", || engine.checkpoint());
    }
}

fn refold(ledger: &mut dyn Ledger, engine: &mut Engine) {
    loop {
        let page = ledger
            .read(engine.seq().next(), 4_096)
            .expect("the ledger reads");
        if page.is_empty() {
            return;
        }
        page.iter().for_each(|record| engine.replay(record));
    }
}

fn open(dir: &Path) -> Box<SledLedger> {
    Box::new(SledLedger::open(dir, "default", 1).expect("the ledger opens"))
}

fn config(dir: &Path) -> Config {
    let mut text = String::from("[[homebrew]]\nlisten = \"127.0.0.1:0\"\n");
    for station in city::policy().stations {
        let (id, name, own) = (station.id, station.name, station.own);
        let _ = write!(
            text,
            "[[homebrew.station]]\nid = {id}\nname = \"{name}\"\nown = {own}\npassphrase = \"{id}\"\n"
        );
    }
    let mut config = Config::parse("bench", &text).expect("a configuration");
    config.server.state_dir = dir.to_owned();
    config.ledger.ballast = 0;
    config.capture.enabled = false;
    config
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).expect("a directory");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// Copies the ledger of `from`, for a run that changes it.
fn copy(from: &Path) -> tempfile::TempDir {
    let dir = bare::directory();
    copy_all(&from.join("ledger"), &dir.path().join("ledger"));
    dir
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for file in files(from) {
        let name = file.file_name().expect("it has a name");
        if file.is_dir() {
            copy_all(&file, &to.join(name));
        } else {
            std::fs::copy(&file, to.join(name)).expect("it is copied");
        }
    }
}

/// Commits in large groups, and keeps checkpoints as the server does.
struct Writer {
    ledger: Box<SledLedger>,
    waiting: Vec<Entry>,
}

impl Writer {
    fn take(&mut self, entries: Vec<Entry>) {
        self.waiting.extend(entries);
        if self.waiting.len() >= 8_192 {
            self.commit();
        }
    }

    fn commit(&mut self) -> Seq {
        let waiting = std::mem::take(&mut self.waiting);
        self.ledger.commit(&waiting).expect("the ledger commits")
    }
}

fn build(at: &Path) {
    let _ = std::fs::remove_dir_all(at);
    let dir = bare::directory();
    let writer = Rc::new(RefCell::new(Writer {
        ledger: open(&dir.path().join("ledger")),
        waiting: Vec::new(),
    }));
    let now = Shift::start(START);
    let recorder = Rc::clone(&writer);
    let mut shift = Shift::new(Engine::new(now, [1; 32]), now, move |entries| {
        recorder.borrow_mut().take(entries);
    });
    shift.engine.resume(config(at).to_policy(), "bench", now);
    shift.ask(Request::CreateToken(token()));
    shift.ask(Request::ImportRoster {
        entries: city::roster(),
        replace: true,
    });
    shift.carriers(CarrierState::Up);
    everybody_speaks(&mut shift, u64::MAX);
    for turn in 0..OVER / PER_ALERT {
        send(&mut shift, turn, Ask::Receipt);
        shift.pass(Duration::from_secs(2 * 3600));
        shift.input(Input::Tick);
    }
    everything_is_over(&mut shift);
    live(&mut shift);
    assert_eq!(live_deliveries(&mut shift), city::RADIOS as usize);
    shift.pass(Duration::from_secs(15 * 60));
    let seq = writer.borrow_mut().commit();
    let (at_seq, state) = shift.engine.checkpoint();
    assert_eq!(seq, at_seq);
    writer
        .borrow_mut()
        .ledger
        .save_checkpoint(seq, &state)
        .expect("it is saved");
    everybody_speaks(&mut shift, seq.0 + TAIL);
    assert_eq!(writer.borrow_mut().commit().0, seq.0 + TAIL);
    copy_all(&dir.path().join("ledger"), &at.join("ledger"));
    std::fs::write(at.join("complete"), []).expect("it is written");
}

/// Lets so much time pass that the engine has nothing of the earlier alerts in its memory.
fn everything_is_over(shift: &mut Shift<'_>) {
    for _ in 0..12 {
        shift.pass(Duration::from_secs(3600));
        shift.input(Input::Tick);
    }
    assert_eq!(live_deliveries(shift), 0);
}

fn live_deliveries(shift: &mut Shift<'_>) -> usize {
    match shift.ask(Request::Overview) {
        Response::Overview(overview) => overview.deliveries,
        other => panic!("{other:?}"),
    }
}

/// Alerts of which nothing is over: a fifth received and waiting for the person's answer, a
/// fifth sent to radios that say nothing, the rest waiting for a carrier that is busy.
fn live(shift: &mut Shift<'_>) {
    for turn in 0..city::RADIOS / PER_ALERT {
        if turn == 1 {
            shift.fate = Fate::Unanswered;
        }
        if turn == 2 {
            shift.carriers(CarrierState::Busy);
        }
        send(shift, OVER / PER_ALERT + turn, Ask::Acknowledgement);
    }
}

fn send(shift: &mut Shift<'_>, turn: u32, ask: Ask) {
    let submit = city::alert(u128::from(turn + 1) << 64, city::counties(turn), ask);
    shift.ask(Request::Submit(submit));
    shift.work();
}

/// Every radio is heard once, in turn, until the ledger has so many facts.
fn everybody_speaks(shift: &mut Shift<'_>, facts: u64) {
    let homes: Vec<_> = city::carriers().collect();
    for (number, carrier) in (0..city::RADIOS).zip(homes.iter().cycle()) {
        if shift.engine.seq().0 >= facts {
            return;
        }
        let from = city::radio_id(2_300_000 + number);
        shift.input(Input::Heard(Heard {
            carrier: *carrier,
            what: HeardKind::Presence { from },
            owed: Vec::new(),
        }));
    }
}

fn token() -> Token {
    Token {
        id: TokenId(1u128.into()),
        name: "bench".into(),
        role: Role::Admin,
        node: Node::root(),
        hash: [7; 32],
        created_at: START,
    }
}
