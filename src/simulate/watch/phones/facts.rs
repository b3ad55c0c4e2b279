//! What the durable facts say of telephones, and whether it happened.

use narrowcast_protocol::air::{MessageId, Phone};

use super::{Book, Line, Phones, Start, Verdict};
use crate::model::alert::Mark;
use crate::model::delivery::{Outcome, Rung};
use crate::model::evidence::Evidence;
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryIndex};
use crate::model::phone_book::{MessageRef, ReceiptOutcome};
use crate::simulate::invariant::Invariant;
use crate::simulate::watch::alerts::Alerts;

impl Phones {
    /// Learns a durable fact; what is proven of a delivery by it.
    pub(in crate::simulate::watch) fn learn(
        &mut self,
        fact: &Fact,
    ) -> (Option<(AlertId, DeliveryIndex, Rung)>, Verdict) {
        let verdict = match fact {
            Fact::Started { .. } => {
                let starts = self.books.values_mut().flat_map(|book| &mut book.starts);
                for start in starts {
                    start.ended.get_or_insert(Outcome::Unclear);
                }
                None
            }
            Fact::MessageStarted {
                alert,
                delivery,
                phone,
                number,
                route,
                reference,
                parts,
                ..
            } => {
                let start = Start {
                    number: *number,
                    route: *route,
                    reference: *reference,
                    parts: *parts,
                    ended: None,
                };
                self.started((*alert, *delivery, *phone), start)
            }
            Fact::MessageEnded {
                alert,
                delivery,
                phone,
                number,
                outcome,
                ..
            } => {
                let book = self.books.entry((*alert, *delivery, *phone)).or_default();
                let starts = book.starts.iter_mut();
                if let Some(start) = starts.rev().find(|it| it.number == *number) {
                    start.ended = Some(*outcome);
                    book.free += usize::from(*outcome == Outcome::Withdrawn);
                }
                None
            }
            Fact::Resent {
                alert, deliveries, ..
            } => {
                let books = self.books.iter_mut();
                for (_, book) in
                    books.filter(|((id, index, _), _)| id == alert && deliveries.contains(index))
                {
                    book.free = book.starts.len();
                    book.may_repeat = true;
                }
                None
            }
            Fact::MessageEvidenced { of, evidence } => {
                let rung = match evidence {
                    Evidence::Written => Rung::Sent,
                    _ => Rung::Accepted,
                };
                return (self.proved(*of, rung), None);
            }
            Fact::MessageTaken { of, .. } => return (self.proved(*of, Rung::Accepted), None),
            Fact::ReceiptHeard {
                of,
                outcome: ReceiptOutcome::Delivered,
                ..
            } => {
                let verdict = self.receipt(*of);
                return (self.proved(*of, Rung::Received), verdict);
            }
            Fact::ReceiptUnmatched { route, message, .. } => {
                let id = MessageId::new(message.as_bytes()).ok();
                self.unmatched.extend(id.map(|id| (*route, id)));
                None
            }
            _ => None,
        };
        (None, verdict)
    }

    fn started(&mut self, line: Line, start: Start) -> Verdict {
        let most = self
            .policy
            .as_ref()
            .map_or(0, |it| usize::from(it.attempts));
        let book = self.books.entry(line).or_default();
        let open = book.starts.last().is_some_and(|it| it.ended.is_none());
        book.starts.push(start);
        let counted = book.starts.len().saturating_sub(book.free);
        (open || counted > most).then(|| {
            let why = if open { ", while one is open" } else { "" };
            let what = format!(
                "attempt {} of {} over telephone {} is the {counted}. that counts{why}",
                start.number, line.0, line.2
            );
            (Invariant::NoMessageTwiceWithoutNeed, what)
        })
    }

    fn proved(&mut self, of: MessageRef, rung: Rung) -> Option<(AlertId, DeliveryIndex, Rung)> {
        let book = self.books.get_mut(&(of.alert, of.delivery, of.phone))?;
        let start = book.start(of.number)?;
        let part = (start.route, start.reference, of.part);
        let (Rung::Sent | Rung::Accepted | Rung::Received) = rung else {
            return None;
        };
        book.written.insert(part);
        if rung >= Rung::Accepted {
            book.taken.insert(part);
        }
        if rung >= Rung::Received {
            book.received.insert(part);
        }
        let parts = match rung {
            Rung::Sent => &book.written,
            Rung::Accepted => &book.taken,
            _ => &book.received,
        };
        Book::whole(start, parts).then_some((of.alert, of.delivery, rung))
    }

    /// A delivered receipt is on record: an operator must have given it out.
    fn receipt(&self, of: MessageRef) -> Verdict {
        let line = (of.alert, of.delivery, of.phone);
        let start = self.books.get(&line).and_then(|book| book.start(of.number));
        let given = self.given.iter().any(|key| {
            let place = self.places.get(key);
            place.zip(start).is_some_and(|(place, start)| {
                key.0 == start.route
                    && place.part == of.part
                    && place.lines.contains(&line)
                    && place.reference.is_none_or(|it| it == start.reference)
            })
        });
        (!given).then(|| {
            let what = format!("a receipt for {of:?} is on record, and no operator gave it out");
            (Invariant::NoReceiptThatWasNotGiven, what)
        })
    }

    /// An answer by SMS is on record.
    pub(in crate::simulate::watch) fn answer(
        &mut self,
        alert: AlertId,
        index: DeliveryIndex,
        phone: Phone,
        text: &str,
        alerts: &Alerts,
    ) -> Verdict {
        self.answered += 1;
        let wrong = |what: String| Some((Invariant::NoAnswerThatWasNotMeant, what));
        let said = self.said.get(&(phone, text.to_owned())).copied();
        let of_person = self
            .numbers
            .iter()
            .any(|((id, at, _), number)| (*id, *at) == (alert, index) && *number == phone);
        let Some(said) = said.filter(|_| of_person) else {
            return wrong(format!(
                "{text:?} of {phone} answers {alert}, and it was not sent"
            ));
        };
        let known = alerts.alert(alert);
        if !known.is_some_and(|known| known.ask.wants_answer()) {
            return wrong(format!(
                "{text:?} of {phone} answers {alert}, which asks nothing"
            ));
        }
        if let Some((mark, _)) = Mark::strip(text) {
            let meant = known.is_some_and(|known| known.mark == mark);
            return if meant {
                None
            } else {
                wrong(format!(
                    "{text:?} of {phone} answers {alert}, which has another mark"
                ))
            };
        }
        let other = self.reached.iter().find(|((number, id), at)| {
            *number == phone
                && *id != alert
                && **at < said
                && alerts.waits_for_answer(*id, |index| {
                    let mut lines = self.numbers.iter();
                    lines.any(|((known, at, _), number)| {
                        (*known, *at) == (*id, index) && *number == phone
                    })
                })
        });
        other.and_then(|((_, id), _)| {
            wrong(format!(
                "{text:?} of {phone} answers {alert}, and may mean {id}"
            ))
        })
    }
}
