//! The state machine of one modem.
//!
//! ```text
//! opened ─▶ holding back ─▶ starting ─▶ up ─▶ reopen
//!              ▲               │ PIN     silence, the same
//!              └──── reopen ◀──┘ refused fault again and again
//! ```
//!
//! One command is under way at a time, and one message. Texts of phones stay in the modem until
//! they are on our disk; reports that the modem does not store are handed on as they come.

mod command;
mod outgoing;
mod receiving;
mod sending;
mod start;
mod store;

use std::collections::VecDeque;

use bytes::Bytes;

use super::cause;
use super::config::{ConfigError, GsmConfig};
use super::lines::{Lines, Said};
use crate::air::{Acknowledgement, CarrierId, JobId, Slot, Transmission};
use crate::session::{Action, CarrierState, Job, Notice, Peer, Refusal, Session, Step};
use crate::sms::drops::Drops;
use crate::sms::hold::Hold;
use crate::sms::unanswered::Unanswered;
use crate::time::Instant;
use command::{Ask, ESCAPE, Ended, Phase, Running, Start, is_registered};
use outgoing::Outgoing;
use store::{Expected, Stored, Task};

use core::time::Duration;

/// How often a silent modem is woken before it is given up.
const WAKES: u8 = 3;
/// After a late answer nothing is asked for so long: another one may follow.
const SETTLE: Duration = Duration::from_millis(500);
/// Most lines of one answer that are kept; the store of a card has at most 255 messages.
const MOST_LINES: usize = 16;

/// The session of one modem.
#[derive(Debug)]
pub struct GsmSession {
    config: GsmConfig,
    phase: Phase,
    lines: Lines,
    running: Option<Running>,
    /// Nothing is asked before.
    quiet_until: Option<Instant>,
    outgoing: Option<Outgoing>,
    /// No message begins before.
    pause_until: Option<Instant>,
    /// Faults of the modem in a row.
    faults: u8,
    tasks: VecDeque<Task>,
    /// Messages whose digits come next, the newest last.
    expected: Vec<Expected>,
    unanswered: Unanswered<Stored>,
    /// Whether the network was there when it was asked last.
    registered: bool,
    health_at: Instant,
    look_at: Instant,
    /// Whether the PIN was tried: a second wrong one is one too many.
    pin_tried: bool,
    /// What the modem says about itself.
    identity: Vec<String>,
    /// Since when the network is awaited.
    searching: Option<Instant>,
    hold: Hold,
    /// What the engine was told last.
    told: Option<(CarrierState, u8)>,
    drops: Drops,
    actions: VecDeque<Action>,
}

