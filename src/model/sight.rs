//! What a token may see: its node fences reading as it fences sending.
//!
//! | what | is seen from a node, if |
//! |---|---|
//! | a radio, person or group | it hangs at or below the node |
//! | an alert sent from the node or below | always, whole |
//! | an alert sent from elsewhere | it goes to a radio of the node: its text and that share only |
//! | an emergency, a report, a radio heard | the radio hangs at or below the node *now*; an unknown radio belongs to the root |
//! | a sensor alarm, its suppression | its rule is for the node or one below it |
//! | stations, starts, the clock | always: they serve all nodes |
//! | the policy, the trimming, a salvage of the ledger | never: they are of the root |
//! | tokens | the holder is an administrator, and the token hangs at or below the node |
//!
//! Whatever cannot be placed belongs to the root.

use std::borrow::Cow;

use narrowcast_protocol::air::RadioId;

use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryIndex, EmergencyId};
use crate::model::roster::{Node, Recipient, RosterEntry};
pub use crate::model::share::Share;
use crate::model::token::{Principal, Right};

/// Where things hang that a fact names by number only.
pub trait Places {
    /// Whether the radio hangs at or below the node now.
    fn radio(&self, id: RadioId) -> bool;
    /// Whether the radio of this emergency does.
    fn emergency(&self, id: EmergencyId) -> bool;
    /// The node's share in an alert.
    fn alert(&self, id: AlertId) -> Option<&Share>;
}

/// A fact as it may be seen.
#[derive(Debug, PartialEq)]
pub struct Seen<'a> {
    /// The fact, without what may not be seen.
    pub fact: Cow<'a, Fact>,
    /// Of [`Fact::Recipients`]: the delivery of each recipient that is left.
    pub deliveries: Vec<DeliveryIndex>,
}

impl<'a> Seen<'a> {
    /// The fact as it is.
    #[must_use]
    pub fn whole(fact: &'a Fact) -> Self {
        let deliveries = match fact {
            Fact::Recipients {
                first, recipients, ..
            } => numbered(*first, recipients)
                .map(|(index, _)| index)
                .collect(),
            _ => Vec::new(),
        };
        Self {
            fact: Cow::Borrowed(fact),
            deliveries,
        }
    }

    fn part(fact: Fact) -> Self {
        Self {
            fact: Cow::Owned(fact),
            deliveries: Vec::new(),
        }
    }

    /// What `who` may see of a fact; none if nothing.
    #[must_use]
    pub fn by(who: &Principal, fact: &'a Fact, places: &impl Places) -> Option<Self> {
        let administers = who.role.may(Right::Administer);
        let whole = |seen: bool| seen.then(|| Self::whole(fact));
        let root = who.node == Node::root();
        match fact {
            Fact::TokenCreated { token, .. } => whole(administers && who.node.covers(&token.node)),
            // The fact does not say where the token hung.
            Fact::TokenRevoked { .. } => whole(administers && root),
            _ if root => whole(true),
            Fact::Started { .. } | Fact::StationChanged { .. } | Fact::ClockConfirmed { .. } => {
                whole(true)
            }
            Fact::PolicyInForce(_)
            | Fact::StationsInForce { .. }
            | Fact::AlarmRulesInForce { .. }
            | Fact::AlarmRestated(_)
            | Fact::AlarmToldRestated { .. }
            | Fact::Trimmed { .. }
            | Fact::Salvaged(_)
            | Fact::SalvageAcknowledged { .. } => None,
            Fact::RosterImported {
                by,
                clears,
                entries,
            } => roster_part(&who.node, by, *clears, entries),
            Fact::RadioHeard { radio, .. } | Fact::RadioLeft { radio, .. } => {
                whole(places.radio(*radio))
            }
            Fact::ReportHeard { from, .. } => whole(places.radio(*from)),
            Fact::EmergencyRaised(emergency) => whole(places.radio(emergency.radio)),
            Fact::EmergencyAcknowledged { id }
            | Fact::EmergencyTaken { id, .. }
            | Fact::EmergencyClosed { id, .. } => whole(places.emergency(*id)),
            _ if fact.own_node().is_some() => {
                whole(fact.own_node().is_some_and(|of| who.node.covers(of)))
            }
            _ => {
                let share = places.alert(fact.alert()?)?;
                of_alert(&who.node, fact, share)
            }
        }
    }
}

