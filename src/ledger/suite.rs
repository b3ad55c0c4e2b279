//! The promises that every ledger keeps, on each of them.

use std::path::Path;

use tempfile::TempDir;
use ulid::Ulid;

use crate::ledger::memory::{MemoryLedger, MemoryStore};
use crate::ledger::record::{LIMIT, Stored};
use crate::ledger::sled::SledLedger;
use crate::ledger::{Ledger, LedgerError, OnRecord};
use crate::model::evidence::Evidence;
use crate::model::facts::{Entry, Fact};
use crate::model::ids::{AlertId, DeliveryIndex, Seq};
use crate::model::wall::Wall;

/// A place that outlives the ledgers opened in it.
pub(crate) trait Place {
    fn open(&self) -> Result<Box<dyn Ledger>, LedgerError>;
    fn tamper(&self, seq: Seq, change: fn(&mut Vec<u8>));
}

pub(crate) struct InMemory(pub(crate) MemoryStore);

impl Place for InMemory {
    fn open(&self) -> Result<Box<dyn Ledger>, LedgerError> {
        Ok(Box::new(MemoryLedger::open(&self.0, "city", 1)?))
    }

    fn tamper(&self, seq: Seq, change: fn(&mut Vec<u8>)) {
        self.0.tamper(seq, change);
    }
}

pub(crate) struct OnDisk(pub(crate) TempDir);

impl OnDisk {
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

fn raw(path: &Path) -> sled::Db {
    crate::ledger::sled::open_patiently(path).unwrap()
}

impl Place for OnDisk {
    fn open(&self) -> Result<Box<dyn Ledger>, LedgerError> {
        Ok(Box::new(SledLedger::open(self.path(), "city", 1)?))
    }

