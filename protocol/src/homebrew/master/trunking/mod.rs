//! Trunked sites: what their gateways and we tell each other beside the bursts.
//!
//! A site decides about its air by itself. We hand it transfers and it says that it has taken
//! them; it tells us which radios it serves and which talkgroups it wants, and hands us what
//! its radios send. What is for us goes to the engine; what is for a radio or a talkgroup of
//! another site is passed on under the same name (UUID).

mod calls;
mod hearing;
mod jobs;
mod presence;
mod private_calls;
mod registration;
mod seen;
mod site;
mod state;
#[cfg(test)]
mod tests;
mod transfers;
mod unanswered;

pub(super) use site::Site;
pub(super) use state::Trunking;

use std::net::SocketAddr;

use super::HomebrewMaster;
use crate::air::{Address, GroupId, Heard, HeardKind, Owed, RadioId, Slot};
use crate::homebrew::message::dmrt::{Dmrt, Way};
use crate::session::{Action, Peer, Step};
use crate::time::Instant;

impl HomebrewMaster {
    pub(super) fn site(&mut self, index: usize) -> Option<&mut Site> {
        self.stations
            .get_mut(index)?
            .link
            .as_mut()?
            .site
            .as_deref_mut()
    }

    /// DMRT: taken from an address that logged in as a trunked site, and from no other. It
    /// names no station, so a stranger cannot be told to log in; his next ping tells him.
    pub(super) fn trunking_message(&mut self, now: Instant, peer: SocketAddr, message: &Dmrt) {
        let index = self.by_address.get(&peer).copied();
        let Some(index) = index.filter(|index| self.site(*index).is_some()) else {
            return self.drop_from(now, peer, "no-trunked-site");
        };
        self.lives(now, index);
        match message {
            Dmrt::Registration(request) => self.register(now, index, request),
            Dmrt::Deregistration(left) if left.way == Way::ToNetwork => {
                self.deregister(now, index, left);
            }
            Dmrt::Subscribe(wanted) if wanted.way == Way::ToNetwork => {
                self.subscribe(index, wanted);
            }
            Dmrt::Unsubscribe(groups) if groups.way == Way::ToNetwork => {
                self.unsubscribe(index, groups);
            }
            Dmrt::UdtTransfer(transfer) if transfer.way == Way::ToNetwork => {
                self.transfer(now, index, transfer);
            }
            Dmrt::UdtAccept(answer) if answer.way == Way::ToNetwork => {
                self.transfer_accepted(now, index, answer);
            }
            Dmrt::Status(status) if status.way == Way::ToNetwork => {
                self.status(now, index, status);
            }
            Dmrt::CallSetup(setup) if setup.way == Way::ToNetwork => {
                self.call_setup(now, index, setup);
            }
            Dmrt::CallAccept(answer) if answer.way == Way::ToNetwork => {
                self.call_answer(now, index, answer, true);
            }
            Dmrt::CallReject(answer) if answer.way == Way::ToNetwork => {
                self.call_answer(now, index, answer, false);
            }
            _ => self.drop_at(now, index, "unexpected-trunking-message"),
        }
    }

    /// Sends a message to a site, if it is there.
    fn tell(&mut self, index: usize, message: &Dmrt) {
        self.tell_bytes(index, message.encode(), None);
    }

    fn tell_bytes(
        &mut self,
        index: usize,
        bytes: bytes::Bytes,
        for_job: Option<crate::air::JobId>,
    ) {
        let link = self.stations.get(index).and_then(|it| it.link.as_ref());
        if let Some(link) = link {
            self.actions.push_back(Action::Send {
                to: Peer::Socket(link.peer),
                bytes,
                for_job,
            });
        }
    }

    /// Reports what a site's radio said.
    fn say(&mut self, index: usize, what: HeardKind, owed: Vec<Owed>) {
        if let Some(carrier) = self.site(index).map(|site| site.carrier) {
            self.actions.push_back(Action::Heard(Heard {
                carrier,
                what,
                owed,
            }));
        }
    }

    pub(super) fn drop_at(&mut self, now: Instant, index: usize, cause: &'static str) {
        let station = self.stations.get(index).map(|it| it.config.id);
        self.drops.count(now, station, cause, 1);
    }

    /// The address, if it is our own on this site's system or a talkgroup of ours.
    fn ours(&self, index: usize, group: bool, destination: u32) -> Option<Address> {
        let config = &self.stations.get(index)?.config;
        if group {
            let group = GroupId::new(destination).ok()?;
            let owned = config.groups.contains(&group);
            owned.then_some(Address::Group(group))
        } else {
            (destination == config.own.get()).then_some(Address::Radio(config.own))
        }
    }

    /// The site other than `origin` that serves a radio, if it is there.
    fn site_of(&mut self, origin: usize, radio: u32) -> Option<usize> {
        let radio = RadioId::new(radio).ok()?;
        let index = self.trunking.presence.site_of(radio)?;
        (index != origin && self.joins(origin, index) && self.site(index).is_some())
            .then_some(index)
    }

    /// Whether traffic may pass between two stations: no exercise reaches a live one.
    fn joins(&self, one: usize, other: usize) -> bool {
        let test = |index: usize| self.stations.get(index).map(|it| it.config.test);
        test(one) == test(other)
    }

    /// Where something for this address goes that came from the site at `origin`.
    fn sites_for(&mut self, origin: usize, group: bool, destination: u32) -> Vec<usize> {
        if !group {
            return self.site_of(origin, destination).into_iter().collect();
        }
        let mut sites = Vec::new();
        for index in (0..self.stations.len()).filter(|index| *index != origin) {
            let wants = |site: &mut Site| site.has_group(destination);
            if self.joins(origin, index) && self.site(index).is_some_and(wants) {
                sites.push(index);
            }
        }
        sites
    }

    /// Lets a site do what is due, and notes when to come back.
    pub(super) fn serve_site(&mut self, now: Instant, index: usize) {
        let Some(site) = self.site(index) else {
            return;
        };
        let (again, ended) = site.tick(now);
        for bytes in again {
            self.tell_bytes(index, bytes, None);
        }
        for (id, uuid) in ended {
            self.trunking.unanswered.keep(now, uuid);
            let step = Step::Done;
            self.actions.push_back(Action::Job { id, step });
        }
        let Some(link) = self.stations.get_mut(index).and_then(|it| it.link.as_mut()) else {
            return;
        };
        let Some(site) = link.site.as_deref_mut() else {
            return;
        };
        site.report(&mut self.actions);
        let due = site.transfers.deadline();
        if site.due != due {
            if let Some(old) = core::mem::replace(&mut site.due, due) {
                self.due.remove(&(old, index, Slot::One));
            }
            self.due.extend(due.map(|at| (at, index, Slot::One)));
        }
    }

    /// A site's gateway is gone.
    pub(super) fn close_site(&mut self, now: Instant, index: usize, site: Site) {
        if let Some(due) = site.due {
            self.due.remove(&(due, index, Slot::One));
        }
        self.trunking.calls.leave(index);
        for uuid in site.close(&mut self.actions) {
            self.trunking.unanswered.keep(now, uuid);
        }
    }
}
