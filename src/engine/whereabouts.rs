//! Where radios are, and which deliveries go to them.
//!
//! A radio is where it was heard last. What it said over a network comes back to other
//! stations a moment later (an echo), and a peer's network counts less than a station of our
//! own. On record is only what changes slowly; what was heard since the process began is here.

use std::collections::HashMap;
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, RadioId};
use narrowcast_protocol::time::Instant;

use crate::engine::by_address::ByAddress;
use crate::engine::io::Now;
use crate::engine::state::State;
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};

/// A radio heard longer ago than this may be anywhere.
const PRESENCE_LIFE: Duration = Duration::from_secs(12 * 3600);
/// The same call heard on another carrier within this time is an echo of a network.
const ECHO: Duration = Duration::from_secs(3);

/// Where a radio was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Presence {
    pub(super) carrier: CarrierId,
    pub(super) at: Instant,
    /// Where it was heard before, at another station.
    before: Option<(CarrierId, Instant)>,
}

impl Presence {
    /// Where it was heard before, at another station.
    pub(super) fn before(&self) -> Option<CarrierId> {
        self.before.map(|(carrier, _)| carrier)
    }
}

/// Where radios were heard since the process began, and the deliveries that go to each.
#[derive(Debug)]
pub(super) struct Whereabouts {
    presence: HashMap<RadioId, Presence>,
    deliveries: ByAddress<RadioId>,
    /// When the engine took up work: what is on record was heard before.
    since: Instant,
}

impl Whereabouts {
    pub(super) fn new(since: Instant) -> Self {
        Self {
            presence: HashMap::new(),
            deliveries: ByAddress::default(),
            since,
        }
    }

    /// Work is taken up at `now`.
    pub(super) const fn resume(&mut self, now: Instant) {
        self.since = now;
    }

    /// Where a radio was heard, if not too long ago.
    pub(super) fn seen_at(&self, state: &State, radio: RadioId, now: Now) -> Option<Presence> {
        let fresh = |at: Instant| now.mono.since(at) < PRESENCE_LIFE;
        if let Some(seen) = self.presence.get(&radio).filter(|seen| fresh(seen.at)) {
            let before = seen.before.filter(|(_, at)| fresh(*at));
            return Some(Presence { before, ..*seen });
        }
        let last = state.heard.get(&radio)?;
        let carrier = last.carrier?;
        (now.wall.since(last.at) < PRESENCE_LIFE).then_some(Presence {
            carrier,
            at: self.since,
            before: None,
        })
    }

    /// A radio was heard over a carrier: whether it is there now. A call that comes back
    /// through a network is not, and a peer's word counts less than a station's of our own.
    pub(super) fn is_there(
        &self,
        state: &State,
        radio: RadioId,
        carrier: CarrierId,
        now: Now,
    ) -> bool {
        let seen = self.seen_at(state, radio, now);
        let Some(seen) = seen.filter(|seen| seen.carrier != carrier) else {
            return true;
        };
        let echo = self.presence.contains_key(&radio) && now.mono.since(seen.at) < ECHO;
        let outranked = state.is_peer(carrier) && !state.is_peer(seen.carrier);
        !echo && !outranked
    }

    /// Notes where a radio is; where it was noted before.
    pub(super) fn note(
        &mut self,
        state: &State,
        radio: RadioId,
        carrier: CarrierId,
        at: Instant,
    ) -> Option<Presence> {
        let last = self.presence.get(&radio).copied();
        let before = match last {
            Some(seen) if seen.carrier.station != carrier.station => Some((seen.carrier, seen.at)),
            Some(seen) => seen.before,
            None => {
                let recorded = state.heard.get(&radio).and_then(|last| last.carrier);
                recorded
                    .filter(|old| old.station != carrier.station)
                    .map(|old| (old, self.since))
            }
        };
        let seen = Presence {
            carrier,
            at,
            before,
        };
        self.presence.insert(radio, seen);
        last
    }

