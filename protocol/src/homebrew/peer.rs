//! A repeater at somebody else's master: how Narrowcast joins a network that exists.
//!
//! The session logs in as a repeater does ([`Client`]) and treats what the master would have
//! put on the air as heard on the air: each timeslot is a conventional channel like those of
//! our own master, only that our bursts go to the master and from there to the repeaters.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::client::{Client, ClientAction, ClientConfig};
use super::drops::Drops;
use super::message::Dmrd;
use super::salts::Salts;
use super::timeslot::Timeslot;
use crate::air::{CarrierId, GroupId, JobId, RadioId, Slot, StationId};
use crate::dmr::channel::{ChannelConfig, LONGEST_CALL, Source, numbered_for};
use crate::dmr::slot_type::ColorCode;
use crate::session::{Action, Job, Notice, Peer, Refusal, Session, Step};
use crate::time::Instant;

/// What a peer is built with.
#[derive(Debug, Clone)]
pub struct PeerConfig {
    /// Its name in every report.
    pub station: StationId,
    /// Where its master is, for people.
    pub master: SocketAddr,
    /// How it logs in and what it says about itself. The id it logs in with may be another
    /// than `station`.
    pub client: ClientConfig,
    /// Our own address on that network.
    pub own: RadioId,
    /// The groups we own there.
    pub groups: Vec<GroupId>,
    /// Which timeslots are used.
    pub slots: Vec<Slot>,
    /// Colour code of our bursts; the repeaters rewrite it.
    pub color_code: ColorCode,
    /// How long a terminal's link layer is waited for after a confirmed packet.
    pub response_wait: core::time::Duration,
}

/// The session of one link to a master.
#[derive(Debug)]
pub struct HomebrewPeer {
    config: PeerConfig,
    client: Client,
    slots: Vec<Timeslot>,
    salts: Salts,
    drops: Drops,
    actions: VecDeque<Action>,
    /// The master's answer is overdue: the timeslots begin nothing until it is heard.
    paused: bool,
}

impl HomebrewPeer {
    /// A peer that waits for its port; `seed` is different in every process.
    #[must_use]
    pub fn new(config: PeerConfig, seed: [u8; 32]) -> Self {
        Self {
            client: Client::new(config.client.clone()),
            config,
            slots: Vec::new(),
            salts: Salts::new(seed),
            drops: Drops::default(),
            actions: VecDeque::new(),
            paused: false,
        }
    }

