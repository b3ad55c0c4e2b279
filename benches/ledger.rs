//! Durable records a second: the ledger beside bare sled and a bare file that are given the
//! same bytes in the same groups, in turns, so that a noisy disk is noisy for all of them.
//!
//! `group`: one owner commits groups of 64. `crowd`: 64 submitters wait for each of their
//! records, and groups form as they may.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::time::Instant;

use narrowcast::ledger::Ledger;
use narrowcast::ledger::keeper::{GROUP, Keeper};
use narrowcast::ledger::record::{GENESIS, Stored};
use narrowcast::ledger::sled::SledLedger;
use narrowcast::model::facts::{Entry, Fact};
use narrowcast::model::ids::{AlertId, Seq};
use narrowcast::model::wall::Wall;

const SUBMITTERS: u64 = 64;
const ROUNDS: u64 = 100;
const REPEATS: usize = 5;

type Work = fn(&Path) -> f64;

fn main() {
    let filters: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let contests: [(&str, [(&str, Work); 3]); 2] = [
        (
            "group",
            [
                ("ledger", ledger_group),
                ("sled", sled_group),
                ("file", file_group),
            ],
        ),
        (
            "crowd",
            [
                ("ledger", ledger_crowd),
                ("sled", sled_crowd),
                ("file", file_crowd),
            ],
        ),
    ];
    for (name, contest) in contests {
        let name = format!("ledger {name}");
        if filters.is_empty() || filters.iter().any(|filter| name.contains(filter)) {
            compare(&name, contest);
        }
    }
}

fn compare(name: &str, contest: [(&str, Work); 3]) {
    let bytes = stored(&entry(1)).bytes.len() + 32;
    println!("{name}: {SUBMITTERS} submitters, {ROUNDS} records each, {bytes} bytes a record");
    let mut rates = [const { Vec::new() }; 3];
    for _ in 0..REPEATS {
        for ((_, work), rates) in contest.iter().zip(&mut rates) {
            // Beside the target directory: a temporary one may well be no disk at all.
            let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
            rates.push(work(dir.path()));
        }
    }
    let [ledger, sled, file] = &rates;
    for ((who, _), rates) in contest.iter().zip(&rates) {
        println!("  {who:<8} {:>9.0} records/s", median(rates.clone()));
    }
    println!(
        "  ledger/sled {:.2}   ledger/file {:.2}",
        ratio(ledger, sled),
        ratio(ledger, file)
    );
}

/// The median of the ratios of each repeat.
fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    median(
        ours.iter()
            .zip(theirs)
            .map(|(ours, theirs)| ours / theirs)
            .collect(),
    )
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn rate(started: Instant) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "it is small")]
    let records = (SUBMITTERS * ROUNDS) as f64;
    records / started.elapsed().as_secs_f64()
}

fn entry(n: u64) -> Entry {
    Entry {
        at: Wall::from_millis(1_700_000_000_000),
        fact: Fact::AlertEnded {
            alert: AlertId((u128::from(n / 4) << 64).into()),
            end: None,
            by: Some("Li Wei, duty officer".into()),
            because: Some("the water has fallen below the mark, stand down. ".repeat(2)),
        },
    }
}

fn stored(entry: &Entry) -> Stored {
    Stored::encode(entry, Seq(1), &GENESIS, "city", 1).expect("a small record")
}

/// What the ledger writes for one record, without its thinking.
struct Raw {
    seq: u64,
    alert: u64,
    value: Vec<u8>,
}

fn raw(n: u64) -> Raw {
    let stored = stored(&entry(n));
    Raw {
        seq: n + 1,
        alert: n / 4,
        value: [stored.bytes.as_slice(), &stored.hash].concat(),
    }
}

struct Sled {
    db: sled::Db,
    file: File,
}

impl Sled {
    fn open(dir: &Path) -> Self {
        let config = sled::Config::new().path(dir).cache_capacity(48 << 20);
        let db = config.open().expect("sled opens");
        let file = File::open(dir.join("db")).expect("sled's file");
        Self { db, file }
    }

