//! Narrowcast: a narrowband radio messaging and alerting server.
//!
//! * [`model`]: the words of the house as types; facts and the fold over them
//! * [`engine`]: the one place that decides
//! * [`ledger`]: the durable, hash-chained sequence of facts

pub mod engine;
pub mod ledger;
pub mod model;
