//! What is due: the parts are asked for it in one order.

use std::time::Duration;

use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::known::known;
use crate::engine::timers::Timer;
use crate::model::wall::Wall;

/// Once a minute what has no bearing any more is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// The same, by the time of the facts, while they are folded.
const FORGET_WHILE_FOLDING: Duration = Duration::from_secs(600);
/// Most alerts that leave memory at once, so that no batch grows without bound.
const SUMMED_AT_ONCE: usize = 200;
/// The pause before the next of them leave.
const SUMMED_EVERY: Duration = Duration::from_secs(1);

impl Engine {
    /// When to come back with [`Input::Tick`](crate::engine::io::Input::Tick), if nothing else
    /// comes before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let parts = [
            self.air.deadline(),
            self.attempts.deadline(),
            self.sms.deadline(),
            self.alarms.deadline(),
            self.timers.next(),
        ];
        parts.into_iter().flatten().min()
    }

    /// Does what is due. The parts are asked in this order, and again as long as what one does
    /// makes something due at once.
    pub(super) fn fire_timers(&mut self, now: Instant) {
        while self.deadline().is_some_and(|at| at <= now) {
            let known = known!(self);
            for station in self.air.fire(known) {
                let news = self.air.station_news(station, now);
                self.record_station(station, news);
            }
            while let Some((id, number)) = self.attempts.window_closed(now) {
                self.window_closed(id, number);
            }
            self.fire_sms(now);
            self.fire_alarms(now);
            while let Some(timer) = self.timers.due(now) {
                match timer {
                    Timer::Expiry(alert) => self.expiry_due(alert),
                    Timer::Forget => self.forget(),
                }
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

    /// Forgets what has no bearing any more, everywhere.
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
        self.whereabouts.retain(|alert| alerts.contains_key(&alert));
        self.sms.retain(|alert| alerts.contains_key(&alert));
        self.air.retain(|alert| alerts.contains_key(&alert));
        self.timers.set(self.clock.mono() + again, Timer::Forget);
    }
}
