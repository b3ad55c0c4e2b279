//! A ledger that starts to fail at commit n and stays failed, under a running server with
//! radios on the air.

use std::time::Duration;

use narrowcast::ledger::memory::MemoryLedger;
use narrowcast::model::facts::{Fact, Record};

use crate::support::place::FIRST_RADIO;
use crate::support::running::Running;
use crate::support::stream::Stream;
use crate::support::{books, until};

const RADIOS: u32 = 6;
/// Whose user calls for help while the ledger has failed.
const IN_DISTRESS: u32 = FIRST_RADIO;
/// Whose user calls for help under load, so that in some rounds just this commit fails.
const IN_DISTRESS_BEFORE: u32 = FIRST_RADIO + 1;
/// Whose user writes a text while the ledger has failed.
const WRITER: u32 = FIRST_RADIO + 2;
const PATIENCE: Duration = Duration::from_secs(40);

impl Running {
    /// Submits until one submission is not accepted; the ids of those that were.
    async fn load(&self) -> Vec<String> {
        let mut accepted = Vec::new();
        loop {
            let radio = FIRST_RADIO + accepted.len() as u32 % RADIOS;
            let (status, body) = self.place.submit(&self.http, radio, "山火").await;
            if status != 201 {
                assert_eq!(status, 503, "{body}");
                return accepted;
            }
            accepted.push(body["id"].as_str().unwrap().to_owned());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What must hold as long as the ledger has failed.
    async fn nothing_is_falsely_acknowledged(&self) {
        let (status, body) = self.place.submit(&self.http, FIRST_RADIO, "no").await;
        assert_eq!(status, 503, "{body}");
        assert!(body["retry_after"].is_u64(), "{body}");
        let (_, health) = self.place.get(&self.http, "health").await;
        assert_eq!(health["status"], "degraded", "{health}");
        for radio in [IN_DISTRESS, IN_DISTRESS_BEFORE] {
            let shown = self.emergency_of(radio).await;
            let on_air = self.site.seen().acknowledged.contains(&radio);
            match shown {
                Some(shown) if shown["recorded"] == false => {
                    assert!(!on_air, "{radio} was acknowledged on the air: {shown}");
                    assert_eq!(shown["state"], "raised", "{shown}");
                }
                _ => {}
            }
        }
    }

    async fn is_recorded_and_acknowledged(&self, radio: u32) -> bool {
        let shown = self.emergency_of(radio).await;
        let recorded = shown.is_some_and(|shown| shown["recorded"] == true);
        recorded && self.site.seen().acknowledged.contains(&radio)
    }
}

/// One round: the ledger fails at the `n`-th commit of the load.
async fn round(n: u64, written: bool) {
    let running = Running::start(RADIOS, n).await;
    let types = "types=emergency_raised,emergency_unrecorded";
    let stream = Stream::open(&running.place, &running.http, types, None).await;
    if written {
        running.store.fail_after_write_at(n);
    } else {
        running.store.fail_at(n);
    }
    running.site.press(IN_DISTRESS_BEFORE);
    let accepted = running.load().await;

    running.site.press(IN_DISTRESS);
    running.site.write(WRITER, "桥断了");
    let unrecorded = |radio| {
        let (running, stream) = (&running, &stream);
        async move {
            stream
                .wait("the unrecorded emergency", |event| {
                    event.name == "emergency_unrecorded" && event.data["radio"] == radio
                })
                .await;
            let shown = running.emergency_of(radio).await.unwrap();
            assert_eq!(shown["recorded"], false, "{shown}");
        }
    };
    unrecorded(IN_DISTRESS).await;
    // It stays failed over more than one try to open it again.
    for _ in 0..8 {
        running.nothing_is_falsely_acknowledged().await;
        assert!(running.site.seen().unconfirmed.contains(&WRITER));
        tokio::time::sleep(Duration::from_millis(250)).await;
    }

    running.store.repair();
    for radio in [IN_DISTRESS, IN_DISTRESS_BEFORE] {
        let what = format!("round {n}: the emergency of {radio} on record and acknowledged");
        until(&what, PATIENCE, async || {
            running.is_recorded_and_acknowledged(radio).await
        })
        .await;
    }
    until("the text confirmed", PATIENCE, async || {
        !running.site.seen().unconfirmed.contains(&WRITER)
    })
    .await;
    stream
        .wait("the recorded emergency", |event| {
            event.name == "emergency_raised" && event.data["data"]["radio"] == IN_DISTRESS
        })
        .await;
    for id in &accepted {
        let (status, body) = running
            .place
            .get(&running.http, &format!("alerts/{id}"))
            .await;
        assert_eq!(status, 200, "round {n}: an accepted alert is gone: {body}");
    }
    let (status, body) = running.place.submit(&running.http, WRITER, "谢谢").await;
    assert_eq!(status, 201, "{body}");
    let (_, health) = running.place.get(&running.http, "health").await;
    assert_eq!(health["status"], "ok", "{health}");

    let seen = running.site.seen();
    assert_eq!(
        (seen.log_ins, seen.log_outs),
        (1, 0),
        "round {n}: the link did not stay up"
    );
    let store = running.store.clone();
    running.end().await;
    let mut ledger = MemoryLedger::open(&store, "default", 1).unwrap();
    let records = books::all(&mut ledger);
    books::nothing_sent_unrecorded(&records, &seen.texts);
    for id in accepted {
        let is_it = |fact: &Fact| matches!(fact, Fact::AlertAccepted(a) if a.id.to_string() == id);
        assert_eq!(count(&records, is_it), 1, "round {n}: {id}");
    }
    for radio in [IN_DISTRESS, IN_DISTRESS_BEFORE] {
        let is_it =
            |fact: &Fact| matches!(fact, Fact::EmergencyRaised(e) if e.radio.get() == radio);
        assert_eq!(count(&records, is_it), 1, "round {n}: {radio}");
    }
    let is_it = |fact: &Fact| matches!(fact, Fact::ReportHeard { text, .. } if text == "桥断了");
    assert_eq!(count(&records, is_it), 1, "round {n}: the text");
}

fn count(records: &[Record], is_it: impl Fn(&Fact) -> bool) -> usize {
    records.iter().filter(|record| is_it(&record.fact)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_commit_fails_nothing_acknowledged_is_lost_and_no_emergency_is_hidden() {
    let rounds = (1..=20).map(|n| tokio::spawn(round(n, n % 4 == 0)));
    for round in rounds.collect::<Vec<_>>() {
        round.await.unwrap();
    }
}