    fn tamper(&self, seq: Seq, change: fn(&mut Vec<u8>)) {
        let db = raw(self.path());
        let key = [b"f/".as_slice(), &seq.0.to_be_bytes()].concat();
        let mut value = db.get(&key).unwrap().unwrap().to_vec();
        change(&mut value);
        db.insert(&key, value).unwrap();
    }
}

/// One place of each kind.
pub(crate) fn places() -> [Box<dyn Place>; 2] {
    [
        Box::new(InMemory(MemoryStore::default())),
        Box::new(OnDisk(TempDir::new().unwrap())),
    ]
}

pub(crate) fn alert(n: u128) -> AlertId {
    AlertId(Ulid::from(n << 80))
}

/// Something about an alert.
pub(crate) fn about(id: AlertId, delivery: u32) -> Entry {
    Entry {
        at: Wall::from_millis(1_700_000_000_000 + i64::from(delivery)),
        fact: Fact::Evidenced {
            alert: id,
            delivery: DeliveryIndex(delivery),
            evidence: Evidence::Written,
        },
    }
}

/// Something about nothing.
pub(crate) fn text(version: &str) -> Entry {
    Entry {
        at: Wall::from_millis(1_700_000_000_000),
        fact: Fact::Started {
            version: version.to_owned(),
        },
    }
}

pub(crate) fn many(count: usize) -> Vec<Entry> {
    (0..count).map(|n| text(&n.to_string())).collect()
}

/// Commits that everything up to `up_to` is trimmed, and trims it.
pub(crate) fn trim(ledger: &mut dyn Ledger, up_to: Seq) {
    let hash = ledger.hash_of(up_to).unwrap().unwrap();
    let fact = Fact::Trimmed {
        by: "someone".into(),
        up_to,
        hash,
    };
    let at = Wall::from_millis(0);
    ledger.commit(&[Entry { at, fact }]).unwrap();
    ledger.trim(up_to).unwrap();
}

fn facts(ledger: &mut dyn Ledger) -> Vec<Fact> {
    let records = ledger.read(Seq(0), usize::MAX).unwrap();
    records.into_iter().map(|record| record.fact).collect()
}

#[test]
fn an_empty_ledger_begins_at_one_and_ends_at_zero() {
    for place in places() {
        let mut ledger = place.open().unwrap();
        assert_eq!((ledger.first(), ledger.last()), (Seq(1), Seq(0)));
        assert_eq!(ledger.commit(&[]), Ok(Seq(0)));
        assert_eq!(ledger.read(Seq(1), 10), Ok(vec![]));
        assert_eq!(ledger.checkpoint(), Ok(None));
        assert_eq!(ledger.trim(Seq(9)), Ok(()));
        assert_eq!(ledger.commit(&many(1)), Ok(Seq(1)));
        assert_eq!(ledger.first(), Seq(1));
    }
}

#[test]
fn a_batch_of_any_length_is_read_back_in_order_after_reopening() {
    for place in places() {
        let batch = many(2_000);
        let mut ledger = place.open().unwrap();
        assert_eq!(ledger.commit(&batch[..3]), Ok(Seq(3)));
        assert_eq!(ledger.commit(&batch[3..]), Ok(Seq(2_000)));
        drop(ledger);
        let mut ledger = place.open().unwrap();
        assert_eq!((ledger.first(), ledger.last()), (Seq(1), Seq(2_000)));
        let mut from = Seq(1);
        let mut read = Vec::new();
        loop {
            let page = ledger.read(from, 300).unwrap();
            let Some(last) = page.last() else { break };
            from = last.seq.next();
            read.extend(page);
        }
        let seqs: Vec<u64> = read.iter().map(|record| record.seq.0).collect();
        assert_eq!(seqs, (1..=2_000).collect::<Vec<_>>());
        for (record, entry) in read.into_iter().zip(batch) {
            assert_eq!((record.jurisdiction.as_str(), record.epoch), ("city", 1));
            assert_eq!((record.at, record.fact), (entry.at, entry.fact));
        }
    }
}

#[test]
fn a_batch_with_one_fact_too_large_leaves_no_trace_and_the_ledger_works() {
    for place in places() {
        let mut ledger = place.open().unwrap();
        let huge = "x".repeat(LIMIT);
        let error = ledger.commit(&[text("a"), text(&huge), text("b")]);
        assert!(matches!(
            error,
            Err(LedgerError::TooLarge { limit: LIMIT, .. })
        ));
        assert_eq!(ledger.last(), Seq(0));
        assert_eq!(ledger.commit(&[text("c")]), Ok(Seq(1)));
        drop(ledger);
        assert_eq!(facts(&mut *place.open().unwrap()), [text("c").fact]);
    }
}

#[test]
fn the_facts_of_one_alert_are_found_among_others_from_any_position() {
    for place in places() {
        let mut ledger = place.open().unwrap();
        for n in 0..100 {
            ledger
                .commit(&[about(alert(1), n), text("x"), about(alert(2), n)])
                .unwrap();
        }
        let seqs = |records: Vec<crate::model::facts::Record>| -> Vec<u64> {
            records.iter().map(|record| record.seq.0).collect()
        };
        assert_eq!(
            seqs(ledger.of_alert(alert(1), Seq(0), 3).unwrap()),
            [1, 4, 7]
        );
        assert_eq!(seqs(ledger.of_alert(alert(2), Seq(4), 2).unwrap()), [6, 9]);
        assert_eq!(
            ledger.of_alert(alert(2), Seq(1), usize::MAX).unwrap().len(),
            100
        );
        assert_eq!(ledger.of_alert(alert(3), Seq(0), 9), Ok(vec![]));
    }
}

#[test]
fn alerts_are_listed_newest_first_in_pages_with_their_last_facts() {
    let on_record = |n, last| OnRecord {
        id: alert(n),
        last: Seq(last),
    };
    for place in places() {
        let mut ledger = place.open().unwrap();
        for n in [3, 1, 4, 2, 5, 3, 1] {
            ledger.commit(&[about(alert(n), 0)]).unwrap();
        }
        assert_eq!(
            ledger.alerts(None, 2),
            Ok(vec![on_record(5, 5), on_record(4, 3)])
        );
        assert_eq!(
            ledger.alerts(Some(alert(4)), 2),
            Ok(vec![on_record(3, 6), on_record(2, 4)])
        );
        assert_eq!(ledger.alerts(Some(alert(2)), 9), Ok(vec![on_record(1, 7)]));
        assert_eq!(ledger.alerts(Some(alert(1)), 9), Ok(vec![]));
    }
}

#[test]
fn a_checkpoint_is_kept_over_reopening_and_a_later_one_takes_its_place() {
    for place in places() {
        let mut ledger = place.open().unwrap();
        ledger.commit(&many(10)).unwrap();
        ledger.save_checkpoint(Seq(4), b"four").unwrap();
        ledger.save_checkpoint(Seq(9), b"nine").unwrap();
        assert!(ledger.save_checkpoint(Seq(11), b"eleven").is_err());
        assert_eq!(ledger.commit(&many(1)), Ok(Seq(11)));
        drop(ledger);
        let mut ledger = place.open().unwrap();
        assert_eq!(ledger.checkpoint(), Ok(Some((Seq(9), b"nine".to_vec()))));
    }
}

#[test]
fn a_checkpoint_is_usable_until_a_fact_behind_it_is_trimmed() {
    for place in places() {
        let mut ledger = place.open().unwrap();
        ledger.commit(&many(10)).unwrap();
        ledger.save_checkpoint(Seq(5), b"five").unwrap();
        trim(&mut *ledger, Seq(5));
        assert_eq!(ledger.checkpoint(), Ok(Some((Seq(5), b"five".to_vec()))));
        trim(&mut *ledger, Seq(6));
        assert_eq!(ledger.checkpoint(), Ok(None));
    }
}

#[test]
fn trimming_removes_facts_and_their_index_and_nothing_else() {
    for place in places() {
        let mut ledger = place.open().unwrap();
        for n in 0..700 {
            ledger
                .commit(&[about(alert(1 + u128::from(n / 600)), n)])
                .unwrap();
        }
        trim(&mut *ledger, Seq(600));
        assert_eq!(ledger.first(), Seq(601));
        assert_eq!(ledger.read(Seq(1), 1).unwrap()[0].seq, Seq(601));
        let left = ledger.alerts(None, 9).unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].id, alert(2));
        assert_eq!(ledger.of_alert(alert(1), Seq(0), 9), Ok(vec![]));
        assert_eq!(ledger.of_alert(alert(2), Seq(0), 999).unwrap().len(), 100);
        assert_eq!(ledger.hash_of(Seq(600)), Ok(None));
        assert!(ledger.hash_of(Seq(601)).unwrap().is_some());
        drop(ledger);
        let mut ledger = place.open().unwrap();
        assert_eq!((ledger.first(), ledger.last()), (Seq(601), Seq(701)));
        ledger.trim(Seq(9_999)).unwrap();
        assert_eq!((ledger.first(), ledger.last()), (Seq(701), Seq(701)));
    }
}

