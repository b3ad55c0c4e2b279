//! What an answer means, and which alert it can only mean.

use narrowcast_protocol::air::RadioId;

use crate::engine::Engine;
use crate::model::alert::Mark;
use crate::model::book::{AlertBook, DeliveryBook};
use crate::model::delivery::Rung;
use crate::model::facts::ReportNote;
use crate::model::ids::DeliveryId;

/// What a text or status from a radio was found to be.
pub(super) enum Matched {
    /// An answer to this delivery.
    Answer { delivery: DeliveryId, choice: u8 },
    /// No answer, and why.
    Nothing(ReportNote),
}

impl Engine {
    /// Which open alert this can only answer. Only a recipient to whom the alert was sent
    /// can answer it; a test station hears answers to exercises only.
    pub(super) fn match_answer(
        &self,
        from: RadioId,
        text: &str,
        status: Option<u16>,
        exercise: bool,
    ) -> Matched {
        let (mark, words) = match Mark::strip(text).filter(|_| status.is_none()) {
            Some((mark, rest)) => (Some(mark), rest.trim()),
            None => (None, text.trim()),
        };
        let asked: Vec<(DeliveryId, &AlertBook, &DeliveryBook)> = self
            .deliveries_of(from)
            .into_iter()
            .filter_map(|id| {
                let book = self.state.alerts.get(&id.alert)?;
                let delivery = book.delivery(id.index)?;
                let open = book.alert.ask.wants_answer()
                    && (!exercise || book.alert.exercise)
                    && was_sent(delivery)
                    && (book.ended_at.is_none() || delivery.rung == Rung::Answered);
                open.then_some((id, book, delivery))
            })
            .filter(|(_, book, _)| mark.is_none_or(|mark| book.alert.mark == mark))
            .collect();
        let waiting: Vec<_> = asked
            .iter()
            .filter(|(_, _, delivery)| delivery.rung < Rung::Answered)
            .collect();
        match (waiting.as_slice(), asked.as_slice()) {
            ([(id, book, _)], _) | ([], [(id, book, _)]) => self.choose(*id, book, words, status),
            ([], []) if mark.is_some() => Matched::Nothing(ReportNote::MarkUnknown),
            ([], []) => Matched::Nothing(ReportNote::NothingAsked),
            ([], several) => {
                // Every one has been answered: a change of mind goes to the newest.
                let newest = several.iter().max_by_key(|(id, _, _)| *id);
                newest.map_or(
                    Matched::Nothing(ReportNote::NothingAsked),
                    |(id, book, _)| self.choose(*id, book, words, status),
                )
            }
            (several, _) => Matched::Nothing(ReportNote::Ambiguous(
                several.iter().map(|(id, _, _)| id.alert).collect(),
            )),
        }
    }

    fn choose(
        &self,
        delivery: DeliveryId,
        book: &AlertBook,
        words: &str,
        status: Option<u16>,
    ) -> Matched {
        let means = |rule: &&crate::model::policy::AnswerRule| match status {
            Some(code) => rule.status == Some(code),
            None => rule
                .keywords
                .iter()
                .any(|keyword| keyword.to_lowercase() == words.to_lowercase()),
        };
        let choice = self
            .state
            .policy
            .answers
            .iter()
            .find(means)
            .map(|rule| rule.choice);
        match choice.filter(|choice| (1..=book.alert.ask.choices()).contains(choice)) {
            Some(choice) => Matched::Answer { delivery, choice },
            None => Matched::Nothing(ReportNote::NoAnswer(delivery.alert)),
        }
    }
}

/// Whether the radio can have seen the alert: it was written to a link, or an attempt began.
fn was_sent(delivery: &DeliveryBook) -> bool {
    delivery.rung >= Rung::Sent || delivery.attempts > 0
}
