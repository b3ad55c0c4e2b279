//! What is known about one trunked site while its gateway is logged in.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::transfers::{Overdue, Owner, Transfers};
use crate::air::{CarrierId, GroupId, JobId, RadioId, Slot, StationId};
use crate::homebrew::master::held::Held;
use crate::homebrew::message::Uuid;
use crate::session::{Action, CarrierState, Step};
use crate::time::Instant;

/// Most talkgroups of one site.
const GROUPS: usize = 1_024;
/// A radio that goes on talking is reported at most this often.
const PRESENCE_EVERY: Duration = Duration::from_secs(5);

/// One site: its carrier is the whole of it.
#[derive(Debug)]
pub(in super::super) struct Site {
    pub(super) carrier: CarrierId,
    pub(super) transfers: Transfers,
    groups: BTreeSet<u32>,
    /// Who holds which group here.
    relayed: BTreeMap<u32, (Held, Uuid)>,
    present: Option<(RadioId, Instant)>,
    reported: Option<u8>,
    /// When it wants to be looked at, as the master's list has it.
    pub(super) due: Option<Instant>,
}

impl Site {
    pub(in super::super) fn new(station: StationId) -> Self {
        let slot = Slot::One;
        Self {
            carrier: CarrierId { station, slot },
            transfers: Transfers::default(),
            groups: BTreeSet::new(),
            relayed: BTreeMap::new(),
            present: None,
            reported: None,
            due: None,
        }
    }

    /// Whether this is its carrier.
    pub(in super::super) fn is(&self, carrier: CarrierId) -> bool {
        self.carrier == carrier
    }

    /// The master's list has it no more.
    pub(in super::super) fn forget_due(&mut self) {
        self.due = None;
    }

    /// Its gateway has logged in again, and says anew which talkgroups it wants.
    pub(in super::super) fn begin_anew(&mut self) {
        self.groups.clear();
        self.relayed.clear();
    }

    /// Adds a talkgroup to those that the site wants; whether it gets it.
    pub(super) fn subscribe(&mut self, group: u32) -> bool {
        let known = self.groups.contains(&group);
        let fits = GroupId::new(group).is_ok() && (known || self.groups.len() < GROUPS);
        if fits {
            self.groups.insert(group);
        }
        fits
    }

    pub(super) fn unsubscribe(&mut self, group: u32) {
        self.groups.remove(&group);
        self.relayed.remove(&group);
    }

    pub(in super::super) fn has_group(&self, group: u32) -> bool {
        self.groups.contains(&group)
    }

    /// Who holds a subscribed group, and the name of the call.
    pub(in super::super) fn calls_relayed(
        &mut self,
        group: u32,
        first: impl FnOnce() -> (Held, Uuid),
    ) -> &mut (Held, Uuid) {
        self.relayed.entry(group).or_insert_with(first)
    }

    /// Whether it is worth saying that this radio is there.
    pub(super) fn is_news(&mut self, now: Instant, radio: RadioId) -> bool {
        let known = self
            .present
            .is_some_and(|(known, at)| known == radio && now.since(at) < PRESENCE_EVERY);
        if !known {
            self.present = Some((radio, now));
        }
        !known
    }

    /// What is overdue: datagrams to send again go out, jobs that nobody accepted end.
    pub(super) fn tick(&mut self, now: Instant) -> (Vec<bytes::Bytes>, Vec<(JobId, Uuid)>) {
        let (mut again, mut ended) = (Vec::new(), Vec::new());
        for overdue in self.transfers.overdue(now) {
            match overdue {
                Overdue::Again(bytes) => again.push(bytes),
                Overdue::Ended(Owner::Job { id, .. }, uuid) => ended.push((id, uuid)),
                // The site that it came from repeats it, or has given up by itself.
                Overdue::Ended(Owner::Site(_), _) => {}
            }
        }
        (again, ended)
    }

    /// Reports the carrier's room when it has changed.
    pub(super) fn report(&mut self, actions: &mut VecDeque<Action>) {
        let room = u8::try_from(self.transfers.room()).unwrap_or(u8::MAX);
        if self.reported != Some(room) {
            self.reported = Some(room);
            actions.push_back(Action::Carrier {
                id: self.carrier,
                state: CarrierState::Up,
                room,
            });
        }
    }

    /// The gateway is gone: what was under way is lost. The names of the lost transfers.
    pub(super) fn close(mut self, actions: &mut VecDeque<Action>) -> Vec<Uuid> {
        let mut names = Vec::new();
        for (id, uuid, accepted) in self.transfers.close() {
            let step = if accepted { Step::Done } else { Step::Lost };
            actions.push_back(Action::Job { id, step });
            names.push(uuid);
        }
        actions.push_back(Action::Carrier {
            id: self.carrier,
            state: CarrierState::Gone,
            room: 0,
        });
        names
    }
}
