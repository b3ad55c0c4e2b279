//! The state machine of one connection to a gateway.
//!
//! ```text
//! opened ─▶ holding back ─▶ logging in ─▶ logged in ─▶ reopen
//!              ▲                 │ refused       silence, a stuck window,
//!              └──── reopen ◀────┘               TERMINATE, a false length
//! ```

mod incoming;
mod kept;
mod log_in;

use core::time::Duration;
use std::collections::VecDeque;

use super::config::{AskFor, CmppConfig, ConfigError, Limits};
use super::deframe::Deframer;
use super::header::{Command, Header};
use super::pdu::Pdu;
use super::result::{self, class};
use super::submit_resp::SubmitResp;
use super::{Version, compose};
use crate::air::{Acknowledgement, CarrierId, JobId, Slot, Transmission};
use crate::session::{Action, CarrierState, Job, Notice, Peer, Refusal, Session, Step};
use crate::sms::cmpp::active_test::ActiveTestResp;
use crate::sms::drops::Drops;
use crate::sms::hold::Hold;
use crate::sms::message_id::MessageId;
use crate::sms::pace::Pace;
use crate::sms::submit::{RefusalClass, Submit};
use crate::sms::unanswered::Unanswered;
use crate::sms::window::{Due, Stuck, Window, WindowLimits};
use crate::time::Instant;
use kept::Kept;

/// How long the gateway has to close after we have answered its TERMINATE; then we do.
const GOOD_BYE: Duration = Duration::from_secs(1);
/// Why a connection ends.
const CLOSED: &str = "the gateway has closed the connection";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No connection, or one that is given up.
    Down,
    /// The gateway has refused us: we wait before we ask again.
    Holding { until: Instant },
    /// CONNECT was sent.
    LoggingIn {
        sequence: u32,
        proof: [u8; 16],
        until: Instant,
    },
    /// Messages flow.
    In,
    /// The gateway takes its leave: our answer is on its way.
    Ending { until: Instant },
}

/// A test whose answer is awaited.
#[derive(Debug, Clone, Copy)]
struct Test {
    until: Instant,
    /// How many in a row were not answered.
    missed: u8,
}

/// The session of one connection to a gateway.
#[derive(Debug)]
pub struct CmppSession {
    config: CmppConfig,
    phase: Phase,
    /// The layout that is spoken.
    version: Version,
    /// Of our next request; counts on over connections.
    sequence: u32,
    deframer: Deframer,
    flights: Window,
    unanswered: Unanswered<Kept>,
    pace: Pace,
    /// When a good PDU came last.
    heard: Instant,
    test: Option<Test>,
    hold: Hold,
    /// What the engine was told last.
    told: Option<(CarrierState, u8)>,
    drops: Drops,
    actions: VecDeque<Action>,
}

const fn window(limits: Limits) -> WindowLimits {
    WindowLimits {
        room: limits.window,
        answer: limits.answer,
        repeats: limits.repeats,
        stuck: Stuck::Full,
        sequence_at: 8,
    }
}

