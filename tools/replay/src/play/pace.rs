//! When each frame is due.

use core::time::Duration;

use anyhow::{Result, bail};
use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::PlayArgs;
use crate::input::Raw;

/// Between frames of a recording without times: two slots.
const GAP: Duration = Duration::from_millis(60);
/// How often the key is looked after.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// The return key, to come.
type Key = JoinHandle<std::io::Result<usize>>;

/// Whether somebody pressed the key.
pub(super) async fn pressed(key: &mut Key) -> Result<bool> {
    if !key.is_finished() {
        return Ok(false);
    }
    match key.await?? {
        0 => bail!("standard input has ended: there is no key to wait for"),
        _ => Ok(true),
    }
}

/// The times of a recording, as they were, scaled, fixed, or when somebody presses return.
#[derive(Debug)]
pub(super) struct Pace {
    speed: f64,
    fixed: Option<Duration>,
    step: bool,
    before: Option<Timestamp>,
    due: Instant,
}

impl Pace {
    pub(super) fn new(args: &PlayArgs) -> Self {
        Self {
            speed: args.speed,
            fixed: args.gap.map(Duration::from_millis),
            step: args.step,
            before: None,
            due: Instant::now(),
        }
    }

    /// When this frame is due.
    pub(super) fn due(&mut self, raw: &Raw) -> Instant {
        self.due = match self.step {
            true => Instant::now(),
            false => self.due + self.gap(raw),
        };
        self.due
    }

    /// Asks for the return key, if each frame waits for one.
    pub(super) fn ask(&self) -> Option<Key> {
        self.step.then(|| {
            eprint!("return for the next frame ");
            tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()))
        })
    }

    /// When the last frame is due, if nothing is due before now: waiting for something has
    /// shifted the schedule.
    pub(super) fn shifted(&mut self) -> Instant {
        self.due = self.due.max(Instant::now());
        self.due
    }

    fn gap(&mut self, raw: &Raw) -> Duration {
        let before = self.before;
        self.before = raw.at.or(before);
        if let Some(fixed) = self.fixed {
            return fixed;
        }
        let gap = match (before, raw.at) {
            (Some(before), Some(at)) => {
                Duration::try_from(at.duration_since(before)).unwrap_or(Duration::ZERO)
            }
            (None, Some(_)) => Duration::ZERO,
            _ => GAP,
        };
        Duration::try_from_secs_f64(gap.as_secs_f64() / self.speed).unwrap_or(gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(speed: f64, fixed: Option<u64>) -> Pace {
        Pace {
            speed,
            fixed: fixed.map(Duration::from_millis),
            step: false,
            before: None,
            due: Instant::now(),
        }
    }

    fn at(ms: i64) -> Raw {
        Raw {
            at: Some(Timestamp::from_millisecond(ms).unwrap()),
            ..Raw::default()
        }
    }

    #[test]
    fn gaps_are_as_recorded_scaled_or_fixed_and_never_negative() {
        for (speed, fixed, expected) in [
            (1.0, None, [0, 100, 0, 300]),
            (2.0, None, [0, 50, 0, 150]),
            (1.0, Some(7), [7, 7, 7, 7]),
        ] {
            let mut pace = pace(speed, fixed);
            let gaps = [5_000, 5_100, 5_000, 5_300].map(|ms| pace.gap(&at(ms)).as_millis());
            assert_eq!(gaps, expected);
        }
        let mut pace = pace(1.0, None);
        assert_eq!(pace.gap(&Raw::default()), GAP);
    }
}
