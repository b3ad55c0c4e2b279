//! What the log says to who has to find out what happened to a station.

use std::time::Duration;

use narrowcast_world::radio::Answers;

use crate::support::place::{Place, STATION, http};
use crate::support::site::Site;
use crate::support::until;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_names_the_station_that_logs_in_and_an_ordinary_start_logs_no_error() {
    let (place, http) = (Place::new(), http());
    let _server = place.start();
    place.until_up(&http).await;
    let _site = Site::start(place.homebrew, 2, Answers::Never, 0.0, 5).await;
    let line = format!("a station is there station={STATION} link=\"homebrew ");
    until(
        "the log-in in the log",
        Duration::from_secs(20),
        async || place.log().contains(&line),
    )
    .await;
    let log = place.log();
    assert!(!log.contains("ERROR"), "{log}");
    let nameless = log.lines().find(|line| line.contains("link up="));
    assert_eq!(nameless, None, "which link it is must stand in the line");
}
