//! A ledger that is slow, or hangs, under a running server with radios on the air: it slows,
//! and nothing else.

use std::time::Duration;

use tokio::time::Instant;

use crate::support::place::FIRST_RADIO;
use crate::support::running::Running;
use crate::support::stream::Stream;
use crate::support::until;

const RADIOS: u32 = 6;
const IN_DISTRESS: u32 = FIRST_RADIO;
const WRITER: u32 = FIRST_RADIO + 1;
const PATIENCE: Duration = Duration::from_secs(40);

async fn health(running: &Running) -> serde_json::Value {
    running.place.get(&running.http, "health").await.1
}

/// Everything that looks is answered at once.
async fn people_can_look(running: &Running) {
    let paths = ["health", "alerts", "emergencies", "stations", "roster"];
    for path in paths {
        let asked = Instant::now();
        let (status, body) = running.place.get(&running.http, path).await;
        assert_eq!(status, 200, "{path}: {body}");
        let took = asked.elapsed();
        assert!(took < Duration::from_millis(800), "{path} took {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lone_submit_takes_no_longer_than_two_syncs_and_many_share_them() {
    const SYNC: Duration = Duration::from_millis(400);
    let running = Running::start(RADIOS, 1).await;
    running.store.slow(SYNC);
    // What starting and logging in decided is committed by now.
    tokio::time::sleep(3 * SYNC).await;
    let asked = Instant::now();
    let (status, body) = running.place.submit(&running.http, WRITER, "山火").await;
    assert_eq!(status, 201, "{body}");
    assert!(asked.elapsed() < 2 * SYNC, "{:?}", asked.elapsed());

    let before = running.store.commits();
    let submitters = (0..64).map(|number| {
        let running = &running;
        async move {
            for round in 0..3 {
                let radio = FIRST_RADIO + number % RADIOS;
                let text = format!("{number} {round}");
                let (status, body) = running.place.submit(&running.http, radio, &text).await;
                assert_eq!(status, 201, "{body}");
            }
        }
    });
    futures_util::future::join_all(submitters).await;
    let commits = running.store.commits() - before;
    assert!(commits <= 24, "192 submits took {commits} commits");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_ledger_is_not_away() {
    let running = Running::start(RADIOS, 2).await;
    running.store.slow(Duration::from_secs(2));
    running.site.press(IN_DISTRESS);
    running.site.write(WRITER, "桥断了");
    let end = Instant::now() + Duration::from_secs(8);
    while Instant::now() < end {
        people_can_look(&running).await;
        assert_eq!(health(&running).await["status"], "ok");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    until("the emergency acknowledged", PATIENCE, async || {
        running.site.seen().acknowledged.contains(&IN_DISTRESS)
    })
    .await;
    until("the text confirmed", PATIENCE, async || {
        !running.site.seen().unconfirmed.contains(&WRITER)
    })
    .await;
    let (status, body) = running.place.submit(&running.http, WRITER, "谢谢").await;
    assert_eq!(status, 201, "{body}");
    let seen = running.site.seen();
    assert_eq!((seen.log_ins, seen.log_outs), (1, 0), "the link stays up");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_hangs_is_reported_and_everything_goes_on_when_it_returns() {
    let running = Running::start(RADIOS, 3).await;
    let types = "types=emergency_raised,emergency_unrecorded";
    let stream = Stream::open(&running.place, &running.http, types, None).await;
    running.store.hang(true);
    let hung = Instant::now();
    running.site.press(IN_DISTRESS);
    stream
        .wait("the unrecorded emergency", |event| {
            event.name == "emergency_unrecorded" && event.data["radio"] == IN_DISTRESS
        })
        .await;
    until("the hang in health", PATIENCE, async || {
        let health = health(&running).await;
        let why = health["degraded"].to_string();
        health["status"] == "degraded" && why.contains("a commit to the ledger")
    })
    .await;
    let told = hung.elapsed();
    assert!(told < Duration::from_secs(12), "told after {told:?}");
    let metrics = running.metrics().await;
    assert!(metrics.contains("narrowcast_degraded 1"), "{metrics}");
    let under_way = metrics
        .lines()
        .find_map(|line| line.strip_prefix("narrowcast_ledger_commit_under_way_seconds "));
    let under_way: f64 = under_way.unwrap().parse().unwrap();
    assert!(under_way >= 8.0, "{under_way}");
    people_can_look(&running).await;
    let recorded_to = running.recorded_to("emergencies").await;
    let seq = health(&running).await["seq"].as_u64();
    assert_eq!(
        recorded_to, seq,
        "a reading says up to where it is recorded"
    );
    let shown = running.emergency_of(IN_DISTRESS).await.unwrap();
    assert_eq!(shown["recorded"], false, "{shown}");
    assert_eq!(shown["state"], "raised", "{shown}");
    assert!(!running.site.seen().acknowledged.contains(&IN_DISTRESS));

    running.store.hang(false);
    until("health to be well", PATIENCE, async || {
        health(&running).await["status"] == "ok"
    })
    .await;
    until("the emergency recorded", PATIENCE, async || {
        let shown = running.emergency_of(IN_DISTRESS).await.unwrap();
        shown["recorded"] == true
    })
    .await;
    // Its window is over: the radio's own repetition is answered.
    running.site.press(IN_DISTRESS);
    until("the emergency acknowledged", PATIENCE, async || {
        running.site.seen().acknowledged.contains(&IN_DISTRESS)
    })
    .await;
    let (status, body) = running.place.submit(&running.http, WRITER, "谢谢").await;
    assert_eq!(status, 201, "{body}");
    let seen = running.site.seen();
    assert_eq!(
        (seen.log_ins, seen.log_outs),
        (1, 0),
        "nothing was restarted"
    );
    running.end().await;
}
