//! What waits for which carrier, and where it goes when radios and carriers come and go.

use std::cmp::Reverse;
use std::time::Duration;

use narrowcast_protocol::air::CarrierId;
use narrowcast_protocol::time::Instant;

use crate::engine::air::carriers::FLASH_PATIENCE;
use crate::engine::air::way::Way;
use crate::engine::air::{Air, AirTimer};
use crate::engine::known::Known;
use crate::engine::queue::{Cost, Item, Place};
use crate::engine::wants::wants_sending;
use crate::model::alert::Precedence;
use crate::model::ids::{AlertId, DeliveryId};

/// Keeps the order of those that are ready together when a radio catches up.
const STEP: Duration = Duration::from_micros(1);

impl Air {
    /// Puts something of a delivery into its carrier's queue, to be sent at `ready` or later.
    pub(in crate::engine) fn enqueue(
        &mut self,
        known: Known<'_>,
        alert: AlertId,
        item: Item,
        ready: Instant,
    ) {
        let (Some(book), Some(index)) = (known.state.alerts.get(&alert), item.delivery()) else {
            return;
        };
        let place = Place {
            precedence: book.alert.precedence,
            ready,
            alert,
            item,
            cost: Cost::default(),
        };
        let way = self.way(known, DeliveryId { alert, index });
        self.put(known, way, place);
    }

    /// Puts a group transmission into the queue of its carrier, where it stays.
    pub(in crate::engine) fn enqueue_group(
        &mut self,
        known: Known<'_>,
        carrier: CarrierId,
        place: Place,
    ) {
        let carrier = Some(carrier);
        let cost = self.costs.of(known.state, carrier, place.alert, place.item);
        self.queues.push(carrier, carrier, Place { cost, ..place });
    }

    /// Puts a place where its way leads, and looks again when patience ends.
    fn put(&mut self, known: Known<'_>, way: Way, place: Place) {
        let now = known.now.mono;
        if let Some(id) = way.belongs
            && self.carriers.out_for(id, place.precedence, now).is_some()
        {
            self.look_again(known, id, place.precedence);
        }
        if let Item::One(index) = place.item {
            let patience = if place.precedence == Precedence::Flash {
                FLASH_PATIENCE
            } else {
                known.state.policy.home_grace
            };
            let out = |id| self.carriers.out_for(id, place.precedence, now);
            let can_go = way
                .now
                .is_some_and(|id| out(id).is_none_or(|out| out < patience));
            let alert = place.alert;
            let id = DeliveryId { alert, index };
            let others = known
                .delivery(id)
                .is_some_and(|(_, it)| !it.phones().is_empty());
            if !can_go && others {
                self.stuck.push(id);
            }
        }
        let cost = self.costs.of(known.state, way.now, place.alert, place.item);
        self.queues
            .push(way.now, way.belongs, Place { cost, ..place });
    }

    fn look_again(&mut self, known: Known<'_>, id: CarrierId, precedence: Precedence) {
        let since = self.carriers.away_since(id);
        let flash = (precedence == Precedence::Flash).then_some(FLASH_PATIENCE);
        for wait in flash.into_iter().chain([known.state.policy.home_grace]) {
            if since + wait > known.now.mono {
                self.timers.set(since + wait, AirTimer::Patience(id));
            }
        }
    }

    /// Gives what waits in one queue its way of now.
    pub(super) fn reroute(&mut self, known: Known<'_>, from: Option<CarrierId>) {
        for place in self.queues.drain(from) {
            match place.item {
                // A group transmission belongs to its carrier and waits for it.
                Item::Group(_) => self.queues.push(from, from, place),
                Item::One(index) | Item::Poll(index) => {
                    let alert = place.alert;
                    let way = self.way(known, DeliveryId { alert, index });
                    self.move_place(known, way, place);
                }
            }
        }
    }

    /// A carrier can take traffic again: what belongs to it and has not left comes back.
    pub(super) fn bring_back(&mut self, known: Known<'_>, id: CarrierId) {
        for (alert, index) in self.queues.strayed(id) {
            self.follow(known, DeliveryId { alert, index }, true);
        }
    }

    /// A radio was heard on another carrier: what waits of these deliveries moves there.
    pub(in crate::engine) fn radio_moved(&mut self, known: Known<'_>, deliveries: &[DeliveryId]) {
        for id in deliveries {
            self.follow(known, *id, false);
        }
    }

