//! The whole server as its users and its radios meet it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a step that fails fails the test"
)]

mod alarms;
mod circle;
mod city;
mod cli;
mod damage;
mod doors;
mod durability;
mod failing_ledger;
mod flapping;
mod full_disk;
mod links;
mod log;
mod many;
mod mqtt;
mod mqtt_commands;
mod mqtt_tls;
mod once;
mod recordings;
mod silent;
mod slow_ledger;
#[path = "../support/mod.rs"]
mod support;
mod telephones;
mod telephones_faults;
mod telephones_peers;
mod telephones_smpplib;
mod tls;
mod warning_sources;
mod warnings_out;
mod webhooks;
