//! The thread: the owner's request, and one task of others between two requests.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tracing::warn;

use crate::ledger::keeper::{Answer, Checkpoint, OpenLedger, Request};
use crate::ledger::{Ledger, LedgerError, Reader};
use crate::model::facts::Entry;
use crate::model::ids::Seq;

/// A commit that takes longer is logged.
const SLOW: Duration = Duration::from_millis(500);
/// A commit that takes longer is logged as an error.
const ALARMING: Duration = Duration::from_secs(5);

pub(super) struct Shared {
    queue: Mutex<Queue>,
    /// Reads beside the ledger; taken away before the ledger is let go.
    reader: Mutex<Option<Box<dyn Reader>>>,
    /// Up to where the ledger is durable.
    durable: AtomicU64,
    pub(super) wake: Condvar,
    pub(super) ended: watch::Sender<bool>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shared = f.debug_struct("Shared");
        shared.field("queue", &self.queue).finish_non_exhaustive()
    }
}

#[derive(Default)]
pub(super) struct Queue {
    /// What the owner asked and the thread has not begun.
    pub(super) request: Option<Request>,
    /// What else is to be done, in order.
    pub(super) tasks: VecDeque<Task>,
    /// What waits for a reader, and whether there is one.
    pages: VecDeque<ReadStep>,
    reads_apart: bool,
    /// How many of the tasks are [`Task::LetGo`]: no request overtakes one.
    pub(super) closings: usize,
    /// What was given is done, and nothing more.
    pub(super) leaving: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue")
            .field("request", &self.request)
            .field("tasks", &self.tasks.len())
            .field("closings", &self.closings)
            .field("leaving", &self.leaving)
            .finish()
    }
}

/// Something that is done between two requests.
pub(super) enum Task {
    /// One step of something longer.
    Step(Step),
    /// One step of a page, of a ledger that has no second reader.
    Read(ReadStep),
    /// A state to keep.
    Checkpoint { at: Seq, state: Vec<u8> },
    /// The end of this handle of the ledger.
    LetGo,
}

/// One short piece of work: more to come, or done. It is dropped when there is no ledger.
pub(super) type Step = Box<dyn FnMut(&mut dyn Ledger) -> ControlFlow<()> + Send>;

/// As [`Step`], for what only reads.
pub(super) type ReadStep = Box<dyn FnMut(&mut dyn Reader) -> ControlFlow<()> + Send>;

/// What the thread does next.
enum Turn {
    Request(Request),
    Task(Task),
    Leave,
}

