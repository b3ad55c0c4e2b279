//! Private calls between radios of different sites: set up, accepted or rejected, carried.

use core::time::Duration;
use std::collections::BTreeMap;

use bytes::BytesMut;

use super::super::HomebrewMaster;
use crate::air::{HeardKind, RadioId};
use crate::dmr::voice;
use crate::homebrew::message::dmrt::{Answer, CallSetup, Dmrt, Way};
use crate::homebrew::message::{Dmrd, Uuid};
use crate::time::Instant;

/// A call is forgotten after so long without a word.
const SILENCE: Duration = Duration::from_secs(120);
/// Most calls at a time.
const MOST: usize = 1_024;

#[derive(Debug)]
struct Call {
    caller: usize,
    called: usize,
    heard: Instant,
}

/// The calls that are being set up or carried.
#[derive(Debug, Default)]
pub(super) struct Calls {
    open: BTreeMap<Uuid, Call>,
}

impl Calls {
    /// Keeps a call; whether there was a place for it and its name is its own.
    fn open(&mut self, now: Instant, uuid: Uuid, caller: usize, called: usize) -> bool {
        if self.open.len() >= MOST {
            self.open.retain(|_, call| now.since(call.heard) < SILENCE);
        }
        let known = self.open.get(&uuid);
        let taken = known.is_some_and(|call| (call.caller, call.called) != (caller, called));
        if taken || known.is_none() && self.open.len() >= MOST {
            return false;
        }
        let heard = now;
        self.open.insert(
            uuid,
            Call {
                caller,
                called,
                heard,
            },
        );
        true
    }

    /// The other site of a call that this one takes part in.
    fn other(&mut self, now: Instant, uuid: Uuid, site: usize) -> Option<usize> {
        let call = self.open.get_mut(&uuid)?;
        if now.since(call.heard) >= SILENCE {
            self.open.remove(&uuid);
            return None;
        }
        call.heard = now;
        match site {
            it if it == call.caller => Some(call.called),
            it if it == call.called => Some(call.caller),
            _ => None,
        }
    }

    fn end(&mut self, uuid: Uuid) {
        self.open.remove(&uuid);
    }

    /// A site is gone, and its calls with it.
    pub(super) fn leave(&mut self, site: usize) {
        self.open
            .retain(|_, call| call.caller != site && call.called != site);
    }
}

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
