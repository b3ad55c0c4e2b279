//! The bounded record on disk, and the taps that feed it.

mod config;
mod files;
mod records;

use core::fmt;
use core::iter;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use narrowcast_protocol::session::Peer;

use super::Direction;
use crate::port::Port;
use config::check;
pub use config::{CaptureConfig, CaptureError};
use files::Files;
use records::{Chunk, Ends, Records, Source};

/// Most records that wait for the disk.
const QUEUE_RECORDS: usize = 16_384;
/// Most bytes that wait for the disk.
const QUEUE_BYTES: usize = 8 << 20;
/// Nothing waits longer than this in our own buffers.
const FLUSH: Duration = Duration::from_millis(200);
/// How often losses are put on record when nothing else is.
const IDLE: Duration = Duration::from_secs(1);

/// How the record fares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaptureStatus {
    /// Records written since the start.
    pub written: u64,
    /// Records lost since the start, because the disk was slow or failed.
    pub lost: u64,
    /// What is wrong with the disk now, if anything.
    pub trouble: Option<String>,
}

#[derive(Debug, Default)]
struct Shared {
    queued_records: AtomicUsize,
    queued_bytes: AtomicUsize,
    written: AtomicU64,
    lost: AtomicU64,
    trouble: Mutex<Option<String>>,
    sources: Mutex<Vec<Arc<Source>>>,
}

impl Shared {
    /// Counts records that wait, unless they are too many.
    fn queue(&self, records: usize, bytes: usize) -> bool {
        let before = self.queued_records.fetch_add(records, Ordering::Relaxed);
        let bytes_before = self.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        let fit = before + records <= QUEUE_RECORDS && bytes_before + bytes <= QUEUE_BYTES;
        if !fit {
            self.unqueue(records, bytes);
        }
        fit
    }

    fn unqueue(&self, records: usize, bytes: usize) {
        self.queued_records.fetch_sub(records, Ordering::Relaxed);
        self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

#[derive(Debug)]
enum Message {
    Records(Records),
    Flush(SyncSender<()>),
    Stop,
}

/// The record of some links, written by a thread of its own.
///
/// Nothing that happens to it stops or slows a link: when the disk is behind, records are
/// dropped and counted, and a "capture data lost" record says so in the file. Files have
/// mode 0600: what is on the air is personal data. They hold log-in hashes until
/// [`export`](super::export::export) leaves them out.
#[derive(Debug)]
pub struct CaptureRing {
    queue: SyncSender<Message>,
    shared: Arc<Shared>,
    config: CaptureConfig,
    thread: Option<JoinHandle<()>>,
}

impl CaptureRing {
    /// Starts the writer. Files of the same prefix from earlier runs count towards the bound.
    ///
    /// # Errors
    /// The configuration makes no sense, or the directory cannot be made or read.
    pub fn start(config: CaptureConfig) -> Result<Self, CaptureError> {
        check(&config)?;
        let failed = |source| CaptureError::Directory {
            path: config.directory.clone(),
            source,
        };
        let files = Files::open(&config).map_err(failed)?;
        let shared = Arc::new(Shared::default());
        let (queue, messages) = sync_channel(QUEUE_RECORDS);
        let writer = Writer {
            files,
            shared: Arc::clone(&shared),
            clock: None,
        };
        let thread = std::thread::Builder::new()
            .name("capture".to_owned())
            .spawn(move || writer.run(&messages))
            .map_err(failed)?;
        Ok(Self {
            queue,
            shared,
            config,
            thread: Some(thread),
        })
    }

    /// A tap for one link. `name` is the interface's name in the file (`/dev/ttyUSB0`,
    /// `udp:62031`), `description` tells a reader the protocol and line settings.
    #[must_use]
    pub fn tap(&self, name: &str, description: &str) -> Tap {
        let source = Arc::new(Source {
            name: name.to_owned(),
            description: description.to_owned(),
            lost: AtomicU64::new(0),
        });
        self.shared
            .sources
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(&source));
        Tap {
            source,
            queue: self.queue.clone(),
            shared: Arc::clone(&self.shared),
        }
    }

    /// How the record fares.
    #[must_use]
    pub fn status(&self) -> CaptureStatus {
        CaptureStatus {
            written: self.shared.written.load(Ordering::Relaxed),
            lost: self.shared.lost.load(Ordering::Relaxed),
            trouble: self
                .shared
                .trouble
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }

    /// Blocks until everything recorded so far has been handed to the system.
    ///
    /// # Errors
    /// The writer has ended.
    pub fn flush(&self) -> Result<(), CaptureError> {
        let (done, waiting) = sync_channel(1);
        self.queue
            .send(Message::Flush(done))
            .map_err(|_| CaptureError::Ended)?;
        waiting.recv().map_err(|_| CaptureError::Ended)
    }

    /// The files there are, oldest first.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn files(&self) -> Result<Vec<PathBuf>, CaptureError> {
        files::list(&self.config).map_err(|source| CaptureError::Directory {
            path: self.config.directory.clone(),
            source,
        })
    }
}

impl Drop for CaptureRing {
    fn drop(&mut self) {
        if self.queue.send(Message::Stop).is_ok()
            && let Some(thread) = self.thread.take()
        {
            // A panic of the writer has been printed already; there is nothing to add.
            let _ended = thread.join();
        }
    }
}

/// Where a pump puts down what it sent and received. Never waits.
#[derive(Clone)]
pub struct Tap {
    source: Arc<Source>,
    queue: SyncSender<Message>,
    shared: Arc<Shared>,
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tap({})", self.source.name)
    }
}

