//! `ds:Signature` (XML Signature Syntax and Processing): that it is there, and the algorithms
//! it names. Whether it holds is decided elsewhere, over the octets as they came.

use roxmltree::Node;

use super::SIGNATURE_NAMESPACE;
use crate::warning::text::excerpt;

/// Most names of algorithms that are kept of one kind.
const MOST: usize = 8;

/// A signature's algorithms, as URIs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signature {
    /// `CanonicalizationMethod`
    pub canonicalization: Vec<String>,
    /// `SignatureMethod`
    pub signature: Vec<String>,
    /// `DigestMethod` of each reference.
    pub digest: Vec<String>,
    /// `Transform` of each reference.
    pub transform: Vec<String>,
    /// `Reference`: what is signed. Empty text is the whole document.
    pub reference: Vec<String>,
}

impl Signature {
    pub(super) fn decode(node: Node<'_, '_>) -> Self {
        let all = |name: &str, attribute: &str| {
            node.descendants()
                .filter(|below| below.has_tag_name((SIGNATURE_NAMESPACE, name)))
                .filter_map(|below| below.attribute(attribute))
                .take(MOST)
                .map(|uri| excerpt(uri, 200))
                .collect()
        };
        Self {
            canonicalization: all("CanonicalizationMethod", "Algorithm"),
            signature: all("SignatureMethod", "Algorithm"),
            digest: all("DigestMethod", "Algorithm"),
            transform: all("Transform", "Algorithm"),
            reference: all("Reference", "URI"),
        }
    }
}
