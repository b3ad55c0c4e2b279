//! The state machine of one connection to a centre.
//!
//! ```text
//! opened ─▶ holding back ─▶ binding ─▶ bound ─▶ reopen
//!              ▲               │ refused     silence, no answers,
//!              └──── reopen ◀──┘             unbind, a false length
//! ```

mod bind;
mod incoming;
mod kept;
mod outgoing;

use core::time::Duration;
use std::collections::VecDeque;

use super::config::{ConfigError, Limits, SmppConfig};
use super::deframe::Deframer;
use super::header::Header;
use super::pdu::Pdu;
use super::status;
use crate::air::{Acknowledgement, CarrierId, JobId, Slot, Transmission};
use crate::session::{Action, CarrierState, Job, Notice, Peer, Refusal, Session, Step};
use crate::sms::drops::Drops;
use crate::sms::hold::Hold;
use crate::sms::pace::Pace;
use crate::sms::unanswered::Unanswered;
use crate::sms::window::{Stuck, Window, WindowLimits};
use crate::time::Instant;
use kept::Kept;

/// How long the centre has to close after we have answered its unbind; then we do.
const GOOD_BYE: Duration = Duration::from_secs(1);
/// Why a connection ends.
const CLOSED: &str = "the centre has closed the session";
/// Largest sequence number (clause 3.2).
const LAST_SEQUENCE: u32 = 0x7FFF_FFFF;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No connection, or one that is given up.
    Down,
    /// The centre has refused us: we wait before we ask again.
    Holding { until: Instant },
    /// The bind was sent.
    Binding { sequence: u32, until: Instant },
    /// Messages flow.
    In,
    /// The centre takes its leave: our answer is on its way.
    Ending { until: Instant },
}

/// An enquiry whose answer is awaited.
#[derive(Debug, Clone, Copy)]
struct Enquiry {
    until: Instant,
    /// How many in a row were not answered.
    missed: u8,
}

/// The session of one connection to a centre.
#[derive(Debug)]
pub struct SmppSession {
    config: SmppConfig,
    phase: Phase,
    /// Of our last request; counts on over connections.
    sequence: u32,
    deframer: Deframer,
    window: Window,
    unanswered: Unanswered<Kept>,
    pace: Pace,
    /// When something came that a centre says.
    heard: Instant,
    enquiry: Option<Enquiry>,
    /// The number of the last enquiry, until it is answered.
    enquired: Option<u32>,
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
        // The centre may have taken it, and the phone would show it twice.
        repeats: 0,
        stuck: Stuck::After(limits.stuck),
        sequence_at: 12,
    }
}

