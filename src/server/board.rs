//! What the server shows of its own state: why it is degraded, emergencies that are not on
//! record, stations that are not there, and strangers that were refused.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, RadioId, StationId};
use narrowcast_protocol::session::CarrierState;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::api::backend::Board;
use crate::core::posture::Posture;
use crate::engine::Engine;
use crate::engine::views::StalledView;
use crate::ledger::ballast::Space;
use crate::model::emergency::Emergency;
use crate::model::policy::{Policy, SpaceMarks};
use crate::model::roster::Node;
use crate::observe::metrics::Metrics;
use crate::server::space::shortage;

/// A stranger that has not tried for so long is forgotten; one that goes on trying is
/// reported once a minute.
const QUARANTINE: Duration = Duration::from_secs(600);
/// Most strangers that are counted.
const STRANGERS: usize = 1_024;

/// Ids that were refused at log-in, and when last.
#[derive(Debug, Default)]
pub(super) struct Strangers(HashMap<u32, Instant>);

impl Strangers {
    /// Notes a refusal.
    pub(super) fn refused(&mut self, claimed: u32, now: Instant) {
        if self.0.len() < STRANGERS || self.0.contains_key(&claimed) {
            self.0.insert(claimed, now);
        }
    }

    /// It has logged in: it is no stranger any more.
    pub(super) fn admitted(&mut self, station: StationId) {
        self.0.remove(&station.0);
    }

    /// How many there are.
    pub(super) fn count(&mut self, now: Instant) -> usize {
        self.0
            .retain(|_, last| now.saturating_duration_since(*last) < QUARANTINE);
        self.0.len()
    }
}

/// What the task knows of the world besides the core, and what it has shown of it.
#[derive(Debug)]
pub(super) struct Shown {
    /// The stations of the configuration.
    stations: Vec<StationId>,
    /// The SMS routes of the configuration.
    routes: Vec<StationId>,
    /// What stations and routes are called.
    names: HashMap<StationId, String>,
    marks: SpaceMarks,
    /// What every carrier said last.
    carriers: BTreeMap<CarrierId, CarrierState>,
    /// Who was refused at log-in of late.
    pub(super) strangers: Strangers,
    /// What is wrong with the disk's space.
    shortage: Option<String>,
    /// Which carriers could send and do not.
    stalled: Vec<String>,
    /// How many messages were dropped, as far as they are counted in the metrics.
    dropped: BTreeMap<&'static str, u64>,
    /// Whether the last posture was away, and whether it was bad; none before the ledger
    /// was there for the first time, because every start opens it and that is no trouble.
    before: Option<(bool, bool)>,
}

