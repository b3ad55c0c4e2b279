//! The ledger on a disk: one sled database, one tree, one owner.
//!
//! | key | value |
//! |---|---|
//! | `f/` position (8 bytes) | the record's stored form and its hash |
//! | `i/` alert (16 bytes) position (8 bytes) | nothing |
//! | `c/trim` | the position up to which records are to be removed |
//!
//! A commit is one batch, written, flushed, and then forced to the medium through a second
//! handle of the database file: what sled calls a flush does not reach behind the drive's cache.
//! Then it is reported, and the head is written meanwhile.
//!
//! sled cuts its log at the first byte that it cannot read, and says nothing. The head and the
//! checkpoints say how far the ledger went: one that ends earlier is refused, or salvaged.

use std::fs::{File, OpenOptions};
use std::path::Path;

use sled::{Batch, Db, IVec};

use crate::ledger::checkpoint::Checkpoints;
use crate::ledger::ending::{Ending, as_proven};
use crate::ledger::files::{at_path, sync_dir};
use crate::ledger::head::Head;
use crate::ledger::record::{Hash, Stored, Tip, follows};
use crate::ledger::{CheckpointWriter, Ledger, LedgerError, OnRecord, Reader, missing};
use crate::model::facts::{Entry, Record};
use crate::model::ids::{AlertId, Seq};

const CACHE_BYTES: u64 = 48 << 20;
/// sled puts a page that is larger than a quarter of this into a file of its own, and never
/// forces such files to the medium. A page holds up to 20 records of 16 KiB. It is fixed when
/// a ledger is made.
const SEGMENT_BYTES: usize = 2 << 20;
const TRIM_KEYS: usize = 256;
const TRIM_STEP: u64 = TRIM_KEYS as u64;
/// Keys whose replaced pages sled frees in one go.
const FREED: usize = 128;
const TRIM_MARK: &[u8] = b"c/trim";

/// A ledger in a directory. Dropping it blocks on a last flush: drop it on its own thread.
#[derive(Debug)]
pub struct SledLedger {
    db: Db,
    file: File,
    head: Head,
    checkpoints: Checkpoints,
    tip: Tip,
    first: Seq,
    failed: Option<LedgerError>,
}

impl SledLedger {
    /// Opens or makes the ledger of `jurisdiction` in `dir`, held with `epoch`. A trimming
    /// that was interrupted is finished.
    ///
    /// # Errors
    /// [`LedgerError::InUse`], [`LedgerError::Foreign`], [`LedgerError::Unreadable`] by its
    /// last record, or [`LedgerError::Store`]. [`LedgerError::Shortened`],
    /// [`LedgerError::HeadDamaged`] or [`LedgerError::Chain`] if it does not end as its head
    /// and its checkpoints prove: see [`salvage`](crate::ledger::salvage).
    pub fn open(dir: &Path, jurisdiction: &str, epoch: u64) -> Result<Self, LedgerError> {
        Self::open_if(dir, jurisdiction, epoch, as_proven)
    }

    /// Opens a ledger whose end `check` accepts.
    pub(crate) fn open_if(
        dir: &Path,
        jurisdiction: &str,
        epoch: u64,
        check: impl FnOnce(&Ending<'_>) -> Result<(), LedgerError>,
    ) -> Result<Self, LedgerError> {
        std::fs::create_dir_all(dir).map_err(|error| at_path(dir, &error))?;
        let db = open_patiently(dir).map_err(|error| in_use_or_failed(dir, &error))?;
        let path = dir.join("db");
        let file = OpenOptions::new()
            .read(true)
            .open(&path)
            .map_err(|error| at_path(&path, &error))?;
        let last = db.scan_prefix(b"f/").next_back();
        let last = last.map(|pair| stored(pair.map_err(failed)?)).transpose()?;
        let first = db.scan_prefix(b"f/").keys().next();
        let first = first.map(|key| seq_of(&key.map_err(failed)?)).transpose()?;
        let tip = Tip::behind(last.as_ref(), jurisdiction, epoch)?;
        let checkpoints = Checkpoints::new(dir);
        check(&Ending {
            dir,
            mark: tip.mark(),
            checkpoints: &checkpoints,
            hash_of: &|seq| Ok(get(&db, seq)?.map(|stored| stored.hash)),
        })?;
        // What a killed process flushed may not be on the medium yet, and now counts as durable.
        file.sync_data().map_err(|error| at_path(&path, &error))?;
        let mut ledger = Self {
            db,
            file,
            head: Head::open(dir, tip.mark())?,
            checkpoints,
            first: first.unwrap_or(tip.last.next()),
            tip,
            failed: None,
        };
        sync_dir(dir)?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_dir(parent)?;
        }
        if let Some(mark) = ledger.db.get(TRIM_MARK).map_err(failed)? {
            let up_to = mark.as_ref().try_into().map(u64::from_be_bytes);
            match ledger.trim(Seq(up_to.unwrap_or(0))) {
                // What cannot be read cannot be removed either; everything else works.
                Err(error @ LedgerError::Unreadable { .. }) => {
                    tracing::warn!(%error, "an interrupted trimming cannot be finished");
                }
                finished => finished?,
            }
        }
        Ok(ledger)
    }

