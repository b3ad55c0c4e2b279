//! What a centre brings to its client: receipts, and what people answer.

use std::time::Duration;

use narrowcast_protocol::time::Instant;

use super::Centre;
use super::event::CentreEvent;
use super::task::{Phase, Task};

/// Most that a client may leave unanswered.
const WINDOW: usize = 16;
/// How long a client that has no room is left alone.
const PAUSE: Duration = Duration::from_secs(5);

impl Centre {
    /// Sends what fits the client's window.
    pub(super) fn bring(&mut self, _: Instant) {
        while self.phase == Phase::In && self.open.len() < WINDOW {
            let Some(delivery) = self.waiting.pop_front() else {
                return;
            };
            let sequence = self.next_sequence();
            let bytes = self.wire.delivery(sequence, &delivery);
            self.tell(CentreEvent::Gives(
                delivery.given(|number| self.wire.name(number)),
            ));
            self.open.insert(sequence, delivery);
            self.say(bytes);
        }
    }

    /// The client keeps what it was brought, or brings it back.
    pub(super) fn kept(&mut self, now: Instant, sequence: u32, kept: bool) {
        let Some(delivery) = self.open.remove(&sequence) else {
            return self.tell(CentreEvent::Odd("an answer to nothing that was asked"));
        };
        let what = delivery.in_words(|number| self.wire.name(number));
        let given = delivery.given(|number| self.wire.name(number));
        self.tell(CentreEvent::Brought { what, given, kept });
        if !kept {
            self.plan(now + PAUSE, Task::Bring(delivery));
        }
        self.bring(now);
    }
}
