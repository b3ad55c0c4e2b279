//! Of whom the log has been told.

use core::time::Duration;
use std::net::SocketAddr;

use super::limit::Rate;
use crate::time::Instant;

/// Who has been silent for so long is told of again.
pub(super) const FORGOTTEN: Duration = Duration::from_secs(600);

/// Most addresses that are remembered; the one that is silent longest makes room.
pub(super) const MOST: usize = 256;

/// Reports per second, whoever is meant: datagrams are easily sent in other names.
pub(super) const PER_SECOND: u32 = 1;

/// Of whom the log has been told.
#[derive(Debug)]
pub(super) struct Complaints {
    pub(super) told: Vec<(SocketAddr, Instant)>,
    pub(super) rate: Rate,
}

impl Complaints {
    pub(super) fn new() -> Self {
        Self {
            told: Vec::new(),
            rate: Rate::per_second(PER_SECOND),
        }
    }

    /// Whether the log is to be told of `peer` now.
    pub(super) fn is_new(&mut self, now: Instant, peer: SocketAddr) -> bool {
        self.told.retain(|(_, last)| now.since(*last) < FORGOTTEN);
        let known = self.told.iter().position(|(who, _)| *who == peer);
        if let Some(index) = known {
            self.told.remove(index);
        } else if !self.rate.allow(now) {
            return false;
        } else if self.told.len() >= MOST {
            self.told.remove(0);
        }
        self.told.push((peer, now));
        known.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_senders_take_bounded_room_and_few_lines() {
        let mut complaints = Complaints::new();
        let told = (0..100_000u64).filter(|n| {
            let peer = SocketAddr::from(([192, 0, 2, (n / 60_000) as u8], (n % 60_000) as u16));
            complaints.is_new(Instant::from_millis(n / 10), peer)
        });
        assert!((9..=12).contains(&told.count()), "one a second of 10 s");
        assert!(complaints.told.len() <= MOST);
    }

    #[test]
    fn who_goes_on_is_told_of_once_and_who_comes_back_again() {
        let mut complaints = Complaints::new();
        let peer = SocketAddr::from(([192, 0, 2, 1], 62_032));
        let mut at = |seconds: u64| complaints.is_new(Instant::from_millis(seconds * 1_000), peer);
        assert!(at(10));
        assert!((2..200).all(|n| !at(n * 10)), "it goes on for half an hour");
        assert!(at(1_990 + 601));
    }
}
