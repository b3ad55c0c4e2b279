//! The engine and its ledger as the server has them, in virtual time: nothing leaves before
//! its grounds are durable, commits are made for many at once and take their time, and a
//! failed commit or a killed process is survived by folding the ledger anew.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, Heard, HeardKind, RadioId};
use narrowcast_protocol::session::{CarrierState, Job};
use narrowcast_protocol::time::Instant;
use narrowcast_world::rng::Rng;

use crate::engine::Engine;
use crate::engine::io::{
    Alarm, Credential, Effect, Input, Now, Output, Refusal, Request, Response, Ticket,
};
use crate::ledger::memory::{MemoryLedger, MemoryStore};
use crate::ledger::{Ledger, LedgerError};
use crate::model::facts::{Entry, Record};
use crate::model::ids::Seq;
use crate::model::policy::Policy;
use crate::model::wall::Wall;

/// Most commits that are made durable together, as in the keeper.
const GROUP: usize = 512;
/// First wait before a failed ledger is opened again; doubles up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(1);
/// Longest wait.
const LONGEST: Duration = Duration::from_secs(60);
/// Records in one page of a fold.
const PAGE: usize = 4_096;
/// A checkpoint is saved after so many facts.
const CHECKPOINT_EVERY: u64 = 400;
/// The civil time at which every run begins: 2027-01-15 08:00 UTC.
const BEGINS: i64 = 1_800_000_000_000;

/// What leaves the core.
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
    /// The ledger failed: nothing that waited is answered.
    Away,
    /// A new engine has taken over.
    Back,
}

/// The engine and what stands between it and the rest.
#[derive(Debug)]
pub(super) struct Core {
    policy: Policy,
    store: MemoryStore,
    ledger: MemoryLedger,
    engine: Engine,
    rng: Rng,
    /// Commits that wait, and when the group under way will be durable.
    commits: VecDeque<Vec<Entry>>,
    under_way: Option<(Instant, usize)>,
    durable: Seq,
    /// What was told to be durable.
    told: Seq,
    checkpointed: Seq,
    held: VecDeque<Output>,
    /// While the ledger is away: when to try again, and the wait after that.
    away: Option<(Instant, Duration)>,
    /// Distress calls heard meanwhile, once for each radio.
    unrecorded: Vec<Heard>,
    carriers: BTreeMap<CarrierId, (CarrierState, u8)>,
    commit_time: (Duration, Duration),
    pub(super) out: VecDeque<Out>,
}

impl Core {
    /// Opens an empty ledger and takes up work.
    ///
    /// # Errors
    /// The ledger cannot be opened.
    pub(super) fn new(
        now: Instant,
        policy: Policy,
        commit_time: (Duration, Duration),
        seed: u64,
    ) -> Result<Self, LedgerError> {
        let store = MemoryStore::default();
        let mut rng = Rng::new(seed);
        let (ledger, engine) = fold(&store, &policy, civil(now), &mut rng)?;
        let mut core = Self {
            policy,
            store,
            ledger,
            engine,
            rng,
            commits: VecDeque::new(),
            under_way: None,
            durable: Seq(0),
            told: Seq(0),
            checkpointed: Seq(0),
            held: VecDeque::new(),
            away: None,
            unrecorded: Vec::new(),
            carriers: BTreeMap::new(),
            commit_time,
            out: VecDeque::new(),
        };
        core.collect(now);
        Ok(core)
    }

    /// The switches of the ledger's faults.
    pub(super) const fn store(&self) -> &MemoryStore {
        &self.store
    }

    /// Lets commits take from the first to the second of these.
    pub(super) const fn slow(&mut self, commit_time: (Duration, Duration)) {
        self.commit_time = commit_time;
    }

    /// Whether there is no engine to ask.
    pub(super) const fn is_away(&self) -> bool {
        self.away.is_some()
    }

    /// The engine, to look at.
    pub(super) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether a distress call of this radio is kept until the ledger is back.
    pub(super) fn keeps(&self, radio: RadioId) -> bool {
        self.unrecorded
            .iter()
            .any(|heard| heard.what.from() == radio)
    }

