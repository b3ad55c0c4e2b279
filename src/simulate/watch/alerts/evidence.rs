//! What the evidence on record proves, and whether it happened.

use std::collections::BTreeMap;
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, GroupId, RadioId};
use narrowcast_protocol::time::Instant;

use super::{Alerts, Learnt, token};
use crate::model::alert::Ask;
use crate::model::delivery::Rung;
use crate::model::evidence::{Answer, AnsweredBy, Evidence};
use crate::model::ids::{AlertId, DeliveryIndex};

/// A text with the same number within this time of the first is the same text; less what the
/// ledger takes to make the first durable.
const SAME_NUMBER: Duration = Duration::from_secs(590);
/// What a piece of evidence proves, stated once more and apart from the engine's own table.
const fn proves(evidence: &Evidence) -> Option<Rung> {
    match evidence {
        Evidence::Written => Some(Rung::Sent),
        Evidence::StationAccepted | Evidence::BrokerAccepted => Some(Rung::Accepted),
        Evidence::OnAir => Some(Rung::Transmitted),
        Evidence::LinkConfirmed
        | Evidence::TextAcknowledged
        | Evidence::HandsetReceipt
        | Evidence::SystemAcknowledged => Some(Rung::Received),
        Evidence::ReadReport => Some(Rung::Read),
        Evidence::Answered(_) => Some(Rung::Answered),
        Evidence::Present => None,
    }
}

impl Alerts {
    pub(super) fn group_evidence(
        &mut self,
        alert: AlertId,
        group: GroupId,
        carrier: CarrierId,
        evidence: &Evidence,
    ) {
        let Some(book) = self.all.get_mut(&alert) else {
            return;
        };
        // A group transmission proves at most that it was on the air.
        let Some(rung) = proves(evidence).filter(|rung| *rung <= Rung::Transmitted) else {
            return;
        };
        for seen in &mut book.deliveries {
            let member = |(of, home): &(GroupId, Option<CarrierId>)| {
                *of == group && home.is_none_or(|home| home == carrier)
            };
            if seen.groups.iter().any(member) {
                seen.rung = seen.rung.max(rung);
            }
        }
    }

    pub(super) fn evidence(
        &mut self,
        now: Instant,
        alert: AlertId,
        index: DeliveryIndex,
        evidence: &Evidence,
    ) -> Learnt {
        let mut learnt = Learnt::default();
        let shown = &self.shown;
        let numbered = &mut self.numbered;
        let Some(book) = self.all.get_mut(&alert) else {
            learnt.without_grounds = Some(format!("evidence for {alert}, which is unknown"));
            return learnt;
        };
        let scripted = token(&book.alert.text).is_some();
        let asks = book.alert.ask != Ask::Nothing;
        let Some(seen) = book.delivery_mut(index) else {
            learnt.without_grounds = Some(format!("evidence for no delivery of {alert}"));
            return learnt;
        };
        // The watch of the telephones judges whether it was sent.
        if let Evidence::Answered(Answer {
            by: AnsweredBy::Sms(_),
            ..
        }) = evidence
        {
            learnt.answered = seen.rung < Rung::Answered;
            seen.rung = seen.rung.max(Rung::Answered);
            seen.acknowledged = seen.acknowledged.or(Some(now));
            return learnt;
        }
        let said_by = match evidence {
            Evidence::Answered(answer) => answer.from.or(seen.radio),
            _ => seen.radio,
        };
        let Some(radio) = said_by.filter(|radio| seen.radios.contains(radio)) else {
            learnt.without_grounds = Some(format!("evidence of a radio for {alert}, sent to none"));
            return learnt;
        };
        // Evidence can come of the radio that was addressed before.
        let mut radios = seen.radios.iter();
        // In this world nobody says by radio what a telephone has shown.
        let has_it = !scripted || radios.any(|radio| shown.contains(&(*radio, alert)));
        let grounds = match evidence {
            Evidence::Written => seen.written,
            Evidence::LinkConfirmed | Evidence::TextAcknowledged => has_it,
            Evidence::Answered(answer) => {
                has_it && asks && !is_copy(numbered, now, radio, alert, answer)
            }
            // Nothing in this world reports that a text was read, and no system is in it.
            Evidence::ReadReport
            | Evidence::HandsetReceipt
            | Evidence::BrokerAccepted
            | Evidence::SystemAcknowledged => false,
            Evidence::StationAccepted | Evidence::OnAir | Evidence::Present => true,
        };
        if !grounds {
            learnt.without_grounds = Some(format!(
                "{evidence:?} is on record for delivery {} of {alert}, and it did not happen",
                index.0
            ));
        }
        if let Evidence::Answered(answer) = evidence {
            let text = match answer.by {
                AnsweredBy::Status(code) | AnsweredBy::PolledStatus(code) => {
                    format!("status {code}")
                }
                AnsweredBy::Text | AnsweredBy::Sms(_) | AnsweredBy::Api => answer.text.clone(),
            };
            learnt.text = Some((radio, text));
        }
        if let Some(rung) = proves(evidence) {
            learnt.received = rung >= Rung::Received && seen.rung < Rung::Received;
            learnt.answered = rung == Rung::Answered && seen.rung < Rung::Answered;
            seen.rung = seen.rung.max(rung);
            if rung >= Rung::Received {
                seen.acknowledged = seen.acknowledged.or(Some(now));
            }
        }
        learnt
    }
}

/// Whether an answer is the copy of a text that answered another alert within minutes.
fn is_copy(
    numbered: &mut BTreeMap<(RadioId, String, u16), (AlertId, Instant)>,
    now: Instant,
    radio: RadioId,
    alert: AlertId,
    answer: &Answer,
) -> bool {
    let Some(reference) = answer.reference else {
        return false;
    };
    let key = (radio, answer.text.clone(), reference);
    let first = numbered.get(&key).copied();
    match first.filter(|(_, at)| now.since(*at) < SAME_NUMBER) {
        Some((other, _)) => other != alert,
        None => {
            numbered.insert(key, (alert, now));
            false
        }
    }
}