    fn usable(&self) -> Result<(), LedgerError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Writes and forces one batch of so many keys, and with it the head of the commit before;
    /// any error is the end of this handle.
    fn apply(&mut self, batch: Batch, keys: usize) -> Result<(), LedgerError> {
        let stored = self.db.apply_batch(batch).and_then(|()| self.db.flush());
        let settled = stored.map_err(failed).and_then(|_| self.head.settle());
        let forced = settled.and_then(|()| {
            let forced = self.file.sync_data();
            forced.map_err(|error| LedgerError::Store(error.to_string()))
        });
        free_replaced(keys);
        self.or_failed(forced)
    }

    /// Lets this handle end with the first error.
    fn or_failed(&mut self, result: Result<(), LedgerError>) -> Result<(), LedgerError> {
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }

    fn append(
        &mut self,
        records: &[Stored],
        alerts: impl Iterator<Item = Option<AlertId>>,
    ) -> Result<(), LedgerError> {
        let mut batch = Batch::default();
        let mut keys = records.len();
        for (stored, alert) in records.iter().zip(alerts) {
            let value = [stored.bytes.as_slice(), &stored.hash].concat();
            batch.insert(&fact_key(stored.seq), value);
            if let Some(alert) = alert {
                batch.insert(&index_key(alert, stored.seq), &[]);
                keys += 1;
            }
        }
        self.apply(batch, keys)?;
        let empty = self.first > self.tip.last;
        if let Some(stored) = records.first().filter(|_| empty) {
            self.first = stored.seq;
        }
        self.tip.advance(records.last());
        let headed = self.head.write(self.tip.mark());
        self.or_failed(headed)
    }

    /// The chain hash of the record that a checkpoint is to be made at.
    fn checkpointed(&mut self, at: Seq) -> Result<Hash, LedgerError> {
        self.usable()?;
        self.hash_of(at)?.ok_or(LedgerError::Unreadable {
            seq: at,
            why: "there is none to checkpoint".into(),
        })
    }

    fn get(&self, seq: Seq) -> Result<Option<Stored>, LedgerError> {
        get(&self.db, seq)
    }

    fn reading(&self) -> SledReader {
        SledReader {
            db: self.db.clone(),
            first: self.first,
        }
    }
}

impl Ledger for SledLedger {
    fn commit(&mut self, batch: &[Entry]) -> Result<Seq, LedgerError> {
        self.usable()?;
        if !batch.is_empty() {
            let records = self.tip.extend(batch)?;
            self.append(&records, batch.iter().map(|entry| entry.fact.alert()))?;
        }
        Ok(self.tip.last)
    }

