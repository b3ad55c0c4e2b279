//! A damaged ledger under the built program: what is lost is named, and nothing aborts unsaid.

mod salvage;
mod scrub;

use std::path::Path;
use std::process::Command;

use narrowcast::ledger::Ledger;
use narrowcast::ledger::sled::SledLedger;
use narrowcast::model::facts::{Entry, Fact};
use narrowcast::model::wall::Wall;

use crate::support::place::Place;

/// So many commits of 40 long records.
pub(crate) fn ledger_in(dir: &Path, commits: usize) {
    let mut ledger = SledLedger::open(dir, "default", 1).unwrap();
    for n in 0..commits {
        let version = format!("needle {n}.{}", "x".repeat(6_000));
        let entry = Entry {
            at: Wall::from_millis(1_800_000_000_000),
            fact: Fact::Started { version },
        };
        ledger.commit(&vec![entry; 40]).unwrap();
    }
}

/// What `more` writes is lost again; the head knows of it.
pub(crate) fn loses_its_end(dir: &Path, more: impl FnOnce()) {
    let store = std::fs::read(dir.join("db")).unwrap();
    more();
    std::fs::write(dir.join("db"), store).unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.to_str().unwrap().contains("snap.") {
            std::fs::remove_file(path).unwrap();
        }
    }
}

/// Runs `narrowcast`; its exit code, and what it complains about.
fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_narrowcast"))
        .args(arguments)
        .output()
        .unwrap();
    let says = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), says)
}

#[test]
fn a_ledger_that_lost_its_end_is_named_by_verify_and_refused_by_serve() {
    let place = Place::new();
    let dir = place.ledger();
    ledger_in(&dir, 3);
    loses_its_end(&dir, || ledger_in(&dir, 2));
    let (dir, config) = (dir.to_str().unwrap(), place.config());
    for arguments in [
        ["verify", "--ledger", dir],
        ["ledger", "check", dir],
        ["serve", "--config", config.to_str().unwrap()],
    ] {
        let (code, says) = run(&arguments);
        assert_eq!(code, Some(1), "{says}");
        assert!(says.contains("records 121 to 200 were durable"), "{says}");
    }
}

#[test]
fn a_panic_of_the_store_is_an_error_with_its_place_and_a_remedy() {
    let place = Place::new();
    let dir = place.ledger();
    ledger_in(&dir, 50);
    let mut bytes = std::fs::read(dir.join("db")).unwrap();
    let needle = b"needle 20.";
    for at in 0..bytes.len() - needle.len() {
        if bytes[at..].starts_with(needle) {
            bytes[at] ^= 1;
        }
    }
    std::fs::write(dir.join("db"), bytes).unwrap();
    // Without its snapshots the store reads the whole log when it opens, and stumbles.
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.to_str().unwrap().contains("snap.") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let (dir, config) = (dir.to_str().unwrap(), place.config());
    for arguments in [
        ["verify", "--ledger", dir],
        ["serve", "--config", config.to_str().unwrap()],
    ] {
        let (code, says) = run(&arguments);
        assert_eq!(code, Some(1), "{says}");
        assert!(
            says.contains("panicked at") && says.contains("ledger import"),
            "{says}"
        );
    }
}
