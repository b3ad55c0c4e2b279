//! Random access: who is invited, when, and how far radios spread their attempts.
//!
//! A modem invites by itself whenever its queue is empty. Under load it must be made to:
//! the last burst of every run of [`CYCLE`] is a C_ALOHA with nothing queued behind it.

use std::collections::VecDeque;

use crate::air::{JobId, RadioId};
use crate::dmr::csbk::{Aloha, Backoff, ServiceFunction, Version};
use crate::dmr::gateway::ALLMSI;
use crate::session::ADMITTED;

use super::ControlConfig;

/// At least one outbound slot in so many invites everyone.
pub(super) const CYCLE: u32 = 16;
/// The load is judged after so many invited slots.
const JUDGED: u32 = 32;
/// Longest backoff number that load leads to: 41 frames.
const LONGEST: u8 = 12;
/// Most of NRand_Wait, 4 bits.
const NRAND_WAIT_MOST: u8 = 15;
/// Bits of an address.
const ADDRESS_BITS: u32 = 24;

/// What is known about random access on one control channel.
#[derive(Debug)]
pub(super) struct Access {
    /// Bursts since the last general invitation.
    since: u32,
    /// Radios that are expected, the one to invite next first.
    expected: VecDeque<RadioId>,
    job: Option<JobId>,
    load: Load,
}

/// Measured load: of the slots that were open, how many were used, and how many damaged.
#[derive(Debug, Default)]
struct Load {
    invited: u32,
    heard: u32,
    damaged: u32,
    /// Most answers that waited for their turn.
    queue: usize,
    /// What it led to, above the quiet site's numbers.
    backoff: u8,
    wait: u8,
}

impl Load {
    fn judge(&mut self) {
        if self.invited < JUDGED {
            return;
        }
        // A slotted channel does best when 37 in 100 slots succeed; a damaged burst is two
        // radios or more.
        let used = (self.heard + 2 * self.damaged) * 100 / self.invited;
        self.backoff = match used {
            30.. => (self.backoff + 2).min(LONGEST),
            10..30 => self.backoff,
            _ => self.backoff.saturating_sub(1),
        };
        self.wait = u8::try_from(self.queue).unwrap_or(NRAND_WAIT_MOST);
        (self.invited, self.heard, self.damaged, self.queue) = (0, 0, 0, 0);
    }
}

impl Access {
    pub(super) fn new() -> Self {
        Self {
            since: 0,
            expected: VecDeque::new(),
            job: None,
            load: Load::default(),
        }
    }

    /// Whether everyone must be invited before `bursts` more may be sent.
    pub(super) const fn is_due(&self, bursts: u32) -> bool {
        self.since > 0 && self.since.saturating_add(bursts) >= CYCLE
    }

    /// A burst was sent that invites nobody.
    pub(super) const fn sent(&mut self) {
        self.since = self.since.saturating_add(1);
    }

    /// `slots` inbound slots were open to everyone.
    pub(super) fn invited(&mut self, slots: u32) {
        self.since = 0;
        self.load.invited = self.load.invited.saturating_add(slots);
        self.load.judge();
    }

    /// So many answers wait for their turn.
    pub(super) fn queue(&mut self, length: usize) {
        self.load.queue = self.load.queue.max(length);
    }

    /// A burst was heard that nobody can read.
    pub(super) const fn damaged(&mut self) {
        self.load.damaged = self.load.damaged.saturating_add(1);
    }

    /// A radio got through; it is expected no longer.
    pub(super) fn heard(&mut self, radio: RadioId) {
        self.load.heard = self.load.heard.saturating_add(1);
        self.expected.retain(|expected| *expected != radio);
    }

    /// These radios are expected, instead of any others.
    pub(super) fn admit(&mut self, job: JobId, radios: Vec<RadioId>) {
        self.job = Some(job);
        self.expected = radios.into();
        self.expected.truncate(ADMITTED);
    }

    /// Ends an admission; false if it is not this one.
    pub(super) fn withdraw(&mut self, job: JobId) -> bool {
        let ends = self.job.take_if(|held| *held == job).is_some();
        if ends {
            self.expected.clear();
        }
        ends
    }

    /// Ends the admission under way.
    pub(super) fn end(&mut self) -> Option<JobId> {
        self.expected.clear();
        self.job.take()
    }

    /// Whether radios are expected.
    pub(super) fn expects(&self) -> bool {
        !self.expected.is_empty()
    }

