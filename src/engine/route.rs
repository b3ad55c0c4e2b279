//! Over which carrier a radio is reached.
//!
//! A radio belongs to the carrier where it was heard last, else to its home. While that carrier
//! is away or held down for less than the grace time, what belongs to it waits for it; a Flash
//! waits [`FLASH_PATIENCE`] only, where another station of ours has heard the radio. After the
//! grace time everything goes over another station of ours, and what has not left comes back when
//! the carrier does. A peer's network is used for radios that live there, never as a way round.

use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, CarrierKind, RadioId};
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::queue::{Cost, Item, Place};
use crate::engine::timers::Timer;
use crate::model::alert::{Alert, Precedence};
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};
use crate::model::roster::Recipient;

/// A radio heard longer ago than this may be anywhere.
const PRESENCE_LIFE: Duration = Duration::from_secs(12 * 3600);
/// A Flash waits so long for the carrier that it belongs to before it goes another way.
pub(super) const FLASH_PATIENCE: Duration = Duration::from_secs(5);
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

/// Where a delivery goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    /// Where it waits or leaves now; none if no carrier can take it.
    pub(super) now: Option<CarrierId>,
    /// Where it belongs, if that is known.
    pub(super) belongs: Option<CarrierId>,
}

impl Engine {
    /// The way of a delivery now.
    pub(super) fn way(&self, alert: AlertId, index: DeliveryIndex) -> Way {
        let book = self.state.alerts.get(&alert);
        let known = book.and_then(|book| Some((book, book.delivery(index)?)));
        known.map_or(
            Way {
                now: None,
                belongs: None,
            },
            |(book, delivery)| {
                let turn = usize::from(delivery.attempts_now() / 2);
                self.way_for(&book.alert, &delivery.recipient, turn)
            },
        )
    }

    /// The carrier of a delivery now.
    pub(super) fn route(&self, alert: AlertId, index: DeliveryIndex) -> Option<CarrierId> {
        self.way(alert, index).now
    }

    /// The carriers where a recipient's radio was heard last and where it lives.
    pub(super) fn lives_at(&self, recipient: &Recipient) -> impl Iterator<Item = CarrierId> {
        let seen = recipient.radio.and_then(|radio| self.seen_at(radio));
        let heard = seen.map(|seen| seen.carrier);
        heard.into_iter().chain(recipient.home)
    }

    /// The carrier of a recipient before anything was tried.
    pub(super) fn carrier_for(&self, alert: &Alert, recipient: &Recipient) -> Option<CarrierId> {
        self.way_for(alert, recipient, 0).now
    }

    /// The way to a recipient; every two attempts (`turn`) the next carrier has its turn.
    fn way_for(&self, alert: &Alert, recipient: &Recipient, turn: usize) -> Way {
        let permitted = |id: &CarrierId| self.permits(alert, *id);
        let Some(radio) = recipient.radio else {
            return Way {
                now: None,
                belongs: None,
            };
        };
        let seen = self.seen_at(radio);
        let heard = seen.map(|seen| seen.carrier);
        let mut known: Vec<CarrierId> = heard.into_iter().chain(recipient.home).collect();
        known.retain(permitted);
        known.dedup();
        known.sort_by_key(|id| self.is_peer(*id));
        let belongs = known.get(turn % known.len().max(1)).copied();
        let precedence = alert.precedence;
        let goes = |id: &CarrierId| self.out_for(*id, precedence).is_none();
        let Some(home) = belongs else {
            let now = self.any_carrier(alert, turn);
            return Way { now, belongs };
        };
        let now = match self.out_for(home, precedence) {
            None => home,
            Some(out) if out < self.state.policy.home_grace => {
                let before = seen.and_then(|seen| seen.before).map(|(id, _)| id);
                let heard = before.into_iter().chain(heard).filter(permitted);
                let mut elsewhere = heard.filter(|id| !self.is_peer(*id)).filter(goes);
                let round = precedence == Precedence::Flash && out >= FLASH_PATIENCE;
                elsewhere.next().filter(|_| round).unwrap_or(home)
            }
            Some(_) => {
                let other = known.iter().copied().find(goes);
                let ours = || {
                    self.any_carrier(alert, turn)
                        .filter(|id| goes(id) && !self.is_peer(*id))
                };
                other.or_else(ours).unwrap_or(home)
            }
        };
        Way {
            now: Some(now),
            belongs,
        }
    }

