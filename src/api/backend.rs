//! The way from the API to the engine and the ledger: bounded queues, with a lane for what is
//! urgent and one for what only looks.
//!
//! The API owns a [`Backend`]; the server owns the [`BackendEnds`] and drains them, the
//! urgent lane first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use narrowcast_protocol::air::{RadioId, StationId};
use tokio::sync::{mpsc, oneshot, watch};
use ulid::{Generator, Ulid};

use crate::engine::io::{Credential, Refusal, Request, Response};
use crate::ledger::record::Stored;
use crate::ledger::scrub::Desk;
use crate::ledger::{LedgerError, OnRecord};
use crate::model::emergency::Emergency;
use crate::model::facts::Record;
use crate::model::ids::{AlertId, Seq};
use crate::model::roster::Node;
use crate::model::sink::{SinkCommand, SinkStatus};

/// How long a reply may take before the API says that the engine is away.
pub const REPLY_TIMEOUT: Duration = Duration::from_secs(30);

/// A request on its way to the engine.
#[derive(Debug)]
pub struct Call {
    /// In whose name.
    pub credential: Credential,
    /// What is asked of the engine.
    pub request: Box<Request>,
    /// Where the answer goes; dropping it says that the engine is away.
    pub reply: oneshot::Sender<Result<Response, Refusal>>,
}

/// A page asked of the ledger.
#[derive(Debug)]
pub enum Page {
    /// See [`Ledger::read`](crate::ledger::Ledger::read).
    Read {
        /// The first position.
        from: Seq,
        /// At most so many.
        limit: usize,
        /// Where the page goes.
        reply: oneshot::Sender<Result<Vec<Record>, LedgerError>>,
    },
    /// Records as they are stored, for an export.
    Stored {
        /// The first position.
        from: Seq,
        /// At most so many.
        limit: usize,
        /// Where the page goes.
        reply: oneshot::Sender<Result<Vec<Stored>, LedgerError>>,
    },
    /// See [`Ledger::of_alert`](crate::ledger::Ledger::of_alert).
    OfAlert {
        /// The alert.
        id: AlertId,
        /// The first position.
        from: Seq,
        /// At most so many.
        limit: usize,
        /// Where the page goes.
        reply: oneshot::Sender<Result<Vec<Record>, LedgerError>>,
    },
    /// See [`Ledger::alerts`](crate::ledger::Ledger::alerts).
    Alerts {
        /// Only those before this one.
        before: Option<AlertId>,
        /// At most so many.
        limit: usize,
        /// Where the page goes.
        reply: oneshot::Sender<Result<Vec<OnRecord>, LedgerError>>,
    },
}

/// What must be seen even when nothing can be recorded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Board {
    /// Whether the ledger is loaded and the ports are open.
    pub ready: bool,
    /// Why the server is degraded, in words; empty when it is not.
    pub degraded: Vec<String>,
    /// Whether the ledger is away: nothing is accepted, and looking shows the state of before.
    pub away: bool,
    /// Emergencies that are raised and not yet on disk.
    pub unrecorded: Vec<Emergency>,
    /// Where the radios of these emergencies hang; the root if not named here.
    pub places: HashMap<RadioId, Node>,
    /// How many stations are configured.
    pub stations: usize,
    /// Stations that are configured and not there.
    pub stations_down: Vec<StationId>,
    /// How many SMS routes are configured.
    pub sms_routes: usize,
    /// How many of them have no link.
    pub sms_routes_down: usize,
    /// How many ids were refused at log-in of late.
    pub quarantined: usize,
}

impl Board {
    /// Whether an emergency of this radio is seen from `node`.
    #[must_use]
    pub fn shows(&self, node: &Node, radio: RadioId) -> bool {
        node.covers(self.places.get(&radio).unwrap_or(&Node::root()))
    }
}

/// Why the backend gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The queue is full.
    #[error("too many requests are waiting")]
    Full,
    /// The engine or the ledger is being reopened.
    #[error("the engine is not there; it is starting again")]
    Away,
    /// No answer came within [`REPLY_TIMEOUT`].
    #[error("the engine gave no answer within {} s", REPLY_TIMEOUT.as_secs())]
    Late,
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The API's side.
#[derive(Debug, Clone)]
pub struct Backend {
    urgent: mpsc::Sender<Call>,
    looks: mpsc::Sender<Call>,
    routine: mpsc::Sender<Call>,
    pages: mpsc::Sender<Page>,
    /// Up to where the ledger is durable.
    pub durable: watch::Receiver<Seq>,
    /// What must be seen.
    pub board: watch::Receiver<Board>,
    /// How the walks over the ledger stand.
    pub scrub: Arc<Desk>,
    /// The sinks.
    pub sinks: Arc<Vec<SinkDesk>>,
    ids: Arc<Mutex<Generator>>,
}

