//! What leaves the engine and how it comes along.

use narrowcast_protocol::air::{self, Acknowledgement, Address, CarrierId, JobId, Transmission};
use narrowcast_protocol::session::{Job, Refusal as JobRefusal, Step};

use super::{Given, UNDER_WAY, Watch};
use crate::simulate::invariant::Invariant;

impl Watch {
    /// A job leaves the engine.
    pub(in crate::simulate) fn let_out(&mut self, job: &Job) {
        match job {
            Job::Send {
                id,
                carrier,
                transmission,
            } => {
                self.tally.sent += 1;
                self.transmission(*id, *carrier, transmission);
            }
            Job::Acknowledge {
                acknowledgement, ..
            } => self.acknowledges(acknowledgement),
            Job::Withdraw(id) => {
                if let Some(given) = self.jobs.get_mut(id) {
                    given.withdrawn = true;
                }
            }
            Job::Collect { .. } | Job::Admit { .. } => {}
        }
    }

    fn transmission(&mut self, id: JobId, carrier: CarrierId, transmission: &Transmission) {
        let text = match transmission {
            Transmission::Text(text) => text,
            Transmission::Sms(_) => {
                self.messages.insert(id);
                return;
            }
            _ => return,
        };
        let delivery = match text.to {
            Address::Radio(radio) => self.alerts.attempt(radio, carrier, text),
            Address::Group(_) => None,
        };
        let grounds = match text.to {
            Address::Radio(_) => delivery.is_some(),
            Address::Group(group) => self.alerts.group_attempt(group, carrier),
        };
        self.demand(grounds, Invariant::NoTransmissionWithoutAttempt, || {
            format!(
                "{id:?} to {} over {carrier} has no attempt on the ledger",
                text.to
            )
        });
        let is_read = match (text.to, delivery) {
            (Address::Radio(_), Some((alert, index))) => {
                self.alerts.is_read(alert, index, &text.text)
            }
            (Address::Group(group), _) => self.alerts.is_read_in(group, &text.text),
            (Address::Radio(_), None) => true,
        };
        self.demand(is_read, Invariant::NoOtherLanguage, || {
            format!("{:?} went to {} over {carrier}", text.text, text.to)
        });
        let alert = delivery.map(|(alert, _)| alert);
        let alert = alert.or_else(|| self.alerts.named(&text.text));
        let octets = air::text_octets(text.form, &text.text);
        let kind = self.budget.kind(carrier);
        let bursts = air::text_bursts(kind, text.form, text.delivery, octets);
        self.airtime(alert, carrier, bursts);
        let to = match text.to {
            Address::Radio(radio) => Some(radio),
            Address::Group(_) => None,
        };
        let text = text.text.clone();
        let given = Given {
            delivery,
            carrier,
            to,
            text,
            withdrawn: false,
        };
        self.jobs.insert(id, given);
    }

    /// "I have your message" is said of what the ledger has, and of nothing else.
    fn acknowledges(&mut self, acknowledgement: &Acknowledgement) {
        if let Acknowledgement::Emergency { to, .. } = acknowledgement {
            let known = self.raised.values().any(|radio| radio == to);
            return self.demand(known, Invariant::NothingAcceptedIsLost, || {
                format!("the emergency of {to} was acknowledged and is not on the ledger")
            });
        }
        let found = self
            .owed
            .iter()
            .position(|(owed, ..)| owed == acknowledgement);
        if let Some((_, radio, text)) = found.map(|at| self.owed.swap_remove(at)) {
            let known = self.recorded.contains(&(radio, text.clone()));
            self.demand(known, Invariant::NothingAcceptedIsLost, || {
                format!("{text:?} of {radio} was acknowledged and is not on the ledger")
            });
        }
    }

    /// The last byte of a job was written.
    pub(in crate::simulate) fn written(&mut self, job: JobId) {
        let Some(given) = self.jobs.get(&job) else {
            return;
        };
        if let (Some((alert, index)), Some(radio)) = (given.delivery, given.to) {
            let (text, withdrawn) = (given.text.clone(), given.withdrawn);
            let way = (alert, index, given.carrier);
            if let Some(what) = self.alerts.too_often(self.now, way, (radio, &text)) {
                self.broken(Invariant::NoTextTooOften, what);
            }
            self.alerts.written(alert, index);
            let acknowledged = self.alerts.acknowledged_at(alert, index);
            // A modem that stands still may hold for long what it was given before.
            let late = !withdrawn && acknowledged.is_some_and(|at| at + UNDER_WAY < self.now);
            self.demand(!late, Invariant::NothingSentAfterItsAcknowledgement, || {
                let at = acknowledged.unwrap_or_default();
                format!("delivery {} of {alert} was sent; its acknowledgement stands on record since {at}", index.0)
            });
        }
    }

    pub(in crate::simulate) fn step(&mut self, job: JobId, step: Step) {
        // An operator that finds us too fast takes back the room while a message is on its way.
        let room = step != Step::Refused(JobRefusal::NoRoom) || self.messages.contains(&job);
        self.demand(room, Invariant::NoCarrierAboveItsBudget, || {
            format!("{job:?} was handed to a carrier that had no room for it")
        });
        if matches!(step, Step::Refused(_) | Step::Lost | Step::Done) {
            self.jobs.remove(&job);
            self.messages.remove(&job);
        }
    }
}
