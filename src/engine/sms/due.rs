//! What is due of telephones, and of the routes to them.

use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::sms::SmsTimer;

impl Engine {
    /// Does what is due of telephones.
    pub(in crate::engine) fn fire_sms(&mut self, now: Instant) {
        while let Some(timer) = self.sms.timers.due(now) {
            match timer {
                SmsTimer::Route(carrier) => self.route_rested(carrier),
                SmsTimer::Rings(alert) => self.rings_due(alert),
                SmsTimer::Receipt(ring, number) => self.receipt_due(ring, number),
            }
        }
    }
}
