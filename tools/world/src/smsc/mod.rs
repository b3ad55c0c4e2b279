//! An operator's short message centre (SMPP 3.4) or gateway (CMPP 2.0 and 3.0), with the people
//! who hold the phones.
//!
//! It checks what a strict one checks: account, password or proof, sequence numbers, lengths and
//! the fields of each message. What it finds wrong it refuses as the protocol says, and tells as
//! [`CentreEvent::Odd`]. What it does wrong on purpose stands in [`Faults`].
//!
//! * [`config`]: what it is built with
//! * `wire`: which protocol is spoken; `smpp` and `cmpp`: their octets; `request` and `delivery`:
//!   what they say in either
//! * `desk`: takes messages; `rounds`: brings receipts and answers

mod cmpp;
pub mod config;
mod delivery;
mod desk;
mod event;
mod request;
mod rounds;
mod smpp;
mod task;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use narrowcast_protocol::time::Instant;

pub use config::{CentreConfig, CentreKind, Faults, IdForm, People};
use delivery::{Delivery, What};
pub use event::{CentreEvent, Given, Message};
use request::{LogInRefusal, Request};
use task::{Phase, Task};
use wire::Wire;

use crate::rng::Rng;

/// How long a client has to answer our good-bye.
const GOOD_BYE: Duration = Duration::from_secs(5);

/// A centre with one account.
#[derive(Debug)]
pub struct Centre {
    config: CentreConfig,
    wire: Wire,
    rng: Rng,
    phase: Phase,
    /// Counts connections.
    connection: u32,
    /// Of our last request on this connection.
    sequence: u32,
    /// Whether an enquiry of ours waits for its answer.
    enquired: bool,
    /// What is due, by time and order.
    tasks: BTreeMap<(Instant, u64), Task>,
    planned: u64,
    /// What waits for the client's window.
    waiting: VecDeque<Delivery>,
    /// What the client has not answered, by sequence number.
    open: BTreeMap<u32, Delivery>,
    /// The answers to the last messages of this connection, by sequence number: a message that is
    /// sent again gets its answer again.
    answered: VecDeque<(u32, Bytes)>,
    /// Messages that came, over all connections.
    submits: u32,
    /// Of the last name that was given.
    number: u64,
    out: VecDeque<CentreEvent>,
}

impl Centre {
    /// A centre that waits for its client.
    #[must_use]
    pub fn new(config: CentreConfig) -> Self {
        Self {
            wire: Wire::new(&config),
            rng: Rng::new(config.seed),
            phase: Phase::Away,
            connection: 0,
            sequence: 0,
            enquired: false,
            tasks: BTreeMap::new(),
            planned: 0,
            waiting: VecDeque::new(),
            open: BTreeMap::new(),
            answered: VecDeque::new(),
            submits: 0,
            number: config.first_id,
            out: VecDeque::new(),
            config,
        }
    }

    /// A client has connected. What it had not answered before waits again.
    pub fn connected(&mut self, now: Instant) {
        self.disconnected();
        self.connection = self.connection.wrapping_add(1);
        self.phase = Phase::Open;
        self.run(now);
    }

    /// The connection is gone.
    pub fn disconnected(&mut self) {
        self.phase = Phase::Away;
        self.sequence = 0;
        self.enquired = false;
        self.wire.clear();
        self.answered.clear();
        let open = std::mem::take(&mut self.open);
        for delivery in open.into_values().rev() {
            self.waiting.push_front(delivery);
        }
    }

