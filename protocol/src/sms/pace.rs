//! How many messages a second an operator is given.

use core::time::Duration;
use std::collections::VecDeque;

use crate::time::Instant;

/// In which the messages are counted.
const SECOND: Duration = Duration::from_secs(1);
/// First wait after a refusal as too fast; doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// After so long without a refusal the rate grows by one.
const RECOVERY: Duration = Duration::from_secs(10);

/// The rate of one link: never more than so many in any second. A refusal as too fast halves it
/// and holds everything for a while.
#[derive(Debug)]
pub(in crate::sms) struct Pace {
    /// By contract.
    contract: u16,
    /// At present, 1 to `contract`.
    rate: u16,
    /// When the messages of the last second were sent.
    sent: VecDeque<Instant>,
    /// Nothing is sent before.
    held_until: Option<Instant>,
    /// The next wait.
    wait: Duration,
    /// When the rate changed last.
    changed: Instant,
}

impl Pace {
    pub(in crate::sms) const fn new(contract: u16) -> Self {
        let contract = if contract == 0 { 1 } else { contract };
        Self {
            contract,
            rate: contract,
            sent: VecDeque::new(),
            held_until: None,
            wait: FIRST_WAIT,
            changed: Instant::ZERO,
        }
    }

    /// Forgets what is over; how many may be sent now.
    pub(in crate::sms) fn room(&mut self, now: Instant) -> usize {
        while self.sent.front().is_some_and(|at| *at + SECOND <= now) {
            self.sent.pop_front();
        }
        self.held_until = self.held_until.filter(|until| *until > now);
        if self.is_held() {
            return 0;
        }
        usize::from(self.rate).saturating_sub(self.sent.len())
    }

    /// Whether the operator said "too fast" and the wait is not over.
    pub(in crate::sms) const fn is_held(&self) -> bool {
        self.held_until.is_some()
    }

    pub(in crate::sms) fn sent(&mut self, now: Instant) {
        self.sent.push_back(now);
    }

    /// The operator took one.
    pub(in crate::sms) fn taken(&mut self, now: Instant) {
        if !self.is_held() {
            self.wait = FIRST_WAIT;
        }
        if self.rate < self.contract && self.changed + RECOVERY <= now {
            self.rate += 1;
            self.changed = now;
        }
    }

    /// The operator refused one as too fast. Those that were sent together count once.
    pub(in crate::sms) fn throttled(&mut self, now: Instant) {
        if self.held_until.is_some_and(|until| until > now) {
            return;
        }
        self.rate = (self.rate / 2).max(1);
        self.changed = now;
        self.held_until = Some(now + self.wait);
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
    }

    /// When there is more room.
    pub(in crate::sms) fn deadline(&self) -> Option<Instant> {
        let full = self.sent.len() >= usize::from(self.rate);
        let oldest = self.sent.front().filter(|_| full);
        self.held_until.or(oldest.map(|at| *at + SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn no_second_has_more_messages_than_the_contract_allows() {
        let mut pace = Pace::new(3);
        let mut sent = Vec::new();
        for now in (0..5_000).step_by(10) {
            while pace.room(at(now)) > 0 {
                pace.sent(at(now));
                sent.push(now);
            }
        }
        assert_eq!(sent.len(), 15);
        for first in 0..5_000 {
            let in_second = sent
                .iter()
                .filter(|at| (first..first + 1_000).contains(*at));
            assert!(in_second.count() <= 3);
        }
    }

    #[test]
    fn a_refusal_as_too_fast_holds_longer_each_time_and_lowers_the_rate() {
        let mut pace = Pace::new(8);
        pace.throttled(at(0));
        pace.throttled(at(1));
        assert_eq!(pace.deadline(), Some(at(1_000)));
        assert_eq!(pace.room(at(999)), 0);
        assert_eq!(pace.room(at(1_000)), 4);
        let mut now = at(1_000);
        for seconds in [2, 4, 8, 16, 30, 30] {
            pace.throttled(now);
            now += Duration::from_secs(seconds);
            assert_eq!(pace.deadline(), Some(now));
            assert!(pace.room(now) >= 1);
        }
        pace.taken(now);
        assert_eq!(pace.rate, 2, "it has held for long enough");
        pace.throttled(now);
        assert_eq!(pace.deadline(), Some(now + FIRST_WAIT));
    }
}
