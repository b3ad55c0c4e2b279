//! The proofs of the log-in (2.0 clauses 7.4.1.1 and 7.4.1.2, 3.0 clause 8.4.1).

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

pub use crate::sms::config::Secret;

/// What proves to the gateway that we know the secret: MD5 over the account, nine zeros, the
/// secret, and the time as ten decimal digits. `timestamp` is MMDDHHMMSS as a number.
#[must_use]
pub fn of_source(account: &str, secret: &Secret, timestamp: u32) -> [u8; 16] {
    let mut md5 = Md5::new();
    md5.update(account);
    md5.update([0; 9]);
    md5.update(secret.octets());
    md5.update(format!("{timestamp:010}"));
    md5.finalize().into()
}

/// How wide the status is in the gateway's proof. The specifications do not say, and gateways
/// differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusWidth {
    /// One octet.
    One,
    /// Four octets.
    Four,
}

/// What proves to us that the gateway knows the secret: MD5 over the status, our own proof and
/// the secret.
#[must_use]
pub fn of_gateway(width: StatusWidth, status: u32, source: &[u8; 16], secret: &Secret) -> [u8; 16] {
    let mut md5 = Md5::new();
    let [a, b, c, low] = status.to_be_bytes();
    match width {
        StatusWidth::One => md5.update([low]),
        StatusWidth::Four => md5.update([a, b, c, low]),
    }
    md5.update(source);
    md5.update(secret.octets());
    md5.finalize().into()
}

/// Whether a gateway's proof is one, in either width.
#[must_use]
pub fn is_of_gateway(proof: &[u8; 16], status: u32, source: &[u8; 16], secret: &Secret) -> bool {
    let widths = [StatusWidth::One, StatusWidth::Four];
    let mut good = false;
    for width in widths {
        good |= bool::from(of_gateway(width, status, source, secret).ct_eq(proof));
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(timestamp: u32) -> [u8; 16] {
        of_source("901234", &Secret::new("secret"), timestamp)
    }

    #[test]
    fn the_proof_of_the_log_in_is_the_one_that_was_computed_apart() {
        let proof = hex::encode(source(1_123_163_005));
        assert_eq!(proof, "dac045b55fa7238717903e9144ea68a7");
    }

    #[test]
    fn from_january_to_september_the_time_keeps_its_leading_zero() {
        let proof = hex::encode(source(102_080_506));
        assert_eq!(proof, "5ba4c49890fd1cb15f01cc34191d4352");
    }

    #[test]
    fn the_gateways_proof_is_taken_in_either_width() {
        let (source, secret) = (source(1_123_163_005), Secret::new("secret"));
        for (width, computed) in [
            (StatusWidth::One, "bf1354ae4060f62604ab4b72b72edc43"),
            (StatusWidth::Four, "99ddaff8a9bea03a43d35ade19a80c02"),
        ] {
            let mut proof = of_gateway(width, 0, &source, &secret);
            assert_eq!(hex::encode(proof), computed);
            assert!(is_of_gateway(&proof, 0, &source, &secret));
            proof[15] ^= 1;
            assert!(!is_of_gateway(&proof, 0, &source, &secret));
        }
        assert!(!is_of_gateway(&[0; 16], 0, &source, &secret));
    }

    #[test]
    fn a_secret_does_not_show_in_logs() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret");
    }
}
