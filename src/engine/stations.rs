//! Which carriers are there: hold-down after flapping, damped facts.

use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, StationId};
use narrowcast_protocol::session::CarrierState;
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::route::FLASH_PATIENCE;
use crate::engine::timers::Timer;
use crate::model::alert::Precedence;
use crate::model::facts::Fact;
use crate::model::text;

/// Longest hold-down.
const HOLD_DOWN_MAX: Duration = Duration::from_secs(300);
/// A carrier that held this long is trusted again.
const TRUSTED_AFTER: Duration = Duration::from_secs(600);
/// At most one fact about a station in this time.
const DAMPING: Duration = Duration::from_secs(60);
/// Longest description that is kept, in characters.
const DESCRIPTION: usize = 200;

/// A carrier as it is now.
#[derive(Debug, Clone, Copy)]
pub(super) struct CarrierRun {
    pub(super) state: CarrierState,
    /// How many fragments it takes now.
    pub(super) room: u8,
    /// Since when it has been away or held down; none while it takes everything.
    pub(super) away_since: Option<Instant>,
    /// Since when a call or a lock-out holds it; none while nothing does.
    pub(super) busy_since: Option<Instant>,
    /// When something was handed over to it last.
    pub(super) started_at: Instant,
    /// Until then Immediate waits, and until the second of them the rest but Flash.
    held_until: (Instant, Instant),
    came: Instant,
    /// How often it was lost, until it has held for long.
    drops: u32,
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

    pub(super) const fn is_there(&self) -> bool {
        !matches!(self.state, CarrierState::Gone)
    }

    /// Whether it was lost of late and must hold before it takes this precedence.
    pub(super) fn holds_back(&self, precedence: Precedence, now: Instant) -> bool {
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

/// What is known of a station's comings and goings since the last fact about it.
#[derive(Debug, Default)]
pub(super) struct Damper {
    up: bool,
    changes: u32,
    description: String,
    recorded_at: Option<Instant>,
    timer_set: bool,
}

impl Engine {
    pub(super) fn carrier_changed(&mut self, id: CarrierId, state: CarrierState, room: u8) {
        if self.state.policy.route(id.station).is_some() {
            return self.route_changed(id.station, state, room);
        }
        if self.state.station(id.station).is_none() {
            return;
        }
        let now = self.clock.mono();
        let (hold_down, since) = (self.state.policy.hold_down, self.resumed_at);
        let run = self.carriers.entry(id).or_insert(CarrierRun::absent(since));
        let was_there = run.is_there();
        run.state = state;
        run.room = room;
        let busy = state == CarrierState::Busy;
        run.busy_since = busy.then(|| run.busy_since.unwrap_or(now));
        match (was_there, run.is_there()) {
            (false, true) => {
                run.comes_back(now, hold_down);
                let (first, all) = run.held_until;
                if all > now {
                    self.timers.set(first, Timer::Held(id));
                    self.timers.set(all, Timer::Held(id));
                }
                self.reroute(None);
                self.bring_back(id);
                self.station_changed(id.station);
            }
            (true, false) => {
                run.goes(now);
                self.timers.set(now + FLASH_PATIENCE, Timer::Patience(id));
                let grace = self.state.policy.home_grace;
                self.timers.set(now + grace, Timer::Patience(id));
                self.station_changed(id.station);
            }
            _ => {}
        }
        self.queues.touch(id);
    }

    /// A carrier that was lost has held for as long as it had to.
    pub(super) fn hold_is_over(&mut self, id: CarrierId) {
        let now = self.clock.mono();
        if let Some(run) = self.carriers.get_mut(&id)
            && run.is_there()
            && !run.holds_back(Precedence::Routine, now)
        {
            run.away_since = None;
        }
        self.bring_back(id);
        self.queues.touch(id);
    }

    /// What waits for a carrier that is away has waited for a while: it may go another way.
    pub(super) fn patience_ends(&mut self, id: CarrierId) {
        if self.out_for(id, Precedence::Routine).is_some() {
            self.reroute(Some(id));
        }
    }

    pub(super) fn station_identified(&mut self, station: StationId, description: &str) {
        let known = self.state.station(station).is_some();
        if known || self.state.policy.route(station).is_some() {
            let shown = text::shown(description).chars().take(DESCRIPTION).collect();
            self.dampers.entry(station).or_default().description = shown;
        }
    }

    pub(super) fn station_up(&self, station: StationId) -> bool {
        if self.route_up(station) {
            return true;
        }
        self.carriers
            .iter()
            .any(|(id, run)| id.station == station && run.is_there())
    }

    /// What a station says about itself: what it said last, else what is on record.
    pub(super) fn describe(&self, station: StationId, recorded: &str) -> String {
        let said = self
            .dampers
            .get(&station)
            .map(|damper| damper.description.as_str());
        said.filter(|said| !said.is_empty())
            .unwrap_or(recorded)
            .to_owned()
    }

    pub(super) fn station_changed(&mut self, station: StationId) {
        let up = self.station_up(station);
        let now = self.clock.mono();
        let damper = self.dampers.entry(station).or_default();
        if damper.up == up {
            return;
        }
        damper.up = up;
        damper.changes += 1;
        let due = damper.recorded_at.map_or(now, |at| at + DAMPING);
        if due <= now {
            self.record_station(station);
        } else if !damper.timer_set {
            damper.timer_set = true;
            self.timers.set(due, Timer::Station(station));
        }
    }

    pub(super) fn record_station(&mut self, station: StationId) {
        let now = self.clock.mono();
        let Some(damper) = self.dampers.get_mut(&station) else {
            return;
        };
        damper.timer_set = false;
        if damper.changes == 0 {
            return;
        }
        damper.recorded_at = Some(now);
        let changes = std::mem::take(&mut damper.changes);
        let (up, description) = (damper.up, damper.description.clone());
        self.emit(Fact::StationChanged {
            station,
            up,
            changes,
            description,
        });
    }
}
