//! What people do with an alert after its acceptance: send it again, record an answer that came
//! another way, cancel it.

use crate::engine::Engine;
use crate::engine::hearing::REPORT_TEXT;
use crate::engine::io::{Refusal, Response};
use crate::engine::limits::check_reason;
use crate::model::alert::Target;
use crate::model::book::AlertBook;
use crate::model::delivery::{End, Rung};
use crate::model::evidence::{Answer, AnsweredBy, Evidence};
use crate::model::facts::{CHUNK, Fact};
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};
use crate::model::roster::Recipient;
use crate::model::sight::Share;
use crate::model::text;
use crate::model::token::Principal;

impl Engine {
    /// Sends an alert again to those who have not reacted.
    pub(super) fn resend(&mut self, who: &Principal, alert: AlertId) -> Result<Response, Refusal> {
        let book = self.within(who, alert)?;
        if self.wall() >= book.alert.expires_at {
            return Err(Refusal::Conflict(
                "the alert has expired: submit a new one".into(),
            ));
        }
        let mut ends = book.deliveries.iter().filter_map(|delivery| delivery.end);
        let why = ends.find_map(|end| match end {
            End::Cancelled => Some("the alert was cancelled: submit a new one"),
            End::Superseded => Some("another alert has taken its place: send that again"),
            End::Failed(_) | End::Expired => None,
        });
        if let Some(why) = why {
            return Err(Refusal::Conflict(why.into()));
        }
        let aim = if book.alert.ask.wants_answer() {
            Rung::Answered
        } else {
            Rung::Received
        };
        let silent: Vec<_> = (0u32..)
            .zip(&book.deliveries)
            .filter(|(_, delivery)| delivery.rung < aim && delivery.open.is_none())
            // A sink repeats by itself until the system takes the alert.
            .filter(|(_, delivery)| delivery.recipient.system().is_none())
            .map(|(index, _)| DeliveryIndex(index))
            .collect();
        let was_over = book.ended_at.is_some();
        let answer_set = self.set_when_reopened(book);
        for chunk in silent.chunks(CHUNK * 8) {
            self.emit(Fact::Resent {
                alert,
                by: who.name.clone(),
                deliveries: chunk.to_vec(),
                answer_set,
            });
        }
        if was_over && !silent.is_empty() {
            self.watch_expiry(alert);
        }
        let now = self.clock.mono();
        self.attempts.sent_again(alert);
        for &index in &silent {
            let id = DeliveryId { alert, index };
            self.attempts.new_wording(id);
            if self.state.radio_of(id).is_some() {
                self.enqueue(id, now);
            }
        }
        self.rings_due(alert);
        Ok(Response::Resent(
            u32::try_from(silent.len()).unwrap_or(u32::MAX),
        ))
    }

    /// Records what a recipient has answered by another way, on somebody's word.
    pub(super) fn answer_recorded(
        &mut self,
        who: &Principal,
        alert: AlertId,
        recipient: &Target,
        (choice, text): (u8, String),
    ) -> Result<Response, Refusal> {
        let hidden = || Refusal::NotFound("live alert");
        let book = self.state.alerts.get(&alert).ok_or_else(hidden)?;
        let share = book.share(&who.node).ok_or_else(hidden)?;
        let choices = book.alert.ask.choices();
        if !(1..=choices).contains(&choice) {
            let why = match choices {
                0 => "the alert asks for no answer".to_owned(),
                most => format!("{choice} is none of the answers: 1 to {most}"),
            };
            return Err(Refusal::Invalid {
                field: "choice",
                why,
            });
        }
        let is_meant = |it: &Recipient| match recipient {
            Target::Radio(id) => it.has_radio(*id),
            Target::Person(id) => it.person() == Some(id),
            Target::System(id) => it.system().is_some_and(|(known, _)| known == id),
            Target::Group(_) | Target::Node(_) | Target::All => false,
        };
        let found = book
            .shared(&share, DeliveryIndex(0))
            .find(|(_, it)| is_meant(&it.recipient))
            .map(|(index, _)| index);
        let Some(index) = found else {
            return Err(Refusal::Invalid {
                field: "recipient",
                why: format!(
                    "{recipient} is no recipient of this alert: name a radio, person or system"
                ),
            });
        };
        let answer = Answer {
            choice,
            text: text::shown(text.trim()).chars().take(REPORT_TEXT).collect(),
            by: AnsweredBy::Api,
            from: None,
            recorded_by: Some(who.name.clone()),
            reference: None,
        };
        self.learn(DeliveryId { alert, index }, Evidence::Answered(answer));
        Ok(Response::Done(self.state.seq))
    }

    /// Ends an alert before its time, for a reason.
    pub(super) fn cancel(
        &mut self,
        who: &Principal,
        alert: AlertId,
        because: String,
    ) -> Result<Response, Refusal> {
        check_reason(&because)?;
        let book = self.within(who, alert)?;
        if book.ended_at.is_some() {
            return Err(Refusal::Conflict("the alert is over already".into()));
        }
        let end = Some(End::Cancelled);
        self.finish(alert, end, Some(who.name.clone()), Some(because));
        Ok(Response::Done(self.state.seq))
    }

    /// A live alert that was sent from the principal's node or below.
    fn within(&self, who: &Principal, alert: AlertId) -> Result<&AlertBook, Refusal> {
        let hidden = || Refusal::NotFound("live alert");
        let book = self.state.alerts.get(&alert).ok_or_else(hidden)?;
        match book.share(&who.node).ok_or_else(hidden)? {
            Share::Whole => Ok(book),
            Share::Part { .. } => Err(Refusal::OutsideNode {
                node: who.node.to_string(),
                names: vec![format!("alert {alert}, sent from {}", book.alert.node)],
            }),
        }
    }
}
