//! Certificates and keys.

use super::*;

/// The algorithm of a P-256 key.
pub(super) const EC_P256: &[u8] = &[
    0x30, 0x13, 6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1, 6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1,
    7,
];
/// The algorithm of an RSA key.
pub(super) const RSA: &[u8] = &[
    0x30, 0x0D, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0,
];
/// The algorithm of an Ed25519 key.
const ED25519: &[u8] = &[0x30, 5, 6, 3, 0x2B, 0x65, 0x70];

/// A value of DER.
pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = u16::try_from(content.len()).expect("short");
    match length {
        0..0x80 => out.push(length.to_be_bytes()[1]),
        0x80..0x100 => out.extend([0x81, length.to_be_bytes()[1]]),
        _ => {
            out.push(0x82);
            out.extend(length.to_be_bytes());
        }
    }
    out.extend(content);
    out
}

/// A `SubjectPublicKeyInfo`.
pub(super) fn info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let bits = tlv(3, &[&[0], key].concat());
    tlv(0x30, &[algorithm, &bits].concat())
}

/// An `RSAPublicKey`.
pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let positive = tlv(2, &[&[0], modulus].concat());
    tlv(0x30, &[positive, tlv(2, exponent)].concat())
}

/// A certificate as far as it is read, with these times and this key.
fn certificate(from: (u8, &str), until: (u8, &str), info: &[u8]) -> Vec<u8> {
    let times = [
        tlv(from.0, from.1.as_bytes()),
        tlv(until.0, until.1.as_bytes()),
    ];
    let body = [
        tlv(0xA0, &tlv(2, &[2])),
        tlv(2, &[1]),
        tlv(0x30, &[]),
        tlv(0x30, &[]),
        tlv(0x30, &times.concat()),
        tlv(0x30, &[]),
        info.to_vec(),
    ];
    let parts = [tlv(0x30, &body.concat()), tlv(0x30, &[]), tlv(3, &[0])];
    tlv(0x30, &parts.concat())
}

#[test]
fn a_certificate_holds_within_its_time_only() {
    let signer = Signer::new();
    let info = info(EC_P256, signer.pair.public_key().as_ref());
    let signed = signer.sign(DOCUMENT);
    let under = |from: (u8, &str), until: (u8, &str)| {
        let der = certificate(from, until, &info);
        let trust = Trust {
            keys: vec![Key::of_certificate("a.pem", &der).expect("a certificate")],
            ..signer.trust()
        };
        trust.check(signed.as_bytes(), now()).map(|_| ())
    };
    assert_eq!(
        under((0x17, "260601000000Z"), (0x17, "260601000000Z")),
        Ok(())
    );
    assert_eq!(
        under((0x17, "500101000000Z"), (0x18, "99991231235959Z")),
        Ok(())
    );
    let error = under((0x17, "200101000000Z"), (0x18, "20260531235959Z")).expect_err("over");
    assert_eq!(
        error.to_string(),
        "the certificate a.pem is valid from 2020-01-01T00:00:00Z until 2026-05-31T23:59:59Z, and \
         not at 2026-06-01T00:00:00Z; configure the source's new one"
    );
    let error = under((0x17, "260601000001Z"), (0x17, "300101000000Z"));
    assert!(matches!(error, Err(SignatureError::NotValidNow { .. })));
}

#[test]
fn a_renewed_certificate_of_the_same_key_is_enough() {
    let signer = Signer::new();
    let info = info(EC_P256, signer.pair.public_key().as_ref());
    let of = |name: &str, until: &str| {
        let der = certificate((0x17, "200101000000Z"), (0x17, until), &info);
        Key::of_certificate(name, &der).expect("a certificate")
    };
    let trust = Trust {
        keys: vec![
            of("old.pem", "250101000000Z"),
            of("new.pem", "300101000000Z"),
        ],
        ..signer.trust()
    };
    let signed = signer.sign(DOCUMENT);
    let by = trust.check(signed.as_bytes(), now()).expect("good");
    assert_eq!(by.map(Key::name), Some("new.pem"));
}

#[test]
fn keys_of_other_kinds_and_lengths_are_refused_with_the_reason() {
    let of = |der: &[u8]| Key::of_public_key("k", der).map(|_| ());
    let modulus = |octets: usize| [vec![0xC0], vec![0x11; octets - 1]].concat();
    let exponent = [1, 0, 1];
    assert_eq!(of(&info(RSA, &rsa(&modulus(256), &exponent))), Ok(()));
    assert_eq!(of(&info(RSA, &rsa(&modulus(1024), &exponent))), Ok(()));
    for (octets, bits) in [(128, 1024), (255, 2040), (1025, 8200), (4096, 32_768)] {
        let error = of(&info(RSA, &rsa(&modulus(octets), &exponent)));
        assert_eq!(error, Err(KeyError::Size(bits)));
    }
    assert_eq!(of(&info(ED25519, &[7; 32])), Err(KeyError::Kind));
    assert_eq!(of(&info(EC_P256, &[2; 33])), Err(KeyError::PublicKey));
    assert_eq!(of(b"no DER"), Err(KeyError::PublicKey));
    assert_eq!(of(&[0x30; 20_000]), Err(KeyError::TooLong));
    assert_eq!(
        Key::of_certificate("k", &[0x30, 0x82, 0xFF, 0xFF, 0]).map(|_| ()),
        Err(KeyError::Certificate)
    );
}

#[test]
fn no_damaged_certificate_is_read_beyond_its_end() {
    let signer = Signer::new();
    let info = info(EC_P256, signer.pair.public_key().as_ref());
    let whole = certificate((0x17, "200101000000Z"), (0x17, "300101000000Z"), &info);
    assert!(Key::of_certificate("k", &whole).is_ok());
    for length in 0..whole.len() {
        assert!(
            Key::of_certificate("k", &whole[..length]).is_err(),
            "{length}"
        );
    }
    assert!(Key::of_certificate("k", &[whole.as_slice(), &[0]].concat()).is_err());
    // Whatever an octet becomes, it ends with an answer.
    for at in 0..whole.len() {
        for octet in [0, 0x7F, 0x80, 0x81, 0x82, 0xFF] {
            let mut damaged = whole.clone();
            damaged[at] = octet;
            if let Ok(key) = Key::of_certificate("k", &damaged) {
                assert_eq!(key.octets.len(), 65);
            }
        }
    }
}
