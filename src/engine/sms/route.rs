//! Which routes are there, and over which a telephone is reached.

use std::cmp::Reverse;

use narrowcast_protocol::air::{CarrierId, Phone, StationId};
use narrowcast_protocol::session::CarrierState;

use crate::engine::Engine;
use crate::model::alert::Alert;
use crate::model::policy::SmsRoute;

impl Engine {
    /// The link of a route came, went, or has other room.
    pub(in crate::engine) fn route_changed(
        &mut self,
        id: StationId,
        state: CarrierState,
        room: u8,
    ) {
        let Some(route) = self.state.policy.route(id) else {
            return;
        };
        let carrier = route.carrier();
        let run = self.sms.routes.entry(id).or_default();
        let was_there = run.is_there;
        run.is_there = state != CarrierState::Gone;
        run.room = if state == CarrierState::Up { room } else { 0 };
        if was_there != run.is_there {
            self.station_changed(id);
            self.find_routes_again();
        }
        self.sms.queues.touch(carrier);
    }

    /// Something may be started over a route again.
    pub(in crate::engine) fn route_rested(&mut self, carrier: CarrierId) {
        let now = self.clock.mono();
        let rested = self.sms.routes.get_mut(&carrier.station);
        if let Some(run) = rested.filter(|run| run.rests_until.is_some_and(|until| until <= now)) {
            run.rests_until = None;
            self.find_routes_again();
        }
        self.sms.queues.touch(carrier);
    }

    /// Gives everything that waits the best route of now.
    pub(super) fn find_routes_again(&mut self) {
        let routes = self.state.policy.routes.iter();
        let lines: Vec<_> = routes
            .map(|route| Some(route.carrier()))
            .chain([None])
            .collect();
        let mut waiting = Vec::new();
        for line in lines {
            waiting.extend(self.sms.queues.drain(line));
        }
        for place in waiting {
            self.put_ring(place);
        }
    }

    /// The route by which a telephone is reached now: of those that may carry it, one that works
    /// before one that does not, then the one whose prefix fits best, then the cheapest.
    pub(super) fn route_to(&self, phone: Phone, alert: &Alert) -> Option<&SmsRoute> {
        let now = self.clock.mono();
        let routes = self.state.policy.routes.iter();
        let permitted = routes.filter(|route| route.carries(alert));
        // `min_by_key` takes the first of equals.
        permitted.min_by_key(|route| {
            let run = self.sms.routes.get(&route.id);
            let works = run.is_some_and(|run| run.works(now));
            (!works, Reverse(route.fits(phone)), route.cost)
        })
    }

    /// Whether the link of a route is there.
    pub(in crate::engine) fn route_up(&self, id: StationId) -> bool {
        self.sms.routes.get(&id).is_some_and(|run| run.is_there)
    }
}
