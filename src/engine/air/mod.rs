//! Airtime: which carriers are there, what waits for each, and who gets it next.
//!
//! It owns everything that is scarce about carriers, and nothing of what is sent over them: it
//! sees places of deliveries in queues, and looks up the rest in what is known.
//!
//! | part | decides |
//! |---|---|
//! | `carriers`, `dampers` | which carriers are there, what they take, and what of that is recorded |
//! | `way` | over which carrier a radio is reached |
//! | `waiting` | what waits where, when radios and carriers come and go |
//! | `turns` | what a carrier sends next |
//! | `airtime` | how much of a carrier each precedence may take |
//! | `costs`, `paces`, `forecast` | what a text takes, and how long an alert will |

mod airtime;
mod carriers;
mod costs;
mod dampers;
mod forecast;
mod paces;
#[cfg(test)]
mod tests;
mod turns;
mod waiting;
mod way;

use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, StationId};
use narrowcast_protocol::session::CarrierState;
use narrowcast_protocol::time::Instant;

use crate::engine::air::airtime::Budget;
use crate::engine::air::carriers::{CarrierRun, Carriers, Change, FLASH_PATIENCE};
use crate::engine::air::costs::Costs;
pub(super) use crate::engine::air::dampers::StationNews;
use crate::engine::air::dampers::{Dampers, Due};
pub(super) use crate::engine::air::forecast::Load;
use crate::engine::air::paces::Paces;
pub(super) use crate::engine::air::turns::Turn;
use crate::engine::known::Known;
use crate::engine::queue::Queues;
use crate::engine::timers::Timers;
use crate::model::alert::Precedence;
use crate::model::ids::{AlertId, DeliveryId};

/// A queue that could go and does not for so long is stalled: longer than any fragment, window or
/// ceiling takes.
const STALLED: Duration = Duration::from_secs(90);

/// What is due at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum AirTimer {
    /// Something in this carrier's queue becomes ready, or its budget permits again.
    Carrier(CarrierId),
    /// This carrier may take more than before: part of its hold-down is over.
    Held(CarrierId),
    /// What waits for this carrier, which was away, has waited for a while.
    Patience(CarrierId),
    /// A damped station change may be recorded.
    Station(StationId),
}

/// A queue of one carrier and precedence that is not empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Depth {
    /// None: no station is there for it.
    pub(super) carrier: Option<CarrierId>,
    pub(super) precedence: Precedence,
    pub(super) waiting: usize,
    /// Since when the one whose turn it is could have gone.
    pub(super) first_ready: Option<Instant>,
}

/// The carriers of all stations, and what waits for them.
#[derive(Debug)]
pub(super) struct Air {
    carriers: Carriers,
    dampers: Dampers,
    queues: Queues,
    budget: Budget,
    paces: Paces,
    costs: Costs,
    /// Deliveries to people with a telephone that wait where nothing goes.
    stuck: Vec<DeliveryId>,
    timers: Timers<AirTimer>,
}

impl Air {
    pub(super) fn new(since: Instant) -> Self {
        Self {
            carriers: Carriers::new(since),
            dampers: Dampers::default(),
            queues: Queues::default(),
            budget: Budget::default(),
            paces: Paces::default(),
            costs: Costs::default(),
            stuck: Vec::new(),
            timers: Timers::default(),
        }
    }

    /// Work is taken up at `now`: carriers of which nothing was heard are away since then.
    pub(super) const fn resume(&mut self, now: Instant) {
        self.carriers.resume(now);
    }

    /// When something is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Does what is due. Stations of which a change may be recorded now.
    pub(super) fn fire(&mut self, known: Known<'_>) -> Vec<StationId> {
        let now = known.now.mono;
        let mut stations = Vec::new();
        while let Some(timer) = self.timers.due(now) {
            match timer {
                AirTimer::Carrier(id) => self.queues.touch(id),
                AirTimer::Held(id) => {
                    self.carriers.hold_over(id, now);
                    self.bring_back(known, id);
                    self.queues.touch(id);
                }
                // What waits for a carrier that is away may go another way.
                AirTimer::Patience(id) => {
                    let out = self.carriers.out_for(id, Precedence::Routine, now);
                    if out.is_some() {
                        self.reroute(known, Some(id));
                    }
                }
                AirTimer::Station(station) => stations.push(station),
            }
        }
        stations
    }