impl GsmSession {
    /// A session that waits for its port.
    ///
    /// # Errors
    /// The configuration cannot be.
    pub fn new(config: GsmConfig) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            config,
            phase: Phase::Down,
            lines: Lines::default(),
            running: None,
            quiet_until: None,
            outgoing: None,
            pause_until: None,
            faults: 0,
            tasks: VecDeque::new(),
            expected: Vec::new(),
            unanswered: Unanswered::new(),
            registered: false,
            health_at: Instant::ZERO,
            look_at: Instant::ZERO,
            pin_tried: false,
            identity: Vec::new(),
            searching: None,
            hold: Hold::new(),
            told: Some((CarrierState::Gone, 0)),
            drops: Drops::default(),
            actions: VecDeque::new(),
        })
    }

    const fn carrier(&self) -> CarrierId {
        CarrierId {
            station: self.config.station,
            slot: Slot::One,
        }
    }

    fn write(&mut self, bytes: impl Into<Bytes>, for_job: Option<JobId>) {
        self.actions.push_back(Action::Send {
            to: Peer::Line,
            bytes: bytes.into(),
            for_job,
        });
    }

    /// Writes a command and waits for its end.
    fn ask(&mut self, now: Instant, ask: Ask, text: String, for_job: Option<JobId>) {
        let (before, end) = match ask {
            Ask::Wake { .. } => ("\u{1B}", "\r"),
            Ask::Sending => ("", "\u{1A}"),
            _ => ("", "\r"),
        };
        self.write(format!("{before}{text}{end}").into_bytes(), for_job);
        let limits = &self.config.limits;
        let time = match ask {
            Ask::Sending => limits.network,
            // Many messages over a slow line.
            Ask::Task(Task::Look) => limits.answer * 4,
            _ => limits.answer,
        };
        self.running = Some(Running {
            ask,
            text,
            until: now + time,
            lines: Vec::new(),
        });
    }

    fn step(&mut self, id: JobId, step: Step) {
        self.actions.push_back(Action::Job { id, step });
    }

    fn notice(&mut self, notice: Notice) {
        self.actions.push_back(Action::Notice(notice));
    }

    /// The port is of no use any more; [`Session::closed`] follows.
    fn give_up(&mut self, why: &'static str) {
        self.leave(Phase::Down, why);
        self.running = None;
        self.actions.push_back(Action::Reopen { why });
    }

    /// Messages flow no more.
    fn leave(&mut self, next: Phase, why: &'static str) {
        if core::mem::replace(&mut self.phase, next) == Phase::Up {
            let station = self.config.station;
            self.notice(Notice::StationLeft { station, why });
        }
    }

    /// The card or the modem refuses to be used.
    fn refused(&mut self, now: Instant, why: &'static str) {
        self.notice(Notice::LogInRefused {
            claimed: self.config.station.0,
            peer: Peer::Line,
            why,
            count: 1,
        });
        self.hold.refused(now);
        self.give_up("the modem cannot be used");
    }

    fn room(&self) -> u8 {
        let free = self.phase == Phase::Up
            && self.registered
            && self.outgoing.is_none()
            && self.pause_until.is_none();
        free.into()
    }

    /// Tells the engine how much room there is, if that has changed.
    fn report(&mut self) {
        let state = match self.phase {
            Phase::Up if self.registered => CarrierState::Up,
            Phase::Up => CarrierState::Busy,
            _ => CarrierState::Gone,
        };
        let told = (state, self.room());
        if self.told.replace(told) != Some(told) {
            let (state, room) = told;
            let id = self.carrier();
            self.actions.push_back(Action::Carrier { id, state, room });
        }
    }

    fn begin(&mut self, now: Instant) {
        self.phase = Phase::Starting { step: Start::FIRST };
        self.searching = None;
        self.identity.clear();
        self.wake(now, 0);
    }

    fn wake(&mut self, now: Instant, tries: u8) {
        self.ask(now, Ask::Wake { tries }, "AT".to_owned(), None);
    }

    /// The modem says by itself that it begins anew: what was set is forgotten.
    fn restarted(&mut self, now: Instant) {
        self.drops.count(now, "modem-reset");
        self.leave(Phase::Down, "the modem has begun anew");
        self.abandon();
        self.begin(now);
    }

    /// Ends everything that was under way.
    fn abandon(&mut self) {
        self.running = None;
        self.quiet_until = None;
        self.expected.clear();
        self.unanswered.clear();
        self.end_outgoing();
        for task in core::mem::take(&mut self.tasks) {
            if let Task::Delete { job, .. } = task {
                self.step(job, Step::Lost);
            }
        }
    }

    fn line(&mut self, now: Instant, line: String) {
        let echo = |it: &Running| !line.is_empty() && it.text == line;
        if self.running.as_ref().is_some_and(echo) {
            return;
        }
        if matches!(line.as_str(), "RDY" | "^SYSSTART") {
            return self.restarted(now);
        }
        if let Some(ended) = ended(&line) {
            return self.ended(now, ended);
        }
        if self.announced(now, &line) {
            return;
        }
        match &mut self.running {
            Some(running) if running.lines.len() < MOST_LINES => running.lines.push(line),
            _ => self.drops.count(now, "unasked-line"),
        }
    }

    fn ended(&mut self, now: Instant, ended: Ended) {
        let Some(running) = self.running.take() else {
            self.drops.count(now, "late-answer");
            if let Some(until) = &mut self.quiet_until {
                *until = now + SETTLE;
            }
            return;
        };
        match running.ask {
            Ask::Wake { .. } => self.quiet_until = Some(now + SETTLE),
            Ask::Start(step) => self.started(now, step, ended, &running.lines),
            Ask::Prompt | Ask::Sending => self.sent(now, ended, &running.lines),
            Ask::Task(task) => self.served(now, task, ended),
            Ask::Network => {
                if ended == Ended::Ok {
                    self.registered = is_registered(&running.lines);
                    if !self.registered {
                        self.drops.count(now, "no-network");
                    }
                }
            }
        }
        self.go_on(now);
    }

    /// The command that is under way has had its time.
    fn timed_out(&mut self, now: Instant) {
        let Some(running) = self.running.take() else {
            return;
        };
        self.expected.clear();
        let tries = match running.ask {
            Ask::Wake { tries } => tries + 1,
            Ask::Prompt | Ask::Sending => {
                self.unanswered_message(now, &running.lines);
                0
            }
            Ask::Task(task) => {
                self.unselected(task);
                0
            }
            Ask::Start(_) | Ask::Network => 0,
        };
        self.drops.count(now, "no-answer");
        if tries >= WAKES {
            return self.give_up("the modem does not answer");
        }
        self.wake(now, tries);
    }

    /// Begins the next command, if none is under way.
    fn go_on(&mut self, now: Instant) {
        self.quiet_until = self.quiet_until.filter(|until| *until > now);
        self.pause_until = self.pause_until.filter(|until| *until > now);
        if self.running.is_some() || self.quiet_until.is_some() {
            return;
        }
        match self.phase {
            Phase::Starting { step } => self.start(now, step),
            Phase::Up => {
                if self.begin_message(now) || self.begin_task(now) {
                    return;
                }
                if self.health_at <= now {
                    self.health_at = now + self.config.limits.health;
                    self.ask(now, Ask::Network, "AT+CREG?".to_owned(), None);
                }
            }
            Phase::Down | Phase::Holding { .. } => {}
        }
    }
}