impl Tap {
    /// Records one chunk that `port` sent to or received from `peer`.
    pub fn record(&self, direction: Direction, peer: Peer, port: &Port, bytes: &[u8]) {
        self.put(direction, Ends::of(peer, port), bytes);
    }

    /// Records what `port` has just sent, each chunk with its peer. The bytes are shared with
    /// whoever else has them, and not copied. Takes all chunks, whether there is room for them or
    /// not.
    pub fn record_sent(&self, port: &Port, chunks: impl Iterator<Item = (Peer, Bytes)>) {
        let chunks = chunks.map(|(peer, bytes)| Chunk {
            ends: Ends::of(peer, port),
            bytes,
        });
        self.put_all(Direction::Outbound, chunks.collect());
    }

    fn put(&self, direction: Direction, ends: Option<Ends>, bytes: &[u8]) {
        let bytes = Bytes::copy_from_slice(bytes);
        self.put_all(direction, iter::once(Chunk { ends, bytes }).collect());
    }

    fn put_all(&self, direction: Direction, chunks: Vec<Chunk>) {
        let records = Records {
            source: Arc::clone(&self.source),
            at: Timestamp::now(),
            monotonic: Instant::now(),
            direction,
            chunks,
        };
        let (count, size) = (records.chunks.len(), records.bytes());
        if !self.shared.queue(count, size) {
            return self.lose(count);
        }
        match self.queue.try_send(Message::Records(records)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.shared.unqueue(count, size);
                self.lose(count);
            }
        }
    }

    fn lose(&self, count: usize) {
        let count = count as u64;
        self.shared.lost.fetch_add(count, Ordering::Relaxed);
        self.source.lost.fetch_add(count, Ordering::Relaxed);
    }
}

struct Writer {
    files: Files,
    shared: Arc<Shared>,
    clock: Option<(Timestamp, Instant)>,
}

impl Writer {
    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let mut next = messages.recv_timeout(IDLE).ok();
            let started = Instant::now();
            let mut waiting = Vec::new();
            let mut stop = false;
            while let Some(message) = next.take() {
                match message {
                    Message::Records(records) => self.record(&records),
                    Message::Flush(done) => waiting.push(done),
                    Message::Stop => stop = true,
                }
                if !stop && started.elapsed() < FLUSH {
                    next = messages.try_recv().ok();
                }
            }
            self.admit_losses();
            let flushed = self.files.flush();
            self.note(flushed.err());
            for done in waiting {
                // Whoever asked may have gone.
                let _told = done.send(());
            }
            if stop {
                return;
            }
        }
    }

    fn record(&mut self, records: &Records) {
        let count = records.chunks.len();
        self.shared.unqueue(count, records.bytes());
        let step = self.clock_step(records);
        let mut written = 0;
        let outcome = self.files.record(records, step, &mut written);
        self.shared.written.fetch_add(written, Ordering::Relaxed);
        let lost = (count as u64).saturating_sub(written);
        self.shared.lost.fetch_add(lost, Ordering::Relaxed);
        records.source.lost.fetch_add(lost, Ordering::Relaxed);
        self.note(outcome.err());
    }

    /// How far the wall clock was set since the records before, in ms, when it matters.
    fn clock_step(&mut self, records: &Records) -> Option<i64> {
        let before = self.clock.replace((records.at, records.monotonic));
        let (at, monotonic) = before?;
        let wall = records.at.as_millisecond() - at.as_millisecond();
        // Two links may be recorded in an order slightly different from their time.
        let passed = match records.monotonic.checked_duration_since(monotonic) {
            Some(later) => i64::try_from(later.as_millis()).ok()?,
            None => -i64::try_from(monotonic.duration_since(records.monotonic).as_millis()).ok()?,
        };
        let step = wall - passed;
        (step.abs() > 100).then_some(step)
    }

    fn admit_losses(&mut self) {
        let sources = self.shared.sources.lock();
        let sources = sources.unwrap_or_else(PoisonError::into_inner).clone();
        for source in sources {
            let lost = source.lost.swap(0, Ordering::Relaxed);
            if lost > 0
                && let Err(error) = self.files.admit_loss(&source, lost)
            {
                source.lost.fetch_add(lost, Ordering::Relaxed);
                self.note(Some(error));
            }
        }
    }

    fn note(&self, error: Option<io::Error>) {
        let error = error.map(|error| error.to_string());
        if let Some(error) = &error {
            tracing::debug!(error, "capture is not written");
        } else if self.files.is_paused() {
            return;
        }
        self.shared.set_trouble(error);
    }
}

#[cfg(test)]
mod tests;
