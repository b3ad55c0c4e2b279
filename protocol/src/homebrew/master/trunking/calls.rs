//! The private calls between radios of different sites that are being set up or carried.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::homebrew::message::Uuid;
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
    pub(super) fn open(&mut self, now: Instant, uuid: Uuid, caller: usize, called: usize) -> bool {
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
    pub(super) fn other(&mut self, now: Instant, uuid: Uuid, site: usize) -> Option<usize> {
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

    pub(super) fn end(&mut self, uuid: Uuid) {
        self.open.remove(&uuid);
    }

    /// A site is gone, and its calls with it.
    pub(super) fn leave(&mut self, site: usize) {
        self.open
            .retain(|_, call| call.caller != site && call.called != site);
    }
}
