//! The runtime's clock, as the instants that sessions are handed.

use narrowcast_protocol::time::Instant;

/// One origin for everything that must compare instants: made once, copied to every pump.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: tokio::time::Instant,
}

impl Clock {
    /// A clock whose origin is now.
    #[must_use]
    pub fn start() -> Self {
        Self::from_origin(tokio::time::Instant::now())
    }

    /// A clock with this origin.
    #[must_use]
    pub const fn from_origin(origin: tokio::time::Instant) -> Self {
        Self { origin }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.instant(tokio::time::Instant::now())
    }

    /// The session's name for a moment of the runtime; moments before the origin are the origin.
    #[must_use]
    pub fn instant(&self, at: tokio::time::Instant) -> Instant {
        Instant::ZERO + at.saturating_duration_since(self.origin)
    }

    /// The runtime's name for a session's instant, never earlier than it; `None` when it is
    /// beyond what the runtime can name.
    #[must_use]
    pub fn moment(&self, at: Instant) -> Option<tokio::time::Instant> {
        self.origin.checked_add(at.since(Instant::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_is_not_reached_before_its_instant() {
        let clock = Clock::start();
        let deadline = clock.now() + Duration::from_micros(1_500);
        tokio::time::sleep_until(clock.moment(deadline).unwrap()).await;
        assert!(clock.now() >= deadline);
    }

    #[tokio::test(start_paused = true)]
    async fn moments_before_the_origin_are_the_origin() {
        let now = tokio::time::Instant::now();
        let clock = Clock::from_origin(now + Duration::from_secs(1));
        assert_eq!(clock.instant(now), Instant::ZERO);
    }
}
