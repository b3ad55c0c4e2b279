//! What waits for which carrier, most urgent first, then longest ready.

use std::collections::{BTreeMap, BTreeSet};

use narrowcast_protocol::air::{CarrierId, GroupId};
use narrowcast_protocol::time::Instant;

use crate::model::alert::Precedence;
use crate::model::ids::{AlertId, DeliveryIndex};

/// What is transmitted in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Item {
    /// To everybody who listens to a talkgroup.
    Group(GroupId),
    /// To one radio.
    One(DeliveryIndex),
}

/// A place in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) precedence: Precedence,
    pub(super) ready: Instant,
    pub(super) alert: AlertId,
    pub(super) item: Item,
}

impl Place {
    /// Sorts before every place of this precedence that is ready at `ready` or later.
    fn first(precedence: Precedence, ready: Instant) -> Self {
        const LOWEST: GroupId = match GroupId::new(narrowcast_protocol::air::FIRST_ID) {
            Ok(id) => id,
            Err(_) => panic!("the first id is an id"),
        };
        Self {
            precedence,
            ready,
            alert: AlertId(ulid::Ulid::nil()),
            item: Item::Group(LOWEST),
        }
    }
}

/// The queues of all carriers, and what has no carrier now.
#[derive(Debug, Default)]
pub(super) struct Queues {
    waiting: BTreeMap<Option<CarrierId>, BTreeSet<Place>>,
    /// Where a delivery of a radio waits.
    at: BTreeMap<(AlertId, DeliveryIndex), (Option<CarrierId>, Instant)>,
    touched: BTreeSet<CarrierId>,
    depths: BTreeMap<(Option<CarrierId>, Precedence), usize>,
    len: usize,
}

impl Queues {
    pub(super) fn push(&mut self, carrier: Option<CarrierId>, place: Place) {
        if let Item::One(index) = place.item {
            self.remove(place.alert, index, place.precedence);
            self.at.insert((place.alert, index), (carrier, place.ready));
        }
        if self.waiting.entry(carrier).or_default().insert(place) {
            *self.depths.entry((carrier, place.precedence)).or_default() += 1;
            self.len += 1;
        }
        self.touched.extend(carrier);
    }

    /// Takes a delivery out, wherever it waits.
    pub(super) fn remove(&mut self, alert: AlertId, index: DeliveryIndex, precedence: Precedence) {
        if let Some((carrier, ready)) = self.at.remove(&(alert, index)) {
            self.take(
                carrier,
                &Place {
                    precedence,
                    ready,
                    alert,
                    item: Item::One(index),
                },
            );
        }
    }

    /// Takes a place out of its queue.
    pub(super) fn take(&mut self, carrier: Option<CarrierId>, place: &Place) {
        if let Some(queue) = self.waiting.get_mut(&carrier)
            && queue.remove(place)
        {
            self.left(carrier, place.precedence);
        }
        if let Item::One(index) = place.item {
            self.at.remove(&(place.alert, index));
        }
    }

    /// Where a delivery waits, and from when on it may be sent.
    pub(super) fn find(
        &self,
        alert: AlertId,
        index: DeliveryIndex,
    ) -> Option<(Option<CarrierId>, Instant)> {
        self.at.get(&(alert, index)).copied()
    }

    /// Takes out the deliveries of one alert; its group transmissions are dropped when their
    /// turn comes.
    pub(super) fn remove_alert(&mut self, alert: AlertId, precedence: Precedence) {
        let all = (alert, DeliveryIndex(0))..=(alert, DeliveryIndex(u32::MAX));
        let waiting: Vec<_> = self.at.range(all).map(|(key, _)| *key).collect();
        for (alert, index) in waiting {
            self.remove(alert, index, precedence);
        }
    }

    /// Everything that waits for `carrier`, taken out.
    pub(super) fn drain(&mut self, carrier: Option<CarrierId>) -> Vec<Place> {
        let places: Vec<_> = self
            .waiting
            .remove(&carrier)
            .unwrap_or_default()
            .into_iter()
            .collect();
        for place in &places {
            self.left(carrier, place.precedence);
            if let Item::One(index) = place.item {
                self.at.remove(&(place.alert, index));
            }
        }
        places
    }

    /// What waits for `carrier` in this precedence and is ready, longest ready first.
    pub(super) fn ready(
        &self,
        carrier: CarrierId,
        precedence: Precedence,
        now: Instant,
    ) -> impl Iterator<Item = &Place> {
        let queue = self.waiting.get(&Some(carrier)).into_iter();
        queue
            .flat_map(move |queue| queue.range(Place::first(precedence, Instant::ZERO)..))
            .take_while(move |place| place.precedence == precedence && place.ready <= now)
    }

    /// When the next of those not yet ready becomes so.
    pub(super) fn next_ready(&self, carrier: CarrierId, now: Instant) -> Option<Instant> {
        let queue = self.waiting.get(&Some(carrier))?;
        let after = now + std::time::Duration::from_micros(1);
        let first_after = |precedence| {
            let next = queue.range(Place::first(precedence, after)..).next()?;
            (next.precedence == precedence).then_some(next.ready)
        };
        Precedence::ALL.into_iter().filter_map(first_after).min()
    }

    /// How many wait for `carrier`.
    pub(super) fn waiting_for(&self, carrier: CarrierId) -> impl Iterator<Item = &Place> {
        self.waiting.get(&Some(carrier)).into_iter().flatten()
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    fn left(&mut self, carrier: Option<CarrierId>, precedence: Precedence) {
        self.len -= 1;
        if let Some(depth) = self.depths.get_mut(&(carrier, precedence)) {
            *depth -= 1;
            if *depth == 0 {
                self.depths.remove(&(carrier, precedence));
            }
        }
    }

    /// Every queue that is not empty: its carrier (none: no station is there), its precedence,
    /// how many wait in it, and since when the one that could have gone first.
    pub(super) fn depths(
        &self,
    ) -> impl Iterator<Item = (Option<CarrierId>, Precedence, usize, Option<Instant>)> {
        self.depths.iter().map(|(&(carrier, precedence), &depth)| {
            let queue = self.waiting.get(&carrier);
            let first = queue.and_then(|queue| {
                let mut waiting = queue.range(Place::first(precedence, Instant::ZERO)..);
                waiting.next().map(|place| place.ready)
            });
            (carrier, precedence, depth, first)
        })
    }

    /// Notes that this carrier is worth a look.
    pub(super) fn touch(&mut self, carrier: CarrierId) {
        self.touched.insert(carrier);
    }

    /// A carrier worth a look.
    pub(super) fn next_touched(&mut self) -> Option<CarrierId> {
        self.touched.pop_first()
    }
}
