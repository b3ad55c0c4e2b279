//! Taking up work after the fold.

use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::wants::wants_sending;
use crate::model::delivery::Outcome;
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};

impl Engine {
    /// Everything that is still wanted goes back into the queues.
    pub(super) fn requeue_everything(&mut self, now: Instant) {
        let gap = self.state.policy.attempt_gap;
        let alerts: Vec<AlertId> = self.state.alerts.keys().copied().collect();
        for alert in alerts {
            self.index_radios(alert);
            let Some(book) = self.state.alerts.get(&alert) else {
                continue;
            };
            if book.ended_at.is_some() {
                self.start_rings(alert);
                continue;
            }
            let deliveries = (0u32..).map(DeliveryIndex).zip(&book.deliveries);
            let wanted = deliveries
                .filter(|(_, delivery)| wants_sending(&book.alert.ask, delivery))
                .filter(|(_, delivery)| !self.state.is_with_the_site(delivery));
            let wanted: Vec<_> = wanted
                .map(|(index, delivery)| {
                    let spent = book.times_sent(delivery) >= self.state.policy.max_attempts;
                    (index, delivery.attempts > 0, spent)
                })
                .collect();
            self.watch_expiry(alert);
            for (index, tried, spent) in wanted {
                let id = DeliveryId { alert, index };
                if spent {
                    self.try_again(id, Outcome::Unclear);
                } else {
                    self.enqueue(id, if tried { now + gap } else { now });
                }
            }
            self.poll_again_after_restart(alert, now);
            self.queue_groups(alert, now);
            self.start_rings(alert);
            self.settle(alert);
        }
        self.forget();
    }

    /// Learns to which radios the deliveries of an alert go.
    pub(super) fn index_radios(&mut self, alert: AlertId) {
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        let deliveries = (0u32..).map(DeliveryIndex).zip(&book.deliveries);
        let radios = deliveries
            .flat_map(|(index, it)| it.recipient.radios().map(move |radio| (index, radio)));
        self.whereabouts.index(alert, radios);
    }
}
