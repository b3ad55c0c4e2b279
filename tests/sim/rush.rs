//! A Flash behind an hour of Routine.

use narrowcast::simulate::rush::rush;

use crate::{each_seed, seeds};

#[test]
fn a_flash_behind_an_hour_of_routine_waits_for_one_fragment_at_most_whatever_the_seed() {
    let wrong = each_seed(seeds(0..100), |seed| {
        let late: Vec<_> = rush(seed)?
            .into_iter()
            .filter(|carrier| !carrier.keeps_the_promise())
            .collect();
        if late.is_empty() {
            Ok(())
        } else {
            Err(format!("{late:?}"))
        }
    });
    for (seed, why) in wrong.iter().take(20) {
        println!("seed {seed}: {why}");
    }
    assert!(wrong.is_empty(), "{} seeds", wrong.len());
}
