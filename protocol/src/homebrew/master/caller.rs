//! Who sends a datagram, and what we think of it.

use std::net::SocketAddr;

use crate::homebrew::message::Dialect;

/// Who sends a datagram, and under which names its answers go.
#[derive(Clone, Copy)]
pub(super) struct Caller {
    pub(super) peer: SocketAddr,
    pub(super) dialect: Dialect,
}

/// Where a datagram that names a station stands with us.
pub(super) enum Standing {
    /// From the address that logged in and told its configuration.
    Running(usize),
    /// From the address that proved itself and owes its configuration.
    Proved(usize),
    /// The station is logged in from another address.
    Elsewhere,
    /// Nobody is logged in under this id.
    Absent,
}
