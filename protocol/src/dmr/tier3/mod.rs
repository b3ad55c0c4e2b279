//! A Tier III control channel (TSCC, TS 102 361-4) as the far side of its radios.
//!
//! Like [`dmr::channel::Channel`](crate::dmr::channel::Channel) it is fed the bursts that
//! were heard and pulled for the bursts to send. Other than there, both directions work at
//! once: while the acknowledgements of what was sent come in, the next fragment goes out.
//!
//! ```text
//! send() -> waiting -> (pulled) leaving -> awaiting C_ACKU -> Received, Done
//!                          ^                  | none in time
//!                          +------------------+ again, between other fragments
//! ```
//!
//! Whoever pulls also tells which bursts have [`left`](ControlChannel::left) the modem: the
//! answer to a burst is awaited from then on, and a burst that invites radios is sent with
//! nothing queued behind it, because the modem marks the inbound slot as taken while
//! something is.

mod access;
mod announce;
mod collect;
mod compose;
mod config;
mod fragment;
mod gate;
mod listen;
mod register;
mod request;
mod schedule;
#[cfg(test)]
pub(crate) mod tests;
mod upload;

use core::time::Duration;
use std::collections::VecDeque;

use crate::air::{Acknowledgement, CarrierId, JobId, RadioId, Transmission};
use crate::dmr::channel::{ChannelEvent, Outgoing};
use crate::dmr::csbk::announcement::{LocalTime, RegistrationWindow};
use crate::dmr::csbk::{Aloha, CsbkBody};
use crate::dmr::packet::Reassembler;
use crate::session::{CarrierState, POLL_RUN, Refusal, Step};
use crate::time::Instant;

use access::Access;
use announce::Announcer;
pub use config::{ControlConfig, Neighbour, Registration};
use fragment::{Current, Fragment, Open, Poll, Stage};
use gate::Gate;
use register::Register;
use upload::Upload;

/// Most individual fragments whose acknowledgement is awaited.
const OPEN: usize = 64;
/// Most answers that wait for their turn; more radios than that do not get through in the
/// time a radio waits.
const ANSWERS: usize = 64;
/// How long a slot lasts.
const SLOT: Duration = Duration::from_millis(60);

/// An answer that waits for its turn.
#[derive(Debug)]
struct Due {
    id: Option<JobId>,
    burst: Outgoing,
    until: Instant,
}

/// One control channel.
#[derive(Debug)]
pub struct ControlChannel {
    config: ControlConfig,
    access: Access,
    announcer: Announcer,
    register: Register,
    reassembler: Reassembler,
    uploads: VecDeque<Upload>,
    due: VecDeque<Due>,
    waiting: Option<(JobId, Fragment)>,
    current: Option<Current>,
    open: VecDeque<Open>,
    polls: VecDeque<Poll>,
    /// The last fragment was sent for the first time: one to repeat may go next.
    fresh: bool,
    /// The last turn was a portion's: a fragment may go next.
    portion: bool,
    gate: Gate,
    /// Bursts pulled so far, and how many of them have left, the last one then.
    pulled: u64,
    left: (u64, Instant),
    /// How long the modem's line takes to tell that.
    line_delay: Duration,
    /// Until this many bursts have been pulled, something must follow each: radios answer.
    reserved: u64,
    is_open: bool,
    reported: Option<(CarrierState, u8)>,
    out: VecDeque<ChannelEvent>,
}

impl ControlChannel {
    /// A control channel that is not there yet; [`reopen`](Self::reopen) it.
    #[must_use]
    pub fn new(config: ControlConfig) -> Self {
        Self {
            config,
            access: Access::new(),
            announcer: Announcer::default(),
            register: Register::default(),
            reassembler: Reassembler::default(),
            uploads: VecDeque::new(),
            due: VecDeque::new(),
            waiting: None,
            current: None,
            open: VecDeque::new(),
            polls: VecDeque::new(),
            fresh: false,
            portion: false,
            gate: Gate::Open,
            pulled: 0,
            left: (0, Instant::ZERO),
            line_delay: Duration::ZERO,
            reserved: 0,
            is_open: false,
            reported: None,
            out: VecDeque::new(),
        }
    }

    /// Which carrier this is.
    #[must_use]
    pub const fn carrier(&self) -> CarrierId {
        self.config.carrier
    }

    /// The invitation to everyone, which the modem is to repeat while nothing is queued.
    #[must_use]
    pub fn aloha(&self) -> Aloha {
        self.access.everyone(&self.config)
    }

