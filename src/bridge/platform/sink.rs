//! The task of one sink: reads the ledger, delivers in its order, remembers how far it has come.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::bridge::platform::cursor::{CursorFile, Position};
use crate::bridge::platform::delivered::Delivered;
use crate::bridge::platform::event::CloudEvent;
use crate::bridge::platform::message::Message;
use crate::bridge::platform::outlet::Outlet;
use crate::bridge::platform::schedule;
use crate::model::ids::{DeliveryId, Seq};
use crate::model::sink::{SinkCommand, SinkStatus};
use crate::model::wall::Wall;

/// Records in one page. A record is at most 16 KiB long, so a page is at most 256 KiB: a sink that
/// waits for its receiver holds no more, and no more is read in one go beside a commit.
const PAGE: usize = 16;
/// The position is written after so many acknowledged events at the latest.
const WRITE_EVERY: u32 = 64;
/// How long to wait before a page that could not be read is asked for again.
const READ_AGAIN: Duration = Duration::from_secs(1);
/// After so many failures one after the other people are told.
const TELL_AFTER: u32 = 5;
/// What a broker says of an event that nobody is subscribed to.
const UNHEARD: &str = "the broker took it, and nobody is subscribed to it (0x10)";
/// How often at most others are told of that.
const UNHEARD_AGAIN: Duration = Duration::from_secs(600);

/// A page of the ledger on its way.
pub type Paging = Pin<Box<dyn Future<Output = Result<Vec<Entry>, String>> + Send>>;
/// What a system did with an alert, on its way to the ledger; done when it is durable.
pub type Telling = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// A position of the ledger, as a sink reads it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number in the ledger.
    pub seq: Seq,
    /// What the sink gets of it, if anything.
    pub message: Option<Message>,
    /// If it names systems that the sink feeds as recipients.
    pub fed: Option<Fed>,
}

/// Systems fed by a sink that are recipients of an alert.
#[derive(Debug, Clone)]
pub struct Fed {
    /// Where the alert was accepted; the message of that says what it is about.
    pub accepted: Seq,
    /// Their deliveries.
    pub deliveries: Vec<DeliveryId>,
}

/// Where a sink reads.
#[derive(Clone)]
pub struct Feed {
    /// Reads up to so many durable positions from one on, as the sink may see them.
    pub read: Arc<dyn Fn(Seq, usize) -> Paging + Send + Sync>,
    /// Tells what the systems of these deliveries did: whether they took the alert.
    pub tell: Arc<dyn Fn(Vec<DeliveryId>, bool) -> Telling + Send + Sync>,
    /// Lets others know what is in the way of this sink; none: it gets on again.
    pub behind: Arc<dyn Fn(Option<String>) + Send + Sync>,
    /// Up to where the ledger is durable.
    pub durable: watch::Receiver<Seq>,
    /// The civil clock.
    pub wall: fn() -> Wall,
    /// The jurisdiction whose ledger it is.
    pub jurisdiction: String,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed")
            .field("jurisdiction", &self.jurisdiction)
            .finish_non_exhaustive()
    }
}

/// Where a new sink begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With what happens from now on.
    Now,
    /// At the beginning of the ledger.
    Beginning,
    /// At this position.
    At(Seq),
}

/// A sink.
#[derive(Debug)]
pub struct Sink {
    /// Its name.
    pub name: String,
    /// Where it begins when it is new.
    pub start: Start,
    /// Between two signs of life while nothing happens; none for no signs.
    pub heartbeat: Option<Duration>,
    /// Whether it gets documents: then no signs of life and no gaps, which are events.
    pub documents: bool,
    /// Its receiver.
    pub outlet: Outlet,
    /// Where it keeps how far it has come.
    pub file: CursorFile,
    /// How it stands, for those who ask.
    pub status: Arc<Mutex<SinkStatus>>,
}

/// Why the loop turned.
enum Turn {
    Command(SinkCommand),
    Over,
    Due,
}

struct Run {
    sink: Sink,
    feed: Feed,
    commands: mpsc::Receiver<SinkCommand>,
    shutdown: CancellationToken,
    position: Position,
    unwritten: u32,
    failures: u32,
    alive_at: Instant,
    /// When others were told last that nobody is subscribed.
    unheard_told_at: Option<Instant>,
}

