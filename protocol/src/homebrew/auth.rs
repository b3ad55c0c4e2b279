//! How a repeater proves that it knows its passphrase.

use core::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What a station and the master both know. Used as raw bytes: never trimmed, never
/// converted, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Vec<u8>);

/// The passphrase is empty: repeaters refuse that, and it would let anybody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the passphrase is empty")]
pub struct EmptyPassphrase;

impl Passphrase {
    /// A passphrase of at least one byte.
    ///
    /// # Errors
    /// It is empty.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, EmptyPassphrase> {
        let bytes = bytes.into();
        if bytes.is_empty() {
            return Err(EmptyPassphrase);
        }
        Ok(Self(bytes))
    }

    /// The proof for `salt`: SHA-256 over the salt and the passphrase.
    #[must_use]
    pub fn digest(&self, salt: [u8; 4]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(salt);
        hash.update(&self.0);
        hash.finalize().into()
    }

    /// Whether `proof` is the one for `salt`, in a time that tells nothing.
    #[must_use]
    pub fn accepts(&self, salt: [u8; 4], proof: &[u8; 32]) -> bool {
        self.digest(salt).ct_eq(proof).into()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_value_is_accepted_and_its_neighbours_are_not() {
        let passphrase = Passphrase::new("s3cr37w0rd").unwrap();
        let salt = [1, 2, 3, 4];
        let proof: [u8; 32] =
            hex::decode("9a4e9e440ab9e486187751209df6969c5ce7c27cd19d5d0d20101df4c72a01dc")
                .unwrap()
                .try_into()
                .unwrap();
        assert_eq!(passphrase.digest(salt), proof);
        assert!(passphrase.accepts(salt, &proof));
        assert!(!passphrase.accepts([1, 2, 3, 5], &proof));
        for bit in 0..256 {
            let mut wrong = proof;
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(!passphrase.accepts(salt, &wrong), "bit {bit}");
        }
    }

    #[test]
    fn bytes_are_taken_as_they_are() {
        let plain = Passphrase::new("secret").unwrap();
        let padded = Passphrase::new("secret ").unwrap();
        assert_ne!(plain.digest([0; 4]), padded.digest([0; 4]));
        assert_eq!(Passphrase::new(""), Err(EmptyPassphrase));
    }

    #[test]
    fn it_is_never_printed() {
        let passphrase = Passphrase::new("secret").unwrap();
        assert!(!format!("{passphrase:?}").contains("secret"));
    }
}
