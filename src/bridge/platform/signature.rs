//! Standard Webhooks 1.0: how a receiver knows that an event is ours and was not changed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// How a secret begins.
const PREFIX: &str = "whsec_";
/// Fewest and most octets of a key.
const OCTETS: std::ops::RangeInclusive<usize> = 24..=64;

/// Why a text is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It does not begin as one.
    #[error("a secret begins with {PREFIX}")]
    Prefix,
    /// The rest is not base64.
    #[error("what follows {PREFIX} is not base64")]
    Base64,
    /// It is too short or too long.
    #[error("the key has {0} octets: it must have 24 to 64")]
    Length(usize),
}

/// A key that receiver and sender share.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Reads `whsec_` and base64.
    ///
    /// # Errors
    /// It is none, or too short to be safe.
    pub fn new(written: &str) -> Result<Self, SecretError> {
        let rest = written
            .trim()
            .strip_prefix(PREFIX)
            .ok_or(SecretError::Prefix)?;
        let key = STANDARD.decode(rest).map_err(|_| SecretError::Base64)?;
        if !OCTETS.contains(&key.len()) {
            return Err(SecretError::Length(key.len()));
        }
        Ok(Self(key))
    }

    /// `v1,` and the signature of a delivery. `timestamp` is in seconds since 1970.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length is taken");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The header of a delivery: a signature for each secret that is valid now, the newest first.
#[must_use]
pub fn header(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signatures = secrets
        .iter()
        .map(|secret| secret.sign(id, timestamp, body));
    signatures.collect::<Vec<_>>().join(" ")
}

/// An event's id as it may stand in a signature: without a dot.
#[must_use]
pub fn webhook_id(id: &str) -> String {
    id.replace('.', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    #[test]
    fn the_published_vector_is_signed_as_published() {
        let secret = Secret::new(SECRET).unwrap();
        let id = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let signature = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
        assert_eq!(secret.sign(id, 1_649_367_553, body), signature);
        let two = header(&[secret.clone(), secret], id, 1_649_367_553, body);
        assert_eq!(two, format!("{signature} {signature}"));
    }

    #[test]
    fn what_is_no_secret_is_refused_and_none_is_shown() {
        assert_eq!(Secret::new("secret"), Err(SecretError::Prefix));
        assert_eq!(Secret::new("whsec_!"), Err(SecretError::Base64));
        assert_eq!(Secret::new("whsec_AAAA"), Err(SecretError::Length(3)));
        assert_eq!(format!("{:?}", Secret::new(SECRET).unwrap()), "Secret");
        assert_eq!(webhook_id("a.b:7"), "a_b:7");
    }
}
