//! The ledger's side of the core's task: what the core asks of its ledger goes to the ledger's
//! thread, and the answers come back.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::api::backend::Page;
use crate::core::Core;
use crate::core::io::{Checkpoint, LedgerFault};
use crate::engine::io::Now;
use crate::ledger::LedgerError;
use crate::ledger::keeper::{Answer, Keeper, OpenLedger, Request};
use crate::ledger::scrub::Desk;
use crate::ledger::sled::SledLedger;
use crate::model::facts::Entry;
use crate::observe::metrics::Metrics;

/// One process holds the directory's lock, so the holder never changes under it.
const EPOCH: u64 = 1;
/// How long a ledger may take to let go of its directory at shutdown.
const FAREWELL: Duration = Duration::from_secs(10);

/// The ledger on disk.
pub(super) fn on_disk(dir: PathBuf, jurisdiction: String) -> OpenLedger {
    Arc::new(move || Ok(Box::new(SledLedger::open(&dir, &jurisdiction, EPOCH)?)))
}

/// The ledger's thread, and what it is asked.
#[derive(Debug)]
pub(super) struct LedgerSide {
    pub(super) keeper: Keeper,
    pub(super) answers: mpsc::Receiver<Answer>,
    /// The commit under way: since when, and how many facts.
    commit: Option<(Instant, u64)>,
    /// Told while a commit is made.
    scrub: Arc<Desk>,
    /// The core was ready once.
    started: bool,
    /// Why the first start cannot be.
    refused: Option<LedgerError>,
}

impl LedgerSide {
    /// Starts the thread; nothing is opened yet.
    pub(super) fn start(open: OpenLedger, scrub: Arc<Desk>) -> Result<Self, LedgerError> {
        // One answer is on its way at a time.
        let (answers_in, answers) = mpsc::channel(1);
        let keeper = Keeper::start(open, answers_in)
            .map_err(|error| LedgerError::Store(format!("no thread for the ledger: {error}")))?;
        Ok(Self {
            keeper,
            answers,
            commit: None,
            scrub,
            started: false,
            refused: None,
        })
    }

    /// Commits a batch.
    pub(super) fn commit(&mut self, batch: Vec<Entry>) {
        self.commit = Some((Instant::now(), batch.len() as u64));
        self.committing();
        self.keeper.ask(Request::Commit(batch));
    }

    /// For how long the commit under way has been made.
    pub(super) fn under_way(&self) -> Option<Duration> {
        self.commit.map(|(since, _)| since.elapsed())
    }

    /// Lets go of the ledger; what it has not answered is not awaited.
    pub(super) fn let_go(&mut self) {
        self.commit = None;
        self.committing();
        self.keeper.let_go();
    }

    fn committing(&self) {
        let under_way = self.commit.is_some();
        self.scrub.committing.store(under_way, Ordering::Relaxed);
    }

    /// Tells the core what the ledger answers. Before the first start is done, a ledger that
    /// cannot be opened or read is for a person to mend, and no core is told to wait for it.
    pub(super) fn answered(
        &mut self,
        answer: Answer,
        core: &mut Core,
        metrics: &Metrics,
        now: Now,
    ) {
        if matches!(answer, Answer::Committed(_)) {
            self.scrub.committing.store(false, Ordering::Relaxed);
        }
        match answer {
            Answer::Opened(Err(error)) | Answer::Page(Err(error)) if !self.started => {
                self.refused = Some(error);
            }
            Answer::Opened(opened) => {
                if let Err(error) = &opened {
                    warn!(%error, "the ledger cannot be opened yet");
                }
                let opened = opened
                    .map(|(last, kept)| (last, kept.map(|(at, state)| Checkpoint { at, state })));
                core.opened(opened.map_err(fault), now);
            }
            Answer::Page(page) => {
                core.page(page.map_err(fault), now);
                if core.is_ready() {
                    self.started = true;
                    info!(last = %core.durable(), "ledger opened and folded");
                }
            }
            Answer::Committed(Ok(last)) => {
                if let Some((since, facts)) = self.commit.take() {
                    metrics.committed(facts, since.elapsed());
                }
                core.committed(last, now);
            }
            Answer::Committed(Err(error)) => {
                self.commit = None;
                metrics.commit_failures.inc();
                core.commit_failed(fault(error), now);
            }
        }
    }

    /// Why the first start cannot be, once.
    pub(super) fn refused(&mut self) -> Option<LedgerError> {
        self.refused.take()
    }

    /// Serves a page of history; whoever asked gets it when it is there.
    pub(super) fn page(&self, page: Page) {
        match page {
            Page::Read { from, limit, reply } => self.keeper.read(from, limit, reply),
            Page::Stored { from, limit, reply } => self.keeper.stored(from, limit, reply),
            Page::OfAlert {
                id,
                from,
                limit,
                reply,
            } => self.keeper.of_alert(id, from, limit, reply),
            Page::Alerts {
                before,
                limit,
                reply,
            } => self.keeper.alerts(before, limit, reply),
        }
    }

    /// Ends the thread; a disk that hangs is not waited for.
    pub(super) async fn close(self) {
        match tokio::time::timeout(FAREWELL, self.keeper.close()).await {
            Ok(()) => info!("ledger closed"),
            Err(_) => warn!("the ledger's disk does not answer: it is left as it is"),
        }
    }
}

fn fault(error: LedgerError) -> LedgerFault {
    match error {
        LedgerError::TooLarge { .. } => LedgerFault::TooLarge(error.to_string()),
        other => LedgerFault::Failed(other.to_string()),
    }
}
