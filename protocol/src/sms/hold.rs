//! When a refused account may ask again. Operators lock accounts that try too often.

use core::time::Duration;

use crate::time::Instant;

/// First wait before another log-in after one that was refused; doubles each time.
const FIRST: Duration = Duration::from_secs(60);
/// Longest wait.
const LONGEST: Duration = Duration::from_secs(900);

/// The wait of one account; it goes on over connections.
#[derive(Debug)]
pub(in crate::sms) struct Hold {
    /// Not before this a log-in is tried.
    until: Option<Instant>,
    /// How long is waited after the next refusal.
    next: Duration,
}

impl Hold {
    pub(in crate::sms) const fn new() -> Self {
        Self {
            until: None,
            next: FIRST,
        }
    }

    /// Until when to wait, if the wait is not over.
    pub(in crate::sms) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// The operator refused a log-in.
    pub(in crate::sms) fn refused(&mut self, now: Instant) {
        self.until = Some(now + self.next);
        self.next = (self.next * 2).min(LONGEST);
    }

    /// The operator let us in.
    pub(in crate::sms) const fn let_in(&mut self) {
        *self = Self::new();
    }
}
