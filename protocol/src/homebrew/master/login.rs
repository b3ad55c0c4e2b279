//! From a stranger's first datagram to a running station, and its end.

use std::net::SocketAddr;

use super::station::{Link, description};
use super::trunking::Site;
use super::{HomebrewMaster, carriers};
use crate::air::Slot;
use crate::homebrew::message::{Dialect, Mstpong, Rptack, Rptc, Rptk, Rpto};
use crate::session::{Action, Notice, Peer};
use crate::time::Instant;

/// Who sends a datagram, and under which names its answers go.
#[derive(Clone, Copy)]
pub(super) struct Caller {
    pub(super) peer: SocketAddr,
    pub(super) dialect: Dialect,
}

/// Where a datagram that names a station stands with us.
pub(super) enum Standing {
    /// From the address that logged in and told its configuration.
    Running(usize),
    /// From the address that proved itself and owes its configuration.
    Proved(usize),
    /// The station is logged in from another address.
    Elsewhere,
    /// Nobody is logged in under this id.
    Absent,
}

impl HomebrewMaster {
    pub(super) fn standing(&self, peer: SocketAddr, id: u32) -> Standing {
        let Some(&index) = self.by_id.get(&id) else {
            return Standing::Absent;
        };
        match self.stations.get(index).and_then(|it| it.link.as_ref()) {
            Some(link) if link.peer != peer => Standing::Elsewhere,
            Some(link) if link.running() => Standing::Running(index),
            Some(_) => Standing::Proved(index),
            None => Standing::Absent,
        }
    }

    /// The same for a datagram of a log-in: a station that speaks in the other dialect is
    /// not who it says.
    fn standing_of(&self, caller: Caller, id: u32) -> Standing {
        match self.standing(caller.peer, id) {
            Standing::Running(index) | Standing::Proved(index)
                if self
                    .stations
                    .get(index)
                    .is_none_or(|it| it.config.dialect() != caller.dialect) =>
            {
                Standing::Absent
            }
            standing => standing,
        }
    }

    fn link(&mut self, index: usize) -> Option<&mut Link> {
        self.stations.get_mut(index)?.link.as_mut()
    }

    fn accept(&mut self, caller: Caller, id: u32) {
        let value = id.to_be_bytes();
        self.send(caller, Rptack { value }.encode());
    }

    /// Refuses a log-in, and remembers who tried.
    fn refuse_login(&mut self, now: Instant, caller: Caller, id: u32, why: &'static str) {
        self.refuse(now, caller, id, "log-in-refused");
        let peer = caller.peer;
        if self.quarantine.note(now, id, peer, why) && self.reports.allow(now) {
            self.actions.push_back(Action::Notice(Notice::LogInRefused {
                claimed: id,
                peer: Peer::Socket(peer),
                why,
            }));
        }
    }

    /// RPTL: hands out the challenge. Changes nothing: anybody can send it in any name.
    pub(super) fn log_in(&mut self, now: Instant, caller: Caller, id: u32) {
        match self.station(id) {
            None => self.refuse_login(now, caller, id, "unknown id"),
            Some((_, station)) if !station.config.allows(caller.peer.ip()) => {
                self.refuse_login(now, caller, id, "address not allowed");
            }
            Some((_, station)) if station.config.dialect() != caller.dialect => {
                self.refuse_login(now, caller, id, "configured for the other kind of log-in");
            }
            Some((_, station)) => {
                let logins = station.logins;
                let value = self.salts.salt(id, caller.peer, logins);
                self.send(caller, Rptack { value }.encode());
            }
        }
    }

    /// RPTK: the newest valid proof wins.
    pub(super) fn prove(&mut self, now: Instant, caller: Caller, message: &Rptk) {
        let (id, peer) = (message.id, caller.peer);
        let Some(&index) = self.by_id.get(&id) else {
            return self.refuse_login(now, caller, id, "unknown id");
        };
        let Some(station) = self.stations.get(index) else {
            return;
        };
        if !station.config.allows(peer.ip()) {
            return self.refuse_login(now, caller, id, "address not allowed");
        }
        if station.config.dialect() != caller.dialect {
            let why = "configured for the other kind of log-in";
            return self.refuse_login(now, caller, id, why);
        }
        if let Some(link) = &station.link
            && link.peer == peer
            && link.proof == message.digest
        {
            return self.accept(caller, id);
        }
        let salt = self.salts.salt(id, peer, station.logins);
        if !station.config.passphrase.accepts(salt, &message.digest) {
            return self.refuse_login(now, caller, id, "wrong passphrase");
        }
        let (station_id, before) = (station.config.id, station.link.as_ref().map(|it| it.peer));
        if let Some(before) = before {
            if before != peer {
                self.actions.push_back(Action::Notice(Notice::StationMoved {
                    station: station_id,
                    from: Peer::Socket(before),
                    to: Peer::Socket(peer),
                }));
            }
            self.leave(now, index, "logged in again");
        }
        let link = Link::new(now, peer, message.digest);
        self.scan_no_later_than(link.expires(&self.expiry));
        if let Some(station) = self.stations.get_mut(index) {
            station.logins += 1;
            station.link = Some(link);
        }
        self.by_address.insert(peer, index);
        self.accept(caller, id);
    }

