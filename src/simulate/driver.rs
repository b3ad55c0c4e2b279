//! Drives the core in virtual time, as the server does in real time: hands it what comes in,
//! and does what it asks of its ledger.

use std::collections::VecDeque;
use std::time::Duration;

use narrowcast_protocol::air::RadioId;
use narrowcast_protocol::session::Job;
use narrowcast_protocol::time::Instant;
use narrowcast_world::rng::Rng;

use crate::core::Core;
use crate::core::io::{Action, LedgerFault, Limits};
use crate::core::phase::HANGS;
use crate::engine::Engine;
use crate::engine::io::{Alarm, Credential, Input, Now, Refusal, Request, Response, Ticket};
use crate::model::facts::Entry;
use crate::model::ids::Seq;
use crate::model::policy::Policy;
use crate::model::wall::Wall;
use crate::simulate::disk::{Disk, Done, Work};

/// A checkpoint is saved after so many facts.
const CHECKPOINT_EVERY: u64 = 400;
/// The civil time at which every run begins: 2027-01-15 08:00 UTC.
pub(super) const BEGINS: i64 = 1_800_000_000_000;

/// What leaves the core, and what is to be known of it.
#[derive(Debug)]
pub(super) enum Out {
    /// These facts are durable.
    Durable(Vec<(Seq, Entry)>),
    /// A job for a session.
    Transmit(Job),
    /// An answer.
    Reply(Ticket, Result<Response, Refusal>),
    /// Something to show at once.
    Alarm(Alarm),
    /// The ledger failed: nothing that waited is done.
    Away,
    /// A new engine has taken over.
    Back,
    /// A commit that hung has come to its end.
    CaughtUp,
}

/// The core and its ledger.
#[derive(Debug)]
pub(super) struct Driver {
    policy: Policy,
    rng: Rng,
    core: Core,
    disk: Disk,
    /// While the process is dead: when it starts again.
    restart: Option<Instant>,
    /// Up to where facts were handed out as durable.
    told: Seq,
    /// The engine that takes over has not been announced.
    taking_over: bool,
    out: VecDeque<Out>,
}

impl Driver {
    /// A process that has opened its empty ledger.
    ///
    /// # Errors
    /// The ledger cannot be opened.
    pub(super) fn new(
        now: Instant,
        policy: Policy,
        commit_time: (Duration, Duration),
        seed: u64,
    ) -> Result<Self, LedgerFault> {
        let mut rng = Rng::new(seed);
        let disk = Disk::new((Duration::ZERO, Duration::ZERO), rng.draw());
        let core = start(&policy, &mut rng, now);
        let mut driver = Self {
            policy,
            rng,
            core,
            disk,
            restart: None,
            told: Seq(0),
            taking_over: false,
            out: VecDeque::new(),
        };
        while !driver.core.is_ready() {
            match driver.core.poll() {
                Some(action) => driver.perform(action, now),
                None if driver.disk.deadline().is_some() => driver.finish(now),
                None => return Err(LedgerFault::Failed("it does not open".into())),
            }
        }
        driver.out.clear();
        driver.taking_over = false;
        driver.disk.slow(commit_time);
        Ok(driver)
    }

    /// The ledger's faults.
    pub(super) const fn disk(&mut self) -> &mut Disk {
        &mut self.disk
    }

    /// Whether nothing is decided: the ledger is away, or the process is dead.
    pub(super) const fn is_away(&self) -> bool {
        self.restart.is_some() || !self.core.is_ready()
    }

    /// Whether there is no process.
    pub(super) const fn is_dead(&self) -> bool {
        self.restart.is_some()
    }

    /// Whether a commit has been under way for so long that people are told.
    pub(super) fn is_hanging(&self, now: Instant) -> bool {
        let since = self.core.posture().commit_since;
        since.is_some_and(|since| now.since(since) >= HANGS)
    }

    /// The engine, to look at.
    pub(super) const fn engine(&self) -> &Engine {
        self.core.engine()
    }

    /// Whether a distress call of this radio is kept until the ledger has it.
    pub(super) fn keeps(&self, radio: RadioId) -> bool {
        let mut unrecorded = self.core.posture().unrecorded.into_iter();
        unrecorded.any(|emergency| emergency.radio == radio)
    }

    /// Up to where facts were handed out as durable.
    pub(super) const fn durable(&self) -> Seq {
        self.told
    }

    /// How many outputs wait.
    pub(super) fn waiting(&self) -> usize {
        self.core.waiting()
    }