    /// The invitation to everyone. While radios are expected it is open only to what needs a
    /// payload channel, as an emergency call does, and to registrations: they would all come.
    pub(super) fn everyone(&self, config: &ControlConfig) -> Aloha {
        let service_function = if self.expects() {
            ServiceFunction::PayloadChannel
        } else {
            ServiceFunction::All
        };
        Aloha {
            service_function,
            address: ALLMSI,
            ..self.aloha(config)
        }
    }

    /// An invitation to one expected radio, and to all who share its last bits and are not
    /// expected.
    pub(super) fn portion(&mut self, config: &ControlConfig) -> Option<Aloha> {
        let radio = self.expected.pop_front()?;
        let shared = self.expected.iter().map(|other| shared_bits(radio, *other));
        let mask = shared.max().map_or(0, |bits| bits + 1);
        self.expected.push_back(radio);
        Some(Aloha {
            mask: mask as u8,
            address: radio.get(),
            ..self.aloha(config)
        })
    }

    fn aloha(&self, config: &ControlConfig) -> Aloha {
        let Load { backoff, wait, .. } = self.load;
        Aloha {
            version: Version::V1_9,
            active_connection: true,
            nrand_wait: config.nrand_wait.saturating_add(wait).min(NRAND_WAIT_MOST),
            registration: config.registration.required,
            backoff: Backoff(config.backoff.0.max(backoff)),
            system_identity: config.identity,
            ..Aloha::default()
        }
    }
}

/// How many low bits two addresses have in common, less than all.
fn shared_bits(one: RadioId, other: RadioId) -> u32 {
    let bits = (one.get() ^ other.get()).trailing_zeros();
    bits.min(ADDRESS_BITS - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dmr::tier3::tests::config;

    fn radios(ids: impl IntoIterator<Item = u32>) -> Vec<RadioId> {
        ids.into_iter()
            .map(|id| RadioId::new(id).unwrap())
            .collect()
    }

    #[test]
    fn everyone_is_invited_after_at_most_fifteen_bursts() {
        let mut access = Access::new();
        for sent in 0..15 {
            assert_eq!(access.is_due(1), sent > 14, "after {sent}");
            assert_eq!(access.is_due(3), sent > 12, "after {sent}");
            access.sent();
        }
        assert!(access.is_due(1));
        access.invited(1);
        assert!(!access.is_due(15));
    }

    #[test]
    fn a_crowd_lengthens_the_backoff_and_quiet_shortens_it_again() {
        let mut access = Access::new();
        let backoff = |access: &Access| access.everyone(&config()).backoff.0;
        assert_eq!(backoff(&access), 4);
        for _ in 0..10 {
            (0..16).for_each(|_| access.damaged());
            access.invited(JUDGED);
        }
        assert_eq!(backoff(&access), LONGEST);
        (0..20).for_each(|_| access.invited(JUDGED));
        assert_eq!(backoff(&access), 4);
    }

    #[test]
    fn answers_that_queue_up_make_radios_wait_longer_for_them() {
        let mut access = Access::new();
        access.queue(4);
        access.invited(JUDGED);
        assert_eq!(access.everyone(&config()).nrand_wait, 9);
        access.invited(JUDGED);
        assert_eq!(access.everyone(&config()).nrand_wait, 5);
    }

    #[test]
    fn while_radios_are_expected_only_calls_and_registrations_are_open_to_all() {
        let mut access = Access::new();
        access.admit(JobId(1), radios([5]));
        let everyone = access.everyone(&config());
        assert_eq!(everyone.service_function, ServiceFunction::PayloadChannel);
        assert!(!access.withdraw(JobId(2)));
        assert!(access.withdraw(JobId(1)) && !access.expects());
        let everyone = access.everyone(&config());
        assert_eq!(everyone.service_function, ServiceFunction::All);
    }

    proptest! {
        #[test]
        fn a_portion_admits_one_expected_radio_and_each_has_its_turn(
            ids in prop::collection::btree_set(1u32..0xFF_FCDF, 1..40)
        ) {
            let ids = radios(ids);
            let mut access = Access::new();
            access.admit(JobId(1), ids.clone());
            let mut invited = Vec::new();
            for _ in 0..ids.len() {
                let aloha = access.portion(&config()).unwrap();
                let admitted: Vec<_> = ids.iter().filter(|id| aloha.admits(id.get())).collect();
                prop_assert_eq!(admitted.len(), 1);
                prop_assert_eq!(admitted[0].get(), aloha.address);
                invited.push(*admitted[0]);
            }
            prop_assert_eq!(&invited, &ids);
            access.heard(ids[0]);
            let next = access.portion(&config()).map(|aloha| aloha.address);
            prop_assert_eq!(next, ids.get(1).map(|id| id.get()));
        }
    }
}
