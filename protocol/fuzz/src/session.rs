//! Any session, driven by anything.

use core::time::Duration;

use narrowcast_protocol::air::{
    Acknowledgement, CarrierId, Delivery, JobId, Text, TextForm, Transmission,
};
use narrowcast_protocol::session::{Action, Job, Peer, Session};
use narrowcast_protocol::time::Instant;

use super::air;
use super::input::Input;

/// Most actions that one input may cause: it is about two orders above what is usual.
const MOST_ACTIONS: usize = 4_096;
/// Longest datagram or frame that a session writes.
const LONGEST: usize = 512;

/// A session and what belongs to it.
#[derive(Debug)]
pub struct Driver<S> {
    /// The session.
    pub session: S,
    /// The time.
    pub now: Instant,
    /// Who may send.
    pub peers: Vec<Peer>,
    /// Where jobs may go.
    pub carriers: Vec<CarrierId>,
    jobs: u64,
}

impl<S: Session> Driver<S> {
    /// A session whose port has just been opened.
    pub fn new(session: S, peers: Vec<Peer>, carriers: Vec<CarrierId>) -> Self {
        let mut driver = Self {
            session,
            now: Instant::from_millis(1),
            peers,
            carriers,
            jobs: 0,
        };
        driver.session.opened(driver.now);
        driver
    }

    /// Everything that the session wants done.
    pub fn actions(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        while let Some(action) = self.session.poll() {
            if let Action::Send { bytes, .. } = &action {
                assert!(!bytes.is_empty() && bytes.len() <= LONGEST);
            }
            actions.push(action);
            assert!(actions.len() <= MOST_ACTIONS, "one input, endless actions");
        }
        actions
    }

    /// Lets so much time pass, ticking at each deadline as its owner does.
    pub fn pass(&mut self, time: Duration) -> Vec<Action> {
        let until = self.now + time;
        let mut actions = Vec::new();
        for _ in 0..MOST_ACTIONS {
            match self.session.deadline() {
                Some(at) if at <= until => self.now = self.now.max(at),
                _ => break,
            }
            self.session.tick(self.now);
            actions.extend(self.actions());
        }
        self.now = until;
        self.session.tick(until);
        actions.extend(self.actions());
        actions
    }

    /// One step as the input says, with `frames` as the valid things to receive.
    pub fn step(&mut self, input: &mut Input<'_>, choice: u8, frames: &[Vec<u8>]) -> Vec<Action> {
        match choice % 16 {
            0 => {
                let time = Duration::from_millis(input.wide() as u64);
                return self.pass(time);
            }
            1 => {
                let peer = *input.pick(&self.peers);
                self.session.receive(self.now, peer, input.some());
            }
            2 => {
                self.session.closed(self.now);
                self.session.opened(self.now);
            }
            3..=5 => {
                let job = self.job(input);
                self.session.transmit(self.now, job);
            }
            6..=10 => {
                let peer = *input.pick(&self.peers);
                let frame = input.damaged(frames);
                self.session.receive(self.now, peer, &frame);
            }
            _ => {
                let peer = *input.pick(&self.peers);
                self.session.receive(self.now, peer, input.frame(frames));
            }
        }
        let mut actions = self.actions();
        actions.extend(self.pass(Duration::from_millis(20)));
        actions
    }

    fn job(&mut self, input: &mut Input<'_>) -> Job {
        self.jobs += 1;
        let id = JobId(self.jobs);
        let carrier = *input.pick(&self.carriers);
        let until = self.now + Duration::from_millis(input.wide() as u64);
        let (from, to) = (air::radio(air::OWN), air::radio(air::RADIO));
        let acknowledgement = match input.number() % 8 {
            0 => Acknowledgement::Data {
                from,
                to,
                sap: input.octet().unwrap_or(0),
                sequence: input.octet().unwrap_or(0),
            },
            1 => Acknowledgement::Tms {
                from,
                to,
                reference: input.octet().unwrap_or(0),
            },
            2 => Acknowledgement::Emergency { from, to },
            3 => return Job::Withdraw(JobId(self.jobs.saturating_sub(input.number() as u64))),
            4 => {
                let transmission = Transmission::RadioCheck { from, to };
                return Job::Send {
                    id,
                    carrier,
                    transmission,
                };
            }
            5 => {
                let transmission = Transmission::Text(air::text(input, air::OWN, air::RADIO));
                return Job::Send {
                    id,
                    carrier,
                    transmission,
                };
            }
            _ => {
                let transmission = Transmission::Text(Text {
                    form: TextForm::Tms,
                    delivery: Delivery::Confirmed,
                    text: "山火".to_owned(),
                    ..air::text(input, air::OWN, air::RADIO)
                });
                return Job::Send {
                    id,
                    carrier,
                    transmission,
                };
            }
        };
        Job::Acknowledge {
            id,
            carrier,
            acknowledgement,
            until,
        }
    }
}
