//! The gap between two attempts of a Flash over one carrier.
//!
//! A delivery waits a gap after each attempt. A Flash that goes round over another station, or
//! comes home from there, need not: that carrier has not sent it. A Flash that wanders to and fro
//! must still not come twice within a gap over the same carrier, so each carrier that has sent it
//! rests.

use std::collections::BTreeMap;

use narrowcast_protocol::air::CarrierId;
use narrowcast_protocol::time::Instant;

use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};

/// Until when carriers rest from the deliveries of each alert.
#[derive(Debug, Default)]
pub(super) struct Rests(BTreeMap<AlertId, BTreeMap<(DeliveryIndex, CarrierId), Instant>>);

impl Rests {
    /// An attempt over this carrier is over, of which something may have left.
    pub(super) fn begin(&mut self, id: DeliveryId, carrier: CarrierId, until: Instant) {
        let of_alert = self.0.entry(id.alert).or_default();
        of_alert.insert((id.index, carrier), until);
    }

    /// When the carrier may send the delivery again; none if it may now.
    pub(super) fn until(
        &self,
        id: DeliveryId,
        carrier: CarrierId,
        now: Instant,
    ) -> Option<Instant> {
        let until = self.0.get(&id.alert)?.get(&(id.index, carrier)).copied();
        until.filter(|until| *until > now)
    }

    /// A delivery addresses another radio from here on: no carrier rests from it.
    pub(super) fn turn(&mut self, id: DeliveryId) {
        if let Some(of_alert) = self.0.get_mut(&id.alert) {
            of_alert.retain(|(index, _), _| *index != id.index);
        }
    }

    /// The alert has ended, or a person asked for it to be sent again: nothing rests from it.
    pub(super) fn end(&mut self, alert: AlertId) {
        self.0.remove(&alert);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use narrowcast_protocol::air::{Slot, StationId};

    use super::*;

    #[test]
    fn a_carrier_rests_from_what_it_sent_and_from_nothing_else() {
        let slot = |slot| CarrierId {
            station: StationId(1),
            slot,
        };
        let id = |index| DeliveryId {
            alert: AlertId(ulid::Ulid::from(1u128)),
            index: DeliveryIndex(index),
        };
        let mut rests = Rests::default();
        let (now, gap) = (Instant::from_millis(1_000), Duration::from_secs(20));
        rests.begin(id(0), slot(Slot::One), now + gap);
        assert_eq!(
            rests.until(id(0), slot(Slot::One), now),
            Some(Instant::from_millis(21_000))
        );
        assert_eq!(rests.until(id(0), slot(Slot::Two), now), None);
        assert_eq!(rests.until(id(1), slot(Slot::One), now), None);
        assert_eq!(rests.until(id(0), slot(Slot::One), now + gap), None);
        rests.end(id(0).alert);
        assert_eq!(rests.until(id(0), slot(Slot::One), now), None);
    }
}
