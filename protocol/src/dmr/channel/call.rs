//! The call that a channel carries, or a radio's data: how long it holds the channel.

use std::time::Duration;

use crate::time::Instant;

/// A call is over after this long without a voice burst (2 s in practice, homebrew masters alike).
const CALL_SILENCE: Duration = Duration::from_secs(2);
/// After a data burst the radio's next one is awaited for so long before sending.
const DATA_HOLDOFF: Duration = Duration::from_millis(180);

/// A call under way.
#[derive(Debug, Clone, Copy)]
struct Call {
    began: Instant,
    /// It is over then, if nothing more of it is heard.
    until: Instant,
    /// It has lasted for so long that it no longer holds the channel.
    is_overlong: bool,
}

/// Who holds the channel against our own traffic. Neither a call nor data holds it for longer
/// than the limit without a pause: it could be invented, or a key that is stuck.
#[derive(Debug)]
pub(super) struct Occupancy {
    longest: Duration,
    call: Option<Call>,
    /// Data was heard without a pause since then, and holds the channel until then.
    data: (Instant, Instant),
}

impl Occupancy {
    /// Nobody, with this limit.
    pub(super) const fn new(longest: Duration) -> Self {
        Self {
            longest,
            call: None,
            data: (Instant::ZERO, Instant::ZERO),
        }
    }

    /// Proof of a call was heard: it begins or goes on.
    pub(super) fn begin(&mut self, now: Instant) {
        self.hold(now, now + CALL_SILENCE);
    }

    /// A voice burst was heard that proves nothing by itself; whether a call was under way,
    /// which then goes on.
    pub(super) fn go_on(&mut self, now: Instant) -> bool {
        let under_way = self.call.is_some();
        if under_way {
            self.begin(now);
        }
        under_way
    }

    /// A call holds the channel until then, if it has not done so for too long.
    pub(super) fn hold(&mut self, now: Instant, until: Instant) {
        let began = self.call.map_or(now, |call| call.began);
        let is_overlong = now.since(began) >= self.longest;
        self.call = Some(Call {
            began,
            until,
            is_overlong,
        });
    }

    /// The call is over.
    pub(super) const fn end(&mut self) {
        self.call = None;
    }

    /// A radio's data was heard.
    pub(super) fn data(&mut self, now: Instant) {
        let (since, until) = &mut self.data;
        if now >= *until {
            *since = now;
        }
        if now.since(*since) < self.longest {
            *until = now + DATA_HOLDOFF;
        }
    }

    /// Whether a call holds the channel, as of the last [`tick`](Self::tick).
    pub(super) fn is_busy(&self) -> bool {
        self.call.is_some_and(|call| !call.is_overlong)
    }

    /// Whether anybody holds the channel now.
    pub(super) fn holds(&self, now: Instant) -> bool {
        let by_call = |call: Call| call.until > now && now.since(call.began) < self.longest;
        self.call.is_some_and(by_call) || self.data.1 > now
    }

    /// From when on our own traffic may follow a radio's data.
    pub(super) const fn data_until(&self) -> Instant {
        self.data.1
    }

    /// Lets time pass; whether a call has ended.
    pub(super) fn tick(&mut self, now: Instant) -> bool {
        let longest = self.longest;
        if let Some(call) = &mut self.call {
            call.is_overlong = now.since(call.began) >= longest;
        }
        self.call.take_if(|call| call.until <= now).is_some()
    }

    /// When [`tick`](Self::tick) next changes something.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let call = self.call?;
        let limit = (!call.is_overlong).then_some(call.began + self.longest);
        Some(limit.map_or(call.until, |limit| limit.min(call.until)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_call_that_never_ends_stops_holding_the_channel_and_a_pause_begins_anew() {
        let mut held = Occupancy::new(Duration::from_secs(10));
        assert!(!held.go_on(at(0)), "nothing has begun");
        held.begin(at(0));
        for millis in (0..20_000).step_by(500) {
            held.tick(at(millis));
            assert!(held.go_on(at(millis)));
            assert_eq!(held.holds(at(millis)), millis < 10_000, "{millis}");
            assert_eq!(held.is_busy(), millis < 10_000, "{millis}");
        }
        assert!(held.tick(at(22_000)));
        held.begin(at(22_000));
        assert!(held.is_busy() && held.holds(at(22_000)));
    }

    #[test]
    fn data_without_a_pause_gives_way_after_the_limit() {
        let mut held = Occupancy::new(Duration::from_secs(10));
        let free = (0..30_000).step_by(60).filter(|millis| {
            let before = held.holds(at(*millis));
            held.data(at(*millis));
            !before && *millis > 0
        });
        assert_eq!(free.count(), 2);
    }
}