    /// A radio signed off at a site. Whether it was taken to be there; one that was heard at
    /// another station since stays there.
    pub(super) fn leave(&mut self, radio: RadioId, carrier: CarrierId) -> bool {
        let seen = self.presence.get(&radio);
        let elsewhere = seen.is_some_and(|seen| seen.carrier.station != carrier.station);
        if !elsewhere {
            self.presence.remove(&radio);
        }
        !elsewhere
    }

    /// Learns to which radios the deliveries of an alert go.
    pub(super) fn index(
        &mut self,
        alert: AlertId,
        radios: impl Iterator<Item = (DeliveryIndex, RadioId)>,
    ) {
        self.deliveries.add(alert, radios);
    }

    /// The deliveries in memory that go to this radio, oldest alert first.
    pub(super) fn deliveries_of(&self, radio: RadioId) -> Vec<DeliveryId> {
        self.deliveries.of(radio)
    }

    /// The alerts of which a delivery goes to this radio, in no order.
    pub(super) fn alerts_of(&self, radio: RadioId) -> impl Iterator<Item = AlertId> {
        self.deliveries.alerts_of(radio)
    }

    /// Forgets the alerts that `keep` does not name.
    pub(super) fn retain(&mut self, keep: impl Fn(AlertId) -> bool) {
        self.deliveries.retain(keep);
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::air::{Slot, StationId};

    use super::*;
    use crate::model::wall::Wall;

    impl Whereabouts {
        pub(in crate::engine) fn is_empty(&self) -> bool {
            self.presence.is_empty()
        }
    }

    fn carrier(station: u32) -> CarrierId {
        CarrierId {
            station: StationId(station),
            slot: Slot::One,
        }
    }

    fn at(seconds: u64) -> Now {
        Now {
            mono: Instant::from_millis(seconds * 1_000),
            wall: Wall::from_millis(i64::try_from(seconds).unwrap() * 1_000),
        }
    }

    #[test]
    fn an_echo_of_a_network_moves_no_radio_and_a_later_call_does() {
        let (state, radio) = (State::default(), RadioId::new(7).unwrap());
        let mut whereabouts = Whereabouts::new(Instant::ZERO);
        whereabouts.note(&state, radio, carrier(1), at(100).mono);
        assert!(!whereabouts.is_there(&state, radio, carrier(2), at(102)));
        assert!(whereabouts.is_there(&state, radio, carrier(1), at(102)));
        assert!(whereabouts.is_there(&state, radio, carrier(2), at(104)));
    }

    #[test]
    fn a_radio_is_sought_where_it_was_last_and_half_a_day_later_nowhere() {
        let (state, radio) = (State::default(), RadioId::new(7).unwrap());
        let mut whereabouts = Whereabouts::new(Instant::ZERO);
        whereabouts.note(&state, radio, carrier(1), at(100).mono);
        whereabouts.note(&state, radio, carrier(2), at(200).mono);
        let seen = whereabouts.seen_at(&state, radio, at(300)).unwrap();
        assert_eq!(seen.carrier, carrier(2));
        assert_eq!(seen.before(), Some(carrier(1)));
        let later = at(300 + 12 * 3600);
        assert!(whereabouts.seen_at(&state, radio, later).is_none());
    }

    #[test]
    fn a_radio_that_signs_off_at_a_site_that_it_left_stays_where_it_is() {
        let (state, radio) = (State::default(), RadioId::new(7).unwrap());
        let mut whereabouts = Whereabouts::new(Instant::ZERO);
        whereabouts.note(&state, radio, carrier(2), at(100).mono);
        assert!(!whereabouts.leave(radio, carrier(1)));
        assert!(whereabouts.seen_at(&state, radio, at(101)).is_some());
        assert!(whereabouts.leave(radio, carrier(2)));
        assert!(whereabouts.seen_at(&state, radio, at(101)).is_none());
    }
}
