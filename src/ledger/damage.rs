//! A medium that damages the ledger: nothing that was acknowledged is lost without being named.
//!
//! A copy of the directory of an open ledger is what a kill leaves behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::ledger::head::Head;
use crate::ledger::salvage::salvage;
use crate::ledger::sled::SledLedger;
use crate::ledger::suite::{many, text, trim};
use crate::ledger::verify::verify;
use crate::ledger::{Ledger, LedgerError};
use crate::model::facts::Fact;
use crate::model::ids::Seq;

fn open(dir: &Path) -> Result<SledLedger, LedgerError> {
    SledLedger::open(dir, "city", 1)
}

/// What a kill leaves of the ledger in `dir`.
fn killed(dir: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    copy_all(dir, copy.path());
    copy
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The store of an earlier moment under the head of a later one.
fn cut(earlier: &Path, later: &Path) {
    for entry in fs::read_dir(later).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "db" || name.starts_with("snap") {
            fs::remove_file(path).unwrap();
        }
    }
    for entry in fs::read_dir(earlier).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_str().unwrap().to_owned();
        if name == "db" || name.starts_with("snap") {
            fs::copy(entry.path(), later.join(name)).unwrap();
        }
    }
}

#[test]
fn a_kill_after_any_commit_is_no_fault_and_loses_nothing() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open(dir.path()).unwrap();
    for n in 1..=40 {
        let last = ledger.commit(&many(n % 4 + 1)).unwrap();
        if n == 20 {
            trim(&mut ledger, Seq(9));
        }
        let mut found = open(killed(dir.path()).path()).unwrap();
        assert!(found.last() >= last);
        assert_eq!(verify(&mut found, |_| ()).unwrap().last, found.last());
    }
}

#[test]
fn a_kill_between_store_and_head_is_no_fault() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open(dir.path()).unwrap();
    ledger.commit(&many(3)).unwrap();
    let before = fs::read(dir.path().join("head")).unwrap();
    ledger.commit(&many(2)).unwrap();
    let copy = killed(dir.path());
    fs::write(copy.path().join("head"), before).unwrap();
    assert_eq!(open(copy.path()).unwrap().last(), Seq(5));
    let head = Head::read(copy.path()).unwrap();
    assert_eq!(head.map(|(seq, _)| seq), Some(Seq(5)));
}

#[test]
fn a_ledger_without_a_head_gets_one() {
    let dir = TempDir::new().unwrap();
    open(dir.path()).unwrap().commit(&many(4)).unwrap();
    fs::remove_file(dir.path().join("head")).unwrap();
    assert_eq!(open(dir.path()).unwrap().last(), Seq(4));
    assert_eq!(Head::read(dir.path()).unwrap().unwrap().0, Seq(4));
}

/// The salvages that are on record, and where.
fn salvages(ledger: &mut SledLedger) -> Vec<(Seq, String)> {
    let mut found = Vec::new();
    let mut next = Seq(1);
    loop {
        let page = ledger.read(next, 512).unwrap();
        let Some(last) = page.last() else {
            return found;
        };
        next = last.seq.next();
        found.extend(page.iter().filter_map(|record| match &record.fact {
            Fact::Salvaged(salvage) => Some((record.seq, salvage.to_string())),
            _ => None,
        }));
    }
}

#[test]
fn a_chain_that_ends_before_its_head_is_refused_and_salvaged_on_request() {
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("ledger");
    let mut ledger = open(&dir).unwrap();
    ledger.commit(&many(5)).unwrap();
    let earlier = killed(&dir);
    ledger.commit(&many(4)).unwrap();
    ledger.save_checkpoint(Seq(8), b"eight").unwrap();
    drop(ledger);
    cut(earlier.path(), &dir);
    let (has, head) = (Seq(5), Seq(9));
    let error = open(&dir).unwrap_err();
    assert_eq!(error, LedgerError::Shortened { has, head });
    assert!(error.to_string().contains("records 6 to 9"), "{error}");
    assert!(error.to_string().contains("--salvage"), "{error}");

    let (mut ledger, lost) = salvage(&dir, "city", 1).unwrap();
    let lost = lost.unwrap();
    assert_eq!((lost.has, lost.head), (Seq(5), Some(Seq(9))));
    assert!(
        lost.to_string().contains("records 6 to 9 are lost"),
        "{lost}"
    );
    assert!(lost.kept.join("db").exists() && lost.kept.join("checkpoint-8").exists());
    assert_eq!(ledger.checkpoint(), Ok(None));
    assert_eq!(salvages(&mut ledger), [(Seq(6), lost.to_string())]);
    assert_eq!(ledger.commit(&many(6)), Ok(Seq(12)));
    drop(ledger);
    let (mut ledger, lost) = salvage(&dir, "city", 1).unwrap();
    assert_eq!(lost, None);
    assert_eq!(verify(&mut ledger, |_| ()).unwrap().last, Seq(12));
}

