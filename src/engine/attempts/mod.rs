//! Attempts: what sessions have been given to send, how far each text has come, and when it is
//! tried again.
//!
//! An attempt is one try of a delivery over one carrier to one radio; its parts are jobs. What
//! has become of the parts is counted in [`Progress`]. Nothing here knows queues or room: the
//! engine asks what follows, and does it.
//!
//! | part | decides |
//! |---|---|
//! | `job` | what a job is for |
//! | `parts` | which part of a text is next, and what is proven of all of them |
//! | `rests` | when a carrier may send a Flash again |
//! | `next` | what follows a part, and what follows an attempt |

mod job;
mod next;
mod parts;
mod rests;

use std::collections::{BTreeMap, HashMap, HashSet};

use narrowcast_protocol::air::{CarrierId, JobId, RadioId};
use narrowcast_protocol::time::Instant;

pub(super) use crate::engine::attempts::job::{GroupRunId, JobRun, PartRun};
pub(super) use crate::engine::attempts::next::{AfterPart, AfterTry, after_try, rests_for};
use crate::engine::attempts::parts::Progress;
use crate::engine::attempts::rests::Rests;
use crate::engine::state::State;
use crate::engine::timers::Timers;
use crate::model::alert::Precedence;
use crate::model::delivery::Rung;
use crate::model::evidence::Evidence;
use crate::model::ids::{AlertId, DeliveryId};

/// What sessions have, and how far each text has come.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    jobs: HashMap<JobId, JobRun>,
    /// Jobs taken back to let a Flash pass, until they are over.
    taken_back: HashSet<JobId>,
    /// Radios to which something is under way.
    busy: HashSet<RadioId>,
    progress: HashMap<DeliveryId, Progress>,
    /// How many further alerts wait for the radio of a delivery; its text says so.
    more: HashMap<DeliveryId, u16>,
    /// Which carriers have just sent a Flash.
    rests: Rests,
    /// The next part of each group transmission that is not finished.
    groups: BTreeMap<GroupRunId, u8>,
    /// When the windows for the terminals' acknowledgements of attempts close.
    windows: Timers<(DeliveryId, u8)>,
}