    fn stored(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError> {
        self.usable()?;
        self.reading().stored(from, limit)
    }

    fn of_alert(
        &mut self,
        id: AlertId,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<Record>, LedgerError> {
        self.usable()?;
        self.reading().of_alert(id, from, limit)
    }

    fn alerts(
        &mut self,
        before: Option<AlertId>,
        limit: usize,
    ) -> Result<Vec<OnRecord>, LedgerError> {
        self.usable()?;
        self.reading().alerts(before, limit)
    }

    fn reader(&self) -> Option<Box<dyn Reader>> {
        Some(Box::new(self.reading()))
    }

    fn first(&self) -> Seq {
        self.first
    }

    fn last(&self) -> Seq {
        self.tip.last
    }

    fn save_checkpoint(&mut self, at: Seq, state: &[u8]) -> Result<(), LedgerError> {
        let hash = self.checkpointed(at)?;
        self.checkpoints.save(at, &hash, state)
    }

    fn checkpoint_writer(&mut self, at: Seq) -> Result<Option<CheckpointWriter>, LedgerError> {
        let hash = self.checkpointed(at)?;
        let checkpoints = self.checkpoints.clone();
        Ok(Some(Box::new(move |state| {
            checkpoints.save(at, &hash, state)
        })))
    }

    fn checkpoint(&mut self) -> Result<Option<(Seq, Vec<u8>)>, LedgerError> {
        self.usable()?;
        let db = &*self;
        db.checkpoints
            .newest(db.tip.last, |seq| Ok((db.get(seq)?, db.get(seq.next())?)))
    }

    fn trim(&mut self, up_to: Seq) -> Result<(), LedgerError> {
        self.usable()?;
        let end = up_to.next().min(self.tip.last);
        while self.first < end {
            let step = end.min(Seq(self.first.0.saturating_add(TRIM_STEP)));
            let mut batch = Batch::default();
            for pair in self.db.range(fact_key(self.first)..fact_key(step)) {
                let stored = stored(pair.map_err(|error| unreadable(self.first, &error))?)?;
                // What cannot be read has no index to be found by.
                let alert = stored.decode().ok().and_then(|record| record.fact.alert());
                if let Some(alert) = alert {
                    batch.remove(&index_key(alert, stored.seq));
                }
                batch.remove(&fact_key(stored.seq));
            }
            if step < end {
                batch.insert(TRIM_MARK, &end.0.saturating_sub(1).to_be_bytes());
            } else {
                batch.remove(TRIM_MARK);
            }
            self.apply(batch, 2 * TRIM_KEYS)?;
            self.first = step;
        }
        Ok(())
    }

    fn adopt(&mut self, page: &[Stored]) -> Result<(), LedgerError> {
        self.usable()?;
        let records = self.tip.continues(page)?;
        self.append(page, records.iter().map(|record| record.fact.alert()))
    }
}

fn get(db: &Db, seq: Seq) -> Result<Option<Stored>, LedgerError> {
    let value = db.get(fact_key(seq));
    let value = value.map_err(|error| unreadable(seq, &error))?;
    value.map(|value| split(seq, &value)).transpose()
}

/// Reads a ledger on disk, also while it commits.
struct SledReader {
    db: Db,
    first: Seq,
}

impl SledReader {
    /// A record that the index names.
    fn indexed(&self, seq: Seq) -> Result<Record, LedgerError> {
        let found = get(&self.db, seq)?.ok_or_else(|| missing(seq))?;
        let record = found.decode()?;
        // One before it that is gone or cannot be read is another record's fault.
        let before = Seq(seq.0.saturating_sub(1));
        let before = get(&self.db, before).ok().flatten();
        follows(before.map(|before| (before.seq, before.hash)), &found)?;
        Ok(record)
    }
}

impl Reader for SledReader {
    fn stored(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError> {
        let mut next = from.max(self.first);
        self.db
            .range(fact_key(from)..=fact_key(Seq(u64::MAX)))
            .take(limit)
            .map(|pair| {
                let found = stored(pair.map_err(|error| unreadable(next, &error))?)?;
                next = found.seq.next();
                Ok(found)
            })
            .collect()
    }

    fn of_alert(
        &mut self,
        id: AlertId,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<Record>, LedgerError> {
        self.db
            .range(index_key(id, from)..=index_key(id, Seq(u64::MAX)))
            .keys()
            .take(limit)
            .map(|key| self.indexed(seq_of(&key.map_err(failed)?)?))
            .collect()
    }

    fn alerts(
        &mut self,
        before: Option<AlertId>,
        limit: usize,
    ) -> Result<Vec<OnRecord>, LedgerError> {
        let mut end = before.map_or(b"i0".to_vec(), |id| index_key(id, Seq(0)).to_vec());
        let mut alerts = Vec::new();
        while alerts.len() < limit {
            let range = b"i/".to_vec()..end;
            let Some(key) = self.db.range(range).keys().next_back() else {
                break;
            };
            let key = key.map_err(failed)?;
            let id = alert_of(&key)?;
            end = index_key(id, Seq(0)).to_vec();
            let last = seq_of(&key)?;
            alerts.push(OnRecord { id, last });
        }
        Ok(alerts)
    }
}

/// Frees the pages that a batch has replaced, one for each key. sled puts that off, and takes
/// it up by the number of calls, however large: a ledger that is fed large batches would grow
/// by some kilobytes for every record.
fn free_replaced(keys: usize) {
    // Twice, because what is replaced must have been out of use for two of its epochs.
    for _ in 0..2 + keys / FREED {
        sled::pin().flush();
    }
}

pub(crate) fn config(dir: &Path) -> sled::Config {
    sled::Config::new()
        .path(dir)
        .cache_capacity(CACHE_BYTES)
        .segment_size(SEGMENT_BYTES)
}

fn fact_key(seq: Seq) -> [u8; 10] {
    let mut key = *b"f/\0\0\0\0\0\0\0\0";
    key.iter_mut()
        .skip(2)
        .zip(seq.0.to_be_bytes())
        .for_each(|(to, byte)| *to = byte);
    key
}

fn index_key(alert: AlertId, seq: Seq) -> [u8; 26] {
    let bytes = u128::from(alert.0).to_be_bytes().into_iter();
    let mut key = [0; 26];
    key.iter_mut()
        .zip(
            b"i/"
                .iter()
                .copied()
                .chain(bytes)
                .chain(seq.0.to_be_bytes()),
        )
        .for_each(|(to, byte)| *to = byte);
    key
}

fn seq_of(key: &[u8]) -> Result<Seq, LedgerError> {
    key.last_chunk()
        .map(|bytes| Seq(u64::from_be_bytes(*bytes)))
        .ok_or_else(|| LedgerError::Store("a key is too short".into()))
}

fn alert_of(key: &[u8]) -> Result<AlertId, LedgerError> {
    key.strip_prefix(b"i/")
        .and_then(|rest| rest.first_chunk())
        .map(|bytes| AlertId(u128::from_be_bytes(*bytes).into()))
        .ok_or_else(|| LedgerError::Store("a key of the index is too short".into()))
}

fn stored((key, value): (IVec, IVec)) -> Result<Stored, LedgerError> {
    split(seq_of(&key)?, &value)
}

fn split(seq: Seq, value: &[u8]) -> Result<Stored, LedgerError> {
    let (bytes, hash) = value.split_last_chunk().ok_or(LedgerError::Unreadable {
        seq,
        why: "it is too short to hold a hash".into(),
    })?;
    Ok(Stored {
        seq,
        bytes: bytes.to_vec(),
        hash: *hash,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn failed(error: sled::Error) -> LedgerError {
    LedgerError::Store(error.to_string())
}

fn unreadable(seq: Seq, error: &sled::Error) -> LedgerError {
    LedgerError::Unreadable {
        seq,
        why: format!(
            "the store cannot read it ({error}); restore a copy of the ledger's directory, or \
             import the last export into a new one (`narrowcast ledger import`)"
        ),
    }
}

/// Opens the store. A handle that was just dropped lets go of the lock a moment later, when
/// the threads of the store have ended; that moment is waited for.
pub(super) fn open_patiently(dir: &Path) -> sled::Result<Db> {
    let patience = std::iter::repeat_n(LOCK_STEP, LOCK_STEPS);
    for step in patience {
        match config(dir).open() {
            Err(error) if is_locked(&error) => std::thread::sleep(step),
            other => return other,
        }
    }
    config(dir).open()
}

const LOCK_STEP: std::time::Duration = std::time::Duration::from_millis(50);
const LOCK_STEPS: usize = 40;

/// sled wraps the refused lock into an error of its own, whose only mark is its text.
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

fn in_use_or_failed(dir: &Path, error: &sled::Error) -> LedgerError {
    if is_locked(error) {
        LedgerError::InUse {
            path: dir.display().to_string(),
        }
    } else if matches!(error, sled::Error::Corruption { .. }) {
        LedgerError::Store(format!(
            "{}: {error}: its files are damaged; restore a copy of the directory, import the last \
             export into a new one (`narrowcast ledger import`), or start `narrowcast serve --salvage`",
            dir.display()
        ))
    } else {
        LedgerError::Store(format!("{}: {error}", dir.display()))
    }
}
