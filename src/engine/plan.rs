//! What a dry run says: who would be reached, over which carriers, and when.

use std::collections::BTreeMap;

use narrowcast_protocol::air::{CarrierId, Delivery};

use crate::engine::Engine;
use crate::engine::air::Load;
use crate::engine::compose;
use crate::engine::io::{Refusal, Response, Submit, SystemSays};
use crate::engine::known::known;
use crate::engine::languages::{self, part_groups};
use crate::engine::views::{CarrierPlan, Plan, PlannedRecipient};
use crate::model::alert::{Alert, Ask};
use crate::model::delivery::Rung;
use crate::model::facts::Prediction;
use crate::model::roster::Recipient;
use crate::model::token::Principal;

/// How many recipients a dry run lists.
const SAMPLE: usize = 200;

impl Engine {
    /// What would become of a submission.
    pub(super) fn dry_run(&self, who: &Principal, submit: Submit) -> Result<Response, Refusal> {
        let mut recipients = self.check(who, &submit)?;
        let (by, node) = (who.name.clone(), who.node.clone());
        let alert = self.draft(submit, &recipients, by, node, None);
        part_groups(&alert, &mut recipients);
        Ok(Response::Plan(Box::new(self.plan(&alert, &recipients))))
    }

    /// What would become of an alert.
    fn plan(&self, alert: &Alert, recipients: &[Recipient]) -> Plan {
        let mut plan = Plan {
            recipients: alert.recipients,
            at_best_sent: 0,
            unreachable: 0,
            parts: 0,
            answer_set: alert.answer_set.map(|set| set.name),
            words_only: alert.answer_set.is_none() && self.wants_set(alert, recipients),
            readers: languages::readers(alert, recipients),
            baseline_polls: 0,
            hindrances: self.hindered(alert, recipients).told,
            carriers: Vec::new(),
            sms: self.sms_plan(alert, recipients),
            no_sms: self.no_sms_for(alert).map(str::to_owned),
            sample: Vec::new(),
        };
        for recipient in recipients {
            let carrier = self.air.carrier_for(known!(self), alert, recipient);
            let best = self.best_rung(&alert.ask, recipient, carrier);
            plan.at_best_sent += u32::from(best == Rung::Sent);
            let rings = !recipient.phones().is_empty() || recipient.system().is_some();
            plan.unreachable += u32::from(carrier.is_none() && !rings);
            let lacks =
                self.collection
                    .lacks_baseline(&self.state, alert, recipient.radio, carrier);
            plan.baseline_polls += u32::from(lacks);
            let mode = if recipient.confirms {
                Delivery::Confirmed
            } else {
                Delivery::Unconfirmed
            };
            let form = carrier.map_or(recipient.form, |id| self.state.form_on(id, recipient));
            let said = alert.said_to(&recipient.language);
            if let Ok(parts) = compose::parts(&self.state.policy, said, form, mode, 0) {
                plan.parts = plan.parts.max(u8::try_from(parts.len()).unwrap_or(u8::MAX));
            }
            if plan.sample.len() < SAMPLE {
                plan.sample.push(PlannedRecipient {
                    radio: recipient.radio,
                    person: recipient.person().map(str::to_owned),
                    system: recipient.system().map(|(id, _)| id.to_owned()),
                    name: recipient.name.clone(),
                    carrier,
                    best,
                });
            }
        }
        let (predictions, loads) = self.predicted(alert, recipients);
        let carriers = predictions.iter().filter_map(|prediction| {
            let load = loads.get(&prediction.carrier)?;
            Some(self.carrier_plan(prediction, load))
        });
        plan.carriers = carriers.collect();
        plan
    }

    /// When an alert is done on each carrier, and what it adds to each.
    pub(super) fn predicted(
        &self,
        alert: &Alert,
        recipients: &[Recipient],
    ) -> (Vec<Prediction>, BTreeMap<CarrierId, Load>) {
        let known = known!(self);
        let loads = self.air.loads(known, alert, recipients);
        (self.air.predict(known, alert, &loads), loads)
    }

    /// What a dry run says of one carrier.
    fn carrier_plan(&self, prediction: &Prediction, load: &Load) -> CarrierPlan {
        let id = prediction.carrier;
        let station = self.state.station(id.station);
        CarrierPlan {
            carrier: id,
            station: station
                .map(|station| station.name.clone())
                .unwrap_or_default(),
            deliveries: load.deliveries,
            groups: load.groups.iter().copied().collect(),
            airtime_ms: prediction.airtime_ms,
            finished_in_ms: prediction.finished_in_ms,
        }
    }

    /// The highest rung that a recipient can reach, given what its radio and station report.
    pub(super) fn best_rung(
        &self,
        ask: &Ask,
        recipient: &Recipient,
        carrier: Option<CarrierId>,
    ) -> Rung {
        if ask.wants_answer() {
            return Rung::Answered;
        }
        if let Some((_, sink)) = recipient.system() {
            let sinks = &self.state.policy.sinks;
            let mut sinks = sinks.iter();
            let known = sinks.find(|known| known.name == sink);
            let taking = known.map(|known| SystemSays::by_taking(&known.kind));
            return if taking == Some(SystemSays::Brokered) {
                Rung::Accepted
            } else {
                Rung::Received
            };
        }
        if !recipient.phones().is_empty() {
            return Rung::Received;
        }
        if recipient.confirms && !(recipient.talkgroup.is_some() && *ask == Ask::Nothing) {
            return Rung::Received;
        }
        let station = carrier.and_then(|id| self.state.station(id.station));
        if station.is_some_and(|station| station.reports_air) {
            Rung::Transmitted
        } else {
            Rung::Sent
        }
    }
}