    /// Any permitted carrier that is there, those of our own stations first.
    fn any_carrier(&self, alert: &Alert, turn: usize) -> Option<CarrierId> {
        let there = self.carriers.iter().filter(|(_, run)| run.is_there());
        let there = there.map(|(id, _)| *id);
        let open: Vec<CarrierId> = there.filter(|id| self.permits(alert, *id)).collect();
        let ours = open.iter().copied().filter(|id| !self.is_peer(*id));
        let ours: Vec<CarrierId> = ours.collect();
        let choice = if ours.is_empty() { open } else { ours };
        choice.get(turn % choice.len().max(1)).copied()
    }

    /// Whether an alert may go over this carrier.
    pub(super) fn permits(&self, alert: &Alert, id: CarrierId) -> bool {
        let known = self.state.station(id.station);
        known.is_some_and(|station| station.permits(alert.exercise))
            && alert.station.is_none_or(|only| only == id.station)
    }

    fn is_peer(&self, id: CarrierId) -> bool {
        self.state
            .station(id.station)
            .is_some_and(|station| station.peer)
    }

    /// For how long a carrier could not take traffic of this precedence; none if it can.
    pub(super) fn out_for(&self, id: CarrierId, precedence: Precedence) -> Option<Duration> {
        let now = self.clock.mono();
        match self.carriers.get(&id) {
            None => Some(now.since(self.resumed_at)),
            Some(run) if run.is_there() && !run.holds_back(precedence, now) => None,
            Some(run) => Some(now.since(run.away_since.unwrap_or(now))),
        }
    }

    /// Where a radio was heard, if not too long ago.
    fn seen_at(&self, radio: RadioId) -> Option<Presence> {
        let fresh = |at: Instant| self.clock.mono().since(at) < PRESENCE_LIFE;
        if let Some(seen) = self.presence.get(&radio).filter(|seen| fresh(seen.at)) {
            let before = seen.before.filter(|(_, at)| fresh(*at));
            return Some(Presence { before, ..*seen });
        }
        let last = self.state.heard.get(&radio)?;
        let carrier = last.carrier?;
        (self.wall().since(last.at) < PRESENCE_LIFE).then_some(Presence {
            carrier,
            at: self.resumed_at,
            before: None,
        })
    }

    /// A radio was heard somewhere: whether that is where it is now. A call that comes back
    /// through a network is not, and a peer's word counts less than a station's of our own.
    pub(super) fn is_there(&self, radio: RadioId, carrier: CarrierId) -> bool {
        let Some(seen) = self.seen_at(radio).filter(|seen| seen.carrier != carrier) else {
            return true;
        };
        let echo = self.presence.contains_key(&radio) && self.clock.mono().since(seen.at) < ECHO;
        let outranked = self.is_peer(carrier) && !self.is_peer(seen.carrier);
        !echo && !outranked
    }

