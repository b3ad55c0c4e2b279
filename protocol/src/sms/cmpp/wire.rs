//! What the parsers of the PDUs share: how a field is read, and padded text.

use bytes::{BufMut, BytesMut};
use nom::Parser;
use nom::bytes::complete::take;
use nom::error::{ContextError, ErrorKind, ParseError, context};
use nom::number::complete::{be_u8, be_u32, be_u64};

use super::PduError;

/// Which field could not be read; there is only one reason, the body ended.
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

/// Reads the fields of a body; octets left over are returned.
pub(super) fn open<'a, O>(
    pdu: &'static str,
    body: &'a [u8],
    mut fields: impl Parser<&'a [u8], Output = O, Error = Cut>,
) -> Result<(&'a [u8], O), PduError> {
    fields.parse(body).map_err(|error| {
        let field = match error {
            nom::Err::Error(Cut(field)) | nom::Err::Failure(Cut(field)) => field,
            nom::Err::Incomplete(_) => None,
        };
        PduError::Cut {
            pdu,
            field: field.unwrap_or("end"),
            length: body.len(),
        }
    })
}

/// As [`open`], but nothing may be left over.
pub(super) fn exact<'a, O>(
    pdu: &'static str,
    body: &'a [u8],
    fields: impl Parser<&'a [u8], Output = O, Error = Cut>,
) -> Result<O, PduError> {
    match open(pdu, body, fields)? {
        ([], value) => Ok(value),
        (rest, _) => Err(PduError::Trailing {
            pdu,
            extra: rest.len(),
        }),
    }
}

pub(super) fn u8<'a>(field: &'static str) -> impl Parser<&'a [u8], Output = u8, Error = Cut> {
    context(field, be_u8)
}

pub(super) fn u32<'a>(field: &'static str) -> impl Parser<&'a [u8], Output = u32, Error = Cut> {
    context(field, be_u32)
}

pub(super) fn u64<'a>(field: &'static str) -> impl Parser<&'a [u8], Output = u64, Error = Cut> {
    context(field, be_u64)
}

/// A fixed number of octets.
pub(super) fn octets<'a, const N: usize>(
    field: &'static str,
) -> impl Parser<&'a [u8], Output = [u8; N], Error = Cut> {
    let fixed = |octets: &[u8]| octets.first_chunk::<N>().copied();
    context(field, take(N).map_opt(fixed))
}

/// An "Octet String" of `width` octets: up to the first NUL, without blanks around it.
pub(super) fn text<'a>(
    field: &'static str,
    width: usize,
) -> impl Parser<&'a [u8], Output = String, Error = Cut> {
    context(field, take(width)).map(|octets: &[u8]| {
        let kept = octets.split(|octet| *octet == 0).next();
        let kept = kept.unwrap_or_default().trim_ascii();
        kept.iter()
            .map(|octet| match octet {
                b' '..=b'~' => char::from(*octet),
                _ => char::REPLACEMENT_CHARACTER,
            })
            .collect()
    })
}

/// A result or status: one octet in 2.0, four in 3.0. The length of the body decides, because
/// gateways answer in the other version's layout.
pub(super) fn code<'a>(
    field: &'static str,
    wide: bool,
) -> impl Parser<&'a [u8], Output = u32, Error = Cut> {
    let width = if wide { 4_usize } else { 1 };
    context(field, take(width)).map(|octets: &[u8]| {
        let all = octets.iter();
        all.fold(0_u32, |value, octet| value << 8 | u32::from(*octet))
    })
}

/// Writes a result or status; what does not fit one octet is written as 255.
pub(super) fn put_code(out: &mut BytesMut, code: u32, wide: bool) {
    if wide {
        out.put_u32(code);
    } else {
        out.put_u8(u8::try_from(code).unwrap_or(u8::MAX));
    }
}

/// Writes a text into `width` octets: cut if longer, padded with NULs if shorter.
pub(super) fn put_text(out: &mut BytesMut, text: &str, width: usize) {
    let kept = text.as_bytes();
    let kept = kept.get(..width).unwrap_or(kept);
    out.put_slice(kept);
    out.put_bytes(0, width - kept.len());
}
