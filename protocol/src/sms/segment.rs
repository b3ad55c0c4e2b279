//! Cutting a text into parts.

use super::part::{Coding, Part};
use super::udh::{Concatenation, Reference};

/// Most parts of one text, 670 Chinese characters: phones and operators take no longer ones.
pub const MOST_PARTS: u8 = 10;

/// Where the name of the sender stands that operators demand, `【应急管理局】`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Signature {
    /// There is none, or the operator adds it by itself.
    #[default]
    None,
    /// In front of the text.
    Prefix(String),
    /// Behind it.
    Suffix(String),
}

/// How texts are written for one route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Used when it has every character of a text.
    pub narrow: Option<Coding>,
    /// Used otherwise; where it does not have every character either, UCS-2 is.
    pub wide: Coding,
    /// The sender's name. Counts towards the length.
    pub signature: Signature,
    /// Most parts, see [`MOST_PARTS`].
    pub most_parts: u8,
}

impl Form {
    /// What every phone takes from a modem: GSM 7-bit or UCS-2.
    #[must_use]
    pub const fn gsm() -> Self {
        Self {
            narrow: Some(Coding::Gsm7),
            wide: Coding::Ucs2,
            signature: Signature::None,
            most_parts: MOST_PARTS,
        }
    }

    /// What every CMPP gateway takes: ASCII or UCS-2.
    #[must_use]
    pub const fn cmpp() -> Self {
        Self {
            narrow: Some(Coding::Ascii),
            wide: Coding::Ucs2,
            signature: Signature::None,
            most_parts: MOST_PARTS,
        }
    }
}

/// Why a text cannot be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// There is nothing to send.
    #[error("the text is empty")]
    Empty,
    /// It takes too many parts.
    #[error("the text takes {parts} short messages, at most {most} are allowed: shorten it")]
    TooLong {
        /// How many it takes, with the signature.
        parts: usize,
        /// How many are allowed.
        most: u8,
    },
}

/// Cuts a text, with its signature, into parts for one phone. The reference is equal in all of
/// them and matters only where there are several. Characters stay whole: surrogate pairs,
/// extension pairs and double octets too.
///
/// # Errors
/// The text is empty or too long.
pub fn segment(text: &str, form: &Form, reference: Reference) -> Result<Vec<Part>, SegmentError> {
    if text.is_empty() {
        return Err(SegmentError::Empty);
    }
    let signed = match &form.signature {
        Signature::None => text.to_owned(),
        Signature::Prefix(name) => format!("{name}{text}"),
        Signature::Suffix(name) => format!("{text}{name}"),
    };
    let codings = form.narrow.into_iter().chain([form.wide, Coding::Ucs2]);
    let coding = codings
        .into_iter()
        .find(|coding| coding.encode_all(&signed).is_some())
        // It has every character.
        .unwrap_or(Coding::Ucs2);
    let whole = coding.encode_all(&signed).unwrap_or_default();
    if whole.len() <= coding.room(None) {
        return Ok(vec![Part {
            coding,
            concatenation: None,
            octets: whole,
        }]);
    }
    let pieces = cut(&signed, coding, coding.room(Some(reference)));
    let too_long = SegmentError::TooLong {
        parts: pieces.len(),
        most: form.most_parts,
    };
    let total = u8::try_from(pieces.len()).map_err(|_| too_long)?;
    if total > form.most_parts {
        return Err(too_long);
    }
    let numbered = (1..=total).zip(pieces);
    Ok(numbered
        .map(|(number, octets)| Part {
            coding,
            concatenation: Concatenation::new(reference, total, number),
            octets,
        })
        .collect())
}

