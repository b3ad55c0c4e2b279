//! Why a signature does not hold, or is not looked at.

use crate::warning::xml::XmlError;

/// Why a document's signature is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The XML is refused.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// There is none, and there must be one.
    #[error("Signature: the document is not signed; let its source sign it")]
    Missing,
    /// Several signatures.
    #[error("Signature: the document has {0}; send it with one")]
    Several(usize),
    /// It stands inside of something.
    #[error(
        "Signature: it stands in {0}; it must be a child of the root, which it signs as a whole \
         (send an alert out of an envelope by itself)"
    )]
    Misplaced(String),
    /// A namespace has a relative name, which has no canonical form.
    #[error("the namespace `{0}` is relative; name namespaces by absolute URIs")]
    RelativeNamespace(String),
    /// An element is missing, is too much, or is out of order.
    #[error("{place}: {found} where {expected} must be; sign as XML Signature says")]
    Shape {
        /// The element it stands in.
        place: &'static str,
        /// What stands there.
        found: String,
        /// What must stand there.
        expected: &'static str,
    },
    /// More than one `Reference`.
    #[error(
        "SignedInfo: it has {0} References; sign the whole document, and nothing else, with one"
    )]
    References(usize),
    /// A `Reference` to something else than the whole document.
    #[error(
        "Reference: URI {0:?} is not the whole document; write URI=\"\", or # and the root's id"
    )]
    Uri(String),
    /// A `Reference` by an id that is not the root's alone.
    #[error("Reference: the id {0:?} is not that of the root alone; write URI=\"\"")]
    Id(String),
    /// An algorithm that is not taken.
    #[error("{place}: the algorithm {uri} is not taken; use {instead}")]
    Algorithm {
        /// The element that names it.
        place: &'static str,
        /// What it is.
        uri: String,
        /// What is taken.
        instead: &'static str,
    },
    /// SHA-1 where it is not allowed.
    #[error(
        "{0}: SHA-1 can be forged and is not taken; sign with SHA-256, or set allow_sha1 for an \
         old source"
    )]
    Sha1(&'static str),
    /// Other transforms than those that leave the whole document.
    #[error(
        "Transforms: they must be enveloped-signature, then one canonicalization or none; take \
         the others out"
    )]
    Transforms,
    /// A value that is no Base64, is empty, or holds something else than text.
    #[error("{0}: it must be Base64 and nothing else, at most 4096 characters")]
    Value(&'static str),
    /// No key of its kind.
    #[error(
        "SignatureMethod: {0} needs a key that none of the configured certificates has; add the \
         source's"
    )]
    NoKey(&'static str),
    /// By none of the keys.
    #[error(
        "SignatureValue: it was made with the key of none of the configured certificates, or \
         SignedInfo was changed since"
    )]
    Forged,
    /// By a key whose certificate is not valid now.
    #[error(
        "the certificate {name} is valid from {from} until {until}, and not at {now}; configure \
         the source's new one"
    )]
    NotValidNow {
        /// What the key is called here.
        name: String,
        /// Since when it is valid.
        from: jiff::Timestamp,
        /// The last instant at which it is valid.
        until: jiff::Timestamp,
        /// When it was asked.
        now: jiff::Timestamp,
    },
    /// The document is not what was signed.
    #[error("DigestValue: the document was changed after it was signed")]
    Changed,
}
