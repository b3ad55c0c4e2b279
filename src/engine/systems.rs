//! Alerts to external systems, and the sinks that feed them.
//!
//! A system is fed by a sink, which reads the ledger by itself: the acceptance on disk is the
//! attempt, and the sink repeats it until the system takes or refuses it. So nothing waits in a
//! queue here. What the system did comes from the sink, which goes on only when that is durable.

use crate::engine::Engine;
use crate::engine::io::{Refusal, Response, SystemSays};
use crate::model::delivery::{End, FailReason};
use crate::model::evidence::Evidence;
use crate::model::facts::Fact;
use crate::model::ids::DeliveryId;
use crate::model::roster::Recipient;
use crate::model::text;
use crate::model::token::Principal;

/// Most characters of a receiver's words that are kept.
const WHY: usize = 300;

impl Engine {
    /// Records what a system did with an alert. Said twice, or of an alert that has left memory, it
    /// changes nothing.
    ///
    /// # Errors
    /// Somebody else than the server says so.
    pub(super) fn system_says(
        &mut self,
        who: &Principal,
        id: DeliveryId,
        sink: &str,
        says: SystemSays,
    ) -> Result<Response, Refusal> {
        if *who != Principal::system() {
            return Err(Refusal::Forbidden);
        }
        let DeliveryId { alert, index } = id;
        let Some(delivery) = self.state.delivery_book(id) else {
            return Ok(Response::Done(self.state.seq));
        };
        let fed = delivery.recipient.system();
        if fed.is_none_or(|(_, by)| by != sink) {
            return Err(Refusal::NotFound("delivery to a system over this sink"));
        }
        let is_over = delivery.end.is_some();
        match says {
            SystemSays::Acknowledged => self.learn(id, Evidence::SystemAcknowledged),
            SystemSays::Brokered => self.learn(id, Evidence::BrokerAccepted),
            SystemSays::Refused if is_over => {}
            SystemSays::Refused => {
                let end = End::Failed(FailReason::RefusedBySystem);
                self.emit(Fact::DeliveryEnded {
                    alert,
                    delivery: index,
                    end,
                });
            }
        }
        self.settle(alert);
        Ok(Response::Done(self.state.seq))
    }

    /// Records that a sink does not get on, or does again, so that others learn of it.
    ///
    /// # Errors
    /// Somebody else than the server says so.
    pub(super) fn sink_says(
        &mut self,
        who: &Principal,
        sink: String,
        why: Option<String>,
    ) -> Result<Response, Refusal> {
        if *who != Principal::system() {
            return Err(Refusal::Forbidden);
        }
        let mut sinks = self.state.policy.sinks.iter();
        let known = sinks.find(|known| known.name == sink);
        let node = known.ok_or(Refusal::NotFound("sink"))?.node.clone();
        let fact = match why {
            Some(why) => {
                let why = text::shown(&why).chars().take(WHY).collect();
                Fact::SinkBehind { sink, node, why }
            }
            None => Fact::SinkRecovered { sink, node },
        };
        Ok(Response::Done(self.emit(fact)))
    }

    /// What keeps an alert from a system, if anything.
    pub(super) fn unfed(&self, recipient: &Recipient) -> Option<String> {
        let (id, sink) = recipient.system()?;
        let sinks = &self.state.policy.sinks;
        match sinks.iter().find(|known| known.name == sink) {
            None => Some(format!(
                "system:{id} is fed by the sink {sink}, and there is none: add a [[webhook]], [[mqtt]] or [[cap.out]] of this name"
            )),
            Some(known) if !known.node.covers(&recipient.node) => Some(format!(
                "the sink {sink} of system:{id} gets the share of {} only: give it a node that covers {}",
                known.node, recipient.node
            )),
            Some(_) => None,
        }
    }
}

impl SystemSays {
    /// What a receiver of this kind of sink says by taking a message: behind a broker, and of a file
    /// in a directory, nobody knows whether the system itself has it.
    #[must_use]
    pub fn by_taking(kind: &str) -> Self {
        if matches!(kind, "mqtt" | "directory") {
            Self::Brokered
        } else {
            Self::Acknowledged
        }
    }
}
