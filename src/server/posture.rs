//! What the server shows of its own state: stations that are not there, and strangers that
//! were refused.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use narrowcast_protocol::air::StationId;
use narrowcast_protocol::session::CarrierState;
use tokio::time::Instant;

use crate::server::core::Core;

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

impl Core {
    /// Puts stations and strangers on the board, if they changed.
    pub(super) fn show_posture(&mut self) {
        let quarantined = self.strangers.count(Instant::now());
        let states = self.carriers.iter();
        let there: HashSet<StationId> = states
            .filter(|(_, (state, _))| *state != CarrierState::Gone)
            .map(|(id, _)| id.station)
            .collect();
        let configured = self.recovery.policy.stations.iter();
        let down: Vec<StationId> = configured
            .map(|station| station.id)
            .filter(|id| !there.contains(id))
            .collect();
        let stations = self.recovery.policy.stations.len();
        self.ends.board.send_if_modified(|board| {
            let changed = board.stations_down != down
                || board.quarantined != quarantined
                || board.stations != stations;
            if changed {
                board.stations_down = down;
                board.quarantined = quarantined;
                board.stations = stations;
            }
            changed
        });
    }
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
