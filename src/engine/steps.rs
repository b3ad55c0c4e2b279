//! What the steps of a job prove, and what follows its end.

use narrowcast_protocol::air::JobId;
use narrowcast_protocol::session::{Refusal, Step};

use crate::engine::Engine;
use crate::engine::attempts::{AfterPart, JobRun, PartRun, parts_of};
use crate::engine::known::known;
use crate::model::delivery::{FailReason, Outcome, RefusedBy};
use crate::model::evidence::Evidence;
use crate::model::ids::DeliveryId;

impl Engine {
    /// A job's last bytes were written.
    pub(super) fn job_sent(&mut self, job: JobId) {
        if self.message_written(job) {
            return;
        }
        match self.attempts.job(job) {
            Some(JobRun::Emergency(id)) => self.emergency_answered(id),
            Some(run) => self.reported(&run, Evidence::Written),
            None => {}
        }
    }

    /// A session says how far a job has come.
    pub(super) fn job_step(&mut self, job: JobId, step: Step) {
        if self.message_step(job, step) {
            return;
        }
        let Some(run) = self.attempts.job(job) else {
            return;
        };
        match (step, run) {
            (Step::Accepted | Step::Taken { .. }, run) => {
                self.reported(&run, Evidence::StationAccepted);
            }
            (Step::OnAir, run) => self.reported(&run, Evidence::OnAir),
            (Step::Received { by }, JobRun::One(run)) => {
                if by == run.radio {
                    self.part_reported(run.delivery, run.part, Evidence::LinkConfirmed);
                }
            }
            (Step::Received { .. }, _) => {}
            (Step::Refused(_) | Step::Lost | Step::Done, run) => {
                self.attempts.end_job(job);
                self.note_pace(&run, step);
                self.job_over(job, run, step);
            }
        }
    }

    /// Learns from a job that is over how fast its carrier is.
    fn note_pace(&mut self, run: &JobRun, step: Step) {
        let (carrier, confirmed) = match run {
            JobRun::One(part) => {
                let Some(delivery) = self.state.delivery_book(part.delivery) else {
                    return;
                };
                let confirmed = delivery.recipient.confirms && step == Step::Done;
                (delivery.carrier, confirmed)
            }
            JobRun::Group { run, .. } => (Some(run.carrier), false),
            JobRun::Polls | JobRun::Admission | JobRun::Emergency(_) => return,
        };
        if let Some(carrier) = carrier {
            let known = known!(self);
            self.air.note_end(known, carrier, confirmed);
        }
    }

    fn reported(&mut self, run: &JobRun, evidence: Evidence) {
        match run {
            JobRun::One(run) => self.part_reported(run.delivery, run.part, evidence),
            JobRun::Group { run, part, parts } if part + 1 == *parts => {
                self.learn_group(*run, evidence);
            }
            _ => {}
        }
    }

    /// Something is proven of one part; what is proven of all of them is proven of the text.
    pub(super) fn part_reported(&mut self, id: DeliveryId, part: u8, evidence: Evidence) {
        let parts = parts_of(&self.state, id);
        let proven = self.attempts.prove(id, (part, parts), evidence);
        let has_all = matches!(proven, Some((_, true)));
        if let Some((evidence, _)) = proven {
            self.learn(id, evidence);
        }
        if !has_all {
            self.go_on_after_confirmation(id);
        }
    }

    /// A text that its terminal acknowledges by number goes on with its next part as soon as the
    /// one before is acknowledged.
    fn go_on_after_confirmation(&mut self, id: DeliveryId) {
        let Some(delivery) = self.state.delivery_book(id) else {
            return;
        };
        let Some(radio) = delivery.recipient.radio else {
            return;
        };
        let idle =
            delivery.open.is_some() && !self.attempts.is_busy(radio) && !self.air.is_waiting(id);
        if idle && self.attempts.has_next(&self.state, id) {
            self.enqueue(id, self.clock.mono());
        }
    }

