//! Who wants to be looked at when.

use std::collections::{BTreeMap, BTreeSet};

use narrowcast_protocol::time::Instant;

/// One deadline for each of many.
#[derive(Debug)]
pub(super) struct Agenda<W> {
    due: BTreeSet<(Instant, W)>,
    of: BTreeMap<W, Instant>,
}

impl<W: Copy + Ord> Default for Agenda<W> {
    fn default() -> Self {
        Self {
            due: BTreeSet::new(),
            of: BTreeMap::new(),
        }
    }
}

impl<W: Copy + Ord> Agenda<W> {
    /// `who` wants to be looked at then, and at no other time.
    pub(super) fn set(&mut self, who: W, at: Option<Instant>) {
        let old = match at {
            Some(at) => self.of.insert(who, at),
            None => self.of.remove(&who),
        };
        if old == at {
            return;
        }
        if let Some(old) = old {
            self.due.remove(&(old, who));
        }
        self.due.extend(at.map(|at| (at, who)));
    }

    /// The next of all.
    pub(super) fn first(&self) -> Option<(Instant, W)> {
        self.due.first().copied()
    }
}
