//! The ceilings, reckoned once more from the facts.

use std::collections::BTreeMap;
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, CarrierKind, DMR_BURST_MICROS, StationId};
use narrowcast_protocol::time::Instant;

use crate::model::alert::Precedence;
use crate::model::policy::{Ceilings, Policy};

/// What may be overdrawn: a fragment that begins while some airtime is left, and the last of
/// what was decided before a slow ledger let it out.
const OVERDRAFT: i64 = 3_000_000;

/// Airtime left at each precedence, in microseconds.
#[derive(Debug, Clone, Copy)]
struct Left {
    micros: [i64; 4],
    at: Instant,
}

/// The budgets of all carriers.
#[derive(Debug, Default)]
pub(super) struct Budget {
    ceilings: Option<Ceilings>,
    kinds: BTreeMap<StationId, CarrierKind>,
    left: BTreeMap<CarrierId, Left>,
}

impl Budget {
    /// These ceilings are in force; whoever keeps to them begins with full allowances.
    pub(super) fn begin(&mut self, policy: &Policy) {
        self.ceilings = Some(policy.ceilings.clone());
        let stations = policy.stations.iter();
        self.kinds = stations.map(|station| (station.id, station.kind)).collect();
        self.left.clear();
    }

    /// What kind of channel a carrier is.
    pub(super) fn kind(&self, carrier: CarrierId) -> CarrierKind {
        self.kinds
            .get(&carrier.station)
            .copied()
            .unwrap_or_default()
    }

    /// An engine that takes over knows nothing of what was spent.
    pub(super) fn again(&mut self) {
        self.left.clear();
    }

    /// Takes so many bursts; whether that was within the budget.
    pub(super) fn spend(
        &mut self,
        now: Instant,
        carrier: CarrierId,
        precedence: Precedence,
        bursts: u32,
    ) -> bool {
        let Some(ceilings) = &self.ceilings else {
            return true;
        };
        let most = ceilings
            .percent
            .map(|percent| share(ceilings.window, percent));
        let full = Left {
            micros: most,
            at: now,
        };
        let left = self.left.entry(carrier).or_insert(full);
        let passed = now.since(left.at);
        left.at = now;
        let spent = i64::from(bursts) * i64::try_from(DMR_BURST_MICROS).unwrap_or(i64::MAX);
        let levels = left.micros.iter_mut().zip(ceilings.percent).zip(most);
        let mut within = true;
        for (level, ((left, percent), most)) in levels.enumerate() {
            *left = (*left + share(passed, percent)).min(most);
            if level <= precedence as usize {
                *left -= spent;
                within &= percent == 100 || *left >= -OVERDRAFT;
            }
        }
        within
    }
}

fn share(time: Duration, percent: u8) -> i64 {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    micros.saturating_mul(i64::from(percent)) / 100
}
