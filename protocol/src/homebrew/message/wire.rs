//! What the messages' parsers share: how a field is read, cut text, padded text.

use bytes::{BufMut, Bytes, BytesMut};
use nom::Parser;
use nom::bytes::complete::{tag, take};
use nom::error::{ContextError, ErrorKind, ParseError, context};
use nom::number::complete::{be_u24, be_u32};

use super::MessageError;

/// Which field could not be read; there is only one reason, the datagram ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut(Option<&'static str>);

impl<I> ParseError<I> for Cut {
    fn from_error_kind(_: I, _: ErrorKind) -> Self {
        Self(None)
    }

    fn append(_: I, _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl<I> ContextError<I> for Cut {
    fn add_context(_: I, field: &'static str, other: Self) -> Self {
        Self(other.0.or(Some(field)))
    }
}

/// Reads the fields after the message's name; bytes left over are returned.
pub(super) fn open<'a, O>(
    name: &'static str,
    datagram: &'a [u8],
    fields: impl Parser<&'a [u8], Output = O, Error = Cut>,
) -> Result<(&'a [u8], O), MessageError> {
    let mut whole = (context("name", tag(name)), fields);
    match whole.parse(datagram) {
        Ok((rest, (_, value))) => Ok((rest, value)),
        Err(nom::Err::Error(Cut(field)) | nom::Err::Failure(Cut(field))) => {
            Err(MessageError::Cut {
                message: name,
                field: field.unwrap_or("end"),
                length: datagram.len(),
            })
        }
        Err(nom::Err::Incomplete(_)) => Err(MessageError::Cut {
            message: name,
            field: "end",
            length: datagram.len(),
        }),
    }
}

/// As [`open`], but nothing may be left over.
pub(super) fn exact<'a, O>(
    name: &'static str,
    datagram: &'a [u8],
    fields: impl Parser<&'a [u8], Output = O, Error = Cut>,
) -> Result<O, MessageError> {
    match open(name, datagram, fields)? {
        ([], value) => Ok(value),
        (rest, _) => Err(MessageError::Trailing {
            message: name,
            extra: rest.len(),
        }),
    }
}

/// A 32-bit repeater id.
pub(super) fn id<'a>() -> impl Parser<&'a [u8], Output = u32, Error = Cut> {
    context("repeater id", be_u32)
}

/// A 24-bit address.
pub(super) fn address<'a>(field: &'static str) -> impl Parser<&'a [u8], Output = u32, Error = Cut> {
    context(field, be_u24)
}

/// A fixed number of bytes.
pub(super) fn octets<'a, const N: usize>(
    field: &'static str,
) -> impl Parser<&'a [u8], Output = [u8; N], Error = Cut> {
    context(
        field,
        take(N).map_opt(|bytes: &[u8]| bytes.first_chunk::<N>().copied()),
    )
}

/// A field of `width` bytes, as printable text.
pub(super) fn text<'a>(
    field: &'static str,
    width: usize,
) -> impl Parser<&'a [u8], Output = String, Error = Cut> {
    context(field, take(width)).map(printable)
}

/// What a text field says. Stations send ASCII, UTF-8, Latin-1 and junk, padded with
/// spaces or NUL: nothing is refused, and nothing unprintable gets through.
pub(super) fn printable(field: &[u8]) -> String {
    let end = field
        .iter()
        .rposition(|&byte| byte != 0 && byte != b' ')
        .map_or(0, |last| last + 1);
    let field = field.get(..end).unwrap_or_default();
    let harmless = |c: char| if is_unprintable(c) { '\u{FFFD}' } else { c };
    let text: String = match core::str::from_utf8(field) {
        Ok(text) => text.chars().map(harmless).collect(),
        Err(_) => field
            .iter()
            .map(|&byte| harmless(char::from(byte)))
            .collect(),
    };
    text.trim().to_owned()
}

/// Control characters, and those that reorder or hide the text around them.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// As much of `text` as fits `width` bytes, cut at a character.
pub(super) fn cut(text: &str, width: usize) -> &str {
    let end = (0..=width.min(text.len()))
        .rev()
        .find(|&end| text.is_char_boundary(end))
        .unwrap_or(0);
    text.get(..end).unwrap_or_default().trim_end()
}

/// Writes `text` left aligned in `width` bytes, cut at a character and padded with spaces.
pub(super) fn put_text(out: &mut BytesMut, text: &str, width: usize) {
    let text = cut(text, width);
    out.put_slice(text.as_bytes());
    out.put_bytes(b' ', width - text.len());
}

/// Writes the 24 low bits of an address.
pub(super) fn put_u24(out: &mut BytesMut, value: u32) {
    out.put_uint(u64::from(value & 0xFF_FFFF), 3);
}

/// A message that consists of its name and a repeater id.
pub(super) fn named_id(name: &'static str, id: u32) -> Bytes {
    let mut out = BytesMut::with_capacity(name.len() + 4);
    out.put_slice(name.as_bytes());
    out.put_u32(id);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_every_encoding_and_never_harms() {
        assert_eq!(printable(b"UK        "), "UK");
        assert_eq!(printable(b"UK\0\0 \0"), "UK");
        assert_eq!(printable("北京 ".as_bytes()), "北京");
        assert_eq!(printable(b"M\xfcnchen"), "München");
        assert_eq!(printable(b"a\x1b[2Jb"), "a\u{FFFD}[2Jb");
        assert_eq!(printable("x\u{202E}y".as_bytes()), "x\u{FFFD}y");
    }

    #[test]
    fn text_is_cut_between_characters() {
        let mut out = BytesMut::new();
        put_text(&mut out, "北京市", 8);
        assert_eq!(out.as_ref(), "北京  ".as_bytes());
    }
}
