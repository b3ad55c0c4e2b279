//! The one thread that owns the ledger.
//!
//! It commits for all who wait at once, in the order in which they came: the engine numbers
//! its facts before they are committed, so no commit may overtake another. What is urgent
//! has room of its own in the queue, and readers stand aside for commits: one short step of
//! theirs comes between two groups.

mod thread;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::ledger::keeper::thread::{Shared, Step, Ticket, spawn};
use crate::ledger::record::{Hash, Stored};
use crate::ledger::{Ledger, LedgerError, Pages};
use crate::model::facts::{Entry, Record};
use crate::model::ids::{AlertId, Seq};

/// Most commits that are made durable together.
pub const GROUP: usize = 512;
/// Commits that may wait before the queue is full.
pub const CAPACITY: usize = 1024;
/// Urgent commits that may wait beyond that.
pub const RESERVE: usize = 128;
/// Readers that may wait.
pub const READERS: usize = 256;
/// Most records in one answer.
pub const PAGE: usize = 4096;

const STEP: usize = 256;
const TRIM_STEP: u64 = 256;

/// Why the keeper did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeeperError {
    /// Too much waits already.
    #[error("the ledger has too much to do")]
    Full,
    /// The keeper was closed.
    #[error("the ledger is closed")]
    Closed,
    /// The ledger's own error.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<KeeperError> for LedgerError {
    fn from(error: KeeperError) -> Self {
        match error {
            KeeperError::Ledger(error) => error,
            other => Self::Store(other.to_string()),
        }
    }
}

/// A position and the state folded up to it.
pub type Checkpoint = (Seq, Vec<u8>);

/// How long commits take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// The last one.
    pub last: Duration,
    /// The slowest since the keeper started.
    pub max: Duration,
    /// All together.
    pub sum: Duration,
    /// How many groups were committed.
    pub groups: u64,
    /// How many commits were in them.
    pub commits: u64,
}

/// The handle of a ledger's thread; clones share it. The thread ends when the last one is
/// dropped, when it is closed, or when a commit fails.
#[derive(Debug, Clone)]
pub struct Keeper(Arc<Owner>);

#[derive(Debug)]
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.lock().state.get_or_insert(KeeperError::Closed);
        self.0.wake.notify_one();
    }
}

/// An answer to come.
#[derive(Debug)]
#[must_use = "the answer comes to this"]
pub struct Pending<T> {
    answer: oneshot::Receiver<Result<T, KeeperError>>,
    shared: Arc<Shared>,
}

impl<T> Pending<T> {
    /// Blocks until it is there. Not for asynchronous code.
    ///
    /// # Errors
    /// As the request's.
    pub fn wait(self) -> Result<T, KeeperError> {
        let lost = self.shared;
        self.answer
            .blocking_recv()
            .unwrap_or_else(|_| Err(lost.why()))
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, KeeperError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = Pin::new(&mut self.answer).poll(context);
        answer.map(|answer| answer.unwrap_or_else(|_| Err(self.shared.why())))
    }
}

