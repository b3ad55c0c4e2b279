//! Checks the invariants. It keeps books of its own, from the facts that are durable and
//! from what happened in the world; of the engine it believes nothing.

mod alerts;
mod budget;
mod jobs;
mod phones;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use narrowcast_protocol::air::StationId;
use narrowcast_protocol::air::{Acknowledgement, CarrierId, Heard, HeardKind, JobId, RadioId};
use narrowcast_protocol::session::CarrierState;
use narrowcast_protocol::time::Instant;
use narrowcast_world::air::AirEvent;
use narrowcast_world::smsc::CentreEvent;

use crate::engine::io::{Refusal, Request, Response, Submit, Ticket};
use crate::engine::views::{DeliveryView, Overview};
use crate::model::emergency::Emergency;
use crate::model::evidence::{AnsweredBy, Evidence};
use crate::model::facts::{Entry, Fact};
use crate::model::ids::{AlertId, DeliveryIndex, EmergencyId, Seq};
use crate::simulate::driver::{Driver, civil};
use crate::simulate::invariant::{Invariant, Violation};
use alerts::Alerts;
use budget::Budget;
use phones::{Phones, Verdict};

pub use tally::Tally;

/// How long after its end an alert may be missed in the books: the ledger takes its time.
const GRACE: Duration = Duration::from_secs(30);
/// A fragment that had begun when its acknowledgement came is sent to its end.
const UNDER_WAY: Duration = Duration::from_secs(2);
/// How long a distress call that was heard may take to be on record.
const RECORDED_WITHIN: Duration = Duration::from_secs(30);
/// Most jobs that one carrier may have open.
const JOBS: usize = 24;
/// Most outputs, commits and datagrams that may wait.
const WAITING: usize = 5_000;

/// A job that was let out.
#[derive(Debug)]
struct Given {
    delivery: Option<(AlertId, DeliveryIndex)>,
    carrier: CarrierId,
    to: Option<RadioId>,
    text: String,
    /// Whether it was taken back; a fragment that has begun is sent to its end all the same.
    withdrawn: bool,
}

/// What a request was about.
#[derive(Debug)]
enum Asked {
    Submit(AlertId),
    Deliveries(AlertId),
    Overview,
    Other,
}

