//! From the ledger to an engine: the one recovery path, at start and after a failure.

use std::path::PathBuf;
use std::sync::Arc;

use tracing::{info, warn};

use crate::engine::Engine;
use crate::engine::io::Now;
use crate::ledger::keeper::{Keeper, PAGE};
use crate::ledger::sled::SledLedger;
use crate::ledger::{Ledger, LedgerError};
use crate::model::ids::Seq;
use crate::model::policy::Policy;

/// Opens the ledger, each time anew: at start, and after it has failed.
pub type OpenLedger = Arc<dyn Fn() -> Result<Box<dyn Ledger>, LedgerError> + Send + Sync>;

/// How a ledger is opened and an engine made of it.
#[derive(Clone)]
pub(super) struct Recovery {
    pub(super) open: OpenLedger,
    pub(super) policy: Policy,
}

/// The ledger on disk.
pub(super) fn on_disk(dir: PathBuf, jurisdiction: String) -> OpenLedger {
    Arc::new(move || Ok(Box::new(SledLedger::open(&dir, &jurisdiction, EPOCH)?)))
}

impl Recovery {
    /// Opens the ledger and folds it into a fresh engine that has taken up work.
    pub(super) async fn recover(
        &self,
        now: Now,
        seed: [u8; 32],
    ) -> Result<(Keeper, Engine), LedgerError> {
        let open = Arc::clone(&self.open);
        let keeper = Keeper::open(move || open()).await?;
        let mut engine = self.restored(&keeper, now, seed).await?;
        let mut from = engine.seq().next();
        let mut folded = 0u64;
        loop {
            let page = keeper.read(from, PAGE)?.await?;
            let Some(last) = page.last() else { break };
            from = last.seq.next();
            folded += page.len() as u64;
            page.iter().for_each(|record| engine.replay(record));
        }
        info!(last = %keeper.last(), folded, "ledger opened");
        engine.resume(self.policy.clone(), env!("CARGO_PKG_VERSION"), now);
        Ok((keeper, engine))
    }

    async fn restored(
        &self,
        keeper: &Keeper,
        now: Now,
        seed: [u8; 32],
    ) -> Result<Engine, LedgerError> {
        let mut engine = Engine::new(now, seed);
        if let Some((at, state)) = keeper.checkpoint()?.await? {
            match engine.restore(&state) {
                Ok(seq) if seq == at => return Ok(engine),
                Ok(_) | Err(_) => warn!(%at, "checkpoint is unusable, folding all facts"),
            }
            engine = Engine::new(now, seed);
        }
        debug_assert_eq!(engine.seq(), Seq(0));
        Ok(engine)
    }
}

/// One process holds the directory's lock, so the holder never changes under it.
const EPOCH: u64 = 1;
