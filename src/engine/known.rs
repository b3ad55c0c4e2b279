//! What every part decides on: what is on record, where radios are, and what time it is.

use narrowcast_protocol::air::{CarrierId, RadioId};

use crate::engine::clock::Clock;
use crate::engine::io::Now;
use crate::engine::state::State;
use crate::engine::whereabouts::{Presence, Whereabouts};
use crate::model::book::{AlertBook, DeliveryBook};
use crate::model::ids::DeliveryId;
use crate::model::roster::Recipient;

/// What a part may look at and not change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// The fold of all facts.
    pub(super) state: &'a State,
    whereabouts: &'a Whereabouts,
    /// The monotonic time, and the civil time that is believed.
    pub(super) now: Now,
}

/// What an engine knows, borrowed from its fields one by one, so that another of its parts can
/// change meanwhile.
macro_rules! known {
    ($engine:expr) => {
        $crate::engine::known::Known::new(&$engine.state, &$engine.whereabouts, &$engine.clock)
    };
}
pub(super) use known;

impl<'a> Known<'a> {
    pub(super) fn new(state: &'a State, whereabouts: &'a Whereabouts, clock: &Clock) -> Self {
        Self {
            state,
            whereabouts,
            now: clock.now(),
        }
    }

    /// A delivery in memory, and the alert to which it belongs.
    pub(super) fn delivery(self, id: DeliveryId) -> Option<(&'a AlertBook, &'a DeliveryBook)> {
        self.state.delivery(id)
    }

    /// Where a radio was heard, if not too long ago.
    pub(super) fn seen_at(self, radio: RadioId) -> Option<Presence> {
        self.whereabouts.seen_at(self.state, radio, self.now)
    }

    /// The carriers where a recipient's radio was heard last and where it lives.
    pub(super) fn lives_at(self, recipient: &Recipient) -> impl Iterator<Item = CarrierId> {
        let seen = recipient.radio.and_then(|radio| self.seen_at(radio));
        let heard = seen.map(|seen| seen.carrier);
        heard.into_iter().chain(recipient.home)
    }
}
