//! From the book of an alert to its summary, and that to facts.

use std::collections::{BTreeMap, BTreeSet};

use narrowcast_protocol::air::{CarrierId, DMR_BURST_MICROS};

use crate::model::book::AlertBook;
use crate::model::facts::{self, Fact};
use crate::model::ids::{AlertId, Seq};
use crate::model::roster::Node;
use crate::model::summary::{CarrierUse, Counts, Summary};

impl AlertBook {
    /// The alert in counts.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(self)
    }
}

impl CarrierUse {
    pub(super) fn of(book: &AlertBook) -> Vec<Self> {
        let predicted = book.predicted.iter().map(|prediction| prediction.carrier);
        let spent = book.spent.iter().map(|spent| spent.carrier);
        let carriers: BTreeSet<CarrierId> = predicted.chain(spent).collect();
        let one = |carrier: CarrierId| {
            let predicted = book.predicted.iter().find(|p| p.carrier == carrier);
            let spent = book.spent.iter().find(|s| s.carrier == carrier);
            let through = spent.and_then(|spent| spent.through);
            let taken = through.map(|through| through.since(book.alert.accepted_at));
            Self {
                carrier,
                predicted_airtime_ms: predicted.map_or(0, |p| p.airtime_ms),
                predicted_finish_ms: predicted.map_or(0, |p| p.finished_in_ms),
                airtime_ms: spent.map_or(0, |spent| spent.bursts * DMR_BURST_MICROS / 1_000),
                finished_ms: taken.map_or(0, |taken| {
                    u64::try_from(taken.as_millis()).unwrap_or(u64::MAX)
                }),
            }
        };
        carriers.into_iter().map(one).collect()
    }
}

impl Summary {
    /// The summary that a book comes to.
    #[must_use]
    pub fn of(book: &AlertBook) -> Self {
        let mut nodes: BTreeMap<&Node, Counts> = BTreeMap::new();
        for delivery in &book.deliveries {
            let counts = nodes.entry(&delivery.recipient.node).or_default();
            counts.add(delivery.rung, delivery.end);
        }
        let nodes = nodes.into_iter();
        Self {
            ended_at: book.ended_at,
            answer_set: book.alert.answer_set,
            nodes: nodes.map(|(node, counts)| (node.clone(), counts)).collect(),
            carriers: CarrierUse::of(book),
        }
    }

    /// The facts that put it on record; the first will stand at `first`.
    #[must_use]
    pub fn facts(self, alert: AlertId, first: Seq) -> Vec<Fact> {
        let fact = |nodes: &[(Node, Counts)], carriers: &[CarrierUse]| Fact::Summed {
            alert,
            first,
            summary: Box::new(Self {
                ended_at: self.ended_at,
                answer_set: self.answer_set,
                nodes: nodes.to_vec(),
                carriers: carriers.to_vec(),
            }),
        };
        let whole = fact(&self.nodes, &self.carriers);
        if whole.size() <= facts::CHUNK_BYTES {
            return vec![whole];
        }
        let nodes = facts::pieces(&self.nodes, facts::stored_size).map(|piece| fact(piece, &[]));
        let carriers = facts::pieces(&self.carriers, facts::stored_size);
        let carriers = carriers.map(|piece| fact(&[], piece));
        nodes.chain(carriers).collect()
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::air::{Slot, StationId};

    use super::*;
    use crate::model::facts::FACT_BYTES;
    use crate::model::wall::Wall;

    #[test]
    fn a_summary_of_two_thousand_nodes_and_six_hundred_carriers_goes_on_record_in_pieces_and_is_whole_again()
     {
        let counts = Counts {
            answered: 70_000,
            failed: 1,
            ..Counts::default()
        };
        let node = |n| format!("{}/{n}", "长".repeat(40)).parse().unwrap();
        let used = |station| CarrierUse {
            carrier: CarrierId {
                station: StationId(station),
                slot: Slot::Two,
            },
            predicted_airtime_ms: 1 << 40,
            predicted_finish_ms: 1 << 40,
            airtime_ms: 1 << 40,
            finished_ms: 1 << 40,
        };
        let summary = Summary {
            ended_at: Some(Wall::from_millis(9)),
            answer_set: None,
            nodes: (0..2_000).map(|n| (node(n), counts)).collect(),
            carriers: (1..=600).map(used).collect(),
        };
        let alert = AlertId(ulid::Ulid::from(7u128));
        let facts = summary.clone().facts(alert, Seq(5));
        assert!(facts.len() > 5);
        let mut whole = Summary::default();
        for fact in &facts {
            assert!(fact.size() <= FACT_BYTES, "{} bytes", fact.size());
            let Fact::Summed { first, summary, .. } = fact else {
                panic!("{fact:?}");
            };
            assert_eq!(*first, Seq(5));
            whole.extend(summary);
        }
        assert_eq!(whole, summary);
        let west: Node = node(3);
        assert_eq!(whole.counts(|node| *node == west), counts);
        assert_eq!(whole.counts(|_| true).answered, 140_000_000);
    }
}
