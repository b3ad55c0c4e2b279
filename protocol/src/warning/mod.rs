//! Warnings as XML documents: what a command platform, a weather bureau or a neighbour sends
//! us, and what we send to them.
//!
//! * [`cap`]: the Common Alerting Protocol, version 1.2 (OASIS, 2010-07-01)
//! * [`cpeas`]: the Chinese national early-warning form
//! * [`feed`]: Atom and RSS feeds of them
//! * [`xml`]: how XML from strangers is read: bounded, without entities and look-ups
//! * [`signature`]: whether a document comes from whom it must
//! * [`text`]: text of strangers made fit for a screen and for the air

pub mod cap;
pub mod cpeas;
pub mod feed;
pub mod signature;
pub mod text;
pub mod xml;
