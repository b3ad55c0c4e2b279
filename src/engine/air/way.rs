//! Over which carrier a radio is reached.
//!
//! A radio belongs to the carrier where it was heard last, else to its home. While that carrier
//! is away or held down for less than the grace time, what belongs to it waits for it; a Flash
//! waits [`FLASH_PATIENCE`] only, where another station of ours has heard the radio. After the
//! grace time everything goes over another station of ours, and what has not left comes back when
//! the carrier does. A peer's network is used for radios that live there, never as a way round.

use narrowcast_protocol::air::CarrierId;

use crate::engine::air::Air;
use crate::engine::air::carriers::FLASH_PATIENCE;
use crate::engine::known::Known;
use crate::model::alert::{Alert, Precedence};
use crate::model::ids::DeliveryId;
use crate::model::roster::Recipient;

/// Where a delivery goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Way {
    /// Where it waits or leaves now; none if no carrier can take it.
    pub(in crate::engine) now: Option<CarrierId>,
    /// Where it belongs, if that is known.
    pub(in crate::engine) belongs: Option<CarrierId>,
}

impl Way {
    const NONE: Self = Self {
        now: None,
        belongs: None,
    };
}

impl Air {
    /// The way of a delivery now.
    pub(in crate::engine) fn way(&self, known: Known<'_>, id: DeliveryId) -> Way {
        known.delivery(id).map_or(Way::NONE, |(book, delivery)| {
            let turn = usize::from(delivery.attempts_now() / 2);
            self.way_for(known, &book.alert, &delivery.recipient, turn)
        })
    }

    /// The carrier of a recipient before anything was tried.
    pub(in crate::engine) fn carrier_for(
        &self,
        known: Known<'_>,
        alert: &Alert,
        recipient: &Recipient,
    ) -> Option<CarrierId> {
        self.way_for(known, alert, recipient, 0).now
    }

    /// The way to a recipient; every two attempts (`turn`) the next carrier has its turn.
    fn way_for(&self, known: Known<'_>, alert: &Alert, recipient: &Recipient, turn: usize) -> Way {
        let state = known.state;
        let permitted = |id: &CarrierId| state.permits(alert, *id);
        let Some(radio) = recipient.radio else {
            return Way::NONE;
        };
        let seen = known.seen_at(radio);
        let heard = seen.map(|seen| seen.carrier);
        let mut lives_at: Vec<CarrierId> = heard.into_iter().chain(recipient.home).collect();
        lives_at.retain(permitted);
        lives_at.dedup();
        lives_at.sort_by_key(|id| state.is_peer(*id));
        let belongs = lives_at.get(turn % lives_at.len().max(1)).copied();
        let precedence = alert.precedence;
        let out_for = |id: CarrierId| self.carriers.out_for(id, precedence, known.now.mono);
        let goes = |id: &CarrierId| out_for(*id).is_none();
        let Some(home) = belongs else {
            let now = self.any_carrier(known, alert, turn);
            return Way { now, belongs };
        };
        let now = match out_for(home) {
            None => home,
            Some(out) if out < state.policy.home_grace => {
                let before = seen.and_then(|seen| seen.before());
                let heard = before.into_iter().chain(heard).filter(permitted);
                let mut elsewhere = heard.filter(|id| !state.is_peer(*id)).filter(goes);
                let round = precedence == Precedence::Flash && out >= FLASH_PATIENCE;
                elsewhere.next().filter(|_| round).unwrap_or(home)
            }
            Some(_) => {
                let other = lives_at.iter().copied().find(goes);
                let ours = || {
                    self.any_carrier(known, alert, turn)
                        .filter(|id| goes(id) && !state.is_peer(*id))
                };
                other.or_else(ours).unwrap_or(home)
            }
        };
        Way {
            now: Some(now),
            belongs,
        }
    }

    /// Any permitted carrier that is there, those of our own stations first.
    fn any_carrier(&self, known: Known<'_>, alert: &Alert, turn: usize) -> Option<CarrierId> {
        let there = self.carriers.there().map(|(id, _)| id);
        let open = there.filter(|id| known.state.permits(alert, *id));
        let open: Vec<CarrierId> = open.collect();
        let ours = open.iter().copied().filter(|id| !known.state.is_peer(*id));
        let ours: Vec<CarrierId> = ours.collect();
        let choice = if ours.is_empty() { open } else { ours };
        choice.get(turn % choice.len().max(1)).copied()
    }
}
