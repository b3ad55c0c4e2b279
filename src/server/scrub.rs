//! When the chain is walked while the server runs, and how slowly.
//!
//! ```text
//! thread `ledger-scrub`  --which page-->  Scrubber  --stored-->  keeper
//!   (walks and hashes)   <----page------  (waits)
//! ```
//!
//! The thread walks as `narrowcast verify` does. Between two pages it rests four times as long as
//! it worked, and a little longer while a commit is made; a ledger that is away is waited for.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc as replies;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::api::backend::{Backend, Unavailable};
use crate::ledger::record::Stored;
use crate::ledger::scrub::{Note, Scrubbed, UnderWay};
use crate::ledger::verify::{Sound, verify};
use crate::ledger::{LedgerError, Pages};
use crate::model::ids::Seq;

/// A walk that is due at start waits so long: there is enough to do then.
const SOON: Duration = Duration::from_secs(60);
/// Least and most rest between two pages.
const REST: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// It rests so many times as long as it works.
const RESTS: u32 = 4;
/// How long a page waits for a commit that is being made.
const COMMIT: Duration = Duration::from_secs(1);
const COMMIT_STEP: Duration = Duration::from_millis(10);
/// How long a ledger that gives no page is left alone.
const AWAY: Duration = Duration::from_secs(1);
/// How often the position is noted on disk.
const NOTED: Duration = Duration::from_secs(10);
/// How long a note may take to be written: the disk may hang.
const WRITING: Duration = Duration::from_secs(2);

/// A page that the thread wants.
struct Want {
    from: Seq,
    limit: usize,
    reply: replies::SyncSender<Result<Vec<Stored>, LedgerError>>,
}

/// The thread's way to the pages.
struct Asking(mpsc::Sender<Want>);

impl Pages for Asking {
    fn page(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError> {
        let stopped = || LedgerError::Store("the server stops".into());
        let (reply, page) = replies::sync_channel(1);
        let want = Want { from, limit, reply };
        self.0.blocking_send(want).map_err(|_| stopped())?;
        page.recv().map_err(|_| stopped())?
    }
}

/// Walks the chain when it is due, or when it is asked to.
pub(super) struct Scrubber {
    every: Option<Duration>,
    path: PathBuf,
    backend: Backend,
    note: Note,
    noted: Instant,
}

impl Scrubber {
    /// One that walks so often, and notes in the file `path` what it found.
    pub(super) fn new(every: Option<Duration>, path: PathBuf, backend: Backend) -> Self {
        let note = Note::read(&path, Timestamp::now()).unwrap_or_else(|error| {
            warn!(%error, "what the last walk over the ledger found is not known");
            Note::default()
        });
        if let Some(complaint) = note.complaint() {
            error!("{complaint}");
        }
        let scrubber = Self {
            every,
            path,
            backend,
            note,
            noted: Instant::now(),
        };
        scrubber.show();
        scrubber
    }

