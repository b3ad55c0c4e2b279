//! What waits for which carrier.
//!
//! Most urgent first. Within a precedence the alerts take turns: each place gets a tag when it
//! becomes ready, one more than its alert's newest, and no smaller than the tag served last
//! (start-time fair queueing). So an alert to ten thousand radios does not hold up one to ten
//! that came a moment later, and none that waits gains a claim on the time before it came.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU64;

use narrowcast_protocol::air::{CarrierId, GroupId};
use narrowcast_protocol::time::Instant;

use crate::model::alert::Precedence;
use crate::model::ids::{AlertId, DeliveryIndex};

/// How many places that are not ready are looked at when a load is reckoned.
const LATER: usize = 1_024;

/// What is transmitted in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Item {
    /// The text, to everybody who listens to a talkgroup.
    Group(GroupId),
    /// The text, to one radio.
    One(DeliveryIndex),
    /// One radio is asked for its answer.
    Poll(DeliveryIndex),
}

impl Item {
    /// The delivery that it is for, if it is for one.
    pub(super) const fn delivery(self) -> Option<DeliveryIndex> {
        match self {
            Self::Group(_) => None,
            Self::One(index) | Self::Poll(index) => Some(index),
        }
    }
}

/// What something takes of a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Cost {
    /// Transmissions that are confirmed, each with its turnaround.
    pub(super) fragments: u32,
    /// Bursts of all of them.
    pub(super) bursts: u32,
}

impl Cost {
    /// What is left of it without a part.
    pub(super) const fn without(self, part: Self) -> Self {
        Self {
            fragments: self.fragments.saturating_sub(part.fragments),
            bursts: self.bursts.saturating_sub(part.bursts),
        }
    }

    /// This many times as much.
    pub(super) const fn times(self, count: u32) -> Self {
        Self {
            fragments: self.fragments.saturating_mul(count),
            bursts: self.bursts.saturating_mul(count),
        }
    }
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.fragments = self.fragments.saturating_add(other.fragments);
        self.bursts = self.bursts.saturating_add(other.bursts);
    }
}

/// What an alert has waiting for one carrier.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    places: usize,
    cost: Cost,
}

/// A place in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    /// From when on it may go; first, because what is not ready yet stands in this order.
    pub(super) ready: Instant,
    pub(super) precedence: Precedence,
    pub(super) alert: AlertId,
    pub(super) item: Item,
    /// What it will take.
    pub(super) cost: Cost,
}

/// A place that is ready, in the order of its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    precedence: Precedence,
    tag: u64,
    ready: Instant,
    alert: AlertId,
    item: Item,
    cost: Cost,
}

impl Turn {
    const fn place(&self) -> Place {
        Place {
            precedence: self.precedence,
            ready: self.ready,
            alert: self.alert,
            item: self.item,
            cost: self.cost,
        }
    }
}

/// Where a delivery waits. Everything of its place but whose it is, which is the key: there are
/// as many of these as deliveries that wait.
#[derive(Debug, Clone, Copy)]
struct Spot {
    carrier: Option<CarrierId>,
    /// Where it would wait if that carrier could take it.
    belongs: Option<CarrierId>,
    ready: Instant,
    /// Its turn's tag, once it is ready.
    tag: Option<NonZeroU64>,
    cost: Cost,
    precedence: Precedence,
    poll: bool,
}

impl Spot {
    const fn place(&self, alert: AlertId, index: DeliveryIndex) -> Place {
        Place {
            ready: self.ready,
            precedence: self.precedence,
            alert,
            item: if self.poll {
                Item::Poll(index)
            } else {
                Item::One(index)
            },
            cost: self.cost,
        }
    }
}

/// What waits for one carrier.
#[derive(Debug, Default)]
struct Line {
    later: BTreeSet<Place>,
    now: BTreeSet<Turn>,
    /// The tag served last in each precedence.
    served: [u64; 4],
    /// The newest tag of each alert that has places here.
    newest: HashMap<AlertId, u64>,
    /// What waits here, by alert.
    loads: BTreeMap<(Precedence, AlertId), Load>,
}

