//! One slot's share of the modem's buffer, and what statuses prove about it.
//!
//! A modem does not acknowledge bursts. Each is given an index; a status tells how many
//! of those written before it was asked for still wait, so it proves which have left.
//! A status is only read against the count at the moment it was asked for, and one that
//! nobody asked for proves nothing.

use core::time::Duration;
use std::collections::VecDeque;

use crate::air::JobId;
use crate::time::Instant;

/// Bursts to keep waiting in the modem: fewer and the slot idles between two statuses,
/// more and an urgent message waits longer.
pub(super) const WANTED: u64 = 5;
/// The last unit of reported space is not used.
const RESERVE: u8 = 1;

/// A queue that holds back bursts for so long, free to transmit, is empty: what looks like
/// their space was never there. One damaged status can have claimed too much of it.
const STEADY: Duration = Duration::from_secs(1);

/// What a status says about one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Report {
    /// Free space in bursts.
    pub(super) space: u8,
    /// The transmitter is on and not locked out.
    pub(super) keyed: bool,
    /// The transmitter is locked out.
    pub(super) inhibited: bool,
}

/// A burst on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) burst: [u8; 33],
    /// A transmission begins with it.
    pub(super) starts: bool,
    /// The job that ends with it.
    pub(super) last_of: Option<JobId>,
    /// Counts the bursts of this connection, from 1.
    pub(super) number: u64,
}

/// The count of a slot when a status was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) at: Instant,
    written: u64,
}

/// What a status proved about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// Its bursts took space.
    Accepted(JobId),
    /// They left while the transmitter was on.
    OnAir(JobId),
    /// The modem refused part of it, with this reason.
    Refused(JobId, u8),
    /// No later status can prove more.
    Settled(JobId),
}

#[derive(Debug, Clone, Copy)]
struct Job {
    id: JobId,
    /// Index of its first burst, and of the one after its last.
    first: u64,
    end: u64,
    /// A status showed one of its bursts waiting.
    taken: bool,
    /// A status showed the transmitter on after its first burst was written.
    keyed: bool,
    accepted: bool,
    /// One of its bursts was refused for good.
    refused: Option<u8>,
}

/// One slot's flow control. Memory is bounded by [`WANTED`] bursts and their jobs.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// Most space ever reported: the empty buffer.
    capacity: u8,
    /// The space reported last while bursts were waiting, and since when.
    steady: Option<(u8, Instant)>,
    /// Our own copy of the free space.
    space: u8,
    /// Bursts written so far: the index of the next.
    written: u64,
    /// Index of the first burst not known to have left.
    gone: u64,
    /// Number of the last burst known to have left.
    left: u64,
    /// Index of the first burst of the job being written.
    first: u64,
    /// Bursts before this index were counted by a status: the modem has them.
    counted: u64,
    /// Written and not known to have left: indexes `gone..written`.
    waiting: VecDeque<Pending>,
    /// Refused for want of space; to be written again before anything new.
    again: VecDeque<Pending>,
    /// Refused at this time: nothing is written until a status asked for later.
    held: Option<Instant>,
    /// A burst of the job being written was refused for good.
    spoiled: Option<u8>,
    jobs: VecDeque<Job>,
}

impl Flow {
    /// Whether a burst may be written now, if at most `wanted` shall wait in the modem.
    pub(super) fn may_write(&self, wanted: u64) -> bool {
        self.held.is_none()
            && self.space > RESERVE
            && self.written - self.gone < wanted
            && (self.jobs.len() as u64) < WANTED
    }

    /// Number of the last burst known to have left.
    pub(super) const fn left(&self) -> u64 {
        self.left
    }

    /// The burst to write again, if one was refused.
    pub(super) fn take_again(&mut self) -> Option<Pending> {
        self.again.pop_front()
    }

    /// Whether a refused burst is to be written again.
    pub(super) fn has_again(&self) -> bool {
        !self.again.is_empty()
    }

    /// Notes that `pending` is being written.
    pub(super) fn wrote(&mut self, pending: Pending) {
        self.space = self.space.saturating_sub(1);
        if pending.starts {
            self.first = self.written;
            self.spoiled = None;
        }
        self.written += 1;
        self.waiting.push_back(pending);
        if let Some(id) = pending.last_of {
            self.jobs.push_back(Job {
                id,
                first: self.first,
                end: self.written,
                taken: false,
                keyed: false,
                accepted: false,
                refused: self.spoiled.take(),
            });
            self.first = self.written;
        }
    }