#[test]
fn an_unknown_version_byte_stops_the_reader_with_a_clear_text() {
    for place in places() {
        place.open().unwrap().commit(&many(3)).unwrap();
        place.tamper(Seq(2), |bytes| bytes[0] = 77);
        let mut ledger = place.open().unwrap();
        assert_eq!(ledger.read(Seq(1), 1).unwrap().len(), 1);
        let error = ledger.read(Seq(1), 3).unwrap_err();
        assert!(matches!(error, LedgerError::Unreadable { seq: Seq(2), .. }));
        assert!(error.to_string().contains("form 77"), "{error}");
        assert_eq!(ledger.commit(&many(1)), Ok(Seq(4)));
        drop(ledger);
        place.tamper(Seq(4), |bytes| bytes[0] = 77);
        assert!(matches!(
            place.open().map(|_| ()),
            Err(LedgerError::Unreadable { seq: Seq(4), .. })
        ));
    }
}

#[test]
fn adopted_records_are_the_same_to_the_byte_and_must_continue_the_chain() {
    for (from, to) in places().into_iter().zip(places()) {
        let mut from = from.open().unwrap();
        from.commit(&[text("a"), about(alert(7), 1), text("c"), text("d")])
            .unwrap();
        let all = from.stored(Seq(1), 9).unwrap();
        let mut to = to.open().unwrap();
        to.adopt(&all[..2]).unwrap();
        assert!(matches!(
            to.adopt(&all[3..]),
            Err(LedgerError::Chain { seq: Seq(4), .. })
        ));
        let mut flipped = all[2..].to_vec();
        flipped[0].bytes[5] ^= 1;
        assert!(matches!(
            to.adopt(&flipped),
            Err(LedgerError::Chain { seq: Seq(3), .. })
        ));
        to.adopt(&all[2..]).unwrap();
        assert_eq!(to.stored(Seq(1), 9), Ok(all));
        assert_eq!(to.of_alert(alert(7), Seq(0), 9).unwrap().len(), 1);
        assert_eq!(from.commit(&many(1)), Ok(Seq(5)));
        assert_eq!(to.commit(&many(1)), Ok(Seq(5)));
        assert_eq!(to.hash_of(Seq(5)), from.hash_of(Seq(5)));
    }
}

