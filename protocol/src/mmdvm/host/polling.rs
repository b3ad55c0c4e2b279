//! Which GET_STATUS a status answers, and when the modem counts as silent.

use core::time::Duration;
use std::collections::VecDeque;

use super::flow::Mark;
use crate::time::Instant;

/// Time between two questions.
pub(super) const POLL: Duration = Duration::from_millis(250);
/// The same while bursts are on their way: a status is their only evidence.
pub(super) const BUSY_POLL: Duration = Duration::from_millis(100);
/// Without an answer for so long the modem is given up.
pub(super) const SILENCE: Duration = Duration::from_secs(2);
/// An answer does not take so long; the question or its answer was lost.
const ANSWER: Duration = Duration::from_secs(1);
/// More questions than are written until the modem is given up.
const MOST: usize = 32;

/// The slots' counts when a status was asked for.
pub(super) type Marks = [Mark; 2];

#[derive(Debug, Default)]
pub(super) struct Polling {
    next: Instant,
    heard: Instant,
    asked: VecDeque<Marks>,
}

fn asked_at([mark, _]: &Marks) -> Instant {
    mark.at
}

impl Polling {
    /// The modem works from now on.
    pub(super) fn start(&mut self, now: Instant) {
        self.next = now;
        self.heard = now;
        self.asked.clear();
    }

    pub(super) fn is_silent(&self, now: Instant) -> bool {
        now >= self.heard + SILENCE
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.next
    }

    pub(super) fn deadline(&self) -> Instant {
        self.next.min(self.heard + SILENCE)
    }

    /// Asks at once.
    pub(super) const fn hurry(&mut self, now: Instant) {
        self.next = now;
    }

    /// GET_STATUS is being written.
    pub(super) fn ask(&mut self, now: Instant, marks: Marks, busy: bool) {
        if self.asked.len() == MOST {
            self.asked.pop_front();
        }
        self.asked.push_back(marks);
        self.next = now + if busy { BUSY_POLL } else { POLL };
    }

    /// A status arrived: what it answers. `None` if nothing was asked; it is a duplicate.
    ///
    /// Answers come in the order of the questions. After a loss the oldest open question
    /// is taken until it is a second old, which errs on the side of knowing less.
    pub(super) fn answer(&mut self, now: Instant) -> Option<Marks> {
        self.heard = now;
        while self.asked.len() > 1
            && self
                .asked
                .front()
                .is_some_and(|marks| now >= asked_at(marks) + ANSWER)
        {
            self.asked.pop_front();
        }
        self.asked.pop_front()
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
    fn every_answer_belongs_to_one_question_and_more_answers_to_none() {
        let mut polling = Polling::default();
        polling.start(at(0));
        assert!(polling.is_due(at(0)));
        polling.ask(at(0), marks(0), false);
        assert!(!polling.is_due(at(249)) && polling.is_due(at(250)));
        polling.ask(at(250), marks(250), true);
        assert!(polling.is_due(at(350)));
        assert_eq!(polling.answer(at(260)), Some(marks(0)));
        assert_eq!(polling.answer(at(261)), Some(marks(250)));
        assert_eq!(polling.answer(at(262)), None);
    }

    #[test]
    fn a_lost_answer_is_forgotten_after_a_second() {
        let mut polling = Polling::default();
        polling.start(at(0));
        polling.ask(at(0), marks(0), false);
        polling.ask(at(990), marks(990), false);
        assert_eq!(polling.answer(at(1_000)), Some(marks(990)));
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