    /// Notes where a radio is; where it was noted before.
    pub(super) fn note_place(&mut self, radio: RadioId, carrier: CarrierId) -> Option<Presence> {
        let at = self.clock.mono();
        let last = self.presence.get(&radio).copied();
        let before = match last {
            Some(seen) if seen.carrier.station != carrier.station => Some((seen.carrier, seen.at)),
            Some(seen) => seen.before,
            None => {
                let recorded = self.state.heard.get(&radio).and_then(|last| last.carrier);
                recorded
                    .filter(|old| old.station != carrier.station)
                    .map(|old| (old, self.resumed_at))
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

    /// Puts a delivery into its carrier's queue, to be sent at `ready` or later.
    pub(super) fn enqueue(&mut self, id: DeliveryId, ready: Instant) {
        self.enqueue_item(id.alert, Item::One(id.index), ready);
    }

    pub(super) fn enqueue_item(&mut self, alert: AlertId, item: Item, ready: Instant) {
        let (Some(book), Some(index)) = (self.state.alerts.get(&alert), item.delivery()) else {
            return;
        };
        let place = Place {
            precedence: book.alert.precedence,
            ready,
            alert,
            item,
            cost: Cost::default(),
        };
        self.put(self.way(alert, index), place);
    }

    /// Puts a place where its way leads, and looks again when patience ends.
    pub(super) fn put(&mut self, way: Way, place: Place) {
        if let Some(id) = way.belongs
            && self.out_for(id, place.precedence).is_some()
        {
            self.look_again(id, place.precedence);
        }
        self.ring_if_out(place.alert, place.item);
        let cost = self.cost_of(way.now, place.alert, place.item);
        self.queues
            .push(way.now, way.belongs, Place { cost, ..place });
    }

    fn look_again(&mut self, id: CarrierId, precedence: Precedence) {
        let now = self.clock.mono();
        let since = self.carriers.get(&id).and_then(|run| run.away_since);
        let since = since.unwrap_or(self.resumed_at);
        let flash = (precedence == Precedence::Flash).then_some(FLASH_PATIENCE);
        for wait in flash.into_iter().chain([self.state.policy.home_grace]) {
            if since + wait > now {
                self.timers.set(since + wait, Timer::Patience(id));
            }
        }
    }

    /// Gives what waits in one queue its way of now.
    pub(super) fn reroute(&mut self, from: Option<CarrierId>) {
        for place in self.queues.drain(from) {
            match place.item {
                // A group transmission belongs to its carrier and waits for it.
                Item::Group(_) => self.queues.push(from, from, place),
                Item::One(index) | Item::Poll(index) => {
                    let way = self.way(place.alert, index);
                    self.move_place(way, place);
                }
            }
        }
    }

    /// A carrier can take traffic again: what belongs to it and has not left comes back.
    pub(super) fn bring_back(&mut self, id: CarrierId) {
        for (alert, index) in self.queues.strayed(id) {
            self.follow(DeliveryId { alert, index }, true);
        }
    }

    /// A radio was heard on another carrier: what waits for it moves there.
    pub(super) fn radio_moved(&mut self, radio: RadioId) {
        for id in self.deliveries_of(radio) {
            self.follow(id, false);
        }
    }

    /// Moves what waits of a delivery to where it goes now. `comes_home`: the carrier that it
    /// belongs to is back.
    fn follow(&mut self, id: DeliveryId, comes_home: bool) {
        let Some((carrier, mut place)) = self.queues.find(id.alert, id.index) else {
            return;
        };
        let way = self.way(id.alert, id.index);
        if way.now == carrier {
            return;
        }
        let flash = place.precedence == Precedence::Flash;
        let tried = self.delivery_book(id).and_then(|delivery| delivery.carrier);
        if comes_home && flash && way.now == way.belongs && tried.is_some() && tried != way.now {
            // The try over another station was instead of the one that belongs here.
            place.ready = place.ready.min(self.clock.mono());
        }
        self.move_place(way, place);
    }

    /// Puts a place into another carrier's queue. Where nobody can be polled, the text is sent
    /// instead, if it is still wanted.
    fn move_place(&mut self, way: Way, place: Place) {
        let book = self.state.alerts.get(&place.alert);
        let (Item::Poll(index), Some(book)) = (place.item, book) else {
            return self.put(way, place);
        };
        let wanted = book.delivery(index).is_some_and(|delivery| {
            crate::engine::dispatch::wants_sending(&book.alert.ask, delivery)
        });
        if self.polls_on(&book.alert, way.now) || way.now.is_none() {
            self.put(way, place);
        } else if wanted {
            let item = Item::One(index);
            self.put(way, Place { item, ..place });
        } else {
            self.queues.remove(place.alert, index);
        }
    }

    /// What kind of channel a carrier is, as its station's policy says.
    pub(super) fn kind(&self, carrier: CarrierId) -> CarrierKind {
        let station = self.state.station(carrier.station);
        station.map_or(CarrierKind::default(), |station| station.kind)
    }

    /// Whether a carrier that is there has not sent anything for long, though something waits: how
    /// many wait, and for how long. It could send, or a call that does not end holds it.
    pub(super) fn stalled(&self) -> Vec<(CarrierId, usize, Duration)> {
        let now = self.clock.mono();
        let ready = self
            .carriers
            .iter()
            .filter(|(_, run)| run.is_there() && !run.holds_back(Precedence::Routine, now));
        let waiting = ready.filter_map(|(id, run)| {
            let idle = now.since(run.started_at);
            let (count, oldest) = self.queues.ready_since(*id)?;
            let waits = now.since(oldest).min(idle);
            (waits >= STALLED).then_some((*id, count, waits))
        });
        waiting.collect()
    }
}

/// A queue that could go and does not for so long is stalled: longer than any fragment, window or
/// ceiling takes.
const STALLED: Duration = Duration::from_secs(90);