    /// The burst that carries an invitation.
    #[must_use]
    pub fn aloha_burst(&self, aloha: Aloha) -> [u8; 33] {
        self.config.csbk(CsbkBody::Aloha(aloha)).burst
    }

    /// Takes one fragment, if there is room.
    pub fn send(&mut self, _now: Instant, id: JobId, transmission: &Transmission) {
        match self.config.fragment(transmission) {
            Ok(fragment) => self.take(id, fragment),
            Err(refusal) => self.step(id, Step::Refused(refusal)),
        }
    }

    /// Takes a run of status polls, one burst for each radio, if there is room.
    pub fn collect(&mut self, _now: Instant, id: JobId, from: RadioId, radios: &[RadioId]) {
        if radios.is_empty() {
            return self.step(id, Step::Done);
        }
        if radios.len() > POLL_RUN {
            return self.step(id, Step::Refused(Refusal::TooLong));
        }
        let fragment = self.config.polls(from, radios);
        self.take(id, fragment);
    }

    fn take(&mut self, id: JobId, fragment: Fragment) {
        if self.room() == 0 {
            return self.step(id, Step::Refused(Refusal::NoRoom));
        }
        self.waiting = Some((id, fragment));
        self.report_state();
    }

    /// Shapes random access for radios that are about to answer; replaces an earlier list.
    pub fn admit(&mut self, _now: Instant, id: JobId, radios: Vec<RadioId>) {
        self.access.admit(id, radios);
    }

    /// Sends an acknowledgement before any fragment, an emergency's before all others, if it
    /// is not too late by then.
    pub fn acknowledge(
        &mut self,
        now: Instant,
        id: JobId,
        acknowledgement: &Acknowledgement,
        until: Instant,
    ) {
        let first = matches!(acknowledgement, Acknowledgement::Emergency { .. });
        let most = if first { 2 * ANSWERS } else { ANSWERS };
        if until <= now || self.due.len() >= most {
            return self.step(id, Step::Refused(Refusal::TooLate));
        }
        match self.config.acknowledgement(acknowledgement) {
            Ok(mut burst) => {
                burst.last_of = Some(id);
                burst.new_stream = true;
                let id = Some(id);
                let due = Due { id, burst, until };
                if first {
                    self.due.push_front(due);
                } else {
                    self.due.push_back(due);
                }
            }
            Err(refusal) => self.step(id, Step::Refused(refusal)),
        }
    }

    /// Forgets what has not begun to be sent, or ends an admission.
    pub fn withdraw(&mut self, id: JobId) {
        if self.waiting.take_if(|(held, _)| *held == id).is_some() {
            self.step(id, Step::Refused(Refusal::Withdrawn));
        } else if self.access.withdraw(id) {
            self.step(id, Step::Done);
        }
        self.report_state();
    }

    /// Tells all radios to register again, spread over this time.
    pub fn register_all(&mut self, now: Instant, window: RegistrationWindow) {
        self.announcer.register_all(now, window);
    }

    /// The local time, to be announced next.
    pub fn local_time(&mut self, now: Instant, time: LocalTime) {
        self.announcer.local_time(now, time);
    }

    /// So long after the question the modem's answer came that tells what has left.
    pub const fn line_delay(&mut self, delay: Duration) {
        self.line_delay = delay;
    }

    /// The first `count` bursts that were pulled have left the modem, the last of them not
    /// long before `now`.
    pub fn left(&mut self, now: Instant, count: u64) {
        let count = count.min(self.pulled);
        if count <= self.left.0 {
            return;
        }
        self.left = (count, now);
        self.gate.left(now, count);
        let until = now + self.config.answer_window;
        let open = self.open.iter_mut().map(|open| &mut open.stage);
        let polls = self.polls.iter_mut().map(|poll| &mut poll.stage);
        let uploads = self.uploads.iter_mut().map(Upload::stage);
        open.chain(polls).for_each(|stage| stage.left(count, until));
        for (stage, slots) in uploads {
            stage.left(count, until + SLOT * slots);
        }
    }

    /// The link was lost: what was under way is lost, what waited too. Registrations hold.
    pub fn close(&mut self, _now: Instant) {
        let waiting = self.waiting.take().map(|(id, _)| id);
        let current = self.current.take().filter(|current| !current.again);
        let open = self.open.drain(..).map(|open| open.id);
        let due = self.due.drain(..).filter_map(|due| due.id);
        let mut lost: Vec<JobId> = waiting.into_iter().chain(open).chain(due).collect();
        for id in self.polls.drain(..).map(|poll| poll.id) {
            if !lost.contains(&id) {
                lost.push(id);
            }
        }
        lost.extend(
            current
                .map(|current| current.id)
                .filter(|id| !lost.contains(id)),
        );
        lost.extend(self.access.end());
        lost.into_iter().for_each(|id| self.step(id, Step::Lost));
        self.uploads.clear();
        self.announcer.stop();
        self.reassembler = Reassembler::default();
        self.gate = Gate::Open;
        (self.pulled, self.left, self.reserved) = (0, (0, Instant::ZERO), 0);
        self.is_open = false;
        self.reported = None;
        self.out.push_back(ChannelEvent::State {
            state: CarrierState::Gone,
            room: 0,
        });
    }

