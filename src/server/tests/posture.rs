//! Health and metrics tell the truth about stations, strangers, queues and the ledger.

use narrowcast_hardware::events::LinkState;
use narrowcast_protocol::session::{CarrierState, Notice, Peer};
use serde_json::Value;

use super::*;

async fn http(running: &Running, metrics: &Arc<Metrics>, path: &str) -> String {
    let api = Api::new(running.backend.clone(), Arc::clone(metrics), false);
    let request = HttpRequest::get(path).body(Body::empty()).unwrap();
    let answer = router(api).oneshot(request).await.unwrap();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

fn carrier_is(state: CarrierState) -> LinkEvent {
    LinkEvent::Carrier {
        id: CarrierId {
            station: StationId(1),
            slot: Slot::One,
        },
        state,
        room: 0,
    }
}

#[tokio::test]
async fn health_and_metrics_tell_of_stations_strangers_queues_and_the_ledger() {
    let running = start().await;
    running.prepare().await;
    let metrics = Arc::new(Metrics::default());
    let health = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let seen = health(http(&running, &metrics, "/health").await);
    assert_eq!(
        (&seen["stations"], &seen["stations_down"]),
        (&1.into(), &1.into())
    );
    running.submit(7).await.unwrap();
    let text = http(&running, &metrics, "/metrics").await;
    for line in [
        "narrowcast_stations_down 1",
        "narrowcast_station_up{station=\"1\"} 0",
        "narrowcast_queued{carrier=\"none\",precedence=\"flash\"} 1",
        "narrowcast_oldest_queued_seconds{carrier=\"none\",precedence=\"flash\"}",
        "narrowcast_degraded 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let refused = Notice::LogInRefused {
        claimed: 666,
        peer: Peer::Socket("192.0.2.1:5000".parse().unwrap()),
        why: "unknown id",
        count: 1,
    };
    running.link(LinkEvent::Notice(refused)).await;
    running.link(carrier_is(CarrierState::Up)).await;
    running
        .board(|board| board.stations_down.is_empty() && board.quarantined == 1)
        .await;
    let text = http(&running, &metrics, "/metrics").await;
    for line in [
        "narrowcast_stations_down 0",
        "narrowcast_station_up{station=\"1\"} 1",
        "narrowcast_quarantined 1",
        "narrowcast_queued{carrier=\"1/1\",precedence=\"flash\"} 1",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    running.store.fail_at(1);
    assert!(running.submit(8).await.is_err());
    running.board(|board| !board.degraded.is_empty()).await;
    running.link(carrier_is(CarrierState::Gone)).await;
    running.board(|board| !board.stations_down.is_empty()).await;
    let lost = LinkState {
        up: false,
        why: "unplugged".into(),
        flaps: 1,
        hold_down: Duration::ZERO,
    };
    running.link(LinkEvent::Link(lost)).await;
    let seen = health(http(&running, &metrics, "/health").await);
    assert_eq!(seen["status"], "degraded");
    assert_eq!(seen["stations_down"], 1);
    let text = http(&running, &metrics, "/metrics").await;
    assert!(text.contains("narrowcast_degraded 1"), "{text}");
    running.store.repair();
    running.board(|board| board.degraded.is_empty()).await;
    running.shutdown.cancel();
    running.core.await.unwrap();
}
