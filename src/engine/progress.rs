//! What the steps of a job prove, and when to try again.

use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, CarrierKind, JobId, RadioId, TextForm};
use narrowcast_protocol::session::{Job, Refusal, Step};

use crate::engine::Engine;
use crate::engine::dispatch::{JobRun, UNCONFIRMED_REPEATS, wants_sending};
use crate::engine::io::Effect;
use crate::engine::timers::Timer;
use crate::model::alert::Precedence;
use crate::model::book::{DeliveryBook, StandbyBook};
use crate::model::delivery::{End, FailReason, Outcome, RefusedBy, Rung};
use crate::model::evidence::Evidence;
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryId};

/// Longest wait between two attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(600);

impl Engine {
    /// A job's last bytes were written.
    pub(super) fn job_sent(&mut self, job: JobId) {
        if self.message_written(job) {
            return;
        }
        match self.jobs.get(&job).cloned() {
            Some(JobRun::Emergency(id)) => self.emergency_answered(id),
            Some(run) => self.reported(&run, Evidence::Written),
            None => {}
        }
    }

    pub(super) fn job_step(&mut self, job: JobId, step: Step) {
        if self.message_step(job, step) {
            return;
        }
        let Some(run) = self.jobs.get(&job).cloned() else {
            return;
        };
        match (step, run) {
            (Step::Accepted | Step::Taken { .. }, run) => {
                self.reported(&run, Evidence::StationAccepted);
            }
            (Step::OnAir, run) => self.reported(&run, Evidence::OnAir),
            (
                Step::Received { by },
                JobRun::One {
                    delivery,
                    radio,
                    part,
                    ..
                },
            ) => {
                if by == radio {
                    self.part_reported(delivery, part, Evidence::LinkConfirmed);
                }
            }
            (Step::Received { .. }, _) => {}
            (Step::Refused(_) | Step::Lost | Step::Done, run) => {
                self.jobs.remove(&job);
                self.taken_back.remove(&job);
                self.note_pace(&run, step);
                self.job_over(job, run, step);
            }
        }
    }

    /// Learns from a job that is over how fast its carrier is.
    fn note_pace(&mut self, run: &JobRun, step: Step) {
        match run {
            JobRun::One { delivery, .. } => {
                let known = self.delivery_book(*delivery);
                let known = known.and_then(|book| Some((book.carrier?, book.recipient.confirms)));
                if let Some((carrier, confirms)) = known {
                    self.note_end(carrier, confirms && step == Step::Done);
                }
            }
            JobRun::Group { run, .. } => self.note_end(run.carrier, false),
            _ => {}
        }
    }

    fn reported(&mut self, run: &JobRun, evidence: Evidence) {
        match run {
            JobRun::One { delivery, part, .. } => self.part_reported(*delivery, *part, evidence),
            JobRun::Group { run, part, parts } if part + 1 == *parts => {
                self.learn_group(*run, evidence);
            }
            _ => {}
        }
    }

    /// Something is proven of one part; what is proven of all of them is proven of the text.
    pub(super) fn part_reported(&mut self, id: DeliveryId, part: u8, evidence: Evidence) {
        let Some(rung) = evidence.proves() else {
            return;
        };
        let parts = self.parts_of(id);
        let progress = self.progress.entry(id).or_default();
        progress.prove(part, rung);
        let proven = progress.proven(parts);
        let of_text = match proven {
            Some(Rung::Sent) => Some(Evidence::Written),
            Some(Rung::Accepted) => Some(Evidence::StationAccepted),
            Some(Rung::Transmitted) => Some(Evidence::OnAir),
            Some(_) if rung >= Rung::Received => Some(evidence),
            Some(_) | None => None,
        };
        match of_text {
            Some(evidence) if proven >= Some(Rung::Received) => self.learn(id, evidence),
            other => {
                other
                    .into_iter()
                    .for_each(|evidence| self.learn(id, evidence));
                self.go_on_after_confirmation(id);
            }
        }
    }