impl Line {
    fn len(&self) -> usize {
        self.later.len() + self.now.len()
    }

    fn add(&mut self, place: &Place) {
        let load = self
            .loads
            .entry((place.precedence, place.alert))
            .or_default();
        load.places += 1;
        load.cost += place.cost;
    }

    fn subtract(&mut self, place: &Place) {
        let key = (place.precedence, place.alert);
        if let Some(load) = self.loads.get_mut(&key) {
            load.places = load.places.saturating_sub(1);
            load.cost = load.cost.without(place.cost);
            if load.places == 0 {
                self.loads.remove(&key);
            }
        }
    }

    /// Gives a place that is ready its turn.
    fn line_up(&mut self, place: Place) -> Option<NonZeroU64> {
        let served = self.served.get(place.precedence as usize).copied();
        let newest = self.newest.entry(place.alert).or_default();
        *newest = (*newest).max(served.unwrap_or(0)) + 1;
        let tag = *newest;
        self.now.insert(Turn {
            precedence: place.precedence,
            tag,
            ready: place.ready,
            alert: place.alert,
            item: place.item,
            cost: place.cost,
        });
        NonZeroU64::new(tag)
    }

    fn remove(&mut self, place: &Place, tag: Option<NonZeroU64>) {
        let removed = match tag {
            Some(tag) => self.now.remove(&Turn {
                precedence: place.precedence,
                tag: tag.get(),
                ready: place.ready,
                alert: place.alert,
                item: place.item,
                cost: place.cost,
            }),
            None => self.later.remove(place),
        };
        if removed {
            self.subtract(place);
        }
    }
}

/// The queues of all carriers, and what has no carrier now.
#[derive(Debug, Default)]
pub(super) struct Queues {
    lines: BTreeMap<Option<CarrierId>, Line>,
    /// Where the deliveries wait.
    at: BTreeMap<(AlertId, DeliveryIndex), Spot>,
    /// Deliveries that belong to a carrier and wait for another.
    strayed: BTreeMap<CarrierId, BTreeSet<(AlertId, DeliveryIndex)>>,
    touched: BTreeSet<CarrierId>,
}

impl Queues {
    /// Puts a place into a carrier's queue; `belongs` is the carrier to which it comes back. A
    /// delivery waits in one place only: an earlier one is given up.
    pub(super) fn push(
        &mut self,
        carrier: Option<CarrierId>,
        belongs: Option<CarrierId>,
        place: Place,
    ) {
        if let Some(index) = place.item.delivery() {
            self.remove(place.alert, index);
            let spot = Spot {
                carrier,
                belongs,
                ready: place.ready,
                tag: None,
                cost: place.cost,
                precedence: place.precedence,
                poll: matches!(place.item, Item::Poll(_)),
            };
            self.at.insert((place.alert, index), spot);
            if let Some(home) = belongs.filter(|_| belongs != carrier) {
                let strayed = self.strayed.entry(home).or_default();
                strayed.insert((place.alert, index));
            }
        }
        let line = self.lines.entry(carrier).or_default();
        if line.later.insert(place) {
            line.add(&place);
        }
        self.touched.extend(carrier);
    }

    /// Takes a delivery out, wherever it waits.
    pub(super) fn remove(&mut self, alert: AlertId, index: DeliveryIndex) {
        if let Some(spot) = self.forget(alert, index)
            && let Some(line) = self.lines.get_mut(&spot.carrier)
        {
            line.remove(&spot.place(alert, index), spot.tag);
        }
    }

    fn forget(&mut self, alert: AlertId, index: DeliveryIndex) -> Option<Spot> {
        let spot = self.at.remove(&(alert, index))?;
        if let Some(home) = spot.belongs
            && let Some(strayed) = self.strayed.get_mut(&home)
        {
            strayed.remove(&(alert, index));
            if strayed.is_empty() {
                self.strayed.remove(&home);
            }
        }
        Some(spot)
    }

