//! What a radio gets that was away while alerts waited for it.
//!
//! What has expired is gone by itself. Of the rest the newest of each precedence go first, a
//! few at once; the last of these says how many more there are, and those follow later, so that
//! a radio that comes back is not flooded and its carrier neither.

use std::cmp::Reverse;
use std::time::Duration;

use narrowcast_protocol::air::RadioId;

use crate::engine::Engine;
use crate::engine::queue::{Item, Place};
use crate::model::ids::DeliveryId;

/// Keeps the order of those that are ready together.
const STEP: Duration = Duration::from_micros(1);

impl Engine {
    /// Puts what waits for a radio in the order in which it still matters.
    pub(super) fn catch_up(&mut self, radio: RadioId) {
        let mut waiting: Vec<(DeliveryId, Place)> = self
            .deliveries_of(radio)
            .into_iter()
            .filter_map(|id| Some((id, self.queues.find(id.alert, id.index)?.1)))
            .filter(|(_, place)| matches!(place.item, Item::One(_)))
            .collect();
        let at_once = usize::from(self.state.policy.catch_up.at_once.max(1));
        if waiting.len() <= at_once {
            return;
        }
        waiting.sort_by_key(|(id, place)| (place.precedence, Reverse(id.alert)));
        let more = u16::try_from(waiting.len() - at_once).unwrap_or(u16::MAX);
        let pause = self.state.policy.catch_up.pause;
        let mut ready = self.clock.mono();
        for (number, (id, place)) in waiting.into_iter().enumerate() {
            if number + 1 == at_once {
                self.more.insert(id, more);
            } else {
                self.more.remove(&id);
            }
            if number > 0 && number.is_multiple_of(at_once) {
                ready += pause;
            }
            ready += STEP;
            let ready = ready.max(place.ready);
            self.put(self.way(id.alert, id.index), Place { ready, ..place });
        }
    }
}