#[test]
fn a_trimmed_ledger_is_adopted_from_its_first_record_on() {
    for (from, to) in places().into_iter().zip(places()) {
        let mut from = from.open().unwrap();
        from.commit(&many(9)).unwrap();
        trim(&mut *from, Seq(4));
        let page = from.stored(Seq(0), 99).unwrap();
        let mut ledger = to.open().unwrap();
        ledger.adopt(&page).unwrap();
        assert_eq!((ledger.first(), ledger.last()), (Seq(5), Seq(10)));
        drop(ledger);
        assert_eq!(to.open().unwrap().stored(Seq(0), 99), Ok(page));
    }
}

#[test]
fn a_failed_commit_poisons_the_handle_and_reopening_shows_all_that_was_acknowledged() {
    for written in [false, true] {
        let store = MemoryStore::default();
        let place = InMemory(store.clone());
        let mut ledger = place.open().unwrap();
        ledger.commit(&many(2)).unwrap();
        if written {
            store.fail_after_write_at(2);
        } else {
            store.fail_at(2);
        }
        assert_eq!(ledger.commit(&many(3)), Ok(Seq(5)));
        assert!(matches!(
            ledger.commit(&many(4)),
            Err(LedgerError::Store(_))
        ));
        assert!(matches!(ledger.read(Seq(1), 1), Err(LedgerError::Store(_))));
        let mut broken = place.open().unwrap();
        assert!(matches!(
            broken.commit(&many(1)),
            Err(LedgerError::Store(_))
        ));
        store.repair();
        assert!(matches!(
            ledger.commit(&many(1)),
            Err(LedgerError::Store(_))
        ));
        let mut ledger = place.open().unwrap();
        let found = if written { 9 } else { 5 };
        assert_eq!(ledger.last(), Seq(found));
        assert_eq!(ledger.commit(&many(1)), Ok(Seq(found + 1)));
        assert_eq!(facts(&mut *ledger).len() as u64, found + 1);
    }
}

#[test]
fn a_crash_ends_open_handles_and_keeps_what_was_committed() {
    let store = MemoryStore::default();
    let place = InMemory(store.clone());
    let mut ledger = place.open().unwrap();
    ledger.commit(&many(2)).unwrap();
    store.crash();
    assert!(matches!(
        ledger.commit(&many(1)),
        Err(LedgerError::Store(_))
    ));
    assert_eq!(place.open().unwrap().last(), Seq(2));
}

#[test]
fn slow_commits_are_reported_and_not_slept() {
    let store = MemoryStore::default();
    store.commit_time(std::time::Duration::from_secs(3_600));
    let mut ledger = InMemory(store.clone()).open().unwrap();
    ledger.commit(&many(1)).unwrap();
    ledger.commit(&many(1)).unwrap();
    assert_eq!(store.elapsed().as_secs(), 7_200);
}

