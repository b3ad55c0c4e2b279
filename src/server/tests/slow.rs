//! A disk that is slow while radios flood the server.

use narrowcast_protocol::air::Address;

use super::*;
use crate::model::facts::Fact;
use crate::model::ids::Seq;

const TEXTS: u16 = 6_000;
const SYNC: Duration = Duration::from_secs(2);

fn text(number: u16) -> LinkEvent {
    let what = HeardKind::Text {
        from: radio(1),
        to: Address::Radio(radio(9_990)),
        text: format!("text {number}"),
        reference: Some(number),
    };
    LinkEvent::Heard(Heard {
        carrier: CarrierId {
            station: StationId(1),
            slot: Slot::One,
        },
        what,
        owed: vec![],
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_thousand_texts_over_a_disk_of_two_seconds_a_sync_are_no_outage() {
    let running = start().await;
    running.prepare().await;
    running.store.slow(SYNC);
    for number in 0..TEXTS {
        running.link(text(number)).await;
        if number % 500 == 0 {
            // Looking is answered at once, and health is well.
            let asked = std::time::Instant::now();
            running.ask(Request::Overview).await.unwrap();
            assert!(asked.elapsed() < Duration::from_secs(1));
            assert_eq!(
                running.backend.board.borrow().degraded,
                Vec::<String>::new()
            );
        }
    }
    running.distress().await;
    running.board(|board| !board.unrecorded.is_empty()).await;
    running.submit(7).await.unwrap();
    running.board(|board| board.unrecorded.is_empty()).await;
    assert_eq!(
        running.backend.board.borrow().degraded,
        Vec::<String>::new()
    );
    running.store.slow(Duration::ZERO);
    let asked = std::time::Instant::now();
    running.submit(8).await.unwrap();
    assert!(asked.elapsed() < Duration::from_secs(30));
    running.shutdown.cancel();
    running.core.await.unwrap();
    let texts = |store: &MemoryStore| {
        let mut ledger = MemoryLedger::open(store, "test", 1).unwrap();
        let records = crate::ledger::Ledger::read(&mut ledger, Seq(1), usize::MAX).unwrap();
        let heard = records
            .iter()
            .filter(|record| matches!(record.fact, Fact::ReportHeard { .. }));
        heard.count()
    };
    assert_eq!(texts(&running.store), usize::from(TEXTS), "none is lost");
}