impl CmppSession {
    /// A session that waits for its port.
    ///
    /// # Errors
    /// The configuration cannot be.
    pub fn new(config: CmppConfig) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            phase: Phase::Down,
            version: match config.version {
                AskFor::V2 => Version::V2,
                AskFor::V3 | AskFor::Auto => Version::V3,
            },
            sequence: 0,
            deframer: Deframer::default(),
            flights: Window::new(window(config.limits)),
            unanswered: Unanswered::new(),
            pace: Pace::new(config.limits.per_second),
            heard: Instant::ZERO,
            test: None,
            hold: Hold::new(),
            told: Some((CarrierState::Gone, 0)),
            drops: Drops::default(),
            actions: VecDeque::new(),
            config,
        })
    }

    const fn carrier(&self) -> CarrierId {
        CarrierId {
            station: self.config.station,
            slot: Slot::One,
        }
    }

    /// The number of our next request: never 0, and none that is still in flight.
    fn next_sequence(&mut self) -> u32 {
        loop {
            self.sequence = self.sequence.checked_add(1).unwrap_or(1);
            if !self.flights.has(self.sequence) {
                return self.sequence;
            }
        }
    }

    fn send(&mut self, pdu: &Pdu, sequence: u32, for_job: Option<JobId>) {
        self.actions.push_back(Action::Send {
            to: Peer::Line,
            bytes: pdu.encode(self.version, sequence),
            for_job,
        });
    }

    fn step(&mut self, id: JobId, step: Step) {
        self.actions.push_back(Action::Job { id, step });
    }

    fn notice(&mut self, notice: Notice) {
        self.actions.push_back(Action::Notice(notice));
    }

    /// The connection is of no use any more; [`Session::closed`] follows.
    fn give_up(&mut self, why: &'static str) {
        self.leave(Phase::Down, why);
        self.actions.push_back(Action::Reopen { why });
    }

    /// Messages flow no more.
    fn leave(&mut self, next: Phase, why: &'static str) {
        if core::mem::replace(&mut self.phase, next) == Phase::In {
            let station = self.config.station;
            self.notice(Notice::StationLeft { station, why });
        }
    }

    /// Tells the engine how much room there is, if that has changed.
    fn report(&mut self, now: Instant) {
        let room = match self.phase {
            Phase::In => self.flights.offered().min(self.pace.room(now)),
            _ => 0,
        };
        let state = match self.phase {
            Phase::In if self.pace.is_held() => CarrierState::Busy,
            Phase::In => CarrierState::Up,
            _ => CarrierState::Gone,
        };
        let told = (state, u8::try_from(room).unwrap_or(u8::MAX));
        if self.told.replace(told) != Some(told) {
            let (state, room) = told;
            let id = self.carrier();
            self.actions.push_back(Action::Carrier { id, state, room });
        }
    }

    fn handle(&mut self, now: Instant, header: Header, body: &[u8]) {
        let pdu = match Pdu::decode(self.version, header.command, body) {
            Ok(pdu) => pdu,
            Err(error) => {
                self.drops.count(now, error.label());
                if header.command == Command::DELIVER {
                    self.refuse_unreadable(header, body);
                }
                return;
            }
        };
        self.heard = now;
        self.test = None;
        match pdu {
            Pdu::ConnectResp(answer) => self.log_in_answered(now, header, answer),
            Pdu::ActiveTest => {
                let answer = Pdu::ActiveTestResp(ActiveTestResp);
                self.send(&answer, header.sequence, None);
            }
            // Late ones are as good.
            Pdu::ActiveTestResp(_) => {}
            Pdu::Terminate => {
                self.send(&Pdu::TerminateResp, header.sequence, None);
                let until = now + GOOD_BYE;
                self.leave(Phase::Ending { until }, CLOSED);
            }
            Pdu::SubmitResp(answer) => self.submit_answered(now, header, answer),
            Pdu::Deliver(deliver) if self.phase == Phase::In => {
                self.deliver(now, header, &deliver);
            }
            Pdu::TerminateResp => {}
            Pdu::Deliver(_) => self.drops.count(now, "before-log-in"),
            Pdu::Connect(_) | Pdu::Submit(_) | Pdu::DeliverResp(_) => {
                self.drops.count(now, "wrong-way");
            }
        }
    }

    fn submit_answered(&mut self, now: Instant, header: Header, answer: SubmitResp) {
        let Some(flight) = self.flights.answered(now, header.sequence) else {
            return self.drops.count(now, "unasked-response");
        };
        let id = flight.job;
        match class(self.version, answer.result, &self.config.contract.results) {
            None => {
                self.pace.taken(now);
                let message = MessageId::from_u64(answer.message);
                self.step(id, Step::Taken { message });
                self.step(id, Step::Done);
            }
            Some(_) if answer.result == result::DUPLICATE_SEQUENCE => {
                if flight.tries > 1 {
                    // It was our repeat that was refused: the first one may have been taken.
                    return self.step(id, Step::Lost);
                }
                let sequence = self.next_sequence();
                let bytes = self.flights.renumbered(now, flight, sequence);
                self.pace.sent(now);
                self.actions.push_back(Action::Send {
                    to: Peer::Line,
                    bytes,
                    for_job: None,
                });
            }
            Some(class) => {
                if class == RefusalClass::Throttled {
                    self.pace.throttled(now);
                }
                let code = answer.result;
                self.step(id, Step::Refused(Refusal::Operator { class, code }));
            }
        }
    }

    fn submit(&mut self, now: Instant, id: JobId, message: &Submit) -> Result<(), Refusal> {
        if self.phase != Phase::In {
            return Err(Refusal::NoCarrier);
        }
        if self.flights.offered().min(self.pace.room(now)) == 0 {
            return Err(Refusal::NoRoom);
        }
        let submit = compose::submit(&self.config, message, now)?;
        let sequence = self.next_sequence();
        let bytes = Pdu::Submit(Box::new(submit)).encode(self.version, sequence);
        self.flights.begin(now, sequence, id, bytes.clone());
        self.pace.sent(now);
        self.actions.push_back(Action::Send {
            to: Peer::Line,
            bytes,
            for_job: Some(id),
        });
        Ok(())
    }

    /// Repeats, or gives up, what was not answered in time.
    fn serve_flights(&mut self, now: Instant) {
        while let Some(due) = self.flights.due(now) {
            match due {
                Due::Repeat(bytes) => {
                    self.pace.sent(now);
                    self.actions.push_back(Action::Send {
                        to: Peer::Line,
                        bytes,
                        for_job: None,
                    });
                }
                Due::Lost(job) => self.step(job, Step::Lost),
                Due::Stuck => return self.give_up("the gateway answers no message"),
            }
        }
    }

    /// Asks whether the gateway is there when it has been silent.
    fn serve_test(&mut self, now: Instant) {
        let missed = match self.test {
            None if self.heard + self.config.limits.idle <= now => 0,
            Some(test) if test.until <= now => test.missed.saturating_add(1),
            _ => return,
        };
        if missed >= self.config.limits.tests {
            return self.give_up("the gateway is silent");
        }
        let until = now + self.config.limits.answer;
        self.test = Some(Test { until, missed });
        let sequence = self.next_sequence();
        self.send(&Pdu::ActiveTest, sequence, None);
    }
}