    /// How many outputs and commits wait.
    pub(super) fn waiting(&self) -> usize {
        self.held.len() + self.commits.len()
    }

    /// When to call [`tick`](Self::tick) next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if let Some((at, _)) = self.away {
            return Some(at);
        }
        let commit = self.under_way.map(|(at, _)| at);
        [commit, self.engine.deadline()].into_iter().flatten().min()
    }

    /// Time has reached [`deadline`](Self::deadline).
    pub(super) fn tick(&mut self, now: Instant) {
        if let Some((at, wait)) = self.away {
            if at <= now {
                self.reopen(now, wait);
            }
            return;
        }
        if let Some((at, count)) = self.under_way
            && at <= now
        {
            self.under_way = None;
            self.commit(now, count);
        }
        if self.away.is_none() && self.engine.deadline().is_some_and(|at| at <= now) {
            self.handle(now, Input::Tick);
        }
    }

    /// Something from the links.
    pub(super) fn input(&mut self, now: Instant, input: Input) {
        if let Input::Carrier { id, state, room } = &input {
            self.carriers.insert(*id, (*state, *room));
        }
        if self.away.is_some() {
            self.input_unrecorded(input);
        } else {
            self.handle(now, input);
        }
    }

    /// A request; false if there is nobody to take it.
    pub(super) fn request(&mut self, now: Instant, ticket: Ticket, request: Request) -> bool {
        if self.away.is_some() {
            return false;
        }
        let request = Box::new(request);
        let credential = Credential::System;
        self.handle(
            now,
            Input::Request {
                ticket,
                credential,
                request,
            },
        );
        true
    }

    /// The process is killed and starts again after `restart`. What was being written is
    /// found afterwards or not, as chance will have it.
    pub(super) fn kill(&mut self, now: Instant, restart: Duration) {
        if let Some((_, count)) = self.under_way.take()
            && self.rng.chance(0.5)
        {
            let group: Vec<Entry> = self.commits.drain(..count).flatten().collect();
            // A commit that fails now leaves no more behind than one that was not begun.
            drop(self.ledger.commit(&group));
        }
        self.store.crash();
        self.unrecorded.clear();
        self.carriers.clear();
        self.leave(now, restart);
    }

    /// What a link says while nothing can be recorded, as the server has it: texts are not
    /// acknowledged, so their radios send them again; an emergency is kept.
    fn input_unrecorded(&mut self, input: Input) {
        if let Input::Heard(heard) = input
            && let HeardKind::Emergency { from, .. } = heard.what
            && !self.keeps(from)
        {
            self.unrecorded.push(heard);
        }
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.engine.handle(input, civil(now));
        self.collect(now);
    }

    fn collect(&mut self, now: Instant) {
        while let Some(output) = self.engine.poll() {
            match output.effect {
                Effect::Persist { entries, .. } => self.commits.push_back(entries),
                Effect::Alarm(alarm) => self.out.push_back(Out::Alarm(alarm)),
                _ => self.held.push_back(output),
            }
        }
        if self.under_way.is_none() && !self.commits.is_empty() {
            let (least, most) = self.commit_time;
            let at = now + self.rng.between(least, most);
            self.under_way = Some((at, self.commits.len().min(GROUP)));
        }
        self.release();
    }

    fn release(&mut self) {
        let is_due = |output: &Output| output.after <= self.durable;
        while self.held.front().is_some_and(is_due)
            && let Some(output) = self.held.pop_front()
        {
            match output.effect {
                Effect::Transmit(job) => self.out.push_back(Out::Transmit(job)),
                Effect::Reply { ticket, result } => self.out.push_back(Out::Reply(ticket, result)),
                Effect::Alarm(_) | Effect::Persist { .. } => {}
            }
        }
    }

    fn commit(&mut self, now: Instant, count: usize) {
        let group: Vec<Entry> = self.commits.drain(..count).flatten().collect();
        match self.ledger.commit(&group) {
            Ok(last) => {
                self.durable = last;
                let facts = (self.told.0 + 1..).map(Seq).zip(group).collect();
                self.told = last;
                self.out.push_back(Out::Durable(facts));
                self.checkpoint();
                self.collect(now);
            }
            Err(_) => {
                self.out.push_back(Out::Away);
                self.leave(now, FIRST);
            }
        }
    }

    fn checkpoint(&mut self) {
        // The engine runs ahead of the disk: only what is durable can be kept as its fold.
        if self.engine.seq() != self.durable
            || self.durable.0 - self.checkpointed.0 < CHECKPOINT_EVERY
        {
            return;
        }
        let (at, state) = self.engine.checkpoint();
        if self.ledger.save_checkpoint(at, &state).is_ok() {
            self.checkpointed = at;
        }
    }

    fn leave(&mut self, now: Instant, wait: Duration) {
        self.commits.clear();
        self.under_way = None;
        self.held.clear();
        self.away = Some((now + wait, (wait * 2).min(LONGEST)));
    }

    fn reopen(&mut self, now: Instant, wait: Duration) {
        match fold(&self.store, &self.policy, civil(now), &mut self.rng) {
            Ok((ledger, engine)) => {
                self.ledger = ledger;
                self.engine = engine;
                self.tell_found();
                // A store that opens and cannot be written is not back.
                if !self.settles() {
                    self.away = Some((now + wait, (wait * 2).min(LONGEST)));
                    return;
                }
                self.away = None;
                self.out.push_back(Out::Back);
                for (id, (state, room)) in self.carriers.clone() {
                    self.handle(now, Input::Carrier { id, state, room });
                }
                for heard in std::mem::take(&mut self.unrecorded) {
                    self.handle(now, Input::Heard(heard));
                }
            }
            Err(_) => self.away = Some((now + wait, (wait * 2).min(LONGEST))),
        }
    }

    /// Commits at once what the new engine has to say; whether that could be done.
    fn settles(&mut self) -> bool {
        let mut entries = Vec::new();
        while let Some(output) = self.engine.poll() {
            match output.effect {
                Effect::Persist { entries: more, .. } => entries.extend(more),
                Effect::Alarm(alarm) => self.out.push_back(Out::Alarm(alarm)),
                _ => self.held.push_back(output),
            }
        }
        match self.ledger.commit(&entries) {
            Ok(last) => {
                self.durable = last;
                let facts = (self.told.0 + 1..).map(Seq).zip(entries).collect();
                self.told = last;
                self.out.push_back(Out::Durable(facts));
                self.release();
                true
            }
            Err(_) => {
                self.held.clear();
                false
            }
        }
    }

    /// What was written before the failure and never said to be.
    fn tell_found(&mut self) {
        let found = self.ledger.read(self.told.next(), usize::MAX);
        let found: Vec<Record> = found.unwrap_or_default();
        if let Some(last) = found.last() {
            self.told = last.seq;
            let facts = found.into_iter().map(|record| {
                let (at, fact) = (record.at, record.fact);
                (record.seq, Entry { at, fact })
            });
            self.out.push_back(Out::Durable(facts.collect()));
        }
    }
}

/// Both clocks.
pub(super) fn civil(now: Instant) -> Now {
    let wall = Wall::from_millis(BEGINS).plus(now.since(Instant::ZERO));
    Now { mono: now, wall }
}

/// Opens the ledger and folds it into an engine that has taken up work.
fn fold(
    store: &MemoryStore,
    policy: &Policy,
    now: Now,
    rng: &mut Rng,
) -> Result<(MemoryLedger, Engine), LedgerError> {
    let mut ledger = MemoryLedger::open(store, "simulated", 1)?;
    let mut seed = [0; 32];
    for chunk in seed.chunks_mut(8) {
        chunk.copy_from_slice(&rng.draw().to_be_bytes());
    }
    let mut engine = Engine::new(now, seed);
    if let Some((at, state)) = ledger.checkpoint()?
        && engine.restore(&state).ok() != Some(at)
    {
        engine = Engine::new(now, seed);
    }
    loop {
        let page = ledger.read(engine.seq().next(), PAGE)?;
        if page.is_empty() {
            break;
        }
        page.iter().for_each(|record| engine.replay(record));
    }
    engine.resume(policy.clone(), "simulated", now);
    Ok((ledger, engine))
}
