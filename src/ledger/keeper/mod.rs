//! The one thread that owns the ledger, for as long as the server runs: it opens it, reads it,
//! commits to it and lets go of it.
//!
//! One [`Request`] is under way at a time, and is answered once. Readers of history are served
//! by a second thread while a commit is made, as far as everything is durable; a ledger that
//! cannot be read beside a commit serves them between two, in short steps.

mod asked;
mod thread;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

pub use crate::ledger::keeper::asked::{Answer, Checkpoint, OpenLedger, Reply, Request};
use crate::ledger::keeper::thread::{ReadStep, Shared, Task};
use crate::ledger::record::Stored;
use crate::ledger::{LedgerError, OnRecord, Reader};
use crate::model::facts::Record;
use crate::model::ids::{AlertId, Seq};

/// Readers that may wait.
pub const READERS: usize = 256;
/// Most records in one answer to a reader.
pub const PAGE: usize = 4096;

/// Records that a reader is given in one step.
const STEP: usize = 256;
/// Records that are removed in one step.
const TRIM_STEP: u64 = 256;

/// The handle of the ledger's thread. The thread ends when it is closed or dropped.
#[derive(Debug)]
pub struct Keeper(Arc<Shared>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.lock().leaving = true;
        self.0.wake.notify_all();
    }
}