/// Where a sink is asked how it stands, and told what to do.
#[derive(Debug)]
pub struct SinkDesk {
    /// Its name.
    pub name: String,
    /// What kind of receiver it is: `webhook`, `mqtt` or `directory`.
    pub kind: &'static str,
    /// The node whose share it gets.
    pub node: Node,
    /// What the sink has delivered, and what is in its way; it writes this itself.
    pub status: Arc<Mutex<SinkStatus>>,
    /// What it is told.
    pub commands: mpsc::Sender<SinkCommand>,
}

impl SinkDesk {
    /// What the sink has delivered, and what is in its way.
    #[must_use]
    pub fn status(&self) -> SinkStatus {
        self.status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The server's side.
#[derive(Debug)]
pub struct BackendEnds {
    /// Emergencies and Flash; drained first.
    pub urgent: mpsc::Receiver<Call>,
    /// What [only looks](Request::only_looks): answered at once, whatever the disk does.
    pub looks: mpsc::Receiver<Call>,
    /// Everything else; left alone while the next batch is full.
    pub routine: mpsc::Receiver<Call>,
    /// Pages of the ledger.
    pub pages: mpsc::Receiver<Page>,
    /// Up to where the ledger is durable.
    pub durable: watch::Sender<Seq>,
    /// What must be seen.
    pub board: watch::Sender<Board>,
    /// How the walks over the ledger stand.
    pub scrub: Arc<Desk>,
}

/// Both sides, each queue with room for `capacity` requests.
#[must_use]
pub fn backend(capacity: usize) -> (Backend, BackendEnds) {
    let (urgent, urgent_end) = mpsc::channel(capacity);
    let (looks, looks_end) = mpsc::channel(capacity);
    let (routine, routine_end) = mpsc::channel(capacity);
    let (pages, pages_end) = mpsc::channel(capacity);
    let (durable_end, durable) = watch::channel(Seq::default());
    let (board_end, board) = watch::channel(Board::default());
    let scrub = Arc::new(Desk::default());
    let api = Backend {
        urgent,
        looks,
        routine,
        pages,
        durable,
        board,
        scrub: Arc::clone(&scrub),
        sinks: Arc::default(),
        ids: Arc::new(Mutex::new(Generator::new())),
    };
    let server = BackendEnds {
        urgent: urgent_end,
        looks: looks_end,
        routine: routine_end,
        pages: pages_end,
        durable: durable_end,
        board: board_end,
        scrub,
    };
    (api, server)
}

impl Backend {
    /// Asks the engine.
    ///
    /// # Errors
    /// [`Unavailable`], when there is no answer. What was asked may still happen when the
    /// answer was only late.
    pub async fn ask(
        &self,
        credential: Credential,
        request: Request,
    ) -> Result<Result<Response, Refusal>, Unavailable> {
        let lane = if request.is_urgent() {
            &self.urgent
        } else if request.only_looks() {
            &self.looks
        } else {
            &self.routine
        };
        let (reply, answer) = oneshot::channel();
        let call = Call {
            credential,
            request: Box::new(request),
            reply,
        };
        lane.try_send(call).map_err(closed_or_full)?;
        awaited(answer).await
    }

    /// Why the server is degraded, in words.
    #[must_use]
    pub fn degraded(&self) -> Vec<String> {
        let mut reasons = self.board.borrow().degraded.clone();
        reasons.extend(self.scrub.state.borrow().complaint());
        reasons
    }

    /// Records from position `from` on.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.page(Page::Read { from, limit, reply }, answer).await
    }

    /// Records as they are stored, from position `from` on.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn stored(&self, from: Seq, limit: usize) -> Result<Vec<Stored>, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.page(Page::Stored { from, limit, reply }, answer).await
    }

    /// Records of one alert from position `from` on.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn of_alert(
        &self,
        id: AlertId,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<Record>, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let page = Page::OfAlert {
            id,
            from,
            limit,
            reply,
        };
        self.page(page, answer).await
    }

    /// Alerts on record before `before`, newest first.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn alerts(
        &self,
        before: Option<AlertId>,
        limit: usize,
    ) -> Result<Vec<OnRecord>, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let page = Page::Alerts {
            before,
            limit,
            reply,
        };
        self.page(page, answer).await
    }

    /// A new id, greater than every one before it in this process.
    #[must_use]
    pub fn new_id(&self) -> Ulid {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        match ids.generate() {
            Ok(id) => id,
            Err(overflow) => overflow.commit_overflow_increment(),
        }
    }

    async fn page<T>(
        &self,
        page: Page,
        answer: oneshot::Receiver<Result<T, LedgerError>>,
    ) -> Result<T, Unavailable> {
        self.pages.try_send(page).map_err(closed_or_full)?;
        Ok(awaited(answer).await??)
    }
}

fn closed_or_full<T>(error: mpsc::error::TrySendError<T>) -> Unavailable {
    match error {
        mpsc::error::TrySendError::Full(_) => Unavailable::Full,
        mpsc::error::TrySendError::Closed(_) => Unavailable::Away,
    }
}

async fn awaited<T>(answer: oneshot::Receiver<T>) -> Result<T, Unavailable> {
    match tokio::time::timeout(REPLY_TIMEOUT, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) => Err(Unavailable::Away),
        Err(_) => Err(Unavailable::Late),
    }
}