impl Sink {
    /// Feeds the receiver until `shutdown`.
    pub async fn run(
        self,
        feed: Feed,
        commands: mpsc::Receiver<SinkCommand>,
        shutdown: CancellationToken,
    ) {
        let position = match self.file.read() {
            Ok(position) => position,
            Err(error) => {
                let why = format!("its file cannot be read: {error}; mend or remove it");
                warn!(sink = %self.name, %why, "a sink is off");
                self.tell(|status| status.disabled = Some(why));
                return;
            }
        };
        let mut run = Run {
            position: position.clone().unwrap_or_default(),
            alive_at: Instant::now(),
            sink: self,
            feed,
            commands,
            shutdown,
            unwritten: 0,
            failures: 0,
            unheard_told_at: None,
        };
        if position.is_none() && !run.begin().await {
            return;
        }
        run.show();
        run.feed_on().await;
        run.write().await;
    }

    fn tell(&self, change: impl FnOnce(&mut SinkStatus)) {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Run {
    /// Finds where a new sink begins; false when the server stops first.
    async fn begin(&mut self) -> bool {
        self.position.next = match self.sink.start {
            Start::Beginning => 1,
            Start::At(seq) => seq.0.max(1),
            Start::Now => {
                // The ledger is not open before its end is known.
                let opened = self.feed.durable.wait_for(|durable| durable.0 > 0);
                let end = tokio::select! {
                    end = opened => end.map(|end| end.0),
                    () = self.shutdown.cancelled() => return false,
                };
                match end {
                    Ok(end) => end + 1,
                    Err(_) => return false,
                }
            }
        };
        self.write().await;
        true
    }

    fn show(&self) {
        let durable = self.feed.durable.borrow().0;
        self.sink.tell(|status| {
            status.next = self.position.next;
            status.durable = durable;
            status.failures = self.failures;
            status.disabled.clone_from(&self.position.disabled);
            let shown = status.dead.last().map(|(seq, _)| *seq);
            if shown != self.position.dead.last().map(|it| it.seq) {
                let dead = self.position.dead.iter();
                status.dead = dead.map(|it| (it.seq, it.why.clone())).collect();
            }
        });
    }

    /// Writes down how far the sink has come, on a thread for blocking work: a disk that hangs must
    /// stop this sink and nothing else.
    async fn write(&mut self) {
        self.unwritten = 0;
        let (file, position) = (self.sink.file.clone(), self.position.clone());
        let written = tokio::task::spawn_blocking(move || file.write(&position)).await;
        if let Err(error) = written.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            warn!(sink = %self.sink.name, %error, "how far a sink has come is not kept: events will come again after a restart");
        }
    }

    async fn feed_on(&mut self) {
        loop {
            self.show();
            if self.position.disabled.is_some() {
                match self.pause(None).await {
                    Turn::Over => return,
                    Turn::Command(command) => self.command(command).await,
                    Turn::Due => {}
                }
                continue;
            }
            let durable = *self.feed.durable.borrow_and_update();
            if self.position.seq() > durable {
                if self.unwritten > 0 {
                    self.write().await;
                }
                match self.idle().await {
                    Turn::Over => return,
                    Turn::Command(command) => self.command(command).await,
                    Turn::Due => {}
                }
                continue;
            }
            let read = (self.feed.read)(self.position.seq(), PAGE);
            let page = tokio::select! {
                page = read => page,
                () = self.shutdown.cancelled() => return,
            };
            let goes_on = match page {
                Ok(page) => self.page(page, durable).await,
                Err(why) => {
                    self.sink.tell(|status| status.last_error = Some(why));
                    self.pause(Some(Instant::now() + READ_AGAIN)).await
                }
            };
            match goes_on {
                Turn::Over => return,
                Turn::Command(command) => self.command(command).await,
                Turn::Due => {}
            }
        }
    }

    async fn command(&mut self, command: SinkCommand) {
        match command {
            SinkCommand::Replay(from) => {
                self.position.next = from.0.max(1);
                self.position.disabled = None;
            }
            SinkCommand::Skip(up_to) => {
                self.position.next = self.position.next.max(up_to.0.saturating_add(1));
            }
        }
        self.failures = 0;
        info!(sink = %self.sink.name, next = self.position.next, "a sink was told where to go on");
        self.write().await;
    }

    /// Waits for something to deliver, and lets the receiver know that we live.
    async fn idle(&mut self) -> Turn {
        let heartbeat = self.sink.heartbeat.filter(|_| !self.sink.documents);
        let due = heartbeat.map(|every| self.alive_at + every);
        let far = Instant::now() + Duration::from_secs(3_600);
        tokio::select! {
            () = self.shutdown.cancelled() => return Turn::Over,
            command = self.commands.recv() => return command.map_or(Turn::Over, Turn::Command),
            changed = self.feed.durable.changed() => {
                return if changed.is_ok() { Turn::Due } else { Turn::Over };
            }
            () = sleep_until(due.unwrap_or(far)) => {}
        }
        if due.is_some() {
            self.alive_at = Instant::now();
            let now = (self.feed.wall)();
            let alive = CloudEvent::heartbeat(&self.feed.jurisdiction, self.position.seq(), now);
            let alive = Message::from(alive);
            // A sign of life that is lost is followed by the next one.
            if let Delivered::Again { why, .. } = self.attempt(&alive).await {
                self.sink.tell(|status| status.last_error = Some(why));
            }
        }
        Turn::Due
    }

    async fn pause(&mut self, until: Option<Instant>) -> Turn {
        let far = Instant::now() + Duration::from_secs(3_600);
        tokio::select! {
            () = self.shutdown.cancelled() => Turn::Over,
            command = self.commands.recv() => command.map_or(Turn::Over, Turn::Command),
            () = sleep_until(until.unwrap_or(far)) => Turn::Due,
        }
    }

    /// Waits until an event is tried again: not longer than until its receiver is there again.
    async fn hold(&mut self, until: Instant) -> Turn {
        tokio::select! {
            () = self.shutdown.cancelled() => Turn::Over,
            command = self.commands.recv() => command.map_or(Turn::Over, Turn::Command),
            () = self.sink.outlet.revived() => Turn::Due,
            () = sleep_until(until) => Turn::Due,
        }
    }

    /// Nobody was subscribed to an event that a broker took. Others learn of it once in a while
    /// only, and never because of an event about a sink: that would make the next one.
    fn unheard(&mut self, event: &Message) {
        self.sink.tell(|status| {
            status.unheard += 1;
            status.last_error = Some(UNHEARD.to_owned());
        });
        let now = Instant::now();
        let told = self
            .unheard_told_at
            .is_some_and(|at| now < at + UNHEARD_AGAIN);
        if told || event.is_of_a_sink() {
            return;
        }
        self.unheard_told_at = Some(now);
        warn!(sink = %self.sink.name, "the broker has events and nobody is subscribed to them");
        (self.feed.behind)(Some(UNHEARD.to_owned()));
    }

    /// Delivers a page; what was trimmed before it becomes one `gap` event.
    async fn page(&mut self, page: Vec<Entry>, durable: Seq) -> Turn {
        let first = page.first().map_or(durable.next(), |entry| entry.seq);
        if first > self.position.seq() {
            let last = Seq(first.0.saturating_sub(1));
            let now = (self.feed.wall)();
            if self.sink.documents {
                warn!(sink = %self.sink.name, first = self.position.next, last = last.0, "these records were trimmed before the sink had their documents");
                self.position.next = first.0;
            } else {
                let next = self.position.seq();
                let gap = CloudEvent::gap(&self.feed.jurisdiction, next, last, now);
                let turn = self.deliver(&gap.into(), last, None).await;
                if !matches!(turn, Turn::Due) {
                    return turn;
                }
            }
        }
        for Entry { seq, message, fed } in page {
            let turn = match (message, fed) {
                (Some(message), fed) => self.deliver(&message, seq, fed.as_ref()).await,
                // Of documents, the one about the acceptance was taken or refused before.
                (None, Some(fed)) => {
                    let turn = self.tell_of(Some(&fed), true).await;
                    if matches!(turn, Turn::Due) {
                        self.acknowledged(seq).await;
                    }
                    turn
                }
                (None, None) => {
                    self.position.next = seq.next().0;
                    Turn::Due
                }
            };
            if !matches!(turn, Turn::Due) || self.position.disabled.is_some() {
                return turn;
            }
        }
        Turn::Due
    }

    /// Delivers one message, again and again until it is taken or refused for good.
    async fn deliver(&mut self, event: &Message, seq: Seq, fed: Option<&Fed>) -> Turn {
        loop {
            match self.attempt(event).await {
                taken @ (Delivered::Taken | Delivered::Unheard) => {
                    let heard = taken == Delivered::Taken;
                    if !heard {
                        self.unheard(event);
                    }
                    // What nobody listened to has reached no system.
                    let turn = self.tell_of(fed.filter(|_| heard), true).await;
                    if !matches!(turn, Turn::Due) {
                        return turn;
                    }
                    if self.failures >= TELL_AFTER {
                        (self.feed.behind)(None);
                        info!(sink = %self.sink.name, "a sink takes events again");
                    }
                    self.sink.tell(|status| status.delivered += 1);
                    self.acknowledged(seq).await;
                    return Turn::Due;
                }
                Delivered::Dead(why) => {
                    warn!(sink = %self.sink.name, seq = seq.0, %why, "an event is refused for good");
                    let turn = self.tell_of(fed, false).await;
                    if !matches!(turn, Turn::Due) {
                        return turn;
                    }
                    self.position.bury(seq, why);
                    self.acknowledged(seq).await;
                    self.write().await;
                    self.show();
                    return Turn::Due;
                }
                Delivered::Gone(why) => {
                    warn!(sink = %self.sink.name, %why, "the receiver wants no more events: the sink is off until `narrowcast sink replay`");
                    (self.feed.behind)(Some(why.clone()));
                    self.position.disabled = Some(why);
                    self.write().await;
                    return Turn::Due;
                }
                Delivered::Again { why, retry_after } => {
                    self.failures = self.failures.saturating_add(1);
                    if self.failures == TELL_AFTER {
                        (self.feed.behind)(Some(why.clone()));
                        warn!(sink = %self.sink.name, %why, "a sink falls behind");
                    }
                    self.sink.tell(|status| status.last_error = Some(why));
                    self.show();
                    let chance = seq
                        .0
                        .wrapping_mul(31)
                        .wrapping_add(u64::from(self.failures));
                    let ours = schedule::wait(self.failures, chance);
                    let until = Instant::now() + schedule::asked(ours, retry_after);
                    match self.hold(until).await {
                        Turn::Due => {}
                        other => return other,
                    }
                }
            }
        }
    }

    /// Has it recorded what the systems did, before the sink goes on: else a crash would forget it.
    async fn tell_of(&mut self, fed: Option<&Fed>, taken: bool) -> Turn {
        let Some(fed) = fed else {
            return Turn::Due;
        };
        // Who refused what it is about has not got the alert.
        let dead = &self.position.dead;
        let taken = taken && dead.iter().all(|it| it.seq != fed.accepted.0);
        loop {
            let told = (self.feed.tell)(fed.deliveries.clone(), taken);
            let told = tokio::select! {
                told = told => told,
                () = self.shutdown.cancelled() => return Turn::Over,
            };
            let Err(why) = told else {
                return Turn::Due;
            };
            self.sink.tell(|status| status.last_error = Some(why));
            match self.pause(Some(Instant::now() + READ_AGAIN)).await {
                Turn::Due => {}
                other => return other,
            }
        }
    }

    async fn acknowledged(&mut self, seq: Seq) {
        self.failures = 0;
        self.position.next = seq.next().0;
        self.unwritten += 1;
        if self.unwritten >= WRITE_EVERY {
            self.write().await;
        }
        self.show();
    }

    async fn attempt(&mut self, event: &Message) -> Delivered {
        self.alive_at = Instant::now();
        let now = (self.feed.wall)();
        let delivery = self.sink.outlet.deliver(event, now);
        tokio::select! {
            delivered = delivery => delivered,
            () = self.shutdown.cancelled() => Delivered::Again {
                why: "the server stops".to_owned(),
                retry_after: None,
            },
        }
    }
}
