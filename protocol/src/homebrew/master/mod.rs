//! The master: one socket, many stations.
//!
//! A repeater logs in (RPTL, RPTK, RPTC), keeps the link alive (RPTPING) and exchanges
//! bursts (DMRD); the gateway of a trunked site does the same under other names (DTCL, ...)
//! and exchanges whole messages besides (DMRT). Only the log-in is proved; afterwards a datagram is believed because it
//! comes from the address that logged in. What strangers send costs a bounded amount of
//! memory and answers: no state is kept before a proof, and MSTNAKs are rationed.

mod burst;
mod caller;
mod carrier;
mod carriers;
mod complaints;
mod config;
#[cfg(test)]
mod forged_tests;
mod guesses;
mod held;
mod limit;
mod login;
mod network;
mod quarantine;
mod relay;
mod relays;
mod station;
mod streams;
#[cfg(test)]
mod tests;
mod trunking;
mod unfit;

pub use config::{
    Expiry, MasterConfig, MasterConfigError, RelayRule, StationConfig, TrunkingConfig,
};
pub use network::{Network, NetworkError};
pub use quarantine::Stranger;

use core::time::Duration;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;

use self::caller::Caller;
use self::carrier::Waits;
use self::complaints::Complaints;
use self::guesses::Guesses;
use self::limit::{Rate, Recent};
use self::quarantine::Quarantine;
use self::relays::Relays;
use self::station::Station;
use self::streams::Streams;
use self::trunking::Trunking;
use super::drops::Drops;
use super::message::{Dialect, Message, Mstcl, Mstnak, Role};
use super::salts::Salts;
use crate::air::Slot;
use crate::session::{Action, Job, Peer, Session};
use crate::time::Instant;

/// The session of one master socket.
#[derive(Debug)]
pub struct HomebrewMaster {
    stations: Vec<Station>,
    // Only looked up, never iterated: their order depends on the process, the session's
    // behaviour must not.
    by_id: HashMap<u32, usize>,
    by_address: HashMap<SocketAddr, usize>,
    expiry: Expiry,
    /// No link expires before this.
    scan_at: Option<Instant>,
    salts: Salts,
    quarantine: Quarantine,
    naks: Rate,
    reports: Rate,
    recent: Recent,
    /// Log-ins refused since the last report of one.
    unreported: u32,
    complaints: Complaints,
    guesses: Guesses,
    /// Who got a challenge lately, and how many all together may.
    challenged: Recent,
    challenges: Rate,
    streams: Streams,
    drops: Drops,
    actions: VecDeque<Action>,
    /// Which carrier wants to be looked at when.
    due: BTreeSet<(Instant, usize, Slot)>,
    waits: Waits,
    relays: Relays,
    trunking: Trunking,
}

/// Links that expire within this time are looked for together.
const SCAN_EVERY: Duration = Duration::from_secs(1);
/// Reports of refused log-ins per second, whoever sends them; each says how many it stands for.
const REPORTS_PER_SECOND: u32 = 1;

impl HomebrewMaster {
    /// A master for the stations of `config`; `seed` is secret and different in every process.
    ///
    /// # Errors
    /// Two stations have the same id, or a relay rule names a stranger.
    pub fn new(config: MasterConfig, seed: [u8; 32]) -> Result<Self, MasterConfigError> {
        let mut by_id = HashMap::with_capacity(config.stations.len());
        for (index, station) in config.stations.iter().enumerate() {
            if by_id.insert(station.id.0, index).is_some() {
                return Err(MasterConfigError::Twice(station.id));
            }
        }
        let is_trunked = |index: usize| {
            let station = config.stations.get(index);
            station.is_some_and(|station| station.trunking.is_some())
        };
        let relays = Relays::new(&config.relays, &by_id, is_trunked)?;
        let stations = config.stations.into_iter().map(|config| Station {
            config,
            logins: 0,
            last_peer: None,
            link: None,
        });
        Ok(Self {
            stations: stations.collect(),
            by_id,
            by_address: HashMap::new(),
            expiry: config.expiry,
            scan_at: None,
            salts: Salts::new(seed),
            quarantine: Quarantine::new(config.quarantine),
            naks: Rate::per_second(config.naks_per_second),
            reports: Rate::per_second(REPORTS_PER_SECOND),
            recent: Recent::new(),
            unreported: 0,
            complaints: Complaints::new(),
            guesses: Guesses::new(),
            challenged: Recent::new(),
            challenges: Rate::per_second(config.naks_per_second),
            streams: Streams::default(),
            drops: Drops::default(),
            actions: VecDeque::new(),
            due: BTreeSet::new(),
            waits: Waits {
                response: config.response_wait,
                longest_call: config.longest_call,
            },
            relays,
            trunking: Trunking::default(),
        })
    }

    /// The ids that were refused at log-in lately, most recent last.
    #[must_use]
    pub fn quarantine(&self) -> &[Stranger] {
        self.quarantine.strangers()
    }

    fn station(&mut self, id: u32) -> Option<(usize, &mut Station)> {
        let index = *self.by_id.get(&id)?;
        Some((index, self.stations.get_mut(index)?))
    }

