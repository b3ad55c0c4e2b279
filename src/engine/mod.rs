//! The one place that decides.
//!
//! Facts and inputs in, outputs out; no clock, no I/O, no randomness (ids come from a
//! seed). The engine applies its own facts at once and numbers them; every output names
//! the ledger position after which it may leave, so nothing is said before it is durable.
//!
//! | part | decides |
//! |---|---|
//! | [`io`] | what goes in and out |
//! | `state`, `roster`, `checkpoint` | the fold over all facts |
//! | `intake` | what is accepted, and what a dry run says |
//! | `hindrance` | who can never get an alert, and why |
//! | `systems` | what external systems did with an alert |
//! | `marks` | by which short sign a radio names an alert |
//! | `compose` | how an alert is worded and split for the air |
//! | `queue`, `dispatch` | what goes to which carrier next |
//! | `airtime`, `forecast` | how much of a carrier each precedence may take, and how long that takes |
//! | `collect`, `sets` | how answers are collected, and which status codes mean one |
//! | `catch_up` | what a radio gets that was away |
//! | `progress`, `parts` | what a job's steps prove, when to try again |
//! | `group` | when a transmission to a talkgroup is repeated |
//! | `hearing`, `answers` | what a radio's words mean |
//! | `sms` | what goes to telephones, and what they say |
//! | `emergency` | who needs help |
//! | `alarms` | what the sensors of hazard sites say, and when that makes an alert |
//! | `warnings` | what the messages of other systems do: which version is in force |
//! | `stations`, `route` | which carriers are there, and over which a radio is reached |
//! | `clock` | what time it is |
//! | `outbox` | nothing: it holds what was decided until it leaves |

mod airtime;
mod alarms;
mod answers;
mod by_address;
mod catch_up;
mod checkpoint;
mod clock;
mod collect;
mod compose;
mod dispatch;
mod emergency;
mod forecast;
mod group;
mod hearing;
mod hindrance;
mod intake;
pub mod io;
mod languages;
mod marks;
mod outbox;
mod parts;
mod progress;
mod queries;
mod queue;
mod requests;
mod rests;
mod roster;
mod route;
mod salvage;
mod sets;
mod sms;
mod state;
mod stations;
mod systems;
#[cfg(test)]
mod tests;
mod timers;
mod trim;
pub mod views;
mod warnings;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use narrowcast_protocol::air::{CarrierId, JobId, RadioId, StationId};
use narrowcast_protocol::session::Job;
use narrowcast_protocol::time::Instant;

use crate::engine::airtime::Budget;
use crate::engine::alarms::Alarms;
use crate::engine::by_address::ByAddress;
pub use crate::engine::checkpoint::CheckpointError;
use crate::engine::clock::Clock;
use crate::engine::collect::Polls;
use crate::engine::dispatch::{GroupRunId, JobRun};
use crate::engine::forecast::{Paces, WordingKey};
use crate::engine::io::{
    Alarm, Credential, Effect, Input, Now, Output, Refusal, Request, Response,
};
use crate::engine::outbox::Outbox;
use crate::engine::parts::Progress;
use crate::engine::queue::{Cost, Queues};
use crate::engine::rests::Rests;
use crate::engine::route::Presence;
use crate::engine::sms::Sms;
use crate::engine::state::State;
use crate::engine::stations::{CarrierRun, Damper};
use crate::engine::timers::Timers;
use crate::model::emergency::Emergency;
use crate::model::facts::{Entry, FACT_BYTES, Fact, Record};
use crate::model::ids::{AlertId, DeliveryId, Seq};
use crate::model::policy::Policy;
use crate::model::salvage::Salvage;
use crate::model::token::Principal;
use crate::model::wall::Wall;

/// The decider.
#[derive(Debug)]
pub struct Engine {
    state: State,
    clock: Clock,
    outbox: Outbox,
    timers: Timers,
    queues: Queues,
    carriers: BTreeMap<CarrierId, CarrierRun>,
    dampers: HashMap<StationId, Damper>,
    jobs: HashMap<JobId, JobRun>,
    /// Jobs taken back to let a Flash pass, until they are over.
    taken_back: HashSet<JobId>,
    busy: HashSet<RadioId>,
    progress: HashMap<DeliveryId, Progress>,
    /// Airtime that is left to each precedence.
    budget: Budget,
    /// How fast each carrier really is.
    paces: Paces,
    /// What the wordings of the alerts in memory take.
    costs: HashMap<WordingKey, Cost>,
    /// Which poll a radio has not answered yet.
    polling: HashMap<RadioId, JobId>,
    polls: HashMap<DeliveryId, Polls>,
    /// The last status that each radio is known to have.
    statuses: HashMap<RadioId, u16>,
    /// Radios on control channels whose status is not known.
    unknown: BTreeMap<CarrierId, BTreeSet<RadioId>>,
    admissions: BTreeMap<(AlertId, CarrierId), JobId>,
    /// How many further alerts wait for the radio of a delivery; its text says so.
    more: HashMap<DeliveryId, u16>,
    /// Which carriers have just sent a Flash.
    rests: Rests,
    /// The next part of each group transmission that is not finished.
    groups: BTreeMap<GroupRunId, u8>,
    /// Where radios of the roster were heard last.
    presence: HashMap<RadioId, Presence>,
    /// When it took up work.
    resumed_at: Instant,
    by_radio: ByAddress<RadioId>,
    /// What goes to telephones.
    sms: Sms,
    /// What sensors said and is not written yet.
    alarms: Alarms,
    /// While folding: the moment up to which what is over has been forgotten.
    folded_to: Wall,
    outcomes: BTreeMap<&'static str, u64>,
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
            timers: Timers::default(),
            queues: Queues::default(),
            carriers: BTreeMap::new(),
            dampers: HashMap::new(),
            jobs: HashMap::new(),
            taken_back: HashSet::new(),
            busy: HashSet::new(),
            progress: HashMap::new(),
            budget: Budget::default(),
            paces: Paces::default(),
            costs: HashMap::new(),
            polling: HashMap::new(),
            polls: HashMap::new(),
            statuses: HashMap::new(),
            unknown: BTreeMap::new(),
            admissions: BTreeMap::new(),
            more: HashMap::new(),
            rests: Rests::default(),
            groups: BTreeMap::new(),
            presence: HashMap::new(),
            resumed_at: start.mono,
            by_radio: ByAddress::default(),
            sms: Sms::default(),
            alarms: Alarms::default(),
            folded_to: Wall::default(),
            outcomes: BTreeMap::new(),
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
        self.resumed_at = now.mono;
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

    /// When to come back with [`Input::Tick`], if nothing else comes before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.next()
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
