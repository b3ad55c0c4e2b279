//! Bursts from the stations.

use std::net::SocketAddr;

use super::HomebrewMaster;
use super::login::Standing;
use crate::homebrew::message::Dmrd;
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
                match self.carrier(index, message.slot) {
                    Some(carrier) => carrier.channel.heard(now, &message.burst),
                    None => return self.drop_from(now, peer, "other-timeslot"),
                }
                self.serve(now, index, message.slot);
            }
            // On its way before a new log-in: an MSTNAK would only disturb that.
            Standing::Proved(_) => self.drop_from(now, peer, "not-running"),
            Standing::Elsewhere => self.refuse(now, peer, id, "other-address"),
            Standing::Absent if self.by_address.contains_key(&peer) => {
                self.drop_from(now, peer, "other-repeater-id");
            }
            Standing::Absent => self.refuse(now, peer, id, "not-logged-in"),
        }
    }
}
