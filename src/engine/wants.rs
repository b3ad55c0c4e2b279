//! What a delivery still wants of its radio.

use narrowcast_protocol::air::Delivery;

use crate::model::alert::Ask;
use crate::model::book::{AlertBook, DeliveryBook};

/// How often the text is sent to a radio that confirms nothing.
pub(super) const UNCONFIRMED_REPEATS: u8 = 2;

/// Whether the link layer is asked to confirm.
pub(super) const fn mode(delivery: &DeliveryBook) -> Delivery {
    if delivery.recipient.confirms {
        Delivery::Confirmed
    } else {
        Delivery::Unconfirmed
    }
}

/// Whether another transmission to this radio is wanted.
pub(super) fn wants_sending(ask: &Ask, delivery: &DeliveryBook) -> bool {
    if delivery.settled(ask) || delivery.recipient.radio.is_none() {
        return false;
    }
    // A radio of which nobody expected it may confirm all the same.
    let repeats = delivery.recipient.confirms || delivery.completed < UNCONFIRMED_REPEATS;
    repeats && !delivery.confirmed()
}

/// Whether a person's answer is still awaited.
pub(super) fn wants_answer(book: &AlertBook, delivery: &DeliveryBook) -> bool {
    book.ended_at.is_none() && book.alert.ask.wants_answer() && !delivery.settled(&book.alert.ask)
}
