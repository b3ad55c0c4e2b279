//! Which of our addresses a peer sees.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// How many peers' routes are remembered.
const ROUTES: usize = 1_024;

/// Our addresses by peer. A socket bound to all interfaces does not know its own; the
/// routing table does.
#[derive(Debug, Default)]
pub struct Routes {
    known: HashMap<IpAddr, Option<IpAddr>>,
}

impl Routes {
    /// `local` as `peer` sees it; unchanged where nothing better is known.
    pub fn real_local(&mut self, local: SocketAddr, peer: IpAddr) -> SocketAddr {
        if !local.ip().is_unspecified() {
            return local;
        }
        if self.known.len() >= ROUTES {
            self.known.clear();
        }
        let route = *self.known.entry(peer).or_insert_with(|| route_to(peer));
        SocketAddr::new(route.unwrap_or_else(|| any(peer)), local.port())
    }
}

const fn any(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// The own address the system would use towards `peer`. Sends nothing.
fn route_to(peer: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((any(peer), 0)).ok()?;
    socket.connect((peer, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_on_all_interfaces_is_seen_at_the_address_that_leads_to_the_peer() {
        let mut routes = Routes::default();
        let bound = SocketAddr::from(([0, 0, 0, 0], 62_031));
        let peer = IpAddr::from([127, 0, 0, 1]);
        let seen = routes.real_local(bound, peer);
        assert_eq!(seen, SocketAddr::from(([127, 0, 0, 1], 62_031)));
        let fixed = SocketAddr::from(([10, 0, 0, 1], 1));
        assert_eq!(routes.real_local(fixed, peer), fixed);
    }
}
