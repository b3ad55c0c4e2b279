//! What an answer means, and which alert it can only mean.

use std::time::Duration;

use crate::engine::Engine;
use crate::engine::sets;
use crate::engine::state::{Speaker, TOLD_LIFE};
use crate::model::alert::Mark;
use crate::model::book::{AlertBook, DeliveryBook};
use crate::model::delivery::Rung;
use crate::model::facts::ReportNote;
use crate::model::ids::{AlertId, DeliveryId};
use crate::model::wall::Wall;

/// A user who has answered may say so again for so long.
const SAID_AGAIN: Duration = Duration::from_secs(600);
/// Most alerts that a report names.
const NAMED: usize = 20;

/// What a text or status from a radio was found to be.
pub(super) enum Matched {
    /// An answer to this delivery.
    Answer { delivery: DeliveryId, choice: u8 },
    /// No answer, and why.
    Nothing(ReportNote),
}

/// What was heard, and from whom.
pub(super) struct Heard<'a> {
    /// The radio or telephone that says it.
    pub(super) speaker: Speaker,
    /// The deliveries in memory that go there, oldest alert first.
    pub(super) deliveries: Vec<DeliveryId>,
    /// The text; of a status, its code in words.
    pub(super) text: &'a str,
    /// The status code, if it is one.
    pub(super) status: Option<u16>,
    /// Whether a test station heard it.
    pub(super) on_test: bool,
    /// Whether it came over a trunked carrier.
    pub(super) trunked: bool,
}

