//! Which messages operators have taken, and how they call them.
//!
//! Receipts outlive deliveries: a telephone that is switched on after two days still brings one.
//! So this book is kept for three days, apart from the alerts in memory.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use narrowcast_protocol::air::{MessageId, Phone, StationId};
use narrowcast_protocol::sms::message_id::Match;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::phone_book::{MessageRef, ReceiptOutcome};
use crate::model::wall::Wall;

/// How long a message is remembered.
const LIFE: Duration = Duration::from_secs(72 * 3_600);
/// Most messages that are remembered; the oldest go first.
const MESSAGES: usize = 1_000_000;
/// How long a receipt waits for the answer that names its message.
const EARLY_LIFE: Duration = Duration::from_secs(600);
/// Most receipts that wait so.
const EARLY: usize = 10_000;

/// A message that an operator took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    route: StationId,
    to: Phone,
    id: Box<str>,
    of: MessageRef,
    at: Wall,
}

/// A receipt whose message is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Early {
    pub(in crate::engine) route: StationId,
    pub(in crate::engine) to: Option<Phone>,
    pub(in crate::engine) message: Box<str>,
    pub(in crate::engine) outcome: ReceiptOutcome,
    pub(in crate::engine) code: String,
    pub(in crate::engine) at: Wall,
}

/// The messages of the last three days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::engine) struct SentBook {
    /// By position; the first position is `first`.
    messages: VecDeque<Sent>,
    first: u64,
    /// Positions by route and every key of a name.
    keys: BTreeMap<(StationId, Box<str>), Vec<u64>>,
    early: VecDeque<Early>,
    /// How many parts each telephone got over each route on its newest day.
    daily: BTreeMap<(StationId, Phone), (i64, u32)>,
    /// How many parts each route took on its newest day.
    routes: BTreeMap<StationId, (i64, u64)>,
}

/// Milliseconds of a day.
const DAY: i64 = 24 * 3_600 * 1_000;
/// Most telephones of which the parts of the day are counted.
const COUNTED: usize = 1_000_000;

/// The day of a moment, counted from 1970 in UTC.
fn day(at: Wall) -> i64 {
    at.as_millis().div_euclid(DAY)
}

fn id(written: &str) -> Option<MessageId> {
    MessageId::new(written.as_bytes()).ok()
}

fn keys(written: &str) -> impl Iterator<Item = Box<str>> {
    let id = id(written);
    let keys: Vec<Box<str>> = id
        .iter()
        .flat_map(|id| id.keys().map(|key| key.as_str().into()))
        .collect();
    keys.into_iter()
}

impl SentBook {
    /// An operator took a message and named it.
    pub(in crate::engine) fn taken(
        &mut self,
        of: MessageRef,
        route: StationId,
        to: Phone,
        message: &str,
        at: Wall,
    ) {
        if self.messages.len() >= MESSAGES {
            self.drop_first();
        }
        self.count((route, to), day(at));
        let place = self.first + self.messages.len() as u64;
        for key in keys(message) {
            self.keys.entry((route, key)).or_default().push(place);
        }
        self.messages.push_back(Sent {
            route,
            to,
            id: message.into(),
            of,
            at,
        });
    }

    fn count(&mut self, (route, to): (StationId, Phone), day: i64) {
        let taken = self.routes.entry(route).or_default();
        *taken = (day, if taken.0 == day { taken.1 + 1 } else { 1 });
        if self.daily.len() < COUNTED || self.daily.contains_key(&(route, to)) {
            let taken = self.daily.entry((route, to)).or_default();
            let before = if taken.0 == day { taken.1 } else { 0 };
            *taken = (day, before.saturating_add(1));
        }
    }

    /// How many parts a telephone got over a route on the day of `now`.
    pub(super) fn today(&self, route: StationId, to: Phone, now: Wall) -> u32 {
        let counted = self.daily.get(&(route, to));
        counted
            .filter(|(of, _)| *of == day(now))
            .map_or(0, |(_, count)| *count)
    }

    /// How many parts a route took on the day of `now`.
    pub(super) fn route_today(&self, route: StationId, now: Wall) -> u64 {
        let counted = self.routes.get(&route);
        counted
            .filter(|(of, _)| *of == day(now))
            .map_or(0, |(_, count)| *count)
    }

    fn drop_first(&mut self) {
        let Some(old) = self.messages.pop_front() else {
            return;
        };
        let place = self.first;
        self.first += 1;
        for key in keys(&old.id) {
            let key = (old.route, key);
            if let Some(places) = self.keys.get_mut(&key) {
                places.retain(|it| *it != place);
                if places.is_empty() {
                    self.keys.remove(&key);
                }
            }
        }
    }

    /// The message that a receipt is about.
    pub(super) fn find(
        &self,
        route: StationId,
        message: &MessageId,
        to: Option<Phone>,
    ) -> Option<MessageRef> {
        let mut places: Vec<u64> = keys(message.as_str())
            .filter_map(|key| self.keys.get(&(route, key)))
            .flatten()
            .copied()
            .collect();
        // Operators give names again after days: the newest first.
        places.sort_unstable_by(|a, b| b.cmp(a));
        places.dedup();
        let known = places.iter().filter_map(|place| {
            let at = usize::try_from(place.checked_sub(self.first)?).ok()?;
            self.messages.get(at)
        });
        let known = known.filter(|sent| to.is_none_or(|to| sent.to == to));
        let open: Vec<(MessageId, MessageRef)> = known
            .filter_map(|sent| Some((id(&sent.id)?, sent.of)))
            .collect();
        match message.find(open.iter().map(|(id, of)| (id, *of))) {
            Match::Exact(of) | Match::Normalised(of) => Some(of),
            Match::Ambiguous | Match::None => None,
        }
    }

