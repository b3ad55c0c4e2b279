//! The ledger of tests and simulations: durable as long as its store is held, with faults
//! to order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ledger::checkpoint::fits;
use crate::ledger::record::{Stored, Tip};
use crate::ledger::{Ledger, LedgerError, OnRecord, Reader};
use crate::model::facts::{Entry, Record};
use crate::model::ids::{AlertId, Seq};

/// What outlives a [`MemoryLedger`], and the switches of its faults. Clones share one store.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    records: BTreeMap<Seq, Stored>,
    index: BTreeSet<(AlertId, Seq)>,
    checkpoint: Option<(Seq, [u8; 32], Vec<u8>)>,
    /// Handles of an earlier generation are dead.
    generation: u64,
    fault: Option<Fault>,
    broken: bool,
    commit_time: Duration,
    elapsed: Duration,
    /// How long a commit really takes.
    sleep: Duration,
    /// Whether commits stand still.
    hangs: bool,
    commits: u64,
}

#[derive(Debug, Clone, Copy)]
struct Fault {
    commits_before: u64,
    written: bool,
}

impl MemoryStore {
    /// Lets the `n`-th commit from now (counted from 1) fail without a trace, and every later
    /// one until [`repair`](Self::repair). The handle that saw a failure stays failed even then.
    pub fn fail_at(&self, n: u64) {
        self.lock().fault = Some(Fault {
            commits_before: n.saturating_sub(1),
            written: false,
        });
    }

    /// As [`fail_at`](Self::fail_at), but the `n`-th commit is found when the ledger is opened
    /// again: a crash between writing and answering.
    pub fn fail_after_write_at(&self, n: u64) {
        self.lock().fault = Some(Fault {
            commits_before: n.saturating_sub(1),
            written: true,
        });
    }

    /// Lets commits succeed again, through a newly opened ledger.
    pub fn repair(&self) {
        let mut shared = self.lock();
        shared.fault = None;
        shared.broken = false;
    }

    /// Kills the process that holds the ledger: open handles fail, what was committed stays.
    pub fn crash(&self) {
        self.lock().generation += 1;
    }

    /// Lets every commit from now on take this long, on paper: see [`elapsed`](Self::elapsed).
    pub fn commit_time(&self, time: Duration) {
        self.lock().commit_time = time;
    }

    /// Lets every commit take this long, in real time: its thread sleeps.
    pub fn slow(&self, time: Duration) {
        self.lock().sleep = time;
    }

    /// Lets commits stand still, the one under way too, or go on.
    pub fn hang(&self, hangs: bool) {
        self.lock().hangs = hangs;
    }

