//! Why a document is refused before anyone looks at what it says.

use super::limits::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_NAMESPACES, MAX_NODES, MAX_OCTETS};

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
