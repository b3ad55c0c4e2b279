//! `Signature` and what stands in it (XML Signature Syntax and Processing, clause 4), read by the
//! letter: what has no place in the one form that is taken is refused and never passed over.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::Node;

use super::algorithm::{
    DigestAlgorithm, ENVELOPED, EXCLUSIVE, SignatureAlgorithm, canonicalization,
};
use super::c14n::Method;
use super::error::SignatureError;
use crate::warning::text::excerpt;

/// The namespace of XML signatures.
pub const NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Most characters of a value: twice what the longest key gives, with room for white space.
const VALUE: usize = 4_096;
/// Most prefixes of a list.
const PREFIXES: usize = 64;

/// What a signature says.
#[derive(Debug)]
pub(super) struct Parts<'a, 'i> {
    /// What is signed.
    pub(super) signed_info: Node<'a, 'i>,
    /// How `SignedInfo` becomes octets.
    pub(super) method: Method,
    pub(super) algorithm: SignatureAlgorithm,
    /// `SignatureValue`
    pub(super) value: Vec<u8>,
    pub(super) reference: Reference<'a>,
}

/// The only `Reference`.
#[derive(Debug)]
pub(super) struct Reference<'a> {
    /// Without it, as without text, the whole document.
    pub(super) uri: &'a str,
    /// How the document becomes octets.
    pub(super) method: Method,
    pub(super) digest: DigestAlgorithm,
    /// `DigestValue`
    pub(super) value: Vec<u8>,
}

impl<'a, 'i> Parts<'a, 'i> {
    pub(super) fn read(signature: Node<'a, 'i>) -> Result<Self, SignatureError> {
        let mut below = Below::of(signature, "Signature");
        let signed_info = below.next("SignedInfo")?;
        let value = value(below.next("SignatureValue")?, "SignatureValue")?;
        // Whose key it names is not asked: keys come from the configuration.
        below.next_if("KeyInfo");
        below.end("its end")?;
        let references = signed_info
            .children()
            .filter(|child| child.has_tag_name((NAMESPACE, "Reference")))
            .count();
        if references != 1 {
            return Err(SignatureError::References(references));
        }
        let mut below = Below::of(signed_info, "SignedInfo");
        let method = method(
            below.next("CanonicalizationMethod")?,
            "CanonicalizationMethod",
        )?;
        let by = below.next("SignatureMethod")?;
        Below::of(by, "SignatureMethod").end("nothing")?;
        let reference = Reference::read(below.next("Reference")?)?;
        below.end("its end")?;
        Ok(Self {
            signed_info,
            method,
            algorithm: SignatureAlgorithm::by_uri(algorithm(by))?,
            value,
            reference,
        })
    }
}

impl<'a> Reference<'a> {
    fn read(reference: Node<'a, '_>) -> Result<Self, SignatureError> {
        let mut below = Below::of(reference, "Reference");
        let method = transforms(below.next("Transforms")?)?;
        let by = below.next("DigestMethod")?;
        Below::of(by, "DigestMethod").end("nothing")?;
        let value = value(below.next("DigestValue")?, "DigestValue")?;
        below.end("its end")?;
        let uri = reference.attribute("URI").ok_or(SignatureError::Shape {
            place: "Reference",
            found: "no URI".to_owned(),
            expected: "URI=\"\"",
        })?;
        Ok(Self {
            uri,
            method,
            digest: DigestAlgorithm::by_uri(algorithm(by))?,
            value,
        })
    }
}

/// The canonicalization behind enveloped-signature; without one Canonical XML.
fn transforms(list: Node<'_, '_>) -> Result<Method, SignatureError> {
    let mut below = Below::of(list, "Transforms");
    let enveloped = below.next("Transform")?;
    if algorithm(enveloped) != ENVELOPED {
        return Err(SignatureError::Transforms);
    }
    Below::of(enveloped, "Transform").end("nothing")?;
    let method = below
        .next_if("Transform")
        .map(|transform| match method(transform, "Transform") {
            Err(SignatureError::Algorithm { .. }) => Err(SignatureError::Transforms),
            other => other,
        });
    if below.left.next().is_some() {
        return Err(SignatureError::Transforms);
    }
    method.unwrap_or_else(|| Ok(Method::default()))
}

/// The canonicalization that an element names, with its list of prefixes.
fn method(node: Node<'_, '_>, place: &'static str) -> Result<Method, SignatureError> {
    let mut method = canonicalization(place, algorithm(node))?;
    let mut below = Below::of(node, place);
    if method.exclusive
        && let Some(list) = below.next_if_of(EXCLUSIVE, "InclusiveNamespaces")
    {
        let prefixes = list.attribute("PrefixList").unwrap_or_default();
        let prefixes = prefixes.split_ascii_whitespace().take(PREFIXES);
        let prefixes = prefixes.map(|it| if it == "#default" { "" } else { it });
        method.prefixes = prefixes.map(str::to_owned).collect();
    }
    below.end("nothing")?;
    Ok(method)
}

fn algorithm<'a>(node: Node<'a, '_>) -> &'a str {
    node.attribute("Algorithm").unwrap_or_default()
}

/// The octets of a value.
fn value(node: Node<'_, '_>, place: &'static str) -> Result<Vec<u8>, SignatureError> {
    let wrong = || SignatureError::Value(place);
    let mut text = String::new();
    for child in node.children() {
        // A comment could end a value for one reader and not for another.
        let part = child.text().filter(|_| child.is_text()).ok_or_else(wrong)?;
        if text.len().saturating_add(part.len()) > VALUE {
            return Err(wrong());
        }
        text.extend(part.split_ascii_whitespace());
    }
    let octets = STANDARD.decode(text).map_err(|_| wrong())?;
    if octets.is_empty() {
        return Err(wrong());
    }
    Ok(octets)
}

/// The elements below one, in order.
struct Below<'a, 'i> {
    place: &'static str,
    left: std::iter::Peekable<std::vec::IntoIter<Node<'a, 'i>>>,
}

impl<'a, 'i> Below<'a, 'i> {
    fn of(node: Node<'a, 'i>, place: &'static str) -> Self {
        let elements: Vec<_> = node.children().filter(Node::is_element).collect();
        Self {
            place,
            left: elements.into_iter().peekable(),
        }
    }

    fn next(&mut self, name: &'static str) -> Result<Node<'a, 'i>, SignatureError> {
        match self.next_if(name) {
            Some(node) => Ok(node),
            None => Err(self.wrong(name)),
        }
    }

    fn next_if(&mut self, name: &'static str) -> Option<Node<'a, 'i>> {
        self.next_if_of(NAMESPACE, name)
    }

    fn next_if_of(&mut self, namespace: &'static str, name: &'static str) -> Option<Node<'a, 'i>> {
        self.left
            .next_if(|node| node.has_tag_name((namespace, name)))
    }

    fn end(&mut self, expected: &'static str) -> Result<(), SignatureError> {
        if self.left.peek().is_some() {
            return Err(self.wrong(expected));
        }
        Ok(())
    }

    fn wrong(&mut self, expected: &'static str) -> SignatureError {
        let found = self.left.peek().map(|node| node.tag_name().name());
        SignatureError::Shape {
            place: self.place,
            found: found.map_or_else(|| "nothing".to_owned(), |name| excerpt(name, 60)),
            expected,
        }
    }
}
