//! Group transmissions: what their jobs prove, and when they are repeated.

use std::collections::BTreeSet;
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, GroupId};
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::dispatch::GroupRunId;
use crate::engine::queue::{Item, Place};
use crate::model::delivery::Rung;
use crate::model::evidence::Evidence;
use crate::model::facts::Fact;
use crate::model::ids::AlertId;

/// Between two repeats of a group transmission.
pub(super) const GROUP_GAP: Duration = Duration::from_secs(5);

impl Engine {
    pub(super) fn learn_group(&mut self, run: GroupRunId, evidence: Evidence) {
        let GroupRunId {
            alert,
            group,
            carrier,
        } = run;
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        let known = book
            .groups
            .iter()
            .find(|known| known.group == group && known.carrier == carrier);
        let rung = known.map_or(Rung::Queued, |known| known.rung);
        if evidence.proves().is_some_and(|proved| proved > rung) {
            self.emit(Fact::GroupEvidenced {
                alert,
                group,
                carrier,
                evidence,
            });
        }
    }

    pub(super) fn group_part_over(&mut self, run: GroupRunId, part: u8, parts: u8, done: bool) {
        let Some(book) = self.state.alerts.get(&run.alert) else {
            return self.group_done(run);
        };
        let made = book
            .groups
            .iter()
            .find(|known| known.group == run.group && known.carrier == run.carrier);
        let made = made.map_or(0, |known| known.attempts);
        let members = book
            .deliveries
            .iter()
            .filter(|delivery| delivery.hears(run.group, run.carrier));
        let heard = members.map(|delivery| book.times_sent(delivery)).max();
        let enough = heard.is_some_and(|heard| heard >= self.state.policy.max_attempts);
        let now = self.clock.mono();
        let again = if done && part + 1 < parts {
            Some((part + 1, now))
        } else if enough {
            None
        } else if !done && made < self.state.policy.max_attempts {
            Some((0, now + self.state.policy.attempt_gap))
        } else if done && made < self.state.policy.group_repeats {
            Some((0, now + GROUP_GAP))
        } else {
            None
        };
        match again {
            Some((next, ready)) => self.push_group(run, next, ready),
            None => self.group_done(run),
        }
    }

    fn push_group(&mut self, run: GroupRunId, part: u8, ready: Instant) {
        let Some(precedence) = self
            .state
            .alerts
            .get(&run.alert)
            .map(|book| book.alert.precedence)
        else {
            return;
        };
        self.groups.insert(run, part);
        let cost = self.cost_of(Some(run.carrier), run.alert, Item::Group(run.group));
        self.queues.push(
            Some(run.carrier),
            Some(run.carrier),
            Place {
                precedence,
                ready,
                alert: run.alert,
                item: Item::Group(run.group),
                cost,
            },
        );
    }

    pub(super) fn group_done(&mut self, run: GroupRunId) {
        self.groups.remove(&run);
        self.collect_after_group(run);
        self.settle(run.alert);
    }

    /// Queues the group transmissions that an alert still wants.
    pub(super) fn queue_groups(&mut self, alert: AlertId, now: Instant) {
        for (group, carrier) in self.group_carriers(alert) {
            let Some(book) = self.state.alerts.get(&alert) else {
                return;
            };
            let made = book
                .groups
                .iter()
                .find(|known| known.group == group && known.carrier == carrier);
            if made.is_none_or(|known| known.attempts < self.state.policy.group_repeats) {
                self.push_group(
                    GroupRunId {
                        alert,
                        group,
                        carrier,
                    },
                    0,
                    now,
                );
            }
        }
    }

    /// The talkgroups of an alert, each with the carriers that serve its members: their
    /// homes, or every permitted carrier that is there if a member has none.
    pub(super) fn group_carriers(&self, alert: AlertId) -> Vec<(GroupId, CarrierId)> {
        let Some(book) = self.state.alerts.get(&alert) else {
            return Vec::new();
        };
        let permitted = |id: &CarrierId| self.permits(&book.alert, *id);
        let mut pairs = BTreeSet::new();
        let open = book
            .deliveries
            .iter()
            .filter(|delivery| delivery.end.is_none());
        for recipient in open.map(|delivery| &delivery.recipient) {
            let Some(group) = recipient.talkgroup else {
                continue;
            };
            match recipient.home {
                Some(home) => pairs.extend(permitted(&home).then_some((group, home))),
                None => pairs.extend(
                    self.carriers
                        .keys()
                        .copied()
                        .filter(permitted)
                        .map(|id| (group, id)),
                ),
            }
        }
        pairs.into_iter().collect()
    }
}
