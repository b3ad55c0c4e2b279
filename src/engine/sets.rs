//! Answer sets: status codes that mean an answer to one alert and to no other.

use std::collections::BTreeSet;

use narrowcast_protocol::air::CarrierKind;

use crate::engine::Engine;
use crate::engine::known::known;
use crate::model::alert::{Alert, Ask};
use crate::model::book::AlertBook;
use crate::model::policy::AnswerSet;
use crate::model::roster::Recipient;
use crate::model::wall::Wall;

impl Engine {
    /// The set for a new alert: one that no open alert holds, the one used longest ago; none
    /// if it asks nothing, if nobody is reached over a trunked system, or if all are taken.
    /// Then only words answer it.
    pub(super) fn free_set(&self, alert: &Alert, recipients: &[Recipient]) -> Option<AnswerSet> {
        if !self.wants_set(alert, recipients) {
            return None;
        }
        let taken: BTreeSet<char> = self
            .state
            .alerts
            .values()
            .filter(|book| book.ended_at.is_none())
            .filter_map(|book| book.alert.answer_set.map(|set| set.name))
            .collect();
        let last_use = |set: &&AnswerSet| self.state.sets.get(&set.name).copied();
        self.state
            .policy
            .answer_sets
            .iter()
            .filter(|set| !taken.contains(&set.name) && set.count >= alert.ask.choices())
            .min_by_key(|set| last_use(set).unwrap_or(Wall::from_millis(i64::MIN)))
            .copied()
    }

    /// The set of an alert that is sent again: its own, unless it was over and another alert got
    /// it meanwhile.
    pub(super) fn set_when_reopened(&self, book: &AlertBook) -> Option<AnswerSet> {
        let own = book.alert.answer_set?;
        let mut others = self
            .state
            .alerts
            .values()
            .filter(|other| other.ended_at.is_none() && other.alert.id != book.alert.id);
        let given_away = others.any(|other| {
            other
                .alert
                .answer_set
                .is_some_and(|set| set.name == own.name)
        });
        if !given_away {
            return Some(own);
        }
        let recipients = book
            .deliveries
            .iter()
            .map(|delivery| delivery.recipient.clone());
        self.free_set(&book.alert, &recipients.collect::<Vec<_>>())
    }

    /// Whether an alert would be answered by status codes of a trunked system.
    pub(super) fn wants_set(&self, alert: &Alert, recipients: &[Recipient]) -> bool {
        let asks = matches!(alert.ask, Ask::Acknowledgement | Ask::Answers(_));
        let trunked = |recipient: &Recipient| {
            let carrier = self.air.carrier_for(known!(self), alert, recipient);
            carrier.is_some_and(|id| self.state.is_trunked(id))
        };
        let stations = &self.state.policy.stations;
        let any = stations
            .iter()
            .any(|station| station.kind != CarrierKind::Conventional);
        asks && any && recipients.iter().any(trunked)
    }
}

/// The set and the numbered answer that a text names, as in `A1`.
pub(super) fn named(text: &str) -> Option<(char, u8)> {
    let mut characters = text.trim().chars();
    let name = characters.next()?.to_ascii_uppercase();
    let choice = characters.next()?.to_digit(10)?;
    let sound = characters.next().is_none() && name.is_ascii_uppercase();
    Some((name, u8::try_from(choice).ok()?)).filter(|_| sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_a_set_by_a_letter_and_a_digit_and_by_nothing_else() {
        assert_eq!(named(" a1 "), Some(('A', 1)));
        assert_eq!(named("F4"), Some(('F', 4)));
        for other in ["1", "A", "A12", "11", "收到", "", "a 1"] {
            assert_eq!(named(other), None, "{other}");
        }
    }

    #[test]
    fn a_status_means_an_answer_in_one_set_only() {
        let sets = crate::model::policy::Policy::default().answer_sets;
        for status in 0..=127 {
            let meanings = sets.iter().filter_map(|set| set.choice(status)).count();
            assert_eq!(
                meanings,
                usize::from((1..=24).contains(&status)),
                "{status}"
            );
        }
    }
}