impl Keeper {
    /// Starts the thread, which opens the ledger when it is asked to. Its answers go to
    /// `answers`; one that nobody takes is dropped.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(open: OpenLedger, answers: mpsc::Sender<Answer>) -> std::io::Result<Self> {
        let shared = Shared::new();
        let thread = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || thread.run(&open, &answers))?;
        let pages = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("ledger-pages".to_owned())
            .spawn(move || pages.serve_pages())?;
        Ok(Self(shared))
    }

    /// Asks something of the ledger; the one before must have been answered, or dropped by
    /// [`let_go`](Self::let_go).
    pub fn ask(&self, request: Request) {
        self.0.lock().request = Some(request);
        self.0.wake.notify_all();
    }

    /// Drops the ledger behind everything given before; a request that was not begun is
    /// dropped too. What waits for a page is told that the ledger is closed.
    pub fn let_go(&self) {
        let mut queue = self.0.lock();
        queue.request = None;
        queue.closings += 1;
        queue.tasks.push_back(Task::LetGo);
        drop(queue);
        self.0.wake.notify_all();
    }

    /// Keeps `state` as the fold of everything up to `at`. It is written on a thread of its
    /// own, if the ledger can have that: no commit waits for it. What fails is logged.
    pub fn save_checkpoint(&self, at: Seq, state: Vec<u8>) {
        self.0.push(Task::Checkpoint { at, state });
    }

    /// Removes records up to and including `up_to`, step by step between commits; the
    /// [`Trimmed`](crate::model::facts::Fact::Trimmed) fact must be durable. What fails is
    /// logged, and finished at the next opening.
    pub fn trim(&self, up_to: Seq) {
        self.0.push(Task::Step(Box::new(move |ledger| {
            let step = Seq(ledger.first().0.saturating_add(TRIM_STEP - 1)).min(up_to);
            match ledger.trim(step) {
                Ok(()) if ledger.first() <= up_to && ledger.first() < ledger.last() => {
                    return ControlFlow::Continue(());
                }
                Ok(()) => info!(%up_to, "ledger trimmed"),
                Err(error) => warn!(%error, %up_to, "ledger not trimmed; it is finished later"),
            }
            ControlFlow::Break(())
        })));
    }

    /// Up to `limit` (at most [`PAGE`]) records from position `from` on.
    pub fn read(&self, from: Seq, limit: usize, reply: Reply<Vec<Record>>) {
        let page = |ledger: &mut dyn Reader, from, limit| ledger.read(from, limit);
        self.paged(from, limit, reply, page, |record: &Record| record.seq);
    }

    /// As [`read`](Self::read), but as they are stored.
    pub fn stored(&self, from: Seq, limit: usize, reply: Reply<Vec<Stored>>) {
        let page = |ledger: &mut dyn Reader, from, limit| ledger.stored(from, limit);
        self.paged(from, limit, reply, page, |stored: &Stored| stored.seq);
    }

    /// Up to `limit` (at most [`PAGE`]) records of one alert from position `from` on.
    pub fn of_alert(&self, id: AlertId, from: Seq, limit: usize, reply: Reply<Vec<Record>>) {
        let page = move |ledger: &mut dyn Reader, from, limit| ledger.of_alert(id, from, limit);
        self.paged(from, limit, reply, page, |record: &Record| record.seq);
    }

    /// Up to `limit` (at most [`PAGE`]) alerts on record before `before`, newest first.
    pub fn alerts(&self, mut before: Option<AlertId>, limit: usize, reply: Reply<Vec<OnRecord>>) {
        let limit = limit.min(PAGE);
        let mut found = Vec::new();
        let shared = Arc::clone(&self.0);
        self.serve(reply, move |ledger| {
            let want = STEP.min(limit.saturating_sub(found.len()));
            let page = ledger.alerts(before, want)?;
            before = page.last().map(|last| last.id).or(before);
            let more = page.len() == want && (want == STEP || found.len() + want < limit);
            for alert in page {
                let first = ledger.of_alert(alert.id, Seq(0), 1)?;
                if first
                    .first()
                    .is_some_and(|first| first.seq <= shared.durable())
                {
                    found.push(alert);
                }
            }
            Ok((!more || found.len() >= limit).then(|| std::mem::take(&mut found)))
        });
    }

    /// Takes nothing in any more, does what was given before, lets go of the ledger and ends.
    pub async fn close(self) {
        let mut ended = self.0.ended.subscribe();
        drop(self);
        // The thread holds the other end; if it is gone, it has ended.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Calls `work` step by step until it has an answer.
    fn serve<T: Send + 'static>(
        &self,
        reply: Reply<T>,
        mut work: impl FnMut(&mut dyn Reader) -> Result<Option<T>, LedgerError> + Send + 'static,
    ) {
        if self.0.readers() >= READERS {
            let _ = reply.send(Err(LedgerError::Store(
                "too many readers wait for it; try again".into(),
            )));
            return;
        }
        let mut reply = Some(reply);
        let step: ReadStep = Box::new(move |ledger| {
            if reply.as_ref().is_none_or(oneshot::Sender::is_closed) {
                return ControlFlow::Break(());
            }
            let answer = match work(ledger) {
                Ok(None) => return ControlFlow::Continue(()),
                Ok(Some(answer)) => Ok(answer),
                Err(error) => Err(error),
            };
            if let Some(reply) = reply.take() {
                let _ = reply.send(answer);
            }
            ControlFlow::Break(())
        });
        self.0.push_reader(step);
    }

    fn paged<T: Send + 'static>(
        &self,
        mut from: Seq,
        limit: usize,
        reply: Reply<Vec<T>>,
        mut page: impl FnMut(&mut dyn Reader, Seq, usize) -> Result<Vec<T>, LedgerError>
        + Send
        + 'static,
        seq: fn(&T) -> Seq,
    ) {
        let limit = limit.min(PAGE);
        let mut found = Vec::new();
        let shared = Arc::clone(&self.0);
        self.serve(reply, move |ledger| {
            let want = STEP.min(limit.saturating_sub(found.len()));
            // Taken first: what is durable now is in the page.
            let durable = shared.durable();
            let mut more = page(ledger, from, want)?;
            // What is just being committed is not on record yet.
            more.retain(|one| seq(one) <= durable);
            from = more.last().map_or(from, |last| seq(last).next());
            let end = more.len() < want || want < STEP;
            found.extend(more);
            Ok(end.then(|| std::mem::take(&mut found)))
        });
    }
}
