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
        let mut folded = 0u64;
        let mut page = keeper.read(engine.seq().next(), PAGE)?.await?;
        while let Some(last) = page.last() {
            // The ledger reads on while these are folded.
            let next = keeper.read(last.seq.next(), PAGE)?;
            folded += page.len() as u64;
            page.iter().for_each(|record| engine.replay(record));
            page = next.await?;
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

#[cfg(test)]
mod tests {
    use narrowcast_protocol::time::Instant;

    use super::*;
    use crate::ledger::memory::{MemoryLedger, MemoryStore};
    use crate::model::facts::{Entry, Fact, Record};
    use crate::model::ids::TokenId;
    use crate::model::roster::Node;
    use crate::model::token::{Role, Token};
    use crate::model::wall::Wall;

    fn ledger(store: &MemoryStore) -> MemoryLedger {
        MemoryLedger::open(store, "test", 1).unwrap()
    }

    fn token() -> Entry {
        let token = Token {
            id: TokenId(1u128.into()),
            name: "tester".into(),
            role: Role::Admin,
            node: Node::root(),
            hash: [1; 32],
            created_at: Wall::default(),
        };
        let by = "tester".into();
        Entry {
            at: Wall::default(),
            fact: Fact::TokenCreated { by, token },
        }
    }

    #[tokio::test]
    async fn a_checkpoint_of_an_older_layout_is_refolded_not_misread() {
        let now = Now {
            mono: Instant::ZERO,
            wall: Wall::default(),
        };
        let store = MemoryStore::default();
        ledger(&store).commit(&[token()]).unwrap();
        // A state that knows no token, as if it were the fold of the fact that made one.
        let mut engine = Engine::new(now, [0; 32]);
        engine.replay(&Record {
            seq: Seq(1),
            jurisdiction: "test".into(),
            epoch: 1,
            at: Wall::default(),
            fact: Fact::Started {
                version: "older".into(),
            },
            hash: [0; 32],
        });
        let (_, mut state) = engine.checkpoint();
        let recovered = async |state: &[u8]| {
            ledger(&store).save_checkpoint(Seq(1), state).unwrap();
            let opened = store.clone();
            let recovery = Recovery {
                open: Arc::new(move || Ok(Box::new(ledger(&opened)))),
                policy: Policy::default(),
            };
            recovery.recover(now, [0; 32]).await.unwrap().1
        };
        assert!(!recovered(&state).await.has_tokens(), "it is believed");
        state[3] -= 1;
        assert!(recovered(&state).await.has_tokens(), "it is refused");
    }
}
