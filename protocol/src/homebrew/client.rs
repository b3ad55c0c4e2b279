//! The repeater's side of a link: logs in, pings, logs in again.
//!
//! Driven like a [`Session`](crate::session::Session), but for one known master and
//! without jobs: whoever owns it hands over and takes whole bursts. Waits and repeats are
//! those of the gateway most repeaters stand behind.

use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;

use super::auth::Passphrase;
use super::message::{Dmrd, Message, MessageError, Role, Rptc, Rptcl, Rptk, Rptl, Rpto, Rptping};
use crate::time::Instant;

/// What a client is built with.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// What it knows together with the master.
    pub passphrase: Passphrase,
    /// What it says about itself; the id in it is the one it logs in with.
    pub identity: Rptc,
    /// Sent after the configuration, if any.
    pub options: Option<String>,
    /// Wait before the first log-in on a socket that was opened. 10 s; zero: at once.
    pub first: Duration,
    /// Wait between attempts, also between repeats of a step. 10 s.
    pub retry: Duration,
    /// The wait between attempts doubles with every one that fails, up to this; as long as
    /// `retry`, it stays. 10 s.
    pub longest_retry: Duration,
    /// Between keep-alives. 10 s.
    pub ping: Duration,
    /// Without any answer for this long, the link counts as lost. 60 s.
    pub give_up: Duration,
}

impl ClientConfig {
    /// The usual waits.
    #[must_use]
    pub const fn new(passphrase: Passphrase, identity: Rptc) -> Self {
        Self {
            passphrase,
            identity,
            options: None,
            first: Duration::from_secs(10),
            retry: Duration::from_secs(10),
            longest_retry: Duration::from_secs(10),
            ping: Duration::from_secs(10),
            give_up: Duration::from_secs(60),
        }
    }
}

/// A master whose answer comes so little late is not overdue.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// What a client wants done, or has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAction {
    /// Send this datagram to the master.
    Send(Bytes),
    /// The master accepted everything: bursts flow.
    LoggedIn,
    /// The link is gone; a new log-in follows by itself, except after [`Client::close`].
    LoggedOut(
        /// Why, in words.
        &'static str,
    ),
    /// A log-in failed; the next attempt follows by itself.
    Failed(
        /// Why, in words.
        &'static str,
    ),
    /// The master wants this on the air.
    Burst(Dmrd),
    /// The master wants a site beacon.
    Beacon,
    /// A datagram made no sense.
    Dropped(MessageError),
}

/// How far a log-in has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Waiting,
    LogIn,
    Proof([u8; 4]),
    Configuration,
    Options,
    Running,
}

/// The state machine of one repeater.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    state: State,
    /// When the next request, repeat or ping is due.
    due: Instant,
    /// When the master was last heard, or the log-in began.
    heard: Instant,
    /// The next wait between attempts.
    wait: Duration,
    actions: VecDeque<ClientAction>,
}

impl Client {
    /// A client that waits for [`opened`](Self::opened).
    #[must_use]
    pub const fn new(config: ClientConfig) -> Self {
        let wait = config.retry;
        Self {
            config,
            wait,
            state: State::Closed,
            due: Instant::ZERO,
            heard: Instant::ZERO,
            actions: VecDeque::new(),
        }
    }

