//! The write-ahead gate: an output leaves when the durable mark has reached the position it
//! rests on. In order of position and not of age, so what rests on nothing never waits.

use std::collections::VecDeque;

use narrowcast_protocol::air::{CarrierId, JobId};
use narrowcast_protocol::session::Job;

use crate::engine::io::Effect;
use crate::model::ids::Seq;

/// What waits in the gate.
#[derive(Debug)]
pub(super) enum Held {
    /// An output of the engine.
    Effect(Effect),
    /// A state that is to be saved.
    Checkpoint(Vec<u8>),
}

impl Held {
    /// The carrier whose room it takes when it leaves.
    pub(super) const fn takes_room_of(&self) -> Option<CarrierId> {
        match self {
            Self::Effect(Effect::Transmit(
                Job::Send { carrier, .. } | Job::Collect { carrier, .. },
            )) => Some(*carrier),
            _ => None,
        }
    }
}

/// The gate, and the mark up to which everything is durable.
#[derive(Debug, Default)]
pub(super) struct Gate {
    durable: Seq,
    /// By position, and in the order of their decision where positions are equal.
    held: VecDeque<(Seq, Held)>,
}

impl Gate {
    /// Up to where everything is durable.
    pub(super) const fn durable(&self) -> Seq {
        self.durable
    }

    /// How many outputs wait.
    pub(super) fn waiting(&self) -> usize {
        self.held.len()
    }

    /// Whether a state waits to be saved.
    pub(super) fn holds_checkpoint(&self) -> bool {
        let mut held = self.held.iter();
        held.any(|(_, held)| matches!(held, Held::Checkpoint(_)))
    }

    /// Moves the mark.
    pub(super) const fn mark(&mut self, durable: Seq) {
        self.durable = durable;
    }

    /// Puts an output in its place.
    pub(super) fn hold(&mut self, after: Seq, held: Held) {
        // Nearly always at the end: only what rests on something older stands before it.
        let place = self.held.iter().rposition(|(other, _)| *other <= after);
        let place = place.map_or(0, |before| before + 1);
        self.held.insert(place, (after, held));
    }

    /// The next output that may leave.
    pub(super) fn release(&mut self) -> Option<(Seq, Held)> {
        let (after, _) = self.held.front()?;
        if *after <= self.durable {
            self.held.pop_front()
        } else {
            None
        }
    }

    /// How many jobs that take room wait here for a carrier.
    pub(super) fn jobs_for(&self, carrier: CarrierId) -> usize {
        let held = self.held.iter();
        held.filter(|(_, held)| held.takes_room_of() == Some(carrier))
            .count()
    }

    /// Takes a job back that has not left, if it is here.
    pub(super) fn take_back(&mut self, id: JobId) -> Option<Held> {
        let is_it = |(_, held): &(Seq, Held)| match held {
            Held::Effect(Effect::Transmit(job)) => ends_as(job) == Some(id),
            _ => false,
        };
        let found = self.held.iter().position(is_it);
        self.held.remove(found?).map(|(_, held)| held)
    }

    /// Drops everything that waits, and hands it out in order.
    pub(super) fn drop_all(&mut self) -> impl Iterator<Item = Held> + use<> {
        std::mem::take(&mut self.held)
            .into_iter()
            .map(|(_, held)| held)
    }
}

/// The id of a job that can be withdrawn and comes to an end of its own.
pub(super) const fn ends_as(job: &Job) -> Option<JobId> {
    match job {
        Job::Send { id, .. } | Job::Collect { id, .. } | Job::Admit { id, .. } => Some(*id),
        Job::Acknowledge { .. } | Job::Withdraw(_) => None,
    }
}