/// The end of an answer, if the line is one (TS 27.007 clause 4.1).
fn ended(line: &str) -> Option<Ended> {
    match line {
        "OK" => return Some(Ended::Ok),
        "ERROR" => return Some(Ended::Error(cause::NONE)),
        _ => {}
    }
    let fault = line.strip_prefix("+CMS ERROR:");
    let fault = fault.or_else(|| line.strip_prefix("+CME ERROR:"))?;
    Some(Ended::Error(fault.trim().parse().unwrap_or(cause::NONE)))
}

impl Session for GsmSession {
    fn opened(&mut self, now: Instant) {
        self.lines.clear();
        match self.hold.until(now) {
            Some(until) => self.phase = Phase::Holding { until },
            None => self.begin(now),
        }
        self.report();
    }

    fn closed(&mut self, _now: Instant) {
        self.leave(Phase::Down, "the port is lost");
        self.lines.clear();
        self.abandon();
        self.report();
    }

    fn leaving(&mut self, _now: Instant) {
        if self
            .running
            .as_ref()
            .is_some_and(|it| it.ask == Ask::Prompt)
        {
            self.write(ESCAPE, None);
        }
    }

    fn receive(&mut self, now: Instant, _from: Peer, bytes: &[u8]) {
        self.lines.push(bytes);
        while let Some(said) = self.lines.next_said() {
            match (self.phase, said) {
                (Phase::Down | Phase::Holding { .. }, _) => self.drops.count(now, "unasked-line"),
                (_, Said::Line(line)) => self.line(now, line),
                (_, Said::Prompt) => self.prompted(now),
            }
        }
        if self.lines.take_dropped() > 0 {
            self.drops.count(now, "long-line");
        }
        self.report();
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
            Job::Withdraw(id) => {
                self.withdraw(id);
                return self.report();
            }
        };
        if let Err(why) = done {
            self.step(id, Step::Refused(why));
        }
        self.report();
    }

    fn tick(&mut self, now: Instant) {
        match self.phase {
            Phase::Down => {}
            Phase::Holding { until } => {
                if until <= now {
                    self.begin(now);
                }
            }
            Phase::Starting { .. } | Phase::Up => {
                if self.running.as_ref().is_some_and(|it| it.until <= now) {
                    self.timed_out(now);
                }
                self.go_on(now);
            }
        }
        let told = self.drops.tell(now, self.config.station);
        self.actions.extend(told.into_iter().map(Action::Notice));
        self.report();
    }

    fn deadline(&self) -> Option<Instant> {
        let running = self.running.as_ref().map(|it| it.until);
        let idle = |at: Instant| Some(at).filter(|_| running.is_none());
        let own = match self.phase {
            Phase::Down => [None; 4],
            Phase::Holding { until } => [Some(until), None, None, None],
            Phase::Starting { .. } => [running, self.quiet_until.and_then(idle), None, None],
            // What must wait for a quiet line waits with it.
            Phase::Up if self.quiet_until.is_some() && running.is_none() => {
                [self.quiet_until, self.pause_until, None, None]
            }
            Phase::Up => [
                running,
                self.pause_until,
                idle(self.health_at),
                idle(self.look_at),
            ],
        };
        own.into_iter().flatten().chain(self.drops.deadline()).min()
    }

    fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
}

#[cfg(test)]
mod tests;
