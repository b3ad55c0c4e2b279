//! What the tests of the whole share: a server of their own with its ports and directory,
//! a simulated repeater over real UDP, a reader of the event stream, the peers.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each test program uses a part of it; a step that fails fails the test"
)]

pub(crate) mod books;
pub(crate) mod broker;
pub(crate) mod operator;
pub(crate) mod peer_process;
pub(crate) mod peers;
pub(crate) mod place;
pub(crate) mod running;
pub(crate) mod schema;
pub(crate) mod site;
pub(crate) mod stream;

use std::time::Duration;

/// How many rounds a test that kills the server plays: `usual` in the suite, and what
/// `NARROWCAST_ROUNDS` says in `cargo xtask soak`.
pub(crate) fn rounds(usual: u32) -> u32 {
    let named = std::env::var("NARROWCAST_ROUNDS").ok();
    named.map_or(usual, |text| {
        text.parse().expect("NARROWCAST_ROUNDS is a number")
    })
}

/// Asks `holds` again and again until it holds; panics with `what` after `patience`.
pub(crate) async fn until<F: Future<Output = bool>>(
    what: &str,
    patience: Duration,
    mut holds: impl FnMut() -> F,
) {
    let end = tokio::time::Instant::now() + patience;
    while !holds().await {
        assert!(tokio::time::Instant::now() < end, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
