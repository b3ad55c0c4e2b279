//! What the steps of a job prove, and when to try again.

use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, GroupId, JobId, RadioId, TextForm};
use narrowcast_protocol::session::{Job, Refusal, Step};

use crate::engine::Engine;
use crate::engine::dispatch::{GroupRunId, JobRun, wants_sending};
use crate::engine::io::Effect;
use crate::engine::queue::{Item, Place};
use crate::engine::timers::Timer;
use crate::model::delivery::{End, FailReason, Outcome, RefusedBy, Rung};
use crate::model::evidence::Evidence;
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryId};

/// Longest wait between two attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(600);
/// Between two repeats of a group transmission.
const GROUP_GAP: Duration = Duration::from_secs(5);

/// Which parts of a text have been written and confirmed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    number: u8,
    sent: u16,
    received: u16,
}

impl Progress {
    const fn all(parts: u8) -> u16 {
        (1u16 << parts) - 1
    }
}

impl Engine {
    /// The first part that this attempt has not sent yet and that is not confirmed.
    pub(super) fn next_part(&mut self, id: DeliveryId, number: u8) -> u8 {
        let progress = self.progress.entry(id).or_default();
        if progress.number != number {
            progress.number = number;
            progress.sent = progress.received;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 16")]
        let next = (progress.sent | progress.received).trailing_ones() as u8;
        next
    }

    pub(super) fn job_sent(&mut self, job: JobId) {
        match self.jobs.get(&job).cloned() {
            Some(JobRun::One { delivery, part, .. }) => {
                let parts = self.parts_of(delivery);
                let progress = self.progress.entry(delivery).or_default();
                progress.sent |= 1 << part;
                if progress.sent == Progress::all(parts) {
                    self.learn(delivery, Evidence::Written);
                }
            }
            Some(JobRun::Group { run, part, parts }) if part + 1 == parts => {
                self.learn_group(run, Evidence::Written)
            }
            Some(JobRun::Emergency(id)) => {
                self.jobs.remove(&job);
                self.emergency_answered(id);
            }
            _ => {}
        }
    }

    pub(super) fn job_step(&mut self, job: JobId, step: Step) {
        let Some(run) = self.jobs.get(&job).cloned() else {
            return;
        };
        match (step, run) {
            (Step::Accepted, run) => self.station_reported(&run, Evidence::StationAccepted),
            (Step::OnAir, run) => self.station_reported(&run, Evidence::OnAir),
            (
                Step::Received { by },
                JobRun::One {
                    delivery,
                    radio,
                    part,
                    ..
                },
            ) => {
                #[cfg(narrowcast_mutant)]
                let by = if crate::mutant::planted("stranger_confirms") {
                    radio
                } else {
                    by
                };
                if by == radio {
                    self.part_received(delivery, part, Evidence::LinkConfirmed);
                }
            }
            (Step::Received { .. }, _) => {}
            (Step::Refused(_) | Step::Lost | Step::Done, run) => {
                #[cfg(narrowcast_mutant)]
                if crate::mutant::planted("jobs_pile_up") {
                    return self.job_over(job, run, step);
                }
                self.jobs.remove(&job);
                self.taken_back.remove(&job);
                self.job_over(job, run, step);
            }
        }
    }

    fn station_reported(&mut self, run: &JobRun, evidence: Evidence) {
        match run {
            JobRun::One { delivery, .. } => {
                let parts = self.parts_of(*delivery);
                let sent = self
                    .progress
                    .get(delivery)
                    .map_or(0, |progress| progress.sent);
                if sent == Progress::all(parts) {
                    self.learn(*delivery, evidence);
                }
            }
            JobRun::Group { run, part, parts } if part + 1 == *parts => {
                self.learn_group(*run, evidence)
            }
            _ => {}
        }
    }

    /// A part was confirmed; when all are, the text is received.
    pub(super) fn part_received(&mut self, id: DeliveryId, part: u8, evidence: Evidence) {
        let parts = self.parts_of(id);
        let progress = self.progress.entry(id).or_default();
        progress.received |= 1u16.checked_shl(u32::from(part)).unwrap_or(0);
        if progress.received & Progress::all(parts) == Progress::all(parts) {
            self.learn(id, evidence);
        }
    }

    fn job_over(&mut self, job: JobId, run: JobRun, step: Step) {
        match run {
            JobRun::One {
                delivery,
                radio,
                number,
                part,
            } => match step {
                Step::Done => self.part_over(delivery, radio, number, part),
                Step::Refused(refusal) => self.refused(delivery, radio, number, refusal),
                _ => self.attempt_over(delivery, radio, number, Outcome::Unclear),
            },
            JobRun::Group { run, part, parts } => {
                self.group_part_over(run, part, parts, step == Step::Done)
            }
            JobRun::Polls(run) => self.polls_over(job, &run),
            JobRun::Emergency(_) | JobRun::Baseline | JobRun::Admission => {}
        }
    }

    fn refused(&mut self, id: DeliveryId, radio: RadioId, number: u8, refusal: Refusal) {
        let by = match refusal {
            Refusal::Station(code) => RefusedBy::Station(code),
            Refusal::Terminal(code) => RefusedBy::Terminal(code),
            _ => RefusedBy::Link,
        };
        if matches!(refusal, Refusal::TooLong | Refusal::Unencodable) {
            let end = End::Failed(FailReason::Unencodable);
            self.emit(Fact::DeliveryEnded {
                alert: id.alert,
                delivery: id.index,
                end,
            });
        }
        // Taken back because the terminal had confirmed before it left.
        let known = self.state.alerts.get(&id.alert);
        let confirmed = known
            .and_then(|book| book.delivery(id.index))
            .is_some_and(|delivery| delivery.confirmed());
        let outcome = if confirmed {
            Outcome::Evidenced
        } else {
            Outcome::Refused(by)
        };
        self.attempt_over(id, radio, number, outcome);
    }

    /// The session is through with a part: the next one, the wait for the terminal's
    /// acknowledgement, or the end of the attempt.
    fn part_over(&mut self, id: DeliveryId, radio: RadioId, number: u8, part: u8) {
        let Some(delivery) = self
            .state
            .alerts
            .get(&id.alert)
            .and_then(|book| book.delivery(id.index))
        else {
            return;
        };
        let recipient = &delivery.recipient;
        let form = delivery
            .carrier
            .map_or(recipient.form, |carrier| self.form_on(carrier, recipient));
        let confirms = recipient.confirms;
        let received = delivery.confirmed();
        let all = Progress::all(self.parts_of(id));
        let progress = self.progress.get(&id).copied().unwrap_or_default();
        let part_received =
            progress.received & (1u16.checked_shl(u32::from(part)).unwrap_or(0)) != 0;
        let more = (progress.sent | progress.received) & all != all;
        if received {
            self.attempt_over(id, radio, number, Outcome::Evidenced);
        } else if more && (part_received || !confirms) {
            self.busy.remove(&radio);
            self.enqueue(id, self.clock.mono());
        } else if !confirms {
            self.attempt_over(id, radio, number, Outcome::Evidenced);
        } else if form == TextForm::Tms {
            // The text carries a number, so its acknowledgement cannot be mistaken: the
            // radio is free for more urgent traffic meanwhile.
            self.busy.remove(&radio);
            let window = self.clock.mono() + self.state.policy.answer_window;
            self.timers.set(window, Timer::Window(id, number));
        } else {
            self.attempt_over(id, radio, number, Outcome::TimedOut);
        }
    }

    pub(super) fn window_closed(&mut self, id: DeliveryId, number: u8) {
        let known = self
            .state
            .alerts
            .get(&id.alert)
            .and_then(|book| book.delivery(id.index));
        if let Some(delivery) = known.filter(|d| d.open.is_some_and(|open| open.number == number)) {
            let radio = delivery.recipient.radio;
            let outcome = if delivery.confirmed() {
                Outcome::Evidenced
            } else {
                Outcome::TimedOut
            };
            self.attempt_over(id, radio, number, outcome);
        }
    }

    pub(super) fn attempt_over(
        &mut self,
        id: DeliveryId,
        radio: RadioId,
        number: u8,
        outcome: Outcome,
    ) {
        self.busy.remove(&radio);
        self.touch_where_waiting(radio);
        let Some(book) = self.state.alerts.get(&id.alert) else {
            return;
        };
        let Some(delivery) = book.delivery(id.index) else {
            return;
        };
        if delivery.open.is_some_and(|open| open.number == number) {
            *self.outcomes.entry(outcome_name(outcome)).or_default() += 1;
            self.emit(Fact::AttemptEnded {
                alert: id.alert,
                delivery: id.index,
                number,
                outcome,
            });
        }
        self.try_again(id);
        self.settle(id.alert);
    }

    /// Queues the next attempt, or ends the delivery when there were enough.
    pub(super) fn try_again(&mut self, id: DeliveryId) {
        let Some(book) = self.state.alerts.get(&id.alert) else {
            return;
        };
        let Some(delivery) = book.delivery(id.index) else {
            return;
        };
        if book.ended_at.is_some() || !wants_sending(&book.alert.ask, delivery) {
            self.progress.remove(&id);
            self.more.remove(&id);
            return self.ask_after_text(id);
        }
        let policy = &self.state.policy;
        let made = delivery.attempts_now();
        let heard = book.times_sent(delivery);
        #[cfg(narrowcast_mutant)]
        let (made, heard) = if crate::mutant::planted("endless_retries") {
            (made.min(1), heard.min(1))
        } else {
            (made, heard)
        };
        if heard >= policy.max_attempts {
            if delivery.recipient.confirms {
                let end = End::Failed(FailReason::NoAcknowledgement);
                self.emit(Fact::DeliveryEnded {
                    alert: id.alert,
                    delivery: id.index,
                    end,
                });
            }
            self.progress.remove(&id);
            return;
        }
        let wait = policy
            .attempt_gap
            .saturating_mul(1 << made.saturating_sub(1).min(8))
            .min(BACKOFF_MAX);
        self.enqueue(id, self.clock.mono() + wait);
    }

    /// Records evidence about a delivery, if it says anything new.
    pub(super) fn learn(&mut self, id: DeliveryId, evidence: Evidence) {
        let Some(book) = self.state.alerts.get(&id.alert) else {
            return;
        };
        let Some(delivery) = book.delivery(id.index) else {
            return;
        };
        let news = match &evidence {
            Evidence::Present => !delivery.present,
            Evidence::Answered(answer) => delivery.answer.as_deref() != Some(answer),
            other => other.proves().is_some_and(|rung| {
                rung > delivery.rung || (rung >= Rung::Received && delivery.again)
            }),
        };
        if !news {
            return;
        }
        let (open, radio) = (delivery.open, delivery.recipient.radio);
        self.emit(Fact::Evidenced {
            alert: id.alert,
            delivery: id.index,
            evidence,
        });
        let done = self.state.alerts.get(&id.alert).is_some_and(|book| {
            book.delivery(id.index)
                .is_some_and(|delivery| !wants_sending(&book.alert.ask, delivery))
        });
        let of_delivery =
            |run: &JobRun| matches!(run, JobRun::One { delivery, .. } if *delivery == id);
        let under_way = self.jobs_where(of_delivery);
        if done && !under_way.is_empty() {
            // What has not left yet need not leave any more; what has comes to its end.
            for job in under_way {
                self.after_commit(Effect::Transmit(Job::Withdraw(job)));
            }
        } else if done {
            self.queues.remove(id.alert, id.index);
            match open {
                Some(open) => self.attempt_over(id, radio, open.number, Outcome::Evidenced),
                None => {
                    self.ask_after_text(id);
                    self.settle(id.alert);
                }
            }
        }
    }

    fn learn_group(&mut self, run: GroupRunId, evidence: Evidence) {
        let GroupRunId {
            alert,
            group,
            carrier,
        } = run;
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        let known = book
            .groups
            .iter()
            .find(|known| known.group == group && known.carrier == carrier);
        let rung = known.map_or(Rung::Queued, |known| known.rung);
        if evidence.proves().is_some_and(|proved| proved > rung) {
            self.emit(Fact::GroupEvidenced {
                alert,
                group,
                carrier,
                evidence,
            });
        }
    }

    fn group_part_over(&mut self, run: GroupRunId, part: u8, parts: u8, done: bool) {
        let Some(book) = self.state.alerts.get(&run.alert) else {
            return self.group_done(run);
        };
        let made = book
            .groups
            .iter()
            .find(|known| known.group == run.group && known.carrier == run.carrier);
        let made = made.map_or(0, |known| known.attempts);
        let members = book
            .deliveries
            .iter()
            .filter(|delivery| delivery.hears(run.group, run.carrier));
        let heard = members.map(|delivery| book.times_sent(delivery)).max();
        let enough = heard.is_some_and(|heard| heard >= self.state.policy.max_attempts);
        let now = self.clock.mono();
        let again = if done && part + 1 < parts {
            Some((part + 1, now))
        } else if enough {
            None
        } else if !done && made < self.state.policy.max_attempts {
            Some((0, now + self.state.policy.attempt_gap))
        } else if done && made < self.state.policy.group_repeats {
            Some((0, now + GROUP_GAP))
        } else {
            None
        };
        match again {
            Some((next, ready)) => self.push_group(run, next, ready),
            None => self.group_done(run),
        }
    }

    fn push_group(&mut self, run: GroupRunId, part: u8, ready: narrowcast_protocol::time::Instant) {
        let Some(precedence) = self
            .state
            .alerts
            .get(&run.alert)
            .map(|book| book.alert.precedence)
        else {
            return;
        };
        self.groups.insert(run, part);
        self.queues.push(
            Some(run.carrier),
            Place {
                precedence,
                ready,
                alert: run.alert,
                item: Item::Group(run.group),
            },
        );
    }

    pub(super) fn group_done(&mut self, run: GroupRunId) {
        self.groups.remove(&run);
        self.collect_after_group(run);
        self.settle(run.alert);
    }

    /// Queues the group transmissions that an alert still wants.
    pub(super) fn queue_groups(&mut self, alert: AlertId, now: narrowcast_protocol::time::Instant) {
        for (group, carrier) in self.group_carriers(alert) {
            let Some(book) = self.state.alerts.get(&alert) else {
                return;
            };
            let made = book
                .groups
                .iter()
                .find(|known| known.group == group && known.carrier == carrier);
            if made.is_none_or(|known| known.attempts < self.state.policy.group_repeats) {
                self.push_group(
                    GroupRunId {
                        alert,
                        group,
                        carrier,
                    },
                    0,
                    now,
                );
            }
        }
    }

    /// The talkgroups of an alert, each with the carriers that serve its members: their
    /// homes, or every permitted carrier that is there if a member has none.
    pub(super) fn group_carriers(&self, alert: AlertId) -> Vec<(GroupId, CarrierId)> {
        let Some(book) = self.state.alerts.get(&alert) else {
            return Vec::new();
        };
        let permitted = |id: &CarrierId| {
            self.state.policy.permits(id.station, book.alert.exercise)
                && book.alert.station.is_none_or(|only| only == id.station)
        };
        let mut pairs = std::collections::BTreeSet::new();
        for recipient in book.deliveries.iter().map(|delivery| &delivery.recipient) {
            let Some(group) = recipient.talkgroup else {
                continue;
            };
            match recipient.home {
                Some(home) => pairs.extend(permitted(&home).then_some((group, home))),
                None => pairs.extend(
                    self.carriers
                        .keys()
                        .copied()
                        .filter(permitted)
                        .map(|id| (group, id)),
                ),
            }
        }
        pairs.into_iter().collect()
    }

    /// Ends an alert of which nothing more is wanted.
    pub(super) fn settle(&mut self, alert: AlertId) {
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        let transmitting = self.groups.keys().any(|run| run.alert == alert);
        if book.unsettled == 0 && book.ended_at.is_none() && !transmitting {
            self.finish(alert, None, None, None);
        }
    }

    /// Ends an alert and takes back what has not left yet.
    pub(super) fn finish(
        &mut self,
        alert: AlertId,
        end: Option<End>,
        by: Option<String>,
        because: Option<String>,
    ) {
        if !self.state.alerts.contains_key(&alert) {
            return;
        }
        self.emit(Fact::AlertEnded {
            alert,
            end,
            by,
            because,
        });
        self.queues.remove_alert(alert);
        self.end_collection(alert);
        self.more.retain(|id, _| id.alert != alert);
        self.groups.retain(|run, _| run.alert != alert);
        let of_alert = |run: &JobRun| match run {
            JobRun::One { delivery, .. } => delivery.alert == alert,
            JobRun::Group { run, .. } => run.alert == alert,
            JobRun::Emergency(_) | JobRun::Polls(_) | JobRun::Baseline | JobRun::Admission => false,
        };
        for job in self.jobs_where(of_alert) {
            self.after_commit(Effect::Transmit(Job::Withdraw(job)));
        }
    }

    /// The jobs of this kind, oldest first: the same in every run.
    pub(super) fn jobs_where(&self, wanted: impl Fn(&JobRun) -> bool) -> Vec<JobId> {
        let jobs = self.jobs.iter().filter(|(_, run)| wanted(run));
        let mut jobs: Vec<JobId> = jobs.map(|(id, _)| *id).collect();
        jobs.sort_unstable();
        jobs
    }

    pub(super) fn expiry_due(&mut self, alert: AlertId) {
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        if book.ended_at.is_some() {
            return;
        }
        #[cfg(narrowcast_mutant)]
        if crate::mutant::planted("alerts_never_expire") {
            return;
        }
        if self.wall() >= book.alert.expires_at {
            self.finish(alert, Some(End::Expired), None, None);
        } else {
            let again = self.clock.when(book.alert.expires_at);
            self.timers.set(again, Timer::Expiry(alert));
        }
    }

    fn parts_of(&self, id: DeliveryId) -> u8 {
        let known = self
            .state
            .alerts
            .get(&id.alert)
            .and_then(|book| book.delivery(id.index));
        known
            .and_then(|delivery| delivery.open)
            .map_or(1, |open| open.parts)
            .clamp(1, 15)
    }

    pub(super) fn touch_where_waiting(&mut self, radio: RadioId) {
        for id in self.deliveries_of(radio) {
            if let Some((Some(carrier), _)) = self.queues.find(id.alert, id.index) {
                self.queues.touch(carrier);
            }
        }
    }
}

const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Evidenced => "evidenced",
        Outcome::Refused(_) => "refused",
        Outcome::TimedOut => "timed_out",
        Outcome::Unclear => "unclear",
    }
}
