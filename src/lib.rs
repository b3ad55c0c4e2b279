//! Narrowcast: a narrowband radio messaging and alerting server.
//!
//! * [`bridge`]: what leaves for other systems
//! * [`config`]: the one configuration file
//! * [`api`]: REST, event stream, health and metrics
//! * [`observe`]: logs, metrics, health
//! * [`model`]: the words of the house as types; facts and the fold over them
//! * [`engine`]: the one place that decides
//! * [`core`]: the engine and its write-ahead gate, without I/O
//! * [`ledger`]: the durable, hash-chained sequence of facts
//! * [`simulate`]: all of it inside a simulated world, in virtual time

pub mod api;
pub mod bridge;
pub mod config;
pub mod core;
pub mod engine;
pub mod ledger;
pub mod model;
pub mod observe;
pub mod server;
pub mod simulate;
pub mod station;
