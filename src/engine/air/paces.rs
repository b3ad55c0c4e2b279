//! How fast each carrier really is.

use std::collections::BTreeMap;
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, CarrierKind};
use narrowcast_protocol::time::Instant;

use crate::engine::air::airtime::micros;
use crate::engine::queue::Cost;

/// A fragment that takes longer than this was held up by something else than its radio.
const PAUSE: Duration = Duration::from_secs(20);
/// How much one fragment counts in the measured turnaround, once there were as many.
const MEMORY: f64 = 32.0;

/// How fast a carrier is: what each fragment takes besides its bursts.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Turnarounds, repeats after losses and the ways to and from the station, in microseconds.
    turnaround: f64,
    /// How many fragments were measured.
    measured: f64,
    /// When the newest fragment was handed over, and its bursts.
    last: Option<(Instant, u64)>,
}

impl Pace {
    const fn of(kind: CarrierKind) -> Self {
        Self {
            turnaround: usual(kind),
            measured: 1.0,
            last: None,
        }
    }

    fn learn(&mut self, bursts: u64, took: Duration) {
        if took >= PAUSE {
            return;
        }
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let sample = took.saturating_sub(micros(bursts)) as f64;
        self.measured = (self.measured + 1.0).min(MEMORY);
        self.turnaround += (sample - self.turnaround) / self.measured;
    }
}

/// The paces of all carriers.
#[derive(Debug, Default)]
pub(super) struct Paces(BTreeMap<CarrierId, Pace>);

impl Paces {
    /// A fragment was handed over. A control channel or a trunked site takes the next before the
    /// one before is over: if it was kept busy, the time between them is what that one took.
    pub(super) fn started(
        &mut self,
        kind: CarrierKind,
        carrier: CarrierId,
        bursts: u64,
        now: Instant,
    ) {
        let pace = self.0.entry(carrier).or_insert(Pace::of(kind));
        if let Some((at, before)) = pace.last.filter(|_| kind != CarrierKind::Conventional) {
            pace.learn(before, now.since(at));
        }
        pace.last = Some((now, bursts));
    }

    /// The newest fragment of a conventional carrier is over; whether it was a confirmed one that
    /// was sent to its end.
    pub(super) fn ended(&mut self, carrier: CarrierId, confirmed: bool, now: Instant) {
        if let Some(pace) = self.0.get_mut(&carrier)
            && let Some((at, bursts)) = pace.last.take()
            && confirmed
        {
            pace.learn(bursts, now.since(at));
        }
    }

    /// Nothing waits for the carrier any more: what comes next says nothing about its pace.
    pub(super) fn idle(&mut self, carrier: CarrierId) {
        if let Some(pace) = self.0.get_mut(&carrier) {
            pace.last = None;
        }
    }

    /// What one fragment takes besides its bursts, in microseconds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate, never negative"
    )]
    pub(super) fn turnaround(&self, kind: CarrierKind, carrier: CarrierId) -> u64 {
        let known = self.0.get(&carrier);
        known.map_or(usual(kind), |pace| pace.turnaround) as u64
    }

    /// How long so much takes on a carrier, in microseconds.
    pub(super) fn time(&self, kind: CarrierKind, carrier: CarrierId, cost: Cost) -> u64 {
        let turnaround = self.turnaround(kind, carrier);
        let turnarounds = u64::from(cost.fragments).saturating_mul(turnaround);
        micros(cost.bursts.into()).saturating_add(turnarounds)
    }

    /// How long a conventional carrier will be taken by what it sends now, in microseconds.
    pub(super) fn taken(&self, carrier: CarrierId, now: Instant) -> u64 {
        let under_way = self.0.get(&carrier).and_then(|pace| pace.last);
        under_way.map_or(0, |(at, bursts)| {
            let passed = u64::try_from(now.since(at).as_micros()).unwrap_or(u64::MAX);
            let turnaround = self.turnaround(CarrierKind::Conventional, carrier);
            (micros(bursts) + turnaround).saturating_sub(passed)
        })
    }
}

/// What a fragment takes besides its bursts before anything was measured, in microseconds: a
/// conventional channel waits for each response; a control channel invites to random access once
/// in sixteen bursts.
const fn usual(kind: CarrierKind) -> f64 {
    match kind {
        CarrierKind::Conventional => 900_000.0,
        CarrierKind::Control => 15_000.0,
        CarrierKind::Backhaul => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::air::{Slot, StationId};

    use super::*;

    const CARRIER: CarrierId = CarrierId {
        station: StationId(1),
        slot: Slot::One,
    };

    #[test]
    fn the_pace_follows_what_fragments_really_take_and_no_pause_counts() {
        let mut paces = Paces::default();
        let kind = CarrierKind::Conventional;
        let one = Cost {
            fragments: 1,
            bursts: 10,
        };
        for turn in 0..200u64 {
            // Ten bursts are 0.6 s; each takes 1.8 s with its turnaround.
            let now = Instant::from_millis(turn * 2_000);
            paces.started(kind, CARRIER, 10, now);
            paces.ended(CARRIER, true, now + Duration::from_millis(1_800));
        }
        let takes = |paces: &Paces| paces.time(kind, CARRIER, one) / 1_000;
        assert!(takes(&paces).abs_diff(1_800) < 5);
        // Neither what nobody confirms nor what something else held up counts.
        paces.started(kind, CARRIER, 10, Instant::from_millis(500_000));
        paces.ended(CARRIER, false, Instant::from_millis(500_600));
        paces.started(kind, CARRIER, 10, Instant::from_millis(600_000));
        paces.ended(CARRIER, true, Instant::from_millis(630_000));
        assert!(takes(&paces).abs_diff(1_800) < 5);
        // A longer fragment takes its bursts more and no second turnaround.
        let two = Cost {
            fragments: 1,
            bursts: 20,
        };
        assert!((paces.time(kind, CARRIER, two) / 1_000).abs_diff(2_400) < 5);
    }
}