    /// The deliveries that belong to this carrier and wait for another.
    pub(super) fn strayed(&self, home: CarrierId) -> Vec<(AlertId, DeliveryIndex)> {
        let strayed = self.strayed.get(&home);
        strayed.into_iter().flatten().copied().collect()
    }

    /// How many are ready for `carrier`, and since when the one that goes first.
    pub(super) fn ready_since(&self, carrier: CarrierId) -> Option<(usize, Instant)> {
        let line = self.lines.get(&Some(carrier))?;
        let first = line.now.first()?;
        Some((line.now.len(), first.ready))
    }

    /// Takes a place out because its turn has come.
    pub(super) fn serve(&mut self, carrier: CarrierId, place: &Place) {
        if let Some(index) = place.item.delivery() {
            self.forget(place.alert, index);
        }
        let Some(line) = self.lines.get_mut(&Some(carrier)) else {
            return;
        };
        let mut same = line.now.range(first(place.precedence)..);
        if let Some(turn) = same.find(|turn| turn.place() == *place).copied() {
            line.now.remove(&turn);
            line.subtract(place);
            if let Some(served) = line.served.get_mut(place.precedence as usize) {
                *served = turn.tag.max(*served);
            }
        }
    }

    /// Where a delivery waits, from when on it may go, and for what.
    pub(super) fn find(
        &self,
        alert: AlertId,
        index: DeliveryIndex,
    ) -> Option<(Option<CarrierId>, Place)> {
        self.at
            .get(&(alert, index))
            .map(|spot| (spot.carrier, spot.place(alert, index)))
    }

    /// Takes out the deliveries of one alert; its group transmissions are dropped when their
    /// turn comes.
    pub(super) fn remove_alert(&mut self, alert: AlertId) {
        let all = (alert, DeliveryIndex(0))..=(alert, DeliveryIndex(u32::MAX));
        let waiting: Vec<_> = self.at.range(all).map(|(key, _)| *key).collect();
        for (alert, index) in waiting {
            self.remove(alert, index);
        }
        for line in self.lines.values_mut() {
            line.newest.remove(&alert);
        }
    }

    /// Everything that waits for `carrier`, taken out.
    pub(super) fn drain(&mut self, carrier: Option<CarrierId>) -> Vec<Place> {
        let Some(line) = self.lines.remove(&carrier) else {
            return Vec::new();
        };
        let ready = line.now.iter().map(Turn::place);
        let places: Vec<_> = ready.chain(line.later).collect();
        for place in &places {
            if let Some(index) = place.item.delivery() {
                self.forget(place.alert, index);
            }
        }
        places
    }

    /// Gives a turn to what has become ready.
    pub(super) fn advance(&mut self, carrier: CarrierId, now: Instant) {
        let Some(line) = self.lines.get_mut(&Some(carrier)) else {
            return;
        };
        while let Some(place) = line.later.first().copied()
            && place.ready <= now
        {
            line.later.pop_first();
            let tag = line.line_up(place);
            if let Some(index) = place.item.delivery()
                && let Some(spot) = self.at.get_mut(&(place.alert, index))
            {
                spot.tag = tag;
            }
        }
    }

    /// What is ready for `carrier` in this precedence, in turn.
    pub(super) fn ready(
        &self,
        carrier: CarrierId,
        precedence: Precedence,
    ) -> impl Iterator<Item = Place> {
        let line = self.lines.get(&Some(carrier)).into_iter();
        line.flat_map(move |line| line.now.range(first(precedence)..))
            .take_while(move |turn| turn.precedence == precedence)
            .map(Turn::place)
    }

    /// When the next of those not yet ready becomes so.
    pub(super) fn next_ready(&self, carrier: CarrierId) -> Option<Instant> {
        let line = self.lines.get(&Some(carrier))?;
        line.later.first().map(|place| place.ready)
    }

