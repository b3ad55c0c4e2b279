//! Airtime as a budget: how much of a carrier each precedence may take.
//!
//! A ceiling limits a precedence together with everything less urgent, so that room is left
//! for what is more urgent, for calls, and for emergencies, which no ceiling ever stops. It is
//! an allowance that fills with time, up to one window's worth, and may be overdrawn by the
//! fragment that begins while some of it is left: a fragment is never cut.

use std::collections::BTreeMap;
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, DMR_BURST_MICROS};
use narrowcast_protocol::time::Instant;

use crate::model::alert::Precedence;
use crate::model::policy::Ceilings;

/// Airtime that each precedence has left, in hundredths of a microsecond so that no share of
/// a short moment is rounded away, and when it was counted.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    left: [i64; 4],
    at: Instant,
}

/// The allowances of all carriers.
#[derive(Debug, Default)]
pub(super) struct Budget(BTreeMap<CarrierId, Allowance>);

/// Airtime of so many bursts in microseconds.
pub(super) const fn micros(bursts: u64) -> u64 {
    bursts.saturating_mul(DMR_BURST_MICROS)
}

impl Budget {
    /// Whether this precedence may begin a fragment; if not, when it may.
    pub(super) fn permits(
        &mut self,
        ceilings: &Ceilings,
        carrier: CarrierId,
        precedence: Precedence,
        now: Instant,
    ) -> Result<(), Instant> {
        let allowance = self.filled(ceilings, carrier, now);
        let mut wait = 0;
        for (percent, left) in levels(ceilings, &allowance.left, precedence) {
            if percent < 100 && left <= 0 {
                wait = wait.max(-left / i64::from(percent.max(1)) + 1);
            }
        }
        match u64::try_from(wait) {
            Ok(0) | Err(_) => Ok(()),
            Ok(micros) => Err(now + Duration::from_micros(micros)),
        }
    }

    /// Takes the airtime of so many bursts.
    pub(super) fn spend(
        &mut self,
        ceilings: &Ceilings,
        carrier: CarrierId,
        precedence: Precedence,
        bursts: u64,
        now: Instant,
    ) {
        let allowance = self.filled(ceilings, carrier, now);
        let spent = i64::try_from(micros(bursts)).unwrap_or(i64::MAX);
        let spent = spent.saturating_mul(100);
        for left in allowance.left.iter_mut().take(precedence as usize + 1) {
            *left = left.saturating_sub(spent);
        }
    }

    /// The share of the carrier that this precedence can have in the long run, and the airtime
    /// in microseconds that it may take before that is felt.
    pub(super) fn outlook(
        &self,
        ceilings: &Ceilings,
        carrier: CarrierId,
        precedence: Precedence,
        now: Instant,
    ) -> (f64, u64) {
        let mut allowance = self.0.get(&carrier).copied().unwrap_or(full(ceilings, now));
        allowance.fill(ceilings, now);
        let tightest = levels(ceilings, &allowance.left, precedence)
            .filter(|(percent, _)| *percent < 100)
            .min_by_key(|(_, left)| *left);
        tightest.map_or((1.0, u64::MAX), |(percent, left)| {
            (
                f64::from(percent.max(1)) / 100.0,
                u64::try_from(left / 100).unwrap_or(0),
            )
        })
    }

    fn filled(&mut self, ceilings: &Ceilings, carrier: CarrierId, now: Instant) -> &mut Allowance {
        let allowance = self.0.entry(carrier).or_insert(full(ceilings, now));
        allowance.fill(ceilings, now);
        allowance
    }
}

impl Allowance {
    fn fill(&mut self, ceilings: &Ceilings, now: Instant) {
        let passed = i64::try_from(now.since(self.at).as_micros()).unwrap_or(i64::MAX);
        for (left, percent) in self.left.iter_mut().zip(ceilings.percent) {
            let earned = passed.saturating_mul(i64::from(percent));
            *left = left.saturating_add(earned).min(most(ceilings, percent));
        }
        self.at = now;
    }
}

fn full(ceilings: &Ceilings, now: Instant) -> Allowance {
    Allowance {
        left: ceilings.percent.map(|percent| most(ceilings, percent)),
        at: now,
    }
}