impl Engine {
    /// Which alert this can only answer. Only a recipient to whom the alert was sent
    /// can answer it. What a test station hears answers exercises only; it can mean a live alert
    /// all the same, since the radio may have had that before it came here.
    pub(super) fn match_answer(&self, heard: &Heard<'_>) -> Matched {
        let Heard {
            text,
            status,
            on_test,
            trunked,
            ..
        } = *heard;
        let set = sets::named(text).filter(|_| status.is_none());
        let (mark, words) = match Mark::strip(text).filter(|_| status.is_none()) {
            Some((mark, rest)) => (Some(mark), rest.trim()),
            None => (None, text.trim()),
        };
        let asked: Vec<(DeliveryId, &AlertBook, &DeliveryBook)> = heard
            .deliveries
            .iter()
            .filter_map(|&id| {
                let book = self.state.alerts.get(&id.alert)?;
                let delivery = book.delivery(id.index)?;
                let asked = book.alert.ask.wants_answer() && book.can_be_known_to(delivery);
                asked.then_some((id, book, delivery))
            })
            .filter(|(_, book, _)| mark.is_none_or(|mark| book.alert.mark == mark))
            .collect();
        // A status code or text that names an answer set means the alert that holds the set.
        let holds = |book: &AlertBook| {
            let held = book.alert.answer_set;
            match (status, set) {
                (Some(code), _) => held.map_or(!trunked, |held| held.choice(code).is_some()),
                (None, Some((name, _))) => held.is_some_and(|held| held.name == name),
                (None, None) => true,
            }
        };
        let meant: Vec<_> = asked
            .iter()
            .filter(|(_, book, _)| holds(book))
            .copied()
            .collect();
        let asked = if meant.is_empty() && set.is_some() {
            asked
        } else {
            meant
        };
        // Alerts that wait for an answer go before those that are over or answered: a late
        // answer, or a change of mind, is taken only when nothing else can be meant.
        let (waiting, others): (Vec<_>, Vec<_>) =
            asked.into_iter().partition(|(_, book, delivery)| {
                book.ended_at.is_none() && delivery.rung < Rung::Answered
            });
        let (answered, late): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|(_, _, delivery)| delivery.rung == Rung::Answered);
        let found = match (waiting.as_slice(), answered.as_slice(), late.as_slice()) {
            ([one], _, _) | ([], [], [one]) | ([], [.., one], []) => *one,
            ([], [], []) if mark.is_some() => return Matched::Nothing(ReportNote::MarkUnknown),
            ([], [], []) => return Matched::Nothing(ReportNote::NothingAsked),
            ([], ..) => return ambiguous(answered.iter().chain(&late).map(|(id, ..)| id.alert)),
            _ => return ambiguous(waiting.iter().map(|(id, ..)| id.alert)),
        };
        let (id, book, delivery) = found;
        if on_test && !book.alert.exercise {
            let unknown = mark.map_or(ReportNote::NothingAsked, |_| ReportNote::MarkUnknown);
            return Matched::Nothing(unknown);
        }
        // Without a mark, what was only sent may not have been seen: while another alert can
        // be meant, also one that has left memory, only one that the terminal has is answered. Of
        // a radio that confirms nothing this cannot be known: there, one that was answered is over
        // when nobody says it again any more.
        let over_this = match heard.speaker {
            Speaker::Radio(_) => delivery.radio_rung,
            Speaker::Phone(phone) => delivery.rung_over(phone),
            Speaker::Name(_) => Rung::Queued,
        };
        if mark.is_none() && set.is_none() && over_this < Rung::Received {
            let confirms = delivery.recipient.confirms;
            let lately = |at: Wall| self.wall().since(at) < SAID_AGAIN;
            let forgotten = self.state.asked.get(&heard.speaker);
            let forgotten =
                forgotten.filter(|asked| confirms || !asked.answered || lately(asked.left_at));
            let answered = answered
                .iter()
                .filter(|(_, _, other)| confirms || other.at.is_some_and(lately));
            let mut others = answered
                .chain(&late)
                .map(|(other, ..)| other.alert)
                .chain(forgotten.map(|asked| asked.alert))
                .chain(self.told(heard, words))
                .filter(|other| *other != id.alert)
                .peekable();
            if others.peek().is_some() {
                return ambiguous(others.chain([id.alert]));
            }
        }
        self.choose(id, book, words, status, set)
    }

    /// Alerts that ask nothing and may just have been seen: people say "received" to those too, and
    /// press the key for it. Who writes the number of an answer answers one that asks.
    fn told(&self, heard: &Heard<'_>, words: &str) -> impl Iterator<Item = AlertId> {
        let is_number = heard.status.is_none() && words.parse::<u8>().is_ok();
        let deliveries = heard.deliveries.iter().filter(move |_| !is_number);
        let known = deliveries.filter_map(|id| {
            let book = self.state.alerts.get(&id.alert)?;
            let delivery = book.delivery(id.index)?;
            let at = delivery.at.unwrap_or(book.alert.accepted_at);
            let told = !book.alert.ask.wants_answer()
                && book.can_be_known_to(delivery)
                && self.wall().since(at) < TOLD_LIFE;
            told.then_some(id.alert)
        });
        let gone = self.state.told.get(&heard.speaker);
        let gone = gone.filter(|told| !is_number && self.wall().since(told.at) < TOLD_LIFE);
        known.chain(gone.map(|told| told.alert))
    }

    fn choose(
        &self,
        delivery: DeliveryId,
        book: &AlertBook,
        words: &str,
        status: Option<u16>,
        named: Option<(char, u8)>,
    ) -> Matched {
        let in_set = book.alert.answer_set.and_then(|set| match (status, named) {
            (Some(code), _) => set.choice(code),
            (None, Some((name, choice))) => (name == set.name).then_some(choice),
            (None, None) => None,
        });
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
            .filter(|_| status.is_none() || book.alert.answer_set.is_none())
            .map(|rule| rule.choice);
        match in_set
            .or(choice)
            .filter(|choice| (1..=book.alert.ask.choices()).contains(choice))
        {
            Some(choice) => Matched::Answer { delivery, choice },
            None => Matched::Nothing(ReportNote::NoAnswer(delivery.alert)),
        }
    }
}

/// An answer that fits several alerts: the newest of them are named.
fn ambiguous(meant: impl Iterator<Item = AlertId>) -> Matched {
    let mut meant: Vec<AlertId> = meant.collect();
    meant.sort_unstable();
    meant.dedup();
    let newest = meant.split_off(meant.len().saturating_sub(NAMED));
    Matched::Nothing(ReportNote::Ambiguous(newest))
}
