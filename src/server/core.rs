//! The engine's task: everything that the engine is told comes through here, and nothing
//! it says leaves before the ledger has made its grounds durable.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, ready};
use futures_util::stream::{FuturesOrdered, StreamExt};
use narrowcast_hardware::clock::Clock;
use narrowcast_hardware::events::LinkEvent;
use narrowcast_protocol::air::{CarrierId, Heard, HeardKind, JobId, RadioId};
use narrowcast_protocol::session::{CarrierState, Job, Notice, Refusal as JobRefusal, Step};
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::api::backend::{BackendEnds, Board, Call, Page};
use crate::config::Config;
use crate::engine::Engine;
use crate::engine::io::{
    Alarm, Credential, Effect, Input, Now, Output, Refusal, Request, Response, Ticket,
};
use crate::ledger::ballast::Space;
use crate::ledger::keeper::{Keeper, KeeperError, Pending};
use crate::model::emergency::Emergency;
use crate::model::facts::{Entry, Fact};
use crate::model::ids::Seq;
use crate::model::roster::Node;
use crate::model::wall::Wall;
use crate::observe::metrics::{DropLabel, Metrics, QueueLabel};
use crate::server::posture::Strangers;
use crate::server::recovery::{OpenLedger, Recovery};
use crate::server::space::Hold;
use crate::server::{ServerError, first_token};
use crate::station::Links;

/// How often free space is measured and the overview is drawn for the metrics.
const HOUSEKEEPING: Duration = Duration::from_secs(2);
/// Inputs taken before the outputs are looked at again.
const BURST: usize = 64;

type Reply = oneshot::Sender<Result<Response, Refusal>>;

/// The engine with everything around it.
pub(super) struct Core {
    pub(super) clock: Clock,
    pub(super) recovery: Recovery,
    pub(super) hold: Hold,
    pub(super) engine: Engine,
    pub(super) keeper: Keeper,
    /// Commits under way, in order.
    pub(super) commits: FuturesOrdered<BoxFuture<'static, Result<Seq, KeeperError>>>,
    pub(super) durable: Seq,
    /// Outputs whose grounds are not durable yet, in order.
    pub(super) held: VecDeque<Output>,
    pub(super) replies: HashMap<Ticket, Reply>,
    /// Requests to trim that the engine has not answered, and up to where.
    pub(super) trims: HashMap<Ticket, Seq>,
    tickets: u64,
    pub(super) links: Links,
    pub(super) events: mpsc::Receiver<LinkEvent>,
    pub(super) ends: BackendEnds,
    /// What every carrier said last, for an engine that takes over.
    pub(super) carriers: BTreeMap<CarrierId, (CarrierState, u8)>,
    /// Emergencies heard whose fact is not durable yet: the position that makes them so.
    pub(super) unrecorded: Vec<(Seq, Heard, Option<Emergency>)>,
    /// Who was refused at log-in of late.
    pub(super) strangers: Strangers,
    /// The emergency that the last input raised.
    raised: Option<Emergency>,
    /// What else was decided about emergencies and is not durable yet.
    pub(super) not_durable: Vec<(Seq, Fact)>,
    /// What else was heard while nothing could be recorded.
    pub(super) missed: VecDeque<Heard>,
    pub(super) metrics: Arc<Metrics>,
    checkpoint_every: u64,
    checkpointed: Seq,
}

impl Core {
    /// Opens the ledger and takes up work.
    ///
    /// # Errors
    /// The ledger cannot be opened, or the first token cannot be written.
    pub(super) async fn start(
        config: &Config,
        open: OpenLedger,
        clock: Clock,
        way: (Links, mpsc::Receiver<LinkEvent>, BackendEnds),
        metrics: Arc<Metrics>,
    ) -> Result<Self, ServerError> {
        let dir = config.ledger.directory(&config.server.state_dir);
        first_token::private_directory(&dir)?;
        let policy = config.to_policy();
        let hold = Hold::new(&dir, config.ledger.ballast, policy.space.low_bytes);
        let recovery = Recovery { open, policy };
        let every = config.ledger.checkpoint_every;
        let mut core = Self::over(recovery, hold, clock, way, metrics, every).await?;
        core.first_token(config).await?;
        core.ready();
        Ok(core)
    }

