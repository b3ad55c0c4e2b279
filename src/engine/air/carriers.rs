//! Which carriers are there, and what they take: room, and hold-down after flapping.

use std::collections::BTreeMap;
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, StationId};
use narrowcast_protocol::session::CarrierState;
use narrowcast_protocol::time::Instant;

use crate::model::alert::Precedence;

/// A Flash waits so long for the carrier that it belongs to before it goes another way.
pub(super) const FLASH_PATIENCE: Duration = Duration::from_secs(5);
/// Longest hold-down.
const HOLD_DOWN_MAX: Duration = Duration::from_secs(300);
/// A carrier that held this long is trusted again.
const TRUSTED_AFTER: Duration = Duration::from_secs(600);

/// A carrier as it is now.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct CarrierRun {
    pub(super) state: CarrierState,
    /// How many fragments it takes now.
    pub(super) room: u8,
    /// Since when it has been away or held down; none while it takes everything.
    away_since: Option<Instant>,
    /// Since when a call or a lock-out holds it; none while nothing does.
    busy_since: Option<Instant>,
    /// When something was handed over to it last.
    started_at: Instant,
    /// Until then Immediate waits, and until the second of them the rest but Flash.
    held_until: (Instant, Instant),
    came: Instant,
    /// How often it was lost, until it has held for long.
    drops: u32,
}

/// What became of a carrier when its session reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Change {
    /// It is back, and takes Immediate and then everything else from these moments on.
    Came { holds: Option<(Instant, Instant)> },
    /// It was lost.
    Went,
    /// It is as far away or as near as before.
    Stayed,
}

impl CarrierRun {
    const fn absent(since: Instant) -> Self {
        Self {
            state: CarrierState::Gone,
            room: 0,
            away_since: Some(since),
            busy_since: None,
            started_at: since,
            held_until: (since, since),
            came: since,
            drops: 0,
        }
    }

    pub(in crate::engine) const fn is_there(&self) -> bool {
        !matches!(self.state, CarrierState::Gone)
    }

    /// Whether it was lost of late and must hold before it takes this precedence.
    pub(in crate::engine) fn holds_back(&self, precedence: Precedence, now: Instant) -> bool {
        match precedence {
            Precedence::Flash => false,
            Precedence::Immediate => self.held_until.0 > now,
            Precedence::Priority | Precedence::Routine => self.held_until.1 > now,
        }
    }

    /// It is back at `now`, and is held down if it was lost of late.
    fn comes_back(&mut self, now: Instant, hold_down: Duration) {
        self.came = now;
        if self.drops > 0 {
            let factor = 1u32 << (self.drops - 1).min(5);
            let longest = hold_down.saturating_mul(factor).min(HOLD_DOWN_MAX);
            self.held_until = (now + hold_down, now + longest);
        } else {
            self.away_since = None;
        }
    }

    fn goes(&mut self, now: Instant) {
        let trusted = now.since(self.came) >= TRUSTED_AFTER;
        self.drops = if trusted { 1 } else { self.drops + 1 };
        self.away_since.get_or_insert(now);
    }
}

/// The carriers of all stations.
#[derive(Debug)]
pub(super) struct Carriers {
    runs: BTreeMap<CarrierId, CarrierRun>,
    /// When the engine took up work: a carrier of which nothing was heard is away since then.
    since: Instant,
}

impl Carriers {
    pub(super) const fn new(since: Instant) -> Self {
        Self {
            runs: BTreeMap::new(),
            since,
        }
    }

    /// Work is taken up at `now`.
    pub(super) const fn resume(&mut self, now: Instant) {
        self.since = now;
    }

    pub(super) fn get(&self, id: CarrierId) -> Option<&CarrierRun> {
        self.runs.get(&id)
    }

    /// Those that are there.
    pub(super) fn there(&self) -> impl Iterator<Item = (CarrierId, &CarrierRun)> + Clone {
        let there = self.runs.iter().filter(|(_, run)| run.is_there());
        there.map(|(id, run)| (*id, run))
    }

    /// Every carrier that was ever there.
    pub(super) fn ids(&self) -> impl Iterator<Item = CarrierId> {
        self.runs.keys().copied()
    }

    /// Whether any carrier of this station is there.
    pub(super) fn has_station(&self, station: StationId) -> bool {
        self.there().any(|(id, _)| id.station == station)
    }

