//! The transmit side of a simulated modem: two queues, one transmitter.

use core::time::Duration;
use std::collections::VecDeque;

use crate::air::Slot;
use crate::time::Instant;

/// Time from one burst of a slot to its next.
const BURST: Duration = Duration::from_millis(60);
/// Slot 2 follows slot 1 by half of it.
const HALF: Duration = Duration::from_millis(30);
/// Octets of a slot's queue.
const QUEUE_OCTETS: usize = 370;
/// Octets one burst takes there when free space is reported.
const REPORTED_OCTETS: usize = 35;
/// Octets one burst takes there: a length and 34 octets.
const BURST_OCTETS: usize = 34;

/// Something that went on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) at: Instant,
    pub(super) slot: Slot,
    pub(super) burst: [u8; 33],
}

#[derive(Debug, Default)]
pub(super) struct Transmitter {
    queues: [VecDeque<[u8; 33]>; 2],
    /// When the first burst may leave; `None` while off.
    since: Option<Instant>,
    /// When each slot's next burst is due.
    next: [Instant; 2],
    /// Off once the queues are empty.
    stopping: bool,
}

const fn place(slot: Slot) -> usize {
    match slot {
        Slot::One => 0,
        Slot::Two => 1,
    }
}

impl Transmitter {
    pub(super) const fn is_on(&self) -> bool {
        self.since.is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queues.iter().all(VecDeque::is_empty)
    }

    /// Bursts of free space, as a status reports it.
    pub(super) fn space(&self, slot: Slot) -> u8 {
        let free = QUEUE_OCTETS.saturating_sub(self.queue(slot).len() * BURST_OCTETS);
        u8::try_from(free / REPORTED_OCTETS).unwrap_or(u8::MAX)
    }

    /// Queues a burst; false if there is no room.
    pub(super) fn queue_burst(&mut self, slot: Slot, burst: [u8; 33]) -> bool {
        let fits = (self.queue(slot).len() + 1) * BURST_OCTETS <= QUEUE_OCTETS;
        if fits && let Some(queue) = self.queues.get_mut(place(slot)) {
            queue.push_back(burst);
        }
        fits
    }

    pub(super) fn abort(&mut self, slot: Slot) {
        if let Some(queue) = self.queues.get_mut(place(slot)) {
            queue.clear();
        }
    }

    /// Keys; bursts leave `delay` later. Does nothing while keyed.
    pub(super) fn start(&mut self, now: Instant, delay: Duration) {
        self.stopping = false;
        if self.since.is_none() {
            let first = now + delay;
            self.since = Some(first);
            self.next = [first, first + HALF];
        }
    }

    /// Unkeys once the queues are empty.
    pub(super) const fn stop(&mut self) {
        self.stopping = true;
    }

    /// Unkeys now and forgets what is queued.
    pub(super) fn drop_all(&mut self) {
        *self = Self::default();
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let [one, two] = self.next;
        self.since.map(|_| one.min(two))
    }

    /// The next burst that left until `now`. A slot with nothing queued sends an idle
    /// burst, which is not reported.
    pub(super) fn advance(&mut self, now: Instant) -> Option<Sent> {
        while let Some(due) = self.deadline().filter(|due| *due <= now) {
            let [one, two] = self.next;
            let slot = if one <= two { Slot::One } else { Slot::Two };
            if self.stopping && self.is_empty() {
                self.since = None;
                self.stopping = false;
                break;
            }
            if let Some(next) = self.next.get_mut(place(slot)) {
                *next += BURST;
            }
            let queue = self.queues.get_mut(place(slot));
            if let Some(burst) = queue.and_then(VecDeque::pop_front) {
                let at = due;
                return Some(Sent { at, slot, burst });
            }
        }
        None
    }

    fn queue(&self, slot: Slot) -> &VecDeque<[u8; 33]> {
        let [one, two] = &self.queues;
        match slot {
            Slot::One => one,
            Slot::Two => two,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_bursts_fit_and_an_empty_queue_reports_ten() {
        let mut transmitter = Transmitter::default();
        assert_eq!(transmitter.space(Slot::Two), 10);
        for expected in [9, 8, 7, 6, 5, 4, 3, 2, 1, 0] {
            assert!(transmitter.queue_burst(Slot::Two, [0; 33]));
            assert_eq!(transmitter.space(Slot::Two), expected);
        }
        assert!(!transmitter.queue_burst(Slot::Two, [0; 33]));
        assert_eq!(transmitter.space(Slot::One), 10);
    }

    #[test]
    fn one_burst_leaves_each_slot_every_60_ms_and_the_key_opens_when_all_have_left() {
        let mut transmitter = Transmitter::default();
        for slot in [Slot::One, Slot::Two, Slot::Two] {
            transmitter.queue_burst(slot, [0; 33]);
        }
        transmitter.start(Instant::ZERO, Duration::from_millis(100));
        transmitter.stop();
        let all: Vec<_> = core::iter::from_fn(|| transmitter.advance(Instant::from_millis(1_000)))
            .map(|sent| (sent.at.as_micros() / 1_000, sent.slot.number()))
            .collect();
        assert_eq!(all, [(100, 1), (130, 2), (190, 2)]);
        assert!(!transmitter.is_on());
    }
}