    /// Opens the ledger that `recovery` names and takes up work.
    pub(super) async fn over(
        recovery: Recovery,
        hold: Hold,
        clock: Clock,
        (links, events, ends): (Links, mpsc::Receiver<LinkEvent>, BackendEnds),
        metrics: Arc<Metrics>,
        checkpoint_every: u64,
    ) -> Result<Self, ServerError> {
        let (keeper, engine) = recovery.recover(now(clock), seed()?).await?;
        let durable = keeper.last();
        let mut core = Self {
            clock,
            recovery,
            hold,
            engine,
            keeper,
            commits: FuturesOrdered::new(),
            durable,
            held: VecDeque::new(),
            replies: HashMap::new(),
            trims: HashMap::new(),
            tickets: 0,
            links,
            events,
            ends,
            carriers: BTreeMap::new(),
            unrecorded: Vec::new(),
            strangers: Strangers::default(),
            raised: None,
            not_durable: Vec::new(),
            missed: VecDeque::new(),
            metrics,
            checkpoint_every: checkpoint_every.max(1_000),
            checkpointed: durable,
        };
        core.drain();
        core.measure();
        core.show_posture();
        Ok(core)
    }

    pub(super) fn ready(&self) {
        self.ends.board.send_modify(|board| board.ready = true);
    }

