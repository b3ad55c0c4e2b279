//! What the core asks of its driver, and what it is told by it.

use narrowcast_protocol::session::Job;

use crate::engine::io::{Alarm, Refusal, Response, Ticket};
use crate::model::facts::Entry;
use crate::model::ids::Seq;

/// Something that the driver does for the core.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Open the ledger, once an earlier handle has let go of it; the answer is
    /// [`opened`](crate::core::Core::opened). None other is under way.
    Open,
    /// Read a page of records; the answer is [`page`](crate::core::Core::page).
    Read {
        /// From this position on.
        from: Seq,
        /// At most this many records.
        limit: usize,
    },
    /// Commit this batch; the answer is [`committed`](crate::core::Core::committed) or
    /// [`commit_failed`](crate::core::Core::commit_failed), however late. No other commit
    /// comes before it.
    Commit {
        /// The position of its first entry.
        first: Seq,
        /// At least one entry, in order.
        batch: Vec<Entry>,
    },
    /// Keep this state as the fold of everything up to `at`, which is durable. No answer.
    Checkpoint {
        /// The position whose fold it is.
        at: Seq,
        /// The state.
        state: Vec<u8>,
    },
    /// Remove the records up to and including this one; the fact that vouches for it is
    /// durable. No answer.
    Trim(Seq),
    /// Drop the ledger's handle; what it was asked and has not answered is not awaited.
    Close,
    /// Hand a job to the session that serves its carrier, a withdrawal to all.
    Transmit(Job),
    /// Answer a call.
    Reply {
        /// The call that is answered.
        ticket: Ticket,
        /// The answer.
        result: Result<Response, Refusal>,
        /// Up to where the ledger was durable then. A reading may show more.
        recorded_to: Seq,
    },
    /// Everything up to here is durable.
    Durable(Seq),
    /// Show this at once, recorded or not.
    Alarm(Alarm),
}

/// Why the ledger could not do what it was asked, as far as the core tells it apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerFault {
    /// A fact exceeds what a record may take. Nothing was written.
    #[error("{0}")]
    TooLarge(String),
    /// Anything else: the handle is unusable, and what was being written is there or not.
    #[error("{0}")]
    Failed(String),
}

/// A state that the ledger kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The position whose fold it is.
    pub at: Seq,
    /// The state, as [`Action::Checkpoint`] gave it.
    pub state: Vec<u8>,
}

/// What the core takes now. Whoever feeds it leaves the rest in its lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// Everything.
    All,
    /// The next batch is full: requests that are not urgent wait, or are answered
    /// [`Refusal::Busy`]. Messages of radios are held and not acknowledged.
    NoRoutine,
    /// The ledger is away, or the core is leaving: a request that decides is answered
    /// [`Refusal::Away`]. Emergencies are shown, messages of radios held.
    Essential,
}

/// The bounds within which the core works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From so many facts on the next batch is full.
    pub batch_facts: usize,
    /// From so many stored bytes on the next batch is full.
    pub batch_bytes: usize,
    /// Most messages of radios that are held, and most emergencies that are kept unrecorded.
    pub held: usize,
    /// A checkpoint is saved after so many facts.
    pub checkpoint_every: u64,
    /// Records in one page of a fold.
    pub page: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_facts: 4_096,
            batch_bytes: 4 * 1024 * 1024,
            held: 10_000,
            checkpoint_every: 10_000,
            page: 4_096,
        }
    }
}
