//! What is accepted.

use std::collections::HashSet;

use crate::engine::Engine;
use crate::engine::hindrance::Hindered;
use crate::engine::io::{Receipt, Refusal, Response, Submit};
use crate::engine::known::known;
use crate::engine::languages::part_groups;
use crate::engine::queue::Item;
use crate::model::alert::{Alert, Ask, Idempotency};
use crate::model::delivery::End;
use crate::model::facts::{self, Fact};
use crate::model::ids::{AlertId, DeliveryIndex};
use crate::model::roster::{Node, Recipient};
use crate::model::token::Principal;

impl Engine {
    /// Takes a submission in, or repeats what it was answered before.
    pub(super) fn submit(&mut self, who: &Principal, submit: Submit) -> Result<Response, Refusal> {
        if let Some(answer) = self.answered_before(who, &submit)? {
            return Ok(Response::Accepted(answer));
        }
        let (alert, recipients, hindered) = self.prepared(who, submit)?;
        Ok(Response::Accepted(self.accept(
            alert,
            &recipients,
            hindered,
        )))
    }

    /// The alert that a submission becomes, if it may: nothing is on record yet.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn prepared(
        &self,
        who: &Principal,
        mut submit: Submit,
    ) -> Result<(Alert, Vec<Recipient>, Hindered), Refusal> {
        let mut named = HashSet::new();
        submit.targets.retain(|target| named.insert(target.clone()));
        let mut recipients = self.check(who, &submit)?;
        self.room_for(submit.precedence, recipients.len())?;
        let key = submit.idempotency.clone().map(|(key, body)| Idempotency {
            token: who.token,
            key,
            body,
        });
        let (by, node) = (who.name.clone(), who.node.clone());
        let alert = self.draft(submit, &recipients, by, node, key);
        part_groups(&alert, &mut recipients);
        let hindered = self.hindered(&alert, &recipients);
        if let Some(why) = hindered.text_for_nobody(recipients.len()) {
            return Err(Refusal::Invalid {
                field: "text",
                why: why.to_owned(),
            });
        }
        Ok((alert, recipients, hindered))
    }

    /// The first answer again, if this key was used for the same request.
    fn answered_before(
        &self,
        who: &Principal,
        submit: &Submit,
    ) -> Result<Option<Receipt>, Refusal> {
        let Some((key, body)) = &submit.idempotency else {
            return Ok(None);
        };
        let Some(used) = self.state.keys.get(&(who.token, key.clone())) else {
            return Ok(None);
        };
        if used.body != *body {
            return Err(Refusal::KeyReused);
        }
        Ok(Some(Receipt {
            id: used.alert,
            mark: used.mark.to_string(),
            recipients: used.recipients,
            expires_at: used.expires_at,
            seq: used.seq,
            repeated: true,
            hindrances: Vec::new(),
        }))
    }

    /// The alert that a submission becomes.
    pub(super) fn draft(
        &self,
        submit: Submit,
        recipients: &[Recipient],
        by: String,
        node: Node,
        idempotency: Option<Idempotency>,
    ) -> Alert {
        let accepted_at = self.wall();
        let expires_at = submit.expires_at;
        let mut alert = Alert {
            id: submit.id,
            text: submit.text,
            precedence: submit.precedence,
            ask: submit.ask,
            targets: submit.targets,
            accepted_at,
            expires_at: expires_at.unwrap_or(accepted_at.plus(self.state.policy.default_expiry)),
            exercise: submit.exercise,
            station: submit.station,
            by,
            node,
            mark: self.fresh_mark(recipients),
            recipients: u32::try_from(recipients.len()).unwrap_or(u32::MAX),
            answer_set: None,
            sms: submit.sms,
            idempotency,
            came_as: None,
            language: submit.language,
            translations: submit.translations,
        };
        alert.answer_set = self.free_set(&alert, recipients);
        alert
    }

    /// Puts an alert on record and its deliveries into the queues.
    pub(super) fn accept(
        &mut self,
        alert: Alert,
        recipients: &[Recipient],
        hindered: Hindered,
    ) -> Receipt {
        let predictions = self.predicted(&alert, recipients).0;
        let (id, mark, expires_at, count) =
            (alert.id, alert.mark, alert.expires_at, alert.recipients);
        let seq = self.state.seq.next();
        for fact in Fact::of_alert(alert, recipients) {
            self.emit(fact);
        }
        for (delivery, reason) in hindered.of {
            let (alert, end) = (id, End::Failed(reason));
            self.emit(Fact::DeliveryEnded {
                alert,
                delivery,
                end,
            });
        }
        for piece in facts::pieces(&predictions, facts::stored_size) {
            self.emit(Fact::Predicted {
                alert: id,
                carriers: piece.to_vec(),
            });
        }
        self.record_baselines(id);
        self.start_deliveries(id);
        self.settle(id);
        Receipt {
            id,
            mark: mark.to_string(),
            recipients: count,
            expires_at,
            seq,
            repeated: false,
            hindrances: hindered.told,
        }
    }

    /// Puts what an alert wants of radios and telephones into the queues.
    fn start_deliveries(&mut self, id: AlertId) {
        let now = self.clock.mono();
        self.index_radios(id);
        self.queue_groups(id, now);
        let Some(book) = self.state.alerts.get(&id) else {
            return;
        };
        let after_group = now + self.state.policy.group_window;
        let first: Vec<_> = (0u32..)
            .zip(&book.deliveries)
            .filter(|(_, delivery)| {
                let by_group = book.alert.ask == Ask::Nothing;
                delivery.end.is_none()
                    && delivery.recipient.radio.is_some()
                    && !(by_group && delivery.recipient.talkgroup.is_some())
            })
            .map(|(index, delivery)| {
                let index = DeliveryIndex(index);
                let grouped = delivery.recipient.talkgroup.is_some();
                let carrier = self
                    .air
                    .carrier_for(known!(self), &book.alert, &delivery.recipient);
                if grouped && self.state.polls_on(&book.alert, carrier) {
                    (Item::Poll(index), after_group)
                } else {
                    let rings = delivery.recipient.rings_first();
                    let ready = match (grouped, rings) {
                        (_, true) => now + self.ring_after(book.alert.precedence),
                        (true, false) => after_group,
                        (false, false) => now,
                    };
                    (Item::One(index), ready)
                }
            })
            .collect();
        self.watch_expiry(id);
        for (item, ready) in first {
            self.enqueue_item(id, item, ready);
        }
        self.start_rings(id);
    }
}
