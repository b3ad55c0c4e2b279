//! Octets to text: by the byte order mark, else by the declaration, else UTF-8
//! (XML 1.0 clause 4.3.3 and appendix F).

use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};

use super::error::XmlError;
use crate::warning::text::excerpt;

/// How far a declaration is looked for, in octets.
const DECLARATION: usize = 256;

/// How strictly a document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strictness {
    /// By the standards.
    #[default]
    Strict,
    /// With the faults of known peers: a false declaration of the encoding, `Z` for UTC. Each
    /// is reported all the same.
    Lenient,
}

/// The encodings that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, and ASCII.
    Utf8,
    /// UTF-16, less significant octet first.
    Utf16Le,
    /// UTF-16, more significant octet first.
    Utf16Be,
    /// ISO 8859-1.
    Latin1,
    /// GB 2312, GBK or GB 18030, all read as the last, which holds the others.
    Gb18030,
}

/// A document's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without byte order mark.
    pub(crate) text: String,
    /// What the octets were.
    pub encoding: Encoding,
    /// What the document declared although it is another; only when read leniently.
    pub declared_falsely: Option<String>,
}

impl Decoded {
    /// The text, without byte order mark.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

pub(super) fn decode(octets: &[u8], strictness: Strictness) -> Result<Decoded, XmlError> {
    let (encoding, declared, body) = detect(octets, strictness)?;
    let mut found = Decoded {
        text: String::new(),
        encoding,
        declared_falsely: None,
    };
    match text(encoding, body) {
        Ok(text) => found.text = text,
        Err(at) => {
            let lenient = strictness == Strictness::Lenient && encoding == Encoding::Utf8;
            let other = text_of(Encoding::Gb18030, body).filter(|_| lenient);
            let Some(text) = other else {
                return Err(XmlError::NotAsDeclared { declared, at });
            };
            found.text = text;
            found.encoding = Encoding::Gb18030;
        }
    }
    if !says(&declared, found.encoding) {
        found.declared_falsely = Some(declared);
    }
    Ok(found)
}

/// The encoding, its declared name, and the octets behind the byte order mark.
fn detect(octets: &[u8], strictness: Strictness) -> Result<(Encoding, String, &[u8]), XmlError> {
    const UTF_32: [&[u8]; 2] = [&[0xFF, 0xFE, 0, 0], &[0, 0, 0xFE, 0xFF]];
    if UTF_32.iter().any(|mark| octets.starts_with(mark)) {
        return Err(XmlError::UnknownEncoding("UTF-32".to_owned()));
    }
    let marked: [(&[u8], Encoding, &str); 3] = [
        (&[0xEF, 0xBB, 0xBF], Encoding::Utf8, "UTF-8"),
        (&[0xFF, 0xFE], Encoding::Utf16Le, "UTF-16"),
        (&[0xFE, 0xFF], Encoding::Utf16Be, "UTF-16"),
    ];
    for (mark, encoding, name) in marked {
        if let Some(body) = octets.strip_prefix(mark) {
            return Ok((encoding, name.to_owned(), body));
        }
    }
    // Without a mark, UTF-16 shows by its first character, which is `<`.
    if octets.starts_with(b"<\0") {
        return Ok((Encoding::Utf16Le, "UTF-16".to_owned(), octets));
    }
    if octets.starts_with(b"\0<") {
        return Ok((Encoding::Utf16Be, "UTF-16".to_owned(), octets));
    }
    let declared = declaration(octets).unwrap_or_else(|| "UTF-8".to_owned());
    let encoding = match by_name(&declared) {
        Some(encoding) => encoding,
        // Text that was held as UTF-16 and sent as UTF-8; its declaration could not be read
        // here if it were UTF-16.
        None if strictness == Strictness::Lenient && is_utf16(&declared) => Encoding::Utf8,
        None if is_utf16(&declared) => return Err(XmlError::NotAsDeclared { declared, at: 0 }),
        None => return Err(XmlError::UnknownEncoding(excerpt(&declared, 40))),
    };
    Ok((encoding, declared, octets))
}

fn is_utf16(name: &str) -> bool {
    ["utf-16", "utf-16le", "utf-16be"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

fn by_name(name: &str) -> Option<Encoding> {
    match name.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Some(Encoding::Utf8),
        "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" => Some(Encoding::Latin1),
        "gb2312" | "gbk" | "gb18030" => Some(Encoding::Gb18030),
        _ => None,
    }
}

fn says(name: &str, encoding: Encoding) -> bool {
    match encoding {
        Encoding::Utf16Le | Encoding::Utf16Be => is_utf16(name),
        other => by_name(name) == Some(other),
    }
}

/// The name behind `encoding=` in the declaration, if the document begins with one.
fn declaration(octets: &[u8]) -> Option<String> {
    let head = octets.get(..DECLARATION).unwrap_or(octets);
    let head = head.strip_prefix(b"<?xml")?;
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let head = String::from_utf8_lossy(head.get(..end)?).into_owned();
    let (_, rest) = head.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (name, _) = rest.strip_prefix(quote)?.split_once(quote)?;
    Some(name.to_owned())
}

/// The text, or the first octet that cannot be.
fn text(encoding: Encoding, body: &[u8]) -> Result<String, usize> {
    match encoding {
        Encoding::Utf8 => match core::str::from_utf8(body) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(error.valid_up_to()),
        },
        other => text_of(other, body).ok_or(0),
    }
}

fn text_of(encoding: Encoding, body: &[u8]) -> Option<String> {
    let decoder = match encoding {
        Encoding::Utf8 => return core::str::from_utf8(body).ok().map(str::to_owned),
        // Not the web's reading of this name, which is windows-1252.
        Encoding::Latin1 => return Some(body.iter().map(|octet| char::from(*octet)).collect()),
        Encoding::Utf16Le => UTF_16LE,
        Encoding::Utf16Be => UTF_16BE,
        Encoding::Gb18030 => GB18030,
    };
    decoder
        .decode_without_bom_handling_and_without_replacement(body)
        .map(std::borrow::Cow::into_owned)
}
