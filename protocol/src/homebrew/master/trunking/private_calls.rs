//! Private calls between radios of different sites: set up, accepted or rejected, carried.

use bytes::BytesMut;

use super::super::HomebrewMaster;
use crate::air::{HeardKind, RadioId};
use crate::dmr::voice;
use crate::homebrew::message::Dmrd;
use crate::homebrew::message::dmrt::{Answer, CallSetup, Dmrt, Way};
use crate::time::Instant;

impl HomebrewMaster {
    /// Passes a setup on to the site of the called radio. A call to us, or to nobody we
    /// know, is rejected: we offer no voice.
    pub(super) fn call_setup(&mut self, now: Instant, index: usize, setup: &CallSetup) {
        if let Ok(from) = RadioId::new(setup.source) {
            let what = if setup.is_emergency() {
                let to = setup.destination;
                HeardKind::Emergency { from, to }
            } else {
                HeardKind::Presence { from }
            };
            self.say(index, what, Vec::new());
        }
        let way = Way::FromNetwork;
        let called = self
            .site_of(index, setup.destination)
            .filter(|called| self.trunking.calls.open(now, setup.uuid, index, *called));
        match called {
            Some(called) => self.tell(called, &Dmrt::CallSetup(CallSetup { way, ..*setup })),
            None => {
                let reject = Answer {
                    way,
                    uuid: setup.uuid,
                    source: setup.source,
                    destination: setup.destination,
                };
                self.tell(index, &Dmrt::CallReject(reject));
            }
        }
    }

    /// Passes accept or reject on to the caller's site.
    pub(super) fn call_answer(
        &mut self,
        now: Instant,
        index: usize,
        answer: &Answer,
        accepted: bool,
    ) {
        let Some(other) = self.trunking.calls.other(now, answer.uuid, index) else {
            return self.drop_at(now, index, "no-such-call");
        };
        let way = Way::FromNetwork;
        let answer = Answer { way, ..*answer };
        if accepted {
            self.tell(other, &Dmrt::CallAccept(answer));
        } else {
            self.trunking.calls.end(answer.uuid);
            self.tell(other, &Dmrt::CallReject(answer));
        }
    }

    /// A burst from a trunked site: of a private call, or of a talkgroup.
    pub(in super::super) fn site_burst(&mut self, now: Instant, index: usize, message: &Dmrd) {
        let is_copy = self.streams.is_copy(now, index, message);
        if !is_copy
            && let Some(from) = voice::talker(&message.burst)
            && self.site(index).is_some_and(|site| site.is_news(now, from))
        {
            self.say(index, HeardKind::Presence { from }, Vec::new());
        }
        if message.group {
            return self.relay(now, (index, crate::air::Slot::One), message);
        }
        let other = message
            .uuid
            .and_then(|uuid| self.trunking.calls.other(now, uuid, index));
        match other {
            Some(other) => {
                self.hand_over(other, message.slot, message, &mut BytesMut::new());
            }
            None => self.drop_at(now, index, "no-such-call"),
        }
    }
}
