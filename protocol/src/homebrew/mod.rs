//! The Homebrew/MMDVM UDP protocol, as the master that repeaters log in to.
//!
//! Only the log-in is authenticated (SHA-256 over a salt and a passphrase); everything
//! after it is believed because of its address. Between sites, run it inside a VPN.

pub mod auth;
pub mod client;
pub mod master;
pub mod message;
