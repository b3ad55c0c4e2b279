//! XML from strangers. The bytes are counted before anything is done with them, the markup is
//! walked once without recursion, and only then is a tree built. A document type, and with it
//! every entity, is refused unread; nothing a document names is ever looked up.

mod encoding;
mod error;
mod limits;
mod scan;

pub use encoding::{Decoded, Encoding, Strictness};
pub use error::XmlError;
pub use limits::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_NAMESPACES, MAX_NODES, MAX_OCTETS};

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