    /// A session reports how a carrier is. Whether it came or went.
    pub(super) fn carrier_changed(
        &mut self,
        known: Known<'_>,
        id: CarrierId,
        state: CarrierState,
        room: u8,
    ) -> bool {
        let now = known.now.mono;
        let policy = &known.state.policy;
        let change = self
            .carriers
            .report(id, (state, room), policy.hold_down, now);
        match change {
            Change::Came { holds } => {
                if let Some((first, all)) = holds {
                    self.timers.set(first, AirTimer::Held(id));
                    self.timers.set(all, AirTimer::Held(id));
                }
                self.reroute(known, None);
                self.bring_back(known, id);
            }
            Change::Went => {
                for wait in [FLASH_PATIENCE, policy.home_grace] {
                    self.timers.set(now + wait, AirTimer::Patience(id));
                }
            }
            Change::Stayed => {}
        }
        self.queues.touch(id);
        change != Change::Stayed
    }

    /// A station is there or not, by a carrier or another link: what is to be recorded at once.
    pub(super) fn station_changed(
        &mut self,
        station: StationId,
        up: bool,
        now: Instant,
    ) -> Option<StationNews> {
        match self.dampers.change(station, up, now)? {
            Due::Now => self.dampers.news(station, now),
            Due::At(due) => {
                self.timers.set(due, AirTimer::Station(station));
                None
            }
        }
    }

    /// What is to be recorded about a station, now that it may.
    pub(super) fn station_news(&mut self, station: StationId, now: Instant) -> Option<StationNews> {
        self.dampers.news(station, now)
    }

    /// A station says what it is.
    pub(super) fn describe(&mut self, station: StationId, description: String) {
        self.dampers.describe(station, description);
    }

    /// What a station said about itself last.
    pub(super) fn description(&self, station: StationId) -> Option<&str> {
        self.dampers.description(station)
    }

    /// Whether any carrier of this station is there.
    pub(super) fn has_station(&self, station: StationId) -> bool {
        self.carriers.has_station(station)
    }

    /// The carriers of a station that are there.
    pub(super) fn carriers_of(
        &self,
        station: StationId,
    ) -> impl Iterator<Item = (CarrierId, &CarrierRun)> + Clone {
        let there = self.carriers.there();
        there.filter(move |(id, _)| id.station == station)
    }

    /// Every carrier that was ever there.
    pub(super) fn known_carriers(&self) -> impl Iterator<Item = CarrierId> {
        self.carriers.ids()
    }

    /// Since when a call or a lock-out holds a carrier.
    pub(super) fn busy_since(&self, carrier: CarrierId) -> Option<Instant> {
        self.carriers.busy_since(carrier)
    }

    /// How many places wait, for all carriers and none.
    pub(super) fn waiting(&self) -> usize {
        self.queues.len()
    }

    /// How many places wait for a carrier.
    pub(super) fn waiting_for(&self, carrier: CarrierId) -> usize {
        self.queues.count(carrier)
    }

    /// Every queue that is not empty.
    pub(super) fn depths(&self) -> impl Iterator<Item = Depth> {
        let depths = self.queues.depths();
        depths.map(|(carrier, precedence, waiting, first_ready)| Depth {
            carrier,
            precedence,
            waiting,
            first_ready,
        })
    }

    /// Whether a carrier that is there has not sent anything for long, though something waits: how
    /// many wait, and for how long. It could send, or a call that does not end holds it.
    pub(super) fn stalled(&self, now: Instant) -> Vec<(CarrierId, usize, Duration)> {
        let waiting = self.carriers.open(now).filter_map(|(id, idle)| {
            let (count, oldest) = self.queues.ready_since(id)?;
            let waits = now.since(oldest).min(idle);
            (waits >= STALLED).then_some((id, count, waits))
        });
        waiting.collect()
    }

    /// Forgets the alerts that `keep` does not name.
    pub(super) fn retain(&mut self, keep: impl Fn(AlertId) -> bool) {
        self.costs.retain(keep);
    }
}