    /// A text that its terminal acknowledges by number goes on with its next part as soon as the
    /// one before is acknowledged.
    fn go_on_after_confirmation(&mut self, id: DeliveryId) {
        let Some(delivery) = self.delivery_book(id) else {
            return;
        };
        let Some(radio) = delivery.recipient.radio else {
            return;
        };
        let idle = delivery.open.is_some()
            && !self.busy.contains(&radio)
            && self.queues.find(id.alert, id.index).is_none();
        let next = self
            .progress
            .get(&id)
            .and_then(|known| known.next(self.parts_of(id)));
        if idle && next.is_some() {
            self.enqueue(id, self.clock.mono());
        }
    }

    pub(super) fn delivery_book(&self, id: DeliveryId) -> Option<&DeliveryBook> {
        self.state.alerts.get(&id.alert)?.delivery(id.index)
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
                Step::Refused(refusal) => self.refused(delivery, radio, number, part, refusal),
                _ => self.attempt_over(delivery, radio, number, Outcome::Unclear),
            },
            JobRun::Group { run, part, parts } => {
                self.group_part_over(run, part, parts, step == Step::Done)
            }
            JobRun::Polls(run) => self.polls_over(job, &run),
            JobRun::Emergency(_) | JobRun::Baseline | JobRun::Admission => {}
        }
    }

    fn refused(&mut self, id: DeliveryId, radio: RadioId, number: u8, part: u8, why: Refusal) {
        let Some(delivery) = self.delivery_book(id) else {
            return;
        };
        // Taken back because the terminal had confirmed before it left.
        let confirmed = delivery.confirmed();
        let carrier = delivery.carrier;
        let outcome = match why {
            _ if confirmed => Outcome::Evidenced,
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
        if matches!(why, Refusal::TooLong | Refusal::Unencodable) {
            self.radio_spent(id, FailReason::Unencodable);
        }
        if matches!(why, Refusal::NoCarrier | Refusal::NoRoom)
            && let Some(run) = carrier.and_then(|carrier| self.carriers.get_mut(&carrier))
        {
            // It says so when it has room again.
            run.room = 0;
        }
        if outcome == Outcome::Withdrawn {
            return self.part_withdrawn(id, radio, number, part);
        }
        self.attempt_over(id, radio, number, outcome);
    }

    /// A part never left. If others of its attempt did, it waits for its turn again.
    fn part_withdrawn(&mut self, id: DeliveryId, radio: RadioId, number: u8, part: u8) {
        let progress = self.progress.entry(id).or_default();
        progress.take_back(part);
        let has_left = progress.has_left();
        let over = self
            .state
            .alerts
            .get(&id.alert)
            .is_none_or(|book| book.ended_at.is_some());
        if has_left && !over {
            self.busy.remove(&radio);
            self.touch_where_waiting(radio);
            self.enqueue(id, self.clock.mono());
        } else {
            let outcome = if has_left {
                Outcome::Unclear
            } else {
                Outcome::Withdrawn
            };
            self.attempt_over(id, radio, number, outcome);
        }
    }

    /// The session is through with a part: the next one, the wait for the terminal's
    /// acknowledgement, or the end of the attempt.
    fn part_over(&mut self, id: DeliveryId, radio: RadioId, number: u8, part: u8) {
        let Some(delivery) = self.delivery_book(id) else {
            return;
        };
        let recipient = &delivery.recipient;
        let form = delivery
            .carrier
            .map_or(recipient.form, |carrier| self.form_on(carrier, recipient));
        let confirms = recipient.confirms;
        let received = delivery.confirmed();
        let progress = self.progress.get(&id).copied().unwrap_or_default();
        let more = progress.next(self.parts_of(id)).is_some();
        // A trunked site that has taken a part delivers it in its own time.
        let taken = self.takes_over(delivery.carrier) && progress.is_proven(part, Rung::Accepted);
        if received {
            self.attempt_over(id, radio, number, Outcome::Evidenced);
        } else if more && (progress.is_received(part) || !confirms || taken) {
            self.busy.remove(&radio);
            self.enqueue(id, self.clock.mono());
        } else if !confirms {
            self.attempt_over(id, radio, number, Outcome::Evidenced);
        } else if form == TextForm::Tms {
            // The text carries a number, so its acknowledgement cannot be mistaken: the
            // radio is free for more urgent traffic meanwhile.
            self.busy.remove(&radio);
            self.touch_where_waiting(radio);
            let window = self.clock.mono() + self.state.policy.answer_window;
            self.timers.set(window, Timer::Window(id, number));
        } else {
            self.attempt_over(id, radio, number, Outcome::TimedOut);
        }
    }

    pub(super) fn window_closed(&mut self, id: DeliveryId, number: u8) {
        let Some(delivery) = self.delivery_book(id).filter(|d| d.open == Some(number)) else {
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
        let goes_on = self.queues.find(id.alert, id.index).is_some() || self.has_job(id);
        if !goes_on {
            self.attempt_over(id, radio, number, outcome);
        }
    }

    /// Whether stations of this kind take a text over and deliver it by themselves.
    fn takes_over(&self, carrier: Option<CarrierId>) -> bool {
        carrier.is_some_and(|id| self.kind(id) == CarrierKind::Backhaul)
    }

    /// Whether a trunked site has accepted the text and nothing higher has come: it is not sent
    /// again before the radio comes back, or a person asks for it.
    pub(super) fn is_with_the_site(&self, delivery: &DeliveryBook) -> bool {
        delivery.rung == Rung::Accepted && !delivery.again && self.takes_over(delivery.carrier)
    }

    /// A radio came back to a site: what the site took over for it and did not deliver is sent
    /// again.
    pub(super) fn recall(&mut self, radio: RadioId) {
        for id in self.deliveries_of(radio) {
            let Some(book) = self.state.alerts.get(&id.alert) else {
                continue;
            };
            let with_site = book.delivery(id.index).is_some_and(|delivery| {
                self.is_with_the_site(delivery)
                    && delivery.open.is_none()
                    && book.times_sent(delivery) < self.state.policy.max_attempts
            });
            let waits = self.queues.find(id.alert, id.index).is_some();
            if with_site && !waits && book.ended_at.is_none() {
                self.enqueue(id, self.clock.mono());
            }
        }
    }

    fn has_job(&self, id: DeliveryId) -> bool {
        let of_delivery =
            |run: &JobRun| matches!(run, JobRun::One { delivery, .. } if *delivery == id);
        self.jobs.values().any(of_delivery)
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
        let flash = book.alert.precedence == Precedence::Flash;
        if delivery.open == Some(number) {
            if let Some(carrier) = delivery
                .carrier
                .filter(|_| flash && outcome != Outcome::Withdrawn)
            {
                let until = self.clock.mono() + self.state.policy.attempt_gap;
                self.rests.begin(id, carrier, until);
            }
            *self.outcomes.entry(outcome_name(outcome)).or_default() += 1;
            self.emit(Fact::AttemptEnded {
                alert: id.alert,
                delivery: id.index,
                number,
                outcome,
            });
        }
        self.try_again(id, outcome);
        self.settle(id.alert);
    }

    /// Queues the next attempt, or ends the delivery when there were enough. What never left
    /// need not wait.
    pub(super) fn try_again(&mut self, id: DeliveryId, outcome: Outcome) {
        let Some(book) = self.state.alerts.get(&id.alert) else {
            return;
        };
        if book.ended_at.is_none() && self.turn_radio(id, outcome) {
            return;
        }
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
        if self.is_with_the_site(delivery) {
            return;
        }
        let policy = &self.state.policy;
        let made = delivery.attempts_now();
        let heard = book.times_sent(delivery);
        if heard >= policy.max_attempts {
            let confirms = delivery.recipient.confirms;
            self.progress.remove(&id);
            if confirms {
                self.radio_spent(id, FailReason::NoAcknowledgement);
            }
            return;
        }
        let wait = if outcome == Outcome::Withdrawn {
            Duration::ZERO
        } else {
            policy
                .attempt_gap
                .saturating_mul(1 << made.saturating_sub(1).min(8))
                .min(BACKOFF_MAX)
        };
        self.enqueue(id, self.clock.mono() + wait);
    }

    /// Nothing more is sent to the radio of a delivery: a telephone is tried at once, or the
    /// delivery ends where the person has none left.
    pub(super) fn radio_spent(&mut self, id: DeliveryId, reason: FailReason) {
        if self.ring_now(id) {
            return;
        }
        self.emit(Fact::DeliveryEnded {
            alert: id.alert,
            delivery: id.index,
            end: End::Failed(reason),
        });
        self.settle(id.alert);
    }

    /// Another radio of the person has its turn, where this one did not confirm: whether one has.
    fn turn_radio(&mut self, id: DeliveryId, outcome: Outcome) -> bool {
        let Some(book) = self.state.alerts.get(&id.alert) else {
            return false;
        };
        let Some(delivery) = book.delivery(id.index) else {
            return false;
        };
        if delivery.standby().is_empty()
            || delivery.settled(&book.alert.ask)
            || delivery.confirmed()
            || outcome == Outcome::Withdrawn
        {
            return false;
        }
        let most = self.state.policy.max_attempts;
        // A radio that confirms nothing gets it twice, one after the other.
        let goes_on = !delivery.recipient.confirms && wants_sending(&book.alert.ask, delivery);
        let open = |it: &&StandbyBook| {
            it.attempts_now() < most && (it.radio.confirms || it.completed() < UNCONFIRMED_REPEATS)
        };
        let next = delivery.standby().iter().filter(open);
        let Some(next) = next.min_by_key(|it| it.attempts_now()).filter(|_| !goes_on) else {
            return false;
        };
        // Its gap is counted from its own last attempt.
        let waits = next.attempts_now() > 0;
        let radio = next.radio.radio;
        self.progress.remove(&id);
        self.more.remove(&id);
        self.emit(Fact::RadioTurned {
            alert: id.alert,
            delivery: id.index,
            radio,
        });
        self.rests.turn(id);
        let gap = if waits {
            self.state.policy.attempt_gap
        } else {
            Duration::ZERO
        };
        self.enqueue(id, self.clock.mono() + gap);
        true
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
        let open = delivery.open;
        self.emit(Fact::Evidenced {
            alert: id.alert,
            delivery: id.index,
            evidence,
        });
        self.stop_ringing(id);
        let done = self.state.alerts.get(&id.alert).is_some_and(|book| {
            book.delivery(id.index)
                .is_some_and(|delivery| !wants_sending(&book.alert.ask, delivery))
        });
        if done {
            self.radio_done(id, open);
        }
    }

    /// A telephone of the recipient has the text: the radio need not get it any more.
    pub(super) fn radio_not_wanted(&mut self, id: DeliveryId) {
        let Some(delivery) = self.delivery_book(id) else {
            return;
        };
        let open = delivery.open;
        if delivery.recipient.radio.is_some() {
            self.radio_done(id, open);
        }
    }

    /// Takes back what has not left for the radio of a delivery, and ends what is open.
    fn radio_done(&mut self, id: DeliveryId, open: Option<u8>) {
        let radio = self.delivery_book(id).and_then(|it| it.recipient.radio);
        let of_delivery =
            |run: &JobRun| matches!(run, JobRun::One { delivery, .. } if *delivery == id);
        let under_way = self.jobs_where(of_delivery);
        if !under_way.is_empty() {
            // What has not left yet need not leave any more; what has comes to its end.
            for job in under_way {
                self.after_commit(Effect::Transmit(Job::Withdraw(job)));
            }
        } else {
            self.queues.remove(id.alert, id.index);
            match (open, radio) {
                (Some(number), Some(radio)) => {
                    self.attempt_over(id, radio, number, Outcome::Evidenced);
                }
                _ => {
                    self.ask_after_text(id);
                    self.settle(id.alert);
                }
            }
        }
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
        self.end_rings(alert);
        self.end_collection(alert);
        self.more.retain(|id, _| id.alert != alert);
        self.rests.end(alert);
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
        if self.wall() >= book.alert.expires_at {
            self.finish(alert, Some(End::Expired), None, None);
        } else {
            let again = self.clock.when(book.alert.expires_at);
            self.timers.set(again, Timer::Expiry(alert));
        }
    }

    pub(super) fn parts_of(&self, id: DeliveryId) -> u8 {
        let wording = self.delivery_book(id).and_then(|delivery| delivery.wording);
        wording.map_or(1, |wording| wording.parts).clamp(1, 15)
    }

    pub(super) fn touch_where_waiting(&mut self, radio: RadioId) {
        for id in self.deliveries_of(radio) {
            if let Some((Some(carrier), _)) = self.queues.find(id.alert, id.index) {
                self.queues.touch(carrier);
            }
        }
    }
}

pub(super) const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Evidenced => "evidenced",
        Outcome::Refused(_) => "refused",
        Outcome::TimedOut => "timed_out",
        Outcome::Withdrawn => "withdrawn",
        Outcome::Unclear => "unclear",
    }
}
