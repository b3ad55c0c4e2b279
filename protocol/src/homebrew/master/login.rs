//! From a stranger's first datagram to a running station, and its end.

use std::net::SocketAddr;

use super::HomebrewMaster;
use super::caller::{Caller, Standing};
use super::carrier;
use super::station::{Link, description};
use super::trunking::Site;
use crate::air::Slot;
use crate::homebrew::message::{Mstpong, Rptack, Rptc, Rptk, Rpto};
use crate::session::{Action, Notice, Peer};
use crate::time::Instant;

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
        self.unreported = self.unreported.saturating_add(1);
        let is_new = self.quarantine.note(now, id, peer, why);
        if is_new && !self.reports.allow(now) {
            // Its next try is told, not one in a minute.
            self.quarantine.untold();
        } else if is_new {
            self.actions.push_back(Action::Notice(Notice::LogInRefused {
                claimed: id,
                peer: Peer::Socket(peer),
                why,
                count: core::mem::take(&mut self.unreported),
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
                let (logins, known) = (station.logins, station.last_peer == Some(caller.peer));
                if !self.may_challenge(now, caller.peer, known) {
                    return self.drop_from(now, caller.peer, "log-in-rationed");
                }
                let value = self.salts.salt(id, caller.peer, logins);
                self.send(caller, Rptack { value }.encode());
            }
        }
    }

    /// One address gets one challenge a second; all together get so many, of which the
    /// address that a station logged in from last takes none.
    fn may_challenge(&mut self, now: Instant, peer: SocketAddr, known: bool) -> bool {
        let may = !self.challenged.answered(now, peer) && (known || self.challenges.allow(now));
        if may {
            self.challenged.note(now, peer);
        }
        may
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
        let right = station.config.passphrase.accepts(salt, &message.digest);
        let known = station.last_peer == Some(peer);
        // Not even a right one is accepted before the wait is over, or there were none.
        if self.guesses.must_wait(now, (id, peer), known) {
            return self.drop_from(now, peer, "log-in-must-wait");
        }
        if !right {
            self.guesses.failed(now, (id, peer));
            return self.refuse_login(now, caller, id, "wrong passphrase");
        }
        self.guesses.succeeded((id, peer));
        self.proved(now, index, peer, message.digest);
        self.accept(caller, id);
    }

    /// A log-in in place of the one before, if there was one: that is no loss. Its carriers
    /// are taken over, and wait for the configuration.
    fn proved(&mut self, now: Instant, index: usize, peer: SocketAddr, proof: [u8; 32]) {
        let Some(station) = self.stations.get_mut(index) else {
            return;
        };
        let id = station.config.id;
        let mut link = Link::new(now, peer, proof);
        station.logins += 1;
        station.last_peer = Some(peer);
        if let Some(before) = station.link.take() {
            if before.peer != peer {
                self.actions.push_back(Action::Notice(Notice::StationMoved {
                    station: id,
                    from: Peer::Socket(before.peer),
                    to: Peer::Socket(peer),
                }));
            }
            if self.by_address.get(&before.peer) == Some(&index) {
                self.by_address.remove(&before.peer);
            }
            link.taken_over = before.configuration.or(before.taken_over);
            link.carriers = before.carriers;
            link.site = before.site;
            link.paused = before.paused;
        }
        let expires = link.expires(&self.expiry);
        for carrier in &mut link.carriers {
            carrier.timeslot.channel.occupy(now, expires);
        }
        if let Some(site) = &mut link.site {
            site.begin_anew();
        }
        let slots: Vec<Slot> = link.carriers.iter().map(|it| it.timeslot.slot()).collect();
        station.link = Some(link);
        self.by_address.insert(peer, index);
        self.scan_no_later_than(expires);
        for slot in slots {
            self.serve(now, index, slot);
        }
    }

    /// RPTC: from here on the station runs.
    pub(super) fn configure(&mut self, now: Instant, caller: Caller, message: Box<Rptc>) {
        let id = message.id;
        let (Standing::Running(index) | Standing::Proved(index)) = self.standing_of(caller, id)
        else {
            return self.refuse(now, caller, id, "not-logged-in");
        };
        self.lives(now, index);
        let Some(link) = self.link(index) else {
            return;
        };
        if link.configuration.as_ref() != Some(&message) {
            link.configuration = Some(message);
            self.identified(index, caller.peer);
        }
        self.accept(caller, id);
        self.open_carriers(now, index);
    }

    /// The carriers appear with the first configuration of a log-in.
    fn open_carriers(&mut self, now: Instant, index: usize) {
        self.settle_taken_over(now, index);
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
        link.carriers = carrier::of_station(now, &station.config, said, waits);
        let slots: Vec<Slot> = link.carriers.iter().map(|it| it.timeslot.slot()).collect();
        for slot in slots {
            self.serve(now, index, slot);
        }
    }

    /// The carriers of the log-in before go on if the station offers the same, and are gone
    /// otherwise.
    fn settle_taken_over(&mut self, now: Instant, index: usize) {
        let Some(link) = self.link(index) else {
            return;
        };
        let (Some(said), Some(before)) = (&link.configuration, link.taken_over.take()) else {
            return;
        };
        let offers = |said: &Rptc| (said.slots, said.color_code);
        if offers(said) == offers(&before) {
            for carrier in &mut link.carriers {
                carrier.timeslot.channel.vacate();
            }
            let slots: Vec<Slot> = link.carriers.iter().map(|it| it.timeslot.slot()).collect();
            slots
                .into_iter()
                .for_each(|slot| self.serve(now, index, slot));
        } else {
            let carriers = core::mem::take(&mut link.carriers);
            self.close_carriers(now, index, carriers);
        }
    }

    /// RPTO: noted and accepted; which groups a station gets is not for it to choose.
    pub(super) fn options(&mut self, now: Instant, caller: Caller, message: Rpto) {
        let id = message.id;
        let Standing::Running(index) = self.standing_of(caller, id) else {
            return self.refuse(now, caller, id, "not-logged-in");
        };
        self.lives(now, index);
        let Some(link) = self.link(index) else {
            return;
        };
        if link.options != message.options {
            link.options.clone_from(&message.options);
            self.identified(index, caller.peer);
        }
        self.accept(caller, id);
    }

    /// RPTPING. Before the configuration it means that the station took one answer for
    /// another (they all look alike), so it must start again.
    pub(super) fn keep_alive(&mut self, now: Instant, caller: Caller, id: u32) {
        let Standing::Running(index) = self.standing_of(caller, id) else {
            return self.refuse(now, caller, id, "not-logged-in");
        };
        self.lives(now, index);
        let expiry = self.expiry;
        if let Some(link) = self.link(index) {
            link.ping(now);
            let expires = link.expires(&expiry);
            let overdue = link.overdue().map_or(expires, |at| at.min(expires));
            self.scan_no_later_than(overdue);
        }
        self.send(caller, Mstpong { id }.encode());
    }

    /// RPTCL: noted, and believed when the station stays silent. Anybody can send it in the
    /// station's name.
    pub(super) fn close(&mut self, now: Instant, caller: Caller, id: u32) {
        match self.standing_of(caller, id) {
            Standing::Running(index) | Standing::Proved(index) => {
                let expiry = self.expiry;
                let Some(link) = self.link(index) else {
                    return;
                };
                let (first, decided) = (link.closes(now), link.expires(&expiry));
                self.scan_no_later_than(decided);
                let station = self.stations.get(index).map(|it| it.config.id);
                if let Some(station) = station.filter(|_| first) {
                    let notice = Notice::StationCloses { station };
                    self.actions.push_back(Action::Notice(notice));
                }
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
        self.lives(now, index);
    }

    /// Something came from a station that only a living one sends.
    pub(super) fn lives(&mut self, now: Instant, index: usize) {
        if self.link(index).is_some_and(|link| link.lives(now)) {
            self.drop_at(now, index, "close-refuted");
        }
        if self.link(index).is_some_and(|link| link.paused) {
            self.pause(now, index, false);
        }
    }

    /// A station's carriers begin nothing new while its ping is overdue.
    pub(super) fn pause(&mut self, now: Instant, index: usize, paused: bool) {
        let Some(link) = self.link(index) else {
            return;
        };
        link.paused = paused;
        let mut slots = Vec::new();
        for carrier in &mut link.carriers {
            carrier.timeslot.channel.pause(paused);
            slots.push(carrier.timeslot.slot());
        }
        for slot in slots {
            self.serve(now, index, slot);
        }
    }

    /// Tells all that a station says about itself, its configuration and its options, because
    /// whoever shows it keeps the last description only.
    fn identified(&mut self, index: usize, peer: SocketAddr) {
        let Some(station) = self.stations.get(index) else {
            return;
        };
        let Some((said, link)) = station
            .link
            .as_ref()
            .and_then(|link| Some((link.configuration.as_ref()?, link)))
        else {
            return;
        };
        let description = description(said, &link.options, peer);
        let station = station.config.id;
        let notice = Notice::StationIdentified {
            station,
            description,
        };
        self.actions.push_back(Action::Notice(notice));
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
