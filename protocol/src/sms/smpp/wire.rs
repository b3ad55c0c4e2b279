//! What the parsers of the bodies share: how a field is read, and texts that end with a NUL.

use bytes::{BufMut, BytesMut};
use nom::Parser;
use nom::bytes::complete::{take, take_till};
use nom::error::{ContextError, ErrorKind, ParseError, context};
use nom::number::complete::be_u8;

use super::Cut;

/// Which field could not be read; there is only one reason, the body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inside(Option<&'static str>);

impl<I> ParseError<I> for Inside {
    fn from_error_kind(_: I, _: ErrorKind) -> Self {
        Self(None)
    }

    fn append(_: I, _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl<I> ContextError<I> for Inside {
    fn add_context(_: I, field: &'static str, other: Self) -> Self {
        Self(other.0.or(Some(field)))
    }
}

/// Reads the mandatory fields of a body; octets left over are returned.
pub(super) fn open<'a, O>(
    pdu: &'static str,
    body: &'a [u8],
    mut fields: impl Parser<&'a [u8], Output = O, Error = Inside>,
) -> Result<(&'a [u8], O), Cut> {
    fields.parse(body).map_err(|error| {
        let field = match error {
            nom::Err::Error(Inside(field)) | nom::Err::Failure(Inside(field)) => field,
            nom::Err::Incomplete(_) => None,
        };
        Cut {
            pdu,
            field: field.unwrap_or("end"),
            length: body.len(),
        }
    })
}

pub(super) fn u8<'a>(field: &'static str) -> impl Parser<&'a [u8], Output = u8, Error = Inside> {
    context(field, be_u8)
}

/// A "C-Octet String": up to its NUL, which must be there. Longer ones than the standard allows
/// are read: centres send them, and the body bounds them.
pub(super) fn text<'a>(
    field: &'static str,
) -> impl Parser<&'a [u8], Output = String, Error = Inside> {
    let text = take_till(|octet| octet == 0).map(readable);
    let ended = (text, take(1_usize)).map(|(text, _)| text);
    context(field, ended)
}

/// Without blanks around it; what is no printable ASCII shows as a replacement character.
pub(super) fn readable(octets: &[u8]) -> String {
    let octets = octets.trim_ascii().iter();
    octets
        .map(|octet| match octet {
            b' '..=b'~' => char::from(*octet),
            _ => char::REPLACEMENT_CHARACTER,
        })
        .collect()
}

/// Writes a text and its NUL into at most `width` octets.
pub(super) fn put_text(out: &mut BytesMut, text: &str, width: usize) {
    let kept = text.as_bytes();
    let kept = kept.get(..width.saturating_sub(1)).unwrap_or(kept);
    out.extend(kept.iter().filter(|octet| **octet != 0));
    out.put_u8(0);
}