    /// A session reports how a carrier is.
    pub(super) fn report(
        &mut self,
        id: CarrierId,
        (state, room): (CarrierState, u8),
        hold_down: Duration,
        now: Instant,
    ) -> Change {
        let absent = CarrierRun::absent(self.since);
        let run = self.runs.entry(id).or_insert(absent);
        let was_there = run.is_there();
        run.state = state;
        run.room = room;
        let busy = state == CarrierState::Busy;
        run.busy_since = busy.then(|| run.busy_since.unwrap_or(now));
        match (was_there, run.is_there()) {
            (false, true) => {
                run.comes_back(now, hold_down);
                let holds = Some(run.held_until).filter(|(_, all)| *all > now);
                Change::Came { holds }
            }
            (true, false) => {
                run.goes(now);
                Change::Went
            }
            _ => Change::Stayed,
        }
    }

    /// A carrier that was lost may have held for as long as it had to.
    pub(super) fn hold_over(&mut self, id: CarrierId, now: Instant) {
        if let Some(run) = self.runs.get_mut(&id)
            && run.is_there()
            && !run.holds_back(Precedence::Routine, now)
        {
            run.away_since = None;
        }
    }

    /// A fragment takes one unit of its carrier's room.
    pub(super) fn take_room(&mut self, id: CarrierId, now: Instant) {
        if let Some(run) = self.runs.get_mut(&id) {
            run.room = run.room.saturating_sub(1);
            run.started_at = now;
        }
    }

    /// A carrier has no room left; it says so when it has again.
    pub(super) fn is_full(&mut self, id: CarrierId) {
        if let Some(run) = self.runs.get_mut(&id) {
            run.room = 0;
        }
    }

    /// For how long a carrier could not take traffic of this precedence; none if it can.
    pub(super) fn out_for(
        &self,
        id: CarrierId,
        precedence: Precedence,
        now: Instant,
    ) -> Option<Duration> {
        match self.runs.get(&id) {
            None => Some(now.since(self.since)),
            Some(run) if run.is_there() && !run.holds_back(precedence, now) => None,
            Some(run) => Some(now.since(run.away_since.unwrap_or(now))),
        }
    }

    /// Since when a carrier has been away or held down.
    pub(super) fn away_since(&self, id: CarrierId) -> Instant {
        let since = self.runs.get(&id).and_then(|run| run.away_since);
        since.unwrap_or(self.since)
    }

    /// Since when a call or a lock-out holds a carrier.
    pub(super) fn busy_since(&self, id: CarrierId) -> Option<Instant> {
        self.runs.get(&id)?.busy_since
    }

    /// Those that could send anything now, and since when each has been handed nothing.
    pub(super) fn open(&self, now: Instant) -> impl Iterator<Item = (CarrierId, Duration)> {
        let open = self.there();
        let open = open.filter(move |(_, run)| !run.holds_back(Precedence::Routine, now));
        open.map(move |(id, run)| (id, now.since(run.started_at)))
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::air::Slot;

    use super::*;

    const CARRIER: CarrierId = CarrierId {
        station: StationId(1),
        slot: Slot::One,
    };
    const HOLD: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_carrier_that_was_lost_takes_a_flash_at_once_and_the_rest_when_it_has_held() {
        let mut carriers = Carriers::new(at(0));
        let mut report = |state, now| carriers.report(CARRIER, (state, 2), HOLD, at(now));
        assert_eq!(report(CarrierState::Up, 1), Change::Came { holds: None });
        assert_eq!(report(CarrierState::Gone, 2), Change::Went);
        let holds = Some((at(13), at(13)));
        assert_eq!(report(CarrierState::Up, 3), Change::Came { holds });
        let out = |precedence, now| carriers.out_for(CARRIER, precedence, at(now));
        assert_eq!(out(Precedence::Flash, 4), None);
        assert_eq!(
            out(Precedence::Immediate, 4),
            Some(Duration::from_secs(2)),
            "it was lost two seconds ago"
        );
        assert_eq!(out(Precedence::Routine, 13), None);
    }

    #[test]
    fn a_carrier_that_flaps_is_held_down_longer_each_time_and_trusted_after_ten_minutes() {
        let mut carriers = Carriers::new(at(0));
        let mut now = 0;
        let mut held = |after: u64| {
            now += after;
            carriers.report(CARRIER, (CarrierState::Gone, 0), HOLD, at(now));
            let back = carriers.report(CARRIER, (CarrierState::Up, 1), HOLD, at(now));
            match back {
                Change::Came {
                    holds: Some((_, all)),
                } => all.since(at(now)).as_secs(),
                _ => 0,
            }
        };
        let times = [1, 1, 1, 1, 1, 1, 1].map(&mut held);
        assert_eq!(times, [0, 10, 20, 40, 80, 160, 300]);
        assert_eq!(held(600), 10);
    }
}
