//! Bytes of memory for each live delivery, counted by the allocator: 50,000 of them in a
//! roster of 50,000 radios, some sent, some answered by the terminal, most waiting.
//! The target is 500.

mod bare;
mod city;

use std::time::Duration;

use city::{Fate, Shift};
use narrowcast::engine::Engine;
use narrowcast::engine::io::Request;
use narrowcast::model::alert::Ask;
use narrowcast::model::facts::{Entry, Record};
use narrowcast::model::ids::Seq;
use narrowcast::model::wall::Wall;
use narrowcast_protocol::session::CarrierState;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const START: Wall = Wall::from_millis(1_800_000_000_000);
const LIVE: usize = city::RADIOS as usize;

fn main() {
    if !bare::wanted("memory") {
        return;
    }
    println!(
        "memory: {LIVE} live deliveries, {} radios in the roster",
        city::RADIOS
    );
    let mut entries = Vec::new();
    let roster = accepted(&mut entries);
    let (records, state) = recorded(entries);
    println!(
        "  on disk: {} bytes of checkpoint a live delivery, roster included",
        state.len() / LIVE
    );
    grown("restored", roster, |engine| {
        engine.restore(&state).expect("it is of this version");
    });
    grown("refolded", roster, |engine| {
        records.iter().for_each(|record| engine.replay(record));
    });
}

fn show(name: &str, bytes: usize, roster: usize) {
    println!(
        "  {name:<10} {:>5} bytes a live delivery (beside {} bytes a radio of the roster)",
        bytes.saturating_sub(roster) / LIVE,
        roster / LIVE,
    );
}

/// How much memory an engine takes that learns everything from `learn`.
fn grown(name: &str, roster: usize, learn: impl FnOnce(&mut Engine)) {
    let empty = MEMORY.current_usage();
    let now = Shift::start(START.plus(Duration::from_secs(60)));
    let mut engine = Engine::new(now, [2; 32]);
    learn(&mut engine);
    engine.resume(city::policy(), "bench", now);
    while engine.poll().is_some() {}
    show(name, MEMORY.current_usage() - empty, roster);
}

/// How much memory the roster takes, measured in an engine that accepts alerts; `entries` gets
/// everything that is recorded.
fn accepted(entries: &mut Vec<Entry>) -> usize {
    let empty = MEMORY.current_usage();
    let now = Shift::start(START);
    let mut shift = Shift::new(Engine::new(now, [1; 32]), now, |_| {});
    import(&mut shift);
    let roster = MEMORY.current_usage() - empty;
    fill(&mut shift);
    show("accepted", MEMORY.current_usage() - empty, roster);
    drop(shift);
    let mut shift = Shift::new(Engine::new(now, [1; 32]), now, |more| entries.extend(more));
    import(&mut shift);
    fill(&mut shift);
    roster
}

fn import(shift: &mut Shift<'_>) {
    shift.engine.resume(city::policy(), "bench", shift.now);
    shift.collect();
    shift.ask(Request::ImportRoster {
        entries: city::roster(),
        replace: true,
    });
}

/// A fifth confirmed by the terminals and not answered, a fifth sent without an answer, the
/// rest waiting.
fn fill(shift: &mut Shift<'_>) {
    for turn in 0..city::COUNTIES / 2 {
        if turn == 1 {
            shift.fate = Fate::Unanswered;
        }
        if turn == 0 || turn == 2 {
            shift.carriers(if turn == 0 {
                CarrierState::Up
            } else {
                CarrierState::Busy
            });
        }
        shift.ask(Request::Submit(city::alert(
            u128::from(turn) + 1,
            city::counties(turn),
            Ask::Acknowledgement,
        )));
        shift.work();
        shift.pass(Duration::from_millis(10));
    }
}

/// What the ledger and a checkpoint hold of these entries.
fn recorded(entries: Vec<Entry>) -> (Vec<Record>, Vec<u8>) {
    let records = entries.into_iter().zip(1..).map(|(entry, seq)| Record {
        seq: Seq(seq),
        jurisdiction: String::new(),
        epoch: 1,
        at: entry.at,
        fact: entry.fact,
        hash: [0; 32],
    });
    let records: Vec<Record> = records.collect();
    let mut engine = Engine::new(Shift::start(START), [1; 32]);
    records.iter().for_each(|record| engine.replay(record));
    let (_, state) = engine.checkpoint();
    (records, state)
}
