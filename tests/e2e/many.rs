//! As many recipients as a request may name, on the built server.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::support::place::{FIRST_RADIO, Place, http};

const PEOPLE: u32 = 1_000;

/// A thousand people with long names, each with a radio of its own.
fn people() -> String {
    let mut csv = String::from("kind,id,name,node,form,confirms,home,talkgroup,members\n");
    let name = "长".repeat(60);
    for number in 0..PEOPLE {
        let radio = FIRST_RADIO + number;
        // Writing to a string does not fail.
        let _ = writeln!(csv, "radio,{radio},{name},市/东区,tms,yes,,,");
        let _ = writeln!(
            csv,
            "person,person-{number:0>30},{name},市/东区,,,,,{radio}"
        );
    }
    csv
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_to_a_thousand_named_people_is_taken_and_keeps_nobody_else_waiting() {
    let (place, http) = (Place::new(), http());
    let mut server = place.start();
    place.until_up(&http).await;
    place.import(&http, people()).await;
    let targets = (0..PEOPLE).map(|number| format!("person:person-{number:0>30}"));
    let body = json!({
        "text": "山洪预警,立即撤离", "precedence": "routine", "ask": "acknowledgement",
        "targets": targets.collect::<Vec<_>>(),
    });
    let many = place.post(&http, "alerts", &body);
    let urgent = async {
        let asked = Instant::now();
        let answer = place.submit(&http, FIRST_RADIO, "山火").await;
        (answer, asked.elapsed())
    };
    let ((status, accepted), ((flash, body), took)) = tokio::join!(many, urgent);
    assert_eq!(status, 201, "{accepted}");
    assert_eq!(accepted["recipients"], PEOPLE);
    assert_eq!(flash, 201, "{body}");
    assert!(took < Duration::from_secs(5), "the Flash took {took:?}");
    let (_, health) = place.get(&http, "health").await;
    assert_eq!(health["status"], "ok", "{health}");

    let id = accepted["id"].as_str().unwrap().to_owned();
    let before = place.get(&http, &format!("alerts/{id}")).await.1;
    assert_eq!(before["targets"].as_array().unwrap().len(), PEOPLE as usize);
    server.kill().await.unwrap();
    let mut server = place.start();
    place.until_up(&http).await;
    let after = place.get(&http, &format!("alerts/{id}")).await.1;
    assert_eq!(after, before, "nothing of it is lost");
    server.kill().await.unwrap();
}
