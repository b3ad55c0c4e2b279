//! What is let through, and what is refused before it costs anything.

use std::time::{Duration, Instant};

use super::*;

fn refused(octets: &[u8]) -> XmlError {
    decode(octets, Strictness::Strict)
        .and_then(|decoded| parse(&decoded).map(|_| ()))
        .expect_err("refused")
}

fn root_text(octets: &[u8], strictness: Strictness) -> (String, Encoding, Option<String>) {
    let decoded = decode(octets, strictness).expect("read");
    let document = parse(&decoded).expect("parsed");
    let text = document.root_element().text().unwrap_or_default();
    (
        text.to_owned(),
        decoded.encoding,
        decoded.declared_falsely.clone(),
    )
}

#[test]
fn nesting_is_refused_at_its_limit_and_a_million_deep() {
    let nested = |deep: usize| format!("{}{}", "<a>".repeat(deep), "</a>".repeat(deep));
    assert!(decode(nested(32).as_bytes(), Strictness::Strict).is_ok());
    assert_eq!(
        refused(nested(33).as_bytes()),
        XmlError::TooDeep { line: 1 }
    );
    let open = "<a>".repeat(300_000);
    assert_eq!(refused(open.as_bytes()), XmlError::TooDeep { line: 1 });
    let empty = format!("{}<a/>{}", "<a>\n".repeat(32), "</a>".repeat(32));
    assert_eq!(refused(empty.as_bytes()), XmlError::TooDeep { line: 33 });
    let million = "<a>".repeat(1_000_000);
    assert_eq!(refused(million.as_bytes()), XmlError::TooLong);
    assert!(matches!(
        scan::check(&million),
        Err(XmlError::TooDeep { .. })
    ));
}

#[test]
fn sixty_four_megabytes_are_refused_by_their_length_alone() {
    let octets = "<a>".repeat((64 << 20) / 3).into_bytes();
    let started = Instant::now();
    assert_eq!(refused(&octets), XmlError::TooLong);
    assert!(started.elapsed() < Duration::from_millis(50));
}

#[test]
fn a_document_type_is_refused_wherever_it_stands_and_in_every_encoding() {
    let plain =
        "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>";
    assert_eq!(
        refused(plain.as_bytes()),
        XmlError::DocumentType { line: 2 }
    );
    let empty = "<!DOCTYPE a><a/>";
    let wide: Vec<u8> = empty.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(refused(&wide), XmlError::DocumentType { line: 1 });
    // In a comment and in character data it is text.
    let text = b"<!-- <!DOCTYPE a> --><a><![CDATA[<!DOCTYPE a>]]></a>";
    assert_eq!(root_text(text, Strictness::Strict).0, "<!DOCTYPE a>");
    assert!(matches!(refused(b"<a>&x;</a>"), XmlError::Malformed { .. }));
}

