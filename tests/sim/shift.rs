//! Chaotic shifts.

use std::time::Duration;

use narrowcast::simulate::shift::Shift;

use crate::{each_seed, seeds};

#[test]
fn no_promise_is_broken_in_chaotic_shifts() {
    let minutes = std::env::var("NARROWCAST_MINUTES").map_or(20, |text| {
        text.parse().expect("NARROWCAST_MINUTES is a number")
    });
    let shift = |seed| Shift {
        length: Duration::from_secs(minutes * 60),
        ..Shift::new(seed)
    };
    let wrong = each_seed(seeds(0..1_000), |seed| {
        let played = shift(seed).play();
        played.map(drop).map_err(|violation| violation.to_string())
    });
    for (seed, why) in wrong.iter().take(20) {
        println!("{why}\n  repeat it: {}", shift(*seed).command());
    }
    assert!(wrong.is_empty(), "{} shifts broke a promise", wrong.len());
}
