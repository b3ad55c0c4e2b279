//! Where the deliveries of an alert stand, in counts.
//!
//! When an alert leaves memory its summary goes on record, so that a list of ended alerts reads
//! a few facts of each and not all of them.

use std::collections::{BTreeMap, BTreeSet};

use narrowcast_protocol::air::{CarrierId, DMR_BURST_MICROS};
use serde::{Deserialize, Serialize};

use crate::model::book::AlertBook;
use crate::model::delivery::{End, Rung};
use crate::model::facts::{self, Fact};
use crate::model::ids::{AlertId, Seq};
use crate::model::policy::AnswerSet;
use crate::model::roster::Node;
use crate::model::wall::Wall;

/// Each delivery once, at its highest rung; ends apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Not yet sent, no end.
    pub queued: u32,
    /// Highest rung `Sent`, no end.
    pub sent: u32,
    /// Highest rung `Accepted`, no end.
    pub accepted: u32,
    /// Highest rung `Transmitted`, no end.
    pub transmitted: u32,
    /// Highest rung `Received`, no end.
    pub received: u32,
    /// Highest rung `Read`, no end.
    pub read: u32,
    /// Answered, whatever came after.
    pub answered: u32,
    /// Failed.
    pub failed: u32,
    /// Expired.
    pub expired: u32,
    /// Cancelled.
    pub cancelled: u32,
    /// Superseded.
    pub superseded: u32,
}

impl Counts {
    /// Adds one delivery.
    pub const fn add(&mut self, rung: Rung, end: Option<End>) {
        let counter = match (rung, end) {
            (Rung::Answered, _) => &mut self.answered,
            (_, Some(End::Failed(_))) => &mut self.failed,
            (_, Some(End::Expired)) => &mut self.expired,
            (_, Some(End::Cancelled)) => &mut self.cancelled,
            (_, Some(End::Superseded)) => &mut self.superseded,
            (Rung::Queued, None) => &mut self.queued,
            (Rung::Sent, None) => &mut self.sent,
            (Rung::Accepted, None) => &mut self.accepted,
            (Rung::Transmitted, None) => &mut self.transmitted,
            (Rung::Received, None) => &mut self.received,
            (Rung::Read, None) => &mut self.read,
        };
        *counter += 1;
    }

    /// Adds what others count.
    pub const fn add_all(&mut self, other: &Self) {
        self.queued += other.queued;
        self.sent += other.sent;
        self.accepted += other.accepted;
        self.transmitted += other.transmitted;
        self.received += other.received;
        self.read += other.read;
        self.answered += other.answered;
        self.failed += other.failed;
        self.expired += other.expired;
        self.cancelled += other.cancelled;
        self.superseded += other.superseded;
    }
}

/// What an alert was predicted to take of a carrier, and what it has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierUse {
    /// The carrier.
    pub carrier: CarrierId,
    /// Airtime predicted at acceptance, in milliseconds.
    pub predicted_airtime_ms: u64,
    /// When the text was predicted to have gone out to the last recipient, in milliseconds after
    /// acceptance.
    pub predicted_finish_ms: u64,
    /// Airtime of what was started, in milliseconds.
    pub airtime_ms: u64,
    /// When it had gone out to the last of those so far, for the first time, in milliseconds after
    /// acceptance; 0 if to none.
    pub finished_ms: u64,
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

/// An alert in counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// When all its deliveries were settled or ended; none while it goes on.
    pub ended_at: Option<Wall>,
    /// The answer set that answered it last.
    pub answer_set: Option<AnswerSet>,
    /// Where its deliveries stand, by the node of the recipient.
    pub nodes: Vec<(Node, Counts)>,
    /// What it was predicted to take, and what it has taken.
    pub carriers: Vec<CarrierUse>,
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

    /// The counts of all nodes that are wanted, together.
    #[must_use]
    pub fn counts(&self, wanted: impl Fn(&Node) -> bool) -> Counts {
        let mut sum = Counts::default();
        let seen = self.nodes.iter().filter(|(node, _)| wanted(node));
        seen.for_each(|(_, counts)| sum.add_all(counts));
        sum
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

    /// Adds the next piece of one that took several facts.
    pub fn extend(&mut self, piece: &Self) {
        self.ended_at = piece.ended_at;
        self.answer_set = piece.answer_set;
        self.nodes.extend(piece.nodes.iter().cloned());
        self.carriers.extend(piece.carriers.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::air::{Slot, StationId};

    use super::*;
    use crate::model::facts::FACT_BYTES;

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
