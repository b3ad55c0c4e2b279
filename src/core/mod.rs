//! The engine behind its write-ahead gate, and what happens while the ledger is away.
//!
//! The core contains no clock, no socket, no thread, no file and no ledger. Its driver (the
//! server, or the simulation in virtual time) tells it what happened and when, and does what
//! [`poll`](Core::poll) says:
//!
//! ```text
//! links, API --input, call--> core --Transmit, Reply, Durable, Alarm--> links, API
//!                             |  ^
//!    Open, Read, Commit, ...  v  |  opened, page, committed, commit_failed
//!                            ledger
//! ```
//!
//! * One commit is under way at a time; what is decided meanwhile is the next batch. `Commit`
//!   comes out of `poll` last, so a driver takes in all that waits and polls then.
//! * An output leaves when the position it rests on is durable. Readings and withdrawals rest
//!   on nothing.
//! * A failed commit is a crash without the process. The first start takes the same path: a
//!   new engine is folded from the ledger, and the one before answers readings meanwhile. A
//!   ledger that is slow or hangs never takes this path; [`posture`](Core::posture) tells of it.
//!
//! | part | holds |
//! |---|---|
//! | [`io`] | what goes out, and the words for the ledger |
//! | `batch`, `gate` | what is to be committed, what waits for it |
//! | `recovery` | from a ledger to an engine |
//! | `away` | what is taken and kept while there is no ledger |
//! | `messages`, `distress` | what radios said that is not on record |
//! | [`posture`] | how it stands |

mod away;
mod batch;
mod distress;
mod gate;
pub mod io;
mod messages;
pub mod phase;
pub mod posture;
mod recovery;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, Heard, HeardKind, JobId, StationId};
use narrowcast_protocol::session::{CarrierState, Job, Refusal as JobRefusal, Step};
use narrowcast_protocol::time::Instant;

use crate::core::batch::Batch;
use crate::core::distress::Distress;
use crate::core::gate::{Gate, Held, ends_as};
use crate::core::io::{Action, Intake, LedgerFault, Limits};
use crate::core::messages::Messages;
use crate::core::phase::{HANGS, Phase, Retry};
use crate::engine::Engine;
use crate::engine::io::{Credential, Effect, Input, Now, Refusal, Request, Response, Ticket};
use crate::model::ids::Seq;
use crate::model::policy::Policy;

/// When to try again what found the next batch full.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The engine and what stands between it and the rest.
#[derive(Debug)]
pub struct Core {
    policy: Policy,
    limits: Limits,
    seed: [u8; 32],
    /// The newest moment it was told.
    now: Now,
    /// Decides while the phase is `Ready`, else only answers readings.
    engine: Engine,
    /// Whether `engine` was folded from a ledger.
    folded: bool,
    phase: Phase,
    retry: Retry,
    batch: Batch,
    under_way: Option<UnderWay>,
    gate: Gate,
    out: VecDeque<Action>,
    /// Jobs that left and have not ended.
    jobs: BTreeSet<JobId>,
    /// Requests to trim that wait in the gate, and up to where.
    trims: BTreeMap<Ticket, Seq>,
    messages: Messages,
    distress: Distress,
    /// What every carrier said last, for an engine that takes over.
    carriers: BTreeMap<CarrierId, (CarrierState, u8)>,
    /// What stations said of themselves while nothing could be recorded.
    descriptions: BTreeMap<StationId, String>,
    /// Free and total bytes of the ledger's file system.
    space: Option<(u64, u64)>,
    /// The position of the newest state that was made.
    checkpointed: Seq,
    leaving: bool,
    closed: bool,
}

/// The commit under way.
#[derive(Debug, Clone, Copy)]
struct UnderWay {
    /// The position of its last entry.
    last: Seq,
    since: Instant,
}

impl Core {
    /// A core that begins by opening the ledger. `policy` is put in force when the ledger is
    /// folded. `seed` makes the ids; it must differ from run to run.
    #[must_use]
    pub fn new(policy: Policy, limits: Limits, seed: [u8; 32], now: Now) -> Self {
        let mut core = Self {
            engine: phase::placeholder(&policy, seed, now),
            policy,
            limits,
            seed,
            now,
            folded: false,
            phase: Phase::Opening { since: now.mono },
            retry: Retry::default(),
            batch: Batch::default(),
            under_way: None,
            gate: Gate::default(),
            out: VecDeque::new(),
            jobs: BTreeSet::new(),
            trims: BTreeMap::new(),
            messages: Messages::default(),
            distress: Distress::default(),
            carriers: BTreeMap::new(),
            descriptions: BTreeMap::new(),
            space: None,
            checkpointed: Seq(0),
            leaving: false,
            closed: false,
        };
        core.out.push_back(Action::Open);
        core
    }