#[test]
fn a_checkpoint_that_proves_more_than_the_ledger_has_is_an_error_with_its_position() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open(dir.path()).unwrap();
    ledger.commit(&many(5)).unwrap();
    let earlier = killed(dir.path());
    ledger.commit(&many(2)).unwrap();
    ledger.save_checkpoint(Seq(7), b"seven").unwrap();
    drop(ledger);
    cut(earlier.path(), dir.path());
    fs::remove_file(dir.path().join("head")).unwrap();
    let (has, head) = (Seq(5), Seq(7));
    let shortened = LedgerError::Shortened { has, head };
    assert_eq!(open(dir.path()).map(|_| ()), Err(shortened.clone()));

    // It came while the ledger was open.
    let mut ledger = open(earlier.path()).unwrap();
    let name = "checkpoint-7";
    fs::copy(dir.path().join(name), earlier.path().join(name)).unwrap();
    assert_eq!(ledger.checkpoint(), Err(shortened));
}

#[test]
fn a_record_that_is_not_the_one_of_the_head_is_refused() {
    let dirs = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    for (dir, version) in dirs.iter().zip(["a", "b"]) {
        open(dir.path()).unwrap().commit(&[text(version)]).unwrap();
    }
    let [one, other] = &dirs;
    fs::copy(other.path().join("head"), one.path().join("head")).unwrap();
    let error = open(one.path()).unwrap_err();
    assert!(matches!(error, LedgerError::Chain { seq: Seq(1), .. }));
    fs::write(one.path().join("head"), [0; 9]).unwrap();
    let error = open(one.path()).unwrap_err();
    assert!(matches!(error, LedgerError::HeadDamaged { .. }));
}

/// A ledger whose store opens from a snapshot, so that old records, far from its end, are read
/// only when asked for; and one of them is damaged.
fn with_a_rotten_record() -> (TempDir, Seq) {
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("ledger");
    let mut ledger = open(&dir).unwrap();
    for n in 0..50 {
        let words = format!("needle {n}.{}", "x".repeat(6_000));
        ledger.commit(&vec![text(&words); 40]).unwrap();
    }
    drop(ledger);
    drop(open(&dir).unwrap());
    let mut bytes = fs::read(dir.join("db")).unwrap();
    let needle = b"needle 20.";
    for at in 0..bytes.len() - needle.len() {
        if bytes[at..].starts_with(needle) {
            bytes[at] ^= 1;
        }
    }
    fs::write(dir.join("db"), bytes).unwrap();
    (parent, Seq(2_000))
}

