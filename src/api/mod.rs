//! The programming interface: REST under `/api/v1`, the event stream, health and metrics.
//!
//! The API holds no state of its own. It asks the engine through [`backend::Backend`] for
//! what is live, and the ledger for what has ended.

#![allow(unused_qualifications, reason = "utoipa's derives write paths in full")]

pub mod auth;
pub mod backend;
mod bearer;
pub mod bodies;
pub mod body;
pub mod commands;
pub mod doors;
pub mod host;
pub mod problem;
pub mod roster_csv;
pub mod router;
pub mod warning;

mod accounts;
mod alarms;
mod alert;
mod alerts;
mod books;
mod cap;
mod cap_feed;
#[cfg(test)]
pub(crate) mod conform;
mod document;
mod emergencies;
pub(crate) mod endings;
mod events;
mod extract;
mod health;
mod history;
mod kept;
mod known;
mod ledger;
mod national;
pub(crate) mod outgoing;
mod roster;
pub mod shared;
pub(crate) mod sight;
mod sinks;
mod sms;
mod stations;
mod streams;
mod unrecorded;
mod warning_alarm;
mod written;

#[cfg(test)]
mod tests;
