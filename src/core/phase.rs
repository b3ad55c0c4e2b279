//! How far the recovery of a ledger has come, and when it is tried again.

use std::time::Duration;

use narrowcast_protocol::time::Instant;

use crate::core::io::LedgerFault;
use crate::engine::Engine;
use crate::engine::io::Now;
use crate::model::facts::Record;
use crate::model::policy::Policy;

/// What the ledger has not answered for so long is shown as hanging.
pub const HANGS: Duration = Duration::from_secs(10);
/// First wait before the ledger is opened again; doubles up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(1);
/// Longest wait.
const LONGEST: Duration = Duration::from_secs(60);
/// From so many facts in a row on that were too large, nothing that was kept is tried again.
pub(super) const TOO_LARGE: u32 = 2;

/// How far the recovery has come.
#[derive(Debug)]
pub(super) enum Phase {
    /// The ledger is being opened.
    Opening { since: Instant },
    /// It failed; it is opened again then.
    Waiting { until: Instant },
    /// A page is being read for the engine that will take over.
    Folding {
        since: Instant,
        successor: Box<Engine>,
        /// What was read and is not folded in yet: the ledger reads on meanwhile.
        page: Vec<Record>,
    },
    /// The engine decides.
    Ready,
}

/// What failed, how often, and how long to wait.
#[derive(Debug)]
pub(super) struct Retry {
    wait: Duration,
    /// A commit has succeeded since the ledger was opened.
    proved: bool,
    /// How many engines were made.
    pub(super) engines: u64,
    /// Why the ledger is away.
    pub(super) why: Option<LedgerFault>,
    /// A fact that no record could take, which is a bug; until the process ends.
    pub(super) bug: Option<String>,
    /// How many commits in a row failed by that.
    pub(super) too_large: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            wait: FIRST,
            proved: false,
            engines: 0,
            why: None,
            bug: None,
            too_large: 0,
        }
    }
}

impl Retry {
    /// A commit has succeeded.
    pub(super) fn succeeded(&mut self) {
        self.wait = FIRST;
        self.proved = true;
        self.too_large = 0;
        self.why = None;
    }

    pub(super) const fn is_proved(&self) -> bool {
        self.proved
    }

    /// How long to wait now.
    pub(super) fn failed(&mut self, why: LedgerFault) -> Duration {
        self.proved = false;
        if let LedgerFault::TooLarge(what) = &why {
            self.too_large += 1;
            self.bug = Some(what.clone());
        }
        self.why = Some(why);
        let wait = self.wait;
        self.wait = (wait * 2).min(LONGEST);
        wait
    }
}

/// An engine that has the policy and no facts: it shows distress calls and decides nothing.
pub(super) fn placeholder(policy: &Policy, seed: [u8; 32], now: Now) -> Engine {
    let mut engine = Engine::new(now, seed);
    engine.resume(policy.clone(), env!("CARGO_PKG_VERSION"), now);
    while engine.poll().is_some() {}
    engine
}