impl Session for CmppSession {
    fn opened(&mut self, now: Instant) {
        self.deframer.clear();
        self.heard = now;
        match self.hold.until(now) {
            Some(until) => self.phase = Phase::Holding { until },
            None => self.log_in(now),
        }
        self.report(now);
    }

    fn closed(&mut self, now: Instant) {
        self.leave(Phase::Down, "the connection is lost");
        self.deframer.clear();
        self.unanswered.clear();
        self.test = None;
        for job in self.flights.clear() {
            self.step(job, Step::Lost);
        }
        self.report(now);
    }

    fn leaving(&mut self, _now: Instant) {
        if self.phase == Phase::In {
            let sequence = self.next_sequence();
            self.send(&Pdu::Terminate, sequence, None);
        }
    }

    fn receive(&mut self, now: Instant, _from: Peer, bytes: &[u8]) {
        self.deframer.push(bytes);
        while self.phase != Phase::Down {
            match self.deframer.next_pdu() {
                Ok(Some((header, body))) => {
                    self.flights.heard();
                    self.handle(now, header, &body);
                }
                Ok(None) => break,
                Err(_) => {
                    self.drops.count(now, "bad-length");
                    self.give_up("the gateway sends a length that cannot be");
                }
            }
        }
        self.report(now);
    }

    fn transmit(&mut self, now: Instant, job: Job) {
        if matches!(&job, Job::Send { carrier, .. } if *carrier == self.carrier()) {
            // Whoever started it has counted it against the room: what is left is told in any case.
            self.told = None;
        }
        let (id, done) = match job {
            Job::Send { id, carrier, .. } | Job::Acknowledge { id, carrier, .. }
                if carrier != self.carrier() =>
            {
                (id, Err(Refusal::NoCarrier))
            }
            Job::Send {
                id,
                transmission: Transmission::Sms(message),
                ..
            } => (id, self.submit(now, id, &message)),
            Job::Acknowledge {
                id,
                acknowledgement: Acknowledgement::Sms { token, answer },
                until,
                ..
            } if now <= until => (id, self.acknowledge(now, id, token, answer)),
            Job::Acknowledge {
                id,
                acknowledgement: Acknowledgement::Sms { .. },
                ..
            } => (id, Err(Refusal::TooLate)),
            Job::Send { id, .. }
            | Job::Acknowledge { id, .. }
            | Job::Collect { id, .. }
            | Job::Admit { id, .. } => (id, Err(Refusal::NotOffered)),
            // What was handed over has left.
            Job::Withdraw(_) => return,
        };
        if let Err(why) = done {
            self.step(id, Step::Refused(why));
        }
        self.report(now);
    }

    fn tick(&mut self, now: Instant) {
        match self.phase {
            Phase::Holding { until } if until <= now => self.log_in(now),
            Phase::Ending { until } if until <= now => self.give_up(CLOSED),
            Phase::LoggingIn { until, .. } if until <= now => {
                self.give_up("the gateway does not answer the log-in");
            }
            Phase::In => {
                self.serve_flights(now);
                if self.phase == Phase::In {
                    self.serve_test(now);
                }
            }
            _ => {}
        }
        let told = self.drops.tell(now, self.config.station);
        self.actions.extend(told.into_iter().map(Action::Notice));
        self.report(now);
    }

    fn deadline(&self) -> Option<Instant> {
        let own = match self.phase {
            Phase::Down => None,
            Phase::Holding { until } | Phase::LoggingIn { until, .. } | Phase::Ending { until } => {
                Some(until)
            }
            Phase::In => {
                let idle = self.heard + self.config.limits.idle;
                let test = self.test.map_or(idle, |test| test.until);
                let others = [self.flights.deadline(), self.pace.deadline()];
                others.into_iter().flatten().chain([test]).min()
            }
        };
        own.into_iter().chain(self.drops.deadline()).min()
    }

    fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
}

#[cfg(test)]
mod tests;
