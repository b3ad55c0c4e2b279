//! Whether a ledger ends as its head and its checkpoints prove.

use std::path::Path;

use crate::ledger::LedgerError;
use crate::ledger::checkpoint::Checkpoints;
use crate::ledger::head::{Head, Mark};
use crate::ledger::record::Hash;
use crate::model::ids::Seq;

/// The end of a ledger that is being opened.
pub(crate) struct Ending<'a> {
    /// Where the ledger is.
    pub(crate) dir: &'a Path,
    /// Its last record.
    pub(crate) mark: Mark,
    /// Its checkpoints.
    pub(crate) checkpoints: &'a Checkpoints,
    /// The chain hash of one record; none if it is not there.
    pub(crate) hash_of: &'a dyn Fn(Seq) -> Result<Option<Hash>, LedgerError>,
}

/// Refuses a ledger that ends before its head or a checkpoint, or whose record at the head's
/// position is another one.
pub(crate) fn as_proven(ending: &Ending<'_>) -> Result<(), LedgerError> {
    let (has, _) = ending.mark;
    let head = Head::read(ending.dir)?;
    let (proven, hash) = head.unwrap_or(ending.mark);
    let beyond = ending.checkpoints.beyond(has)?;
    let head_seq = beyond.map_or(proven, |beyond| beyond.max(proven));
    if head_seq > has {
        let head = head_seq;
        return Err(LedgerError::Shortened { has, head });
    }
    if (ending.hash_of)(proven)?.is_some_and(|found| found != hash) {
        return Err(LedgerError::Chain {
            seq: proven,
            why: "the head file gives another hash: the record was replaced after its commit"
                .into(),
        });
    }
    if head.is_none() && has > Seq(0) {
        tracing::info!(last = %has, "the ledger had no head file: it gets one now");
    }
    Ok(())
}
