//! The certificates and public keys of those who sign what we take in.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use narrowcast_protocol::warning::signature::{Key, KeyError};
use rustls::pki_types::pem::{PemObject as _, SectionKind};

/// Longest file, in octets.
const LONGEST: u64 = 64 << 10;

/// Why a file gives no key.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// It cannot be read.
    #[error("{0}; check the path, and that the server's user may read it")]
    Read(#[from] std::io::Error),
    /// It is too long for a certificate.
    #[error("it has more than {LONGEST} octets; name a file with one certificate")]
    TooLong,
    /// It is not PEM.
    #[error("it is no PEM ({0}); export the certificate as PEM (-----BEGIN CERTIFICATE-----)")]
    Pem(String),
    /// It has not one certificate or public key.
    #[error(
        "it has {0} certificates and public keys; name a file with one, that of the source \
         itself and not of who issued it"
    )]
    Count(usize),
    /// It has something that must not stand there.
    #[error(
        "it has something else than a certificate or public key; keep private keys away from \
         here, and name a file with the certificate alone"
    )]
    Other,
    /// Its key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The key of a file with one certificate or one public key, in PEM. Its name is the path.
///
/// # Errors
/// The file cannot be read, or has not one key of a kind that is taken.
pub fn certificate(path: &Path) -> Result<Key, CertificateError> {
    let mut pem = Vec::new();
    let most = LONGEST.saturating_add(1);
    File::open(path)?.take(most).read_to_end(&mut pem)?;
    if u64::try_from(pem.len()).is_ok_and(|length| length > LONGEST) {
        return Err(CertificateError::TooLong);
    }
    let sections: Vec<_> = <(SectionKind, Vec<u8>)>::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| CertificateError::Pem(error.to_string()))?;
    let name = path.display().to_string();
    let known = |kind| matches!(kind, SectionKind::Certificate | SectionKind::PublicKey);
    if sections.iter().any(|(kind, _)| !known(*kind)) {
        return Err(CertificateError::Other);
    }
    match sections.as_slice() {
        [(SectionKind::Certificate, der)] => Ok(Key::of_certificate(&name, der)?),
        [(_, der)] => Ok(Key::of_public_key(&name, der)?),
        several => Err(CertificateError::Count(several.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn made() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["bureau.example".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn a_file_gives_the_key_of_its_one_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.pem");
        std::fs::write(&path, format!("of the bureau\n{}", made().0)).unwrap();
        let key = certificate(&path).unwrap();
        assert_eq!(key.name(), path.display().to_string());
        assert!(key.valid().is_some());
    }

    #[test]
    fn a_file_that_gives_no_key_is_named_with_the_remedy_at_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let (pem, private) = made();
        let base64 = "MAUGAytlcA==";
        for (text, says) in [
            (Some(String::new()), "it has 0 certificates"),
            (Some(format!("{pem}{pem}")), "it has 2 certificates"),
            (Some(format!("{pem}{private}")), "keep private keys away"),
            (Some(pem.replace("-----END", "")), "it is no PEM"),
            (
                Some(format!(
                    "-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n"
                )),
                "it is no X.509 certificate",
            ),
            (Some("a".repeat(70_000)), "name a file with one certificate"),
            (None, "check the path"),
        ] {
            let file = dir.path().join("a.pem");
            std::fs::remove_file(&file).ok();
            if let Some(text) = text {
                std::fs::write(&file, text).unwrap();
            }
            let config = dir.path().join("n.toml");
            std::fs::write(&config, format!("[cap]\ncertificates = [{file:?}]\n")).unwrap();
            let error = Config::load(&config).unwrap_err().to_string();
            let start = format!("cap.certificates[0]: {}: ", file.display());
            assert!(error.contains(&start) && error.contains(says), "{error}");
        }
    }

    #[test]
    fn keys_that_do_nothing_without_certificates_are_named() {
        for (line, field) in [
            ("signatures = \"checked\"", "cap.signatures"),
            ("allow_sha1 = true", "cap.allow_sha1"),
        ] {
            let config = Config::parse("t", &format!("[cap]\n{line}\n")).unwrap();
            let faults = config.check();
            assert_eq!(faults.len(), 1);
            assert!(faults[0].field == field && faults[0].why.contains("`certificates`"));
        }
        let many = ["\"/a.pem\""; 33].join(", ");
        let config = Config::parse("t", &format!("[cap]\ncertificates = [{many}]\n")).unwrap();
        assert!(config.check()[0].to_string().contains("at most 32 files"));
    }
}
