//! XML signatures (W3C XML Signature Syntax and Processing, 2008) over a whole document, in the
//! one form that warnings have: enveloped, one `Reference`, RSA or ECDSA, and a key that is
//! configured here. What `KeyInfo` says is never believed, and whatever is not of this form is
//! refused, so that nothing is read that was not signed:
//!
//! * the only `Signature` is a child of the root, which it signs as a whole;
//! * it is verified over the octets as they came, in the tree that the warning is read from;
//! * no transform chooses parts, and nothing is looked up.
//!
//! Comments are signed by nobody, and our readers pass over them.

mod algorithm;
mod c14n;
mod der;
mod error;
mod key;
mod parts;

use jiff::Timestamp;
use roxmltree::{Document, Node};
use subtle::ConstantTimeEq;

pub use error::SignatureError;
pub use key::{Key, KeyError};
pub use parts::NAMESPACE;

use crate::warning::text::excerpt;
use crate::warning::xml::{self, Strictness};
use algorithm::{DigestAlgorithm, SignatureAlgorithm};
use parts::{Parts, Reference};

/// Most keys that are trusted at a time.
pub const MAX_KEYS: usize = 32;

/// The names of attributes that may hold an element's id.
const IDS: [&str; 3] = ["Id", "ID", "id"];
/// The namespace of `xml:id`.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Whose signatures are believed, and what must be signed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    /// The keys, [`MAX_KEYS`] at most: those after are not asked.
    pub keys: Vec<Key>,
    /// Whether every document must be signed. If not, a signature that is there must hold all the
    /// same; who can change a document can also take its signature away.
    pub required: bool,
    /// Whether SHA-1 is taken, which can be forged with some effort.
    pub allow_sha1: bool,
}

impl Trust {
    /// Checks the signature of a document, `octets` as they came, at `now`. Gives the key that
    /// has signed it, or none for a document without signature that needs none.
    ///
    /// # Errors
    /// It is not signed and must be, or its signature does not hold or is of a form that is not
    /// taken.
    pub fn check(&self, octets: &[u8], now: Timestamp) -> Result<Option<&Key>, SignatureError> {
        let decoded = xml::decode(octets, Strictness::Strict)?;
        let tree = xml::parse(&decoded)?;
        let signatures: Vec<_> = tree
            .descendants()
            .filter(|node| node.has_tag_name((NAMESPACE, "Signature")))
            .collect();
        match signatures.as_slice() {
            [] if self.required => Err(SignatureError::Missing),
            [] => Ok(None),
            [signature] => self.verify(&tree, *signature, now).map(Some),
            several => Err(SignatureError::Several(several.len())),
        }
    }

    fn verify(
        &self,
        tree: &Document<'_>,
        signature: Node<'_, '_>,
        now: Timestamp,
    ) -> Result<&Key, SignatureError> {
        let parent = signature.parent_element();
        if parent != Some(tree.root_element()) {
            let name = parent.map_or("no element", |it| it.tag_name().name());
            return Err(SignatureError::Misplaced(excerpt(name, 60)));
        }
        if let Some(uri) = relative_namespace(tree) {
            return Err(SignatureError::RelativeNamespace(excerpt(uri, 60)));
        }
        let parts = Parts::read(signature)?;
        if !self.allow_sha1 && parts.algorithm == SignatureAlgorithm::RsaSha1 {
            return Err(SignatureError::Sha1("SignatureMethod"));
        }
        if !self.allow_sha1 && parts.reference.digest == DigestAlgorithm::Sha1 {
            return Err(SignatureError::Sha1("DigestMethod"));
        }
        let whole = covers_document(tree, parts.reference.uri)?;
        let key = self.signer(&parts, now)?;
        let found = digest(tree, signature, whole, &parts.reference);
        if !bool::from(found.as_ref().ct_eq(&parts.reference.value)) {
            return Err(SignatureError::Changed);
        }
        Ok(key)
    }

    /// The key that has signed `SignedInfo`.
    fn signer(&self, parts: &Parts<'_, '_>, now: Timestamp) -> Result<&Key, SignatureError> {
        let signed = parts.method.element(parts.signed_info, None);
        let keys = self.keys.iter().take(MAX_KEYS);
        let mut of_kind = keys
            .filter(|key| key.kind == parts.algorithm.kind())
            .peekable();
        if of_kind.peek().is_none() {
            return Err(SignatureError::NoKey(parts.algorithm.name()));
        }
        let mut refused = SignatureError::Forged;
        for key in of_kind {
            if !parts
                .algorithm
                .holds(&key.octets, signed.as_bytes(), &parts.value)
            {
                continue;
            }
            match key.valid() {
                // A certificate may have been renewed with its key: perhaps another is valid.
                Some([from, until]) if now < from || now > until => {
                    refused = SignatureError::NotValidNow {
                        name: key.name().to_owned(),
                        from,
                        until,
                        now,
                    };
                }
                _ => return Ok(key),
            }
        }
        Err(refused)
    }
}

/// The first namespace whose name is a relative reference: canonicalization fails on such a document
/// (Canonical XML 1.0, clause 1.3).
fn relative_namespace<'a>(tree: &'a Document<'_>) -> Option<&'a str> {
    let is_relative = |uri: &str| {
        let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
        let fits = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let absolute =
            scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(fits);
        !uri.is_empty() && !absolute
    };
    let mut names = tree
        .descendants()
        .flat_map(|node| node.namespaces())
        .map(|it| it.uri());
    names.find(|uri| is_relative(uri))
}

/// Whether a `Reference` is to the document with all around its root; the root alone if not.
fn covers_document(tree: &Document<'_>, uri: &str) -> Result<bool, SignatureError> {
    if uri.is_empty() {
        return Ok(true);
    }
    let Some(id) = uri.strip_prefix('#').filter(|id| !id.contains('(')) else {
        return Err(SignatureError::Uri(excerpt(uri, 100)));
    };
    let has = |node: &Node<'_, '_>| {
        let mut plain = IDS.iter().filter_map(|name| node.attribute(*name));
        plain.any(|it| it == id) || node.attribute((XML, "id")) == Some(id)
    };
    let mut named = tree.descendants().filter(has);
    if id.is_empty() || named.next() != Some(tree.root_element()) || named.next().is_some() {
        return Err(SignatureError::Id(excerpt(id, 100)));
    }
    Ok(false)
}

/// The digest over what a `Reference` is to, without the signature itself.
fn digest(
    tree: &Document<'_>,
    signature: Node<'_, '_>,
    whole: bool,
    reference: &Reference<'_>,
) -> ring::digest::Digest {
    // A reference within a document has no comments in it (XML Signature, clause 4.4.3.3).
    let method = c14n::Method {
        comments: false,
        ..reference.method.clone()
    };
    let signed = if whole {
        method.document(tree, signature)
    } else {
        method.element(tree.root_element(), Some(signature))
    };
    reference.digest.of(signed.as_bytes())
}

#[cfg(test)]
mod tests;
