//! When to look again at what.

use std::collections::BTreeSet;

use narrowcast_protocol::air::{CarrierId, StationId};
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::model::ids::{AlertId, DeliveryId};

/// Once a minute what has no bearing any more is forgotten.
const FORGET_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Something in this carrier's queue becomes ready, or its hold-down ends.
    Carrier(CarrierId),
    /// The window for the terminal's acknowledgement of this attempt closes.
    Window(DeliveryId, u8),
    /// This alert expires.
    Expiry(AlertId),
    /// A damped station change may be recorded.
    Station(StationId),
    /// Forget.
    Forget,
}

#[derive(Debug, Default)]
pub(super) struct Timers(BTreeSet<(Instant, Timer)>);

impl Timers {
    pub(super) fn set(&mut self, at: Instant, timer: Timer) {
        self.0.insert((at, timer));
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    pub(super) fn due(&mut self, now: Instant) -> Option<Timer> {
        let (at, timer) = *self.0.first()?;
        if at > now {
            return None;
        }
        self.0.remove(&(at, timer));
        Some(timer)
    }
}

impl Engine {
    pub(super) fn fire_timers(&mut self, now: Instant) {
        while let Some(timer) = self.timers.due(now) {
            match timer {
                // `dispatch` runs after every input and looks at every carrier.
                Timer::Carrier(id) => self.queues.touch(id),
                Timer::Window(delivery, number) => self.window_closed(delivery, number),
                Timer::Expiry(alert) => self.expiry_due(alert),
                Timer::Station(station) => self.record_station(station),
                Timer::Forget => self.forget(),
            }
        }
    }

    pub(super) fn forget(&mut self) {
        let wall = self.wall();
        self.state.forget(wall);
        let alerts = &self.state.alerts;
        self.of_radio
            .retain(|(_, delivery)| alerts.contains_key(&delivery.alert));
        self.timers
            .set(self.clock.mono() + FORGET_EVERY, Timer::Forget);
    }
}
