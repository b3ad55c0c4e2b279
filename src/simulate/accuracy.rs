//! How true the predictions of a run were.
//!
//! A prediction says when the text has gone out to the last recipient over a carrier. It is
//! compared with what came of it where that can be said: an alert that was cancelled, expired or
//! interrupted before every recipient had been tried says nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use narrowcast_protocol::air::CarrierId;
use narrowcast_protocol::time::Instant;

use crate::model::alert::Precedence;
use crate::model::book::AlertBook;
use crate::model::facts::{Entry, Fact};
use crate::model::ids::{AlertId, Seq};

/// A prediction and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outturn {
    /// The alert.
    pub alert: AlertId,
    /// How urgent it is.
    pub precedence: Precedence,
    /// The carrier.
    pub carrier: CarrierId,
    /// How many recipients it is tried for one by one there.
    pub deliveries: usize,
    /// How long it was predicted to take.
    pub predicted: Duration,
    /// How long it took.
    pub actual: Duration,
}

impl Outturn {
    /// By how much the prediction was wrong, as a part of what it took.
    #[must_use]
    pub fn error(&self) -> f64 {
        let off = self.predicted.abs_diff(self.actual).as_secs_f64();
        off / self.actual.as_secs_f64().max(f64::EPSILON)
    }
}

/// The predictions among these facts, with what came of them, oldest alert first.
#[must_use]
pub fn outturns(facts: &[(Instant, Seq, Entry)]) -> Vec<Outturn> {
    let mut books: BTreeMap<AlertId, AlertBook> = BTreeMap::new();
    for (_, seq, entry) in facts {
        match &entry.fact {
            Fact::AlertAccepted(alert) => {
                let book = AlertBook::open(alert.as_ref().clone(), *seq);
                books.insert(alert.id, book);
            }
            Fact::Started { .. } => {
                let at = entry.at;
                books.values_mut().for_each(|book| book.interrupted(at));
            }
            fact => {
                let book = fact.alert().and_then(|alert| books.get_mut(&alert));
                book.into_iter().for_each(|book| book.apply(entry.at, fact));
            }
        }
    }
    let told = books.values().filter(|book| all_were_tried(book));
    told.flat_map(of_book).collect()
}

fn all_were_tried(book: &AlertBook) -> bool {
    let mut deliveries = book.deliveries.iter();
    deliveries.all(|delivery| delivery.tried || (delivery.end.is_none() && delivery.was_sent()))
}

fn of_book(book: &AlertBook) -> impl Iterator<Item = Outturn> {
    book.predicted.iter().filter_map(|prediction| {
        let mut spent = book.spent.iter();
        let spent = spent.find(|spent| spent.carrier == prediction.carrier)?;
        Some(Outturn {
            alert: book.alert.id,
            precedence: book.alert.precedence,
            deliveries: book
                .deliveries
                .iter()
                .filter(|delivery| delivery.tried && delivery.carrier == Some(prediction.carrier))
                .count(),
            carrier: prediction.carrier,
            predicted: Duration::from_millis(prediction.finished_in_ms),
            actual: spent.through?.since(book.alert.accepted_at),
        })
    })
}

/// The error that this part of the predictions, from 0 to 1, does not exceed; none without any.
#[must_use]
pub fn quantile(outturns: &[Outturn], part: f64) -> Option<f64> {
    let mut errors: Vec<f64> = outturns.iter().map(Outturn::error).collect();
    errors.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index within the list"
    )]
    let at = (errors.len().saturating_sub(1) as f64 * part.clamp(0.0, 1.0)).round() as usize;
    errors.get(at).copied()
}