impl Attempts {
    /// When something is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.windows.next()
    }

    /// The next attempt whose window has closed.
    pub(super) fn window_closed(&mut self, now: Instant) -> Option<(DeliveryId, u8)> {
        self.windows.due(now)
    }

    /// The window for the terminal's acknowledgement of an attempt closes at `at`.
    pub(super) fn open_window(&mut self, id: DeliveryId, number: u8, at: Instant) {
        self.windows.set(at, (id, number));
    }

    /// A session gets a job.
    pub(super) fn begin(&mut self, job: JobId, run: JobRun) {
        if let JobRun::One(part) = run {
            self.busy.insert(part.radio);
        }
        self.jobs.insert(job, run);
    }

    /// What a job is for, while a session has it.
    pub(super) fn job(&self, job: JobId) -> Option<JobRun> {
        self.jobs.get(&job).copied()
    }

    /// A job has come to its end.
    pub(super) fn end_job(&mut self, job: JobId) {
        self.jobs.remove(&job);
        self.taken_back.remove(&job);
    }

    /// How many jobs sessions have.
    pub(super) fn under_way(&self) -> usize {
        self.jobs.len()
    }

    /// The jobs of this kind, oldest first: the same in every run.
    pub(super) fn jobs_where(&self, wanted: impl Fn(&JobRun) -> bool) -> Vec<JobId> {
        let jobs = self.jobs.iter().filter(|(_, run)| wanted(run));
        let mut jobs: Vec<JobId> = jobs.map(|(id, _)| *id).collect();
        jobs.sort_unstable();
        jobs
    }

    /// Whether a session has a part of this delivery's text.
    pub(super) fn has_job(&self, id: DeliveryId) -> bool {
        self.jobs.values().any(|run| run.is_of(id))
    }

    /// Jobs that stand before a Flash at a carrier and are taken back, each once.
    pub(super) fn take_back_for_flash(&mut self, state: &State, carrier: CarrierId) -> Vec<JobId> {
        let stands_before = |run: &JobRun| {
            let alert = run.alert().and_then(|alert| state.alerts.get(&alert));
            let Some(alert) = alert.map(|book| &book.alert) else {
                return false;
            };
            let over = match run {
                JobRun::One(part) => {
                    let delivery = state.delivery_book(part.delivery);
                    delivery.and_then(|delivery| delivery.carrier)
                }
                JobRun::Group { run, .. } => Some(run.carrier),
                _ => None,
            };
            over == Some(carrier) && alert.precedence > Precedence::Flash
        };
        let mut jobs = self.jobs_where(stands_before);
        jobs.retain(|job| self.taken_back.insert(*job));
        jobs
    }

    /// Whether something is under way to a radio.
    pub(super) fn is_busy(&self, radio: RadioId) -> bool {
        self.busy.contains(&radio)
    }

    /// Something is under way to a radio.
    pub(super) fn occupy(&mut self, radio: RadioId) {
        self.busy.insert(radio);
    }

    /// Nothing is under way to a radio any more.
    pub(super) fn free(&mut self, radio: RadioId) {
        self.busy.remove(&radio);
    }

    /// The next of `parts` that an attempt hands over, if one is left.
    pub(super) fn next_part(&mut self, id: DeliveryId, number: u8, parts: u8) -> Option<u8> {
        let progress = self.progress.entry(id).or_default();
        progress.begin(number);
        let part = progress.next(parts)?;
        progress.hand_over(part);
        Some(part)
    }

    /// A part came back and never left. Whether others of its attempt may have left.
    pub(super) fn take_back(&mut self, id: DeliveryId, part: u8) -> bool {
        let progress = self.progress.entry(id).or_default();
        progress.take_back(part);
        progress.has_left()
    }

    /// Something is proven of one part: what is then proven of the whole text, as evidence, and
    /// whether its terminal has all of it.
    pub(super) fn prove(
        &mut self,
        id: DeliveryId,
        (part, parts): (u8, u8),
        evidence: Evidence,
    ) -> Option<(Evidence, bool)> {
        let rung = evidence.proves()?;
        let progress = self.progress.entry(id).or_default();
        progress.prove(part, rung);
        let proven = progress.proven(parts)?;
        let evidence = match proven {
            Rung::Sent => Evidence::Written,
            Rung::Accepted => Evidence::StationAccepted,
            Rung::Transmitted => Evidence::OnAir,
            _ if rung >= Rung::Received => evidence,
            _ => return None,
        };
        Some((evidence, proven >= Rung::Received))
    }

    /// Whether a part of the text is left that is neither confirmed nor handed over.
    pub(super) fn has_next(&self, state: &State, id: DeliveryId) -> bool {
        let progress = self.progress.get(&id);
        progress.is_some_and(|progress| progress.next(parts_of(state, id)).is_some())
    }

    /// What was counted of a wording is over: the next attempt begins with its first part.
    pub(super) fn new_wording(&mut self, id: DeliveryId) {
        self.progress.remove(&id);
    }

    /// Nothing more is sent to the radio of a delivery in this turn.
    pub(super) fn done(&mut self, id: DeliveryId) {
        self.progress.remove(&id);
        self.more.remove(&id);
    }

    /// How many further alerts the next attempt of a delivery announces.
    pub(super) fn announces(&self, id: DeliveryId) -> u16 {
        self.more.get(&id).copied().unwrap_or(0)
    }

    /// Further alerts wait for the radio of a delivery, or none.
    pub(super) fn announce(&mut self, id: DeliveryId, more: Option<u16>) {
        match more {
            Some(more) => self.more.insert(id, more),
            None => self.more.remove(&id),
        };
    }

    /// A carrier has sent a Flash, and must not send it again before `until`.
    pub(super) fn rest(&mut self, id: DeliveryId, carrier: CarrierId, until: Instant) {
        self.rests.begin(id, carrier, until);
    }

    /// When a carrier may send a delivery again; none if it may now.
    pub(super) fn rests_until(
        &self,
        id: DeliveryId,
        carrier: CarrierId,
        now: Instant,
    ) -> Option<Instant> {
        self.rests.until(id, carrier, now)
    }

    /// A delivery addresses another radio of its person from here on.
    pub(super) fn turn_radio(&mut self, id: DeliveryId) {
        self.done(id);
        self.rests.turn(id);
    }

    /// A person asked for deliveries to be sent again: no carrier rests from the alert.
    pub(super) fn sent_again(&mut self, alert: AlertId) {
        self.rests.end(alert);
    }

    /// The next part of a group transmission that waits.
    pub(super) fn group_part(&self, run: GroupRunId) -> u8 {
        self.groups.get(&run).copied().unwrap_or(0)
    }

    /// A part of a group transmission waits for its carrier.
    pub(super) fn wait_group(&mut self, run: GroupRunId, part: u8) {
        self.groups.insert(run, part);
    }

    /// A group transmission is over.
    pub(super) fn end_group(&mut self, run: GroupRunId) {
        self.groups.remove(&run);
    }

    /// Whether group transmissions of an alert are not over.
    pub(super) fn transmits(&self, alert: AlertId) -> bool {
        self.groups.keys().any(|run| run.alert == alert)
    }

    /// An alert has ended: its jobs, oldest first, of which what has not left is to be withdrawn.
    pub(super) fn end_alert(&mut self, alert: AlertId) -> Vec<JobId> {
        self.more.retain(|id, _| id.alert != alert);
        self.rests.end(alert);
        self.groups.retain(|run, _| run.alert != alert);
        self.jobs_where(|run| run.alert() == Some(alert))
    }
}

/// How many parts the wording of a delivery has.
pub(super) fn parts_of(state: &State, id: DeliveryId) -> u8 {
    let wording = state
        .delivery_book(id)
        .and_then(|delivery| delivery.wording);
    wording.map_or(1, |wording| wording.parts).clamp(1, 15)
}

#[cfg(test)]
mod tests;