    /// How many wait for `carrier`.
    pub(super) fn count(&self, carrier: CarrierId) -> usize {
        self.lines.get(&Some(carrier)).map_or(0, Line::len)
    }

    /// What each alert has waiting for `carrier` that may go before `until`.
    pub(super) fn loads(
        &self,
        carrier: CarrierId,
        until: Instant,
    ) -> impl Iterator<Item = (Precedence, AlertId, Cost)> {
        let line = self.lines.get(&Some(carrier));
        let mut later: BTreeMap<(Precedence, AlertId), Cost> = BTreeMap::new();
        let rest = line.into_iter().flat_map(|line| line.later.iter().rev());
        // Of a very long queue the rest is taken to go before: it is long all the same.
        for place in rest.take(LATER).take_while(|place| place.ready > until) {
            *later.entry((place.precedence, place.alert)).or_default() += place.cost;
        }
        let loads = line.into_iter().flat_map(|line| &line.loads);
        loads.map(move |(key, load)| {
            let later = later.get(key).copied().unwrap_or_default();
            (key.0, key.1, load.cost.without(later))
        })
    }

    pub(super) fn len(&self) -> usize {
        self.lines.values().map(Line::len).sum()
    }

    /// Every queue that is not empty: its carrier (none: no station is there), its precedence,
    /// how many wait in it, and since when the one whose turn it is could have gone.
    pub(super) fn depths(
        &self,
    ) -> impl Iterator<Item = (Option<CarrierId>, Precedence, usize, Option<Instant>)> {
        self.lines.iter().flat_map(|(&carrier, line)| {
            let mut depths: BTreeMap<Precedence, (usize, Option<Instant>)> = BTreeMap::new();
            for (&(precedence, _), load) in &line.loads {
                depths.entry(precedence).or_default().0 += load.places;
            }
            for (precedence, (_, first_ready)) in &mut depths {
                let mut turns = line.now.range(first(*precedence)..);
                let first = turns.next().filter(|turn| turn.precedence == *precedence);
                *first_ready = first.map(|turn| turn.ready);
            }
            let depths = depths.into_iter();
            depths.map(move |(precedence, (depth, first))| (carrier, precedence, depth, first))
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

/// Sorts before every turn of this precedence.
fn first(precedence: Precedence) -> Turn {
    const LOWEST: GroupId = match GroupId::new(narrowcast_protocol::air::FIRST_ID) {
        Ok(id) => id,
        Err(_) => panic!("the first id is an id"),
    };
    Turn {
        precedence,
        tag: 0,
        ready: Instant::ZERO,
        alert: AlertId(ulid::Ulid::nil()),
        item: Item::Group(LOWEST),
        cost: Cost::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARRIER: CarrierId = CarrierId {
        station: narrowcast_protocol::air::StationId(1),
        slot: narrowcast_protocol::air::Slot::One,
    };

    fn place(alert: u128, index: u32, precedence: Precedence) -> Place {
        Place {
            precedence,
            ready: Instant::ZERO,
            alert: AlertId(ulid::Ulid::from(alert)),
            item: Item::One(DeliveryIndex(index)),
            cost: Cost {
                fragments: 1,
                bursts: index,
            },
        }
    }

    fn serve_next(queues: &mut Queues) -> Option<(u128, Precedence)> {
        queues.advance(CARRIER, Instant::ZERO);
        let next = Precedence::ALL
            .iter()
            .find_map(|&precedence| queues.ready(CARRIER, precedence).next())?;
        queues.serve(CARRIER, &next);
        Some((u128::from(next.alert.0), next.precedence))
    }

    #[test]
    fn alerts_of_one_precedence_take_turns_and_a_latecomer_waits_for_no_backlog() {
        let mut queues = Queues::default();
        for index in 0..100 {
            queues.push(Some(CARRIER), None, place(1, index, Precedence::Routine));
        }
        for _ in 0..10 {
            serve_next(&mut queues);
        }
        for index in 0..5 {
            queues.push(Some(CARRIER), None, place(2, index, Precedence::Routine));
        }
        let next_ten: Vec<u128> = (0..10)
            .filter_map(|_| serve_next(&mut queues).map(|(alert, _)| alert))
            .collect();
        assert_eq!(next_ten.iter().filter(|&&alert| alert == 2).count(), 5);
        assert_eq!(queues.len(), 85);
    }

    #[test]
    fn the_most_urgent_goes_first_however_long_others_have_waited() {
        let mut queues = Queues::default();
        queues.push(Some(CARRIER), None, place(1, 0, Precedence::Routine));
        queues.advance(CARRIER, Instant::ZERO);
        queues.push(Some(CARRIER), None, place(2, 0, Precedence::Flash));
        assert_eq!(serve_next(&mut queues), Some((2, Precedence::Flash)));
        assert_eq!(serve_next(&mut queues), Some((1, Precedence::Routine)));
        assert_eq!(serve_next(&mut queues), None);
    }

    #[test]
    fn a_delivery_waits_in_one_place_only() {
        let mut queues = Queues::default();
        let one = place(1, 0, Precedence::Routine);
        queues.push(Some(CARRIER), None, one);
        queues.advance(CARRIER, Instant::ZERO);
        let poll = Place {
            item: Item::Poll(DeliveryIndex(0)),
            ..one
        };
        queues.push(None, None, poll);
        assert_eq!(queues.len(), 1);
        assert_eq!(queues.find(one.alert, DeliveryIndex(0)), Some((None, poll)));
    }

    #[test]
    fn what_waits_is_summed_up_whatever_comes_and_goes() {
        let mut queues = Queues::default();
        for alert in 1..=3 {
            for index in 0..10 {
                let precedence = Precedence::ALL[usize::try_from(alert).unwrap()];
                queues.push(Some(CARRIER), None, place(alert, index, precedence));
            }
        }
        queues.advance(CARRIER, Instant::ZERO);
        let sum = |queues: &Queues| {
            let loads = queues.loads(CARRIER, Instant::ZERO);
            loads.fold(Cost::default(), |mut sum, (_, _, cost)| {
                sum += cost;
                sum
            })
        };
        assert_eq!((sum(&queues).fragments, sum(&queues).bursts), (30, 135));
        serve_next(&mut queues);
        queues.remove(AlertId(ulid::Ulid::from(2u128)), DeliveryIndex(9));
        // Pushed again: it waits once.
        queues.push(Some(CARRIER), None, place(3, 5, Precedence::Routine));
        assert_eq!((sum(&queues).fragments, sum(&queues).bursts), (28, 126));
        assert_eq!(queues.count(CARRIER), 28);
        let depths: usize = queues.depths().map(|(_, _, depth, _)| depth).sum();
        assert_eq!(depths, 28);
        queues.remove_alert(AlertId(ulid::Ulid::from(1u128)));
        queues.remove_alert(AlertId(ulid::Ulid::from(2u128)));
        queues.remove_alert(AlertId(ulid::Ulid::from(3u128)));
        assert_eq!(queues.loads(CARRIER, Instant::ZERO).count(), 0);
    }

    #[test]
    fn what_becomes_ready_later_is_no_part_of_what_goes_before() {
        let mut queues = Queues::default();
        let later = Place {
            ready: Instant::from_millis(20_000),
            ..place(1, 7, Precedence::Routine)
        };
        queues.push(Some(CARRIER), None, place(1, 3, Precedence::Routine));
        queues.push(Some(CARRIER), None, later);
        let bursts = |until| {
            let loads = queues.loads(CARRIER, Instant::from_millis(until));
            loads.map(|(_, _, cost)| cost.bursts).sum::<u32>()
        };
        assert_eq!(bursts(19_999), 3);
        assert_eq!(bursts(20_000), 10);
    }
}
