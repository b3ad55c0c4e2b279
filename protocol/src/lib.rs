//! Bytes to meaning and back.
//!
//! This crate holds every protocol Narrowcast speaks: air interfaces, base-station
//! and SMS links, and the state machines that drive them. It contains no sockets, no clock,
//! no randomness and no files: bytes, time and seeds are arguments, so that a whole
//! city can be replayed bit for bit.
//!
//! * [`air`]: what all radio families have in common
//! * [`session`]: the protocol state machine of one link
//! * [`ends`]: the end of a job, once and after its bytes
//! * [`time`]: the monotonic instant handed in by whoever owns a clock
//! * [`dmr`]: the DMR air interface (ETSI TS 102 361)
//! * [`homebrew`]: the Homebrew/MMDVM UDP protocol, as master and as peer
//! * [`mmdvm`]: the MMDVM modem protocol, as host
//! * [`sms`]: short messages over operators' gateways
//! * [`warning`]: warnings as documents, CAP 1.2
#![deny(missing_docs)]

pub mod air;
pub mod dmr;
pub mod ends;
pub mod homebrew;
pub mod mmdvm;
pub mod session;
pub mod sms;
pub mod time;
pub mod warning;