    fn job_over(&mut self, job: JobId, run: JobRun, step: Step) {
        match run {
            JobRun::One(run) => match step {
                Step::Done => self.part_over(run),
                Step::Refused(refusal) => self.refused(run, refusal),
                _ => self.attempt_over(run.delivery, run.radio, run.number, Outcome::Unclear),
            },
            JobRun::Group { run, part, parts } => {
                self.group_part_over(run, part, parts, step == Step::Done);
            }
            JobRun::Polls => self.polls_over(job),
            JobRun::Emergency(_) | JobRun::Admission => {}
        }
    }

    fn refused(&mut self, run: PartRun, why: Refusal) {
        let id = run.delivery;
        let Some(delivery) = self.state.delivery_book(id) else {
            return;
        };
        let outcome = match why {
            // Taken back because the terminal had confirmed before it left.
            _ if delivery.confirmed() => Outcome::Evidenced,
            Refusal::Station(code) => Outcome::Refused(RefusedBy::Station(code)),
            Refusal::Terminal(code) => Outcome::Refused(RefusedBy::Terminal(code)),
            Refusal::Operator { code, .. } => {
                Outcome::Refused(u8::try_from(code).map_or(RefusedBy::Link, RefusedBy::Station))
            }
            Refusal::TooLong | Refusal::Unencodable | Refusal::NotOffered => {
                Outcome::Refused(RefusedBy::Link)
            }
            Refusal::NoCarrier | Refusal::NoRoom | Refusal::Withdrawn | Refusal::TooLate => {
                Outcome::Withdrawn
            }
        };
        if matches!(why, Refusal::NoCarrier | Refusal::NoRoom)
            && let Some(carrier) = delivery.carrier
        {
            self.air.is_full(carrier);
        }
        if matches!(why, Refusal::TooLong | Refusal::Unencodable) {
            self.radio_spent(id, FailReason::Unencodable);
        }
        if outcome == Outcome::Withdrawn {
            return self.part_withdrawn(run);
        }
        self.attempt_over(id, run.radio, run.number, outcome);
    }

    /// A part never left. If others of its attempt did, it waits for its turn again.
    fn part_withdrawn(&mut self, run: PartRun) {
        let id = run.delivery;
        let has_left = self.attempts.take_back(id, run.part);
        let book = self.state.alerts.get(&id.alert);
        let over = book.is_none_or(|book| book.ended_at.is_some());
        if has_left && !over {
            self.free(run.radio);
            return self.enqueue(id, self.clock.mono());
        }
        let outcome = if has_left {
            Outcome::Unclear
        } else {
            Outcome::Withdrawn
        };
        self.attempt_over(id, run.radio, run.number, outcome);
    }

    /// The session is through with a part: the next one, the wait for the terminal's
    /// acknowledgement, or the end of the attempt.
    fn part_over(&mut self, run: PartRun) {
        let (id, now) = (run.delivery, self.clock.mono());
        match self.attempts.after_part(&self.state, run) {
            Some(AfterPart::Over(outcome)) => {
                self.attempt_over(id, run.radio, run.number, outcome);
            }
            Some(AfterPart::Next) => {
                self.free(run.radio);
                self.enqueue(id, now);
            }
            Some(AfterPart::Window) => {
                self.free(run.radio);
                let closes = now + self.state.policy.answer_window;
                self.attempts.open_window(id, run.number, closes);
            }
            None => {}
        }
    }

    /// The window for the terminal's acknowledgement of an attempt is closed.
    pub(super) fn window_closed(&mut self, id: DeliveryId, number: u8) {
        let delivery = self.state.delivery_book(id);
        let Some(delivery) = delivery.filter(|delivery| delivery.open == Some(number)) else {
            return;
        };
        let Some(radio) = delivery.recipient.radio else {
            return;
        };
        let outcome = if delivery.confirmed() {
            Outcome::Evidenced
        } else {
            Outcome::TimedOut
        };
        // A later part is under way or waits: it has a window of its own.
        if !self.air.is_waiting(id) && !self.attempts.has_job(id) {
            self.attempt_over(id, radio, number, outcome);
        }
    }
}
