//! What was decided and is on its way: facts to the ledger, and effects that wait for them.
//!
//! It owns the order in which things leave, and the identities of what is new. It decides
//! nothing: each effect comes with the position after which it may leave.

use std::collections::VecDeque;

use narrowcast_protocol::air::JobId;
use narrowcast_protocol::time::Instant;
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::engine::io::{Effect, Output};
use crate::model::facts::Entry;
use crate::model::ids::Seq;
use crate::model::wall::Wall;

/// Facts and effects in the order in which they were decided.
#[derive(Debug)]
pub(super) struct Outbox {
    seed: [u8; 32],
    /// The newest number that was given to a job or drawn for an identity.
    newest: u64,
    /// Facts of the input that is being decided: one atomic commit.
    batch: Vec<Entry>,
    outputs: VecDeque<Output>,
}

impl Outbox {
    /// `seed` makes its identities; it must differ from run to run. Sessions outlive an engine:
    /// job numbers begin at `start`, in microseconds, beyond those of the engine before.
    pub(super) const fn new(seed: [u8; 32], start: Instant) -> Self {
        Self {
            seed,
            newest: start.as_micros(),
            batch: Vec::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Adds a fact to the next commit.
    pub(super) fn record(&mut self, entry: Entry) {
        self.batch.push(entry);
    }

    /// Closes the commit of this input, whose last fact stands at `seq`.
    pub(super) fn flush(&mut self, seq: Seq) {
        if !self.batch.is_empty() {
            let entries = std::mem::take(&mut self.batch);
            self.let_out(seq, Effect::Persist { entries });
        }
    }

    /// Lets an effect out once `after` is durable.
    pub(super) fn let_out(&mut self, after: Seq, effect: Effect) {
        self.outputs.push_back(Output { after, effect });
    }

    /// The next output, until there is none.
    pub(super) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// A number that no job had before.
    pub(super) const fn next_job(&mut self) -> JobId {
        self.newest += 1;
        JobId(self.newest)
    }

    /// A fresh ULID: civil time, then 80 bits drawn from the seed.
    pub(super) fn fresh_id(&mut self, wall: Wall) -> Ulid {
        self.newest += 1;
        let digest = Sha256::new()
            .chain_update(self.seed)
            .chain_update(self.newest.to_be_bytes())
            .finalize();
        let random = digest
            .iter()
            .take(10)
            .fold(0u128, |value, &byte| value << 8 | u128::from(byte));
        Ulid::from_parts(u64::try_from(wall.as_millis()).unwrap_or(0), random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::io::Alarm;
    use crate::model::facts::Fact;

    fn started() -> Entry {
        Entry {
            at: Wall::from_millis(1),
            fact: Fact::Started {
                version: "1".to_owned(),
            },
        }
    }

    #[test]
    fn effects_leave_in_the_order_of_their_decisions_and_facts_as_one_commit() {
        let mut outbox = Outbox::new([1; 32], Instant::ZERO);
        outbox.record(started());
        outbox.let_out(Seq(2), Effect::Alarm(Alarm::ClockStepped(5)));
        outbox.record(started());
        outbox.flush(Seq(2));
        outbox.flush(Seq(2));
        let alarm = outbox.poll().unwrap();
        assert_eq!(alarm.after, Seq(2));
        assert!(matches!(alarm.effect, Effect::Alarm(_)));
        let Effect::Persist { entries } = outbox.poll().unwrap().effect else {
            panic!("facts were recorded");
        };
        assert_eq!(entries.len(), 2);
        assert!(outbox.poll().is_none());
    }

    #[test]
    fn identities_follow_from_the_seed_and_differ_from_one_another_and_from_seed_to_seed() {
        let draw = |seed| {
            let mut outbox = Outbox::new(seed, Instant::from_millis(1));
            let wall = Wall::from_millis(1_000);
            [outbox.fresh_id(wall), outbox.fresh_id(wall)]
        };
        assert_eq!(draw([1; 32]), draw([1; 32]));
        assert_ne!(draw([1; 32]), draw([2; 32]));
        let [one, other] = draw([1; 32]);
        assert_ne!(one, other);
        assert_eq!(one.timestamp_ms(), 1_000);
    }

    #[test]
    fn the_jobs_of_an_engine_are_numbered_beyond_those_of_the_one_before() {
        let mut before = Outbox::new([1; 32], Instant::from_millis(1));
        let mut after = Outbox::new([1; 32], Instant::from_millis(2));
        assert!(before.next_job() < before.next_job());
        assert!(before.next_job() < after.next_job());
    }
}
