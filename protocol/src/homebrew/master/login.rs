//! From a stranger's first datagram to a running station, and its end.

use std::net::SocketAddr;

use super::station::{Link, description};
use super::{HomebrewMaster, carriers};
use crate::air::Slot;
use crate::homebrew::message::{Mstpong, Rptack, Rptc, Rptk, Rpto};
use crate::session::{Action, Notice, Peer};
use crate::time::Instant;

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

    fn link(&mut self, index: usize) -> Option<&mut Link> {
        self.stations.get_mut(index)?.link.as_mut()
    }

    fn accept(&mut self, peer: SocketAddr, id: u32) {
        let value = id.to_be_bytes();
        self.send(peer, Rptack { value }.encode());
    }

    /// Refuses a log-in, and remembers who tried.
    fn refuse_login(&mut self, now: Instant, peer: SocketAddr, id: u32, why: &'static str) {
        self.refuse(now, peer, id, "log-in-refused");
        if self.quarantine.note(now, id, peer, why) && self.reports.allow(now) {
            self.actions.push_back(Action::Notice(Notice::LogInRefused {
                claimed: id,
                peer: Peer::Socket(peer),
                why,
            }));
        }
    }

    /// RPTL: hands out the challenge. Changes nothing: anybody can send it in any name.
    pub(super) fn log_in(&mut self, now: Instant, peer: SocketAddr, id: u32) {
        match self.station(id) {
            None => self.refuse_login(now, peer, id, "unknown id"),
            Some((_, station)) if !station.config.allows(peer.ip()) => {
                self.refuse_login(now, peer, id, "address not allowed");
            }
            Some((_, station)) => {
                let logins = station.logins;
                let value = self.salts.salt(id, peer, logins);
                self.send(peer, Rptack { value }.encode());
            }
        }
    }

    /// RPTK: the newest valid proof wins.
    pub(super) fn prove(&mut self, now: Instant, peer: SocketAddr, message: &Rptk) {
        let id = message.id;
        let Some(&index) = self.by_id.get(&id) else {
            return self.refuse_login(now, peer, id, "unknown id");
        };
        let Some(station) = self.stations.get(index) else {
            return;
        };
        if !station.config.allows(peer.ip()) {
            return self.refuse_login(now, peer, id, "address not allowed");
        }
        if let Some(link) = &station.link
            && link.peer == peer
            && link.proof == message.digest
        {
            return self.accept(peer, id);
        }
        let salt = self.salts.salt(id, peer, station.logins);
        if !station.config.passphrase.accepts(salt, &message.digest) {
            return self.refuse_login(now, peer, id, "wrong passphrase");
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
        self.accept(peer, id);
    }

    /// RPTC: from here on the station runs.
    pub(super) fn configure(&mut self, now: Instant, peer: SocketAddr, message: Box<Rptc>) {
        let id = message.id;
        let (Standing::Running(index) | Standing::Proved(index)) = self.standing(peer, id) else {
            return self.refuse(now, peer, id, "not-logged-in");
        };
        let Some(link) = self.link(index) else {
            return;
        };
        link.heard = now;
        if link.configuration.as_ref() != Some(&message) {
            let description = description(&message, peer);
            link.configuration = Some(message);
            self.identified(index, description);
        }
        self.accept(peer, id);
        self.open_carriers(now, index);
    }

    /// The carriers appear with the first configuration of a log-in.
    fn open_carriers(&mut self, now: Instant, index: usize) {
        let response_wait = self.response_wait;
        let Some(station) = self.stations.get_mut(index) else {
            return;
        };
        let Some(link) = station
            .link
            .as_mut()
            .filter(|link| link.carriers.is_empty())
        else {
            return;
        };
        let Some(said) = &link.configuration else {
            return;
        };
        link.carriers = carriers::of_station(now, &station.config, said, response_wait);
        let slots: Vec<Slot> = link.carriers.iter().map(|carrier| carrier.slot).collect();
        for slot in slots {
            self.serve(now, index, slot);
        }
    }

    /// RPTO: noted and accepted; which groups a station gets is not for it to choose.
    pub(super) fn options(&mut self, now: Instant, peer: SocketAddr, message: Rpto) {
        let id = message.id;
        let Standing::Running(index) = self.standing(peer, id) else {
            return self.refuse(now, peer, id, "not-logged-in");
        };
        let Some(link) = self.link(index) else {
            return;
        };
        link.heard = now;
        if link.options != message.options {
            link.options.clone_from(&message.options);
            self.identified(index, format!("options {}", message.options));
        }
        self.accept(peer, id);
    }

    /// RPTPING. Before the configuration it means that the station took one answer for
    /// another (they all look alike), so it must start again.
    pub(super) fn keep_alive(&mut self, now: Instant, peer: SocketAddr, id: u32) {
        let Standing::Running(index) = self.standing(peer, id) else {
            return self.refuse(now, peer, id, "not-logged-in");
        };
        let expiry = self.expiry;
        if let Some(link) = self.link(index) {
            link.ping(now);
            let expires = link.expires(&expiry);
            self.scan_no_later_than(expires);
        }
        self.send(peer, Mstpong { id }.encode());
    }

    /// RPTCL.
    pub(super) fn close(&mut self, now: Instant, peer: SocketAddr, id: u32) {
        match self.standing(peer, id) {
            Standing::Running(index) | Standing::Proved(index) => {
                self.leave(now, index, "logged out");
            }
            // Nothing to end, so no answer: it is leaving anyway.
            Standing::Elsewhere | Standing::Absent => self.drop_from(now, peer, "not-logged-in"),
        }
    }

    pub(super) fn sign_of_life(&mut self, now: Instant, peer: SocketAddr, id: u32) {
        let Standing::Running(index) = self.standing(peer, id) else {
            return self.drop_from(now, peer, "not-logged-in");
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
            let notice = Notice::StationLeft { station: id, why };
            self.actions.push_back(Action::Notice(notice));
        }
    }
}
