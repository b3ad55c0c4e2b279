//! The durable, hash-chained sequence of facts.
//!
//! Durable when `Ok`; object-safe; owned by one OS thread. Everything that the server
//! knows is a fold over [`read`](Ledger::read).

use crate::model::facts::{Entry, Record};
use crate::model::ids::{AlertId, Seq};

/// Why the ledger could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another process holds the directory.
    #[error("ledger {path} is in use by another process: stop it, or name another directory")]
    InUse {
        /// The directory.
        path: String,
    },
    /// The store failed; this handle is unusable, open the ledger again.
    #[error("ledger store failed: {0}")]
    Store(String),
    /// A record cannot be read; the ledger was written by another version or damaged.
    #[error("ledger record {seq} is unreadable: {why}")]
    Unreadable {
        /// Its position.
        seq: Seq,
        /// Why.
        why: String,
    },
    /// The chain is broken.
    #[error("ledger chain is broken at record {seq}: {why}")]
    Chain {
        /// The first record that does not fit.
        seq: Seq,
        /// How.
        why: String,
    },
    /// One fact is larger than a record may be.
    #[error("a fact of {size} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Its stored size in bytes.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The file given to import is no export of ours.
    #[error("import line {line}: {why}")]
    Import {
        /// Counted from 1.
        line: u64,
        /// Why.
        why: String,
    },
}

/// The durable sequence of facts.
pub trait Ledger: Send {
    /// Appends all of `batch` or nothing, durably. Returns the position of the last entry.
    ///
    /// # Errors
    /// The store failed: nothing of the batch may be assumed, and the handle must be dropped.
    fn commit(&mut self, batch: &[Entry]) -> Result<Seq, LedgerError>;

    /// Up to `limit` records from position `from` on, in order.
    ///
    /// # Errors
    /// The store failed or a record is unreadable.
    fn read(&mut self, from: Seq, limit: usize) -> Result<Vec<Record>, LedgerError>;

    /// Up to `limit` records of one alert from position `from` on, in order.
    ///
    /// # Errors
    /// The store failed or a record is unreadable.
    fn of_alert(
        &mut self,
        id: AlertId,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<Record>, LedgerError>;

    /// Up to `limit` alerts on record below `before` (all if none), newest first.
    ///
    /// # Errors
    /// The store failed.
    fn alerts(
        &mut self,
        before: Option<AlertId>,
        limit: usize,
    ) -> Result<Vec<AlertId>, LedgerError>;

    /// The position of the last committed record.
    fn last(&self) -> Seq;

    /// Keeps `state` as the fold of everything up to `at`.
    ///
    /// # Errors
    /// The store failed.
    fn save_checkpoint(&mut self, at: Seq, state: &[u8]) -> Result<(), LedgerError>;

    /// The newest usable checkpoint.
    ///
    /// # Errors
    /// The store failed; a damaged checkpoint is skipped, not an error.
    fn checkpoint(&mut self) -> Result<Option<(Seq, Vec<u8>)>, LedgerError>;

    /// Removes records up to and including `up_to`, in small steps. Call it only after a
    /// [`Trimmed`](crate::model::facts::Fact::Trimmed) fact with that position is committed.
    ///
    /// # Errors
    /// The store failed.
    fn trim(&mut self, up_to: Seq) -> Result<(), LedgerError>;
}
