//! Which GET_STATUS a status answers, and when the modem counts as silent.

use core::time::Duration;

use super::flow::Mark;
use crate::time::Instant;

/// Time between two questions.
pub(super) const POLL: Duration = Duration::from_millis(250);
/// The same while bursts are on their way: a status is their only evidence.
pub(super) const BUSY_POLL: Duration = Duration::from_millis(100);
/// The same for a control channel, which has to know when each burst leaves.
pub(super) const CONTROL_POLL: Duration = Duration::from_millis(12);
/// After so long without an answer a control channel asks again.
const CONTROL_RETRY: Duration = Duration::from_millis(60);
/// Without an answer for so long the modem is given up.
pub(super) const SILENCE: Duration = Duration::from_secs(2);

/// The slots' counts when a status was asked for.
pub(super) type Marks = [Mark; 2];

#[derive(Debug, Default)]
pub(super) struct Polling {
    next: Instant,
    heard: Instant,
    /// When the last question was written.
    last: Instant,
    /// What the next answer is read against, while a question is open.
    asked: Option<Marks>,
    /// How long an answer is awaited.
    patience: Option<Duration>,
}

impl Polling {
    /// The modem works from now on.
    pub(super) const fn start(&mut self, now: Instant) {
        self.next = now;
        self.heard = now;
        self.asked = None;
    }

    pub(super) fn is_silent(&self, now: Instant) -> bool {
        now >= self.heard + SILENCE
    }

    /// While a question is open the next waits, for its answer or until the answer
    /// counts as lost.
    fn due(&self) -> Instant {
        match self.asked {
            Some(_) => self.next.max(self.last + self.patience.unwrap_or(POLL)),
            None => self.next,
        }
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.due()
    }

    pub(super) fn deadline(&self) -> Instant {
        self.due().min(self.heard + SILENCE)
    }

    /// Asks as soon as no question is open.
    pub(super) const fn hurry(&mut self, now: Instant) {
        self.next = now;
    }

    /// GET_STATUS is being written. If the last question was not answered, the next answer
    /// may still be its own: it is read against the older count, which proves less.
    pub(super) fn ask(&mut self, now: Instant, marks: Marks, pace: Duration) {
        self.asked.get_or_insert(marks);
        self.last = now;
        self.next = now + pace;
        self.patience = (pace == CONTROL_POLL).then_some(CONTROL_RETRY);
    }

    /// A burst of a control channel was written: asks soon, as soon as no question is open.
    pub(super) fn soon(&mut self, now: Instant) {
        self.next = self.next.min(now + CONTROL_POLL);
    }

    /// A status arrived: what it answers. `None` if nothing was asked; it is a duplicate.
    pub(super) const fn answer(&mut self, now: Instant) -> Option<Marks> {
        self.heard = now;
        self.asked.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mmdvm::host::flow::Flow;

    fn marks(millis: u64) -> Marks {
        [Flow::default().mark(Instant::from_millis(millis)); 2]
    }

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn an_answer_belongs_to_the_open_question_and_a_second_one_to_none() {
        let mut polling = Polling::default();
        polling.start(at(0));
        assert!(polling.is_due(at(0)));
        polling.ask(at(0), marks(0), BUSY_POLL);
        assert!(!polling.is_due(at(249)), "the answer is awaited");
        assert_eq!(polling.answer(at(10)), Some(marks(0)));
        assert_eq!(polling.answer(at(11)), None);
        assert!(!polling.is_due(at(99)) && polling.is_due(at(100)));
        polling.hurry(at(20));
        assert!(polling.is_due(at(20)));
    }

    #[test]
    fn after_a_lost_answer_one_is_read_against_the_older_count_and_no_more() {
        let mut polling = Polling::default();
        polling.start(at(0));
        polling.ask(at(0), marks(0), POLL);
        assert!(polling.is_due(at(250)));
        polling.ask(at(250), marks(250), POLL);
        assert_eq!(polling.answer(at(260)), Some(marks(0)));
        polling.ask(at(500), marks(500), POLL);
        assert_eq!(polling.answer(at(510)), Some(marks(500)));
    }

    #[test]
    fn a_control_channel_asks_often_and_soon_again_after_a_lost_answer() {
        let mut polling = Polling::default();
        polling.start(at(0));
        polling.ask(at(0), marks(0), POLL);
        polling.answer(at(1));
        polling.soon(at(50));
        assert!(!polling.is_due(at(61)) && polling.is_due(at(62)));
        polling.ask(at(62), marks(62), CONTROL_POLL);
        assert!(!polling.is_due(at(121)) && polling.is_due(at(122)));
    }

    #[test]
    fn two_seconds_without_an_answer_are_silence() {
        let mut polling = Polling::default();
        polling.start(at(0));
        polling.answer(at(500));
        assert!(!polling.is_silent(at(2_499)));
        assert!(polling.is_silent(at(2_500)));
    }
}
