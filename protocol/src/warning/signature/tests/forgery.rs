//! What tries to be read without having been signed.

use super::*;

#[test]
fn a_signed_document_holds_and_the_smallest_change_of_it_does_not() {
    let signer = Signer::new();
    let signed = signer.sign(DOCUMENT);
    let trust = signer.trust();
    let by = trust.check(signed.as_bytes(), now()).expect("good");
    assert_eq!(by.map(Key::name), Some("bureau.pem"));
    for (from, to) in [
        ("大风", "大雨"),
        (" &amp; ", " &amp;  "),
        ("a='1'", "a='2'"),
        ("a='1'", ""),
        ("<note ", "<note c='' "),
        ("<note ", "<x/><note "),
        ("urn:a", "urn:b"),
        ("<alert", "<?do it?><alert"),
    ] {
        let changed = signed.replacen(from, to, 1);
        assert_eq!(refused(&trust, &changed), SignatureError::Changed, "{to}");
    }
    let relative = signed.replacen("urn:a", "urna", 1);
    let named = SignatureError::RelativeNamespace("urna".into());
    assert_eq!(refused(&trust, &relative), named);
    // Another form of the same.
    for (from, to) in [
        ("a='1' b='2'/>", "b=\"2\"\n a=\"1\"></note>"),
        ("大风", "&#x5927;<![CDATA[风]]>"),
        ("<event>", "<event ><!-- comments are of nobody -->"),
    ] {
        let same = signed.replacen(from, to, 1);
        assert!(trust.check(same.as_bytes(), now()).is_ok(), "{same}");
    }
}

#[test]
fn what_another_has_signed_or_nobody_is_refused() {
    let signer = Signer::new();
    let trust = signer.trust();
    let by_other = Signer::new().sign(DOCUMENT);
    assert_eq!(refused(&trust, &by_other), SignatureError::Forged);
    assert_eq!(refused(&trust, DOCUMENT), SignatureError::Missing);
    let lax = Trust {
        required: false,
        ..trust
    };
    assert_eq!(lax.check(DOCUMENT.as_bytes(), now()), Ok(None));
    assert_eq!(refused(&lax, &by_other), SignatureError::Forged);
    let nobody = Trust::default();
    let error = refused(&nobody, &by_other);
    assert_eq!(error, SignatureError::NoKey("ecdsa-sha256"));
}

#[test]
fn a_signature_that_is_no_child_of_the_root_is_refused() {
    let signer = Signer::new();
    let signed = signer.sign(DOCUMENT);
    let body = signed.split_once("?>\n").expect("a declaration").1;
    // The signed root inside of a root that says something else.
    let wrapped = format!("<alert xmlns=\"urn:a\"><event>none</event><info>{body}</info></alert>");
    let trust = signer.trust();
    let error = refused(&trust, &wrapped);
    assert_eq!(error, SignatureError::Misplaced("alert".to_owned()));
    let (_, signature) = signed.split_once("<Signature").expect("a signature");
    let (signature, _) = signature.split_once("</alert>").expect("its end");
    let inside = format!("<note><Signature{signature}</note>");
    let error = refused(&trust, &with(DOCUMENT, &inside));
    assert_eq!(error, SignatureError::Misplaced("note".to_owned()));
    let root = format!("<Signature{signature}");
    let error = refused(&trust, &root);
    assert_eq!(error, SignatureError::Misplaced("no element".to_owned()));
    let lax = Trust {
        required: false,
        ..trust
    };
    assert!(matches!(
        refused(&lax, &wrapped),
        SignatureError::Misplaced(_)
    ));
}

#[test]
fn the_signature_of_an_inner_alert_does_not_speak_for_the_outer_one() {
    let signer = Signer::new();
    let trust = signer.trust();
    let own = signer.fill(&with(DOCUMENT, &skeleton("#it", &enveloped())));
    assert!(trust.check(own.as_bytes(), now()).is_ok(), "{own}");
    // The signed alert is kept somewhere, and its signature is moved out to a root of its own.
    let body = own.split_once("?>\n").expect("a declaration").1;
    let (inner, signature) = body.split_once("<Signature").expect("a signature");
    let signature = signature.trim_end().strip_suffix("</alert>").expect("end");
    let moved = format!(
        "<alert xmlns=\"urn:a\"><event>none</event><info>{inner}</alert></info><Signature{signature}</alert>"
    );
    assert_eq!(refused(&trust, &moved), SignatureError::Id("it".to_owned()));
    // Two elements of one id.
    for twin in ["Id", "ID", "id", "xml:id"] {
        let two = moved.replacen("<alert", &format!("<alert {twin}=\"it\""), 1);
        assert_eq!(refused(&trust, &two), SignatureError::Id("it".to_owned()));
    }
}