impl Shared {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::default(),
            reader: Mutex::default(),
            durable: AtomicU64::new(0),
            wake: Condvar::new(),
            ended: watch::Sender::new(false),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, task: Task) {
        self.lock().tasks.push_back(task);
        self.wake.notify_all();
    }

    /// How many steps of readers and other tasks wait.
    pub(super) fn readers(&self) -> usize {
        let queue = self.lock();
        queue.pages.len() + queue.tasks.len()
    }

    pub(super) fn push_reader(&self, step: ReadStep) {
        let mut queue = self.lock();
        if queue.reads_apart {
            queue.pages.push_back(step);
        } else {
            queue.tasks.push_back(Task::Read(step));
        }
        drop(queue);
        self.wake.notify_all();
    }

    /// Up to where the ledger is durable.
    pub(super) fn durable(&self) -> Seq {
        Seq(self.durable.load(Ordering::Acquire))
    }

    /// The second thread: pages, while the ledger commits. Without a ledger they are dropped,
    /// and whoever asked is told so.
    pub(super) fn serve_pages(&self) {
        while let Some(mut step) = self.next_page() {
            let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
            let more = reader.as_mut().map(|reader| step(reader.as_mut()));
            drop(reader);
            if more.is_some_and(|more| more.is_continue()) {
                self.lock().pages.push_back(step);
            }
        }
    }

    /// None when the keeper ends.
    fn next_page(&self) -> Option<ReadStep> {
        let mut queue = self.lock();
        loop {
            if queue.leaving {
                queue.pages.clear();
                return None;
            }
            if let Some(step) = queue.pages.pop_front() {
                return Some(step);
            }
            queue = self
                .wake
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The ledger that is open now, or none: a page under way is awaited.
    fn read_beside(&self, ledger: Option<&dyn Ledger>) {
        let reader = ledger.and_then(Ledger::reader);
        if let Some(ledger) = ledger {
            self.durable.store(ledger.last().0, Ordering::Release);
            self.lock().reads_apart = reader.is_some();
        }
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = reader;
    }

    pub(super) fn run(&self, open: &OpenLedger, answers: &mpsc::Sender<Answer>) {
        let mut hand = Hand::default();
        let mut after_request = false;
        loop {
            match self.next(after_request) {
                Turn::Request(request) => {
                    after_request = true;
                    // Whoever does not wait for it any more needs no answer.
                    drop(answers.blocking_send(self.answer(&mut hand, request, open)));
                }
                Turn::Task(task) => {
                    after_request = false;
                    if matches!(task, Task::LetGo) {
                        self.read_beside(None);
                    }
                    if let Some(task) = hand.perform(task) {
                        self.lock().tasks.push_back(task);
                    }
                }
                Turn::Leave => break,
            }
        }
        self.read_beside(None);
        hand.let_go();
        self.ended.send_replace(true);
    }

    fn answer(&self, hand: &mut Hand, request: Request, open: &OpenLedger) -> Answer {
        if matches!(request, Request::Open) {
            self.read_beside(None);
        }
        let answer = hand.answer(request, open);
        match &answer {
            Answer::Opened(Ok(_)) => self.read_beside(hand.ledger.as_deref()),
            Answer::Committed(Ok(last)) => self.durable.store(last.0, Ordering::Release),
            _ => {}
        }
        answer
    }

    /// Waits for something to do. Behind a request a task has its turn.
    fn next(&self, after_request: bool) -> Turn {
        let mut queue = self.lock();
        loop {
            let task_first = after_request || queue.closings > 0 || queue.request.is_none();
            if task_first && let Some(task) = queue.tasks.pop_front() {
                if matches!(task, Task::LetGo) {
                    queue.closings -= 1;
                }
                return Turn::Task(task);
            }
            if let Some(request) = queue.request.take() {
                return Turn::Request(request);
            }
            if queue.leaving {
                return Turn::Leave;
            }
            queue = self
                .wake
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The ledger in the thread's hand, and the states that are being written.
#[derive(Default)]
struct Hand {
    ledger: Option<Box<dyn Ledger>>,
    writers: Vec<JoinHandle<()>>,
}

impl Hand {
    fn answer(&mut self, request: Request, open: &OpenLedger) -> Answer {
        match request {
            Request::Open => {
                // It may take a while, and the directory is locked until it is done.
                self.let_go();
                Answer::Opened(self.open(open))
            }
            Request::Read { from, limit } => {
                let ledger = self.ledger.as_mut().ok_or_else(closed);
                Answer::Page(ledger.and_then(|ledger| ledger.read(from, limit)))
            }
            Request::Commit(batch) => Answer::Committed(self.commit(&batch)),
        }
    }

    fn open(&mut self, open: &OpenLedger) -> Result<(Seq, Option<Checkpoint>), LedgerError> {
        let mut ledger = open()?;
        let kept = ledger.checkpoint()?;
        let last = ledger.last();
        self.ledger = Some(ledger);
        Ok((last, kept))
    }

    fn commit(&mut self, batch: &[Entry]) -> Result<Seq, LedgerError> {
        let started = Instant::now();
        let result = self.ledger.as_mut().ok_or_else(closed)?.commit(batch);
        let took = started.elapsed();
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let facts = batch.len();
        if took > ALARMING {
            tracing::error!(millis, facts, "a commit to the ledger took far too long");
        } else if took > SLOW {
            warn!(millis, facts, "a commit to the ledger was slow");
        }
        result
    }

    /// Gives back a task that is to go on.
    fn perform(&mut self, task: Task) -> Option<Task> {
        match task {
            Task::Step(mut step) => {
                let more = step(self.ledger.as_deref_mut()?);
                more.is_continue().then_some(Task::Step(step))
            }
            Task::Read(mut step) => {
                let mut ledger = self.ledger.as_deref_mut()?;
                let more = step(&mut ledger);
                more.is_continue().then_some(Task::Read(step))
            }
            Task::Checkpoint { at, state } => {
                self.save_checkpoint(at, state);
                None
            }
            Task::LetGo => {
                self.let_go();
                None
            }
        }
    }

    fn save_checkpoint(&mut self, at: Seq, state: Vec<u8>) {
        let Some(ledger) = &mut self.ledger else {
            return;
        };
        let told = move |result: Result<(), LedgerError>| {
            if let Err(error) = result {
                warn!(%error, %at, "checkpoint not saved; the next start takes longer");
            }
        };
        self.writers.retain(|writer| !writer.is_finished());
        match ledger.checkpoint_writer(at) {
            Ok(Some(write)) => {
                let thread = std::thread::Builder::new().name("checkpoint".to_owned());
                match thread.spawn(move || told(write(&state))) {
                    Ok(writer) => self.writers.push(writer),
                    Err(error) => told(Err(LedgerError::Store(error.to_string()))),
                }
            }
            Ok(None) => told(ledger.save_checkpoint(at, &state)),
            Err(error) => told(Err(error)),
        }
    }

    /// Drops the ledger when the states that are being written are kept.
    fn let_go(&mut self) {
        for writer in self.writers.drain(..) {
            // A panic there has been reported, and leaves the checkpoint of before.
            let _ = writer.join();
        }
        self.ledger = None;
    }
}

fn closed() -> LedgerError {
    LedgerError::Store("it is closed".into())
}