    /// The id it logs in with.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.config.identity.id
    }

    /// Whether bursts flow.
    #[must_use]
    pub fn running(&self) -> bool {
        self.state == State::Running
    }

    /// The socket is open: the first request follows after `first`.
    pub fn opened(&mut self, now: Instant) {
        self.wait = self.config.retry;
        self.wait(now);
        self.due = now + self.config.first;
    }

    /// The socket was lost.
    pub fn closed(&mut self) {
        self.log_out("port lost");
        self.state = State::Closed;
    }

    /// Leaves in good order: RPTCL, and nothing more until [`opened`](Self::opened).
    pub fn close(&mut self) {
        if self.running() {
            self.send(Rptcl { id: self.id() }.encode());
        }
        self.log_out("closed");
        self.state = State::Closed;
    }

    /// Sends a burst that was heard; its repeater id becomes this one's. Without a log-in
    /// it is lost, as on the real thing.
    pub fn send_burst(&mut self, mut burst: Dmrd) {
        if self.running() {
            burst.repeater = self.id();
            self.send(burst.encode());
        }
    }

    /// A datagram from the master arrived.
    pub fn receive(&mut self, now: Instant, datagram: &[u8]) {
        if self.state == State::Closed {
            return;
        }
        match Message::decode(datagram, Role::Master) {
            Err(error) => self.actions.push_back(ClientAction::Dropped(error)),
            Ok(Message::Rptack(ack)) => self.accepted(now, ack.value),
            Ok(Message::Mstpong(_)) if self.running() => self.heard = now,
            Ok(Message::Dmrd(burst)) if self.running() => {
                self.actions.push_back(ClientAction::Burst(burst));
            }
            Ok(Message::Rptsbkn(_)) if self.running() => {
                self.actions.push_back(ClientAction::Beacon);
            }
            Ok(Message::Mstnak(_)) if self.state != State::Waiting => {
                let why = match self.state {
                    State::Running => "the master wants a new log-in",
                    State::Proof(_) => "the master refuses the passphrase",
                    State::Configuration | State::Options => "the master refuses the configuration",
                    State::Closed | State::Waiting | State::LogIn => {
                        "the master refuses the id, or the address it comes from"
                    }
                };
                self.start_over(now, why);
            }
            Ok(Message::Mstcl(_)) => self.start_over(now, "the master closes"),
            Ok(_) => {}
        }
    }

    /// Time has reached [`deadline`](Self::deadline). Calling it earlier does no harm.
    pub fn tick(&mut self, now: Instant) {
        let silent = now.since(self.heard) >= self.config.give_up;
        match self.state {
            State::Closed => {}
            State::Waiting if now < self.due => {}
            State::Waiting => {
                self.state = State::LogIn;
                self.heard = now;
                self.request(now);
            }
            _ if silent => self.start_over(now, "the master is silent"),
            _ if now >= self.due => self.request(now),
            _ => {}
        }
    }

    /// When the answer to a ping is overdue by half an interval, if the master stays
    /// silent: it may have been killed, and what is sent to it then is sent to nobody.
    #[must_use]
    pub fn overdue(&self) -> Option<Instant> {
        self.running()
            .then(|| self.heard + (self.config.ping + self.config.ping / 2).max(LEAST_PATIENCE))
    }

    /// When to call [`tick`](Self::tick) next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Closed => None,
            State::Waiting => Some(self.due),
            _ => Some(self.due.min(self.heard + self.config.give_up)),
        }
    }

    /// The next action, until there is none.
    pub fn poll(&mut self) -> Option<ClientAction> {
        self.actions.pop_front()
    }

    fn send(&mut self, bytes: Bytes) {
        self.actions.push_back(ClientAction::Send(bytes));
    }

    fn wait(&mut self, now: Instant) {
        self.state = State::Waiting;
        self.due = now + self.wait;
        let longest = self.config.longest_retry.max(self.config.retry);
        self.wait = (self.wait * 2).min(longest);
    }

    fn log_out(&mut self, why: &'static str) {
        if self.running() {
            self.actions.push_back(ClientAction::LoggedOut(why));
        }
    }

    fn start_over(&mut self, now: Instant, why: &'static str) {
        if !self.running() && self.state != State::Waiting {
            self.actions.push_back(ClientAction::Failed(why));
        }
        self.log_out(why);
        self.wait(now);
    }

    /// One answer looks like the other: whatever the step, it is accepted.
    fn accepted(&mut self, now: Instant, value: [u8; 4]) {
        self.state = match self.state {
            State::LogIn => State::Proof(value),
            State::Proof(_) => State::Configuration,
            State::Configuration if self.config.options.is_some() => State::Options,
            State::Configuration | State::Options => {
                self.actions.push_back(ClientAction::LoggedIn);
                self.wait = self.config.retry;
                State::Running
            }
            State::Closed | State::Waiting | State::Running => return,
        };
        self.heard = now;
        self.request(now);
    }

    /// Sends what the state asks for, and plans the repeat.
    fn request(&mut self, now: Instant) {
        let id = self.id();
        let (bytes, again) = match self.state {
            State::Closed | State::Waiting => return,
            State::LogIn => (Rptl { id }.encode(), self.config.retry),
            State::Proof(salt) => {
                let digest = self.config.passphrase.digest(salt);
                (Rptk { id, digest }.encode(), self.config.retry)
            }
            State::Configuration => (self.config.identity.encode(), self.config.retry),
            State::Options => {
                let options = self.config.options.clone().unwrap_or_default();
                (Rpto { id, options }.encode(), self.config.retry)
            }
            State::Running => (Rptping { id }.encode(), self.config.ping),
        };
        self.send(bytes);
        self.due = now + again;
    }
}
