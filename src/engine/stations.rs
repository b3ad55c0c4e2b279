//! Which carriers are there: hold-down after flapping, damped facts.

use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, CarrierKind, RadioId, StationId};
use narrowcast_protocol::session::CarrierState;
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::dispatch::wants_sending;
use crate::engine::queue::{Item, Place};
use crate::engine::timers::Timer;
use crate::model::facts::Fact;
use crate::model::text;

/// Longest hold-down.
const HOLD_DOWN_MAX: Duration = Duration::from_secs(300);
/// A carrier that held this long is trusted again.
const TRUSTED_AFTER: Duration = Duration::from_secs(600);
/// At most one fact about a station in this time.
const DAMPING: Duration = Duration::from_secs(60);
/// Longest description that is kept, in characters.
const DESCRIPTION: usize = 200;

/// A carrier as it is now.
#[derive(Debug, Clone, Copy)]
pub(super) struct CarrierRun {
    pub(super) state: CarrierState,
    pub(super) room: u8,
    /// Until then only Flash passes.
    pub(super) held_until: Instant,
    came: Instant,
    drops: u32,
}

impl CarrierRun {
    pub(super) const fn is_there(&self) -> bool {
        !matches!(self.state, CarrierState::Gone)
    }
}

/// What is known of a station's comings and goings since the last fact about it.
#[derive(Debug, Default)]
pub(super) struct Damper {
    up: bool,
    changes: u32,
    description: String,
    recorded_at: Option<Instant>,
    timer_set: bool,
}

impl Engine {
    pub(super) fn carrier_changed(&mut self, id: CarrierId, state: CarrierState, room: u8) {
        if self.state.policy.station(id.station).is_none() {
            return;
        }
        let now = self.clock.mono();
        let hold_down = self.state.policy.hold_down;
        let was_there = self.carriers.get(&id).is_some_and(CarrierRun::is_there);
        let run = self.carriers.entry(id).or_insert(CarrierRun {
            state: CarrierState::Gone,
            room: 0,
            held_until: now,
            came: now,
            drops: 0,
        });
        run.state = state;
        run.room = room;
        match (was_there, run.is_there()) {
            (false, true) => {
                run.came = now;
                if run.drops > 0 {
                    let factor = 1u32 << (run.drops - 1).min(5);
                    run.held_until = now + (hold_down * factor).min(HOLD_DOWN_MAX);
                    self.timers.set(run.held_until, Timer::Carrier(id));
                }
                self.reroute(None);
                self.station_changed(id.station);
            }
            (true, false) => {
                run.drops = if now.since(run.came) >= TRUSTED_AFTER {
                    1
                } else {
                    run.drops + 1
                };
                self.reroute(Some(id));
                self.station_changed(id.station);
            }
            _ => {}
        }
        self.queues.touch(id);
    }

    pub(super) fn station_identified(&mut self, station: StationId, description: &str) {
        if self.state.policy.station(station).is_some() {
            let shown = text::shown(description).chars().take(DESCRIPTION).collect();
            self.dampers.entry(station).or_default().description = shown;
        }
    }

    /// What kind of channel a carrier is, as its station's policy says.
    pub(super) fn kind(&self, carrier: CarrierId) -> CarrierKind {
        let station = self.state.policy.station(carrier.station);
        station.map_or(CarrierKind::default(), |station| station.kind)
    }

    pub(super) fn station_up(&self, station: StationId) -> bool {
        self.carriers
            .iter()
            .any(|(id, run)| id.station == station && run.is_there())
    }

    /// What a station says about itself: what it said last, else what is on record.
    pub(super) fn describe(&self, station: StationId, recorded: &str) -> String {
        let said = self
            .dampers
            .get(&station)
            .map(|damper| damper.description.as_str());
        said.filter(|said| !said.is_empty())
            .unwrap_or(recorded)
            .to_owned()
    }

    fn station_changed(&mut self, station: StationId) {
        let up = self.station_up(station);
        let now = self.clock.mono();
        let damper = self.dampers.entry(station).or_default();
        if damper.up == up {
            return;
        }
        damper.up = up;
        damper.changes += 1;
        let due = damper.recorded_at.map_or(now, |at| at + DAMPING);
        if due <= now {
            self.record_station(station);
        } else if !damper.timer_set {
            damper.timer_set = true;
            self.timers.set(due, Timer::Station(station));
        }
    }

    pub(super) fn record_station(&mut self, station: StationId) {
        let now = self.clock.mono();
        let Some(damper) = self.dampers.get_mut(&station) else {
            return;
        };
        damper.timer_set = false;
        if damper.changes == 0 {
            return;
        }
        damper.recorded_at = Some(now);
        let changes = std::mem::take(&mut damper.changes);
        let (up, description) = (damper.up, damper.description.clone());
        self.emit(Fact::StationChanged {
            station,
            up,
            changes,
            description,
        });
    }

    /// Gives what waits for `from` (or has no carrier) its best carrier of now.
    pub(super) fn reroute(&mut self, from: Option<CarrierId>) {
        for place in self.queues.drain(from) {
            match place.item {
                // A group transmission belongs to its carrier and waits for it.
                Item::Group(_) => self.queues.push(from, place),
                Item::One(index) | Item::Poll(index) => {
                    let carrier = self.route(place.alert, index);
                    self.move_place(carrier, place);
                }
            }
        }
    }

    /// A radio was heard on another carrier: what waits for it moves there.
    pub(super) fn radio_moved(&mut self, radio: RadioId) {
        let all = self.deliveries_of(radio);
        for id in all {
            let Some((carrier, place)) = self.queues.find(id.alert, id.index) else {
                continue;
            };
            let best = self.route(id.alert, id.index);
            if best != carrier {
                self.move_place(best, place);
            }
        }
    }

    /// Puts a place into another carrier's queue. Where nobody can be polled, the text is sent
    /// instead, if it is still wanted.
    fn move_place(&mut self, to: Option<CarrierId>, place: Place) {
        let book = self.state.alerts.get(&place.alert);
        let (Item::Poll(index), Some(book)) = (place.item, book) else {
            return self.queues.push(to, place);
        };
        let wanted = book
            .delivery(index)
            .is_some_and(|delivery| wants_sending(&book.alert.ask, delivery));
        if self.polls_on(&book.alert, to) || to.is_none() {
            self.queues.push(to, place);
        } else if wanted {
            let item = Item::One(index);
            self.queues.push(to, Place { item, ..place });
        } else {
            self.queues.remove(place.alert, index);
        }
    }
}
