//! The one place that decides.
//!
//! Facts and inputs in, outputs out; no clock, no I/O, no randomness (ids come from a
//! seed). The engine applies its own facts at once and numbers them; every output names
//! the ledger position after which it may leave, so nothing is said before it is durable.
//!
//! Its parts own what changes, each its own: nobody else touches the fields of a part. They
//! decide on what is known (`known`) and what they have, and know nothing of one another (but
//! `sms` and `alarms`, which still act on the engine):
//!
//! | part | owns | decides |
//! |---|---|---|
//! | `state` (`roster`, `checkpoint`) | the fold over all facts | nothing |
//! | `air` | carriers and their queues, budgets, paces | over which carrier, what next, how long |
//! | `attempts` | jobs, the progress of each text | what follows a part, and an attempt |
//! | `collection` | polls, known statuses | whom to ask for an answer, and what a status means |
//! | `whereabouts` | where radios are | whether a radio is where it was heard |
//! | `sms` | routes, messages to telephones | when a telephone is tried, over which route |
//! | `alarms` | what sensors said | when that is written, and when it makes an alert |
//! | `clock` | what time it is believed to be | whether a step of civil time is believed |
//! | `outbox` | facts and effects on their way | nothing |
//!
//! The engine itself keeps the order in which they are asked, and does what they decide:
//!
//! | file | does |
//! |---|---|
//! | [`io`] | what goes in and out |
//! | `requests`, `queries`, [`views`] | who may ask for what, and what is told |
//! | `checks`, `intake`, `hindrance`, `marks`, `sets`, `languages` | accepting an alert |
//! | `plan` | what would become of one |
//! | `afterwards` | sending it again, recording an answer, cancelling it |
//! | `dispatch`, `group`, `polling` | filling the room of carriers: attempts, group transmissions, polls |
//! | `steps`, `tries`, `endings` | from the steps of a job to the end of an alert |
//! | `hearing`, `answers`, `emergency` | what a radio's words mean, and who needs help |
//! | `stations` | which stations are there |
//! | `systems`, `warnings` | external systems as recipients, and the messages of others |
//! | `restart`, `due`, `timers`, `trim`, `salvage` | taking up work, what is due, what is forgotten |
//! | `compose`, `channels`, `wants` | how an alert is worded, what a channel carries, what is wanted |

mod afterwards;
mod air;
mod alarms;
mod answers;
mod attempts;
mod by_address;
mod channels;
mod checkpoint;
mod checks;
mod clock;
mod collection;
mod compose;
mod dispatch;
mod due;
mod emergency;
mod endings;
#[cfg(test)]
mod fixtures;
mod group;
mod hearing;
mod hindrance;
mod intake;
pub mod io;
mod known;
mod languages;
mod limits;
mod marks;
mod outbox;
mod plan;
mod polling;
mod queries;
mod queue;
mod requests;
mod restart;
mod roster;
mod salvage;
mod sets;
mod sms;
mod state;
mod stations;
mod steps;
mod systems;
mod tally;
#[cfg(test)]
mod tests;
mod timers;
mod tries;
mod trim;
pub mod views;
mod wants;
mod warnings;
mod whereabouts;

use narrowcast_protocol::session::Job;

use crate::engine::air::Air;
use crate::engine::alarms::Alarms;
use crate::engine::attempts::Attempts;
pub use crate::engine::checkpoint::CheckpointError;
use crate::engine::clock::Clock;
use crate::engine::collection::Collection;
use crate::engine::io::{
    Alarm, Credential, Effect, Input, Now, Output, Refusal, Request, Response,
};
use crate::engine::outbox::Outbox;
use crate::engine::sms::Sms;
use crate::engine::state::State;
use crate::engine::tally::Tally;
use crate::engine::timers::{Timer, Timers};
use crate::engine::whereabouts::Whereabouts;
use crate::model::emergency::Emergency;
use crate::model::facts::{Entry, FACT_BYTES, Fact, Record};
use crate::model::ids::Seq;
use crate::model::policy::Policy;
use crate::model::salvage::Salvage;
use crate::model::token::Principal;
use crate::model::wall::Wall;

/// The decider.
#[derive(Debug)]
pub struct Engine {
    /// The fold of all facts.
    state: State,
    clock: Clock,
    /// What was decided and has not left yet.
    outbox: Outbox,
    /// Carriers, and what waits for them.
    air: Air,
    /// What sessions have been given to send, and how far each text has come.
    attempts: Attempts,
    /// How answers are collected on control channels.
    collection: Collection,
    /// Where radios were heard last, and which deliveries go to them.
    whereabouts: Whereabouts,
    /// What goes to telephones.
    sms: Sms,
    /// What sensors said and is not written yet.
    alarms: Alarms,
    /// What the engine itself comes back to.
    timers: Timers<Timer>,
    /// While folding: the moment up to which what is over has been forgotten.
    folded_to: Wall,
    /// How attempts ended, for metrics.
    outcomes: Tally,
    /// Bytes that are free on the ledger's disk, and all of it, once they are known.
    free: Option<(u64, u64)>,
}