    fn drain(&mut self, now: Instant) {
        while let Some(action) = self.client.poll() {
            match action {
                ClientAction::Send(bytes) => self.actions.push_back(Action::Send {
                    to: Peer::Line,
                    bytes,
                    for_job: None,
                }),
                ClientAction::LoggedIn => self.logged_in(now),
                ClientAction::LoggedOut(why) => self.logged_out(now, why),
                ClientAction::Failed(why) => self.notice(Notice::LogInRefused {
                    claimed: self.client.id(),
                    peer: Peer::Line,
                    why,
                    count: 1,
                }),
                ClientAction::Burst(burst) => self.burst(now, &burst),
                // There is no transmitter that could send one.
                ClientAction::Beacon => {}
                ClientAction::Dropped(error) => self.dropped(now, error.label(), 1),
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        self.actions.push_back(Action::Notice(notice));
    }

    fn dropped(&mut self, now: Instant, cause: &'static str, count: u32) {
        let station = Some(self.config.station);
        self.drops.count(now, station, cause, count);
    }

    fn logged_in(&mut self, now: Instant) {
        let config = &self.config;
        let channel = |slot: &Slot| ChannelConfig {
            carrier: CarrierId {
                station: config.station,
                slot: *slot,
            },
            own: config.own,
            groups: config.groups.clone(),
            color_code: config.color_code,
            // The master passes on what repeaters hear: the bursts of radios.
            source: Source::Mobile,
            response_wait: config.response_wait,
            longest_call: LONGEST_CALL,
        };
        let slots = config.slots.iter().map(channel);
        self.paused = false;
        self.slots = slots.map(|slot| Timeslot::new(now, slot)).collect();
        self.notice(Notice::StationIdentified {
            station: self.config.station,
            description: format!(
                "logged in to the master at {} as {}",
                self.config.master,
                self.client.id()
            ),
        });
        self.serve(now);
    }

    fn logged_out(&mut self, now: Instant, why: &'static str) {
        for mut slot in core::mem::take(&mut self.slots) {
            slot.channel.close(now);
            slot.report(&mut self.actions);
        }
        let station = self.config.station;
        self.notice(Notice::StationLeft { station, why });
    }

    /// A burst for the air, which nobody here transmits: it is heard.
    fn burst(&mut self, now: Instant, message: &Dmrd) {
        // Some masters send everything to everybody, us included.
        if message.source == self.config.own.get() {
            return self.dropped(now, "own-burst", 1);
        }
        match self.slot(message.slot) {
            Some(slot) => slot
                .channel
                .heard_in_stream(now, message.stream, &message.burst),
            None => return self.dropped(now, "other-timeslot", 1),
        }
        self.serve(now);
    }

    fn slot(&mut self, slot: Slot) -> Option<&mut Timeslot> {
        self.slots.iter_mut().find(|it| it.slot() == slot)
    }

    /// Lets the timeslots do what is due.
    fn serve(&mut self, now: Instant) {
        let paused = self.client.overdue().is_some_and(|at| at <= now);
        if core::mem::replace(&mut self.paused, paused) != paused {
            let slots = self.slots.iter_mut();
            slots.for_each(|slot| slot.channel.pause(paused));
        }
        let mut dropped = Vec::new();
        for slot in &mut self.slots {
            let due = slot.serve(now, self.client.id(), &mut self.salts);
            if let Some((bytes, for_job)) = due {
                self.actions.push_back(Action::Send {
                    to: Peer::Line,
                    bytes,
                    for_job,
                });
            }
            dropped.extend(slot.report(&mut self.actions));
        }
        for (cause, count) in dropped {
            self.dropped(now, cause, count);
        }
    }

    fn refused(&mut self, id: JobId, why: Refusal) {
        let step = Step::Refused(why);
        self.actions.push_back(Action::Job { id, step });
    }

    /// The timeslot of a carrier, if it is there.
    fn at(&mut self, carrier: CarrierId) -> Option<&mut Timeslot> {
        let ours = carrier.station == self.config.station;
        self.slot(carrier.slot).filter(|_| ours)
    }
}

impl Session for HomebrewPeer {
    fn opened(&mut self, now: Instant) {
        self.client.opened(now);
    }

    fn closed(&mut self, now: Instant) {
        self.client.closed();
        self.drain(now);
    }

    fn leaving(&mut self, now: Instant) {
        self.client.close();
        self.drain(now);
    }

    fn receive(&mut self, now: Instant, _from: Peer, bytes: &[u8]) {
        self.client.receive(now, bytes);
        self.drain(now);
        self.serve(now);
    }

    fn transmit(&mut self, now: Instant, job: Job) {
        match job {
            Job::Send {
                id,
                carrier,
                transmission,
            } => {
                if let Some(to) = numbered_for(&transmission) {
                    let others = self.slots.iter_mut();
                    let others = others.filter(|it| it.slot() != carrier.slot);
                    others.for_each(|it| it.channel.used_elsewhere(to));
                }
                match self.at(carrier) {
                    Some(slot) => slot.channel.send(now, id, transmission),
                    None => self.refused(id, Refusal::NoCarrier),
                }
            }
            Job::Acknowledge {
                id,
                carrier,
                acknowledgement,
                until,
            } => match self.at(carrier) {
                Some(slot) => slot.channel.acknowledge(now, id, acknowledgement, until),
                None => self.refused(id, Refusal::NoCarrier),
            },
            Job::Collect { id, .. } | Job::Admit { id, .. } => {
                self.refused(id, Refusal::NotOffered);
            }
            Job::Withdraw(id) => {
                for slot in &mut self.slots {
                    slot.channel.withdraw(id);
                }
            }
        }
        self.serve(now);
    }

    fn tick(&mut self, now: Instant) {
        self.client.tick(now);
        self.drain(now);
        self.serve(now);
        let told = self.drops.tell(now).map(Action::Notice);
        self.actions.extend(told);
    }

    fn deadline(&self) -> Option<Instant> {
        let slots = self.slots.iter().filter_map(Timeslot::due).min();
        let overdue = self.client.overdue().filter(|_| !self.paused);
        [
            self.client.deadline(),
            self.drops.deadline(),
            slots,
            overdue,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
}

#[cfg(test)]
mod tests;
