//! A handful of chaotic shifts; `tests/sim` plays a thousand.

use std::time::Duration;

use narrowcast_protocol::time::Instant;

use super::rush::rush;
use super::shift::Shift;

/// Shifts that once broke a promise, and what it was.
const REGRESSIONS: [(u64, &str); 5] = [
    (
        4,
        "the second part of a text went over a carrier that its attempt does not name",
    ),
    (
        31,
        "a radio that confirms unasked got its text again after its acknowledgement",
    ),
    (
        38,
        "a status that may have meant an expired alert answered one that was not received",
    ),
    (117, "a status pressed twice answered the next alert"),
    (
        221,
        "a retry gave message numbers out again, so that one acknowledgement meant two texts",
    ),
];

#[test]
fn no_promise_is_broken_in_a_chaotic_shift() {
    for seed in 0..12 {
        let shift = Shift::new(seed);
        if let Err(violation) = shift.play() {
            panic!("{violation}\nrepeat it: {}", shift.command());
        }
    }
}

#[test]
fn a_flash_waits_for_one_fragment_at_most_and_no_ceiling_is_passed_behind_an_hour_of_routine() {
    for seed in 0..4 {
        for carrier in rush(seed).unwrap() {
            assert!(carrier.keeps_the_promise(), "seed {seed}: {carrier:?}");
        }
    }
}

#[test]
fn what_broke_a_promise_once_does_not_do_so_again() {
    for (seed, what) in REGRESSIONS {
        let shift = Shift::new(seed);
        if let Err(violation) = shift.play() {
            panic!("{what}: {violation}\nrepeat it: {}", shift.command());
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_run_byte_for_byte() {
    let play = |seed| {
        let shift = Shift {
            length: Duration::from_secs(8 * 60),
            radios: Some(30),
            log: true,
            ..Shift::new(seed)
        };
        let mut run = shift.run().unwrap();
        run.until(Instant::ZERO + shift.length).unwrap();
        run.log().to_vec()
    };
    let (first, second) = (play(3), play(3));
    let differs = first.iter().zip(&second).find(|(a, b)| a != b);
    assert_eq!(differs, None);
    assert_eq!(first.len(), second.len());
    assert!(first.len() > 1_000);
}
