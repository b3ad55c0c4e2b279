//! Challenges without memory, and numbers without a random source.

use core::fmt;
use std::net::SocketAddr;

use sha2::{Digest, Sha256};

/// Derives everything unpredictable from one secret seed.
///
/// A salt is a keyed hash of who asks, from where, and how often that station has logged
/// in. So a repeated request gets the same salt (a lost or doubled datagram does no
/// harm), a flood of requests occupies no memory, and a proof works once: the log-in it
/// opens changes the salt of the next.
pub(super) struct Salts {
    seed: [u8; 32],
    drawn: u64,
}

impl fmt::Debug for Salts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salts(..)")
    }
}

impl Salts {
    pub(super) const fn new(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    fn derive(&self, purpose: &[u8], parts: &[&[u8]]) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(purpose);
        for part in parts {
            hash.update(part);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, ..] = digest;
        [a, b, c, d]
    }

    /// The salt for `station` asking from `peer` after `logins` log-ins.
    pub(super) fn salt(&self, station: u32, peer: SocketAddr, logins: u64) -> [u8; 4] {
        let ip = match peer.ip() {
            std::net::IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            std::net::IpAddr::V6(ip) => ip,
        };
        self.derive(
            b"salt",
            &[
                &station.to_be_bytes(),
                &ip.octets(),
                &peer.port().to_be_bytes(),
                &logins.to_be_bytes(),
            ],
        )
    }

    /// A fresh stream id.
    pub(super) fn stream(&mut self) -> u32 {
        self.drawn += 1;
        u32::from_be_bytes(self.derive(b"stream", &[&self.drawn.to_be_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_salt_depends_on_everything_that_is_asked() {
        let peer = |text: &str| text.parse::<SocketAddr>().unwrap();
        let (one, other) = (Salts::new([1; 32]), Salts::new([2; 32]));
        let salts = [
            one.salt(7, peer("192.0.2.1:62031"), 0),
            one.salt(8, peer("192.0.2.1:62031"), 0),
            one.salt(7, peer("192.0.2.2:62031"), 0),
            one.salt(7, peer("192.0.2.1:62032"), 0),
            one.salt(7, peer("192.0.2.1:62031"), 1),
            other.salt(7, peer("192.0.2.1:62031"), 0),
        ];
        assert_eq!(salts.iter().collect::<BTreeSet<_>>().len(), salts.len());
        assert_eq!(salts[0], one.salt(7, peer("192.0.2.1:62031"), 0));
    }

    #[test]
    fn streams_are_fresh_and_replayable() {
        let draw = || {
            let mut salts = Salts::new([3; 32]);
            (0..100).map(|_| salts.stream()).collect::<Vec<_>>()
        };
        assert_eq!(draw(), draw());
        assert_eq!(draw().into_iter().collect::<BTreeSet<_>>().len(), 100);
    }
}