/// A fact of an alert in which `node` has this share.
fn of_alert<'a>(node: &Node, fact: &'a Fact, share: &Share) -> Option<Seen<'a>> {
    let whole = |seen: bool| seen.then(|| Seen::whole(fact));
    if *share == Share::Whole {
        return whole(true);
    }
    match fact {
        Fact::AlertAccepted(alert) => {
            let mut alert = alert.as_ref().clone();
            alert.targets = share.targets(&alert.targets, node);
            if let Share::Part { deliveries, .. } = share {
                alert.recipients = u32::try_from(deliveries.len()).unwrap_or(u32::MAX);
            }
            Some(Seen::part(Fact::AlertAccepted(Box::new(alert))))
        }
        Fact::Targets { alert, targets } => {
            let targets = share.targets(targets, node);
            let alert = *alert;
            (!targets.is_empty()).then(|| Seen::part(Fact::Targets { alert, targets }))
        }
        Fact::Recipients {
            alert,
            first,
            recipients,
        } => {
            let (deliveries, left): (Vec<_>, Vec<_>) = numbered(*first, recipients)
                .filter(|(index, _)| share.has(*index))
                .map(|(index, recipient)| (index, recipient.clone()))
                .unzip();
            let seen = Fact::Recipients {
                alert: *alert,
                first: *deliveries.first()?,
                recipients: left,
            };
            Some(Seen {
                fact: Cow::Owned(seen),
                deliveries,
            })
        }
        Fact::Resent {
            alert,
            by,
            deliveries,
            answer_set,
        } => {
            let left: Vec<_> = deliveries
                .iter()
                .copied()
                .filter(|index| share.has(*index))
                .collect();
            (!left.is_empty()).then(|| {
                Seen::part(Fact::Resent {
                    alert: *alert,
                    by: by.clone(),
                    deliveries: left,
                    answer_set: *answer_set,
                })
            })
        }
        Fact::AttemptStarted { delivery, .. }
        | Fact::Evidenced { delivery, .. }
        | Fact::AttemptEnded { delivery, .. }
        | Fact::RadioTurned { delivery, .. }
        | Fact::MessageStarted { delivery, .. }
        | Fact::MessageEnded { delivery, .. }
        | Fact::DeliveryEnded { delivery, .. } => whole(share.has(*delivery)),
        Fact::MessageEvidenced { of, .. }
        | Fact::MessageTaken { of, .. }
        | Fact::ReceiptHeard { of, .. } => whole(share.has(of.delivery)),
        Fact::GroupAttemptStarted { group, .. } | Fact::GroupEvidenced { group, .. } => {
            whole(share.hears(*group))
        }
        Fact::AlertEnded { .. } => whole(true),
        _ => None,
    }
}

fn roster_part<'a>(
    node: &Node,
    by: &str,
    clears: bool,
    entries: &[RosterEntry],
) -> Option<Seen<'a>> {
    let left: Vec<RosterEntry> = entries
        .iter()
        .filter(|entry| node.covers(entry.node()))
        .cloned()
        .collect();
    (clears || !left.is_empty()).then(|| {
        Seen::part(Fact::RosterImported {
            by: by.to_owned(),
            clears,
            entries: left,
        })
    })
}

fn numbered(
    first: DeliveryIndex,
    recipients: &[Recipient],
) -> impl Iterator<Item = (DeliveryIndex, &Recipient)> {
    (first.0..).map(DeliveryIndex).zip(recipients)
}

#[cfg(test)]
mod tests;
