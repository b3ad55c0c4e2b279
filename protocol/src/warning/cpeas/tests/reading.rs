//! What is read, what is said about it, and what is refused.

use super::*;
use crate::warning::cap::MAX_TEXT;
use crate::warning::xml::XmlError;

/// An area with an element in it.
fn area(element: &str) -> (&'static str, String) {
    ("<areaDesc>郑州市</areaDesc>", element.to_owned())
}

fn areas(element: &str) -> (Vec<Area>, Vec<String>) {
    let (from, to) = area(element);
    let received = received(&document(&[(from, &to)]));
    let said = received.faults.iter().map(ToString::to_string).collect();
    (received.message.expect("a message").info.areas, said)
}

#[test]
fn the_order_of_axes_is_decided_by_value() {
    let points = "<polygon>113.6,34.7 113.7,34.7\n113.7,34.8 113.6,34.7</polygon>";
    let swapped = "<polygon>34.7,113.6 34.7,113.7 34.8，113.7 34.7,113.6</polygon>";
    let (right, said) = areas(points);
    assert_eq!(said, Vec::<String>::new());
    assert!(right[0].paths[0].is_area());
    let first = right[0].paths[0].points()[0];
    assert_eq!((first.longitude(), first.latitude()), (113.6, 34.7));
    let (meant, said) = areas(swapped);
    assert_eq!(meant, right);
    assert!(
        said[0].contains("info/area[1]/polygon[1] has latitude first"),
        "{said:?}"
    );
    let (line, _) = areas("<polygon>113.6,34.7 113.7,34.7</polygon>");
    assert!(!line[0].paths[0].is_area());
}

#[test]
fn a_pair_that_is_not_in_china_in_either_order_is_an_error() {
    for bad in [
        "113.6,55",
        "60,34.7",
        "113.6,113.6",
        "34.7,34.7",
        "113.6",
        "NaN,34",
        "1e2,34",
        "+113,34",
    ] {
        let (areas, said) = areas(&format!("<polygon>113.6,34.7 {bad}</polygon>"));
        assert!(areas[0].paths.is_empty(), "{bad}");
        assert!(said[0].contains("write longitude (73 to 136)"), "{said:?}");
    }
    let (from, to) = area("<polygon>2.35,48.85 2.36,48.85</polygon>");
    let received = received(&document(&[(from, &to)]));
    assert!(received.has_errors());
    assert!(received.message.is_some() && received.acceptable().is_none());
    assert!(areas("<polygon>113.6,34.7</polygon>").1[0].contains("has one point"));
}

#[test]
fn a_circle_has_its_radius_in_metres() {
    let (areas_read, said) = areas("<circle>113.6,34.7 5000</circle><circle>34.7,113.6 0</circle>");
    let radii: Vec<f64> = areas_read[0]
        .circles
        .iter()
        .map(|it| it.radius_m())
        .collect();
    assert_eq!(radii, [5000.0, 0.0]);
    assert_eq!(
        areas_read[0].circles[1].centre(),
        areas_read[0].circles[0].centre()
    );
    assert_eq!(said.len(), 1);
    for bad in [
        "113.6,34.7",
        "113.6,34.7 -1",
        "113.6,34.7 5km",
        "113.6,34.7 1 2",
    ] {
        let (_, said) = areas(&format!("<circle>{bad}</circle>"));
        assert!(said[0].contains("the radius in metres"), "{said:?}");
    }
}

#[test]
fn regions_have_either_comma_and_stand_once() {
    let (read, said) = areas("<geocode>410100， 410200,410100，，</geocode><geocode>41x</geocode>");
    assert_eq!(read[0].geocodes, ["410100", "410200", "41x"]);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("geocode has \"41x\""), "{said:?}");
}

#[test]
fn what_is_missing_or_wrong_is_named_with_its_line_and_remedy() {
    let errors = |changes: &[(&str, &str)]| said(Level::Error, changes);
    let two = errors(&[("<sender>郑州市气象局</sender>", ""), (">Red<", "> <")]);
    assert_eq!(
        two,
        [
            "line 1: sender is missing or empty; write it",
            "line 14: info/severity is missing or empty; write it"
        ]
    );
    let t = errors(&[("2026-11-23 16:25:00", "2026-11-23T16:25:00")]);
    assert!(
        t[0].starts_with("line 5: sendTime is \"2026-11-23T16"),
        "{t:?}"
    );
    assert!(errors(&[("41010041600000_", "x_")])[0].contains("identifier is \"x_2026"));
    assert!(errors(&[("<status>", "<status>Test</status><status>")])[0].contains("more than once"));
    assert!(errors(&[("Actual", "<b>Actual</b>")])[0].contains("holds an element"));
    assert!(errors(&[(">Alert<", ">Cancel<")])[0].contains("a Cancel ends what it names"));
    assert!(errors(&[("<onset/>", "<onset>now</onset>")])[0].contains("write a time as"));
    assert!(errors(&[("<references/>", "<references>1</references>")])[0].contains("14 digits"));
    let no_info = received("<alert><sendTime/></alert>");
    assert!(no_info.has_errors() && no_info.message.is_none());
}