#[test]
fn a_record_that_cannot_be_read_is_an_error_of_its_own_and_the_rest_works() {
    let (parent, last) = with_a_rotten_record();
    let mut ledger = open(&parent.path().join("ledger")).unwrap();
    assert_eq!(ledger.last(), last);
    let mut next = Seq(1);
    let (mut good, mut bad) = (0, Vec::new());
    while next <= last {
        match ledger.read(next, 64) {
            Ok(page) => {
                good += page.len();
                next = page.last().unwrap().seq.next();
            }
            Err(LedgerError::Unreadable { seq, .. }) if seq > next => {
                let before = usize::try_from(seq.0 - next.0).unwrap();
                good += ledger.read(next, before).unwrap().len();
                next = seq;
            }
            Err(LedgerError::Unreadable { seq, .. }) => {
                bad.push(seq);
                next = seq.next();
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(bad.len() >= 40 && bad.len() < 400, "{bad:?}");
    assert!(bad.contains(&Seq(801)), "{bad:?}");
    assert_eq!(good + bad.len(), 2_000);
    assert_eq!(ledger.commit(&many(3)), Ok(Seq(2_003)));
    assert_eq!(ledger.read(Seq(1_990), 99).unwrap().len(), 14);
    let error = verify(&mut ledger, |_| ()).unwrap_err();
    assert!(matches!(error, LedgerError::Unreadable { seq, .. } if seq == bad[0]));
}

#[test]
fn what_must_be_folded_is_salvaged_up_to_the_first_rotten_record() {
    let (parent, _) = with_a_rotten_record();
    let dir = parent.path().join("ledger");
    let (mut ledger, lost) = salvage(&dir, "city", 1).unwrap();
    let lost = lost.unwrap();
    assert_eq!(lost.head, Some(Seq(2_000)));
    assert!(lost.has < Seq(801) && lost.has >= Seq(400), "{lost}");
    assert!(lost.kept.join("db").exists());
    let recorded = lost.has.next();
    assert_eq!(verify(&mut ledger, |_| ()).unwrap().last, recorded);
    assert_eq!(salvages(&mut ledger), [(recorded, lost.to_string())]);
    ledger.commit(&many(1)).unwrap();
    drop(ledger);
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 2);
    assert_eq!(salvage(&dir, "city", 1).unwrap().1, None);
}

#[test]
fn behind_a_checkpoint_a_rotten_record_costs_nothing() {
    let (parent, last) = with_a_rotten_record();
    let dir = parent.path().join("ledger");
    open(&dir).unwrap().save_checkpoint(last, b"all").unwrap();
    let (ledger, lost) = salvage(&dir, "city", 1).unwrap();
    assert_eq!((ledger.last(), lost), (last, None));
}

#[test]
fn a_damaged_snapshot_is_left_out() {
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("ledger");
    open(&dir).unwrap().commit(&many(700)).unwrap();
    drop(open(&dir).unwrap());
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.to_str().unwrap().contains("snap.") {
            let mut bytes = fs::read(&path).unwrap();
            bytes[20] ^= 1;
            fs::write(&path, bytes).unwrap();
        }
    }
    let error = open(&dir).unwrap_err().to_string();
    assert!(
        error.contains("damaged") && error.contains("--salvage"),
        "{error}"
    );
    let (ledger, lost) = salvage(&dir, "city", 1).unwrap();
    assert_eq!(ledger.last(), Seq(701));
    let lost = lost.unwrap().to_string();
    assert!(lost.contains("no record up to 700 is lost"), "{lost}");
}

/// Flips a bit in a copy, at many places of every file, and opens each copy in a process of its
/// own, because the store may panic.
#[test]
fn no_flipped_bit_loses_a_record_in_silence() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open(dir.path()).unwrap();
    let words = "the water has fallen below the mark, stand down. ".repeat(4);
    for n in 0..120 {
        ledger
            .commit(&vec![text(&format!("{n} {words}")); 12])
            .unwrap();
        if n == 40 {
            drop(ledger);
            ledger = open(dir.path()).unwrap();
        }
        if n == 80 {
            ledger.save_checkpoint(Seq(900), words.as_bytes()).unwrap();
        }
    }
    let last = ledger.last();
    let (mut sound, mut named, mut panicked) = (0, 0, 0);
    for (file, at) in places_to_damage(dir.path()) {
        let copy = killed(dir.path());
        let path = copy.path().join(&file);
        let mut bytes = fs::read(&path).unwrap();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, bytes).unwrap();
        match in_a_child(copy.path()).as_deref() {
            Some(found) if found == format!("sound to {last}") => sound += 1,
            Some(found) if found.starts_with("named") => named += 1,
            None => panicked += 1,
            Some(found) => panic!("{} at {at}: {found}", file.display()),
        }
    }
    println!("{sound} sound, {named} named, {panicked} panicked in the child");
    assert!(named > 0, "the damage was felt");
}

fn places_to_damage(dir: &Path) -> Vec<(PathBuf, usize)> {
    let mut places = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let name = PathBuf::from(path.file_name().unwrap());
        let length = fs::read(&path).unwrap().len();
        let count = if name == Path::new("db") { 60 } else { 4 };
        places.extend((0..count).map(|n| (name.clone(), n * length / count + n)));
    }
    places
}

const CHILD: &str = "NARROWCAST_TEST_DAMAGED";

fn in_a_child(dir: &Path) -> Option<String> {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "ledger::damage::open_what_is_damaged",
            "--nocapture",
        ])
        .env(CHILD, dir)
        .output()
        .unwrap();
    let says = String::from_utf8_lossy(&child.stdout).into_owned();
    let line = says.lines().find_map(|line| line.split("child: ").nth(1));
    child
        .status
        .success()
        .then(|| line.unwrap_or("nothing").to_owned())
}

/// The child's part of the test above; nothing when it runs by itself.
#[test]
fn open_what_is_damaged() {
    let Ok(dir) = std::env::var(CHILD) else {
        return;
    };
    let found = open(Path::new(&dir)).and_then(|mut ledger| {
        ledger.checkpoint()?;
        verify(&mut ledger, |_| ())
    });
    match found {
        Ok(sound) => println!("child: sound to {}", sound.last),
        Err(error) => println!("child: named {error}"),
    }
}
