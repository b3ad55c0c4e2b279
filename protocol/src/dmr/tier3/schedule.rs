//! What is sent next.

use core::time::Duration;

use crate::air::{JobId, RadioId};
use crate::dmr::channel::Outgoing;
use crate::dmr::csbk::CsbkBody;
use crate::session::{Refusal, Step};
use crate::time::Instant;

use super::fragment::{Current, Expect, Fragment, Open, Poll, Stage};
use super::gate::Gate;
use super::{ControlChannel, SLOT};

/// After so long without a burst the modem's own C_ALOHA has been on the air.
const DRY: Duration = Duration::from_millis(90);
/// A line that takes longer to tell what has left makes the burst behind an invitation miss
/// its slot, which then is neither used nor surely open.
const SLOW_LINE: Duration = Duration::from_millis(10);
/// Bursts that follow one that radios answer: the answer comes in one of two slots.
const ANSWER_SLOTS: u64 = 2;

impl ControlChannel {
    /// Whether there is anything to pull, now or when the invitation before it has left.
    #[must_use]
    pub fn wants_to_send(&self) -> bool {
        let is_tight = self.current.as_ref().is_some_and(Current::is_tight);
        self.is_open
            && (is_tight
                || !self.due.is_empty()
                || self.announcer.is_due()
                || self.pulled < self.reserved
                || self.upload_waits()
                || !self.is_uploading() && self.has_question())
    }

    /// Whether there is something that radios answer. While one of them sends short data it
    /// waits: the answer would meet that on the air.
    fn has_question(&self) -> bool {
        self.current.is_some()
            || self.waiting.is_some()
            || self.access.expects()
            || self.unanswered().is_some()
    }

    /// The next burst, if the channel has one to send now.
    pub fn next_burst(&mut self, now: Instant) -> Option<Outgoing> {
        if !self.is_open || !self.gate.is_open(now) {
            return None;
        }
        self.gate = Gate::Open;
        self.notice_dry(now);
        self.access.queue(self.due.len());
        let burst = self.choose(now)?;
        self.report_state();
        Some(burst)
    }

    /// While nothing was queued the modem has invited everyone by itself.
    fn notice_dry(&mut self, now: Instant) {
        let (left, at) = self.left;
        let dry = now.since(at);
        if left == self.pulled && dry >= DRY {
            let slots = (dry.as_millis() / SLOT.as_millis()).min(1_000);
            self.access.invited(u32::try_from(slots).unwrap_or(1));
        }
    }

    fn choose(&mut self, now: Instant) -> Option<Outgoing> {
        if self.current.as_ref().is_some_and(Current::is_tight) {
            return self.pull_current();
        }
        let bursts = self.next_length(now)?;
        if self.access.is_due(bursts) && (!self.is_uploading() || self.access.is_due(1)) {
            return Some(self.invite_everyone());
        }
        if let Some(due) = self.next_due(now) {
            return Some(self.pulled(due));
        }
        if let Some(call) = self.call_for_upload() {
            return Some(call);
        }
        if self.announcer.is_pressing(now)
            && let Some(burst) = self.announce(now)
        {
            return Some(burst);
        }
        if !self.is_uploading() && (!self.access.expects() || self.portion) {
            self.portion = false;
            self.start_fragment();
            if self.current.is_some() {
                return self.pull_current();
            }
        }
        if !self.is_uploading()
            && let Some(portion) = self.invite_portion()
        {
            return Some(portion);
        }
        if let Some(burst) = self.announce(now) {
            return Some(burst);
        }
        (self.pulled < self.reserved).then(|| self.fill())
    }

    /// How many bursts must follow each other if the next thing is begun; none if there is
    /// nothing to send.
    fn next_length(&self, now: Instant) -> Option<u32> {
        if !self.wants_to_send() {
            return None;
        }
        if self.due.iter().any(|due| due.until > now) {
            return Some(1);
        }
        if self.upload_waits() {
            return Some(self.upload_length());
        }
        let sending = self.current.as_ref().is_some_and(|c| !c.bursts.is_empty());
        let next = self.next_fragment().filter(|_| !sending);
        let length = next.map_or(1, |fragment| match fragment.expect {
            Expect::Statuses => 1,
            _ => fragment.bursts.len(),
        });
        u32::try_from(length).ok()
    }

    /// The fragment whose turn it is: new ones and repeats alternate.
    fn next_fragment(&self) -> Option<&Fragment> {
        let waiting = self.waiting.as_ref().map(|(_, fragment)| fragment);
        let again = self.unanswered().map(|open| &open.fragment);
        if self.fresh {
            again.or(waiting)
        } else {
            waiting.or(again)
        }
    }

