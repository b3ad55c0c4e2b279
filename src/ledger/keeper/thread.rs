//! The thread: groups of commits, and steps of readers between them.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot, watch};

use crate::ledger::keeper::{GROUP, KeeperError, Latency};
use crate::ledger::{Ledger, LedgerError};
use crate::model::facts::Entry;
use crate::model::ids::Seq;

const SLOW: Duration = Duration::from_millis(500);
const ALARMING: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) queue: Mutex<Queue>,
    pub(super) wake: Condvar,
    pub(super) room: Notify,
    pub(super) ended: watch::Sender<Option<KeeperError>>,
    pub(super) last: AtomicU64,
}

#[derive(Default)]
pub(super) struct Queue {
    pub(super) commits: VecDeque<Ticket>,
    pub(super) steps: VecDeque<Step>,
    /// Why nothing is taken in any more.
    pub(super) state: Option<KeeperError>,
    pub(super) latency: Latency,
    pub(super) under_way: Option<Instant>,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue")
            .field("commits", &self.commits.len())
            .field("steps", &self.steps.len())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

pub(super) struct Ticket {
    pub(super) entries: Vec<Entry>,
    pub(super) done: oneshot::Sender<Result<Seq, KeeperError>>,
}

/// One short piece of a reader's work: more to come, done, or the ledger is lost.
pub(super) type Step = Box<dyn FnMut(&mut dyn Ledger) -> ControlFlow<Option<LedgerError>> + Send>;

pub(super) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map(drop)
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn why(&self) -> KeeperError {
        self.lock().state.clone().unwrap_or(KeeperError::Closed)
    }

    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::default(),
            wake: Condvar::new(),
            room: Notify::new(),
            ended: watch::Sender::new(None),
            last: AtomicU64::new(0),
        })
    }

    pub(super) fn run(&self, mut ledger: Box<dyn Ledger>) {
        let why = loop {
            match self.turn(&mut *ledger) {
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(why) => break why,
            }
        };
        let mut queue = self.lock();
        queue.state = Some(why.clone());
        let waiting = std::mem::take(&mut *queue);
        queue.state = Some(why.clone());
        queue.latency = waiting.latency;
        drop(queue);
        for ticket in waiting.commits {
            let _ = ticket.done.send(Err(why.clone()));
        }
        drop(waiting.steps);
        // It may take a while, and the directory is locked until it is done.
        drop(ledger);
        self.room.notify_waiters();
        self.ended.send_replace(Some(why));
    }

    /// One group of commits and one step of a reader.
    fn turn(&self, ledger: &mut dyn Ledger) -> ControlFlow<KeeperError> {
        let mut queue = self.lock();
        while queue.commits.is_empty() && queue.steps.is_empty() && queue.state.is_none() {
            queue = self
                .wake
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if queue.commits.is_empty()
            && let Some(why) = &queue.state
        {
            return ControlFlow::Break(why.clone());
        }
        let many = queue.commits.len().min(GROUP);
        let group: Vec<Ticket> = queue.commits.drain(..many).collect();
        let step = queue.steps.pop_front();
        queue.under_way = (many > 0).then(Instant::now);
        drop(queue);
        if many > 0 {
            self.room.notify_waiters();
            if let Err(error) = self.commit(ledger, group) {
                tracing::error!(%error, "the ledger failed and is given up");
                return ControlFlow::Break(error.into());
            }
        }
        if let Some(mut step) = step {
            match step(ledger) {
                ControlFlow::Continue(()) => self.lock().steps.push_back(step),
                ControlFlow::Break(None) => {}
                ControlFlow::Break(Some(error)) => return ControlFlow::Break(error.into()),
            }
        }
        ControlFlow::Continue(())
    }

    fn commit(&self, ledger: &mut dyn Ledger, group: Vec<Ticket>) -> Result<(), LedgerError> {
        let started = Instant::now();
        let commits = group.len() as u64;
        let before = ledger.last();
        let mut entries = Vec::new();
        let mut waiting = Vec::with_capacity(group.len());
        for ticket in group {
            let start = entries.len();
            entries.extend(ticket.entries);
            waiting.push((start..entries.len(), ticket.done));
        }
        let mut result = ledger.commit(&entries);
        if matches!(result, Err(LedgerError::TooLarge { .. })) {
            // Nothing was written: those before the guilty one need not suffer with it.
            result = waiting.iter().try_fold(before, |_, (range, _)| {
                ledger.commit(entries.get(range.clone()).unwrap_or_default())
            });
        }
        let durable = ledger.last();
        self.last.store(durable.0, Ordering::Release);
        self.measure(started.elapsed(), commits);
        for (range, done) in waiting {
            let end = Seq(before.0.saturating_add(range.end as u64));
            let answer = match &result {
                Err(error) if end > durable => Err(error.clone().into()),
                _ => Ok(end),
            };
            let _ = done.send(answer);
        }
        result.map(drop)
    }

    fn measure(&self, took: Duration, commits: u64) {
        let mut queue = self.lock();
        queue.under_way = None;
        let latency = &mut queue.latency;
        latency.last = took;
        latency.max = latency.max.max(took);
        latency.sum = latency.sum.saturating_add(took);
        latency.groups += 1;
        latency.commits += commits;
        drop(queue);
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if took > ALARMING {
            tracing::error!(millis, commits, "a commit to the ledger took far too long");
        } else if took > SLOW {
            tracing::warn!(millis, commits, "a commit to the ledger was slow");
        }
    }
}
