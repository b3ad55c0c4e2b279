//! Transfers to one site that are not over yet.

use core::time::Duration;

use bytes::Bytes;

use crate::air::{JobId, RadioId};
use crate::homebrew::message::Uuid;
use crate::time::Instant;

/// Transfers of ours that may be open at one site: the carrier's room.
pub(super) const ROOM: usize = 8;
/// Transfers from other sites that may be open at one site.
const PASSED_ON: usize = 32;
/// How long an acceptance is waited for.
const WAIT: Duration = Duration::from_secs(5);
/// How long a transfer of ours stays open once it is accepted. The protocol defines no time: it
/// is as long as one that nobody accepts is sent, so a transfer lives equally long either way.
const ACCEPTED: Duration = Duration::from_secs(15);
/// Most accepted ones that stay open; beyond it the oldest ends early.
const MOST_ACCEPTED: usize = 256;
/// How often a transfer is sent that nobody accepts.
pub(super) const SENDS: u8 = 3;

/// Whose transfer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The engine's.
    Job {
        /// Which.
        id: JobId,
        /// The radio it is for; none for a talkgroup.
        to: Option<RadioId>,
    },
    /// It came from the site at this place.
    Site(usize),
}

/// What happens to a transfer whose wait is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// It is sent again.
    Again(Bytes),
    /// It has been sent often enough.
    Ended(Owner, Uuid),
}

#[derive(Debug)]
struct Transfer {
    owner: Owner,
    uuid: Uuid,
    bytes: Bytes,
    /// Sends that are left.
    left: u8,
    /// The site has accepted it, and it takes no room any more.
    accepted: bool,
    due: Instant,
}

/// The open transfers of one site.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    open: Vec<Transfer>,
}

impl Transfers {
    fn jobs(&self) -> usize {
        let ours = |it: &&Transfer| matches!(it.owner, Owner::Job { .. }) && !it.accepted;
        self.open.iter().filter(ours).count()
    }

    fn passed_on(&self) -> usize {
        let theirs = |it: &&Transfer| matches!(it.owner, Owner::Site(_));
        self.open.iter().filter(theirs).count()
    }

    /// How many more of ours it takes.
    pub(super) fn room(&self) -> usize {
        ROOM.saturating_sub(self.jobs())
    }

    /// Keeps a transfer that is sent now, for at most `sends` sends in all; whether there
    /// was a place for it.
    pub(super) fn open(
        &mut self,
        now: Instant,
        owner: Owner,
        uuid: Uuid,
        bytes: Bytes,
        sends: u8,
    ) -> bool {
        let full = match owner {
            Owner::Job { .. } => self.room() == 0,
            Owner::Site(_) => self.passed_on() >= PASSED_ON,
        };
        if full || self.open.iter().any(|it| it.uuid == uuid) {
            return false;
        }
        self.open.push(Transfer {
            owner,
            uuid,
            bytes,
            left: sends.saturating_sub(1),
            accepted: false,
            due: now + WAIT,
        });
        true
    }

    /// The site has accepted it: whose it is. It is over then, unless `stays`.
    pub(super) fn accepted(
        &mut self,
        now: Instant,
        uuid: Uuid,
        stays: impl FnOnce(Owner) -> bool,
    ) -> Option<Owner> {
        let waits = |it: &Transfer| it.uuid == uuid && !it.accepted;
        let place = self.open.iter().position(waits)?;
        let mut transfer = self.open.remove(place);
        let owner = transfer.owner;
        if stays(owner) {
            transfer.accepted = true;
            transfer.left = 0;
            transfer.due = now + ACCEPTED;
            self.open.push(transfer);
            let mut accepted = self.open.iter_mut().filter(|it| it.accepted);
            let oldest = accepted.next();
            if accepted.count() >= MOST_ACCEPTED
                && let Some(oldest) = oldest
            {
                oldest.due = now;
            }
        }
        Some(owner)
    }

    /// What is to be done with the transfers whose wait is over.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<Overdue> {
        let mut overdue = Vec::new();
        self.open.retain_mut(|it| {
            if it.due > now {
                return true;
            }
            if it.left == 0 {
                overdue.push(Overdue::Ended(it.owner, it.uuid));
                return false;
            }
            it.left -= 1;
            it.due = now + WAIT;
            overdue.push(Overdue::Again(it.bytes.clone()));
            true
        });
        overdue
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.open.iter().map(|it| it.due).min()
    }

    /// The jobs that are open, when the link is lost, and whether each was accepted before.
    pub(super) fn close(&mut self) -> Vec<(JobId, Uuid, bool)> {
        let ours = |it: Transfer| match it.owner {
            Owner::Job { id, .. } => Some((id, it.uuid, it.accepted)),
            Owner::Site(_) => None,
        };
        self.open.drain(..).filter_map(ours).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_is_sent_three_times_and_then_given_up() {
        let mut transfers = Transfers::default();
        let owner = Owner::Job {
            id: JobId(1),
            to: None,
        };
        let (uuid, bytes) = (Uuid([1; 16]), Bytes::from_static(b"DMRT"));
        assert!(transfers.open(Instant::ZERO, owner, uuid, bytes.clone(), SENDS));
        let mut sends = 1;
        let mut now = Instant::ZERO;
        loop {
            now = transfers.deadline().unwrap_or(now);
            match transfers.overdue(now).as_slice() {
                [Overdue::Again(again)] => {
                    assert_eq!(*again, bytes);
                    sends += 1;
                }
                [Overdue::Ended(ended, name)] => {
                    assert_eq!((*ended, *name), (owner, uuid));
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((sends, now), (3, Instant::from_millis(15_000)));
        assert_eq!(transfers.deadline(), None);
    }

    #[test]
    fn foreign_transfers_take_no_room_from_ours_and_are_bounded() {
        let mut transfers = Transfers::default();
        let mut open = |owner, number: u8| {
            let uuid = Uuid([number; 16]);
            transfers.open(Instant::ZERO, owner, uuid, Bytes::new(), 1)
        };
        let foreign = (0..100)
            .filter(|&number| open(Owner::Site(0), number))
            .count();
        let ours = (100..120).filter(|&number| {
            let id = JobId(u64::from(number));
            open(Owner::Job { id, to: None }, number)
        });
        assert_eq!((foreign, ours.count()), (PASSED_ON, ROOM));
    }
}
