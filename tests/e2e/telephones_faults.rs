//! An operator that misbehaves on purpose, before the built server: nothing is lost, nobody is
//! sent a text twice without need, and a Flash goes first.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Semaphore;

use crate::support::operator::Operator;
use crate::support::place::{NO_MARKS, Place, http};
use crate::support::until;
use crate::telephones::{PASSWORD, centre, deliveries, started, submitted};
use narrowcast_world::smsc::{CentreEvent, CentreKind, Faults};

/// People with a telephone only; one of them gets a Flash in the middle.
const PEOPLE: usize = 100;
const WINDOW: usize = 4;

/// How many servers run at a time, of all tests: those who wait out a lost connection only wait.
static ROOM: [Semaphore; 2] = [Semaphore::const_new(2), Semaphore::const_new(12)];

/// A fault and whether the connection is lost by it.
type Row = (&'static str, Faults, bool);

fn rows() -> [Row; 10] {
    let none = Faults::default();
    // Before the Flash: what is lost with the connection is tried again after a pause, also a Flash.
    let at = 5;
    let row = |name, faults| (name, faults, false);
    let lost = |name, faults| (name, faults, true);
    [
        row("none", none),
        row(
            "receipt first",
            Faults {
                receipt_first: true,
                ..none
            },
        ),
        row(
            "receipt twice",
            Faults {
                receipt_twice: true,
                ..none
            },
        ),
        row(
            "receipts held 2 s",
            Faults {
                receipts_held: Duration::from_secs(2),
                ..none
            },
        ),
        row(
            "throttled",
            Faults {
                throttle_every: 20,
                ..none
            },
        ),
        row(
            "wrong sequence",
            Faults {
                wrong_sequence_every: 2,
                ..none
            },
        ),
        lost(
            "unbind",
            Faults {
                unbind_at: at,
                ..none
            },
        ),
        lost(
            "silent",
            Faults {
                silent_at: at,
                ..none
            },
        ),
        lost(
            "close",
            Faults {
                close_at: at,
                ..none
            },
        ),
        lost(
            "two gigabytes",
            Faults {
                huge_at: at,
                ..none
            },
        ),
    ]
}

/// What is told of a row.
struct Seen {
    taken: usize,
    twice: usize,
    receipts: usize,
    log_ins: usize,
    /// Messages that the operator took between the acceptance of the Flash and the Flash.
    before_flash: usize,
    took: Duration,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_an_smpp_centre_loses_a_receipt_or_sends_twice_without_need() {
    table(CentreKind::Smpp, "smpp").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_a_cmpp_2_gateway_loses_a_receipt_or_sends_twice_without_need() {
    table(CentreKind::Cmpp2, "cmpp2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_a_cmpp_3_gateway_loses_a_receipt_or_sends_twice_without_need() {
    table(CentreKind::Cmpp3, "cmpp3").await;
}

async fn table(kind: CentreKind, name: &str) {
    let mut told = format!("{name}, {PEOPLE} people and a Flash, window {WINDOW}\n");
    told +=
        "fault             | taken | twice | receipts kept | log-ins | before the Flash | took\n";
    let seen = rows().map(|(fault, faults, is_lost)| async move {
        let many = ROOM[usize::from(is_lost)].acquire().await.unwrap();
        let seen = play(kind, name, (fault, faults, is_lost)).await;
        drop(many);
        (fault, faults, is_lost, seen)
    });
    for (fault, faults, is_lost, seen) in futures_util::future::join_all(seen).await {
        told += &format!(
            "{fault:<17} | {:>5} | {:>5} | {:>13} | {:>7} | {:>16} | {:.1} s\n",
            seen.taken,
            seen.twice,
            seen.receipts,
            seen.log_ins,
            seen.before_flash,
            seen.took.as_secs_f64()
        );
        let most_twice = if is_lost { WINDOW } else { 0 };
        assert!(seen.twice <= most_twice, "{name}, {fault}:\n{told}");
        let log_ins = if is_lost { 2 } else { 1 };
        assert_eq!(seen.log_ins, log_ins, "{name}, {fault}:\n{told}");
        let each = if faults.receipt_twice { 2 } else { 1 };
        assert_eq!(seen.receipts, seen.taken * each, "{name}, {fault}:\n{told}");
        // What the link has in hand cannot be overtaken. What is sent into a silence is lost with
        // it, also a Flash: that is tried again after a pause of its own.
        let most_before = if faults.silent_at > 0 {
            PEOPLE
        } else {
            2 * WINDOW
        };
        assert!(seen.before_flash <= most_before, "{name}, {fault}:\n{told}");
    }
    eprintln!("{told}");
}

async fn play(kind: CentreKind, name: &str, (fault, faults, is_lost): Row) -> Seen {
    let (place, http) = (Place::new(), http());
    let mut config = centre(kind);
    config.faults = faults;
    let operator = Operator::start(config, usize::MAX).await;
    place.configure("ballast = 0", NO_MARKS, "");
    place.add(&format!(
        "{}window = {WINDOW}\nper_second = 40\nkeep_alive = \"5s\"\nanswer_wait = \"2s\"\n\
         receipt_wait = \"30s\"\n",
        operator.table(name, PASSWORD)
    ));
    let count = u32::try_from(PEOPLE).unwrap() + 1;
    let _server = started(&place, &http, count).await;
    let began = Instant::now();
    let all: Vec<String> = (1..count).map(|index| format!("person:p{index}")).collect();
    let body = json!({"text": "routine", "precedence": "priority", "ask": "receipt",
        "targets": all});
    let alert = submitted(&place, &http, body).await;
    let taken = |event: &CentreEvent| matches!(event, CentreEvent::Taken(_));
    until("some are sent", Duration::from_secs(20), async || {
        operator.count(taken) >= 4
    })
    .await;
    if is_lost {
        // The window of the lost connection is full by now.
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    let body = json!({"text": "flashing", "precedence": "flash", "ask": "receipt",
        "targets": ["person:p7"]});
    let flash = submitted(&place, &http, body).await;
    let accepted = operator.count(taken);
    until("everybody has both", Duration::from_secs(150), async || {
        let mut all = deliveries(&place, &http, &alert).await;
        all.retain(|it| it["radio"].is_null());
        let there = all.len() == PEOPLE;
        all.extend(deliveries(&place, &http, &flash).await);
        there && all.iter().all(|it| it["rung"] == "received")
    })
    .await;
    let took = began.elapsed();
    let kept = |event: &CentreEvent| matches!(event, CentreEvent::Brought { kept: true, .. });
    let each = if faults.receipt_twice { 2 } else { 1 };
    let end = Instant::now() + Duration::from_secs(20);
    while operator.count(kept) < operator.count(taken) * each {
        let told = operator.seen();
        let told: Vec<_> = told
            .iter()
            .filter(|event| !matches!(event, CentreEvent::Send(_)))
            .collect();
        assert!(
            Instant::now() < end,
            "{name}, {fault}: a receipt is missing: {told:?}"
        );
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let mut times = BTreeMap::<(String, String), usize>::new();
    let mut order = Vec::new();
    for event in operator.seen() {
        match event {
            CentreEvent::Taken(message) => {
                order.push(message.text.contains("flashing"));
                *times.entry((message.to, message.text)).or_default() += 1;
            }
            CentreEvent::Odd(why) => panic!("{name}, {fault}: {why}"),
            _ => {}
        }
    }
    assert_eq!(times.len(), PEOPLE + 1, "{name}, {fault}: {times:?}");
    let at = order.iter().position(|is_flash| *is_flash).unwrap();
    assert!(at + 1 < order.len(), "{name}, {fault}: the Flash came last");
    Seen {
        taken: order.len(),
        twice: times.values().filter(|times| **times > 1).count(),
        receipts: operator.count(kept),
        log_ins: operator.count(|event| *event == CentreEvent::LoggedIn),
        before_flash: at.saturating_sub(accepted),
        took,
    }
}