    fn unanswered(&self) -> Option<&Open> {
        let mut open = self.open.iter();
        open.find(|open| open.stage == Stage::Unanswered)
    }

    /// Begins the fragment whose turn it is, unless one is being sent.
    fn start_fragment(&mut self) {
        if self.current.is_some() {
            return;
        }
        let again = self.unanswered().is_some();
        if again && (self.fresh || self.waiting.is_none()) {
            self.fresh = false;
            let place = self.open.iter().position(|o| o.stage == Stage::Unanswered);
            if let Some(mut open) = place.and_then(|place| self.open.remove(place)) {
                open.stage = Stage::Again;
                self.current = Some(Current::new(open.id, open.fragment.clone(), true));
                self.open.push_back(open);
            }
        } else if let Some((id, fragment)) = self.waiting.take() {
            self.fresh = true;
            self.current = Some(Current::new(id, fragment, false));
        }
    }

    /// The next burst of the fragment that is being sent.
    fn pull_current(&mut self) -> Option<Outgoing> {
        let mut current = self.current.take()?;
        let burst = current.bursts.pop_front()?;
        let last = current.bursts.is_empty();
        let expect = current.fragment.expect;
        let burst = self.pulled(burst);
        if expect.is_answered() && (last || !expect.is_tight()) {
            self.reserve(ANSWER_SLOTS);
        }
        if expect == Expect::Statuses {
            self.polled(current.id, burst.dst);
        }
        if last {
            self.sent(current);
        } else {
            self.current = Some(current);
        }
        Some(burst)
    }

    fn polled(&mut self, id: JobId, radio: u32) {
        if let Ok(radio) = RadioId::new(radio) {
            self.polls.push_back(Poll {
                id,
                radio,
                stage: Stage::Leaving(self.pulled),
            });
        }
    }

    /// All bursts of a fragment have been pulled.
    fn sent(&mut self, current: Current) {
        let Current {
            id,
            fragment,
            again,
            ..
        } = current;
        let stage = Stage::Leaving(self.pulled);
        match fragment.expect {
            Expect::Statuses => self.collected(id),
            Expect::Nothing => self.step(id, Step::Done),
            _ if again => {
                // It may have been answered while it was repeated.
                if let Some(open) = self.open.iter_mut().find(|open| open.id == id) {
                    open.stage = stage;
                    open.sent = open.sent.saturating_add(1);
                }
            }
            _ => self.open.push_back(Open {
                id,
                fragment,
                sent: 1,
                stage,
            }),
        }
    }

    fn next_due(&mut self, now: Instant) -> Option<Outgoing> {
        while let Some(due) = self.due.pop_front() {
            if due.until > now {
                return Some(due.burst);
            }
            if let Some(id) = due.id {
                self.step(id, Step::Refused(Refusal::TooLate));
            }
        }
        None
    }

    fn announce(&mut self, now: Instant) -> Option<Outgoing> {
        let bcast = self.announcer.take(now, &self.config)?;
        let burst = self.config.csbk(CsbkBody::Bcast(bcast));
        Some(self.pulled(burst))
    }

    /// An invitation to everyone, with nothing behind it.
    fn invite_everyone(&mut self) -> Outgoing {
        let aloha = self.aloha();
        let burst = self.config.csbk(CsbkBody::Aloha(aloha));
        let burst = self.pulled(burst);
        self.access.invited(1);
        if self.line_delay > SLOW_LINE {
            self.access.sent();
        }
        self.gate = Gate::Leaving(self.pulled);
        burst
    }

    /// An invitation to one of the expected radios, with nothing behind it.
    fn invite_portion(&mut self) -> Option<Outgoing> {
        let aloha = self.access.portion(&self.config)?;
        let burst = self.config.csbk(CsbkBody::Aloha(aloha));
        let burst = self.pulled(burst);
        self.portion = true;
        self.gate = Gate::Leaving(self.pulled);
        Some(burst)
    }

    /// A burst whose only purpose is that the modem has something queued. If it turns out
    /// to be the last it invites.
    fn fill(&mut self) -> Outgoing {
        let aloha = self.aloha();
        let burst = self.config.csbk(CsbkBody::Aloha(aloha));
        self.pulled(burst)
    }

    /// Counts a burst.
    pub(super) fn pulled(&mut self, burst: Outgoing) -> Outgoing {
        self.pulled += 1;
        self.access.sent();
        burst
    }

    /// Something must follow the burst pulled last for so many slots.
    pub(super) fn reserve(&mut self, slots: u64) {
        self.reserved = self.reserved.max(self.pulled + slots);
    }
}
