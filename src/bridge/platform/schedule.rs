//! When a delivery that failed is tried again.

use std::time::Duration;

/// The waits after the first, second, ... failure; then the last one again and again.
const WAITS: [u64; 6] = [1, 5, 15, 60, 300, 900];
/// By how many parts of a hundred a wait is longer or shorter, so that sinks that failed together
/// do not come together.
const JITTER: u64 = 20;
/// The longest wait that a receiver may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(900);

/// How long to wait after so many failures one after the other. `chance` is any number: equal
/// ones give equal waits.
#[must_use]
pub fn wait(failures: u32, chance: u64) -> Duration {
    let at = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    let seconds = WAITS.get(at).or(WAITS.last()).copied().unwrap_or(900);
    let span = 2 * JITTER + 1;
    let percent = 100 - JITTER + chance % span;
    Duration::from_millis(seconds * 10 * percent)
}

/// The wait that a receiver asked for (`Retry-After`, in seconds), within reason; never shorter
/// than ours.
#[must_use]
pub fn asked(ours: Duration, retry_after: Option<u64>) -> Duration {
    retry_after.map_or(ours, |seconds| {
        ours.max(Duration::from_secs(seconds).min(LONGEST_ASKED))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_grow_to_a_quarter_of_an_hour_and_stay_within_a_fifth() {
        let table = [
            (1, 1),
            (2, 5),
            (3, 15),
            (4, 60),
            (5, 300),
            (6, 900),
            (7, 900),
            (500, 900),
        ];
        for (failures, seconds) in table {
            let waits: Vec<Duration> = (0..41).map(|chance| wait(failures, chance)).collect();
            assert_eq!(waits[0], Duration::from_millis(seconds * 800));
            assert_eq!(waits[20], Duration::from_secs(seconds));
            assert_eq!(waits[40], Duration::from_millis(seconds * 1_200));
        }
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_and_not_for_ever() {
        let ours = Duration::from_secs(5);
        assert_eq!(asked(ours, None), ours);
        assert_eq!(asked(ours, Some(1)), ours);
        assert_eq!(asked(ours, Some(60)), Duration::from_secs(60));
        assert_eq!(asked(ours, Some(u64::MAX)), LONGEST_ASKED);
    }
}