    /// The engine, to look at. While the ledger is away it may show what was never recorded.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether the engine decides: the ledger is there, and folded.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready)
    }

    /// Up to where everything is durable.
    #[must_use]
    pub const fn durable(&self) -> Seq {
        self.gate.durable()
    }

    /// How many outputs wait for the ledger.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.gate.waiting()
    }

    /// What it takes now.
    #[must_use]
    pub const fn intake(&self) -> Intake {
        if !self.is_ready() || self.leaving {
            Intake::Essential
        } else if self.batch.is_full(&self.limits) {
            Intake::NoRoutine
        } else {
            Intake::All
        }
    }

    /// When to come back with [`Input::Tick`], if nothing else comes before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let due = match self.phase {
            Phase::Waiting { until } => Some(until),
            Phase::Ready => self.engine.deadline(),
            Phase::Opening { .. } | Phase::Folding { .. } => None,
        };
        // When what is asked of the ledger has taken so long that people are to know.
        let hangs = self.asked_since().map(|since| since + HANGS);
        let hangs = hangs.filter(|at| *at > self.now.mono);
        [due, hangs].into_iter().flatten().min()
    }

    /// Learns one input.
    pub fn input(&mut self, input: Input, now: Now) {
        self.pass(now);
        match &input {
            Input::Carrier { id, state, room } => {
                self.carriers.insert(*id, (*state, *room));
            }
            Input::Space { free, total } => self.space = Some((*free, *total)),
            Input::Step {
                id,
                step: Step::Refused(_) | Step::Lost | Step::Done,
            } => {
                self.jobs.remove(id);
            }
            _ => {}
        }
        match input {
            Input::Request {
                ticket,
                credential,
                request,
            } => self.call(ticket, credential, *request, now),
            input if !self.is_ready() => self.input_while_away(input),
            Input::Heard(heard) => self.heard(heard),
            Input::Carrier { id, .. } => {
                let carrier = self.carrier(id);
                carrier.into_iter().for_each(|input| self.handle(input));
            }
            input => self.handle(input),
        }
    }

    /// Asks something for somebody; the answer is the [`Action::Reply`] of this ticket. Every
    /// call is answered once, unless the ledger never answers again.
    pub fn call(&mut self, ticket: Ticket, credential: Credential, request: Request, now: Now) {
        self.pass(now);
        if request.only_looks() {
            let result = if self.folded {
                self.engine.look(&credential, request, now)
            } else {
                Err(Refusal::Away)
            };
            self.reply(ticket, result);
            return self.collect_if_ready();
        }
        match self.intake() {
            Intake::Essential => return self.reply(ticket, Err(Refusal::Away)),
            Intake::NoRoutine if !request.is_urgent() => {
                let retry_after = RETRY_AFTER;
                return self.reply(ticket, Err(Refusal::Busy { retry_after }));
            }
            Intake::NoRoutine | Intake::All => {}
        }
        if let Request::Trim { up_to, .. } = request {
            self.trims.insert(ticket, up_to);
        }
        let request = Box::new(request);
        self.handle(Input::Request {
            ticket,
            credential,
            request,
        });
    }

    /// The commit under way is durable up to its end.
    pub fn committed(&mut self, up_to: Seq, now: Now) {
        self.pass(now);
        let Some(commit) = self.under_way.take() else {
            return;
        };
        if commit.last != up_to {
            let why = format!(
                "the ledger ends at {up_to} where it must end at {}",
                commit.last
            );
            return self.fail(LedgerFault::Failed(why));
        }
        self.retry.succeeded();
        self.advance(up_to);
        self.take_messages();
    }

    /// The commit under way failed: nothing of it may be assumed.
    pub fn commit_failed(&mut self, why: LedgerFault, now: Now) {
        self.pass(now);
        if self.under_way.take().is_some() {
            self.fail(why);
        }
    }

    /// Takes in nothing new any more: what is decided is committed, a checkpoint is saved, and
    /// the ledger closed; [`Action::Close`] is the last action.
    pub fn leaving(&mut self, now: Now) {
        self.pass(now);
        self.leaving = true;
    }

    /// What to do next, until there is nothing. Whoever polls when all inputs that wait are taken
    /// in makes one commit of them. It comes first, so that the disk has work while those who
    /// waited for the commit before are answered.
    pub fn poll(&mut self) -> Option<Action> {
        if self.out.is_empty() {
            self.fold_page();
        }
        self.commit();
        if self.out.is_empty() {
            self.take_leave();
        }
        self.out.pop_front()
    }

    fn pass(&mut self, now: Now) {
        self.now = Now {
            mono: self.now.mono.max(now.mono),
            wall: now.wall,
        };
        self.open_when_due();
    }

    /// Since when an answer of the ledger is awaited.
    fn asked_since(&self) -> Option<Instant> {
        match self.phase {
            Phase::Opening { since } | Phase::Folding { since, .. } => Some(since),
            Phase::Ready => self.under_way.map(|commit| commit.since),
            Phase::Waiting { .. } => None,
        }
    }

    fn heard(&mut self, heard: Heard) {
        if matches!(heard.what, HeardKind::Emergency { .. }) {
            self.handle(Input::Heard(heard.clone()));
            self.keep_if_unrecorded(heard);
        } else if self.takes_messages() && self.messages.waiting() == 0 {
            self.handle(Input::Heard(heard));
        } else {
            self.messages.hold(heard, self.limits.held);
        }
    }

    /// A ledger that was opened and not written yet may not be back: messages wait.
    fn takes_messages(&self) -> bool {
        self.intake() == Intake::All && self.retry.is_proved()
    }

    fn take_messages(&mut self) {
        while self.takes_messages()
            && let Some(heard) = self.messages.next()
        {
            self.handle(Input::Heard(heard));
        }
    }

    /// Keeps a distress call until what it raised is durable.
    fn keep_if_unrecorded(&mut self, heard: Heard) {
        let raised = self.engine.emergency_of(&heard);
        if let Some((seq, emergency)) = raised.filter(|(seq, _)| *seq > self.gate.durable()) {
            let (after, emergency) = (Some(seq), emergency.clone());
            self.keep_distress(after, heard, emergency);
        }
    }

    fn handle(&mut self, input: Input) {
        self.engine.handle(input, self.now);
        self.collect();
        let ahead = self.engine.seq().0.saturating_sub(self.checkpointed.0);
        if ahead >= self.limits.checkpoint_every && !self.gate.holds_checkpoint() {
            let (at, state) = self.engine.checkpoint();
            self.checkpointed = at;
            self.gate.hold(at, Held::Checkpoint(state));
            self.release();
        }
    }

    fn collect_if_ready(&mut self) {
        if self.is_ready() {
            self.collect();
        } else {
            self.collect_while_away();
        }
    }

    /// Takes what the engine decided: facts to the batch, the rest to the gate.
    fn collect(&mut self) {
        while let Some(output) = self.engine.poll() {
            match output.effect {
                Effect::Persist { entries } => self.batch.extend(entries),
                Effect::Alarm(alarm) => self.out.push_back(Action::Alarm(alarm)),
                Effect::Transmit(Job::Withdraw(id)) => self.withdraw(id),
                effect => self.gate.hold(output.after, Held::Effect(effect)),
            }
        }
        self.release();
    }

    /// A job that waits in the gate is taken back here, and its room is free again: no session
    /// has seen it.
    fn withdraw(&mut self, id: JobId) {
        let Some(held) = self.gate.take_back(id) else {
            return self.out.push_back(Action::Transmit(Job::Withdraw(id)));
        };
        let step = Step::Refused(JobRefusal::Withdrawn);
        self.engine.handle(Input::Step { id, step }, self.now);
        let carrier = held.takes_room_of().and_then(|id| self.carrier(id));
        if let Some(carrier) = carrier {
            self.engine.handle(carrier, self.now);
        }
    }

    /// What a carrier said last. What waits in the gate for its room has the room already.
    fn carrier(&self, id: CarrierId) -> Option<Input> {
        let &(state, room) = self.carriers.get(&id)?;
        let taken = u8::try_from(self.gate.jobs_for(id)).unwrap_or(u8::MAX);
        let room = room.saturating_sub(taken);
        Some(Input::Carrier { id, state, room })
    }

    fn advance(&mut self, durable: Seq) {
        self.gate.mark(durable);
        self.distress.recorded(durable);
        self.out.push_back(Action::Durable(durable));
        self.release();
    }

    fn release(&mut self) {
        while let Some((at, held)) = self.gate.release() {
            match held {
                Held::Effect(Effect::Reply { ticket, result }) => {
                    let trim = self.trims.remove(&ticket).filter(|_| result.is_ok());
                    self.out.extend(trim.map(Action::Trim));
                    self.reply(ticket, result);
                }
                Held::Effect(Effect::Transmit(job)) => {
                    self.jobs.extend(ends_as(&job));
                    self.out.push_back(Action::Transmit(job));
                }
                // Neither is ever held.
                Held::Effect(Effect::Alarm(_) | Effect::Persist { .. }) => {}
                Held::Checkpoint(state) => self.out.push_back(Action::Checkpoint { at, state }),
            }
        }
    }

    fn reply(&mut self, ticket: Ticket, result: Result<Response, Refusal>) {
        self.out.push_back(Action::Reply {
            ticket,
            result,
            recorded_to: self.gate.durable(),
        });
    }

    fn commit(&mut self) {
        if self.is_ready() && !self.closed && self.under_way.is_none() && !self.batch.is_empty() {
            let first = self.gate.durable().next();
            let batch = self.batch.take();
            self.under_way = Some(UnderWay {
                last: Seq(self.gate.durable().0 + batch.len() as u64),
                since: self.now.mono,
            });
            self.out.push_front(Action::Commit { first, batch });
        }
    }

    fn take_leave(&mut self) {
        let settled = self.under_way.is_none() && self.batch.is_empty();
        if !self.leaving || self.closed || !self.out.is_empty() || !settled {
            return;
        }
        self.closed = true;
        if self.is_ready() && self.engine.seq() > self.checkpointed {
            let (at, state) = self.engine.checkpoint();
            self.out.push_back(Action::Checkpoint { at, state });
        }
        self.out.push_back(Action::Close);
    }
}
