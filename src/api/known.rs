//! Whose token a request shows, asked before its body is read. What the engine said is kept for
//! a while: an alert need not wait for the engine twice, and made-up tokens do not fill the
//! engine's lanes. The engine checks every request again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::api::backend::Backend;
use crate::api::problem::Problem;
use crate::engine::io::{Credential, Request, Response};
use crate::model::ids::TokenId;
use crate::model::token::Principal;

/// How long an answer is believed.
const BELIEVED: Duration = Duration::from_secs(30);
/// Most tokens that are kept.
const KEPT: usize = 4_096;
/// Tokens that are asked about at once: fewer than the shortest lane holds.
const ASKED: usize = 6;
/// How long a token may wait to be asked about.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tokens that were valid when they were asked about.
#[derive(Debug)]
pub(crate) struct Known {
    kept: Mutex<BTreeMap<[u8; 32], (Principal, Instant)>>,
    asked: Semaphore,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            asked: Semaphore::new(ASKED),
        }
    }
}

impl Known {
    fn kept(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], (Principal, Instant)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who holds this token.
    ///
    /// # Errors
    /// Nobody (401), or the engine does not say (503).
    pub(crate) async fn holder(
        &self,
        backend: &Backend,
        token: [u8; 32],
    ) -> Result<Principal, Problem> {
        if let Some((who, at)) = self.kept().get(&token)
            && at.elapsed() < BELIEVED
        {
            return Ok(who.clone());
        }
        let busy = || Problem::unavailable("too many unknown tokens are being looked up", 1);
        let turn = timeout(PATIENCE, self.asked.acquire()).await;
        let _turn = turn.ok().and_then(Result::ok).ok_or_else(busy)?;
        let asked = backend.ask(Credential::Token(token), Request::WhoAmI);
        match asked.await? {
            Ok(Response::You(who)) => {
                let mut kept = self.kept();
                if kept.len() >= KEPT {
                    kept.retain(|_, (_, at)| at.elapsed() < BELIEVED);
                }
                if kept.len() < KEPT {
                    kept.insert(token, (who.clone(), Instant::now()));
                }
                Ok(who)
            }
            Ok(_) => Err(Problem::unexpected()),
            Err(refusal) => {
                self.kept().remove(&token);
                Err(refusal.into())
            }
        }
    }

    /// Forgets a token that was revoked.
    pub(crate) fn forget(&self, token: TokenId) {
        self.kept().retain(|_, (who, _)| who.token != token);
    }
}
