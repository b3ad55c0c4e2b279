//! When to look again at what.

use std::collections::BTreeSet;

use narrowcast_protocol::air::{CarrierId, StationId};
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::sms::Ring;
use crate::model::ids::{AlertId, DeliveryId, SensorAlarmId};
use crate::model::wall::Wall;

/// Once a minute what has no bearing any more is forgotten.
const FORGET_EVERY: std::time::Duration = std::time::Duration::from_secs(60);
/// The same, by the time of the facts, while they are folded.
const FORGET_WHILE_FOLDING: std::time::Duration = std::time::Duration::from_secs(600);
/// Most alerts that leave memory at once, so that no batch grows without bound.
const SUMMED_AT_ONCE: usize = 200;
/// The pause before the next of them leave.
const SUMMED_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Something in this carrier's queue becomes ready.
    Carrier(CarrierId),
    /// This carrier may take more than before: part of its hold-down is over.
    Held(CarrierId),
    /// What waits for this carrier, which was away, has waited for a while.
    Patience(CarrierId),
    /// The window for the terminal's acknowledgement of this attempt closes.
    Window(DeliveryId, u8),
    /// This alert expires.
    Expiry(AlertId),
    /// A damped station change may be recorded.
    Station(StationId),
    /// Something waiting for this SMS route becomes ready, or the route has rested.
    Route(CarrierId),
    /// Telephones of this alert have their turn.
    Rings(AlertId),
    /// The wait for the receipts of this attempt is over.
    Receipt(Ring, u8),
    /// Something of this sensor alarm is due: to write, to alert or to end it.
    SensorAlarm(SensorAlarmId),
    /// The time of a suppression is over.
    Suppressions,
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
                Timer::Held(id) => self.hold_is_over(id),
                Timer::Patience(id) => self.patience_ends(id),
                Timer::Window(delivery, number) => self.window_closed(delivery, number),
                Timer::Expiry(alert) => self.expiry_due(alert),
                Timer::Station(station) => self.record_station(station),
                Timer::Route(carrier) => self.route_rested(carrier),
                Timer::Rings(alert) => self.rings_due(alert),
                Timer::Receipt(ring, number) => self.receipt_due(ring, number),
                Timer::SensorAlarm(id) => self.sensor_alarm_due(id),
                Timer::Suppressions => self.suppressions_due(),
                Timer::Forget => self.forget(),
            }
        }
    }

    /// What is over leaves while facts are folded, too. Always later than in the run that decided
    /// the facts. (Alerts leave with the fact that sums them up.)
    pub(super) fn forget_while_folding(&mut self, at: Wall) {
        if at.since(self.folded_to) >= FORGET_WHILE_FOLDING {
            self.folded_to = at;
            let late = FORGET_EVERY.saturating_mul(2).as_millis();
            let late = i64::try_from(late).unwrap_or(i64::MAX);
            self.state
                .forget(Wall::from_millis(at.as_millis().saturating_sub(late)));
        }
    }

    pub(super) fn forget(&mut self) {
        self.give_up_parts();
        let wall = self.wall();
        let over = self.state.over(wall).take(SUMMED_AT_ONCE);
        let summaries: Vec<_> = over.map(|book| (book.alert.id, book.summary())).collect();
        let again = if summaries.len() < SUMMED_AT_ONCE {
            FORGET_EVERY
        } else {
            SUMMED_EVERY
        };
        for (alert, summary) in summaries {
            for fact in summary.facts(alert, self.state.seq.next()) {
                self.emit(fact);
            }
        }
        self.state.forget(wall);
        let alerts = &self.state.alerts;
        self.by_radio.retain(|alert| alerts.contains_key(&alert));
        self.sms.retain(|alert| alerts.contains_key(&alert));
        self.costs
            .retain(|(alert, ..), _| alerts.contains_key(alert));
        self.timers.set(self.clock.mono() + again, Timer::Forget);
    }
}
