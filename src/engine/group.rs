//! Group transmissions: how they begin, what their jobs prove, and when they are repeated.

use std::collections::BTreeSet;
use std::time::Duration;

use narrowcast_protocol::air::{Address, CarrierId, Delivery, GroupId, Text};
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::attempts::{GroupRunId, JobRun};
use crate::engine::compose;
use crate::engine::known::known;
use crate::engine::queue::{Cost, Item, Place};
use crate::model::book::{AlertBook, GroupBook};
use crate::model::delivery::Rung;
use crate::model::evidence::Evidence;
use crate::model::facts::Fact;
use crate::model::ids::AlertId;

/// Between two repeats of a group transmission.
pub(super) const GROUP_GAP: Duration = Duration::from_secs(5);

impl Engine {
    /// Starts a group transmission, or goes on with its next part.
    pub(super) fn start_group(&mut self, carrier: CarrierId, alert: AlertId, group: GroupId) {
        let run = GroupRunId {
            alert,
            group,
            carrier,
        };
        let Some(book) = self.state.alerts.get(&alert) else {
            return self.group_done(run);
        };
        let mut members = book.deliveries.iter().map(|delivery| &delivery.recipient);
        let member = members.find(|member| member.talkgroup == Some(group));
        let station = self.state.station(carrier.station);
        let own = station.map(|station| station.own);
        let (Some(member), Some(own), None) = (member, own, book.ended_at) else {
            return self.group_done(run);
        };
        // All members that stand for their talkgroup read the same text.
        let form = self.state.form_on(carrier, member);
        let said = book.alert.said_to(&member.language);
        let mode = Delivery::Unconfirmed;
        let Ok(texts) = compose::parts(&self.state.policy, said, form, mode, 0) else {
            return self.group_done(run);
        };
        let bursts = compose::bursts(self.state.kind(carrier), form, mode, &texts);
        let parts = u8::try_from(texts.len()).unwrap_or(u8::MAX);
        let part = self.attempts.group_part(run);
        let Some(text) = texts.into_iter().nth(usize::from(part)) else {
            return self.group_done(run);
        };
        if part == 0 {
            let number = started(book, run).map_or(1, |it| it.attempts.saturating_add(1));
            self.emit(Fact::GroupAttemptStarted {
                alert,
                group,
                carrier,
                number,
                parts,
                bursts,
            });
        }
        let text = Text {
            from: own,
            to: Address::Group(group),
            text,
            form,
            delivery: mode,
            reference: part,
        };
        self.hand_over(carrier, alert, JobRun::Group { run, part, parts }, text);
    }

    pub(super) fn learn_group(&mut self, run: GroupRunId, evidence: Evidence) {
        let GroupRunId {
            alert,
            group,
            carrier,
        } = run;
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        let rung = started(book, run).map_or(Rung::Queued, |known| known.rung);
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
        let policy = &self.state.policy;
        let made = started(book, run).map_or(0, |known| known.attempts);
        let members = book
            .deliveries
            .iter()
            .filter(|delivery| delivery.hears(run.group, run.carrier));
        let heard = members.map(|delivery| book.times_sent(delivery)).max();
        let enough = heard.is_some_and(|heard| heard >= policy.max_attempts);
        let now = self.clock.mono();
        let again = if done && part + 1 < parts {
            Some((part + 1, now))
        } else if enough {
            None
        } else if !done && made < policy.max_attempts {
            Some((0, now + policy.attempt_gap))
        } else if done && made < policy.group_repeats {
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
        let Some(book) = self.state.alerts.get(&run.alert) else {
            return;
        };
        let place = Place {
            precedence: book.alert.precedence,
            ready,
            alert: run.alert,
            item: Item::Group(run.group),
            cost: Cost::default(),
        };
        self.attempts.wait_group(run, part);
        let known = known!(self);
        self.air.enqueue_group(known, run.carrier, place);
    }

    fn group_done(&mut self, run: GroupRunId) {
        self.attempts.end_group(run);
        self.collect_after_group(run);
        self.settle(run.alert);
    }

    /// Queues the group transmissions that an alert still wants.
    pub(super) fn queue_groups(&mut self, alert: AlertId, now: Instant) {
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        let runs = self.group_carriers(book).into_iter();
        let runs = runs.map(|(group, carrier)| GroupRunId {
            alert,
            group,
            carrier,
        });
        let repeats = self.state.policy.group_repeats;
        let wanted = |run: &GroupRunId| started(book, *run).is_none_or(|it| it.attempts < repeats);
        let wanted: Vec<GroupRunId> = runs.filter(wanted).collect();
        for run in wanted {
            self.push_group(run, 0, now);
        }
    }

    /// The talkgroups of an alert, each with the carriers that serve its members: their
    /// homes, or every permitted carrier that is there if a member has none.
    pub(super) fn group_carriers(&self, book: &AlertBook) -> BTreeSet<(GroupId, CarrierId)> {
        let permitted = |id: &CarrierId| self.state.permits(&book.alert, *id);
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
                None => {
                    let there = self.air.known_carriers().filter(permitted);
                    pairs.extend(there.map(|id| (group, id)));
                }
            }
        }
        pairs
    }
}

/// What is on record of a group transmission, if it was started.
fn started(book: &AlertBook, run: GroupRunId) -> Option<&GroupBook> {
    let mut known = book.groups.iter();
    known.find(|known| known.group == run.group && known.carrier == run.carrier)
}