/// The ceilings that bind this precedence: its own and those of more urgent ones, which it
/// counts towards.
fn levels<'a>(
    ceilings: &'a Ceilings,
    left: &'a [i64; 4],
    precedence: Precedence,
) -> impl Iterator<Item = (u8, i64)> + 'a {
    let all = ceilings.percent.iter().copied().zip(left.iter().copied());
    all.take(precedence as usize + 1)
}

fn most(ceilings: &Ceilings, percent: u8) -> i64 {
    let window = i64::try_from(ceilings.window.as_micros()).unwrap_or(i64::MAX);
    window.saturating_mul(i64::from(percent))
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::air::{Slot, StationId};
    use proptest::prelude::*;

    use super::*;

    const CARRIER: CarrierId = CarrierId {
        station: StationId(1),
        slot: Slot::Two,
    };

    fn ceilings() -> Ceilings {
        Ceilings {
            percent: [100, 90, 80, 60],
            window: Duration::from_secs(60),
        }
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn routine_stops_at_its_ceiling_and_leaves_the_rest_to_the_more_urgent() {
        let (mut budget, ceilings) = (Budget::default(), ceilings());
        budget.spend(&ceilings, CARRIER, Precedence::Routine, 600, at(0));
        let again = budget.permits(&ceilings, CARRIER, Precedence::Routine, at(0));
        assert!(again.is_err());
        for urgent in [
            Precedence::Priority,
            Precedence::Immediate,
            Precedence::Flash,
        ] {
            assert_eq!(budget.permits(&ceilings, CARRIER, urgent, at(0)), Ok(()));
        }
        let when = again.unwrap_err();
        let permitted = budget.permits(&ceilings, CARRIER, Precedence::Routine, when);
        assert_eq!(permitted, Ok(()));
    }

    #[test]
    fn nothing_stops_flash() {
        let (mut budget, ceilings) = (Budget::default(), ceilings());
        budget.spend(&ceilings, CARRIER, Precedence::Flash, 1_000_000, at(0));
        let permitted = budget.permits(&ceilings, CARRIER, Precedence::Flash, at(0));
        assert_eq!(permitted, Ok(()));
    }

    #[test]
    fn what_is_less_urgent_waits_while_a_more_urgent_ceiling_is_reached() {
        let (mut budget, ceilings) = (Budget::default(), ceilings());
        budget.spend(&ceilings, CARRIER, Precedence::Immediate, 10_000, at(0));
        let permitted = budget.permits(&ceilings, CARRIER, Precedence::Routine, at(0));
        assert!(
            permitted.is_err(),
            "it counts towards the ceiling of Immediate"
        );
        let flash = budget.permits(&ceilings, CARRIER, Precedence::Flash, at(0));
        assert_eq!(flash, Ok(()));
    }

    #[test]
    fn looking_often_at_an_exhausted_allowance_does_not_keep_it_empty() {
        let (mut budget, mut ceilings) = (Budget::default(), ceilings());
        ceilings.percent = [100, 80, 60, 35];
        budget.spend(&ceilings, CARRIER, Precedence::Routine, 600, at(0));
        let until = budget.permits(&ceilings, CARRIER, Precedence::Routine, at(0));
        let mut now = Instant::from_micros(until.unwrap_err().as_micros() - 50);
        for _ in 0..50 {
            now += Duration::from_micros(1);
            let looked = budget.permits(&ceilings, CARRIER, Precedence::Routine, now);
            assert_eq!(looked.is_ok(), Err(now) == until, "{now}");
        }
    }

    proptest! {
        #[test]
        fn no_hour_of_routine_takes_more_than_its_share_one_window_and_a_fragment(
            fragments in prop::collection::vec(1u64..=12, 1..400),
            gaps in prop::collection::vec(0u64..3, 400),
        ) {
            let (mut budget, ceilings) = (Budget::default(), ceilings());
            let (mut now, mut spent) = (at(0), 0u64);
            for (bursts, gap) in fragments.into_iter().zip(gaps) {
                now += Duration::from_secs(gap);
                if let Err(when) = budget.permits(&ceilings, CARRIER, Precedence::Routine, now) {
                    prop_assert!(when > now);
                    now = when;
                }
                budget.spend(&ceilings, CARRIER, Precedence::Routine, bursts, now);
                spent += micros(bursts);
            }
            let passed = now.as_micros();
            prop_assert!(spent <= (passed + 60_000_000) * 60 / 100 + micros(12) + 1_000);
        }
    }
}
