//! Why a ledger could not do what it was asked.

use crate::model::ids::Seq;

/// Why the ledger could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Another process holds the directory.
    #[error("ledger {path} is in use by another process: stop it, or name another directory")]
    InUse {
        /// The directory.
        path: String,
    },
    /// The directory holds the ledger of another jurisdiction.
    #[error(
        "this ledger belongs to jurisdiction `{found}`, not to `{expected}`: name its own directory"
    )]
    Foreign {
        /// Whose it is.
        found: String,
        /// Whose it was opened as.
        expected: String,
    },
    /// The store failed; this handle is unusable, open the ledger again.
    #[error("ledger store failed: {0}")]
    Store(String),
    /// A record cannot be read; the ledger was written by another version or damaged.
    #[error("ledger record {seq} is unreadable: {why}")]
    Unreadable {
        /// Its position.
        seq: Seq,
        /// What is wrong with it.
        why: String,
    },
    /// The chain is broken.
    #[error("ledger chain is broken at record {seq}: {why}")]
    Chain {
        /// The first record that does not fit.
        seq: Seq,
        /// How it fails to follow from the record before.
        why: String,
    },
    /// The ledger ends before a position that its head file or a checkpoint proves: records
    /// that were acknowledged are gone.
    #[error(
        "the ledger is shortened: records {} to {head} were durable and are missing, it ends at \
         record {has}; restore a copy of its directory, or import the last export into a new one \
         (`narrowcast ledger import`); to go on without them, start `narrowcast serve --salvage`",
        has.next()
    )]
    Shortened {
        /// The last record that is there.
        has: Seq,
        /// The last record that is known to have been durable.
        head: Seq,
    },
    /// Neither slot of the head file can be read: how far the ledger went is not known.
    #[error(
        "{path} is damaged: how far the ledger went is not known; restore a copy of its directory, \
         or start `narrowcast serve --salvage` to go on with what is there"
    )]
    HeadDamaged {
        /// The file.
        path: String,
    },
    /// One fact is larger than a record may be.
    #[error("a fact of {size} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Its stored size in bytes.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// Only an empty ledger can be imported into.
    #[error("the ledger is not empty (it ends at {last}): import into a new directory")]
    NotEmpty {
        /// Its last record.
        last: Seq,
    },
    /// The file given to import is no export of ours.
    #[error("import line {line}: {why}")]
    Import {
        /// Counted from 1.
        line: u64,
        /// What is wrong with the line.
        why: String,
    },
}
