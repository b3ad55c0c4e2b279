//! The Homebrew/MMDVM UDP protocol: as the master that repeaters and the gateways of trunked
//! sites log in to, and as a repeater at somebody else's master.
//!
//! Only the log-in is authenticated (SHA-256 over a salt and a passphrase); everything
//! after it is believed because of its address. Between sites, run it inside a VPN.

pub mod auth;
pub mod client;
mod drops;
pub mod master;
pub mod message;
pub mod peer;
mod salts;
mod timeslot;