#[test]
fn two_signatures_or_two_references_are_refused() {
    let signer = Signer::new();
    let trust = signer.trust();
    let signed = signer.sign(DOCUMENT);
    let twice = with(&signed, &around(""));
    assert_eq!(refused(&trust, &twice), SignatureError::Several(2));
    for count in [0, 2, 3] {
        let all = reference("", &enveloped()).repeat(count);
        let several = signer.fill(&with(DOCUMENT, &around(&all)));
        assert_eq!(refused(&trust, &several), SignatureError::References(count));
    }
}

#[test]
fn references_to_elsewhere_are_refused() {
    let signer = Signer::new();
    let trust = signer.trust();
    for uri in [
        "http://a.example/b.xml",
        "file:///etc/passwd",
        "other.xml",
        "#xpointer(/)",
        "#xpointer(id('it'))",
    ] {
        let signed = signer.fill(&with(DOCUMENT, &skeleton(uri, &enveloped())));
        let error = refused(&trust, &signed);
        assert_eq!(error, SignatureError::Uri(uri.to_owned()));
    }
    for id in ["", "other"] {
        let uri = format!("#{id}");
        let signed = signer.fill(&with(DOCUMENT, &skeleton(&uri, &enveloped())));
        assert_eq!(refused(&trust, &signed), SignatureError::Id(id.to_owned()));
    }
    let none = with(DOCUMENT, &skeleton("", &enveloped())).replacen(" URI=\"\"", "", 1);
    let error = refused(&trust, &signer.fill(&none)).to_string();
    assert!(
        error.starts_with("Reference: no URI where URI=\"\""),
        "{error}"
    );
}

#[test]
fn transforms_that_choose_or_hide_parts_are_refused() {
    let signer = Signer::new();
    let trust = signer.trust();
    let path = "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><XPath>\
                false()</XPath></Transform>";
    let exclusive = transform(EXCLUSIVE);
    let own = transform(ENVELOPED);
    for transforms in [
        format!("{path}{exclusive}"),
        format!("{own}{path}"),
        format!("{own}{path}{exclusive}"),
        format!(
            "{own}{}",
            transform("http://www.w3.org/2002/06/xmldsig-filter2")
        ),
        format!(
            "{own}{}",
            transform("http://www.w3.org/TR/1999/REC-xslt-19991116")
        ),
        format!(
            "{own}{}",
            transform("http://www.w3.org/2000/09/xmldsig#base64")
        ),
        format!("{own}{exclusive}{exclusive}"),
        format!("{own}{own}"),
        format!("{exclusive}{own}"),
        exclusive,
    ] {
        let signed = signer.fill(&with(DOCUMENT, &skeleton("", &transforms)));
        assert_eq!(
            refused(&trust, &signed),
            SignatureError::Transforms,
            "{transforms}"
        );
    }
    let none = signer.fill(&with(DOCUMENT, &skeleton("", "")));
    let error = refused(&trust, &none).to_string();
    assert!(
        error.starts_with("Transforms: nothing where Transform"),
        "{error}"
    );
}

#[test]
fn keys_that_are_no_public_keys_and_weak_digests_are_refused() {
    let signer = Signer::new();
    let trust = signer.trust();
    let signed = signer.sign(DOCUMENT);
    let ecdsa = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    for (uri, place) in [
        (
            "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            "SignatureMethod",
        ),
        (
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            "SignatureMethod",
        ),
        (
            "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
            "SignatureMethod",
        ),
        (
            "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
            "SignatureMethod",
        ),
        ("", "SignatureMethod"),
    ] {
        let error = refused(&trust, &signed.replacen(ecdsa, uri, 1));
        assert!(
            matches!(&error, SignatureError::Algorithm { place: at, .. } if *at == place),
            "{error}"
        );
    }
    let sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
    let md5 = "http://www.w3.org/2001/04/xmldsig-more#md5";
    let error = refused(&trust, &signed.replacen(sha256, md5, 1)).to_string();
    assert!(
        error.starts_with("DigestMethod: the algorithm http"),
        "{error}"
    );
    let rsa = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let error = refused(&trust, &signed.replacen(ecdsa, rsa, 1));
    assert_eq!(error, SignatureError::NoKey("rsa-sha256"));
    // A length that would leave few bits to be right.
    let short = "ecdsa-sha256\"><HMACOutputLength>0</HMACOutputLength></SignatureMethod><Reference";
    let error = refused(
        &trust,
        &signed.replacen("ecdsa-sha256\"/><Reference", short, 1),
    );
    assert!(
        error
            .to_string()
            .starts_with("SignatureMethod: HMACOutputLength where nothing"),
        "{error}"
    );
}

