//! What a text takes on the air, for the engine to plan with.

use crate::dmr::text;

use super::carrier::CarrierKind;
use super::text_form::{Delivery, TextForm};

/// Whether this character may be in no text, name or log line: it is invisible or turns the
/// direction of writing around. A line feed may be in a text.
#[must_use]
pub fn is_forbidden(character: char) -> bool {
    text::is_forbidden(character)
}

/// Octets that a text occupies in this form.
#[must_use]
pub fn text_octets(form: TextForm, text: &str) -> usize {
    text::octets(text, form)
}

/// Octets of text that one fragment carries in this form.
#[must_use]
pub const fn text_room(form: TextForm, delivery: Delivery) -> usize {
    text::capacity(form, delivery)
}

/// Bursts that a text of so many octets occupies outbound on such a carrier: the header, its
/// blocks, and on a conventional channel one preamble.
#[must_use]
pub fn text_bursts(kind: CarrierKind, form: TextForm, delivery: Delivery, octets: usize) -> u32 {
    let conventional = text::bursts(form, delivery, octets);
    match kind {
        CarrierKind::Conventional => conventional,
        CarrierKind::Control | CarrierKind::Backhaul => conventional - text::PREAMBLE_BURSTS,
    }
}

/// Cuts a text into parts that fit one fragment each with `overhead` octets left free,
/// behind a space where one is near; none if the overhead leaves no room.
#[must_use]
pub fn text_parts(
    form: TextForm,
    delivery: Delivery,
    text: &str,
    overhead: usize,
) -> Option<Vec<String>> {
    text::split(text, form, delivery, overhead).ok()
}
