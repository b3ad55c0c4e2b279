//! The core's task: everything that the core is told comes through here, and everything it
//! wants done is done here. It waits for one thing, takes in all that waits, and acts then, so
//! that what came together is committed together.

use std::sync::Arc;
use std::time::Duration;

use narrowcast_hardware::clock::Clock;
use narrowcast_hardware::events::{EventEnds, LinkEvent};
use narrowcast_protocol::session::{Job, Refusal as JobRefusal, Step};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::api::backend::{BackendEnds, Call, Page};
use crate::core::Core;
use crate::core::io::{Action, Intake, Limits};
use crate::engine::io::{Alarm, Credential, Input, Now, Refusal, Request, Response, Ticket};
use crate::ledger::LedgerError;
use crate::ledger::ballast::Space;
use crate::ledger::keeper::{Answer, OpenLedger, Request as LedgerRequest};
use crate::model::policy::Policy;
use crate::model::wall::Wall;
use crate::observe::metrics::{Metrics, QueueLabel};
use crate::server::ServerError;
use crate::server::board::Shown;
use crate::server::journal::Journal;
use crate::server::ledger::LedgerSide;
use crate::server::replies::{Caller, Replies};
use crate::server::space::{Hold, SpaceWatch};
use crate::server::spans::Spans;
use crate::station::Links;

/// How often queues are counted and the overview is drawn for the metrics.
const HOUSEKEEPING: Duration = Duration::from_secs(1);
/// Taken from one lane before the others are looked at again.
const BURST: usize = 64;
/// How often the lanes are gone through before the core acts.
const ROUNDS: usize = 64;
/// How long the ledger may take to commit what is decided at shutdown.
const LEAVING: Duration = Duration::from_secs(20);

/// What the task is built around.
pub(super) struct Parts {
    pub(super) open: OpenLedger,
    pub(super) policy: Policy,
    pub(super) limits: Limits,
    pub(super) hold: Hold,
    pub(super) clock: Clock,
    pub(super) links: Links,
    pub(super) events: EventEnds,
    pub(super) ends: BackendEnds,
    pub(super) metrics: Arc<Metrics>,
}

/// The core with everything around it.
pub(super) struct Task {
    clock: Clock,
    core: Core,
    ledger: LedgerSide,
    replies: Replies,
    journal: Journal,
    pub(super) spans: Spans,
    pub(super) links: Links,
    events: EventEnds,
    ends: BackendEnds,
    pub(super) shown: Shown,
    space: SpaceWatch,
    pub(super) metrics: Arc<Metrics>,
    housekeeping: Instant,
    /// How the first administrator's token came out.
    first_token: Option<Result<(), Refusal>>,
    /// The core has said its last.
    closed: bool,
}

/// Something that happened.
enum Happening {
    Ledger(Answer),
    Link(LinkEvent),
    Call(Call),
    Page(Page),
    Space(Space),
    Due,
}

impl Task {
    /// Opens the ledger and takes up work.
    ///
    /// # Errors
    /// The ledger cannot be opened or read.
    pub(super) async fn start(parts: Parts) -> Result<Self, ServerError> {
        let space = parts.hold.measure();
        let thread = |error: std::io::Error| LedgerError::Store(error.to_string());
        let mut task = Self {
            clock: parts.clock,
            shown: Shown::new(&parts.policy),
            core: Core::new(parts.policy, parts.limits, seed()?, now(parts.clock)),
            ledger: LedgerSide::start(parts.open, Arc::clone(&parts.ends.scrub))?,
            replies: Replies::default(),
            journal: Journal::default(),
            spans: Spans::default(),
            links: parts.links,
            events: parts.events,
            ends: parts.ends,
            space: SpaceWatch::start(parts.hold).map_err(thread)?,
            metrics: parts.metrics,
            housekeeping: Instant::now(),
            first_token: None,
            closed: false,
        };
        space
            .into_iter()
            .for_each(|space| task.take(Happening::Space(space)));
        task.act();
        while !task.core.is_ready() {
            task.turn().await;
            if let Some(error) = task.ledger.refused() {
                return Err(error.into());
            }
        }
        Ok(task)
    }

    /// Whether anybody can ask for anything.
    pub(super) fn has_tokens(&self) -> bool {
        self.core.engine().has_tokens()
    }

    /// Makes the first administrator's token known, durably.
    ///
    /// # Errors
    /// The ledger cannot be written, or refuses.
    pub(super) async fn make_first_token(&mut self, request: Request) -> Result<(), ServerError> {
        self.ask(Caller::FirstToken, Credential::System, request);
        self.act();
        loop {
            match self.first_token.take() {
                None => self.turn().await,
                Some(Ok(())) => return Ok(()),
                Some(Err(refusal)) => {
                    let reasons = self.core.posture().reasons;
                    let why = reasons.first().cloned();
                    let why = why.unwrap_or_else(|| refusal.to_string());
                    return Err(LedgerError::Store(why).into());
                }
            }
        }
    }

