//! When an alert ends, and what its end takes back.

use narrowcast_protocol::session::Job;

use crate::engine::Engine;
use crate::engine::io::Effect;
use crate::engine::timers::Timer;
use crate::model::delivery::End;
use crate::model::facts::Fact;
use crate::model::ids::AlertId;

impl Engine {
    /// Ends an alert of which nothing more is wanted.
    pub(super) fn settle(&mut self, alert: AlertId) {
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        let over = book.unsettled == 0 && book.ended_at.is_none();
        if over && !self.attempts.transmits(alert) {
            self.finish(alert, None, None, None);
        }
    }

    /// Ends an alert and takes back what has not left yet.
    pub(super) fn finish(
        &mut self,
        alert: AlertId,
        end: Option<End>,
        by: Option<String>,
        because: Option<String>,
    ) {
        if !self.state.alerts.contains_key(&alert) {
            return;
        }
        self.emit(Fact::AlertEnded {
            alert,
            end,
            by,
            because,
        });
        self.air.take_out_alert(alert);
        self.end_rings(alert);
        self.end_collection(alert);
        for job in self.attempts.end_alert(alert) {
            self.after_commit(Effect::Transmit(Job::Withdraw(job)));
        }
    }

    /// Comes back when an alert expires.
    pub(super) fn watch_expiry(&mut self, alert: AlertId) {
        if let Some(book) = self.state.alerts.get(&alert) {
            let at = self.clock.when(book.alert.expires_at);
            self.timers.set(at, Timer::Expiry(alert));
        }
    }

    /// An alert may have expired: the civil clock may have been corrected meanwhile.
    pub(super) fn expiry_due(&mut self, alert: AlertId) {
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        if book.ended_at.is_some() {
            return;
        }
        if self.wall() >= book.alert.expires_at {
            self.finish(alert, Some(End::Expired), None, None);
        } else {
            self.watch_expiry(alert);
        }
    }
}