impl Engine {
    /// An engine that knows nothing yet. `seed` makes its ids; it must differ from run to run.
    #[must_use]
    pub fn new(start: Now, seed: [u8; 32]) -> Self {
        Self {
            state: State::default(),
            clock: Clock::new(start),
            outbox: Outbox::new(seed, start.mono),
            air: Air::new(start.mono),
            attempts: Attempts::default(),
            collection: Collection::default(),
            whereabouts: Whereabouts::new(start.mono),
            sms: Sms::default(),
            alarms: Alarms::default(),
            timers: Timers::default(),
            folded_to: Wall::default(),
            outcomes: Tally::default(),
            free: None,
        }
    }

    /// Folds one more record in, before the first [`handle`](Self::handle).
    pub fn replay(&mut self, record: &Record) {
        self.state.apply(record.seq, record.at, &record.fact);
        self.forget_while_folding(record.at);
    }

    /// Takes up work after the fold: open attempts become unclear, waiting deliveries queue
    /// again, and `policy` is put in force.
    pub fn resume(&mut self, policy: Policy, version: &str, now: Now) {
        self.clock.resume(now, self.state.at);
        self.air.resume(now.mono);
        self.whereabouts.resume(now.mono);
        self.state.forget(self.clock.wall());
        self.emit(Fact::Started {
            version: version.to_owned(),
        });
        if self.state.policy != policy {
            for fact in Fact::of_policy(&policy) {
                self.emit(fact);
            }
        }
        self.requeue_everything(now.mono);
        self.resume_alarms();
        self.ring_stuck();
        self.warn_of_clock();
        self.outbox.flush(self.state.seq);
    }

    /// Learns one input and decides.
    pub fn handle(&mut self, input: Input, now: Now) {
        self.clock.advance(now);
        self.warn_of_clock();
        self.fire_timers(now.mono);
        match input {
            Input::Tick => {}
            Input::Request {
                ticket,
                credential,
                request,
            } => self.request(ticket, &credential, *request),
            Input::Heard(heard) => self.hear(heard),
            Input::Carrier { id, state, room } => self.carrier_changed(id, state, room),
            Input::StationIdentified {
                station,
                description,
            } => self.station_identified(station, &description),
            Input::Sent(job) => self.job_sent(job),
            Input::Step { id, step } => self.job_step(id, step),
            Input::Space { free, total } => self.free = Some((free, total)),
            Input::Unrecorded { heard, emergency } => self.record_late(&heard, *emergency),
        }
        self.dispatch();
        self.outbox.flush(self.state.seq);
    }

    /// Answers a request that [only looks](Request::only_looks), without deciding anything.
    ///
    /// # Errors
    /// Why it is refused; [`Refusal::NotFound`] for a request that does more than look.
    pub fn look(
        &mut self,
        credential: &Credential,
        request: Request,
        now: Now,
    ) -> Result<Response, Refusal> {
        self.clock.advance(now);
        self.warn_of_clock();
        if request.only_looks() {
            self.answer(credential, request)
        } else {
            Err(Refusal::NotFound("query"))
        }
    }

    /// The next output, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.outbox.poll()
    }

    /// The position of the last fact it has decided.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        self.state.seq
    }

    /// Whether anybody can ask for anything: false on a new ledger.
    #[must_use]
    pub fn has_tokens(&self) -> bool {
        !self.state.tokens.is_empty()
    }

    /// Salvages of the ledger that nobody has taken note of, the oldest first.
    pub fn salvages(&self) -> impl Iterator<Item = &Salvage> {
        self.state.salvages.iter().map(|(_, salvage)| salvage)
    }

    /// SHA-256 of every token that is valid and its holder: who may look at what while there
    /// is no engine to ask.
    pub fn readers(&self) -> impl Iterator<Item = ([u8; 32], Principal)> {
        let tokens = self.state.tokens.iter();
        tokens.map(|(hash, token)| (*hash, Principal::of(token)))
    }

    /// Emergencies, open ones and those closed within the hour, newest first.
    pub fn emergencies(&self) -> impl Iterator<Item = &Emergency> {
        self.state
            .emergencies
            .values()
            .rev()
            .map(|(_, emergency)| emergency)
    }

    fn emit(&mut self, fact: Fact) -> Seq {
        debug_assert!(fact.size() <= FACT_BYTES, "{} is too large", fact.name());
        let entry = Entry {
            at: self.clock.wall(),
            fact,
        };
        let seq = self.state.seq.next();
        self.state.apply(seq, entry.at, &entry.fact);
        self.outbox.record(entry);
        seq
    }

    /// Lets `effect` out once everything decided so far is durable. What is taken back rests
    /// on nothing.
    fn after_commit(&mut self, effect: Effect) {
        let after = match &effect {
            Effect::Transmit(Job::Withdraw(_)) => Seq(0),
            _ => self.state.seq,
        };
        self.outbox.let_out(after, effect);
    }

    fn at_once(&mut self, alarm: Alarm) {
        self.outbox.let_out(Seq(0), Effect::Alarm(alarm));
    }

    fn warn_of_clock(&mut self) {
        if let Some(step) = self.clock.take_warning() {
            self.at_once(Alarm::ClockStepped(step));
        }
    }

    /// An identity that nothing had before.
    fn fresh_id(&mut self) -> ulid::Ulid {
        self.outbox.fresh_id(self.clock.wall())
    }

    fn wall(&self) -> Wall {
        self.clock.wall()
    }
}