#[test]
fn values_that_are_empty_short_or_interrupted_are_refused() {
    let signer = Signer::new();
    let trust = signer.trust();
    let signed = signer.sign(DOCUMENT);
    for place in ["SignatureValue", "DigestValue"] {
        let (before, rest) = signed.split_once(&format!("<{place}>")).expect("it");
        let (value, after) = rest.split_once("</").expect("its end");
        let (head, tail) = value.split_at(8);
        let long = format!("{value}{}", " ".repeat(4_096));
        let as_if = |value: &str| refused(&trust, &format!("{before}<{place}>{value}</{after}"));
        for wrong in [
            "",
            " ",
            "=",
            "no!base",
            &format!("{head}<!-- c -->{tail}"),
            &format!("{value}<!-- c -->"),
            &format!("{head}<?p?>{tail}"),
            &format!("{head}<x/>{tail}"),
            &format!("{value}="),
            &long,
        ] {
            assert_eq!(as_if(wrong), SignatureError::Value(place), "{wrong}");
        }
        // Right at the beginning, and then nothing.
        for short in [head, &format!("{head}AA==")] {
            let expected = SignatureError::Forged;
            assert_eq!(as_if(short), expected, "{place} {short}");
        }
        let spread = format!("{before}<{place}>\n {head}\n {tail}\n</{after}");
        let checked = trust.check(spread.as_bytes(), now()).map(|_| ());
        // White space in SignedInfo is signed.
        if place == "SignatureValue" {
            assert_eq!(checked, Ok(()));
        } else {
            assert_eq!(checked, Err(SignatureError::Forged));
        }
    }
}

#[test]
fn a_digest_cut_short_by_the_signer_is_refused() {
    let signer = Signer::new();
    let whole = with(DOCUMENT, &skeleton("", &enveloped()));
    let cut = signer.fill(&whole.replace("DIGEST", "AAAA"));
    assert_eq!(refused(&signer.trust(), &cut), SignatureError::Changed);
}

#[test]
fn elements_that_are_missing_too_much_or_out_of_order_are_named() {
    let signer = Signer::new();
    let trust = signer.trust();
    let signed = signer.sign(DOCUMENT);
    for (from, to, says) in [
        (
            "<SignedInfo>",
            "<Object/><SignedInfo>",
            "Signature: Object where SignedInfo must be",
        ),
        (
            "</Signature>",
            "<Object/></Signature>",
            "Signature: Object where its end must be",
        ),
        (
            "<SignatureMethod ",
            "<y/><SignatureMethod ",
            "SignedInfo: y where SignatureMethod",
        ),
        (
            "<DigestValue>",
            "<DigestValue/><DigestValue>",
            "DigestValue: it must be Base64",
        ),
        (
            "</Reference>",
            "<DigestValue/></Reference>",
            "Reference: DigestValue where its end",
        ),
        (
            "<Transforms>",
            "<z/><Transforms>",
            "Reference: z where Transforms must be",
        ),
        (
            "<Transform ",
            "<Transforms/><Transform ",
            "Transforms: Transforms where Transform must be",
        ),
        (
            "xml-exc-c14n#\"/><SignatureMethod",
            "xml-exc-c14n#\"><x/></CanonicalizationMethod><SignatureMethod",
            "CanonicalizationMethod: x where nothing must be",
        ),
    ] {
        let error = refused(&trust, &signed.replacen(from, to, 1)).to_string();
        assert!(error.starts_with(says), "{error}");
    }
}

#[test]
fn no_damage_ends_in_anything_but_an_answer() {
    let signer = Signer::new();
    let trust = signer.trust();
    let signed = signer.sign(DOCUMENT).into_bytes();
    let (mut held, mut not) = (0, 0);
    for at in 0..signed.len() {
        for octet in [0, b' ', b'<', b'"', b'A', 0xFF] {
            let mut damaged = signed.clone();
            damaged[at] = octet;
            match trust.check(&damaged, now()) {
                Ok(Some(_)) => held += 1,
                Ok(None) => panic!("the signature was overlooked"),
                Err(_) => not += 1,
            }
        }
    }
    // What stays the same: a blank for a blank, a letter of a comment.
    assert!(held < not / 20, "{held} of {not}");
}
