//! The words of the house as types. No clock, no I/O, no decisions: identities, alerts,
//! deliveries with their ladder, evidence, the roster, and the facts that the ledger keeps.

pub mod alarm;
pub mod alert;
pub mod answers;
pub mod book;
pub mod cap;
pub mod content;
pub mod cpeas;
pub mod delivery;
pub mod emergency;
pub mod evidence;
pub mod facts;
pub mod ids;
pub mod language;
pub mod phone_book;
pub mod policy;
pub mod roster;
pub mod salvage;
pub mod share;
pub mod sight;
pub mod sink;
pub mod sms_route;
pub mod summary;
mod summing;
pub mod text;
pub mod token;
pub mod wall;
pub mod warning;