#[test]
fn many_nodes_and_many_attributes_are_refused_quickly() {
    let started = Instant::now();
    let siblings = format!("<a>{}</a>", "<b/>".repeat(20_001));
    assert_eq!(refused(siblings.as_bytes()), XmlError::TooManyNodes);
    let attributes: String = (0..100_000).map(|n| format!(" a{n}=''")).collect();
    let refusal = refused(format!("<a{attributes}/>").as_bytes());
    assert!(matches!(
        refusal,
        XmlError::TooLong | XmlError::TooManyAttributes { line: 1 }
    ));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn namespaces_that_would_cost_more_than_the_document_is_long_are_refused_quickly() {
    let started = Instant::now();
    let declared = |from: usize, to: usize| -> String {
        (from..to).map(|at| format!(" xmlns:n{at} = 'u'")).collect()
    };
    let open: String = (0..31)
        .map(|level| format!("<a{}>\n", declared(level * 60, level * 60 + 60)))
        .collect();
    let leaves = "<b xmlns:q='u'/>".repeat(19_000);
    let document = format!("{open}{leaves}{}", "</a>".repeat(31));
    let error = XmlError::TooManyNamespaces { line: 2 };
    assert_eq!(refused(document.as_bytes()), error);
    let most = format!(
        "<a{}><b{}>{}</b></a>",
        declared(0, 60),
        declared(60, 63),
        "<c xmlns='u' d='xmlns=' e='xmlns:a=\"\"'/>".repeat(19_000)
    );
    let decoded = decode(most.as_bytes(), Strictness::Strict).expect("in bounds");
    assert!(parse(&decoded).is_ok());
    let over = most.replacen("<c ", "<c\txmlns:z='' ", 1);
    let error = XmlError::TooManyNamespaces { line: 1 };
    assert_eq!(refused(over.as_bytes()), error);
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[test]
fn a_greater_sign_in_quotes_ends_no_tag() {
    let (text, ..) = root_text(b"<a b='/>' c=\"'=>\">x</a>".as_slice(), Strictness::Strict);
    assert_eq!(text, "x", "{text}");
}

#[test]
fn encodings_are_found_by_mark_by_declaration_and_by_default() {
    let strict = |octets: &[u8]| root_text(octets, Strictness::Strict);
    let words = "<a>山洪é</a>";
    assert_eq!(
        strict(words.as_bytes()),
        ("山洪é".to_owned(), Encoding::Utf8, None)
    );
    let marked = [b"\xEF\xBB\xBF", words.as_bytes()].concat();
    assert_eq!(strict(&marked).1, Encoding::Utf8);
    for (mark, encoding) in [("\u{FEFF}", Encoding::Utf16Le), ("", Encoding::Utf16Le)] {
        let units = format!("{mark}<?xml version='1.0' encoding='utf-16'?>{words}");
        let octets: Vec<u8> = units.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(strict(&octets), ("山洪é".to_owned(), encoding, None));
        let octets: Vec<u8> = units.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(
            strict(&octets),
            ("山洪é".to_owned(), Encoding::Utf16Be, None)
        );
    }
    let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>caf\xE9</a>";
    assert_eq!(strict(latin), ("café".to_owned(), Encoding::Latin1, None));
    for name in ["GB2312", "gbk", "GB18030"] {
        let head = format!("<?xml version='1.0' encoding = '{name}' ?><a>");
        let octets = [head.as_bytes(), b"\xC9\xBD\xBA\xE9</a>".as_slice()].concat();
        assert_eq!(
            strict(&octets),
            ("山洪".to_owned(), Encoding::Gb18030, None)
        );
    }
}

#[test]
fn other_and_false_encodings_are_refused_and_known_faults_forgiven_leniently() {
    let other = b"<?xml version='1.0' encoding='Shift_JIS'?><a/>";
    assert_eq!(
        refused(other),
        XmlError::UnknownEncoding("Shift_JIS".to_owned())
    );
    let gbk = b"<?xml version='1.0' encoding='UTF-8'?><a>\xC9\xBD\xBA\xE9</a>";
    let not = |at| XmlError::NotAsDeclared {
        declared: "UTF-8".to_owned(),
        at,
    };
    assert_eq!(refused(gbk), not(43));
    let read = root_text(gbk, Strictness::Lenient);
    assert_eq!(
        read,
        (
            "山洪".to_owned(),
            Encoding::Gb18030,
            Some("UTF-8".to_owned())
        )
    );
    let wide = "<?xml version='1.0' encoding='utf-16'?><a>山洪</a>".as_bytes();
    assert!(matches!(refused(wide), XmlError::NotAsDeclared { .. }));
    let read = root_text(wide, Strictness::Lenient);
    assert_eq!(
        read,
        ("山洪".to_owned(), Encoding::Utf8, Some("utf-16".to_owned()))
    );
    let wider = [0xFF, 0xFE, 0, 0, b'<', 0, 0, 0];
    assert_eq!(
        refused(&wider),
        XmlError::UnknownEncoding("UTF-32".to_owned())
    );
    assert_eq!(refused(b" \n"), XmlError::Empty);
    assert_eq!(refused(b""), XmlError::Empty);
}