    /// A receipt came whose message is not known.
    pub(in crate::engine) fn unmatched(&mut self, early: Early) {
        if self.early.len() >= EARLY {
            self.early.pop_front();
        }
        self.early.push_back(early);
    }

    /// A receipt has found its message.
    pub(in crate::engine) fn matched(&mut self, of: &MessageRef) {
        if self.early.is_empty() {
            return;
        }
        let early = std::mem::take(&mut self.early);
        let waits = |it: &Early| {
            let found = id(&it.message).and_then(|id| self.find(it.route, &id, it.to));
            found.as_ref() != Some(of)
        };
        self.early = early.into_iter().filter(waits).collect();
    }

    /// The receipts that came before the answer which names their message.
    pub(super) fn early(&self, route: StationId, message: &MessageId, to: Phone) -> Vec<Early> {
        let same = |it: &&Early| {
            it.route == route
                && it.to.is_none_or(|it| it == to)
                && id(&it.message).is_some_and(|id| id.may_be(message))
        };
        self.early.iter().filter(same).cloned().collect()
    }

    /// Whether this receipt waits already.
    pub(super) fn is_early(
        &self,
        route: StationId,
        message: &str,
        to: Option<Phone>,
        outcome: ReceiptOutcome,
    ) -> bool {
        self.early.iter().any(|it| {
            (it.route, it.to, it.outcome) == (route, to, outcome) && *it.message == *message
        })
    }

    /// Forgets what is too old.
    pub(in crate::engine) fn forget(&mut self, now: Wall) {
        let old = |at: Wall, life: Duration| now.since(at) >= life;
        while self.messages.front().is_some_and(|sent| old(sent.at, LIFE)) {
            self.drop_first();
        }
        while self.early.front().is_some_and(|it| old(it.at, EARLY_LIFE)) {
            self.early.pop_front();
        }
        let today = day(now);
        self.daily.retain(|_, (of, _)| *of >= today);
    }

    pub(in crate::engine) fn len(&self) -> usize {
        self.messages.len()
    }
}

impl Serialize for SentBook {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts = (&self.daily, &self.routes);
        (self.first, &self.messages, &self.early, counts).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SentBook {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        type Counts = (
            BTreeMap<(StationId, Phone), (i64, u32)>,
            BTreeMap<StationId, (i64, u64)>,
        );
        type Stored = (u64, VecDeque<Sent>, VecDeque<Early>, Counts);
        let (first, messages, early, (daily, routes)) = Stored::deserialize(deserializer)?;
        let mut book = Self {
            first,
            early,
            ..Self::default()
        };
        for sent in messages {
            book.taken(sent.of, sent.route, sent.to, &sent.id, sent.at);
        }
        (book.daily, book.routes) = (daily, routes);
        Ok(book)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{AlertId, DeliveryIndex};

    const ROUTE: StationId = StationId(1);

    fn of(delivery: u32) -> MessageRef {
        MessageRef {
            alert: AlertId(ulid::Ulid::from(7u128)),
            delivery: DeliveryIndex(delivery),
            phone: 0,
            number: 1,
            part: 0,
        }
    }

    fn phone(number: &str) -> Phone {
        Phone::new(number).unwrap()
    }

    fn book(names: &[&str]) -> SentBook {
        let mut book = SentBook::default();
        for (number, name) in (0..).zip(names) {
            let at = Wall::from_millis(i64::from(number) * 1_000);
            book.taken(of(number), ROUTE, phone("13800138000"), name, at);
        }
        book
    }

    #[test]
    fn a_receipt_finds_its_message_in_other_forms_of_its_name_and_the_newest_of_equal_names() {
        let book = book(&["812FC7470000001B", "7F", "7F", "00B8BE19"]);
        let find = |name: &str| book.find(ROUTE, &id(name).unwrap(), None);
        assert_eq!(find("9308878062554710043"), Some(of(0)));
        assert_eq!(find("7F"), Some(of(2)));
        assert_eq!(find("b8be19"), Some(of(3)));
        assert_eq!(find("99"), None);
        let other = id("7F").unwrap();
        assert_eq!(book.find(StationId(2), &other, None), None, "another route");
        assert_eq!(book.find(ROUTE, &other, Some(phone("13900139000"))), None);
    }

    #[test]
    fn the_book_forgets_after_three_days_and_is_the_same_after_it_was_stored() {
        let mut book = book(&["A1", "B2", "C3"]);
        let stored = postcard::to_stdvec(&book).unwrap();
        assert_eq!(postcard::from_bytes::<SentBook>(&stored).unwrap(), book);
        book.forget(Wall::from_millis(1_000).plus(LIFE));
        assert_eq!(book.len(), 1);
        assert_eq!(book.find(ROUTE, &id("C3").unwrap(), None), Some(of(2)));
        assert_eq!(book.find(ROUTE, &id("A1").unwrap(), None), None);
        assert_eq!(book.keys.len(), 1);
    }
}
