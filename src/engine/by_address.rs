//! Which deliveries in memory go to which radio or telephone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};

/// Deliveries by their addresses, all of one kind. Alerts are numbered here, because there is an entry for each
/// delivery and an alert's identity would be most of it.
#[derive(Debug)]
pub(super) struct ByAddress<A> {
    deliveries: BTreeSet<(A, u32, DeliveryIndex)>,
    numbers: BTreeMap<AlertId, u32>,
    alerts: HashMap<u32, AlertId>,
    last: u32,
}

impl<A> Default for ByAddress<A> {
    fn default() -> Self {
        Self {
            deliveries: BTreeSet::new(),
            numbers: BTreeMap::new(),
            alerts: HashMap::new(),
            last: 0,
        }
    }
}

impl<A: Ord + Copy> ByAddress<A> {
    /// Learns to which addresses the deliveries of an alert go.
    pub(super) fn add(
        &mut self,
        alert: AlertId,
        addresses: impl Iterator<Item = (DeliveryIndex, A)>,
    ) {
        let number = self.number(alert);
        let entries = addresses.map(|(index, address)| (address, number, index));
        self.deliveries.extend(entries);
    }

    /// Forgets the alerts that `keep` does not name.
    pub(super) fn retain(&mut self, keep: impl Fn(AlertId) -> bool) {
        let before = self.alerts.len();
        self.alerts.retain(|_, alert| keep(*alert));
        if self.alerts.len() < before {
            self.numbers.retain(|alert, _| keep(*alert));
            let alerts = &self.alerts;
            self.deliveries
                .retain(|(_, number, _)| alerts.contains_key(number));
        }
    }

    /// The deliveries that go to this address, oldest alert first.
    pub(super) fn of(&self, address: A) -> Vec<DeliveryId> {
        let mut found: Vec<DeliveryId> = self.all_of(address).collect();
        found.sort_unstable();
        found
    }

    /// The alerts of which a delivery goes to this address, in no order.
    pub(super) fn alerts_of(&self, address: A) -> impl Iterator<Item = AlertId> {
        self.all_of(address).map(|delivery| delivery.alert)
    }

    fn all_of(&self, address: A) -> impl Iterator<Item = DeliveryId> {
        let all = (address, 0, DeliveryIndex(0))..=(address, u32::MAX, DeliveryIndex(u32::MAX));
        self.deliveries.range(all).filter_map(|(_, number, index)| {
            let alert = *self.alerts.get(number)?;
            Some(DeliveryId {
                alert,
                index: *index,
            })
        })
    }

    fn number(&mut self, alert: AlertId) -> u32 {
        if let Some(known) = self.numbers.get(&alert) {
            return *known;
        }
        while self.alerts.contains_key(&self.last) {
            self.last = self.last.wrapping_add(1);
        }
        self.alerts.insert(self.last, alert);
        self.numbers.insert(alert, self.last);
        self.last
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::air::RadioId;

    use super::*;

    fn alert(id: u128) -> AlertId {
        AlertId(id.into())
    }

    fn radio(id: u32) -> RadioId {
        RadioId::new(id).unwrap()
    }

    fn delivery(id: u128, index: u32) -> DeliveryId {
        DeliveryId {
            alert: alert(id),
            index: DeliveryIndex(index),
        }
    }

    #[test]
    fn a_radios_deliveries_come_oldest_alert_first_whenever_they_were_added() {
        let mut by_radio = ByAddress::default();
        for id in [9, 3, 5] {
            let radios = [2, 1].map(radio).into_iter();
            by_radio.add(alert(id), (0..).map(DeliveryIndex).zip(radios));
        }
        let of_one = [3, 5, 9].map(|id| delivery(id, 1));
        assert_eq!(by_radio.of(radio(1)), of_one);
        assert_eq!(by_radio.of(radio(3)), []);
    }

    #[test]
    fn a_forgotten_alert_leaves_nothing_behind_and_its_number_is_never_mistaken() {
        let mut by_radio = ByAddress::default();
        let one = || [(DeliveryIndex(0), radio(1))].into_iter();
        by_radio.add(alert(1), one());
        by_radio.add(alert(2), one());
        by_radio.retain(|known| known == alert(2));
        by_radio.last = 0;
        by_radio.add(alert(3), one());
        assert_eq!(by_radio.of(radio(1)), [delivery(2, 0), delivery(3, 0)]);
        by_radio.retain(|_| false);
        assert!(by_radio.deliveries.is_empty() && by_radio.numbers.is_empty());
    }
}
