//! The whole system in the simulated world: chaotic shifts, and what precedence
//! is worth when every carrier is busy.
//!
//! The suite plays 1,000 shifts and 100 seeds of the rest; `cargo xtask soak` plays more.
//! `NARROWCAST_SEEDS` names other seeds, as in `0..10000` or `17..18`; `NARROWCAST_MINUTES`
//! another length.
#![allow(clippy::unwrap_used, reason = "a run that cannot start fails the test")]

mod rush;
mod shift;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The seeds to play.
fn seeds(usual: Range<u64>) -> Range<u64> {
    let Ok(text) = std::env::var("NARROWCAST_SEEDS") else {
        return usual;
    };
    let parsed = text
        .split_once("..")
        .and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    parsed.expect("NARROWCAST_SEEDS is FROM..TO")
}

/// Plays every seed on all processors; what went wrong, by seed.
fn each_seed(
    seeds: Range<u64>,
    play: impl Fn(u64) -> Result<(), String> + Sync,
) -> Vec<(u64, String)> {
    let next = AtomicU64::new(seeds.start);
    let wrong = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let played = catch_unwind(AssertUnwindSafe(|| play(seed)));
                    let why = match played {
                        Ok(Ok(())) => continue,
                        Ok(Err(why)) => why,
                        Err(_) => "it panicked".to_owned(),
                    };
                    wrong.lock().unwrap().push((seed, why));
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    wrong
}
