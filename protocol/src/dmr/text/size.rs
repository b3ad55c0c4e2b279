//! How much text one fragment takes.

use crate::air::{Delivery, FRAGMENT_BURSTS, TextForm};
use crate::dmr::packet::{Rate, blocks_for, octets_in};
use crate::dmr::udt;

use super::error::TextError;
use super::tms;

/// Octets of the IPv4 and UDP headers.
const IP_UDP: usize = 28;
/// Preambles before a fragment on a conventional channel.
pub const PREAMBLE_BURSTS: u32 = 1;
/// Bursts of a fragment that carry no text: the preamble and the header.
const AROUND: u32 = PREAMBLE_BURSTS + 1;

/// Octets that `text` takes in this form, without headers.
#[must_use]
pub fn octets(text: &str, form: TextForm) -> usize {
    match form {
        TextForm::ShortDataUtf8 => text.len(),
        TextForm::ShortDataUtf16 | TextForm::Tms | TextForm::Udt => text.encode_utf16().count() * 2,
    }
}

/// Octets of headers around the text.
const fn around(form: TextForm) -> usize {
    match form {
        TextForm::Tms => IP_UDP + tms::OVERHEAD,
        TextForm::ShortDataUtf8 | TextForm::ShortDataUtf16 | TextForm::Udt => 0,
    }
}

/// Most octets of text in one fragment of at most [`FRAGMENT_BURSTS`] bursts: one
/// preamble, the header and rate 1/2 blocks.
#[must_use]
pub const fn capacity(form: TextForm, delivery: Delivery) -> usize {
    let confirmed = matches!(delivery, Delivery::Confirmed);
    match form {
        TextForm::Udt => udt::octets_in(udt::MOST_BLOCKS),
        _ => {
            let blocks = (FRAGMENT_BURSTS - AROUND) as usize;
            octets_in(blocks, Rate::Half, confirmed).saturating_sub(around(form))
        }
    }
}

/// Whether `text` fits one fragment.
#[must_use]
pub fn fits(text: &str, form: TextForm, delivery: Delivery) -> bool {
    octets(text, form) <= capacity(form, delivery)
}

/// Bursts that so many octets of text occupy in this form, with one preamble, the header
/// and rate 1/2 blocks.
#[must_use]
pub fn bursts(form: TextForm, delivery: Delivery, octets: usize) -> u32 {
    let blocks = match form {
        TextForm::Udt => udt::blocks_for(octets),
        form => {
            let confirmed = matches!(delivery, Delivery::Confirmed);
            blocks_for(octets + around(form), Rate::Half, confirmed)
        }
    };
    AROUND.saturating_add(u32::try_from(blocks).unwrap_or(u32::MAX))
}

/// Cuts `text` into parts that fit one fragment each, with `overhead` octets left free in
/// each for a part number or mark ([`octets`] tells what those need). Cuts behind a space
/// or line feed in the last third of a part where there is one, else between characters.
/// The parts in a row are the text; empty text is one empty part.
///
/// # Errors
/// [`TextError::TooLong`] if `overhead` leaves no room for any character.
pub fn split(
    text: &str,
    form: TextForm,
    delivery: Delivery,
    overhead: usize,
) -> Result<Vec<String>, TextError> {
    let capacity = capacity(form, delivery);
    let room = capacity.saturating_sub(overhead);
    let too_long = TextError::TooLong {
        octets: overhead.saturating_add(octets(text, form)),
        capacity,
    };
    let mut parts = Vec::new();
    let mut rest = text;
    while octets(rest, form) > room {
        let (part, behind) = rest
            .split_at_checked(cut(rest, form, room))
            .ok_or(too_long)?;
        if part.is_empty() {
            return Err(too_long);
        }
        parts.push(part.to_owned());
        rest = behind;
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(rest.to_owned());
    }
    Ok(parts)
}

/// Byte offset of the best cut that leaves at most `room` octets in front.
fn cut(text: &str, form: TextForm, room: usize) -> usize {
    let (mut used, mut hard, mut soft) = (0, 0, 0);
    for (at, character) in text.char_indices() {
        let mut buffer = [0; 4];
        used += octets(character.encode_utf8(&mut buffer), form);
        if used > room {
            break;
        }
        hard = at + character.len_utf8();
        if matches!(character, ' ' | '\n') && used > room / 3 * 2 {
            soft = hard;
        }
    }
    if soft > 0 { soft } else { hard }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORMS: [TextForm; 4] = [
        TextForm::ShortDataUtf8,
        TextForm::ShortDataUtf16,
        TextForm::Tms,
        TextForm::Udt,
    ];

    #[test]
    fn capacities_are_what_twelve_bursts_hold() {
        let both = |form| {
            (
                capacity(form, Delivery::Unconfirmed),
                capacity(form, Delivery::Confirmed),
            )
        };
        assert_eq!(both(TextForm::ShortDataUtf8), (116, 96));
        assert_eq!(both(TextForm::ShortDataUtf16), (116, 96));
        assert_eq!(both(TextForm::Tms), (78, 58));
        assert_eq!(both(TextForm::Udt), (46, 46));
    }

    #[test]
    fn parts_end_behind_a_space_where_one_is_near() {
        let text = "word ".repeat(10);
        let parts = split(&text, TextForm::Udt, Delivery::Unconfirmed, 0).unwrap();
        assert_eq!(
            parts,
            ["word word word word ", "word word word word ", "word word "]
        );
    }

    #[test]
    fn no_room_beside_the_overhead_is_refused() {
        let all = capacity(TextForm::Udt, Delivery::Unconfirmed);
        assert!(split("\u{8B66}", TextForm::Udt, Delivery::Unconfirmed, all).is_err());
        let room_for_a_half = split("\u{1F6A8}", TextForm::Udt, Delivery::Unconfirmed, all - 2);
        assert!(room_for_a_half.is_err());
    }

    proptest! {
        #[test]
        fn parts_fit_and_make_up_the_text(
            text in "(\\PC|[ \u{1F6A8}\u{8B66}]){0,300}",
            form in prop::sample::select(FORMS.to_vec()),
            confirmed: bool,
            overhead in 0_usize..30,
        ) {
            let delivery = if confirmed { Delivery::Confirmed } else { Delivery::Unconfirmed };
            let parts = split(&text, form, delivery, overhead).unwrap();
            prop_assert_eq!(parts.concat(), text);
            for part in &parts {
                prop_assert!(octets(part, form) + overhead <= capacity(form, delivery));
            }
            prop_assert!(parts.len() == 1 || parts.iter().all(|part| !part.is_empty()));
        }
    }
}