    /// RPTC: from here on the station runs.
    pub(super) fn configure(&mut self, now: Instant, caller: Caller, message: Box<Rptc>) {
        let id = message.id;
        let (Standing::Running(index) | Standing::Proved(index)) = self.standing_of(caller, id)
        else {
            return self.refuse(now, caller, id, "not-logged-in");
        };
        let Some(link) = self.link(index) else {
            return;
        };
        link.heard = now;
        if link.configuration.as_ref() != Some(&message) {
            let description = description(&message, caller.peer);
            link.configuration = Some(message);
            self.identified(index, description);
        }
        self.accept(caller, id);
        self.open_carriers(now, index);
    }

    /// The carriers appear with the first configuration of a log-in.
    fn open_carriers(&mut self, now: Instant, index: usize) {
        let waits = self.waits;
        let Some(station) = self.stations.get_mut(index) else {
            return;
        };
        let Some(link) = station
            .link
            .as_mut()
            .filter(|link| link.carriers.is_empty() && link.site.is_none())
        else {
            return;
        };
        let Some(said) = &link.configuration else {
            return;
        };
        if station.config.trunking.is_some() {
            link.site = Some(Box::new(Site::new(station.config.id)));
            return self.serve_site(now, index);
        }
        link.carriers = carriers::of_station(now, &station.config, said, waits);
        let slots: Vec<Slot> = link.carriers.iter().map(|it| it.timeslot.slot()).collect();
        for slot in slots {
            self.serve(now, index, slot);
        }
    }

    /// RPTO: noted and accepted; which groups a station gets is not for it to choose.
    pub(super) fn options(&mut self, now: Instant, caller: Caller, message: Rpto) {
        let id = message.id;
        let Standing::Running(index) = self.standing_of(caller, id) else {
            return self.refuse(now, caller, id, "not-logged-in");
        };
        let Some(link) = self.link(index) else {
            return;
        };
        link.heard = now;
        if link.options != message.options {
            link.options.clone_from(&message.options);
            self.identified(index, format!("options {}", message.options));
        }
        self.accept(caller, id);
    }

    /// RPTPING. Before the configuration it means that the station took one answer for
    /// another (they all look alike), so it must start again.
    pub(super) fn keep_alive(&mut self, now: Instant, caller: Caller, id: u32) {
        let Standing::Running(index) = self.standing_of(caller, id) else {
            return self.refuse(now, caller, id, "not-logged-in");
        };
        let expiry = self.expiry;
        if let Some(link) = self.link(index) {
            link.ping(now);
            let expires = link.expires(&expiry);
            self.scan_no_later_than(expires);
        }
        self.send(caller, Mstpong { id }.encode());
    }

    /// RPTCL.
    pub(super) fn close(&mut self, now: Instant, caller: Caller, id: u32) {
        match self.standing_of(caller, id) {
            Standing::Running(index) | Standing::Proved(index) => {
                self.leave(now, index, "logged out");
            }
            // Nothing to end, so no answer: it is leaving anyway.
            Standing::Elsewhere | Standing::Absent => {
                self.drop_from(now, caller.peer, "not-logged-in")
            }
        }
    }

    pub(super) fn sign_of_life(&mut self, now: Instant, caller: Caller, id: u32) {
        let Standing::Running(index) = self.standing(caller.peer, id) else {
            return self.drop_from(now, caller.peer, "not-logged-in");
        };
        if let Some(link) = self.link(index) {
            link.heard = now;
        }
    }

    fn identified(&mut self, index: usize, description: String) {
        if let Some(station) = self.stations.get(index) {
            let station = station.config.id;
            let notice = Notice::StationIdentified {
                station,
                description,
            };
            self.actions.push_back(Action::Notice(notice));
        }
    }

    /// Ends a station's link, if it has one.
    pub(super) fn leave(&mut self, now: Instant, index: usize, why: &'static str) {
        let Some(station) = self.stations.get_mut(index) else {
            return;
        };
        let id = station.config.id;
        if let Some(link) = station.link.take() {
            if self.by_address.get(&link.peer) == Some(&index) {
                self.by_address.remove(&link.peer);
            }
            self.close_carriers(now, index, link.carriers);
            if let Some(site) = link.site {
                self.close_site(now, index, *site);
            }
            let notice = Notice::StationLeft { station: id, why };
            self.actions.push_back(Action::Notice(notice));
        }
    }
}
