//! Which transfers were heard lately, and which of them wait for their acceptance.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::homebrew::message::Uuid;
use crate::time::Instant;

/// How long a repeat is known as one.
const LIFE: Duration = Duration::from_secs(600);
/// Most transfers that are remembered.
const MOST: usize = 16_384;
/// Most that wait for the engine's word.
const OWED: usize = 1_024;

/// Source and destination of a transfer.
pub(super) type Parties = (u32, u32);

type Key = (usize, Uuid);

/// What is known about a transfer.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Its site waits for an acceptance, until then.
    Owed(Parties, Instant),
    /// It was accepted.
    Accepted,
    /// Nobody waits for anything.
    Noted,
}

/// What to do with a transfer that was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is new, or its acceptance came too late: whoever repeats asks again.
    New,
    /// It is a repeat of what was accepted: say so again.
    AcceptAgain,
    /// It is a repeat of what is being dealt with.
    Repeat,
}

/// The transfers heard lately.
#[derive(Debug, Default)]
pub(super) struct Seen {
    known: BTreeMap<Key, Fate>,
    order: VecDeque<(Instant, Key)>,
    owed: VecDeque<Key>,
}

impl Seen {
    /// A transfer was heard at this site; `waits` says whether it asks for an acceptance,
    /// and until when that makes sense.
    pub(super) fn hear(
        &mut self,
        now: Instant,
        site: usize,
        uuid: Uuid,
        waits: Option<(Parties, Instant)>,
    ) -> Heard {
        self.forget(now);
        let key = (site, uuid);
        match self.known.get(&key) {
            Some(Fate::Accepted) => return Heard::AcceptAgain,
            Some(Fate::Noted) => return Heard::Repeat,
            Some(Fate::Owed(_, until)) if *until > now => return Heard::Repeat,
            Some(Fate::Owed(..)) => {}
            None => self.order.push_back((now, key)),
        }
        let fate = waits.map_or(Fate::Noted, |(parties, until)| Fate::Owed(parties, until));
        self.known.insert(key, fate);
        Heard::New
    }

    /// Nobody took it: its repeat is as new.
    pub(super) fn unhear(&mut self, site: usize, uuid: Uuid) {
        self.known.remove(&(site, uuid));
    }

    /// The engine will say when this one may be accepted.
    pub(super) fn owe(&mut self, site: usize, uuid: Uuid) {
        if self.owed.len() >= OWED {
            self.owed.pop_front();
        }
        self.owed.push_back((site, uuid));
    }

    /// The engine has it on disk: the oldest transfer between these two that waits.
    pub(super) fn settle(&mut self, now: Instant, site: usize, parties: Parties) -> Option<Uuid> {
        let waits = |known: &BTreeMap<Key, Fate>, key: &Key| matches!(known.get(key), Some(Fate::Owed(of, until)) if *of == parties && *until > now);
        let known = &self.known;
        let place = self
            .owed
            .iter()
            .position(|key| key.0 == site && waits(known, key))?;
        let (_, uuid) = self.owed.remove(place)?;
        self.known.insert((site, uuid), Fate::Accepted);
        Some(uuid)
    }

    /// Another site has accepted it: who waits for that, if somebody does.
    pub(super) fn accept(&mut self, site: usize, uuid: Uuid) -> Option<Parties> {
        let fate = self.known.get_mut(&(site, uuid))?;
        let Fate::Owed(parties, _) = *fate else {
            return None;
        };
        *fate = Fate::Accepted;
        Some(parties)
    }

    fn forget(&mut self, now: Instant) {
        while let Some(&(at, key)) = self.order.front() {
            if now.since(at) < LIFE && self.order.len() < MOST {
                return;
            }
            self.order.pop_front();
            self.known.remove(&key);
            if self.owed.front() == Some(&key) {
                self.owed.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTIES: Parties = (1, 2);

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_repeat_is_known_for_ten_minutes_and_accepted_again() {
        let mut seen = Seen::default();
        let uuid = Uuid([1; 16]);
        let waits = |now| Some((PARTIES, now + Duration::from_secs(15)));
        assert_eq!(seen.hear(at(0), 0, uuid, waits(at(0))), Heard::New);
        seen.owe(0, uuid);
        assert_eq!(seen.hear(at(5), 0, uuid, waits(at(5))), Heard::Repeat);
        assert_eq!(seen.settle(at(6), 1, PARTIES), None);
        assert_eq!(seen.settle(at(6), 0, PARTIES), Some(uuid));
        assert_eq!(seen.settle(at(6), 0, PARTIES), None);
        assert_eq!(seen.hear(at(7), 0, uuid, waits(at(7))), Heard::AcceptAgain);
        assert_eq!(seen.hear(at(7), 1, uuid, waits(at(7))), Heard::New);
        assert_eq!(seen.hear(at(601), 0, uuid, waits(at(601))), Heard::New);
    }

    #[test]
    fn who_repeats_after_the_window_asks_again() {
        let mut seen = Seen::default();
        let uuid = Uuid([1; 16]);
        let waits = |now| Some((PARTIES, now + Duration::from_secs(15)));
        assert_eq!(seen.hear(at(0), 0, uuid, waits(at(0))), Heard::New);
        seen.owe(0, uuid);
        assert_eq!(seen.settle(at(15), 0, PARTIES), None);
        assert_eq!(seen.hear(at(20), 0, uuid, waits(at(20))), Heard::New);
        seen.owe(0, uuid);
        assert_eq!(seen.settle(at(21), 0, PARTIES), Some(uuid));
    }

    #[test]
    fn a_flood_is_forgotten_oldest_first() {
        let mut seen = Seen::default();
        for number in 0..100_000_u128 {
            let uuid = Uuid(number.to_be_bytes());
            seen.hear(at(0), 0, uuid, Some((PARTIES, at(15))));
            seen.owe(0, uuid);
        }
        assert!(seen.known.len() <= MOST && seen.order.len() <= MOST);
        assert!(seen.owed.len() <= OWED);
    }
}
