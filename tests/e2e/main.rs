//! The whole server as its users and its radios meet it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a step that fails fails the test"
)]

mod durability;
mod failing_ledger;
mod full_disk;
#[path = "../support/mod.rs"]
mod support;
