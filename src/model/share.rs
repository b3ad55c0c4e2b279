//! What of an alert is seen from a node.

use std::collections::BTreeSet;

use narrowcast_protocol::air::{GroupId, RadioId};

use crate::model::alert::{Alert, Target};
use crate::model::ids::DeliveryIndex;
use crate::model::roster::{Node, Recipient};

/// The share of an alert that is seen from a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Share {
    /// It was sent from there: all of it.
    Whole,
    /// It was sent from elsewhere to these radios of the node, and perhaps to others.
    Part {
        /// The deliveries to radios of the node.
        deliveries: BTreeSet<DeliveryIndex>,
        /// Those radios.
        radios: BTreeSet<RadioId>,
        /// The talkgroups through which they are reached.
        groups: BTreeSet<GroupId>,
    },
}

impl Share {
    /// The share that `node` has in an alert; none if it may not see it at all.
    #[must_use]
    pub fn of<'a>(
        alert: &Alert,
        recipients: impl Iterator<Item = &'a Recipient>,
        node: &Node,
    ) -> Option<Self> {
        if node.covers(&alert.node) {
            return Some(Self::Whole);
        }
        let mut deliveries = BTreeSet::new();
        let mut radios = BTreeSet::new();
        let mut groups = BTreeSet::new();
        for (index, recipient) in (0..).zip(recipients) {
            if node.covers(&recipient.node) {
                deliveries.insert(DeliveryIndex(index));
                radios.extend(recipient.radios());
                groups.extend(recipient.talkgroup);
            }
        }
        (!deliveries.is_empty()).then_some(Self::Part {
            deliveries,
            radios,
            groups,
        })
    }

    /// Whether this delivery is part of the share.
    #[must_use]
    pub fn has(&self, delivery: DeliveryIndex) -> bool {
        match self {
            Self::Whole => true,
            Self::Part { deliveries, .. } => deliveries.contains(&delivery),
        }
    }

    /// Whether a group transmission to `group` reaches somebody of the share.
    #[must_use]
    pub fn hears(&self, group: GroupId) -> bool {
        match self {
            Self::Whole => true,
            Self::Part { groups, .. } => groups.contains(&group),
        }
    }

    /// The targets that may be named. Of an alert from elsewhere these are its own radios,
    /// and what the place in the tree tells anyway; people and groups of others are not named.
    #[must_use]
    pub fn targets(&self, targets: &[Target], node: &Node) -> Vec<Target> {
        let named = |target: &&Target| match (self, target) {
            (Self::Whole, _) | (_, Target::All) => true,
            (Self::Part { radios, .. }, Target::Radio(id)) => radios.contains(id),
            (_, Target::Node(other)) => other.covers(node) || node.covers(other),
            (_, Target::Person(_) | Target::Group(_) | Target::System(_)) => false,
        };
        targets.iter().filter(named).cloned().collect()
    }
}
