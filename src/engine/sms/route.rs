//! Which routes are there, and over which a telephone is reached.

use std::cmp::Reverse;
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, Phone, StationId};
use narrowcast_protocol::session::CarrierState;
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::model::alert::Alert;
use crate::model::policy::SmsRoute;

/// How long a route rests whose operator refuses everything; doubles with each refusal.
const REST: Duration = Duration::from_secs(60);
/// Longest such rest.
const LONGEST_REST: Duration = Duration::from_secs(900);

/// A route as it is now.
#[derive(Debug, Clone, Default)]
pub(super) struct RouteRun {
    pub(super) is_there: bool,
    /// How many parts it takes now.
    pub(super) room: u8,
    /// Until then nothing is started: its operator refuses everything.
    pub(super) rests_until: Option<Instant>,
    /// Refusals of everything, one after the other.
    refused: u32,
    /// Why the operator refused last.
    pub(super) last_error: Option<String>,
    /// Parts that operators took, refused and delivered since the process began.
    pub(super) taken: u64,
    pub(super) refusals: u64,
    pub(super) throttled: u64,
    pub(super) delivered: u64,
    pub(super) failed: u64,
}

impl RouteRun {
    pub(super) fn may_start(&self, now: Instant) -> bool {
        self.is_there && self.room > 0 && self.rests_until.is_none_or(|until| until <= now)
    }

    pub(super) fn works(&self, now: Instant) -> bool {
        self.is_there && self.rests_until.is_none_or(|until| until <= now)
    }

    /// The operator refuses everything: when to look again.
    pub(super) fn rest(&mut self, now: Instant) -> Instant {
        let wait = REST
            .saturating_mul(1 << self.refused.min(4))
            .min(LONGEST_REST);
        self.refused += 1;
        self.rests_until = Some(now + wait);
        now + wait
    }

    pub(super) fn has_taken(&mut self) {
        self.taken += 1;
        self.refused = 0;
        self.rests_until = None;
    }
}

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
