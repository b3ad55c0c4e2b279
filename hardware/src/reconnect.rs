//! When to open a lost port again, and how long to distrust one that came back.

use core::time::Duration;

use narrowcast_protocol::time::Instant;
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};

/// Wait before the first new try.
pub const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait between two tries.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Shortest time for which a link that came back is distrusted.
pub const FIRST_HOLD_DOWN: Duration = Duration::from_secs(10);
/// Longest time for which a link that came back is distrusted.
pub const LONGEST_HOLD_DOWN: Duration = Duration::from_secs(300);

/// The memory of one link: how often it was lost, and what follows from that.
///
/// The wait before a try is 1 s and doubles to 60 s, each spread by up to a fifth so that
/// links lost together do not come back together. It starts over once the link has held
/// for its hold-down. The hold-down is 10 s after the first loss and doubles with each
/// further one to 5 min; it starts over once the link has held for twice that long.
#[derive(Debug, Clone)]
pub struct Reconnect {
    random: SplitMix64,
    failures: u32,
    losses: u32,
    flaps: u32,
    up_since: Option<Instant>,
}

impl Reconnect {
    /// A link that was never open. Equal seeds give equal waits.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            random: SplitMix64::from_seed(seed.to_le_bytes()),
            failures: 0,
            losses: 0,
            flaps: 0,
            up_since: None,
        }
    }

    /// The port is open. How long it should hold before it is trusted with routine
    /// traffic; zero when it was not lost of late.
    pub fn up(&mut self, now: Instant) -> Duration {
        self.up_since = Some(now);
        self.hold_down()
    }

    /// The port could not be opened. How long to wait before the next try.
    pub fn failed(&mut self) -> Duration {
        self.wait()
    }

    /// The port was lost. How long to wait before the next try.
    pub fn lost(&mut self, now: Instant) -> Duration {
        let held = self
            .up_since
            .take()
            .map_or(Duration::ZERO, |since| now.since(since));
        let hold_down = self.hold_down().max(FIRST_HOLD_DOWN);
        if held >= hold_down {
            self.failures = 0;
        }
        if held >= hold_down * 2 {
            self.losses = 0;
        }
        self.flaps = self.flaps.saturating_add(1);
        self.losses = self.losses.saturating_add(1);
        self.wait()
    }

    /// How often the port was lost since the start.
    #[must_use]
    pub const fn flaps(&self) -> u32 {
        self.flaps
    }

    fn hold_down(&self) -> Duration {
        match self.losses {
            0 => Duration::ZERO,
            n => doubled(FIRST_HOLD_DOWN, n - 1, LONGEST_HOLD_DOWN),
        }
    }

    fn wait(&mut self) -> Duration {
        let wait = doubled(FIRST_WAIT, self.failures, LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        // 80 % to 100 %: never longer than promised.
        wait * 4 / 5 + wait / 5 * self.fraction() / u32::from(u16::MAX)
    }

    /// 0 to 65535.
    fn fraction(&mut self) -> u32 {
        u32::from((self.random.next_u64() >> 48) as u16)
    }
}

fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    first.saturating_mul(1 << times.min(16)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(at: u64) -> Instant {
        Instant::from_millis(at * 1_000)
    }

    #[test]
    fn waits_double_to_a_minute_and_are_spread_downwards() {
        let mut link = Reconnect::new(7);
        for want in [1u64, 2, 4, 8, 16, 32, 60, 60, 60] {
            let wait = link.failed();
            assert!(wait <= Duration::from_secs(want), "{wait:?} > {want}");
            assert!(wait >= Duration::from_millis(want * 800), "{wait:?}");
        }
    }

    #[test]
    fn seeds_spread_links_that_were_lost_together() {
        let waits: std::collections::BTreeSet<_> =
            (0..20).map(|seed| Reconnect::new(seed).failed()).collect();
        assert!(waits.len() > 15);
        assert_eq!(Reconnect::new(3).failed(), Reconnect::new(3).failed());
    }

    #[test]
    fn a_link_that_flaps_is_distrusted_longer_each_time_up_to_five_minutes() {
        let mut link = Reconnect::new(1);
        assert_eq!(link.up(secs(0)), Duration::ZERO);
        let mut holds = Vec::new();
        for n in 0..7 {
            link.lost(secs(n * 4 + 2));
            holds.push(link.up(secs(n * 4 + 4)).as_secs());
        }
        assert_eq!(holds, [10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(link.flaps(), 7);
    }

    #[test]
    fn a_link_that_held_starts_over() {
        let mut link = Reconnect::new(1);
        link.up(secs(0));
        link.lost(secs(1));
        link.failed();
        assert_eq!(link.up(secs(10)), Duration::from_secs(10));
        assert!(link.lost(secs(20)) <= FIRST_WAIT, "it held its hold-down");
        assert_eq!(link.up(secs(21)), Duration::from_secs(20));
        link.lost(secs(100));
        assert_eq!(link.up(secs(101)), Duration::from_secs(10));
    }
}
