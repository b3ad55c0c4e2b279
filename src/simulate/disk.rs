//! The ledger's side of a run: does what the core asks of its ledger, late, wrongly or never.

use std::time::Duration;

use narrowcast_protocol::time::Instant;
use narrowcast_world::rng::Rng;

use crate::core::io::{Checkpoint, LedgerFault};
use crate::ledger::memory::{MemoryLedger, MemoryStore};
use crate::ledger::{Ledger, LedgerError};
use crate::model::facts::{Entry, Record};
use crate::model::ids::Seq;

/// Something that is under way.
#[derive(Debug)]
pub(super) enum Work {
    Open,
    Read { from: Seq, limit: usize },
    Commit(Vec<Entry>),
}

/// How it came out.
#[derive(Debug)]
pub(super) enum Done {
    Opened(Result<(Seq, Option<Checkpoint>), LedgerFault>),
    Page(Result<Vec<Record>, LedgerFault>),
    /// With how long it took.
    Committed(Result<Seq, LedgerFault>, Duration),
}

/// A ledger in memory that takes its time.
#[derive(Debug)]
pub(super) struct Disk {
    store: MemoryStore,
    ledger: Option<MemoryLedger>,
    rng: Rng,
    /// How long work takes, at least and at most.
    time: (Duration, Duration),
    /// What is under way, since when, and when it would be done.
    under_way: Option<(Work, Instant, Instant)>,
    /// Until when nothing is done.
    hangs: Instant,
    /// How many openings and reads are still to fail.
    failing: (u64, u64),
}

impl Disk {
    /// A disk with an empty store, whose work takes from the first to the second of `time`.
    pub(super) fn new(time: (Duration, Duration), seed: u64) -> Self {
        Self {
            store: MemoryStore::default(),
            ledger: None,
            rng: Rng::new(seed),
            time,
            under_way: None,
            hangs: Instant::ZERO,
            failing: (0, 0),
        }
    }

    /// The switches of the ledger's own faults.
    pub(super) const fn store(&self) -> &MemoryStore {
        &self.store
    }

    /// Lets work take from the first to the second of these from now on.
    pub(super) const fn slow(&mut self, time: (Duration, Duration)) {
        self.time = time;
    }

    /// Lets nothing be done before `until`.
    pub(super) fn hang(&mut self, until: Instant) {
        self.hangs = self.hangs.max(until);
    }

    /// Lets the next so many openings and reads fail.
    pub(super) const fn fail_next(&mut self, opens: u64, reads: u64) {
        self.failing = (opens, reads);
    }

    /// Everything works again.
    pub(super) fn repair(&mut self) {
        self.hangs = Instant::ZERO;
        self.failing = (0, 0);
        self.store.repair();
    }

    /// The process is killed. What was being written is found afterwards or not, as chance
    /// will have it.
    pub(super) fn kill(&mut self) {
        if let Some((Work::Commit(batch), ..)) = self.under_way.take()
            && self.rng.chance(0.5)
            && let Some(ledger) = &mut self.ledger
        {
            // A commit that fails now leaves no more behind than one that was not begun.
            drop(ledger.commit(&batch));
        }
        self.store.crash();
        self.ledger = None;
    }

    /// Begins some work; it is done in its own time.
    pub(super) fn begin(&mut self, work: Work, now: Instant) {
        let (least, most) = self.time;
        let due = now + self.rng.between(least, most);
        self.under_way = Some((work, now, due));
    }

    /// When the work under way is done, as things stand.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let (_, _, due) = self.under_way.as_ref()?;
        Some(self.hangs.max(*due))
    }

    /// What is done by now.
    pub(super) fn done(&mut self, now: Instant) -> Option<Done> {
        if self.deadline()? > now {
            return None;
        }
        let (work, since, _) = self.under_way.take()?;
        Some(match work {
            Work::Open => Done::Opened(self.open().map_err(fault)),
            Work::Read { from, limit } => {
                let fails = count_down(&mut self.failing.1);
                let page = if fails {
                    Err(LedgerError::Store("a failing read was ordered".into()))
                } else {
                    self.read(from, limit)
                };
                Done::Page(page.map_err(fault))
            }
            Work::Commit(batch) => {
                let ledger = self.ledger.as_mut().ok_or_else(closed);
                let committed = ledger.and_then(|ledger| ledger.commit(&batch));
                Done::Committed(committed.map_err(fault), now.since(since))
            }
        })
    }

    fn open(&mut self) -> Result<(Seq, Option<Checkpoint>), LedgerError> {
        if count_down(&mut self.failing.0) {
            return Err(LedgerError::Store("a failing opening was ordered".into()));
        }
        let mut ledger = MemoryLedger::open(&self.store, "simulated", 1)?;
        let kept = ledger.checkpoint()?;
        let last = ledger.last();
        self.ledger = Some(ledger);
        Ok((last, kept.map(|(at, state)| Checkpoint { at, state })))
    }

    /// Reads at once, as another process would.
    ///
    /// # Errors
    /// The ledger is closed or has failed.
    pub(super) fn read(&mut self, from: Seq, limit: usize) -> Result<Vec<Record>, LedgerError> {
        self.ledger.as_mut().ok_or_else(closed)?.read(from, limit)
    }

    /// Keeps a checkpoint; whether that could be done is seen at the next start.
    pub(super) fn save(&mut self, at: Seq, state: &[u8]) {
        if let Some(ledger) = &mut self.ledger {
            drop(ledger.save_checkpoint(at, state));
        }
    }

    /// Removes records; what fails is finished at the next start.
    pub(super) fn trim(&mut self, up_to: Seq) {
        if let Some(ledger) = &mut self.ledger {
            drop(ledger.trim(up_to));
        }
    }

    /// Drops the handle and what it was asked.
    pub(super) fn close(&mut self) {
        self.ledger = None;
        self.under_way = None;
    }
}

fn count_down(left: &mut u64) -> bool {
    let fails = *left > 0;
    *left = left.saturating_sub(1);
    fails
}

fn closed() -> LedgerError {
    LedgerError::Store("it is closed".into())
}

fn fault(error: LedgerError) -> LedgerFault {
    match error {
        LedgerError::TooLarge { .. } => LedgerFault::TooLarge(error.to_string()),
        other => LedgerFault::Failed(other.to_string()),
    }
}