#[test]
fn notices_leave_the_message_usable() {
    let other = ("<senderCode>41010041600000", "<senderCode>41010041600001");
    for (change, part) in [
        (
            other,
            "senderCode is unlike the first 14 digits of the identifier, 41010041600000",
        ),
        (
            (">Red<", ">RED<"),
            "info/severity is \"RED\"; write \"Red\"",
        ),
        (
            (">Red<", ">Purple<"),
            "info/severity is \"Purple\", which is kept",
        ),
        (
            ("11B03", "B1103"),
            "eventType is \"B1103\"; write two digits",
        ),
        ((">Alert<", ">Update<"), "the Update begins an event"),
        (
            ("<expires>", "<expires>2026-11-23 16:31:00+08:00"),
            "not later than effective",
        ),
        (("<alert>", "<alert>text"), "alert has the text \"text\""),
        (("<info>", "<info a='1'>"), "info has the attribute \"a\""),
        (
            ("<web/>", "<resource><size>big</size></resource>"),
            "size is \"big\"",
        ),
    ] {
        let document = document(&[change]);
        let received = received(&document);
        assert!(received.acceptable().is_some(), "{change:?}");
        let said = received.faults[0].to_string();
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(sound(&[]).info.colour, Colour::Red);
}

#[test]
fn elements_are_read_in_any_order_and_in_the_namespace() {
    let plain = sound(&[]);
    let moved = sound(&[
        ("<status>Actual</status>\n", ""),
        ("</alert>", "<status>Actual</status></alert>"),
    ]);
    assert_eq!(moved, plain);
    let amp = sound(&[("<alert>", "<alert xmlns='http://com.icss.amp'>")]);
    assert_eq!(amp.namespace, Namespace::Amp);
    assert_eq!(
        Message {
            namespace: Namespace::None,
            ..amp.clone()
        },
        plain
    );
    let written = amp.to_xml().expect("written");
    assert!(
        written.contains("<alert xmlns=\"http://com.icss.amp\">"),
        "{written}"
    );
}

#[test]
fn unknown_elements_are_kept_in_order_and_written_again() {
    let change = (
        "<scope>",
        "<x>1</x><y:z xmlns:y='urn:y' y:b='2' c='&lt;\n'>t<!-- --> &amp; <w/></y:z><scope>",
    );
    let received = received(&document(&[change]));
    let message = received.acceptable().expect("usable");
    let names: Vec<&str> = message.unknown.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["x", "z"]);
    assert_eq!(message.unknown[1].namespace.as_deref(), Some("urn:y"));
    assert_eq!(message.unknown[1].attributes.len(), 2);
    assert_eq!(
        message.unknown[1].content[0],
        Content::Text("t & ".to_owned())
    );
    assert!(
        received
            .faults
            .iter()
            .all(|it| it.rule == Rule::UnknownElement)
    );
    let again = super::received(&message.to_xml().expect("written"));
    assert_eq!(again.message.as_ref(), Some(message));
}

#[test]
fn other_forms_and_what_is_out_of_bounds_are_refused() {
    let refused = |text: &str| read(text.as_bytes(), Strictness::Strict).expect_err("refused");
    for other in [
        "<alert/>",
        "<alert><sent/></alert>",
        "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><sendTime/></alert>",
        "<warning><sendTime/></warning>",
    ] {
        assert!(
            matches!(refused(other), Refusal::OtherForm { .. }),
            "{other}"
        );
    }
    let deep = "<a>".repeat(40);
    let deep = document(&[("<scope>", &deep)]);
    assert!(matches!(
        refused(&deep),
        Refusal::Xml(XmlError::TooDeep { .. })
    ));
    let long = document(&[("<scope>", &" ".repeat(1 << 20))]);
    assert_eq!(refused(&long), Refusal::Xml(XmlError::TooLong));
    let entity = format!("<!DOCTYPE alert>{}", document(&[]));
    assert!(matches!(
        refused(&entity),
        Refusal::Xml(XmlError::DocumentType { .. })
    ));
    let many = document(&[("<scope>", &"<a/>".repeat(20_001))]);
    assert_eq!(refused(&many), Refusal::Xml(XmlError::TooManyNodes));
}

#[test]
fn limits_of_our_own_bar_the_message() {
    let errors = |from: &str, to: String| said(Level::Error, &[(from, &to)]);
    let text = errors("张三", "x".repeat(MAX_TEXT + 1));
    assert!(
        text[0].contains("more octets of text than 65536"),
        "{text:?}"
    );
    let areas = errors("<web/>", "<area/>".repeat(MAX_AREAS));
    assert!(areas[0].contains("more areas than 200"), "{areas:?}");
    let circle = "<circle>113.6,34.7 1</circle>";
    let path = format!("<polygon>{}</polygon>", "113,34 ".repeat(5_000));
    let pairs = errors("<areaDesc>", format!("{path}{path}{circle}<areaDesc>"));
    assert!(
        pairs[0].contains("more pairs of coordinates than 10000"),
        "{pairs:?}"
    );
    let fits = said(
        Level::Error,
        &[("<areaDesc>", &format!("{path}{path}<areaDesc>"))],
    );
    assert_eq!(fits, Vec::<String>::new());
}

#[test]
fn what_would_not_come_back_is_not_written() {
    let changed = |change: fn(&mut Message)| {
        let mut message = sound(&[]);
        change(&mut message);
        message.to_xml().expect_err("refused")
    };
    assert_eq!(
        changed(|it| it.note = Some(" a".to_owned())),
        EncodeError::Changed
    );
    assert_eq!(
        changed(|it| it.info.colour = Colour::Other("red".to_owned())),
        EncodeError::Changed
    );
    let refused = changed(|it| it.note = Some("\u{1}".to_owned()));
    assert!(matches!(refused, EncodeError::Refused(_)), "{refused}");
    let refused = changed(|it| it.msg_type = MsgType::Cancel);
    assert!(
        refused.to_string().contains("references is missing"),
        "{refused}"
    );
    let refused = changed(|it| {
        let mut element = Element {
            name: "a".to_owned(),
            namespace: None,
            attributes: vec![],
            content: vec![],
        };
        for _ in 0..100 {
            let content = vec![Content::Element(element.clone())];
            element = Element { content, ..element };
        }
        it.unknown.push(element);
    });
    assert_eq!(refused, EncodeError::Changed);
}