/// The observer of a run.
#[derive(Debug)]
pub(super) struct Watch {
    now: Instant,
    alerts: Alerts,
    phones: Phones,
    asked: BTreeMap<Ticket, Asked>,
    carriers: BTreeSet<CarrierId>,
    budget: Budget,
    jobs: BTreeMap<JobId, Given>,
    /// Messages that sessions have.
    messages: BTreeSet<JobId>,
    /// Texts and statuses that radios sent and the ledger has.
    recorded: BTreeSet<(RadioId, String)>,
    /// What is owed to a radio, and for which of its texts.
    owed: Vec<(Acknowledgement, RadioId, String)>,
    raised: BTreeMap<EmergencyId, RadioId>,
    open: BTreeMap<EmergencyId, RadioId>,
    closing: BTreeSet<EmergencyId>,
    /// Distress calls that were heard and are not on record yet.
    calling: BTreeMap<RadioId, Instant>,
    back_at: Instant,
    away: bool,
    pub(super) tally: Tally,
    broken: Option<Violation>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            now: Instant::ZERO,
            alerts: Alerts::default(),
            phones: Phones::default(),
            asked: BTreeMap::new(),
            carriers: BTreeSet::new(),
            budget: Budget::default(),
            jobs: BTreeMap::new(),
            messages: BTreeSet::new(),
            recorded: BTreeSet::new(),
            owed: Vec::new(),
            raised: BTreeMap::new(),
            open: BTreeMap::new(),
            closing: BTreeSet::new(),
            calling: BTreeMap::new(),
            back_at: Instant::ZERO,
            away: false,
            tally: Tally::default(),
            broken: None,
        }
    }

    pub(super) const fn at(&mut self, now: Instant) {
        self.now = now;
    }

    /// The first promise that was broken.
    pub(super) fn verdict(&self) -> Result<(), Violation> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    fn broken(&mut self, invariant: Invariant, what: String) {
        let at = self.now;
        self.broken.get_or_insert(Violation {
            invariant,
            at,
            what,
        });
    }

    fn demand(&mut self, holds: bool, invariant: Invariant, what: impl FnOnce() -> String) {
        if !holds {
            self.broken(invariant, what());
        }
    }

    pub(super) fn asks(&mut self, ticket: Ticket, request: &Request) {
        let asked = match request {
            Request::Submit(Submit { id, .. }) => Asked::Submit(*id),
            Request::Deliveries { alert, .. } => Asked::Deliveries(*alert),
            Request::Overview => Asked::Overview,
            Request::CloseEmergency { id, .. } => {
                self.closing.insert(*id);
                Asked::Other
            }
            _ => Asked::Other,
        };
        self.asked.insert(ticket, asked);
    }

    pub(super) fn replied(&mut self, ticket: Ticket, result: &Result<Response, Refusal>) {
        match (self.asked.remove(&ticket), result) {
            (Some(Asked::Submit(id)), Ok(Response::Accepted(_))) => {
                self.tally.accepted += 1;
                let known = self.alerts.get(id).is_some();
                self.demand(known, Invariant::NothingAcceptedIsLost, || {
                    format!("alert {id} was accepted and is not on the ledger")
                });
            }
            (Some(Asked::Submit(_)), Err(_)) => self.tally.refused += 1,
            (Some(Asked::Deliveries(id)), Ok(Response::Deliveries(views))) => {
                self.compare(id, views)
            }
            (Some(Asked::Overview), Ok(Response::Overview(overview))) => self.sizes(overview),
            _ => {}
        }
    }

    /// The engine never shows more than the ledger proves.
    fn compare(&mut self, id: AlertId, views: &[DeliveryView]) {
        for view in views {
            let proved = self
                .alerts
                .get(id)
                .and_then(|alert| alert.delivery(view.index))
                .map(|delivery| delivery.rung);
            self.demand(
                proved.is_some_and(|proved| view.rung <= proved),
                Invariant::NoRungWithoutEvidence,
                || {
                    format!(
                        "delivery {} of {id} is shown as {:?}, its facts prove {proved:?}",
                        view.index.0, view.rung
                    )
                },
            );
        }
    }

    fn sizes(&mut self, overview: &Overview) {
        let jobs = JOBS * (self.carriers.len() + 1);
        self.demand(overview.jobs <= jobs, Invariant::MemoryIsBounded, || {
            format!(
                "{} jobs are open on {} carriers",
                overview.jobs,
                jobs / JOBS - 1
            )
        });
        let (alerts, places) = self.alerts.bounds(civil(self.now).wall);
        let places = places + self.phones.telephones();
        self.demand(
            overview.alerts <= alerts && overview.waiting <= places,
            Invariant::MemoryIsBounded,
            || {
                format!(
                    "{} alerts in memory where {alerts} are open or fresh, {} places for {places}",
                    overview.alerts, overview.waiting
                )
            },
        );
    }

    pub(super) fn durable(&mut self, facts: &[(Seq, Entry)]) {
        for (_, entry) in facts {
            self.tally.facts += 1;
            self.fact(entry);
        }
    }

    fn fact(&mut self, entry: &Entry) {
        match &entry.fact {
            Fact::EmergencyRaised(emergency) => {
                self.tally.emergencies += 1;
                self.calling.remove(&emergency.radio);
                self.raised.insert(emergency.id, emergency.radio);
                self.open.insert(emergency.id, emergency.radio);
            }
            Fact::EmergencyClosed { id, .. } => {
                self.open.remove(id);
                let asked = self.closing.contains(id);
                self.demand(asked, Invariant::NoEmergencyIsRefused, || {
                    format!("emergency {id} was closed and nobody asked for it")
                });
            }
            Fact::Polled {
                alert,
                carrier,
                polls,
            } => self.airtime(Some(*alert), *carrier, u32::from(*polls)),
            Fact::PolicyInForce(policy) => {
                self.budget.begin(policy);
                self.phones.begin(policy);
                self.alerts.learn(self.now, entry.at, &entry.fact);
            }
            Fact::ReportHeard { from, text, .. } => {
                self.recorded.insert((*from, text.clone()));
            }
            fact => {
                if let Fact::Evidenced {
                    alert,
                    delivery,
                    evidence: Evidence::Answered(answer),
                } = fact
                    && let AnsweredBy::Sms(phone) = answer.by
                {
                    let (alert, index) = (*alert, *delivery);
                    let text = &answer.text;
                    let verdict = self.phones.answer(alert, index, phone, text, &self.alerts);
                    self.judge(verdict);
                }
                let (proved, verdict) = self.phones.learn(fact);
                self.judge(verdict);
                if let Some((alert, index, rung)) = proved {
                    self.tally.received += u64::from(self.alerts.lift(alert, index, rung));
                }
                if let Fact::Recipients {
                    alert,
                    first,
                    recipients,
                } = fact
                {
                    for (index, recipient) in (first.0..).map(DeliveryIndex).zip(recipients) {
                        self.phones.recipient(*alert, index, recipient.phones());
                    }
                }
                let learnt = self.alerts.learn(self.now, entry.at, fact);
                self.tally.received += u64::from(learnt.received);
                self.tally.answered += u64::from(learnt.answered);
                self.recorded.extend(learnt.text);
                if let Some(what) = learnt.without_grounds {
                    self.broken(Invariant::NoRungWithoutEvidence, what);
                }
            }
        }
    }

    fn airtime(&mut self, alert: Option<AlertId>, carrier: CarrierId, bursts: u32) {
        let precedence = alert.and_then(|alert| self.alerts.precedence(alert));
        let within = precedence
            .is_none_or(|precedence| self.budget.spend(self.now, carrier, precedence, bursts));
        self.demand(within, Invariant::NoCarrierAboveItsBudget, || {
            format!("{precedence:?} takes more of carrier {carrier} than its ceiling permits")
        });
    }

    pub(super) fn carrier(&mut self, id: CarrierId, state: CarrierState, room: u8) {
        self.carriers.insert(id);
        if self.phones.is_route(id.station) {
            self.phones.link(self.now, id.station, state, room);
        }
    }

    /// The operator of a route did this.
    pub(super) fn operator(&mut self, route: StationId, event: &CentreEvent) {
        let verdict = self.phones.operator(self.now, route, event, &self.alerts);
        self.judge(verdict);
        self.tally.sms_taken = self.phones.taken;
        self.tally.sms_delivered = self.phones.delivered;
    }

    fn judge(&mut self, verdict: Verdict) {
        if let Some((invariant, what)) = verdict {
            self.broken(invariant, what);
        }
        self.tally.sms_answered = self.phones.answered;
    }

    /// The engine was told this. `core` shows what it made of a distress call.
    pub(super) fn heard(&mut self, heard: &Heard, core: &Driver) {
        match &heard.what {
            HeardKind::Emergency { from, .. } => {
                let open = core
                    .engine()
                    .emergencies()
                    .any(|known| known.radio == *from && known.closed.is_none());
                self.demand(
                    open || core.keeps(*from),
                    Invariant::NoEmergencyIsRefused,
                    || format!("the emergency of {from} was heard and is not shown"),
                );
                if !self.open.values().any(|radio| radio == from) {
                    self.calling.entry(*from).or_insert(self.now);
                }
            }
            HeardKind::Text { from, text, .. } => {
                let shown = crate::model::text::shown(text.trim());
                for owed in &heard.owed {
                    // Numbers come round: the newest message of a number is meant.
                    self.owed
                        .retain(|(known, ..)| *known != owed.acknowledgement);
                    self.owed
                        .push((owed.acknowledgement.clone(), *from, shown.clone()));
                }
            }
            _ => {}
        }
    }

    pub(super) fn air(&mut self, event: &AirEvent) {
        match event {
            AirEvent::Down(_) => self.tally.bursts_down += 1,
            AirEvent::Up(_) => self.tally.bursts_up += 1,
            AirEvent::Collision => self.tally.collisions += 1,
            AirEvent::UpEnded => {}
            AirEvent::Shown { radio, text } => {
                let Ok(radio) = RadioId::new(*radio) else {
                    return;
                };
                let grounds = self.alerts.shown(radio, text);
                self.demand(grounds, Invariant::NoTransmissionWithoutAttempt, || {
                    format!("{radio} shows {text:?}, and no attempt is on the ledger")
                });
            }
        }
    }

    /// The ledger failed, or the process was killed.
    pub(super) fn away(&mut self, killed: bool) {
        self.tally.outages += 1;
        self.away = true;
        self.asked.clear();
        self.owed.clear();
        self.jobs.clear();
        if killed {
            // What only the process knew is gone; the radios call again.
            self.calling.clear();
            self.phones.hang_up();
        }
    }

    pub(super) fn back(&mut self) {
        self.away = false;
        self.back_at = self.now;
        self.budget.again();
    }

    /// A commit that hung has come to its end: what waited for it may be on record now.
    pub(super) const fn caught_up(&mut self) {
        self.back_at = self.now;
    }

    /// What can be told at any moment.
    pub(super) fn check(&mut self, waiting: usize, core: &Driver) {
        self.demand(waiting <= WAITING, Invariant::MemoryIsBounded, || {
            format!("{waiting} outputs, commits and datagrams wait")
        });
        let late = self.away || core.is_hanging(self.now);
        if late || self.now.since(self.back_at) < GRACE {
            return;
        }
        let hidden = self.open.keys().copied().find(|id| {
            let shown = |known: &Emergency| known.id == *id && known.closed.is_none();
            !core.engine().emergencies().any(shown) && !self.closing.contains(id)
        });
        if let Some(id) = hidden {
            self.broken(
                Invariant::NoEmergencyIsRefused,
                format!("emergency {id} is open and is not shown"),
            );
        }
        let verdict = self.phones.untried(self.now, self.back_at, &self.alerts);
        self.judge(verdict);
        let wall = civil(self.now).wall;
        if let Some(id) = self.alerts.overdue(wall, GRACE) {
            self.broken(
                Invariant::EveryAlertEnds,
                format!("alert {id} has expired and has no end"),
            );
        }
        let unrecorded = self
            .calling
            .iter()
            .find(|(_, at)| self.now.since((**at).max(self.back_at)) > RECORDED_WITHIN);
        if let Some(radio) = unrecorded.map(|(radio, _)| *radio) {
            self.broken(
                Invariant::NoEmergencyIsRefused,
                format!("the emergency of {radio} was heard and is not on record"),
            );
        }
    }

    /// Alerts that have no end yet, oldest first.
    pub(super) fn live(&self) -> Vec<AlertId> {
        self.alerts.live()
    }

    /// Emergencies that nobody has closed, oldest first.
    pub(super) fn emergencies(&self) -> Vec<EmergencyId> {
        self.open.keys().copied().collect()
    }
}