impl SmppSession {
    /// A session that waits for its port.
    ///
    /// # Errors
    /// The configuration cannot be.
    pub fn new(config: SmppConfig) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            phase: Phase::Down,
            sequence: 0,
            deframer: Deframer::new(config.limits.longest),
            window: Window::new(window(config.limits)),
            unanswered: Unanswered::new(),
            pace: Pace::new(config.limits.per_second),
            heard: Instant::ZERO,
            enquiry: None,
            enquired: None,
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
            self.sequence = if self.sequence >= LAST_SEQUENCE {
                1
            } else {
                self.sequence + 1
            };
            if !self.window.has(self.sequence) && self.enquired != Some(self.sequence) {
                return self.sequence;
            }
        }
    }

    fn send(&mut self, pdu: &Pdu, status: u32, sequence: u32, for_job: Option<JobId>) {
        self.actions.push_back(Action::Send {
            to: Peer::Line,
            bytes: pdu.encode(status, sequence),
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

    fn room(&mut self, now: Instant) -> usize {
        match self.phase {
            Phase::In => self.window.offered().min(self.pace.room(now)),
            _ => 0,
        }
    }

    /// Tells the engine how much room there is, if that has changed.
    fn report(&mut self, now: Instant) {
        let room = self.room(now);
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
        let pdu = match Pdu::decode(header.command, body) {
            Ok(pdu) => pdu,
            Err(_) => return self.unreadable(now, header),
        };
        match pdu {
            Pdu::BindResp(answer) => self.bind_answered(now, header, &answer),
            Pdu::EnquireLink => self.send(&Pdu::EnquireLinkResp, status::OK, header.sequence, None),
            Pdu::EnquireLinkResp => {
                if self.enquired != Some(header.sequence) {
                    return self.drops.count(now, "unasked-response");
                }
                self.enquired = None;
            }
            Pdu::Unbind => {
                self.send(&Pdu::UnbindResp, status::OK, header.sequence, None);
                let until = now + GOOD_BYE;
                self.leave(Phase::Ending { until }, CLOSED);
            }
            Pdu::UnbindResp => {}
            Pdu::SubmitSmResp(answer) => {
                if !self.submit_answered(now, header, &answer) {
                    return;
                }
            }
            Pdu::GenericNack => {
                if !self.not_understood(now, header) {
                    return;
                }
            }
            Pdu::DeliverSm(deliver) => self.deliver(now, header, body, &deliver),
            Pdu::Bind(_) | Pdu::SubmitSm(_) | Pdu::DeliverSmResp(_) => {
                self.drops.count(now, "wrong-way");
                return self.refuse(header, status::UNKNOWN_COMMAND);
            }
            Pdu::Other { command, .. } => {
                let cause = if command.is_request() {
                    "unknown-command"
                } else {
                    "unasked-response"
                };
                self.drops.count(now, cause);
                return self.refuse(header, status::UNKNOWN_COMMAND);
            }
        }
        self.heard = now;
        self.enquiry = None;
    }

    /// A request is answered even if it cannot be served, so that nobody waits.
    fn refuse(&mut self, header: Header, status: u32) {
        if header.command.is_request() {
            self.send(&Pdu::GenericNack, status, header.sequence, None);
        }
    }

    /// Asks whether the centre is there when it has been silent.
    fn serve_enquiry(&mut self, now: Instant) {
        let missed = match self.enquiry {
            None if self.heard + self.config.limits.idle <= now => 0,
            Some(enquiry) if enquiry.until <= now => enquiry.missed.saturating_add(1),
            _ => return,
        };
        if missed >= self.config.limits.enquiries {
            return self.give_up("the centre is silent");
        }
        let until = now + self.config.limits.enquiry;
        self.enquiry = Some(Enquiry { until, missed });
        let sequence = self.next_sequence();
        self.enquired = Some(sequence);
        self.send(&Pdu::EnquireLink, status::OK, sequence, None);
    }
}

impl Session for SmppSession {
    fn opened(&mut self, now: Instant) {
        self.deframer.clear();
        self.heard = now;
        match self.hold.until(now) {
            Some(until) => self.phase = Phase::Holding { until },
            None => self.bind(now),
        }
        self.report(now);
    }

    fn closed(&mut self, now: Instant) {
        self.leave(Phase::Down, "the connection is lost");
        self.deframer.clear();
        self.unanswered.clear();
        self.enquiry = None;
        self.enquired = None;
        for job in self.window.clear() {
            self.step(job, Step::Lost);
        }
        self.report(now);
    }

    fn leaving(&mut self, _now: Instant) {
        if self.phase == Phase::In {
            let sequence = self.next_sequence();
            self.send(&Pdu::Unbind, status::OK, sequence, None);
        }
    }

    fn receive(&mut self, now: Instant, _from: Peer, bytes: &[u8]) {
        self.deframer.push(bytes);
        while self.phase != Phase::Down {
            match self.deframer.next_pdu() {
                Ok(Some((header, body))) => {
                    self.window.heard();
                    self.handle(now, header, &body);
                }
                Ok(None) => break,
                Err(_) => {
                    self.drops.count(now, "bad-length");
                    self.give_up("the centre sends a length that cannot be");
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
            Phase::Holding { until } if until <= now => self.bind(now),
            Phase::Ending { until } if until <= now => self.give_up(CLOSED),
            Phase::Binding { until, .. } if until <= now => {
                self.give_up("the centre does not answer the bind");
            }
            Phase::In => {
                self.serve_window(now);
                if self.phase == Phase::In {
                    self.serve_enquiry(now);
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
            Phase::Holding { until } | Phase::Binding { until, .. } | Phase::Ending { until } => {
                Some(until)
            }
            Phase::In => {
                let idle = self.heard + self.config.limits.idle;
                let enquiry = self.enquiry.map_or(idle, |enquiry| enquiry.until);
                let others = [self.window.deadline(), self.pace.deadline()];
                others.into_iter().flatten().chain([enquiry]).min()
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