    /// The ledger is loaded and the ports are open.
    pub(super) fn ready(&self) {
        self.ends.board.send_modify(|board| board.ready = true);
    }

    /// Runs until `shutdown`, then closes the ledger in order.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => {}
                () = self.turn() => {}
            }
        }
        self.core.leaving(now(self.clock));
        self.act();
        let left = async {
            while !self.closed {
                self.turn().await;
            }
        };
        if tokio::time::timeout(LEAVING, left).await.is_err() {
            error!("the ledger's disk does not answer: what waits for it is not recorded");
        }
        info!(durable = %self.core.durable(), "closing the ledger");
        self.ledger.close().await;
    }

    /// Waits for one thing to happen, takes in what else waits, and does what the core says.
    /// Dropping the future while it waits loses nothing.
    async fn turn(&mut self) {
        let first = self.happening().await;
        self.take(first);
        self.take_what_waits();
        if self
            .core
            .deadline()
            .is_some_and(|at| at <= self.clock.now())
        {
            self.input(Input::Tick);
        }
        if self.housekeeping <= Instant::now() {
            self.keep_house();
        }
        self.act();
        self.show();
    }

    async fn happening(&mut self) -> Happening {
        let deadline = self.core.deadline().and_then(|at| self.clock.moment(at));
        let due = deadline.map_or(self.housekeeping, |at| at.min(self.housekeeping));
        let takes_routine = self.core.intake() != Intake::NoRoutine;
        tokio::select! {
            biased;
            Some(answer) = self.ledger.answers.recv() => Happening::Ledger(answer),
            Some(event) = self.events.emergencies.recv() => Happening::Link(event),
            Some(call) = self.ends.urgent.recv() => Happening::Call(call),
            Some(event) = self.events.others.recv() => Happening::Link(event),
            Some(call) = self.ends.looks.recv() => Happening::Call(call),
            Some(call) = self.ends.routine.recv(), if takes_routine => Happening::Call(call),
            Some(page) = self.ends.pages.recv() => Happening::Page(page),
            Some(space) = self.space.measured.recv() => Happening::Space(space),
            () = tokio::time::sleep_until(due) => Happening::Due,
        }
    }

    /// Takes in what else has come, in the order of the lanes, again and again: what came
    /// meanwhile is in the same commit. Bounded, so that a flood does not keep the core from
    /// acting.
    fn take_what_waits(&mut self) {
        for _ in 0..ROUNDS {
            let mut found = false;
            while let Some(next) = self.next_emergency() {
                self.take(next);
                found = true;
            }
            for lane in [
                Self::next_urgent,
                Self::next_event,
                Self::next_look,
                Self::next_routine,
                Self::next_page,
            ] {
                for _ in 0..BURST {
                    let Some(next) = lane(self) else {
                        break;
                    };
                    self.take(next);
                    found = true;
                }
            }
            if !found {
                return;
            }
        }
    }

    fn next_emergency(&mut self) -> Option<Happening> {
        let answer = self.ledger.answers.try_recv().ok().map(Happening::Ledger);
        answer.or_else(|| received(&mut self.events.emergencies, Happening::Link))
    }

    fn next_urgent(&mut self) -> Option<Happening> {
        received(&mut self.ends.urgent, Happening::Call)
    }

    fn next_event(&mut self) -> Option<Happening> {
        received(&mut self.events.others, Happening::Link)
    }

    fn next_look(&mut self) -> Option<Happening> {
        received(&mut self.ends.looks, Happening::Call)
    }

    /// While the next batch is full they wait in their lane; when that is full, too, the API
    /// says so.
    fn next_routine(&mut self) -> Option<Happening> {
        let takes = self.core.intake() != Intake::NoRoutine;
        let next = takes.then(|| received(&mut self.ends.routine, Happening::Call));
        next.flatten()
    }

    fn next_page(&mut self) -> Option<Happening> {
        received(&mut self.ends.pages, Happening::Page)
    }

    fn take(&mut self, happening: Happening) {
        match happening {
            Happening::Ledger(answer) => {
                let now = now(self.clock);
                self.ledger
                    .answered(answer, &mut self.core, &self.metrics, now);
            }
            Happening::Link(event) => self.link_event(event),
            Happening::Call(call) => {
                self.ask(Caller::Api(call.reply), call.credential, *call.request);
            }
            Happening::Page(page) => self.ledger.page(page),
            Happening::Space(space) => {
                let free = i64::try_from(space.free).unwrap_or(i64::MAX);
                self.metrics.free_bytes.set(free);
                self.shown.space(space);
                let Space { free, total } = space;
                self.input(Input::Space { free, total });
            }
            Happening::Due => {}
        }
    }

    pub(super) fn input(&mut self, input: Input) {
        self.core.input(input, now(self.clock));
    }

    fn ask(&mut self, caller: Caller, credential: Credential, request: Request) {
        let ticket = self.replies.expect(caller);
        self.core.call(ticket, credential, request, now(self.clock));
    }

    /// Does what the core says, until it says nothing.
    fn act(&mut self) {
        while let Some(action) = self.core.poll() {
            self.perform(action);
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Open => {
                self.journal.forget();
                self.ledger.keeper.ask(LedgerRequest::Open);
            }
            Action::Read { from, limit } => {
                self.ledger.keeper.ask(LedgerRequest::Read { from, limit });
            }
            Action::Commit { first, batch } => {
                self.journal.committing(first, &batch);
                self.ledger.commit(batch);
            }
            Action::Checkpoint { at, state } => self.ledger.keeper.save_checkpoint(at, state),
            Action::Trim(up_to) => self.ledger.keeper.trim(up_to),
            Action::Close => {
                self.ledger.let_go();
                self.closed = true;
            }
            Action::Transmit(job) => self.transmit(job),
            Action::Reply { ticket, result, .. } => self.reply(ticket, result),
            Action::Durable(durable) => {
                self.ends.durable.send_replace(durable);
                self.journal.durable(durable);
            }
            Action::Alarm(alarm) => tell(&alarm),
        }
    }

    fn transmit(&mut self, job: Job) {
        if let Job::Send { carrier, .. } = &job {
            let link = self.links.name(carrier.station).unwrap_or_default();
            self.spans.given(&job, link);
        }
        let Err(job) = self.links.give(job) else {
            return;
        };
        let (id, why) = match job {
            Job::Send { id, .. } | Job::Collect { id, .. } | Job::Admit { id, .. } => {
                (id, JobRefusal::NoRoom)
            }
            Job::Acknowledge { id, .. } => (id, JobRefusal::TooLate),
            Job::Withdraw(_) => return,
        };
        let step = Step::Refused(why);
        self.spans.step(id, step);
        self.input(Input::Step { id, step });
    }

    fn reply(&mut self, ticket: Ticket, result: Result<Response, Refusal>) {
        match self.replies.take(ticket) {
            // Whoever does not wait any more has been told so.
            Some(Caller::Api(reply)) => drop(reply.send(result)),
            Some(Caller::Housekeeping) => {
                if let Ok(Response::Overview(overview)) = result {
                    self.metrics.learn(&overview);
                    self.shown.stalled(&overview.stalled);
                }
            }
            Some(Caller::FirstToken) => self.first_token = Some(result.map(drop)),
            None => {}
        }
    }

    fn keep_house(&mut self) {
        self.housekeeping = Instant::now() + HOUSEKEEPING;
        self.count_queues();
        let under_way = self.ledger.under_way();
        self.metrics.committing(under_way.unwrap_or_default());
        self.shown.count(&self.core.posture(), &self.metrics);
        self.ask(Caller::Housekeeping, Credential::System, Request::Overview);
    }

    fn count_queues(&self) {
        let set = |queue, length: usize| {
            let gauge = self.metrics.queue.get_or_create(&QueueLabel { queue });
            gauge.set(i64::try_from(length).unwrap_or(i64::MAX));
        };
        set("emergencies", self.events.emergencies.len());
        set("link-events", self.events.others.len());
        set("urgent-requests", self.ends.urgent.len());
        set("readings", self.ends.looks.len());
        set("requests", self.ends.routine.len());
        set("pages", self.ends.pages.len());
        set("answers", self.replies.waiting());
        set("outputs", self.core.waiting());
    }

    /// Puts what must be seen on the board. The ballast's space is needed while there are
    /// emergencies that the ledger does not take.
    fn show(&mut self) {
        let posture = self.core.posture();
        self.space
            .need_ballast(posture.away && !posture.unrecorded.is_empty());
        self.shown
            .show(&posture, self.core.engine(), &self.ends.board);
    }
}

fn received<T>(
    lane: &mut mpsc::Receiver<T>,
    happened: impl FnOnce(T) -> Happening,
) -> Option<Happening> {
    lane.try_recv().ok().map(happened)
}

/// What must be in the log at once.
fn tell(alarm: &Alarm) {
    match alarm {
        Alarm::Emergency(emergency) => error!(
            radio = emergency.radio.get(),
            carrier = %emergency.carrier,
            exercise = emergency.exercise,
            id = %emergency.id,
            "EMERGENCY"
        ),
        Alarm::ClockStepped(millis) => warn!(
            millis,
            "the clock stepped; nothing expires by it until a person confirms it"
        ),
    }
}

/// Both clocks, read together.
fn now(clock: Clock) -> Now {
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
