//! Durable records a second: the ledger beside bare sled and a bare file that are given the
//! same bytes in the same groups, in turns, so that a noisy disk is noisy for all of them.
//!
//! `group`: one owner commits groups of 64. `crowd`: 64 submitters wait for each of their
//! records, and groups form as they may. `head`: the crowd on bare sled with the ledger's head
//! beside it and without; the target is 0.95.

mod bare;

use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::time::Instant;

use bare::{Appended, Raw, Sled, median, ratio};
use narrowcast::ledger::Ledger;
use narrowcast::ledger::head::Head;
use narrowcast::ledger::record::{GENESIS, Stored};
use narrowcast::ledger::sled::SledLedger;
use narrowcast::model::facts::{Entry, Fact};
use narrowcast::model::ids::{AlertId, Seq};
use narrowcast::model::wall::Wall;

const SUBMITTERS: u64 = 64;
const ROUNDS: u64 = 100;
const REPEATS: usize = 5;
/// Most records that are committed together.
const GROUP: usize = 512;

type Work = fn(&Path) -> f64;

fn main() {
    let contests: [(&str, &[(&str, Work)]); 3] = [
        (
            "group",
            &[
                ("ledger", ledger_group),
                ("sled", sled_group),
                ("file", file_group),
            ],
        ),
        (
            "crowd",
            &[
                ("ledger", ledger_crowd),
                ("sled", sled_crowd),
                ("file", file_crowd),
            ],
        ),
        ("head", &[("headed", headed_crowd), ("sled", sled_crowd)]),
    ];
    for (name, contest) in contests {
        let name = format!("ledger {name}");
        if bare::wanted(&name) {
            compare(&name, contest);
        }
    }
}

/// Lets all work in turns, and shows how the first does beside each of the others.
fn compare(name: &str, contest: &[(&str, Work)]) {
    let bytes = raw(1).value.len();
    println!("{name}: {SUBMITTERS} submitters, {ROUNDS} records each, {bytes} bytes a record");
    let mut rates = vec![Vec::new(); contest.len()];
    for _ in 0..REPEATS {
        for ((_, work), rates) in contest.iter().zip(&mut rates) {
            rates.push(work(bare::directory().path()));
        }
    }
    for ((who, _), rates) in contest.iter().zip(&rates) {
        println!("  {who:<8} {:>9.0} records/s", median(rates.clone()));
    }
    let mut entrants = contest.iter().zip(&rates);
    let Some(((first, _), ours)) = entrants.next() else {
        return;
    };
    for ((other, _), theirs) in entrants {
        println!("  {first}/{other} {:.2}", ratio(ours, theirs));
    }
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

fn raw(n: u64) -> Raw {
    let stored = Stored::encode(&entry(n), Seq(n + 1), &GENESIS, "city", 1).expect("it is small");
    Raw {
        seq: n + 1,
        alert: Some(u128::from(n / 4) << 64),
        value: [stored.bytes.as_slice(), &stored.hash].concat(),
    }
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
    let mut file = Appended::open(dir);
    groups(|numbers| file.commit(&numbers.map(raw).collect::<Vec<_>>()))
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
    let mut ledger = SledLedger::open(dir, "city", 1).expect("the ledger opens");
    bare_crowd(entry, move |group: &[Entry]| {
        ledger.commit(group).expect("the ledger commits");
    })
}

/// The least that makes groups: a channel and a thread.
fn bare_crowd<T: Send>(make: fn(u64) -> T, mut commit: impl FnMut(&[T]) + Send) -> f64 {
    let (sender, waiting) = mpsc::sync_channel::<(T, SyncSender<()>)>(GROUP);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while let Ok(first) = waiting.recv() {
                let group = std::iter::once(first).chain(waiting.try_iter()).take(GROUP);
                let (group, done): (Vec<T>, Vec<SyncSender<()>>) = group.unzip();
                commit(&group);
                done.iter()
                    .for_each(|done| done.send(()).expect("it waits"));
            }
        });
        let rate = crowd(|n| {
            let (done, answer) = mpsc::sync_channel(1);
            sender.send((make(n), done)).expect("the writer lives");
            answer.recv().expect("the writer answers");
        });
        drop(sender);
        rate
    })
}

fn sled_crowd(dir: &Path) -> f64 {
    let mut sled = Sled::open(dir);
    bare_crowd(raw, move |group| sled.commit(group))
}

fn headed_crowd(dir: &Path) -> f64 {
    let mut sled = Sled::open(dir);
    let mut head = Head::open(dir, (Seq(0), GENESIS)).expect("a head");
    bare_crowd(raw, move |group| {
        sled.store(group);
        head.settle().expect("it is written");
        sled.force();
        let last = group.last().expect("a group is not empty");
        let hash = *last.value.last_chunk().expect("the value ends in its hash");
        head.write((Seq(last.seq), hash)).expect("it is begun");
    })
}

fn file_crowd(dir: &Path) -> f64 {
    let mut file = Appended::open(dir);
    bare_crowd(raw, move |group| file.commit(group))
}