    fn send(&mut self, to: Caller, bytes: bytes::Bytes) {
        self.actions.push_back(Action::Send {
            to: Peer::Socket(to.peer),
            bytes: to.dialect.speak(bytes),
            for_job: None,
        });
    }

    /// Counts a datagram that was dropped; the sender's address says whose it was.
    fn drop_from(&mut self, now: Instant, peer: SocketAddr, cause: &'static str) {
        let station = self.by_address.get(&peer);
        let station = station.and_then(|&index| self.stations.get(index));
        let id = station.map(|station| station.config.id);
        self.drops.count(now, id, cause, 1);
    }

    /// Counts a datagram that was dropped, and tells the sender to log in again.
    fn refuse(&mut self, now: Instant, caller: Caller, id: u32, cause: &'static str) {
        let peer = caller.peer;
        self.drop_from(now, peer, cause);
        if !self.recent.answered(now, peer) && self.naks.allow(now) {
            self.recent.note(now, peer);
            self.send(caller, Mstnak { id }.encode());
        }
    }

    fn scan_no_later_than(&mut self, at: Instant) {
        self.scan_at = Some(self.scan_at.map_or(at, |scan| scan.min(at)));
    }

    /// Ends the links that were silent for too long.
    fn expire(&mut self, now: Instant) {
        if self.scan_at.is_none_or(|at| at > now) {
            return;
        }
        self.scan_at = None;
        for index in 0..self.stations.len() {
            let link = self.stations.get(index).and_then(|it| it.link.as_ref());
            let Some(link) = link else {
                continue;
            };
            let at = link.expires(&self.expiry);
            if link.has_closed(now) {
                self.leave(now, index, "logged out");
            } else if at <= now {
                self.leave(now, index, "silent for too long");
            } else {
                let overdue = link.overdue().filter(|_| !link.paused);
                self.scan_no_later_than(overdue.map_or(at, |it| it.min(at)).max(now + SCAN_EVERY));
                if overdue.is_some_and(|it| it <= now) {
                    self.pause(now, index, true);
                }
            }
        }
    }

    fn datagram(&mut self, now: Instant, caller: Caller, message: Message) {
        let peer = caller.peer;
        match message {
            Message::Dmrd(message) => self.burst(now, peer, &message),
            Message::Dmrt(message) => self.trunking_message(now, peer, &message),
            Message::Rptping(message) => self.keep_alive(now, caller, message.id),
            Message::Rptl(message) => self.log_in(now, caller, message.id),
            Message::Rptk(message) => self.prove(now, caller, &message),
            Message::Rptc(message) => self.configure(now, caller, message),
            Message::Rpto(message) => self.options(now, caller, message),
            Message::Rptcl(message) => self.close(now, caller, message.id),
            // A sign of life. What they say also comes, checked, inside the bursts.
            Message::Rptg(message) => self.sign_of_life(now, caller, message.id),
            Message::Dmra(message) => self.sign_of_life(now, caller, message.id),
            Message::Dmrg(message) => self.sign_of_life(now, caller, message.id),
            Message::Dtc(message) => {
                let dialect = Dialect::Trunking;
                self.datagram(now, Caller { dialect, ..caller }, message.into_twin());
            }
            Message::Rptack(_)
            | Message::Mstnak(_)
            | Message::Mstpong(_)
            | Message::Mstcl(_)
            | Message::Rptsbkn(_) => self.drop_from(now, peer, "unknown-message"),
        }
    }
}

impl Session for HomebrewMaster {
    fn opened(&mut self, _: Instant) {}

    fn closed(&mut self, now: Instant) {
        for index in 0..self.stations.len() {
            self.leave(now, index, "port lost");
        }
        self.scan_at = None;
    }

    /// Stations that are told log in again as soon as we are back, and need not notice by
    /// themselves.
    fn leaving(&mut self, _: Instant) {
        let links = self.stations.iter().filter_map(|station| {
            let (peer, dialect) = (station.link.as_ref()?.peer, station.config.dialect());
            Some((Caller { peer, dialect }, station.config.id.0))
        });
        for (caller, id) in links.collect::<Vec<_>>() {
            self.send(caller, Mstcl { id }.encode());
        }
    }

    fn receive(&mut self, now: Instant, from: Peer, bytes: &[u8]) {
        let Peer::Socket(peer) = from else {
            return self.drops.count(now, None, "no-address", 1);
        };
        match Message::decode(bytes, Role::Client) {
            Ok(message) => {
                let dialect = Dialect::Conventional;
                self.datagram(now, Caller { peer, dialect }, message);
            }
            Err(error) => self.unfit(now, peer, bytes, error),
        }
    }

    fn transmit(&mut self, now: Instant, job: Job) {
        self.job(now, job);
    }

    fn tick(&mut self, now: Instant) {
        self.expire(now);
        self.serve_due(now);
        let told = self.drops.tell(now).map(Action::Notice);
        self.actions.extend(told);
    }

    fn deadline(&self) -> Option<Instant> {
        let carrier = self.due.first().map(|(at, ..)| *at);
        [self.scan_at, self.drops.deadline(), carrier]
            .into_iter()
            .flatten()
            .min()
    }

    fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
}