fn cut(text: &str, coding: Coding, room: usize) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::with_capacity(room);
    let mut character = Vec::with_capacity(4);
    for it in text.chars() {
        character.clear();
        coding.encode(it, &mut character);
        if piece.len() + character.len() > room {
            pieces.push(core::mem::take(&mut piece));
        }
        piece.extend_from_slice(&character);
    }
    pieces.push(piece);
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REFERENCE: Reference = Reference::Eight(0x2A);

    fn gsm() -> Form {
        Form::gsm()
    }

    fn sizes(text: &str, form: &Form, reference: Reference) -> Vec<usize> {
        let parts = segment(text, form, reference).expect("it can be cut");
        parts.iter().map(|part| part.octets.len()).collect()
    }

    #[test]
    fn each_coding_fills_its_parts() {
        let sixteen = Reference::Sixteen(7);
        let gbk = Form {
            wide: Coding::Gbk,
            ..Form::cmpp()
        };
        assert_eq!(sizes(&"a".repeat(160), &gsm(), REFERENCE), [160]);
        assert_eq!(sizes(&"a".repeat(161), &gsm(), REFERENCE), [153, 8]);
        assert_eq!(sizes(&"a".repeat(161), &gsm(), sixteen), [152, 9]);
        assert_eq!(sizes(&"山".repeat(70), &gsm(), REFERENCE), [140]);
        assert_eq!(sizes(&"山".repeat(71), &gsm(), REFERENCE), [134, 8]);
        assert_eq!(sizes(&"山".repeat(71), &gsm(), sixteen), [132, 10]);
        assert_eq!(sizes(&"山".repeat(71), &gbk, REFERENCE), [134, 8]);
        // One octet of ASCII in front must not cut a double octet.
        let odd = format!("a{}", "山".repeat(71));
        assert_eq!(sizes(&odd, &gbk, REFERENCE), [133, 10]);
        assert_eq!(sizes(&"a".repeat(160), &Form::cmpp(), REFERENCE), [134, 26]);
    }

    #[test]
    fn surrogates_and_extension_characters_are_never_cut() {
        let text = format!("{}😀{}", "山".repeat(66), "山".repeat(10));
        assert_eq!(sizes(&text, &gsm(), REFERENCE), [132, 24]);
        let text = format!("{}€{}", "a".repeat(152), "a".repeat(10));
        assert_eq!(sizes(&text, &gsm(), REFERENCE), [152, 12]);
    }

    #[test]
    fn the_signature_counts_and_stands_first_or_last() {
        let form = |signature| Form {
            signature,
            ..Form::cmpp()
        };
        let name = "【应急局】".to_owned();
        let text = "山".repeat(66);
        let parts = segment(&text, &form(Signature::Prefix(name.clone())), REFERENCE);
        let parts = parts.expect("two parts");
        assert_eq!(parts.len(), 2);
        assert!(Coding::Ucs2.decode(&parts[0].octets).starts_with(&name));
        let parts = segment("ok", &form(Signature::Suffix(name)), REFERENCE).expect("one");
        assert_eq!(Coding::Ucs2.decode(&parts[0].octets), "ok【应急局】");
    }

    #[test]
    fn a_text_that_is_too_long_is_refused_with_its_length() {
        let text = "山".repeat(671);
        let error = segment(&text, &Form::cmpp(), REFERENCE);
        assert_eq!(
            error,
            Err(SegmentError::TooLong {
                parts: 11,
                most: 10
            })
        );
        let text = "山".repeat(100_000);
        assert!(segment(&text, &Form::cmpp(), REFERENCE).is_err());
        assert_eq!(
            segment("", &Form::cmpp(), REFERENCE),
            Err(SegmentError::Empty)
        );
    }

    proptest! {
        #[test]
        fn parts_fit_and_say_the_whole_text_in_order(
            text in "([a-z€{}]|\\PC|山|😀){1,400}", wide: bool, sixteen: bool,
        ) {
            let reference = if sixteen { Reference::Sixteen(9) } else { REFERENCE };
            let mut form = gsm();
            form.most_parts = 255;
            if wide {
                form.wide = Coding::Gbk;
            }
            let parts = segment(&text, &form, reference).expect("255 parts are enough");
            prop_assert!(parts.iter().all(Part::fits));
            let said: String = parts.iter().map(|part| part.coding.decode(&part.octets)).collect();
            prop_assert_eq!(said, text);
            let numbers = parts.iter().filter_map(|part| part.concatenation).map(|it| usize::from(it.number));
            prop_assert!(parts.len() == 1 || numbers.eq(1..=parts.len()));
        }
    }
}
