//! Acknowledgements and answers of the link layer that wait for their turn.

use std::collections::VecDeque;

use crate::air::{Acknowledgement, JobId};
use crate::time::Instant;

use super::outgoing::Outgoing;

/// Most that wait; more than this many radios do not talk in one window.
pub(super) const MOST: usize = 32;

/// Who goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// The answer to a radio in distress: before everything.
    Emergency,
    /// Everything else, as it came.
    Usual,
}

impl From<&Acknowledgement> for Urgency {
    fn from(acknowledgement: &Acknowledgement) -> Self {
        match acknowledgement {
            Acknowledgement::Emergency { .. } => Self::Emergency,
            _ => Self::Usual,
        }
    }
}

/// One that waits.
#[derive(Debug)]
pub(super) struct Due {
    /// The engine's job, unless the link layer answers by itself.
    pub(super) id: Option<JobId>,
    pub(super) urgency: Urgency,
    pub(super) bursts: Vec<Outgoing>,
    /// Later it has lost its meaning.
    pub(super) until: Instant,
}

/// Those that wait, the most urgent first.
#[derive(Debug, Default)]
pub(super) struct Answers {
    waiting: VecDeque<Due>,
}

impl Answers {
    /// Takes one in. When there is no place, the one that is given back has none: itself, or
    /// the newest usual one for the sake of an emergency's.
    pub(super) fn push(&mut self, due: Due) -> Option<Due> {
        let mut without_place = None;
        if self.waiting.len() >= MOST {
            let last = self.waiting.back().map(|last| last.urgency);
            if last.is_none_or(|last| last <= due.urgency) {
                return Some(due);
            }
            without_place = self.waiting.pop_back();
        }
        let place = self
            .waiting
            .partition_point(|other| other.urgency <= due.urgency);
        self.waiting.insert(place, due);
        without_place
    }

    /// The first in turn.
    pub(super) fn next(&mut self) -> Option<Due> {
        self.waiting.pop_front()
    }

    /// Takes out those that have lost their meaning; the jobs among them.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<JobId> {
        let mut late = Vec::new();
        self.waiting.retain(|due| {
            let keep = due.until > now;
            late.extend(due.id.filter(|_| !keep));
            keep
        });
        late
    }

    /// Takes back what the link layer wanted to ask of a radio by itself.
    pub(super) fn forget_questions_to(&mut self, radio: u32) {
        self.waiting
            .retain(|due| due.id.is_some() || due.bursts.iter().all(|it| it.dst != radio));
    }

    /// All of them; the jobs among them.
    pub(super) fn clear(&mut self) -> Vec<JobId> {
        self.waiting.drain(..).filter_map(|due| due.id).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When the next one loses its meaning.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|due| due.until).min()
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}
