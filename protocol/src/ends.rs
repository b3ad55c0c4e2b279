//! The end of a job comes once, and after everything else about it.
//!
//! A session says how a job ended as soon as it knows, which may be before the job's last bytes
//! have left: for a text that nobody confirms it has nothing to wait for. Only whoever writes the
//! bytes knows when they have left, so whoever joins a session and a port keeps the ends here.
//!
//! ```text
//! session: Send(bytes of job 1), Done(1) ─┐
//!                                         ├─▶ Sent(1), Done(1)
//! port:                    written(1) ────┘
//! ```

use std::collections::{BTreeSet, VecDeque};

use crate::air::JobId;
use crate::session::{Job, Step};

/// Ends of jobs that may not be said yet.
#[derive(Debug, Default)]
pub struct Ends {
    /// Jobs whose last bytes wait to be written.
    unwritten: BTreeSet<JobId>,
    /// Jobs whose last bytes were given up, until their end is said.
    given_up: BTreeSet<JobId>,
    /// Acknowledgements that the session has: nothing but their bytes is waited for.
    acknowledgements: BTreeSet<JobId>,
    /// Ends that were not said yet, in the order in which they came.
    ends: VecDeque<(JobId, Step)>,
}

impl Ends {
    /// A job is handed to the session.
    pub fn given(&mut self, job: &Job) {
        if let Job::Acknowledge { id, .. } = job {
            self.acknowledgements.insert(*id);
        }
    }

    /// The last bytes of a job wait to be written.
    pub fn queued(&mut self, id: JobId) {
        self.unwritten.insert(id);
    }

    /// The session reports a step; what may be passed on at once. An end is kept for
    /// [`poll`](Self::poll).
    pub fn step(&mut self, id: JobId, step: Step) -> Option<Step> {
        if !step.is_end() {
            return Some(step);
        }
        self.acknowledgements.remove(&id);
        self.ends.push_back((id, step));
        None
    }

    /// The last bytes of a job were written.
    pub fn written(&mut self, id: JobId) {
        self.unwritten.remove(&id);
        if self.acknowledgements.remove(&id) {
            self.ends.push_back((id, Step::Done));
        }
    }

    /// The last bytes of a job will not be written.
    pub fn give_up(&mut self, id: JobId) {
        self.unwritten.remove(&id);
        if self.acknowledgements.remove(&id) {
            self.ends.push_back((id, Step::Lost));
        } else {
            self.given_up.insert(id);
        }
    }

    /// The port was lost: nothing that waited is written any more.
    pub fn give_up_all(&mut self) {
        for id in std::mem::take(&mut self.unwritten) {
            self.give_up(id);
        }
    }

    /// The next end that may be said, until there is none. To be asked when the session has
    /// nothing more to say for now: the bytes of a job may come after its end.
    pub fn poll(&mut self) -> Option<(JobId, Step)> {
        let unwritten = &self.unwritten;
        let at = self
            .ends
            .iter()
            .position(|(id, _)| !unwritten.contains(id))?;
        let (id, step) = self.ends.remove(at)?;
        // What never left was not done, whatever the session thinks.
        let lost = self.given_up.remove(&id) && step == Step::Done;
        Some((id, if lost { Step::Lost } else { step }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::air::{Acknowledgement, CarrierId, RadioId, Slot, StationId};
    use crate::session::Refusal;
    use crate::time::Instant;

    const JOB: JobId = JobId(1);

    fn acknowledgement() -> Job {
        let radio = RadioId::new(7).unwrap();
        Job::Acknowledge {
            id: JOB,
            carrier: CarrierId {
                station: StationId(1),
                slot: Slot::One,
            },
            acknowledgement: Acknowledgement::Emergency {
                from: radio,
                to: radio,
            },
            until: Instant::ZERO,
        }
    }

    #[test]
    fn an_end_waits_for_the_bytes_even_if_they_are_queued_after_it() {
        let mut ends = Ends::default();
        assert_eq!(ends.step(JOB, Step::Done), None);
        ends.queued(JOB);
        assert_eq!(ends.poll(), None);
        ends.written(JOB);
        assert_eq!(ends.poll(), Some((JOB, Step::Done)));
        assert_eq!(ends.poll(), None);
    }

    #[test]
    fn what_never_left_is_lost_whether_the_session_speaks_before_or_after() {
        for speaks_first in [true, false] {
            let mut ends = Ends::default();
            ends.queued(JOB);
            if speaks_first {
                ends.step(JOB, Step::Done);
                ends.give_up_all();
            } else {
                ends.give_up_all();
                assert_eq!(ends.poll(), None, "the session has the last word");
                ends.step(JOB, Step::Done);
            }
            assert_eq!(ends.poll(), Some((JOB, Step::Lost)));
            assert!(ends.given_up.is_empty() && ends.unwritten.is_empty());
        }
    }

    #[test]
    fn an_acknowledgement_is_over_when_it_is_written_or_refused() {
        let mut ends = Ends::default();
        ends.given(&acknowledgement());
        ends.queued(JOB);
        ends.written(JOB);
        assert_eq!(ends.poll(), Some((JOB, Step::Done)));
        ends.given(&acknowledgement());
        let late = Step::Refused(Refusal::TooLate);
        ends.step(JOB, late);
        assert_eq!(ends.poll(), Some((JOB, late)));
        assert_eq!(ends.poll(), None);
    }

    proptest! {
        #[test]
        fn every_job_ends_once_and_after_its_bytes_in_whatever_order_things_happen(
            // For each job: whether its bytes are queued before the session's end, whether
            // they are written, and a place in the order for each of the three.
            jobs in prop::collection::vec((any::<bool>(), any::<[u8; 2]>()), 1..20),
        ) {
            #[derive(Clone, Copy)]
            enum Event { SessionEnds(JobId), Written(JobId), GivenUp(JobId) }
            let mut events = Vec::new();
            let mut ends = Ends::default();
            for (number, (written, places)) in (0..).zip(&jobs) {
                let id = JobId(number);
                ends.queued(id);
                events.push((places[0], Event::SessionEnds(id)));
                let bytes = if *written { Event::Written(id) } else { Event::GivenUp(id) };
                events.push((places[1], bytes));
            }
            events.sort_by_key(|(place, _)| *place);
            let mut gone = BTreeSet::new();
            let mut said = std::collections::BTreeMap::new();
            for (_, event) in events {
                match event {
                    Event::SessionEnds(id) => prop_assert_eq!(ends.step(id, Step::Done), None),
                    Event::Written(id) => { ends.written(id); gone.insert(id); }
                    Event::GivenUp(id) => { ends.give_up(id); gone.insert(id); }
                }
                while let Some((id, step)) = ends.poll() {
                    prop_assert!(gone.contains(&id), "its bytes still wait");
                    prop_assert_eq!(said.insert(id, step), None, "it ended already");
                }
            }
            for (number, (written, _)) in (0..).zip(&jobs) {
                let expected = if *written { Step::Done } else { Step::Lost };
                prop_assert_eq!(said.get(&JobId(number)), Some(&expected));
            }
        }
    }
}
