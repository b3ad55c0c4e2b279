//! Sinks: something outside that is fed every event, in the ledger's order.
//!
//! A sink reads the ledger by itself, page by page, and keeps how far it has come in a small file
//! of its own. It slows nobody: not the radio side, not another sink. What a receiver refuses for
//! good is a dead letter and the sink goes on; everything else holds this sink and is tried again.
//!
//! | part | what it is |
//! |---|---|
//! | [`event`] | a fact as a CloudEvent |
//! | [`message`] | what a sink delivers: an event, or a document about an alert |
//! | [`signature`] | Standard Webhooks 1.0 signatures |
//! | [`schedule`] | when a delivery is tried again |
//! | [`cursor`] | how far a sink has come, on disk |
//! | [`address`] | which receivers may be connected to |
//! | [`reach`] | how they are connected to over HTTP |
//! | [`outlet`], [`delivered`] | where the events of a sink go, and what became of one delivery |
//! | [`webhook`] | one delivery over HTTP |
//! | [`directory`] | one delivery into a directory |
//! | [`mqtt`] | events and commands through a broker |
//! | [`sink`] | the task of one sink |
//! | [`source`] | warnings that come from a directory or a feed |

pub mod address;
pub mod cursor;
pub mod delivered;
pub mod directory;
pub mod event;
pub mod message;
pub mod mqtt;
pub mod outlet;
pub mod reach;
pub mod schedule;
#[cfg(test)]
mod schema;
pub mod signature;
pub mod sink;
pub mod source;
pub mod webhook;
