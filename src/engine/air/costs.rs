//! What texts and polls take of a carrier.

use std::collections::HashMap;

use narrowcast_protocol::air::{CarrierId, CarrierKind, Delivery, TextForm};

use crate::engine::compose;
use crate::engine::queue::{Cost, Item};
use crate::engine::state::State;
use crate::model::alert::Alert;
use crate::model::ids::AlertId;
use crate::model::roster::Recipient;

/// One poll: a burst out, answered without a turnaround.
pub(super) const POLL: Cost = Cost {
    fragments: 0,
    bursts: 1,
};

/// What the wording of a text depends on besides the alert: the kind of carrier, the form, and
/// whether it is confirmed, none for a talkgroup; and the number of the text.
pub(super) type WordingKey = (AlertId, CarrierKind, TextForm, Option<bool>, u8);

/// What a wording depends on. `confirms`: whether the radio confirms; none for a talkgroup.
pub(super) fn key(
    state: &State,
    alert: &Alert,
    recipient: &Recipient,
    carrier: CarrierId,
    confirms: Option<bool>,
) -> WordingKey {
    let text = alert.text_for(&recipient.language);
    (
        alert.id,
        state.kind(carrier),
        recipient.form,
        confirms,
        text,
    )
}

/// What the text of an alert takes over a carrier. `confirms` as in [`key`].
pub(super) fn of_text(
    state: &State,
    alert: &Alert,
    recipient: &Recipient,
    carrier: CarrierId,
    confirms: Option<bool>,
) -> Cost {
    let mode = if confirms == Some(true) {
        Delivery::Confirmed
    } else {
        Delivery::Unconfirmed
    };
    let kind = state.kind(carrier);
    let form = state.form_on(carrier, recipient);
    let said = alert.said_to(&recipient.language);
    let parts = compose::parts(&state.policy, said, form, mode, 0);
    // What nobody confirms has no turnaround on a conventional carrier.
    let turns = confirms == Some(true) || kind != CarrierKind::Conventional;
    parts.map_or(Cost::default(), |parts| Cost {
        fragments: u32::try_from(parts.len()).map_or(u32::MAX, |parts| parts * u32::from(turns)),
        bursts: compose::bursts(kind, form, mode, &parts).into(),
    })
}

/// What the wordings of the alerts in memory take. Each is reckoned once.
#[derive(Debug, Default)]
pub(super) struct Costs(HashMap<WordingKey, Cost>);

impl Costs {
    /// What something that waits will take.
    pub(super) fn of(
        &mut self,
        state: &State,
        carrier: Option<CarrierId>,
        alert: AlertId,
        item: Item,
    ) -> Cost {
        let (Some(carrier), Some(book)) = (carrier, state.alerts.get(&alert)) else {
            return Cost::default();
        };
        let delivery = match item {
            Item::Poll(_) => return POLL,
            Item::One(index) => book.delivery(index),
            Item::Group(group) => {
                let mut members = book.deliveries.iter();
                members.find(|delivery| delivery.recipient.talkgroup == Some(group))
            }
        };
        let Some(recipient) = delivery.map(|delivery| &delivery.recipient) else {
            return Cost::default();
        };
        let confirms = matches!(item, Item::One(_)).then_some(recipient.confirms);
        let key = key(state, &book.alert, recipient, carrier, confirms);
        let reckon = || of_text(state, &book.alert, recipient, carrier, confirms);
        *self.0.entry(key).or_insert_with(reckon)
    }

    /// Forgets the alerts that `keep` does not name.
    pub(super) fn retain(&mut self, keep: impl Fn(AlertId) -> bool) {
        self.0.retain(|(alert, ..), _| keep(*alert));
    }
}