    fn commit(&mut self, group: &[Raw]) {
        let mut batch = sled::Batch::default();
        for raw in group {
            let seq = raw.seq.to_be_bytes();
            let alert = (u128::from(raw.alert) << 64).to_be_bytes();
            batch.insert([b"f/".as_slice(), &seq].concat(), raw.value.as_slice());
            batch.insert([b"i/".as_slice(), &alert, &seq].concat(), &[]);
        }
        self.db.apply_batch(batch).expect("sled takes it");
        self.db.flush().expect("sled flushes");
        self.file.sync_data().expect("the disk syncs");
    }
}

fn append(dir: &Path) -> File {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    options.open(dir.join("log")).expect("a file")
}

fn append_group(file: &mut File, group: &[Raw]) {
    let bytes: Vec<u8> = group
        .iter()
        .flat_map(|raw| raw.value.iter().copied())
        .collect();
    file.write_all(&bytes).expect("the disk takes it");
    file.sync_data().expect("the disk syncs");
}

fn groups(mut commit: impl FnMut(std::ops::Range<u64>)) -> f64 {
    let started = Instant::now();
    for round in 0..ROUNDS {
        commit(round * SUBMITTERS..(round + 1) * SUBMITTERS);
    }
    rate(started)
}

fn ledger_group(dir: &Path) -> f64 {
    let mut ledger = SledLedger::open(dir, "city", 1).expect("the ledger opens");
    groups(|numbers| {
        let batch: Vec<Entry> = numbers.map(entry).collect();
        ledger.commit(&batch).expect("the ledger commits");
    })
}

fn sled_group(dir: &Path) -> f64 {
    let mut sled = Sled::open(dir);
    groups(|numbers| sled.commit(&numbers.map(raw).collect::<Vec<_>>()))
}

fn file_group(dir: &Path) -> f64 {
    let mut file = append(dir);
    groups(|numbers| append_group(&mut file, &numbers.map(raw).collect::<Vec<_>>()))
}

/// Lets every submitter submit and wait, again and again.
fn crowd(submit: impl Fn(u64) + Sync) -> f64 {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for submitter in 0..SUBMITTERS {
            let submit = &submit;
            scope.spawn(move || (0..ROUNDS).for_each(|n| submit(n * SUBMITTERS + submitter)));
        }
    });
    rate(started)
}

fn ledger_crowd(dir: &Path) -> f64 {
    let ledger = SledLedger::open(dir, "city", 1).expect("the ledger opens");
    let keeper = Keeper::start(Box::new(ledger)).expect("a thread");
    crowd(|n| {
        let ticket = keeper.commit(vec![entry(n)], false).expect("there is room");
        ticket.wait().expect("the ledger commits");
    })
}

/// The least that makes groups: a channel and a thread.
fn bare_crowd(mut commit: impl FnMut(&[Raw]) + Send) -> f64 {
    let (sender, waiting) = mpsc::sync_channel::<(Raw, SyncSender<()>)>(GROUP);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while let Ok(first) = waiting.recv() {
                let group = std::iter::once(first).chain(waiting.try_iter()).take(GROUP);
                let (group, done): (Vec<Raw>, Vec<SyncSender<()>>) = group.unzip();
                commit(&group);
                done.iter()
                    .for_each(|done| done.send(()).expect("it waits"));
            }
        });
        let rate = crowd(|n| {
            let (done, answer) = mpsc::sync_channel(1);
            sender.send((raw(n), done)).expect("the writer lives");
            answer.recv().expect("the writer answers");
        });
        drop(sender);
        rate
    })
}

fn sled_crowd(dir: &Path) -> f64 {
    let mut sled = Sled::open(dir);
    bare_crowd(move |group| sled.commit(group))
}

fn file_crowd(dir: &Path) -> f64 {
    let mut file = append(dir);
    bare_crowd(move |group| append_group(&mut file, group))
}
