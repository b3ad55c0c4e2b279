//! What is recorded of stations' comings and goings: at most one fact in a minute.

use std::collections::HashMap;
use std::time::Duration;

use narrowcast_protocol::air::StationId;
use narrowcast_protocol::time::Instant;

/// At most one fact about a station in this time.
const DAMPING: Duration = Duration::from_secs(60);

/// What is known of a station's comings and goings since the last fact about it.
#[derive(Debug, Default)]
struct Damper {
    up: bool,
    changes: u32,
    description: String,
    recorded_at: Option<Instant>,
    timer_set: bool,
}

/// What is to be recorded about a station.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine) struct StationNews {
    /// Whether a carrier of it is there.
    pub(in crate::engine) up: bool,
    /// How often that changed since the last fact.
    pub(in crate::engine) changes: u32,
    /// What it says about itself.
    pub(in crate::engine) description: String,
}

/// When a change is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// At once.
    Now,
    /// Not before this moment.
    At(Instant),
}

/// The dampers of all stations.
#[derive(Debug, Default)]
pub(super) struct Dampers(HashMap<StationId, Damper>);

impl Dampers {
    /// A station says what it is.
    pub(super) fn describe(&mut self, station: StationId, description: String) {
        self.0.entry(station).or_default().description = description;
    }

    /// What a station said about itself last.
    pub(super) fn description(&self, station: StationId) -> Option<&str> {
        let said = self.0.get(&station)?.description.as_str();
        Some(said).filter(|said| !said.is_empty())
    }

    /// A station is there or not. When that is to be recorded, if it is news and nothing is
    /// waiting yet.
    pub(super) fn change(&mut self, station: StationId, up: bool, now: Instant) -> Option<Due> {
        let damper = self.0.entry(station).or_default();
        if damper.up == up {
            return None;
        }
        damper.up = up;
        damper.changes += 1;
        let due = damper.recorded_at.map_or(now, |at| at + DAMPING);
        if due <= now {
            return Some(Due::Now);
        }
        let waits = std::mem::replace(&mut damper.timer_set, true);
        (!waits).then_some(Due::At(due))
    }

    /// Takes out what is to be recorded about a station, if anything is.
    pub(super) fn news(&mut self, station: StationId, now: Instant) -> Option<StationNews> {
        let damper = self.0.get_mut(&station)?;
        damper.timer_set = false;
        if damper.changes == 0 {
            return None;
        }
        damper.recorded_at = Some(now);
        Some(StationNews {
            up: damper.up,
            changes: std::mem::take(&mut damper.changes),
            description: damper.description.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_station_that_flaps_makes_one_fact_a_minute_with_their_count() {
        let mut dampers = Dampers::default();
        let (station, at) = (StationId(1), |seconds: u64| {
            Instant::from_millis(seconds * 1_000)
        });
        assert_eq!(dampers.change(station, true, at(0)), Some(Due::Now));
        assert_eq!(dampers.change(station, true, at(0)), None);
        let news = dampers.news(station, at(0)).unwrap();
        assert_eq!((news.up, news.changes), (true, 1));
        assert_eq!(dampers.change(station, false, at(1)), Some(Due::At(at(60))));
        assert_eq!(dampers.change(station, true, at(2)), None);
        let news = dampers.news(station, at(60)).unwrap();
        assert_eq!((news.up, news.changes), (true, 2));
        assert_eq!(dampers.news(station, at(60)), None);
    }
}