    /// Whether a client is connected.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.phase != Phase::Away
    }

    /// What it does wrong from now on.
    pub const fn faults(&mut self) -> &mut Faults {
        &mut self.config.faults
    }

    /// How many messages came until now, over all connections.
    #[must_use]
    pub const fn submits(&self) -> u32 {
        self.submits
    }

    /// A person writes to `ours`, the client's number.
    pub fn write(&mut self, now: Instant, phone: &str, ours: &str, text: &str) {
        let delivery = Delivery {
            own: self.rng.draw(),
            phone: phone.to_owned(),
            ours: ours.to_owned(),
            what: What::Text(text.to_owned()),
        };
        self.plan(now, Task::Bring(delivery));
        self.run(now);
    }

    /// Bytes from the client.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        if self.phase == Phase::Away {
            return;
        }
        self.wire.push(bytes);
        while self.phase != Phase::Away {
            match self.wire.next() {
                Ok(Some(request)) => self.take(now, request),
                Ok(None) => break,
                Err(why) => self.close(why),
            }
        }
        self.run(now);
    }

    /// Time has reached [`deadline`](Self::deadline).
    pub fn tick(&mut self, now: Instant) {
        self.run(now);
    }

    /// When to call [`tick`](Self::tick) next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.tasks.first_key_value().map(|((at, _), _)| *at)
    }

    /// What it did next.
    pub fn poll(&mut self) -> Option<CentreEvent> {
        self.out.pop_front()
    }

    fn take(&mut self, now: Instant, request: Request) {
        if self.phase == Phase::Silent {
            return;
        }
        match request {
            Request::LogIn { sequence, refusal } => self.log_in(now, sequence, refusal),
            Request::Submit(submit) => self.submit(now, *submit),
            Request::Enquiry { sequence } => {
                let answer = self.wire.enquiry_answer(sequence);
                self.say(answer);
            }
            Request::EnquiryAnswered => self.enquired = false,
            Request::Leave { sequence } => {
                let answer = self.wire.leave_answer(sequence);
                self.say(answer);
                self.tell(CentreEvent::LoggedOut);
                self.close("the client has taken its leave");
            }
            Request::LeaveAnswered => self.close("the client has answered our good-bye"),
            Request::Kept { sequence, kept } => self.kept(now, sequence, kept),
            Request::Wrong { answer, why } => {
                self.tell(CentreEvent::Odd(why));
                answer.into_iter().for_each(|answer| self.say(answer));
            }
        }
    }

    fn log_in(&mut self, now: Instant, sequence: u32, refusal: Option<LogInRefusal>) {
        if self.phase != Phase::Open {
            self.tell(CentreEvent::Odd("a log-in of who is in already"));
            return self.close("the client has logged in twice");
        }
        let answer = self.wire.log_in_answer(sequence, refusal);
        self.say(answer);
        if let Some(refusal) = refusal {
            self.tell(CentreEvent::Refused(refusal.in_words()));
            return self.close("the client was not let in");
        }
        self.phase = Phase::In;
        self.tell(CentreEvent::LoggedIn);
        if let Some(pause) = self.config.keep_alive {
            self.plan(now + pause, Task::Enquire(self.connection));
        }
        self.bring(now);
    }

    fn tell(&mut self, event: CentreEvent) {
        self.out.push_back(event);
    }

    fn say(&mut self, bytes: Bytes) {
        if !matches!(self.phase, Phase::Away | Phase::Silent) {
            self.out.push_back(CentreEvent::Send(bytes));
        }
    }

    fn close(&mut self, why: &'static str) {
        self.disconnected();
        self.out.push_back(CentreEvent::Close(why));
    }

    fn plan(&mut self, at: Instant, task: Task) {
        self.planned += 1;
        self.tasks.insert((at, self.planned), task);
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1).max(1);
        self.sequence
    }

    /// Does what is due.
    fn run(&mut self, now: Instant) {
        while let Some(entry) = self.tasks.first_entry() {
            if entry.key().0 > now {
                break;
            }
            match entry.remove() {
                Task::Say(connection, bytes) if connection == self.connection => self.say(bytes),
                Task::Close(connection, why)
                    if connection == self.connection && self.is_connected() =>
                {
                    self.close(why);
                }
                Task::Enquire(connection) if connection == self.connection => self.enquire(now),
                Task::Bring(delivery) => {
                    self.waiting.push_back(delivery);
                    self.bring(now);
                }
                Task::Say(..) | Task::Close(..) | Task::Enquire(_) => {}
            }
        }
    }

    fn enquire(&mut self, now: Instant) {
        if self.phase != Phase::In {
            return;
        }
        if self.enquired {
            return self.close("the client does not answer our enquiry");
        }
        self.enquired = true;
        let sequence = self.next_sequence();
        let enquiry = self.wire.enquiry(sequence);
        self.say(enquiry);
        if let Some(pause) = self.config.keep_alive {
            self.plan(now + pause, Task::Enquire(self.connection));
        }
    }
}