    /// Runs until `shutdown`, then closes the ledger in order.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        let mut housekeeping = tokio::time::interval(HOUSEKEEPING);
        housekeeping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !shutdown.is_cancelled() {
            if let Err(why) = self.turn(&shutdown, &mut housekeeping).await {
                self.degraded(why, &shutdown).await;
            }
        }
        self.close().await;
    }

    /// Waits for one thing to happen, and lets the engine decide about it.
    async fn turn(
        &mut self,
        shutdown: &CancellationToken,
        housekeeping: &mut tokio::time::Interval,
    ) -> Result<(), KeeperError> {
        let deadline = self.engine.deadline().and_then(|at| self.clock.moment(at));
        let room = self.keeper.room() > 0;
        tokio::select! {
            biased;
            () = shutdown.cancelled() => {}
            Some(done) = self.commits.next(), if !self.commits.is_empty() => self.committed(done)?,
            Some(call) = self.ends.urgent.recv() => self.call(call),
            Some(event) = self.events.recv(), if room => self.link_events(event),
            () = until(deadline), if room => self.input(Input::Tick),
            Some(call) = self.ends.routine.recv(), if room => self.call(call),
            Some(page) = self.ends.pages.recv() => self.page(page),
            () = self.keeper.has_room(), if !room => {}
            _ = housekeeping.tick() => self.housekeeping(),
        }
        self.drain();
        Ok(())
    }

    fn committed(&mut self, done: Result<Seq, KeeperError>) -> Result<(), KeeperError> {
        let durable = done?;
        self.metrics.committed(
            durable.0.saturating_sub(self.durable.0),
            self.keeper.latency().last,
        );
        self.durable = durable;
        self.unrecorded.retain(|(after, ..)| *after > durable);
        self.not_durable.retain(|(after, _)| *after > durable);
        self.show_unrecorded();
        self.ends.durable.send_replace(durable);
        self.save_checkpoint_when_due();
        Ok(())
    }

    /// Takes what else has come from the links without waiting, so that one turn serves many.
    fn link_events(&mut self, first: LinkEvent) {
        self.link_event(first);
        for _ in 1..BURST {
            match self.events.try_recv() {
                Ok(event) => self.link_event(event),
                Err(_) => return,
            }
        }
    }

    fn link_event(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Heard(heard) => self.heard(heard),
            LinkEvent::Job { id, step } => {
                if matches!(step, Step::Refused(_) | Step::Lost | Step::Done) {
                    self.links.forget(id);
                }
                self.input(Input::Step { id, step });
            }
            LinkEvent::Sent(id) => self.input(Input::Sent(id)),
            LinkEvent::Carrier { id, state, room } => {
                let before = self.carriers.insert(id, (state, room));
                let gone = CarrierState::Gone;
                let was_there = before.is_some_and(|(before, _)| before != gone);
                if was_there != (state != gone) {
                    self.show_posture();
                }
                self.input(Input::Carrier { id, state, room });
            }
            LinkEvent::Notice(notice) => self.notice(notice),
            LinkEvent::Link(state) => {
                if !state.up {
                    self.metrics.links_lost.inc();
                }
                info!(up = state.up, flaps = state.flaps, why = %state.why, "link");
            }
        }
    }

    pub(super) fn heard(&mut self, heard: Heard) {
        let emergency = matches!(heard.what, HeardKind::Emergency { .. }).then(|| heard.clone());
        self.input(Input::Heard(heard));
        let shown = self.raised.take();
        if let Some(heard) = emergency
            && self.engine.seq() > self.durable
        {
            self.unrecorded.push((self.engine.seq(), heard, shown));
            self.show_unrecorded();
        }
    }

    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::StationIdentified {
                station,
                description,
            } => {
                self.strangers.admitted(station);
                self.input(Input::StationIdentified {
                    station,
                    description,
                });
            }
            Notice::LogInRefused {
                claimed,
                peer,
                why,
                count,
            } => {
                self.metrics.log_ins_refused.inc_by(u64::from(count));
                self.strangers.refused(claimed, tokio::time::Instant::now());
                warn!(claimed, %peer, why, count, "log-in refused")
            }
            Notice::Dropped {
                station,
                cause,
                count,
            } => {
                let link = station.map_or_else(|| "-".to_owned(), |id| id.to_string());
                self.metrics
                    .dropped
                    .get_or_create(&DropLabel { link, cause })
                    .inc_by(u64::from(count));
            }
            Notice::StationMoved { station, from, to } => {
                warn!(station = station.0, %from, %to, "a station logged in from another address");
            }
            Notice::StationCloses { station } => {
                info!(station = station.0, "a station says that it closes")
            }
            Notice::StationLeft { station, why } => {
                info!(station = station.0, why, "a station left")
            }
        }
    }

    pub(super) fn call(&mut self, call: Call) {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.replies.insert(ticket, call.reply);
        if let Request::Trim { up_to, .. } = call.request {
            self.trims.insert(ticket, up_to);
        }
        let request = Box::new(call.request);
        self.input(Input::Request {
            ticket,
            credential: call.credential,
            request,
        });
    }

    fn page(&self, page: Page) {
        let keeper = self.keeper.clone();
        // The keeper answers in its own time; the engine's task does not wait for it.
        tokio::spawn(async move {
            match page {
                Page::Read { from, limit, reply } => {
                    let _ = reply.send(settled(keeper.read(from, limit)).await);
                }
                Page::Stored { from, limit, reply } => {
                    let _ = reply.send(settled(keeper.stored(from, limit)).await);
                }
                Page::OfAlert {
                    id,
                    from,
                    limit,
                    reply,
                } => {
                    let _ = reply.send(settled(keeper.of_alert(id, from, limit)).await);
                }
                Page::Alerts {
                    before,
                    limit,
                    reply,
                } => {
                    let _ = reply.send(settled(keeper.alerts(before, limit)).await);
                }
            }
        });
    }

    pub(super) fn input(&mut self, input: Input) {
        self.engine.handle(input, now(self.clock));
        self.collect();
    }

    /// Commits what is to be committed, and keeps the rest until it may leave.
    pub(super) fn collect(&mut self) {
        while let Some(output) = self.engine.poll() {
            match output.effect {
                Effect::Persist { entries, urgent } => {
                    self.note_emergencies(output.after, &entries);
                    match self.keeper.commit(entries, urgent) {
                        Ok(pending) => self.commits.push_back(pending.boxed()),
                        // A commit that cannot be made is a failed one.
                        Err(error) => self.commits.push_back(ready(Err(error)).boxed()),
                    }
                }
                // Never behind what waits for the disk.
                Effect::Alarm(alarm) => self.alarm(alarm),
                _ => self.held.push_back(output),
            }
        }
    }

    fn note_emergencies(&mut self, after: Seq, entries: &[Entry]) {
        let facts = entries.iter().map(|entry| &entry.fact);
        let about_emergencies = facts.filter(|fact| {
            matches!(
                fact,
                Fact::EmergencyAcknowledged { .. }
                    | Fact::EmergencyTaken { .. }
                    | Fact::EmergencyClosed { .. }
            )
        });
        self.not_durable
            .extend(about_emergencies.map(|fact| (after, fact.clone())));
    }

    /// Lets out what is durable.
    pub(super) fn drain(&mut self) {
        self.collect();
        while self
            .held
            .front()
            .is_some_and(|output| output.after <= self.durable)
        {
            let Some(output) = self.held.pop_front() else {
                return;
            };
            self.let_out(output.effect);
            self.collect();
        }
    }

    fn let_out(&mut self, effect: Effect) {
        match effect {
            Effect::Reply { ticket, result } => {
                if let Some(up_to) = self.trims.remove(&ticket).filter(|_| result.is_ok()) {
                    self.trim(up_to);
                }
                if let Some(reply) = self.replies.remove(&ticket) {
                    let _ = reply.send(result);
                }
            }
            Effect::Transmit(job) => self.transmit(job),
            Effect::Alarm(_) | Effect::Persist { .. } => {}
        }
    }

    /// The fact that vouches for the rest is durable: what it covers may go.
    fn trim(&self, up_to: Seq) {
        match self.keeper.trim(up_to) {
            Ok(trimmed) => drop(tokio::spawn(async move {
                match trimmed.await {
                    Ok(()) => info!(%up_to, "ledger trimmed"),
                    Err(error) => {
                        warn!(%error, %up_to, "ledger not trimmed; it is finished at the next start")
                    }
                }
            })),
            Err(error) => warn!(%error, %up_to, "ledger not trimmed"),
        }
    }

    fn transmit(&mut self, job: Job) {
        if let Err(job) = self.links.give(job) {
            let refused = |id: JobId, why| Input::Step {
                id,
                step: Step::Refused(why),
            };
            match job {
                Job::Send { id, .. } | Job::Collect { id, .. } | Job::Admit { id, .. } => {
                    self.input(refused(id, JobRefusal::NoRoom))
                }
                Job::Acknowledge { id, .. } => self.input(refused(id, JobRefusal::TooLate)),
                Job::Withdraw(_) => {}
            }
        }
    }

    fn alarm(&mut self, alarm: Alarm) {
        match alarm {
            Alarm::Emergency(emergency) => {
                error!(
                    radio = emergency.radio.get(),
                    carrier = %emergency.carrier,
                    exercise = emergency.exercise,
                    id = %emergency.id,
                    "EMERGENCY"
                );
                self.raised = Some(*emergency);
            }
            Alarm::ClockStepped(millis) => {
                warn!(
                    millis,
                    "the clock stepped; nothing expires by it until a person confirms it"
                );
            }
        }
    }

    pub(super) fn show_unrecorded(&self) {
        let shown: Vec<Emergency> = self
            .unrecorded
            .iter()
            .filter_map(|(_, _, shown)| shown.clone())
            .collect();
        #[cfg(narrowcast_mutant)]
        if crate::mutant::planted("unrecorded_is_hidden") {
            return;
        }
        self.ends.board.send_if_modified(|board: &mut Board| {
            let changed = board.unrecorded != shown;
            if changed {
                board.places = places(&self.engine, shown.iter().chain(&board.recorded));
                board.unrecorded = shown;
            }
            changed
        });
    }

    pub(super) fn housekeeping(&mut self) {
        self.measure();
        self.hold.take_in();
        self.show_posture();
        self.count_queues();
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let (reply, answer) = oneshot::channel();
        self.replies.insert(ticket, reply);
        let metrics = Arc::clone(&self.metrics);
        tokio::spawn(async move {
            if let Ok(Ok(Response::Overview(overview))) = answer.await {
                metrics.learn(&overview);
            }
        });
        let request = Box::new(Request::Overview);
        self.input(Input::Request {
            ticket,
            credential: Credential::System,
            request,
        });
    }

    fn count_queues(&self) {
        let set = |queue, length: usize| {
            let gauge = self.metrics.queue.get_or_create(&QueueLabel { queue });
            gauge.set(i64::try_from(length).unwrap_or(i64::MAX));
        };
        set("link-events", self.events.len());
        set("urgent-requests", self.ends.urgent.len());
        set("requests", self.ends.routine.len());
        set("pages", self.ends.pages.len());
        set("commits", self.commits.len());
        set("outputs", self.held.len());
    }

    pub(super) fn measure(&mut self) {
        if let Some(space) = self.free_space() {
            self.input(Input::Space {
                free: space.free,
                total: space.total,
            });
        }
    }

    pub(super) fn free_space(&self) -> Option<Space> {
        let space = self.hold.measure()?;
        self.metrics
            .free_bytes
            .set(i64::try_from(space.free).unwrap_or(i64::MAX));
        Some(space)
    }

    fn save_checkpoint_when_due(&mut self) {
        if self.engine.seq().0.saturating_sub(self.checkpointed.0) < self.checkpoint_every {
            return;
        }
        let (at, state) = self.engine.checkpoint();
        self.checkpointed = at;
        self.save_checkpoint(at, state);
    }

    fn save_checkpoint(&self, at: Seq, state: Vec<u8>) {
        match self.keeper.save_checkpoint(at, state) {
            Ok(saved) => drop(tokio::spawn(async move {
                if let Err(error) = saved.await {
                    warn!(%error, %at, "checkpoint not saved; the next start takes longer");
                }
            })),
            Err(error) => warn!(%error, %at, "checkpoint not saved; the next start takes longer"),
        }
    }

    async fn first_token(&mut self, config: &Config) -> Result<(), ServerError> {
        if self.engine.has_tokens() {
            return Ok(());
        }
        let request = Box::new(first_token::make(&config.server.admin_token())?);
        self.input(Input::Request {
            ticket: Ticket(0),
            credential: Credential::System,
            request,
        });
        self.settle_commits().await?;
        self.ends.durable.send_replace(self.durable);
        self.drain();
        Ok(())
    }

    /// Waits until everything decided so far is durable.
    pub(super) async fn settle_commits(&mut self) -> Result<(), ServerError> {
        while let Some(done) = self.commits.next().await {
            self.durable = done.map_err(crate::ledger::LedgerError::from)?;
        }
        Ok(())
    }

    async fn close(mut self) {
        while let Some(Ok(durable)) = self.commits.next().await {
            self.durable = durable;
            self.drain();
        }
        if self.engine.seq() == self.durable {
            let (at, state) = self.engine.checkpoint();
            if let Ok(saved) = self.keeper.save_checkpoint(at, state) {
                let _ = saved.await;
            }
        }
        let why = self.keeper.close().await;
        info!(durable = %self.durable, %why, "ledger closed");
    }
}

/// Where the radios of these emergencies hang.
pub(super) fn places<'a>(
    engine: &Engine,
    emergencies: impl Iterator<Item = &'a Emergency>,
) -> HashMap<RadioId, Node> {
    let radios = emergencies.map(|emergency| emergency.radio);
    radios
        .map(|radio| (radio, engine.node_of(radio).clone()))
        .collect()
}

async fn settled<T>(
    asked: Result<Pending<Vec<T>>, KeeperError>,
) -> Result<Vec<T>, crate::ledger::LedgerError> {
    match asked {
        Ok(pending) => pending.await.map_err(Into::into),
        Err(error) => Err(error.into()),
    }
}

async fn until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Both clocks, read together.
pub(super) fn now(clock: Clock) -> Now {
    Now {
        mono: clock.now(),
        wall: Wall::from(jiff::Timestamp::now()),
    }
}

/// 32 bytes from the system.
pub(super) fn seed() -> Result<[u8; 32], ServerError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(ServerError::Random)?;
    Ok(bytes)
}
