//! Where the deliveries of an alert stand, in counts.
//!
//! When an alert leaves memory its summary goes on record, so that a list of ended alerts reads
//! a few facts of each and not all of them.

use narrowcast_protocol::air::CarrierId;
use serde::{Deserialize, Serialize};

use crate::model::answers::AnswerSet;
use crate::model::delivery::{End, Rung};
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
    /// The counts of all nodes that are wanted, together.
    #[must_use]
    pub fn counts(&self, wanted: impl Fn(&Node) -> bool) -> Counts {
        let mut sum = Counts::default();
        let seen = self.nodes.iter().filter(|(node, _)| wanted(node));
        seen.for_each(|(_, counts)| sum.add_all(counts));
        sum
    }

    /// Adds the next piece of one that took several facts.
    pub fn extend(&mut self, piece: &Self) {
        self.ended_at = piece.ended_at;
        self.answer_set = piece.answer_set;
        self.nodes.extend(piece.nodes.iter().cloned());
        self.carriers.extend(piece.carriers.iter().copied());
    }
}