    /// Walks whenever it is due, until `shutdown`.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        let backend = self.backend.clone();
        while !shutdown.is_cancelled() {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = due(wait(self.every, &self.note, Timestamp::now())) => {}
                () = backend.scrub.begin.notified() => {}
            }
            self.walk(&shutdown).await;
        }
    }

    async fn walk(&mut self, shutdown: &CancellationToken) {
        let before = self.note.under_way.map_or(0, |before| before.broken_off);
        let under_way = UnderWay {
            begun: Timestamp::now(),
            at: Seq(0),
            of: *self.backend.durable.borrow(),
            broken_off: before,
        };
        self.note.under_way = Some(under_way);
        self.keep().await;
        let (ask, mut asked) = mpsc::channel(1);
        let (done_in, done) = oneshot::channel();
        let walking = std::thread::Builder::new()
            .name("ledger-scrub".to_owned())
            .spawn(move || {
                // Whoever stops does not wait for it.
                let _ = done_in.send(verify(&mut Asking(ask), |_| ()));
            });
        let stopped = tokio::select! {
            () = shutdown.cancelled() => true,
            () = self.serve(&mut asked) => false,
        };
        drop(asked);
        let result = match (walking, stopped) {
            (Ok(_), false) => done.await.ok(),
            (Err(error), _) => {
                warn!(%error, "no thread to walk the ledger");
                None
            }
            (Ok(_), true) => None,
        };
        self.ended(&under_way, result);
        self.keep().await;
    }

    /// Gives the thread its pages until it wants no more.
    async fn serve(&mut self, asked: &mut mpsc::Receiver<Want>) {
        let mut worked = Duration::ZERO;
        let mut since = Instant::now();
        while let Some(want) = asked.recv().await {
            worked += since.elapsed();
            self.reached(want.from).await;
            sleep((worked * RESTS).clamp(REST.0, REST.1)).await;
            self.commit_first().await;
            since = Instant::now();
            let page = self.page(want.from, want.limit).await;
            worked = since.elapsed();
            since = Instant::now();
            if want.reply.send(page).is_err() {
                return;
            }
        }
    }

    async fn reached(&mut self, at: Seq) {
        if let Some(under_way) = &mut self.note.under_way {
            under_way.at = at;
        }
        if self.noted.elapsed() >= NOTED {
            self.keep().await;
        } else {
            self.show();
        }
    }

    async fn commit_first(&self) {
        let until = Instant::now() + COMMIT;
        while self.backend.scrub.committing.load(Ordering::Relaxed) && Instant::now() < until {
            sleep(COMMIT_STEP).await;
        }
    }

    /// A page, however long the ledger is away; or what does not verify.
    async fn page(&self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError> {
        loop {
            match self.backend.stored(from, limit).await {
                Ok(page) => return Ok(page),
                Err(Unavailable::Ledger(
                    error @ (LedgerError::Unreadable { .. } | LedgerError::Chain { .. }),
                )) => return Err(error),
                Err(_) => sleep(AWAY).await,
            }
        }
    }

    fn ended(&mut self, under_way: &UnderWay, result: Option<Result<Sound, LedgerError>>) {
        self.note.under_way = None;
        let ended = result.and_then(|result| Scrubbed::of(under_way, Timestamp::now(), result));
        let Some(ended) = ended else {
            info!("the walk over the ledger was broken off; it begins again later");
            return;
        };
        let last = ended.last;
        let seconds = ended.ended.duration_since(ended.begun).as_secs();
        self.note.last = Some(ended);
        match self.note.complaint() {
            Some(complaint) => error!(seconds, "{complaint}"),
            None => info!(%last, seconds, "the ledger was walked and is sound"),
        }
    }

    fn show(&self) {
        self.backend.scrub.state.send_replace(self.note.clone());
    }

    /// Shows and writes what is known. A disk that hangs is not waited for.
    async fn keep(&mut self) {
        self.show();
        self.noted = Instant::now();
        let (note, path) = (self.note.clone(), self.path.clone());
        let (done_in, done) = oneshot::channel();
        let writing = std::thread::Builder::new()
            .name("scrub-note".to_owned())
            .spawn(move || {
                if let Err(error) = note.write(&path) {
                    warn!(%error, "how the walk over the ledger stands cannot be noted");
                }
                let _ = done_in.send(());
            });
        if writing.is_ok() {
            let _ = timeout(WRITING, done).await;
        }
    }
}

/// How long until the next walk; none if it is only made when asked for. A clock that was set
/// back does not put it off by more than one period.
fn wait(every: Option<Duration>, note: &Note, now: Timestamp) -> Option<Duration> {
    let every = every?;
    let ended = note.last.as_ref().map(|last| last.ended);
    let since = ended.map_or(every, |ended| {
        Duration::try_from(now.duration_since(ended)).unwrap_or_default()
    });
    Some(every.saturating_sub(since).max(SOON.min(every)))
}

async fn due(wait: Option<Duration>) {
    match wait {
        Some(wait) => sleep(wait).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn walked(second: i64) -> Note {
        let at = Timestamp::from_second(second).unwrap();
        Note {
            last: Some(Scrubbed {
                begun: at,
                ended: at,
                last: Seq(1),
                fault: None,
            }),
            under_way: None,
        }
    }

    fn waits(every: Option<Duration>, note: &Note) -> Option<Duration> {
        wait(every, note, Timestamp::from_second(1_800_000_000).unwrap())
    }

    #[test]
    fn a_walk_is_due_a_period_after_the_last_one_over_restarts_too() {
        let hour = Duration::from_secs(3_600);
        let note = walked(1_800_000_000 - 3_600);
        assert_eq!(waits(Some(DAY), &note), Some(DAY - hour));
        assert_eq!(waits(None, &note), None);
    }

    #[test]
    fn a_walk_that_is_overdue_is_made_soon_and_not_at_once() {
        assert_eq!(waits(Some(DAY), &walked(1_700_000_000)), Some(SOON));
        assert_eq!(waits(Some(DAY), &Note::default()), Some(SOON));
    }

    #[test]
    fn a_clock_that_was_set_back_puts_it_off_by_one_period_at_most() {
        assert_eq!(waits(Some(DAY), &walked(1_900_000_000)), Some(DAY));
    }
}