    /// How many commits were begun.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.lock().commits
    }

    fn stand_still(&self) {
        let begun = Instant::now();
        self.lock().commits += 1;
        loop {
            let (sleep, hangs) = {
                let shared = self.lock();
                (shared.sleep, shared.hangs)
            };
            if !hangs && begun.elapsed() >= sleep {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// How long all commits together took, on paper: nothing sleeps.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.lock().elapsed
    }

    /// Damages one record: `change` gets its stored bytes.
    pub fn tamper(&self, seq: Seq, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(stored) = self.lock().records.get_mut(&seq) {
            change(&mut stored.bytes);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A ledger in memory.
#[derive(Debug)]
pub struct MemoryLedger {
    store: MemoryStore,
    tip: Tip,
    first: Seq,
    generation: u64,
    failed: bool,
}

impl MemoryLedger {
    /// Opens the ledger in `store` for `jurisdiction`, held with `epoch`.
    ///
    /// # Errors
    /// [`LedgerError::Foreign`] or [`LedgerError::Unreadable`] by its last record.
    pub fn open(store: &MemoryStore, jurisdiction: &str, epoch: u64) -> Result<Self, LedgerError> {
        let shared = store.lock();
        let last = shared.records.values().next_back();
        let tip = Tip::behind(last, jurisdiction, epoch)?;
        let first = shared.records.keys().next().copied();
        Ok(Self {
            store: store.clone(),
            first: first.unwrap_or(tip.last.next()),
            tip,
            generation: shared.generation,
            failed: false,
        })
    }

    fn shared(&self) -> Result<MutexGuard<'_, Shared>, LedgerError> {
        let shared = self.store.lock();
        if self.failed {
            Err(LedgerError::Store("it failed before".into()))
        } else if shared.generation != self.generation {
            Err(LedgerError::Store("its process was killed".into()))
        } else {
            Ok(shared)
        }
    }

    fn reading(&self) -> MemoryReader {
        MemoryReader(self.store.clone())
    }

    fn append(&mut self, records: Vec<(Stored, Option<AlertId>)>) -> Result<(), LedgerError> {
        self.store.stand_still();
        let mut shared = self.shared()?;
        let fault = match &mut shared.fault {
            Some(fault) if fault.commits_before == 0 => Some(*fault),
            Some(fault) => {
                fault.commits_before -= 1;
                None
            }
            None => None,
        };
        let fails = fault.is_some() || shared.broken;
        shared.broken = fails;
        shared.fault.take_if(|_| fails);
        let elapsed = shared.elapsed.saturating_add(shared.commit_time);
        shared.elapsed = elapsed;
        if !fails || fault.is_some_and(|fault| fault.written) {
            for (stored, alert) in &records {
                shared.index.extend(alert.map(|alert| (alert, stored.seq)));
                shared.records.insert(stored.seq, stored.clone());
            }
        }
        drop(shared);
        if fails {
            self.failed = true;
            return Err(LedgerError::Store("a fault was ordered".into()));
        }
        let empty = self.first > self.tip.last;
        if let Some((stored, _)) = records.first().filter(|_| empty) {
            self.first = stored.seq;
        }
        self.tip.advance(records.last().map(|(stored, _)| stored));
        Ok(())
    }
}

/// Reads a ledger in memory, also while it commits.
struct MemoryReader(MemoryStore);

impl Reader for MemoryReader {
    fn stored(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError> {
        let shared = self.0.lock();
        Ok(shared
            .records
            .range(from..)
            .take(limit)
            .map(|(_, stored)| stored.clone())
            .collect())
    }

    fn of_alert(
        &mut self,
        id: AlertId,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<Record>, LedgerError> {
        let shared = self.0.lock();
        shared
            .index
            .range((id, from)..=(id, Seq(u64::MAX)))
            .filter_map(|(_, seq)| shared.records.get(seq))
            .take(limit)
            .map(Stored::decode)
            .collect()
    }

    fn alerts(
        &mut self,
        before: Option<AlertId>,
        limit: usize,
    ) -> Result<Vec<OnRecord>, LedgerError> {
        let shared = self.0.lock();
        let newest = shared.index.iter().rev();
        let mut alerts: Vec<OnRecord> = newest
            .map(|&(id, last)| OnRecord { id, last })
            .skip_while(|alert| before.is_some_and(|before| alert.id >= before))
            .collect();
        alerts.dedup_by_key(|alert| alert.id);
        alerts.truncate(limit);
        Ok(alerts)
    }
}

impl Ledger for MemoryLedger {
    fn commit(&mut self, batch: &[Entry]) -> Result<Seq, LedgerError> {
        if !batch.is_empty() {
            let alerts = batch.iter().map(|entry| entry.fact.alert());
            let records = self.tip.extend(batch)?.into_iter().zip(alerts).collect();
            self.append(records)?;
        }
        Ok(self.tip.last)
    }

    fn stored(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError> {
        drop(self.shared()?);
        self.reading().stored(from, limit)
    }

    fn of_alert(
        &mut self,
        id: AlertId,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<Record>, LedgerError> {
        drop(self.shared()?);
        self.reading().of_alert(id, from, limit)
    }

    fn alerts(
        &mut self,
        before: Option<AlertId>,
        limit: usize,
    ) -> Result<Vec<OnRecord>, LedgerError> {
        drop(self.shared()?);
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
        let mut shared = self.shared()?;
        let Some(stored) = shared.records.get(&at) else {
            return Err(LedgerError::Unreadable {
                seq: at,
                why: "there is none to checkpoint".into(),
            });
        };
        shared.checkpoint = Some((at, stored.hash, state.to_vec()));
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<Option<(Seq, Vec<u8>)>, LedgerError> {
        let shared = self.shared()?;
        let (kept, has) = (shared.checkpoint.as_ref(), self.tip.last);
        if let Some((head, ..)) = kept.filter(|(at, ..)| *at > has) {
            return Err(LedgerError::Shortened { has, head: *head });
        }
        Ok(kept.and_then(|(at, hash, state)| {
            let record = |seq| shared.records.get(&seq).cloned();
            let usable = fits(*at, *hash, record(*at), record(at.next()));
            usable.then(|| (*at, state.clone()))
        }))
    }

    fn trim(&mut self, up_to: Seq) -> Result<(), LedgerError> {
        let end = up_to.next().min(self.tip.last);
        let mut shared = self.shared()?;
        shared.records = shared.records.split_off(&end);
        shared.index.retain(|(_, seq)| *seq >= end);
        drop(shared);
        self.first = self.first.max(end);
        Ok(())
    }

    fn adopt(&mut self, page: &[Stored]) -> Result<(), LedgerError> {
        let records = self.tip.continues(page)?;
        let alerts = records.iter().map(|record| record.fact.alert());
        self.append(page.iter().cloned().zip(alerts).collect())
    }
}
