//! Bursts from the stations.

use std::net::SocketAddr;

use super::HomebrewMaster;
use super::login::{Caller, Standing};
use crate::homebrew::message::{Dialect, Dmrd};
use crate::time::Instant;

impl HomebrewMaster {
    /// DMRD: taken from the address that logged in under the id it names, and from no other.
    pub(super) fn burst(&mut self, now: Instant, peer: SocketAddr, message: &Dmrd) {
        let id = message.repeater;
        match self.standing(peer, id) {
            Standing::Running(index) => {
                if let Some(link) = self.stations.get_mut(index).and_then(|it| it.link.as_mut()) {
                    link.heard = now;
                }
                self.heard(now, peer, index, message);
            }
            // On its way before a new log-in: an MSTNAK would only disturb that.
            Standing::Proved(_) => self.drop_from(now, peer, "not-running"),
            Standing::Elsewhere => {
                self.refuse(now, self.caller(peer, message), id, "other-address")
            }
            Standing::Absent if self.by_address.contains_key(&peer) => {
                self.drop_from(now, peer, "other-repeater-id");
            }
            Standing::Absent => self.refuse(now, self.caller(peer, message), id, "not-logged-in"),
        }
    }

    fn heard(&mut self, now: Instant, peer: SocketAddr, index: usize, message: &Dmrd) {
        if self.site(index).is_some() {
            return self.site_burst(now, index, message);
        }
        let place = (index, message.slot);
        if self.is_echo(now, place, message) {
            return self.drop_from(now, peer, "relay-echo");
        }
        match self.carrier(index, message.slot) {
            Some(carrier) => carrier.timeslot.channel.heard(now, &message.burst),
            None => return self.drop_from(now, peer, "other-timeslot"),
        }
        self.serve(now, index, message.slot);
        self.relay(now, place, message);
    }

    /// Who sent a burst that is refused; only a trunked site names the call in it.
    fn caller(&self, peer: SocketAddr, message: &Dmrd) -> Caller {
        let index = self.by_id.get(&message.repeater);
        let dialect = match index.and_then(|index| self.stations.get(*index)) {
            Some(station) => station.config.dialect(),
            None if message.uuid.is_some() => Dialect::Trunking,
            None => Dialect::Conventional,
        };
        Caller { peer, dialect }
    }
}