    /// Moves what waits of a delivery to where it goes now. `comes_home`: the carrier that it
    /// belongs to is back.
    fn follow(&mut self, known: Known<'_>, id: DeliveryId, comes_home: bool) {
        let Some((carrier, mut place)) = self.queues.find(id.alert, id.index) else {
            return;
        };
        let way = self.way(known, id);
        if way.now == carrier {
            return;
        }
        let flash = place.precedence == Precedence::Flash;
        let tried = known.delivery(id).and_then(|(_, it)| it.carrier);
        if comes_home && flash && way.now == way.belongs && tried.is_some() && tried != way.now {
            // The try over another station was instead of the one that belongs here.
            place.ready = place.ready.min(known.now.mono);
        }
        self.move_place(known, way, place);
    }

    /// Puts a place into another carrier's queue. Where nobody can be polled, the text is sent
    /// instead, if it is still wanted.
    fn move_place(&mut self, known: Known<'_>, way: Way, place: Place) {
        let book = known.state.alerts.get(&place.alert);
        let (Item::Poll(index), Some(book)) = (place.item, book) else {
            return self.put(known, way, place);
        };
        let wanted = book
            .delivery(index)
            .is_some_and(|delivery| wants_sending(&book.alert.ask, delivery));
        if known.state.polls_on(&book.alert, way.now) || way.now.is_none() {
            self.put(known, way, place);
        } else if wanted {
            let item = Item::One(index);
            self.put(known, way, Place { item, ..place });
        } else {
            self.queues.remove(place.alert, index);
        }
    }

    /// A radio that was away is back: puts what waits for it in the order in which it still
    /// matters. What has expired is gone by itself. Of the rest the newest of each precedence go
    /// first, a few at once; the others follow later, so that the radio is not flooded and its
    /// carrier neither. For each of these deliveries, how many further ones its text announces:
    /// the last of those that go at once says how many there are.
    pub(in crate::engine) fn catch_up(
        &mut self,
        known: Known<'_>,
        deliveries: &[DeliveryId],
    ) -> Vec<(DeliveryId, Option<u16>)> {
        let of = deliveries.iter();
        let mut waiting: Vec<(DeliveryId, Place)> = of
            .filter_map(|id| Some((*id, self.queues.find(id.alert, id.index)?.1)))
            .filter(|(_, place)| matches!(place.item, Item::One(_)))
            .collect();
        let catch_up = &known.state.policy.catch_up;
        let at_once = usize::from(catch_up.at_once.max(1));
        if waiting.len() <= at_once {
            return Vec::new();
        }
        waiting.sort_by_key(|(id, place)| (place.precedence, Reverse(id.alert)));
        let more = u16::try_from(waiting.len() - at_once).unwrap_or(u16::MAX);
        let mut ready = known.now.mono;
        let mut announced = Vec::with_capacity(waiting.len());
        for (number, (id, place)) in waiting.into_iter().enumerate() {
            announced.push((id, (number + 1 == at_once).then_some(more)));
            if number > 0 && number.is_multiple_of(at_once) {
                ready += catch_up.pause;
            }
            ready += STEP;
            let ready = ready.max(place.ready);
            let way = self.way(known, id);
            self.put(known, way, Place { ready, ..place });
        }
        announced
    }

    /// Where a delivery waits, and for what; none if it does not.
    pub(in crate::engine) fn waits(&self, id: DeliveryId) -> Option<(Option<CarrierId>, Place)> {
        self.queues.find(id.alert, id.index)
    }

    /// Whether anything of a delivery waits.
    pub(in crate::engine) fn is_waiting(&self, id: DeliveryId) -> bool {
        self.waits(id).is_some()
    }

    /// Takes out what waits of a delivery.
    pub(in crate::engine) fn take_out(&mut self, id: DeliveryId) {
        self.queues.remove(id.alert, id.index);
    }

    /// Takes out everything that waits of an alert.
    pub(in crate::engine) fn take_out_alert(&mut self, alert: AlertId) {
        self.queues.remove_alert(alert);
    }

    /// A radio is free again: the carriers where something waits for it are worth a look.
    pub(in crate::engine) fn touch_where_waiting(&mut self, deliveries: &[DeliveryId]) {
        for id in deliveries {
            if let Some((Some(carrier), _)) = self.waits(*id) {
                self.queues.touch(carrier);
            }
        }
    }

    /// Something else is to be asked over this carrier when it has nothing better to do.
    pub(in crate::engine) fn touch(&mut self, carrier: CarrierId) {
        self.queues.touch(carrier);
    }

    /// Deliveries to people with a telephone that came to wait for a carrier which cannot take
    /// them, since this was asked last.
    pub(in crate::engine) fn take_stuck(&mut self) -> Vec<DeliveryId> {
        std::mem::take(&mut self.stuck)
    }

    /// Whether there are any such.
    pub(in crate::engine) fn has_stuck(&self) -> bool {
        !self.stuck.is_empty()
    }
}
