//! A handful of chaotic shifts; `tests/sim` plays a thousand.

use std::time::Duration;

use narrowcast_protocol::air::{RadioId, StationId};
use narrowcast_protocol::time::Instant;
use narrowcast_world::radio::RadioConfig;

use super::accuracy::{outturns, quantile};
use super::run::{Doing, Happening, Run};
use super::rush::rush;
use super::setup::{Setup, SiteSetup, station};
use super::shift::Shift;
use crate::engine::io::{Alarm, Refusal, Request, Response};
use crate::model::facts::Fact;
use crate::model::ids::{EmergencyId, TokenId};

/// Shifts of radios only that once broke a promise, and what it was.
const REGRESSIONS: [(u64, &str); 11] = [
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
    (
        880,
        "blocks of one radio completed the packet of another, whose answer it was not",
    ),
    (
        2_744,
        "what a test station heard answered an exercise while it meant a live alert",
    ),
    (
        2_984,
        "a Flash wandered between two stations and came twice within the gap over one of them",
    ),
    (
        3_945,
        "blocks of one radio, right after another's header, said its words in the other's name",
    ),
    (4_874, "as 3945, over another station"),
    (5_247, "as 3945, in a text of several blocks"),
];

/// The same of shifts with telephones.
const TELEPHONES: [(u64, &str); 6] = [
    (
        0,
        "a telephone that had the text got it again with each turn of the next one",
    ),
    (
        33,
        "a receipt from before an alert was sent again ended the new attempt, and a crash then made a third copy",
    ),
    (
        221,
        "a key pressed for a text that asked nothing, and had left memory, answered another alert",
    ),
    (
        1_173,
        "a word about a text that asked nothing answered an alert that its radio had not shown",
    ),
    (
        7_984,
        "a route stood still: its room was the same again after a message, and was not told",
    ),
    (9_571, "as 7984, with another operator"),
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
        // Without telephones they tell the story that they told then.
        let shift = Shift {
            telephones: false,
            ..Shift::new(seed)
        };
        if let Err(violation) = shift.play() {
            panic!("{what}: {violation}\nrepeat it: {}", shift.command());
        }
    }
    for (seed, what) in TELEPHONES {
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

const CALLER: u32 = 2_308_001;

/// A run with one radio at one repeater, whose facts and answers are kept.
fn a_quiet_site() -> Run {
    let mut setup = Setup::new(1);
    let radios = vec![RadioConfig::new(RadioId::new(CALLER).unwrap())];
    setup.add(
        station(StationId(460_001), false),
        SiteSetup::Repeater([radios, Vec::new()]),
    );
    let mut run = Run::new(&setup).unwrap();
    run.keep_facts();
    run
}

fn second(at: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(at)
}

fn press(run: &mut Run, at: u64) {
    let caller = RadioId::new(CALLER).unwrap();
    run.at(second(at), Happening::Radio(caller, Doing::Emergency));
}

fn shown(run: &Run) -> Vec<EmergencyId> {
    let alarms = run.alarms().iter().filter_map(|(_, alarm)| match alarm {
        Alarm::Emergency(emergency) => Some(emergency.id),
        Alarm::ClockStepped(_) => None,
    });
    alarms.collect()
}

fn recorded(run: &Run) -> Vec<EmergencyId> {
    let facts = run.facts().iter().map(|(_, _, entry)| &entry.fact);
    let raised = facts.filter_map(|fact| match fact {
        Fact::EmergencyRaised(emergency) => Some(emergency.id),
        _ => None,
    });
    raised.collect()
}

fn restarts(run: &Run) -> usize {
    let facts = run.facts().iter().map(|(_, _, entry)| &entry.fact);
    facts
        .filter(|fact| matches!(fact, Fact::Started { .. }))
        .count()
}

#[test]
fn a_ledger_that_hangs_is_waited_for_and_an_emergency_is_shown_meanwhile() {
    let mut run = a_quiet_site();
    run.at(second(20), Happening::Hang(Duration::from_secs(40)));
    press(&mut run, 25);
    run.at(second(50), Happening::Ask(Request::Overview));
    run.until(second(55)).unwrap();
    assert_eq!((shown(&run).len(), recorded(&run).len()), (1, 0));
    let looked = |(at, result): &(Instant, Result<Response, Refusal>)| {
        *at == second(50) && matches!(result, Ok(Response::Overview(_)))
    };
    assert!(run.replies().iter().any(looked), "nobody is locked out");
    run.until(second(70)).unwrap();
    assert_eq!(recorded(&run), shown(&run));
    assert_eq!(restarts(&run), 1, "a ledger that hangs is not folded again");
}

#[test]
fn an_emergency_keeps_its_id_when_commit_opening_and_reading_fail() {
    for written in [false, true] {
        let mut run = a_quiet_site();
        run.at(second(20), Happening::LedgerFails(1, written));
        run.at(second(20), Happening::RecoveryFails(2, 1));
        press(&mut run, 25);
        run.at(second(27), Happening::LedgerRepaired);
        run.at(second(27), Happening::RecoveryFails(2, 1));
        run.until(second(90)).unwrap();
        assert_eq!(shown(&run).len(), 1);
        assert_eq!(recorded(&run), shown(&run), "written: {written}");
        assert_eq!(restarts(&run), 2);
    }
}

#[test]
fn a_request_to_a_ledger_that_is_away_is_answered_away() {
    let mut run = a_quiet_site();
    run.at(second(20), Happening::LedgerFails(1, false));
    for at in 22..30 {
        let id = TokenId(1u128.into());
        run.at(second(at), Happening::Ask(Request::RevokeToken { id }));
    }
    press(&mut run, 21);
    run.until(second(35)).unwrap();
    let replies = run.replies().iter().map(|(_, result)| result);
    let away = replies.filter(|result| **result == Err(Refusal::Away));
    assert!(away.count() > 0);
}

#[test]
fn predictions_of_calm_shifts_lean_to_neither_side_and_half_of_them_are_right_within_three_tenths()
{
    let mut known = Vec::new();
    for seed in 0..12 {
        let shift = Shift {
            calm: true,
            ..Shift::new(seed)
        };
        let mut run = shift.run().expect("an empty ledger in memory opens");
        run.keep_facts();
        run.until(Instant::ZERO + shift.length)
            .expect("every promise is kept");
        known.extend(outturns(run.facts()));
    }
    assert!(known.len() > 100, "{} can be compared", known.len());
    let short = known
        .iter()
        .filter(|one| one.predicted < one.actual)
        .count();
    let share = short * 100 / known.len();
    assert!(
        (35..=65).contains(&share),
        "{share} % were predicted too short"
    );
    let median = quantile(&known, 0.5).unwrap_or(1.0);
    assert!(median < 0.3, "half of them are wrong by {median}");
}