impl Keeper {
    /// Gives `ledger` to a thread of its own.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(ledger: Box<dyn Ledger>) -> std::io::Result<Self> {
        let shared = Shared::new();
        shared.last.store(ledger.last().0, Ordering::Release);
        let thread = Arc::clone(&shared);
        spawn("ledger", move || thread.run(ledger))?;
        Ok(Self(Arc::new(Owner(shared))))
    }

    /// Opens a ledger on a thread of its own, which keeps it. This is also how a ledger is
    /// opened again after [`ended`](Self::ended): the caller waits between its tries.
    ///
    /// # Errors
    /// What `open` says.
    pub async fn open<F>(open: F) -> Result<Self, LedgerError>
    where
        F: FnOnce() -> Result<Box<dyn Ledger>, LedgerError> + Send + 'static,
    {
        let shared = Shared::new();
        let thread = Arc::clone(&shared);
        let (opened, answer) = oneshot::channel();
        spawn("ledger", move || match open() {
            Ok(ledger) => {
                thread.last.store(ledger.last().0, Ordering::Release);
                // Whoever does not wait for it any more gives it no work.
                if opened.send(Ok(())).is_ok() {
                    thread.run(ledger);
                }
            }
            Err(error) => {
                let _ = opened.send(Err(error));
            }
        })
        .map_err(|error| LedgerError::Store(error.to_string()))?;
        let lost = || LedgerError::Store("its thread ended while opening".into());
        answer.await.map_err(|_| lost())??;
        Ok(Self(Arc::new(Owner(shared))))
    }

    /// Commits `entries` behind everything committed before, together or not at all. The
    /// answer is the position of the last of them, once they are durable.
    ///
    /// # Errors
    /// [`KeeperError::Full`]: see [`room`](Self::room). [`KeeperError::Closed`] or the error
    /// that ended the keeper.
    pub fn commit(&self, entries: Vec<Entry>, urgent: bool) -> Result<Pending<Seq>, KeeperError> {
        let shared = &self.0.0;
        let (done, answer) = oneshot::channel();
        let mut queue = shared.lock();
        queue.state.clone().map_or(Ok(()), Err)?;
        let bound = if urgent { CAPACITY + RESERVE } else { CAPACITY };
        if queue.commits.len() >= bound {
            return Err(KeeperError::Full);
        }
        queue.commits.push_back(Ticket { entries, done });
        drop(queue);
        shared.wake.notify_one();
        Ok(self.pending(answer))
    }

    /// How many commits that are not urgent may be given now.
    #[must_use]
    pub fn room(&self) -> usize {
        CAPACITY.saturating_sub(self.0.0.lock().commits.len())
    }

    /// Waits until half of the queue is free, or the keeper has ended: what feeds the queue
    /// stands still so long.
    pub async fn has_room(&self) {
        loop {
            let changed = self.0.0.room.notified();
            if self.room() >= CAPACITY / 2 || self.0.0.lock().state.is_some() {
                return;
            }
            changed.await;
        }
    }

    /// Up to `limit` (at most [`PAGE`]) records from position `from` on.
    ///
    /// # Errors
    /// [`KeeperError::Full`], [`KeeperError::Closed`], or the ledger's.
    pub fn read(&self, from: Seq, limit: usize) -> Result<Pending<Vec<Record>>, KeeperError> {
        self.paged(
            from,
            limit,
            |ledger, from, limit| ledger.read(from, limit),
            |record: &Record| record.seq,
        )
    }

    /// As [`read`](Self::read), but as they are stored.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn stored(&self, from: Seq, limit: usize) -> Result<Pending<Vec<Stored>>, KeeperError> {
        self.paged(
            from,
            limit,
            |ledger, from, limit| ledger.stored(from, limit),
            |stored: &Stored| stored.seq,
        )
    }

    /// Up to `limit` (at most [`PAGE`]) records of one alert from position `from` on.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of_alert(
        &self,
        id: AlertId,
        from: Seq,
        limit: usize,
    ) -> Result<Pending<Vec<Record>>, KeeperError> {
        let page = move |ledger: &mut dyn Ledger, from: Seq, limit: usize| {
            ledger.of_alert(id, from, limit)
        };
        self.paged(from, limit, page, |record: &Record| record.seq)
    }

    /// Up to `limit` (at most [`PAGE`]) alerts on record before `before`, newest first.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn alerts(
        &self,
        mut before: Option<AlertId>,
        limit: usize,
    ) -> Result<Pending<Vec<AlertId>>, KeeperError> {
        let limit = limit.min(PAGE);
        let mut found = Vec::new();
        self.ask(move |ledger| {
            let want = STEP.min(limit.saturating_sub(found.len()));
            let page = ledger.alerts(before, want)?;
            before = page.last().copied().or(before);
            let more = page.len() == want && want == STEP;
            found.extend(page);
            Ok((!more).then(|| std::mem::take(&mut found)))
        })
    }

    /// The chain hash of one record; none if it was trimmed or never was.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn hash_of(&self, seq: Seq) -> Result<Pending<Option<Hash>>, KeeperError> {
        self.ask(move |ledger| ledger.hash_of(seq).map(Some))
    }

    /// The newest usable checkpoint.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn checkpoint(&self) -> Result<Pending<Option<Checkpoint>>, KeeperError> {
        self.ask(|ledger| ledger.checkpoint().map(Some))
    }

    /// Keeps `state` as the fold of everything up to `at`. It is written on a thread of its own,
    /// if the ledger can have that: no commit waits for it.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn save_checkpoint(&self, at: Seq, state: Vec<u8>) -> Result<Pending<()>, KeeperError> {
        let (done, answer) = oneshot::channel();
        let mut save = Some((done, state));
        self.step(Box::new(move |ledger| {
            if let Some((done, state)) = save.take() {
                let saved = |result: Result<(), LedgerError>| done.send(result.map_err(Into::into));
                match ledger.checkpoint_writer(at) {
                    // A thread that cannot be had leaves the caller without an answer.
                    Ok(Some(write)) => drop(spawn("checkpoint", move || {
                        let _ = saved(write(&state));
                    })),
                    Ok(None) => drop(saved(ledger.save_checkpoint(at, &state))),
                    Err(error) => drop(saved(Err(error))),
                }
            }
            ControlFlow::Break(None)
        }))?;
        Ok(self.pending(answer))
    }

    /// Removes records up to and including `up_to`, step by step between commits; the
    /// [`Trimmed`](crate::model::facts::Fact::Trimmed) fact must be durable.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn trim(&self, up_to: Seq) -> Result<Pending<()>, KeeperError> {
        let (done, answer) = oneshot::channel();
        let mut done = Some(done);
        self.step(Box::new(move |ledger| {
            let step = Seq(ledger.first().0.saturating_add(TRIM_STEP - 1)).min(up_to);
            let result = ledger.trim(step);
            if result.is_ok() && ledger.first() <= up_to && ledger.first() < ledger.last() {
                return ControlFlow::Continue(());
            }
            let failed = |error: &LedgerError| matches!(error, LedgerError::Store(_));
            let lost = result.clone().err().filter(failed);
            if let Some(done) = done.take() {
                let _ = done.send(result.map_err(KeeperError::from));
            }
            ControlFlow::Break(lost)
        }))?;
        Ok(self.pending(answer))
    }

    /// The position up to which everything is durable.
    #[must_use]
    pub fn last(&self) -> Seq {
        Seq(self.0.0.last.load(Ordering::Acquire))
    }

    /// How long commits take.
    #[must_use]
    pub fn latency(&self) -> Latency {
        self.0.0.lock().latency
    }

    /// For how long the commit that is being made has been made.
    #[must_use]
    pub fn under_way(&self) -> Option<Duration> {
        self.0.0.lock().under_way.map(|since| since.elapsed())
    }

    /// Waits until the thread has ended and the ledger is free to be opened again. Says why:
    /// [`KeeperError::Closed`], or the error that ended it.
    pub async fn ended(&self) -> KeeperError {
        let mut ended = self.0.0.ended.subscribe();
        match ended.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or(KeeperError::Closed),
            Err(_) => KeeperError::Closed,
        }
    }

    /// Takes nothing in any more, commits what waits, and ends.
    pub async fn close(&self) -> KeeperError {
        self.0.0.lock().state.get_or_insert(KeeperError::Closed);
        self.0.0.wake.notify_one();
        self.ended().await
    }

    fn pending<T>(&self, answer: oneshot::Receiver<Result<T, KeeperError>>) -> Pending<T> {
        Pending {
            answer,
            shared: Arc::clone(&self.0.0),
        }
    }

    fn step(&self, step: Step) -> Result<(), KeeperError> {
        let shared = &self.0.0;
        let mut queue = shared.lock();
        queue.state.clone().map_or(Ok(()), Err)?;
        if queue.steps.len() >= READERS {
            return Err(KeeperError::Full);
        }
        queue.steps.push_back(step);
        drop(queue);
        shared.wake.notify_one();
        Ok(())
    }

    /// Calls `work` step by step until it has an answer.
    fn ask<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut dyn Ledger) -> Result<Option<T>, LedgerError> + Send + 'static,
    ) -> Result<Pending<T>, KeeperError> {
        let (done, answer) = oneshot::channel();
        let mut done = Some(done);
        self.step(Box::new(move |ledger| {
            if done.as_ref().is_none_or(oneshot::Sender::is_closed) {
                return ControlFlow::Break(None);
            }
            match work(ledger) {
                Ok(None) => return ControlFlow::Continue(()),
                Ok(Some(answer)) => done.take().map(|done| done.send(Ok(answer)).is_ok()),
                Err(error) => done.take().map(|done| done.send(Err(error.into())).is_ok()),
            };
            ControlFlow::Break(None)
        }))?;
        Ok(self.pending(answer))
    }

    fn paged<T: Send + 'static>(
        &self,
        mut from: Seq,
        limit: usize,
        mut page: impl FnMut(&mut dyn Ledger, Seq, usize) -> Result<Vec<T>, LedgerError>
        + Send
        + 'static,
        seq: fn(&T) -> Seq,
    ) -> Result<Pending<Vec<T>>, KeeperError> {
        let limit = limit.min(PAGE);
        let mut found = Vec::new();
        self.ask(move |ledger| {
            let want = STEP.min(limit.saturating_sub(found.len()));
            let more = page(ledger, from, want)?;
            from = more.last().map_or(from, |last| seq(last).next());
            let end = more.len() < want || want < STEP;
            found.extend(more);
            Ok(end.then(|| std::mem::take(&mut found)))
        })
    }
}

/// Blocks: not for asynchronous code.
impl Pages for Keeper {
    fn page(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError> {
        Ok(self.stored(from, limit)?.wait()?)
    }
}
