//! Documents that others have signed. Their keys stand in them, which is believed here only, in
//! the tests. `NARROWCAST_VECTORS` names the folder that has them.

use std::path::Path;

use super::*;

fn octets(file: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("NARROWCAST_VECTORS")?;
    Some(std::fs::read(Path::new(&root).join("cap").join(file)).expect("the file"))
}

/// The octets of a Base64 text in the document.
fn embedded(document: &str, element: &str) -> Vec<u8> {
    let (_, rest) = document.split_once(&format!("<{element}>")).expect("it");
    let (text, _) = rest.split_once("</").expect("its end");
    let text: String = text.split_whitespace().collect();
    STANDARD.decode(text).expect("Base64")
}

/// Trust in the key that the document names.
fn trust_in(document: &str) -> Trust {
    let key = if document.contains("X509Certificate") {
        Key::of_certificate("theirs", &embedded(document, "X509Certificate"))
    } else {
        let (n, e) = (
            embedded(document, "Modulus"),
            embedded(document, "Exponent"),
        );
        Key::of_public_key("theirs", &keys::info(keys::RSA, &keys::rsa(&n, &e)))
    };
    Trust {
        keys: vec![key.expect("a key")],
        required: true,
        allow_sha1: true,
    }
}

/// When the certificate of the one that has one was valid.
fn then() -> Timestamp {
    "2016-02-25T20:47:09Z".parse().expect("a time")
}

const SIGNED: [(&str, [&str; 2]); 3] = [
    ("goo_earthquake_signed.cap", ["Geo</", "Met</"]),
    (
        "goo_earthquake-iso8859-1.cap",
        ["Zacatecoluca", "Zacatecolucb"],
    ),
    ("kel_no_info_tag.cap", ["Cancel</msg", "Alert</msg"]),
];

#[test]
fn documents_of_others_verify_and_one_changed_word_is_found() {
    for (file, [word, other]) in SIGNED {
        let Some(whole) = octets(file) else {
            return;
        };
        let text = String::from_utf8_lossy(&whole).into_owned();
        let trust = trust_in(&text);
        let by = trust.check(&whole, then()).expect(file);
        assert_eq!(by.map(Key::name), Some("theirs"), "{file}");
        let at = whole
            .windows(word.len())
            .position(|it| it == word.as_bytes());
        let at = at.expect("the word");
        let behind = &whole[at + word.len()..];
        let changed = [&whole[..at], other.as_bytes(), behind].concat();
        let error = trust.check(&changed, then());
        assert_eq!(error, Err(SignatureError::Changed), "{file}");
    }
}

#[test]
fn sha_1_needs_its_switch() {
    for (file, place) in [
        ("goo_earthquake_signed.cap", "SignatureMethod"),
        ("goo_earthquake-iso8859-1.cap", "SignatureMethod"),
        ("kel_no_info_tag.cap", "DigestMethod"),
    ] {
        let Some(whole) = octets(file) else {
            return;
        };
        let trust = Trust {
            allow_sha1: false,
            ..trust_in(&String::from_utf8_lossy(&whole))
        };
        let error = trust.check(&whole, then()).expect_err(file);
        assert_eq!(error, SignatureError::Sha1(place), "{file}");
        assert!(error.to_string().contains("allow_sha1"), "{error}");
    }
}

#[test]
fn a_key_in_the_document_counts_for_nothing() {
    let Some(whole) = octets("kel_no_info_tag.cap") else {
        return;
    };
    let Some(pem) = octets("goo_environment_canada_x509_cert.pem") else {
        return;
    };
    let pem = String::from_utf8(pem).expect("text");
    let base64: String = pem.lines().filter(|line| !line.contains("-----")).collect();
    let der = STANDARD.decode(base64).expect("Base64");
    let key = Key::of_certificate("canada.pem", &der).expect("a certificate");
    let valid = key.valid().map(|times| times.map(|it| it.to_string()));
    let times = ["2011-05-09T15:21:35Z", "2015-07-10T03:31:36Z"];
    assert_eq!(valid, Some(times.map(str::to_owned)));
    let mut trust = Trust {
        keys: vec![key],
        ..trust_in(&String::from_utf8_lossy(&whole))
    };
    assert_eq!(trust.check(&whole, then()), Err(SignatureError::Forged));
    trust.keys.clear();
    let error = trust.check(&whole, then());
    assert_eq!(error, Err(SignatureError::NoKey("rsa-sha256")));
}

#[test]
fn unsigned_documents_of_others_are_taken_where_they_may_be() {
    for file in ["goo_canada.cap", "goo_canada_errors.cap", "kel_rfs.xml"] {
        let Some(whole) = octets(file) else {
            return;
        };
        let mut trust = Signer::new().trust();
        let error = trust.check(&whole, then());
        assert_eq!(error, Err(SignatureError::Missing), "{file}");
        trust.required = false;
        assert_eq!(trust.check(&whole, then()), Ok(None), "{file}");
    }
}
