//! XML from strangers. The bytes are counted before anything is done with them, the markup is
//! walked once without recursion, and only then is a tree built. A document type, and with it
//! every entity, is refused unread; nothing a document names is ever looked up.

mod encoding;
mod scan;

pub use encoding::{Decoded, Encoding};

/// Most octets of a document.
pub const MAX_OCTETS: usize = 1 << 20;
/// Most nodes: elements, texts, comments and instructions.
pub const MAX_NODES: u32 = 20_000;
/// Deepest nesting of elements; the root counts as 1.
pub const MAX_DEPTH: u32 = 32;
/// Most attributes of one element, namespace declarations included.
pub const MAX_ATTRIBUTES: u32 = 64;
/// Most namespaces that an element and those around it declare together.
pub const MAX_NAMESPACES: u32 = 64;

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

/// Why a document is not read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmlError {
    /// Longer than [`MAX_OCTETS`].
    #[error("the document has more than {MAX_OCTETS} octets; send a shorter one")]
    TooLong,
    /// No octets, or white space only.
    #[error("the document is empty; send an XML document")]
    Empty,
    /// Its encoding is none that we read.
    #[error("the encoding {0} is not read; send UTF-8")]
    UnknownEncoding(String),
    /// The octets are not of the encoding that the document declares.
    #[error("the document is not {declared} as it says: octet {at} cannot be; send UTF-8")]
    NotAsDeclared {
        /// The declared encoding, or UTF-8 when nothing is declared.
        declared: String,
        /// The first octet that cannot be, from 0.
        at: usize,
    },
    /// A document type, where entities come from.
    #[error("line {line}: a document type (<!DOCTYPE) is refused; take it out")]
    DocumentType {
        /// Its line, from 1.
        line: u32,
    },
    /// More elements, comments and instructions than [`MAX_NODES`].
    #[error("the document has more than {MAX_NODES} nodes; send less in one document")]
    TooManyNodes,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("line {line}: elements are nested deeper than {MAX_DEPTH}; no warning needs that")]
    TooDeep {
        /// The line of the element that is too deep, from 1.
        line: u32,
    },
    /// An element has more attributes than [`MAX_ATTRIBUTES`].
    #[error("line {line}: an element has more than {MAX_ATTRIBUTES} attributes; take some out")]
    TooManyAttributes {
        /// The element's line, from 1.
        line: u32,
    },
    /// More namespaces are declared around an element than [`MAX_NAMESPACES`].
    #[error(
        "line {line}: more than {MAX_NAMESPACES} namespaces are declared around this element; \
         take those out that nothing uses"
    )]
    TooManyNamespaces {
        /// The element's line, from 1.
        line: u32,
    },
    /// It is no well-formed XML.
    #[error("line {line}: no well-formed XML: {why}")]
    Malformed {
        /// Where, from 1.
        line: u32,
        /// What is wrong there.
        why: String,
    },
}

/// The text of a document, in bounds and safe to build a tree from. To be given to [`parse`].
///
/// # Errors
/// It is too long, too deep, in an encoding we do not read, or has a document type.
pub fn decode(octets: &[u8], strictness: Strictness) -> Result<Decoded, XmlError> {
    if octets.len() > MAX_OCTETS {
        return Err(XmlError::TooLong);
    }
    let decoded = encoding::decode(octets, strictness)?;
    if decoded.text.trim().is_empty() {
        return Err(XmlError::Empty);
    }
    scan::check(&decoded.text)?;
    Ok(decoded)
}

/// The tree of a document that [`decode`] has let through.
///
/// # Errors
/// It is not well-formed.
pub fn parse(decoded: &Decoded) -> Result<roxmltree::Document<'_>, XmlError> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..roxmltree::ParsingOptions::default()
    };
    roxmltree::Document::parse_with_options(&decoded.text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => XmlError::DocumentType { line: 1 },
        roxmltree::Error::NodesLimitReached => XmlError::TooManyNodes,
        error => XmlError::Malformed {
            line: error.pos().row,
            why: super::text::excerpt(&error.to_string(), 200),
        },
    })
}

#[cfg(test)]
mod tests;
