//! The keys that signatures are held against: of X.509 certificates (RFC 5280), or bare
//! (`SubjectPublicKeyInfo`).

use jiff::Timestamp;

use super::der::{Der, INTEGER, OBJECT, VERSION};

/// Longest certificate or key, in octets.
const LONGEST: usize = 16 << 10;
/// Least and most bits of an RSA modulus.
const RSA_BITS: [usize; 2] = [2_048, 8_192];

/// 1.2.840.113549.1.1.1
const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1];
/// 1.2.840.10045.2.1
const EC: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1];
/// 1.2.840.10045.3.1.7
const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7];
/// 1.3.132.0.34
const P384: &[u8] = &[0x2B, 0x81, 0x04, 0, 0x22];

/// Why a certificate or key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Longer than any that is used.
    #[error("it has more than {LONGEST} octets; name the certificate of the source alone")]
    TooLong,
    /// It is no X.509 certificate.
    #[error("it is no X.509 certificate; export it again, as PEM")]
    Certificate,
    /// It is no public key.
    #[error("it is no SubjectPublicKeyInfo; export it again, as PEM")]
    PublicKey,
    /// Its key is of a kind that is not taken.
    #[error("its key is neither RSA nor on P-256 or P-384; let the source use one of these")]
    Kind,
    /// Its RSA key is too short or too long.
    #[error("its RSA key has {0} bits; let the source use 2048 to 8192")]
    Size(usize),
}

/// The kinds of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Rsa,
    P256,
    P384,
}

/// A public key that is trusted, because somebody has configured it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    name: String,
    pub(super) kind: Kind,
    /// `RSAPublicKey`, or a point, uncompressed.
    pub(super) octets: Vec<u8>,
    valid: Option<[Timestamp; 2]>,
}

impl Key {
    /// The key of an X.509 certificate in DER, of its subject itself and not of whoever issued
    /// it. Who did is not looked at: it is trusted because it is named. `name` is what it is
    /// called here, as the file's path.
    ///
    /// # Errors
    /// It is no certificate, or its key is of a kind or length that is not taken.
    pub fn of_certificate(name: &str, der: &[u8]) -> Result<Self, KeyError> {
        if der.len() > LONGEST {
            return Err(KeyError::TooLong);
        }
        let (valid, info) = certificate(der).ok_or(KeyError::Certificate)?;
        let (kind, octets) = key(info)?;
        Ok(Self {
            name: name.to_owned(),
            kind,
            octets,
            valid: Some(valid),
        })
    }

    /// A `SubjectPublicKeyInfo` in DER. It has no time of validity.
    ///
    /// # Errors
    /// It is none, or the key is of a kind or length that is not taken.
    pub fn of_public_key(name: &str, der: &[u8]) -> Result<Self, KeyError> {
        if der.len() > LONGEST {
            return Err(KeyError::TooLong);
        }
        let info = Der(der).sequence().ok_or(KeyError::PublicKey)?;
        let (kind, octets) = key(info)?;
        Ok(Self {
            name: name.to_owned(),
            kind,
            octets,
            valid: None,
        })
    }

    /// What it is called here.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first and the last instant at which its certificate is valid; none of a bare key.
    #[must_use]
    pub const fn valid(&self) -> Option<[Timestamp; 2]> {
        self.valid
    }
}

/// The validity of a certificate, and its `SubjectPublicKeyInfo`.
fn certificate(der: &[u8]) -> Option<([Timestamp; 2], Der<'_>)> {
    let mut whole = Der(der);
    let mut body = whole.sequence()?.sequence()?;
    body.take(VERSION);
    body.take(INTEGER)?;
    let _algorithm = body.sequence()?;
    let _issuer = body.sequence()?;
    let mut validity = body.sequence()?;
    let _subject = body.sequence()?;
    let info = body.sequence()?;
    let from = validity.time()?;
    let until = validity.time()?;
    whole.0.is_empty().then_some(([from, until], info))
}

/// The key of a `SubjectPublicKeyInfo`, and its kind.
fn key(mut info: Der<'_>) -> Result<(Kind, Vec<u8>), KeyError> {
    let mut algorithm = info.sequence().ok_or(KeyError::PublicKey)?;
    let object = algorithm.take(OBJECT).ok_or(KeyError::PublicKey)?;
    let octets = info.bits().ok_or(KeyError::PublicKey)?;
    let kind = match (object, algorithm.take(OBJECT)) {
        (RSA, _) => {
            let bits = modulus_bits(octets).ok_or(KeyError::PublicKey)?;
            let [least, most] = RSA_BITS;
            if !(least..=most).contains(&bits) {
                return Err(KeyError::Size(bits));
            }
            Kind::Rsa
        }
        (EC, Some(P256)) => Kind::P256,
        (EC, Some(P384)) => Kind::P384,
        _ => return Err(KeyError::Kind),
    };
    let point = match kind {
        Kind::Rsa => None,
        Kind::P256 => Some(65),
        Kind::P384 => Some(97),
    };
    // Compressed points are not read.
    if point.is_some_and(|length| octets.len() != length || octets.first() != Some(&4)) {
        return Err(KeyError::PublicKey);
    }
    Ok((kind, octets.to_owned()))
}

/// The length of the modulus of an `RSAPublicKey`, in bits.
fn modulus_bits(octets: &[u8]) -> Option<usize> {
    let modulus = Der(octets).sequence()?.take(INTEGER)?;
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let zeros = modulus.first()?.leading_zeros();
    modulus
        .len()
        .checked_mul(8)?
        .checked_sub(usize::try_from(zeros).ok()?)
}
