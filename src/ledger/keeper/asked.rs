//! What the owner asks of the ledger, and the answers.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::ledger::{Ledger, LedgerError};
use crate::model::facts::{Entry, Record};
use crate::model::ids::Seq;

/// Opens the ledger, each time anew: at start, and after it has failed.
pub type OpenLedger = Arc<dyn Fn() -> Result<Box<dyn Ledger>, LedgerError> + Send + Sync>;

/// A position and the state folded up to it.
pub type Checkpoint = (Seq, Vec<u8>);

/// Where the answer to a reader goes.
pub type Reply<T> = oneshot::Sender<Result<T, LedgerError>>;

/// Something that the owner asks of the ledger. Each is answered once, in its own time.
#[derive(Debug)]
pub enum Request {
    /// Open it, when an earlier handle has let go of it.
    Open,
    /// Up to so many records from a position on.
    Read {
        /// The first position.
        from: Seq,
        /// At most so many.
        limit: usize,
    },
    /// Append these behind everything committed before, together or not at all, durably.
    Commit(Vec<Entry>),
}

/// The answer to a [`Request`].
#[derive(Debug)]
pub enum Answer {
    /// It is open and ends there, and this is its newest usable checkpoint.
    Opened(Result<(Seq, Option<Checkpoint>), LedgerError>),
    /// The records that were asked for.
    Page(Result<Vec<Record>, LedgerError>),
    /// The position of the last entry, which is durable.
    Committed(Result<Seq, LedgerError>),
}