#[test]
fn a_second_opening_is_told_that_the_ledger_is_in_use() {
    let place = OnDisk(TempDir::new().unwrap());
    let ledger = place.open().unwrap();
    let error = place.open().map(|_| ()).unwrap_err();
    assert!(matches!(error, LedgerError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("stop it"), "{error}");
    drop(ledger);
    assert!(place.open().is_ok());
}

#[test]
fn the_ledger_of_another_jurisdiction_is_refused() {
    let place = OnDisk(TempDir::new().unwrap());
    place.open().unwrap().commit(&many(1)).unwrap();
    let error = SledLedger::open(place.path(), "county", 1)
        .map(|_| ())
        .unwrap_err();
    let (found, expected) = ("city".into(), "county".into());
    assert_eq!(error, LedgerError::Foreign { found, expected });
}

#[test]
fn a_damaged_or_foreign_checkpoint_is_skipped_and_only_two_are_kept() {
    let place = OnDisk(TempDir::new().unwrap());
    let mut ledger = place.open().unwrap();
    ledger.commit(&many(9)).unwrap();
    for at in [2, 3, 4] {
        ledger
            .save_checkpoint(Seq(at), format!("state {at}").as_bytes())
            .unwrap();
    }
    let file = |at: u64| place.path().join(format!("checkpoint-{at}"));
    assert!(!file(2).exists() && file(3).exists());
    let mut bytes = std::fs::read(file(4)).unwrap();
    bytes[50] ^= 1;
    std::fs::write(file(4), bytes).unwrap();
    assert_eq!(ledger.checkpoint(), Ok(Some((Seq(3), b"state 3".to_vec()))));

    let other = OnDisk(TempDir::new().unwrap());
    let mut foreign = other.open().unwrap();
    foreign.commit(&many(3)).unwrap();
    foreign.commit(&[text("another city's fact")]).unwrap();
    foreign.save_checkpoint(Seq(4), b"foreign").unwrap();
    std::fs::copy(other.path().join("checkpoint-4"), file(4)).unwrap();
    std::fs::write(file(8), b"").unwrap();
    assert_eq!(ledger.checkpoint(), Ok(Some((Seq(3), b"state 3".to_vec()))));
    std::fs::copy(file(3), file(5)).unwrap();
    std::fs::remove_file(file(3)).unwrap();
    assert_eq!(ledger.checkpoint(), Ok(None));
}

#[test]
fn an_interrupted_trimming_is_finished_at_the_next_opening() {
    let place = OnDisk(TempDir::new().unwrap());
    let mut ledger = place.open().unwrap();
    ledger.commit(&many(600)).unwrap();
    drop(ledger);
    let db = raw(place.path());
    db.insert(b"c/trim", &500_u64.to_be_bytes()).unwrap();
    drop(db);
    let ledger = place.open().unwrap();
    assert_eq!((ledger.first(), ledger.last()), (Seq(501), Seq(600)));
    drop(ledger);
    assert!(raw(place.path()).get(b"c/trim").unwrap().is_none());
}

#[test]
fn the_largest_records_stay_out_of_unforced_files() {
    let place = OnDisk(TempDir::new().unwrap());
    let mut ledger = place.open().unwrap();
    for _ in 0..20 {
        ledger
            .commit(&vec![text(&"x".repeat(LIMIT - 100)); 10])
            .unwrap();
    }
    assert_eq!(ledger.stored(Seq(1), 999).unwrap().len(), 200);
    assert_eq!(
        std::fs::read_dir(place.path().join("blobs"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn a_value_too_short_for_a_hash_is_unreadable() {
    let place = OnDisk(TempDir::new().unwrap());
    place.open().unwrap().commit(&many(2)).unwrap();
    place.tamper(Seq(1), |bytes| bytes.truncate(31));
    let found = place
        .open()
        .unwrap()
        .stored(Seq(1), 1)
        .map(|_: Vec<Stored>| ());
    assert!(matches!(
        found,
        Err(LedgerError::Unreadable { seq: Seq(1), .. })
    ));
}
