//! The algorithms that are taken, by their URIs (XML Signature, clause 6; RFC 9231), and the
//! cryptography behind them, which is ring's as for TLS.

use ring::{digest, signature};

use super::c14n::Method;
use super::error::SignatureError;
use super::key::Kind;
use crate::warning::text::excerpt;

const C14N: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const C14N_COMMENTS: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments";
const EXCLUSIVE_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
/// Exclusive canonicalization; also the namespace of its `InclusiveNamespaces`.
pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The transform that leaves the signature out of what it signs.
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// `SignatureMethod`: of RFC 8017 (PKCS #1 v1.5) or FIPS 186-5 with both numbers in full length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureAlgorithm {
    RsaSha1,
    RsaSha256,
    RsaSha384,
    RsaSha512,
    EcdsaSha256,
    EcdsaSha384,
}

impl SignatureAlgorithm {
    pub(super) fn by_uri(uri: &str) -> Result<Self, SignatureError> {
        Ok(match uri {
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1" => Self::RsaSha1,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => Self::RsaSha256,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Self::RsaSha384,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Self::RsaSha512,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => Self::EcdsaSha256,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => Self::EcdsaSha384,
            _ => {
                return Err(SignatureError::Algorithm {
                    place: "SignatureMethod",
                    uri: excerpt(uri, 100),
                    instead: "rsa-sha256, rsa-sha384, rsa-sha512, ecdsa-sha256 (P-256) or \
                              ecdsa-sha384 (P-384)",
                });
            }
        })
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::RsaSha1 => "rsa-sha1",
            Self::RsaSha256 => "rsa-sha256",
            Self::RsaSha384 => "rsa-sha384",
            Self::RsaSha512 => "rsa-sha512",
            Self::EcdsaSha256 => "ecdsa-sha256",
            Self::EcdsaSha384 => "ecdsa-sha384",
        }
    }

    /// The kind of key that it needs.
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::RsaSha1 | Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512 => Kind::Rsa,
            Self::EcdsaSha256 => Kind::P256,
            Self::EcdsaSha384 => Kind::P384,
        }
    }

    /// Whether `value` is the key's signature of the octets.
    pub(super) fn holds(self, key: &[u8], signed: &[u8], value: &[u8]) -> bool {
        let by: &'static dyn signature::VerificationAlgorithm = match self {
            Self::RsaSha1 => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Self::RsaSha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Self::RsaSha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            Self::RsaSha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
            Self::EcdsaSha256 => &signature::ECDSA_P256_SHA256_FIXED,
            Self::EcdsaSha384 => &signature::ECDSA_P384_SHA384_FIXED,
        };
        let key = signature::UnparsedPublicKey::new(by, key);
        key.verify(signed, value).is_ok()
    }
}

/// `DigestMethod`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DigestAlgorithm {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl DigestAlgorithm {
    pub(super) fn by_uri(uri: &str) -> Result<Self, SignatureError> {
        Ok(match uri {
            "http://www.w3.org/2000/09/xmldsig#sha1" => Self::Sha1,
            "http://www.w3.org/2001/04/xmlenc#sha256" => Self::Sha256,
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Self::Sha384,
            "http://www.w3.org/2001/04/xmlenc#sha512" => Self::Sha512,
            _ => {
                return Err(SignatureError::Algorithm {
                    place: "DigestMethod",
                    uri: excerpt(uri, 100),
                    instead: "sha256, sha384 or sha512",
                });
            }
        })
    }

    pub(super) fn of(self, octets: &[u8]) -> digest::Digest {
        let by = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(by, octets)
    }
}

/// A canonicalization by its URI, without a list of prefixes.
pub(super) fn canonicalization(place: &'static str, uri: &str) -> Result<Method, SignatureError> {
    let (exclusive, comments) = match uri {
        C14N => (false, false),
        C14N_COMMENTS => (false, true),
        EXCLUSIVE => (true, false),
        EXCLUSIVE_COMMENTS => (true, true),
        _ => {
            return Err(SignatureError::Algorithm {
                place,
                uri: excerpt(uri, 100),
                instead: "Canonical XML 1.0 or Exclusive XML Canonicalization 1.0",
            });
        }
    };
    Ok(Method {
        exclusive,
        comments,
        prefixes: Vec::new(),
    })
}
