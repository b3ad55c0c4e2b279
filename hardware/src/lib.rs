//! Where bytes come from and go to.
//!
//! This crate knows sockets and serial lines, and no protocol: it carries bytes between a
//! [`port`] and a [`Session`](narrowcast_protocol::session::Session), opens what was lost
//! again, and keeps a bounded record of what went over the wire.
//!
//! * [`port`]: a serial line, UDP socket or TCP stream
//! * [`pump`]: the task that joins a port and a session
//! * [`events`]: what the pump reports
//! * [`reconnect`]: when to try again, and how long to distrust a link that came back
//! * [`clock`]: the runtime's clock as the sessions' instants
//! * [`capture`]: the record of what went over the wire, as pcapng
#![deny(missing_docs)]

pub mod capture;
pub mod clock;
pub mod events;
pub mod port;
pub mod pump;
pub mod reconnect;