    /// The link is there: reports the channel as there, and where radios must register asks
    /// all to do so, because nobody knows who still is here.
    pub fn reopen(&mut self, now: Instant) {
        self.is_open = true;
        self.announcer.start(now);
        if self.config.registration.required {
            self.register_all(now, RegistrationWindow::Seconds100);
        }
        self.report_state();
    }

    /// Time has reached the [`deadline`](Self::deadline).
    pub fn tick(&mut self, now: Instant) {
        self.open_fragments(now);
        let over = self.polls.iter_mut().any(|poll| poll.stage.is_over(now));
        if over {
            self.polls_over(now);
        }
        while let Some(place) = self.due.iter().position(|due| due.until <= now) {
            if let Some(Due { id: Some(id), .. }) = self.due.remove(place) {
                self.step(id, Step::Refused(Refusal::TooLate));
            }
        }
        self.uploads_over(now);
        let outcomes = self.reassembler.tick(now);
        for outcome in outcomes {
            self.packet_outcome(now, outcome);
        }
        if self.is_open {
            self.announcer.tick(now, &self.config);
        }
        self.report_state();
    }

    /// Fragments whose answer did not come: to be sent again, or given up.
    fn open_fragments(&mut self, now: Instant) {
        let tries = self.config.tries;
        let mut given_up = Vec::new();
        self.open.retain_mut(|open| {
            let over = open.stage.is_over(now) && open.sent >= tries;
            if over {
                given_up.push(open.id);
            }
            !over
        });
        given_up
            .into_iter()
            .for_each(|id| self.step(id, Step::Done));
    }

    /// Forgets polls whose time is up; a run without any left is done.
    fn polls_over(&mut self, now: Instant) {
        let mut ids = Vec::new();
        self.polls.retain_mut(|poll| {
            poll.stage.is_over(now);
            let over = poll.stage == Stage::Unanswered;
            if over && !ids.contains(&poll.id) {
                ids.push(poll.id);
            }
            !over
        });
        ids.into_iter().for_each(|id| self.collected(id));
    }

    /// Reports a run of polls as done if none of it is left.
    fn collected(&mut self, id: JobId) {
        let current = self.current.as_ref();
        let sending = current.is_some_and(|current| current.id == id);
        if !sending && !self.polls.iter().any(|poll| poll.id == id) {
            self.step(id, Step::Done);
        }
    }

    /// When to call [`tick`](Self::tick), or to pull again.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let stages = self.open.iter().map(|open| open.stage);
        let polls = self.polls.iter().map(|poll| poll.stage);
        let answers = stages.chain(polls).filter_map(Stage::deadline);
        let uploads = self.uploads.iter().filter_map(Upload::deadline);
        let due = self.due.iter().map(|due| due.until);
        let pull = self.gate.opens().filter(|_| self.wants_to_send());
        let announce = self.announcer.deadline().filter(|_| self.is_open);
        [pull, announce, self.reassembler.deadline()]
            .into_iter()
            .flatten()
            .chain(answers)
            .chain(uploads)
            .chain(due)
            .min()
    }

    /// The next report, until there is none.
    pub fn poll(&mut self) -> Option<ChannelEvent> {
        self.out.pop_front()
    }

    /// One fragment waits while another is sent, so that an urgent one finds at most one
    /// before it.
    fn room(&self) -> u8 {
        u8::from(self.is_open && self.waiting.is_none() && self.open.len() < OPEN)
    }

    fn report_state(&mut self) {
        let now = (CarrierState::Up, self.room());
        if self.is_open && self.reported != Some(now) {
            self.reported = Some(now);
            let (state, room) = now;
            self.out.push_back(ChannelEvent::State { state, room });
        }
    }

    fn step(&mut self, id: JobId, step: Step) {
        self.out.push_back(ChannelEvent::Job { id, step });
    }

    fn dropped(&mut self, cause: &'static str) {
        self.out
            .push_back(ChannelEvent::Dropped { cause, count: 1 });
    }
}
