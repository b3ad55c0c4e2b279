//! Bursts from the stations.

use std::net::SocketAddr;

use super::HomebrewMaster;
use super::caller::{Caller, Standing};
use crate::homebrew::message::{Dialect, Dmrd};
use crate::session::Action;
use crate::time::Instant;

impl HomebrewMaster {
    /// DMRD: taken from the address that logged in under the id it names, and from no other.
    pub(super) fn burst(&mut self, now: Instant, peer: SocketAddr, message: &Dmrd) {
        let id = message.repeater;
        match self.standing(peer, id) {
            Standing::Running(index) => {
                self.lives(now, index);
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
        if self.carrier(index, message.slot).is_none() {
            return self.drop_from(now, peer, "other-timeslot");
        }
        let is_copy = self.streams.is_copy(now, index, message);
        if let Some(carrier) = self.carrier(index, message.slot) {
            let channel = &mut carrier.timeslot.channel;
            if is_copy {
                channel.heard_after_another(now, message.stream, &message.burst);
            } else {
                channel.heard_in_stream(now, message.stream, &message.burst);
            }
        }
        let before = self.actions.len();
        self.serve(now, index, message.slot);
        self.sift(now, index, before, is_copy);
        self.relay(now, place, message);
    }

    /// Takes out of the newest actions what another station has reported already.
    fn sift(&mut self, now: Instant, index: usize, before: usize, is_copy: bool) {
        let streams = &mut self.streams;
        let newest = self.actions.split_off(before);
        let all = newest.len();
        let kept = newest.into_iter().filter(|action| match action {
            Action::Heard(heard) if is_copy => !streams.has_said(&heard.what),
            Action::Heard(heard) => {
                streams.note(&heard.what);
                true
            }
            _ => true,
        });
        self.actions.extend(kept);
        let dropped = all + before - self.actions.len();
        if dropped > 0 {
            self.drop_at(now, index, "heard-at-another-station");
        }
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
