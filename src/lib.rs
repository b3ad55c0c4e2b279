//! Narrowcast: a narrowband radio messaging and alerting server.
//!
//! * [`config`]: the one configuration file
//! * [`api`]: REST, event stream, health and metrics
//! * [`observe`]: logs, metrics, health
//! * [`model`]: the words of the house as types; facts and the fold over them
//! * [`engine`]: the one place that decides
//! * [`ledger`]: the durable, hash-chained sequence of facts

pub mod api;
pub mod config;
pub mod engine;
pub mod ledger;
pub mod model;
#[cfg(narrowcast_mutant)]
mod mutant;
pub mod observe;
pub mod server;
pub mod station;