    /// When to call [`tick`](Self::tick) next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.restart.is_some() {
            return self.restart;
        }
        let both = [self.disk.deadline(), self.core.deadline()];
        both.into_iter().flatten().min()
    }

    /// Time has reached [`deadline`](Self::deadline).
    pub(super) fn tick(&mut self, now: Instant) {
        if let Some(at) = self.restart {
            if at <= now {
                self.restart = None;
                self.core = start(&self.policy, &mut self.rng, now);
            }
            return;
        }
        self.finish(now);
        if self.core.deadline().is_some_and(|at| at <= now) {
            self.core.input(Input::Tick, civil(now));
        }
    }

    /// Something from the links.
    pub(super) fn input(&mut self, now: Instant, input: Input) {
        if self.restart.is_none() {
            self.core.input(input, civil(now));
        }
    }

    /// A request.
    pub(super) fn request(&mut self, now: Instant, ticket: Ticket, request: Request) {
        if self.restart.is_none() {
            self.core
                .call(ticket, Credential::System, request, civil(now));
        }
    }

    /// The process is killed and starts again after `restart`.
    pub(super) fn kill(&mut self, now: Instant, restart: Duration) {
        self.disk.kill();
        self.restart = Some(now + restart);
        self.out.clear();
    }

    /// What leaves next, when everything that waits was taken in.
    pub(super) fn poll(&mut self, now: Instant) -> Option<Out> {
        loop {
            if let Some(out) = self.out.pop_front() {
                return Some(out);
            }
            if self.restart.is_some() {
                return None;
            }
            let action = self.core.poll()?;
            self.perform(action, now);
        }
    }

    fn perform(&mut self, action: Action, now: Instant) {
        match action {
            Action::Open => self.disk.begin(Work::Open, now),
            Action::Read { from, limit } => self.disk.begin(Work::Read { from, limit }, now),
            Action::Commit { batch, .. } => self.disk.begin(Work::Commit(batch), now),
            Action::Checkpoint { at, state } => self.disk.save(at, &state),
            Action::Trim(up_to) => self.disk.trim(up_to),
            Action::Close => self.disk.close(),
            Action::Transmit(job) => self.out.push_back(Out::Transmit(job)),
            Action::Reply { ticket, result, .. } => self.out.push_back(Out::Reply(ticket, result)),
            Action::Durable(up_to) => self.tell(up_to),
            Action::Alarm(alarm) => self.out.push_back(Out::Alarm(alarm)),
        }
    }

    /// Tells the core what the disk has done.
    fn finish(&mut self, now: Instant) {
        match self.disk.done(now) {
            None => {}
            Some(Done::Opened(result)) => self.core.opened(result, civil(now)),
            Some(Done::Page(page)) => {
                self.core.page(page, civil(now));
                self.taking_over = self.core.is_ready();
            }
            Some(Done::Committed(Ok(last), took)) => {
                if took >= HANGS {
                    self.out.push_back(Out::CaughtUp);
                }
                self.core.committed(last, civil(now));
            }
            Some(Done::Committed(Err(why), _)) => {
                self.out.push_back(Out::Away);
                self.core.commit_failed(why, civil(now));
            }
        }
    }

    /// Hands out the facts that are durable; after a failure also those that were written and
    /// never said to be.
    fn tell(&mut self, up_to: Seq) {
        let count = usize::try_from(up_to.0.saturating_sub(self.told.0)).unwrap_or(usize::MAX);
        let records = self.disk.read(self.told.next(), count).unwrap_or_default();
        let facts = records.into_iter().map(|record| {
            let (at, fact) = (record.at, record.fact);
            (record.seq, Entry { at, fact })
        });
        self.out.push_back(Out::Durable(facts.collect()));
        self.told = up_to;
        if std::mem::take(&mut self.taking_over) {
            self.out.push_back(Out::Back);
        }
    }
}

/// Both clocks.
pub(super) fn civil(now: Instant) -> Now {
    let wall = Wall::from_millis(BEGINS).plus(now.since(Instant::ZERO));
    Now { mono: now, wall }
}

fn start(policy: &Policy, rng: &mut Rng, now: Instant) -> Core {
    let mut seed = [0; 32];
    for chunk in seed.chunks_mut(8) {
        chunk.copy_from_slice(&rng.draw().to_be_bytes());
    }
    let limits = Limits {
        checkpoint_every: CHECKPOINT_EVERY,
        ..Limits::default()
    };
    Core::new(policy.clone(), limits, seed, civil(now))
}
