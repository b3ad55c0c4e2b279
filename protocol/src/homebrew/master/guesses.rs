//! Guesses of a passphrase: each that fails makes its address wait longer for the next.
//!
//! What waits is one address under one id, and never for long: whoever knows the passphrase
//! gets in a few seconds after the last wrong guess from there, and another address at once.
//! The addresses of one host share a number of failures a second, so that changing ports
//! gains nothing; the address that logged in last under the id has no part in that.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::limit::Shares;
use crate::time::Instant;

/// The wait after the first failure; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(4);
/// After so long without a failure the next one is a first one.
const FORGET: Duration = Duration::from_secs(60);
/// Most addresses of which a failure is remembered; the oldest makes room.
const MOST: usize = 4_096;
/// Failures per second of one host under one id, whatever their ports.
const PER_HOST: u32 = 10;

/// A claimed id, and from where.
type Key = (u32, SocketAddr);

#[derive(Debug)]
struct Failed {
    last: Instant,
    wait: Duration,
}

/// The guesses that failed lately.
#[derive(Debug)]
pub(super) struct Guesses {
    failed: BTreeMap<Key, Failed>,
    by_age: BTreeSet<(Instant, Key)>,
    hosts: Shares,
}

impl Guesses {
    pub(super) fn new() -> Self {
        Self {
            failed: BTreeMap::new(),
            by_age: BTreeSet::new(),
            hosts: Shares::per_second(PER_HOST),
        }
    }

    /// Whether a proof from there is not looked at now. `known` says that this address logged
    /// in last under the id.
    pub(super) fn must_wait(&self, now: Instant, key: Key, known: bool) -> bool {
        let waits = |failed: &Failed| now < failed.last + failed.wait;
        let (id, peer) = key;
        self.failed.get(&key).is_some_and(waits)
            || !known && !self.hosts.has_room(now, (id, peer.ip()))
    }

    /// A proof from there was wrong.
    pub(super) fn failed(&mut self, now: Instant, key: Key) {
        let (id, peer) = key;
        self.hosts.take(now, (id, peer.ip()));
        let before = self.forget(key);
        let wait = match before {
            Some(before) if now.since(before.last) < FORGET => (before.wait * 2).min(LONGEST_WAIT),
            _ => FIRST_WAIT,
        };
        if self.failed.len() >= MOST
            && let Some((_, oldest)) = self.by_age.first().copied()
        {
            self.forget(oldest);
        }
        self.failed.insert(key, Failed { last: now, wait });
        self.by_age.insert((now, key));
    }

    /// A proof from there was right.
    pub(super) fn succeeded(&mut self, key: Key) {
        self.forget(key);
    }

    fn forget(&mut self, key: Key) -> Option<Failed> {
        let failed = self.failed.remove(&key)?;
        self.by_age.remove(&(failed.last, key));
        Some(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, host], port))
    }

    #[test]
    fn the_wait_grows_to_a_few_seconds_and_other_addresses_have_none() {
        let mut guesses = Guesses::new();
        let (key, mut looked_at) = ((7, peer(1, 1_000)), 0);
        for millis in (0..60_000).step_by(10) {
            let now = Instant::from_millis(millis);
            if !guesses.must_wait(now, key, false) {
                guesses.failed(now, key);
                looked_at += 1;
            }
        }
        assert_eq!(looked_at, 17, "after 1 s, 2 s, and then every 4 s");
        let now = Instant::from_millis(60_000);
        assert!(!guesses.must_wait(now, (7, peer(2, 1_000)), false));
        assert!(!guesses.must_wait(now, (8, peer(1, 1_000)), false));
        assert!(!guesses.must_wait(now + LONGEST_WAIT, key, false));
        guesses.succeeded(key);
        assert!(!guesses.must_wait(now, key, false));
    }

    #[test]
    fn changing_ports_gains_nothing_and_locks_the_known_address_not_out() {
        let mut guesses = Guesses::new();
        let mut looked_at = 0;
        for guess in 0..100_000_u32 {
            let now = Instant::from_micros(u64::from(guess) * 100);
            let key = (7, peer(1, 1_024 + (guess % 60_000) as u16));
            if !guesses.must_wait(now, key, false) {
                guesses.failed(now, key);
                looked_at += 1;
            }
        }
        assert!(looked_at <= 110, "{looked_at}");
        let now = Instant::from_millis(10_000);
        assert!(!guesses.must_wait(now, (7, peer(1, 1_000)), true));
        assert!(guesses.failed.len() <= MOST && guesses.by_age.len() <= MOST);
    }

    #[test]
    fn a_hundred_thousand_hosts_are_remembered_in_bounded_memory() {
        let mut guesses = Guesses::new();
        for guess in 0..100_000_u32 {
            let peer = SocketAddr::from((guess.to_be_bytes(), 1_000));
            guesses.failed(Instant::from_millis(u64::from(guess)), (7, peer));
        }
        assert_eq!((guesses.failed.len(), guesses.by_age.len()), (MOST, MOST));
    }
}