impl Shown {
    /// Of these stations nothing is known yet.
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            stations: policy.stations.iter().map(|station| station.id).collect(),
            routes: policy.routes.iter().map(|route| route.id).collect(),
            names: names(policy),
            marks: policy.space.clone(),
            carriers: BTreeMap::new(),
            strangers: Strangers::default(),
            shortage: None,
            stalled: Vec::new(),
            dropped: BTreeMap::new(),
            before: None,
        }
    }

    /// What a station or route is called; nothing for a stranger's.
    pub(super) fn name(&self, station: StationId) -> &str {
        self.names.get(&station).map_or("", String::as_str)
    }

    /// A carrier said how it is.
    pub(super) fn carrier(&mut self, id: CarrierId, state: CarrierState) {
        self.carriers.insert(id, state);
    }

    /// So much space is left.
    pub(super) fn space(&mut self, space: Space) {
        let shortage = shortage(space, &self.marks);
        match (&self.shortage, &shortage) {
            (None, Some(why)) => warn!("{why}"),
            (Some(_), None) => info!("the ledger's disk has space again"),
            _ => {}
        }
        self.shortage = shortage;
    }

    /// These carriers are there and have not sent for long, though something waits.
    pub(super) fn stalled(&mut self, carriers: &[StalledView]) {
        let told = carriers.iter().map(|stalled| {
            let busy = stalled.busy_since.map_or_else(String::new, |since| {
                format!(", busy since {since}: a call or a lock-out holds it")
            });
            format!(
                "station {} slot {}: {} wait and nothing was sent for {} s{busy}",
                stalled.carrier.station,
                stalled.carrier.slot.number(),
                stalled.waiting,
                stalled.idle_ms / 1_000
            )
        });
        let stalled: Vec<String> = told.collect();
        if self.stalled.is_empty() {
            stalled.iter().for_each(|why| error!("{why}"));
        }
        self.stalled = stalled;
    }

    /// Puts everything that must be seen on the board, if it has changed.
    pub(super) fn show(
        &mut self,
        posture: &Posture,
        engine: &Engine,
        board: &watch::Sender<Board>,
    ) {
        self.log(posture);
        let mut degraded = posture.reasons.clone();
        degraded.extend(self.shortage.clone());
        degraded.extend(self.stalled.iter().cloned());
        let quarantined = self.strangers.count(Instant::now());
        let down = self.down(&self.stations);
        let routes_down = self.down(&self.routes).len();
        board.send_if_modified(|board| {
            let mut changed = put(&mut board.degraded, degraded);
            changed |= put(&mut board.away, posture.away);
            changed |= put(&mut board.stations, self.stations.len());
            changed |= put(&mut board.stations_down, down);
            changed |= put(&mut board.sms_routes, self.routes.len());
            changed |= put(&mut board.sms_routes_down, routes_down);
            changed |= put(&mut board.quarantined, quarantined);
            if board.unrecorded != posture.unrecorded {
                board.unrecorded.clone_from(&posture.unrecorded);
                board.places = places(engine, &posture.unrecorded);
                changed = true;
            }
            changed
        });
    }

    /// What the metrics learn of it.
    pub(super) fn count(&mut self, posture: &Posture, metrics: &Metrics) {
        metrics.held(posture.held);
        for (kind, total) in &posture.dropped {
            let counted = self.dropped.entry(kind).or_default();
            metrics.messages_dropped(kind, total.saturating_sub(*counted));
            *counted = *total;
        }
    }

    /// Those of `configured` of which no carrier is there.
    fn down(&self, configured: &[StationId]) -> Vec<StationId> {
        let states = self.carriers.iter();
        let there: HashSet<StationId> = states
            .filter(|(_, state)| **state != CarrierState::Gone)
            .map(|(id, _)| id.station)
            .collect();
        let configured = configured.iter().copied();
        configured.filter(|id| !there.contains(id)).collect()
    }

    /// Says once that something is wrong, and once that it is over.
    fn log(&mut self, posture: &Posture) {
        let now = (posture.away, !posture.reasons.is_empty());
        if self.before.is_none() && posture.away {
            return;
        }
        let why = posture.reasons.join("; ");
        match (self.before.unwrap_or_default(), now) {
            ((false, _), (true, _)) => {
                error!(%why, "the ledger is away: nothing is accepted or acknowledged until it is back");
            }
            ((true, _), (false, _)) => info!("the ledger is back"),
            ((_, false), (_, true)) => error!(%why, "degraded"),
            ((_, true), (_, false)) => info!("no longer degraded"),
            _ => {}
        }
        self.before = Some(now);
    }
}

fn names(policy: &Policy) -> HashMap<StationId, String> {
    let stations = policy.stations.iter();
    let stations = stations.map(|station| (station.id, station.name.clone()));
    let routes = policy.routes.iter();
    let routes = routes.map(|route| (route.id, route.name.clone()));
    stations.chain(routes).collect()
}

fn put<T: PartialEq>(to: &mut T, value: T) -> bool {
    let changed = *to != value;
    if changed {
        *to = value;
    }
    changed
}

/// Where the radios of these emergencies hang.
fn places(engine: &Engine, emergencies: &[Emergency]) -> HashMap<RadioId, Node> {
    let radios = emergencies.iter().map(|emergency| emergency.radio);
    radios
        .map(|radio| (radio, engine.node_of(radio).clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_counted_until_it_logs_in_or_gives_up() {
        let mut strangers = Strangers::default();
        let start = Instant::now();
        strangers.refused(1, start);
        strangers.refused(2, start);
        strangers.refused(2, start);
        assert_eq!(strangers.count(start), 2);
        strangers.admitted(StationId(1));
        assert_eq!(strangers.count(start), 1);
        assert_eq!(strangers.count(start + QUARANTINE), 0);
    }

    #[test]
    fn any_number_of_strangers_takes_bounded_room() {
        let mut strangers = Strangers::default();
        let start = Instant::now();
        (0..100_000).for_each(|id| strangers.refused(id, start));
        assert_eq!(strangers.count(start), STRANGERS);
    }
}
