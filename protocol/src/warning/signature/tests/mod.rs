//! What holds and what is refused, with keys made here and documents of others.

mod c14n;
mod forgery;
mod keys;
#[path = "vectors/tests.rs"]
mod vectors;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

use super::c14n::Method;
use super::*;

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const DOCUMENT: &str = "<?xml version=\"1.0\"?>\n<alert xmlns=\"urn:a\" Id=\"it\">\n<event>大风 &amp; \
                        hail</event><!-- c --><note a='1' b='2'/></alert>\n";

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().expect("a time")
}

/// A signer with a key of its own.
struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let by = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let made = EcdsaKeyPair::generate_pkcs8(by, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(by, made.as_ref(), &random).expect("a key");
        Self { pair, random }
    }

    /// Trust in this key alone.
    fn trust(&self) -> Trust {
        let der = keys::info(keys::EC_P256, self.pair.public_key().as_ref());
        Trust {
            keys: vec![Key::of_public_key("bureau.pem", &der).expect("a key")],
            required: true,
            allow_sha1: false,
        }
    }

    /// The document, signed as usual.
    fn sign(&self, document: &str) -> String {
        self.fill(&with(document, &skeleton("", &enveloped())))
    }

    /// The digest and the value written into the signature of a document: `DIGEST` and `VALUE`
    /// stand there. What is signed is the root, or the document for an empty URI.
    fn fill(&self, document: &str) -> String {
        let exclusive = Method {
            exclusive: true,
            ..Method::default()
        };
        let decoded = xml::decode(document.as_bytes(), Strictness::Strict).expect("XML");
        let tree = xml::parse(&decoded).expect("XML");
        let signature = tree
            .descendants()
            .find(|node| node.has_tag_name((NAMESPACE, "Signature")))
            .expect("a signature");
        let octets = if document.contains("URI=\"\"") {
            exclusive.document(&tree, signature)
        } else {
            exclusive.element(tree.root_element(), Some(signature))
        };
        let digest = DigestAlgorithm::Sha256.of(octets.as_bytes());
        let document = document.replace("DIGEST", &STANDARD.encode(digest));
        let decoded = xml::decode(document.as_bytes(), Strictness::Strict).expect("XML");
        let tree = xml::parse(&decoded).expect("XML");
        let info = tree
            .descendants()
            .find(|node| node.has_tag_name((NAMESPACE, "SignedInfo")))
            .expect("SignedInfo");
        let octets = exclusive.element(info, None);
        let value = self.pair.sign(&self.random, octets.as_bytes());
        document.replace("VALUE", &STANDARD.encode(value.expect("a value")))
    }
}

fn transform(uri: &str) -> String {
    format!("<Transform Algorithm=\"{uri}\"/>")
}

fn enveloped() -> String {
    format!("{}{}", transform(ENVELOPED), transform(EXCLUSIVE))
}

fn reference(uri: &str, transforms: &str) -> String {
    format!(
        "<Reference URI=\"{uri}\"><Transforms>{transforms}</Transforms><DigestMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><DigestValue>DIGEST</DigestValue>\
         </Reference>"
    )
}

fn around(references: &str) -> String {
    format!(
        "<Signature xmlns=\"{NAMESPACE}\"><SignedInfo><CanonicalizationMethod \
         Algorithm=\"{EXCLUSIVE}\"/><SignatureMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\"/>{references}\
         </SignedInfo><SignatureValue>VALUE</SignatureValue></Signature>"
    )
}

fn skeleton(uri: &str, transforms: &str) -> String {
    around(&reference(uri, transforms))
}

/// The document with something as the last child of its root.
fn with(document: &str, last: &str) -> String {
    let (before, after) = document.rsplit_once("</").expect("an end tag");
    format!("{before}{last}</{after}")
}

fn refused(trust: &Trust, document: &str) -> SignatureError {
    let checked = trust.check(document.as_bytes(), now());
    checked.expect_err("refused")
}