    /// The count to remember with a GET_STATUS written now.
    pub(super) const fn mark(&self, at: Instant) -> Mark {
        let written = self.written;
        Mark { at, written }
    }

    /// Whether bursts or jobs wait for a status.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty() || !self.jobs.is_empty() || self.held.is_some()
    }

    /// Whether later statuses can still prove something about this job.
    pub(super) fn follows(&self, id: JobId) -> bool {
        self.jobs.iter().any(|job| job.id == id)
            || self.again.iter().any(|pending| pending.last_of == Some(id))
    }

    /// Whether nothing of this slot is left to transmit, as far as known.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.again.is_empty()
    }

    /// The modem had no room for a burst. It does not say which: nothing was written
    /// after the refusal became known, so it was the newest. False if the modem has
    /// them all.
    pub(super) fn refused_full(&mut self, now: Instant) -> bool {
        self.held = Some(now);
        let Some(pending) = self.take_newest() else {
            return false;
        };
        if let Some(place) = self.place_of(pending)
            && let Some(job) = self.jobs.remove(place)
        {
            self.first = job.first;
        }
        self.again.push_front(pending);
        true
    }

    /// The modem refused a burst for good, with this reason; as with
    /// [`refused_full`](Self::refused_full) the newest. Its job is refused once it has
    /// been written to its end. False if the modem has them all.
    pub(super) fn refused(&mut self, reason: u8) -> bool {
        let Some(pending) = self.take_newest() else {
            return false;
        };
        let place = self.place_of(pending);
        match place.and_then(|place| self.jobs.get_mut(place)) {
            Some(job) => {
                job.refused = Some(reason);
                job.end = self.written;
                self.first = self.written;
            }
            None => self.spoiled = Some(reason),
        }
        true
    }

    /// Where the job that ends with `pending` stands.
    fn place_of(&self, pending: Pending) -> Option<usize> {
        let id = pending.last_of?;
        self.jobs.iter().rposition(|job| job.id == id)
    }

    /// Takes back the newest burst, unless a status has counted it.
    fn take_newest(&mut self) -> Option<Pending> {
        if self.written <= self.counted {
            return None;
        }
        let newest = self.waiting.pop_back()?;
        self.written -= 1;
        Some(newest)
    }

    /// Corrects the capacity when bursts seem to wait although nothing moves.
    fn learn(
        &mut self,
        at: Instant,
        Report {
            space, inhibited, ..
        }: Report,
    ) {
        match self.steady {
            _ if inhibited || self.waiting.is_empty() => self.steady = None,
            Some((same, since)) if same == space => {
                if at.since(since) >= STEADY {
                    self.capacity = space;
                    self.steady = None;
                }
            }
            _ => self.steady = Some((space, at)),
        }
    }

    /// Takes in a status, with the mark of the GET_STATUS it answers.
    pub(super) fn status(&mut self, mark: Mark, report: Report, prove: &mut Vec<Proof>) {
        let Report { space, keyed, .. } = report;
        self.capacity = self.capacity.max(space);
        self.learn(mark.at, report);
        if self.held.is_some_and(|since| mark.at >= since) {
            self.held = None;
        }
        let before = mark.written.min(self.written);
        self.counted = self.counted.max(before);
        let since = u8::try_from(self.written - before).unwrap_or(u8::MAX);
        self.space = space.saturating_sub(since);
        let waits = u64::from(self.capacity - space);
        let gone = before.saturating_sub(waits).max(self.gone);
        let newly = usize::try_from(gone - self.gone).unwrap_or(usize::MAX);
        let left = self.waiting.drain(..newly.min(self.waiting.len()));
        self.left = left.map(|pending| pending.number).fold(self.left, u64::max);
        self.gone = gone;
        for job in &mut self.jobs {
            let begun = before > job.first;
            job.taken |= begun && waits > 0 && gone < job.end;
            job.keyed |= begun && keyed;
            if job.refused.is_none() && job.taken && before >= job.end && !job.accepted {
                job.accepted = true;
                prove.push(Proof::Accepted(job.id));
            }
            if gone >= job.end {
                match job.refused {
                    Some(reason) => prove.push(Proof::Refused(job.id, reason)),
                    None if job.accepted && job.keyed => prove.push(Proof::OnAir(job.id)),
                    None => {}
                }
                prove.push(Proof::Settled(job.id));
            }
        }
        self.jobs.retain(|job| gone < job.end);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pending(last_of: Option<u64>) -> Pending {
        Pending {
            burst: [0; 33],
            starts: false,
            last_of: last_of.map(JobId),
            number: 1,
        }
    }

    fn status(flow: &mut Flow, at: u64, space: u8, keyed: bool) -> Vec<Proof> {
        let mark = flow.mark(Instant::from_millis(at));
        answered(flow, mark, space, keyed)
    }

    fn answered(flow: &mut Flow, mark: Mark, space: u8, keyed: bool) -> Vec<Proof> {
        let mut proofs = Vec::new();
        let inhibited = false;
        let report = Report {
            space,
            keyed,
            inhibited,
        };
        flow.status(mark, report, &mut proofs);
        proofs
    }

    fn fill(flow: &mut Flow) -> usize {
        let mut count = 0;
        while flow.may_write(WANTED) {
            flow.wrote(pending(None));
            count += 1;
        }
        count
    }

    #[test]
    fn nothing_is_written_before_the_first_status_and_then_five_bursts_wait() {
        let mut flow = Flow::default();
        assert_eq!(fill(&mut flow), 0);
        status(&mut flow, 0, 10, false);
        assert_eq!(fill(&mut flow), 5);
        status(&mut flow, 100, 7, true);
        assert_eq!(fill(&mut flow), 2);
    }

    #[test]
    fn the_last_unit_of_space_is_left() {
        let mut flow = Flow::default();
        status(&mut flow, 0, 3, false);
        assert_eq!(fill(&mut flow), 2);
    }

    #[test]
    fn what_was_written_after_the_question_is_not_in_the_answer() {
        let mut flow = Flow::default();
        status(&mut flow, 0, 4, false);
        let mark = flow.mark(Instant::from_millis(1));
        flow.wrote(pending(None));
        flow.wrote(pending(None));
        answered(&mut flow, mark, 4, false);
        assert_eq!((flow.space, flow.gone), (2, 0));
        assert_eq!(flow.waiting.len(), 2);
    }

    #[test]
    fn taken_space_proves_acceptance_and_returned_space_with_the_transmitter_on_the_air() {
        let mut flow = Flow::default();
        status(&mut flow, 0, 10, false);
        flow.wrote(pending(None));
        assert_eq!(status(&mut flow, 10, 9, true), []);
        flow.wrote(pending(Some(1)));
        assert_eq!(status(&mut flow, 20, 8, true), [Proof::Accepted(JobId(1))]);
        assert_eq!(status(&mut flow, 30, 9, true), []);
        assert_eq!(
            status(&mut flow, 200, 10, true),
            [Proof::OnAir(JobId(1)), Proof::Settled(JobId(1))]
        );
        assert_eq!(status(&mut flow, 300, 10, true), []);
        assert!(!flow.is_waiting());
    }

    #[test]
    fn space_that_was_never_taken_or_a_transmitter_never_on_proves_nothing() {
        let mut flow = Flow::default();
        status(&mut flow, 0, 10, false);
        flow.wrote(pending(Some(1)));
        assert_eq!(status(&mut flow, 10, 10, true), [Proof::Settled(JobId(1))]);
        flow.wrote(pending(Some(2)));
        assert_eq!(status(&mut flow, 20, 9, false), [Proof::Accepted(JobId(2))]);
        assert_eq!(status(&mut flow, 30, 10, false), [Proof::Settled(JobId(2))]);
    }

    #[test]
    fn an_old_answer_takes_nothing_back_and_repeats_nothing() {
        let mut flow = Flow::default();
        status(&mut flow, 0, 10, false);
        let old = flow.mark(Instant::from_millis(1));
        flow.wrote(pending(Some(1)));
        let mark = flow.mark(Instant::from_millis(2));
        let accepted = [Proof::Accepted(JobId(1))];
        assert_eq!(answered(&mut flow, mark, 9, true), accepted);
        assert_eq!(answered(&mut flow, mark, 9, true), []);
        assert_eq!(answered(&mut flow, old, 10, false), []);
        assert_eq!(flow.gone, 0);
    }

    #[test]
    fn a_burst_refused_for_want_of_space_is_written_again_in_its_place() {
        let mut flow = Flow::default();
        status(&mut flow, 0, 10, false);
        let at = Instant::from_millis(5);
        let mark = flow.mark(at);
        let mut bursts = [[1; 33], [2; 33]].map(|burst| Pending {
            burst,
            starts: false,
            last_of: None,
            number: 1,
        });
        bursts[1].last_of = Some(JobId(9));
        bursts.into_iter().for_each(|burst| flow.wrote(burst));
        assert!(flow.refused_full(Instant::from_millis(6)));
        assert!(flow.refused_full(Instant::from_millis(7)));
        assert!(!flow.refused_full(Instant::from_millis(7)));
        assert!(!flow.may_write(WANTED));
        answered(&mut flow, mark, 10, false);
        assert!(
            !flow.may_write(WANTED),
            "that answer is older than the refusal"
        );
        status(&mut flow, 50, 10, false);
        assert!(flow.may_write(WANTED));
        for expected in bursts {
            let again = flow.take_again().unwrap();
            assert_eq!(again, expected);
            flow.wrote(again);
        }
        assert_eq!(status(&mut flow, 60, 8, true), [Proof::Accepted(JobId(9))]);
    }

    #[test]
    fn a_final_refusal_is_told_of_the_newest_job_and_of_no_older_one() {
        let mut flow = Flow::default();
        status(&mut flow, 0, 10, false);
        flow.wrote(pending(Some(1)));
        flow.wrote(pending(None));
        assert!(flow.refused(4));
        flow.wrote(pending(Some(2)));
        assert_eq!(status(&mut flow, 10, 8, true), [Proof::Accepted(JobId(1))]);
        flow.wrote(pending(Some(3)));
        assert!(flow.refused(2));
        assert_eq!(
            status(&mut flow, 20, 10, true),
            [
                Proof::OnAir(JobId(1)),
                Proof::Settled(JobId(1)),
                Proof::Refused(JobId(2), 4),
                Proof::Settled(JobId(2)),
                Proof::Refused(JobId(3), 2),
                Proof::Settled(JobId(3)),
            ]
        );
        assert!(!flow.refused(2));
    }

    #[test]
    fn a_capacity_that_one_damaged_status_claimed_is_unlearned() {
        let mut flow = Flow::default();
        status(&mut flow, 0, 10, false);
        status(&mut flow, 100, 0xE0, false);
        status(&mut flow, 200, 10, false);
        fill(&mut flow);
        status(&mut flow, 300, 5, true);
        for at in [400, 900, 1_300] {
            status(&mut flow, at, 10, true);
            assert!(!flow.may_write(WANTED));
        }
        status(&mut flow, 1_400, 10, true);
        assert!(flow.may_write(WANTED) && flow.is_empty());
    }

    #[test]
    fn a_queue_that_a_lock_out_holds_is_not_taken_for_empty() {
        let mut flow = Flow::default();
        status(&mut flow, 0, 10, false);
        flow.wrote(pending(Some(1)));
        let report = Report {
            space: 9,
            keyed: false,
            inhibited: true,
        };
        for at in [100, 2_000, 4_000] {
            let mark = flow.mark(Instant::from_millis(at));
            flow.status(mark, report, &mut Vec::new());
        }
        assert!(!flow.is_empty());
    }

    proptest! {
        #[test]
        fn whatever_a_modem_reports_the_books_stay_bounded(steps in prop::collection::vec((0u8..6, any::<u8>(), any::<bool>()), 0..300)) {
            let mut flow = Flow::default();
            let mut mark = flow.mark(Instant::ZERO);
            let mut accepted = std::collections::BTreeSet::new();
            for (n, (step, space, keyed)) in (0u64..).zip(steps) {
                match step {
                    0 => mark = flow.mark(Instant::from_millis(n)),
                    1 => { flow.refused_full(Instant::from_millis(n)); }
                    2 => { flow.refused(2); }
                    3 | 4 if flow.may_write(WANTED) => {
                        let next = flow.take_again().unwrap_or(pending(Some(n)));
                        flow.wrote(next);
                    }
                    _ => for proof in answered(&mut flow, mark, space, keyed) {
                        match proof {
                            Proof::Accepted(id) => prop_assert!(accepted.insert(id)),
                            Proof::OnAir(id) => prop_assert!(accepted.contains(&id)),
                            Proof::Refused(id, _) => prop_assert!(!accepted.contains(&id)),
                            Proof::Settled(_) => {}
                        }
                    }
                }
                prop_assert!(flow.waiting.len() + flow.again.len() <= 2 * WANTED as usize);
                prop_assert!(flow.jobs.len() <= WANTED as usize);
                prop_assert_eq!(flow.waiting.len() as u64, flow.written - flow.gone);
            }
        }
    }
}
