//! The transmit side of a simulated modem: two queues, one transmitter.

use core::time::Duration;
use std::collections::VecDeque;

use crate::air::Slot;
use crate::time::Instant;

/// Time from one burst of a slot to its next.
const BURST: Duration = Duration::from_millis(60);
/// Time from the start of a burst to the CACH behind it.
const CACH: Duration = Duration::from_micros(27_500);
/// So long after the key the CACH says idle whatever is queued.
const IDLE_AFTER_START: Duration = Duration::from_millis(600);
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
    /// The CACH behind it says that the slot's inbound side is busy.
    pub(super) busy: bool,
}

#[derive(Debug, Default)]
pub(super) struct Transmitter {
    queues: [VecDeque<[u8; 33]>; 2],
    /// When the first burst may leave; `None` while off.
    since: Option<Instant>,
    /// When each slot's next burst is due.
    next: [Instant; 2],
    /// What each slot is sending.
    sending: [Option<Sent>; 2],
    /// Off once the queues are empty.
    stopping: bool,
    /// Sent in a slot that has nothing queued.
    aloha: Option<[u8; 33]>,
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
        let aloha = self.aloha;
        *self = Self {
            aloha,
            ..Self::default()
        };
    }

    /// What to send in a slot that has nothing queued.
    pub(super) const fn store_aloha(&mut self, aloha: Option<[u8; 33]>) {
        self.aloha = aloha;
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.since?;
        let begin = self.next.iter().copied();
        begin.chain(self.ends()).min()
    }

    /// When the bursts under way end.
    fn ends(&self) -> impl Iterator<Item = Instant> {
        self.sending.iter().flatten().map(|sent| sent.at + CACH)
    }

    /// The next burst that was sent until `now`, once the CACH behind it is made. A slot
    /// with nothing queued and no C_ALOHA stored sends an idle burst, which is not reported.
    pub(super) fn advance(&mut self, now: Instant) -> Option<Sent> {
        while let Some(due) = self.deadline().filter(|due| *due <= now) {
            if self.ends().any(|end| end <= due) {
                return self.ended(due);
            }
            if self.stopping && self.is_empty() {
                self.since = None;
                self.stopping = false;
                break;
            }
            self.begin(due);
        }
        None
    }

    /// The burst whose CACH is made at `due`.
    fn ended(&mut self, due: Instant) -> Option<Sent> {
        let over = |sending: &mut Option<Sent>| sending.take_if(|sent| sent.at + CACH <= due);
        let mut sent = self.sending.iter_mut().find_map(over)?;
        let settled = self
            .since
            .is_some_and(|since| due.since(since) >= IDLE_AFTER_START);
        sent.busy = settled && !self.queue(sent.slot).is_empty();
        Some(sent)
    }

    /// The slot whose turn it is takes its next burst.
    fn begin(&mut self, at: Instant) {
        let [one, two] = self.next;
        let slot = if one <= two { Slot::One } else { Slot::Two };
        if let Some(next) = self.next.get_mut(place(slot)) {
            *next += BURST;
        }
        let queued = self.queues.get_mut(place(slot));
        let burst = queued.and_then(VecDeque::pop_front).or(self.aloha);
        if let Some(sending) = self.sending.get_mut(place(slot)) {
            *sending = burst.map(|burst| Sent {
                at,
                slot,
                burst,
                busy: false,
            });
        }
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

    #[test]
    fn the_cach_says_busy_while_more_is_queued_and_idle_behind_the_last_and_in_the_first_600_ms() {
        let mut transmitter = Transmitter::default();
        transmitter.start(Instant::ZERO, Duration::ZERO);
        transmitter.store_aloha(Some([9; 33]));
        (0..2).for_each(|n| assert!(transmitter.queue_burst(Slot::One, [n; 33])));
        let air = |transmitter: &mut Transmitter, until| {
            core::iter::from_fn(|| transmitter.advance(Instant::from_millis(until)))
                .filter(|sent| sent.slot == Slot::One)
                .map(|sent| (sent.burst[0], sent.busy))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            air(&mut transmitter, 150),
            [(0, false), (1, false), (9, false)]
        );
        air(&mut transmitter, 700);
        (0..3).for_each(|n| assert!(transmitter.queue_burst(Slot::One, [n; 33])));
        assert_eq!(
            air(&mut transmitter, 930),
            [(0, true), (1, true), (2, false), (9, false)]
        );
    }
}
