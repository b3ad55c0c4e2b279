//! What is written is read back as it was, and nothing that is read panics.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::warning::cap::Point;

fn text() -> impl Strategy<Value = String> {
    "[a-z山洪&<>'\"\\]😀][ -~山\n\r\t\u{202E}]{0,12}[a-z预警.&<]"
}

fn words() -> impl Strategy<Value = Vec<String>> {
    vec("[a-z0-9-]{1,8}", 0..3).prop_map(|mut words| {
        words.sort();
        words.dedup();
        words
    })
}

fn identifier() -> impl Strategy<Value = Identifier> {
    "[0-9]{14}_[0-9]{14}(_[0-9]{1,3})?".prop_map(|text| Identifier::parse(&text).expect("an id"))
}

fn time() -> impl Strategy<Value = Time> {
    (0_i64..4_000_000_000, -14_i8..=14).prop_map(|(second, hours)| {
        let at = jiff::Timestamp::from_second(second).expect("in range");
        let time = crate::warning::cap::Time::new(at, jiff::tz::offset(hours));
        Time::from_cap(time.expect("in range"))
    })
}

fn element() -> impl Strategy<Value = Element> {
    let leaf = (
        "x[a-z]{0,3}",
        of("urn:[a-z]{1,3}"),
        of(("[a-z]", of("urn:[a-z]"), text())),
        of(text()),
    );
    let leaf = leaf.prop_map(|(name, namespace, attribute, text)| Element {
        name,
        namespace,
        attributes: attribute
            .map(|(name, namespace, value)| Attribute {
                name,
                namespace,
                value,
            })
            .into_iter()
            .collect(),
        content: text.map(Content::Text).into_iter().collect(),
    });
    leaf.prop_recursive(4, 12, 3, |inner| {
        ("x[a-z]{0,3}", vec(inner, 1..3)).prop_map(|(name, children)| Element {
            name,
            namespace: None,
            attributes: Vec::new(),
            content: children.into_iter().map(Content::Element).collect(),
        })
    })
}

fn unknown() -> impl Strategy<Value = Vec<Element>> {
    vec(element(), 0..2)
}

fn point() -> impl Strategy<Value = Point> {
    (3.0..=54.0, 73.0..=136.0).prop_map(|(north, east)| Point::new(north, east).expect("in range"))
}

fn area() -> impl Strategy<Value = Area> {
    let path = vec(point(), 2..6).prop_map(|points| Path::new(points).expect("a path"));
    let circle = (point(), 0.0..500_000.0)
        .prop_map(|(centre, radius)| Circle::new(centre, radius).expect("a circle"));
    (
        of(text()),
        vec(path, 0..3),
        vec(circle, 0..3),
        words(),
        unknown(),
    )
        .prop_map(|(description, paths, circles, geocodes, unknown)| Area {
            description,
            paths,
            circles,
            geocodes,
            unknown,
        })
}

fn resource() -> impl Strategy<Value = Resource> {
    let size = of("[0-9]{1,4}[kM]?").prop_map(|size| size.and_then(|size| Size::new(&size)));
    (of(text()), size, of(text()), unknown()).prop_map(|(description, size, digest, unknown)| {
        Resource {
            description,
            size,
            digest,
            unknown,
        }
    })
}

fn method() -> impl Strategy<Value = Method> {
    let name = select(vec!["SMS", "LED", "TV", "FAX", "WECHAT"]);
    (name, of(text()), words(), words(), unknown()).prop_map(
        |(name, message, groups, addressees, unknown)| Method {
            name: MethodName::parse(name),
            message,
            groups,
            addressees,
            unknown,
        },
    )
}

fn info() -> impl Strategy<Value = Info> {
    let values = (
        select(vec!["Red", "Blue", "White", "紫色"]).prop_map(Colour::parse),
        select(vec!["Unknown", "Past", "Never"]).prop_map(Urgency::parse),
        select(vec!["VeryLikely", "Unknown", "Certain"]).prop_map(Certainty::parse),
        text().prop_map(|code| EventType::new(&code).expect("a code")),
    );
    let texts = (of(text()), text(), text(), text(), of(text()), of(text()));
    let times = (time(), of(time()), of(time()));
    let lists = (vec(resource(), 0..3), vec(area(), 0..3), unknown());
    (values, texts, times, lists).prop_map(|(values, texts, times, lists)| Info {
        language: texts.0,
        event_type: values.3,
        urgency: values.1,
        colour: values.0,
        certainty: values.2,
        effective: times.0,
        onset: times.1,
        expires: times.2,
        sender_name: texts.1,
        headline: texts.2,
        description: texts.3,
        instruction: texts.4,
        web: texts.5,
        resources: lists.0,
        areas: lists.1,
        unknown: lists.2,
    })
}

fn message() -> impl Strategy<Value = Message> {
    let heads = (
        any::<bool>(),
        identifier(),
        text(),
        "[0-9]{14}",
        of(text()),
        time(),
    );
    let values = (
        select(vec!["Actual", "Test", "Real"]).prop_map(Status::parse),
        select(vec!["Alert", "Update", "Ack", "New"]).prop_map(MsgType::parse),
        select(vec!["Public", "Private"]).prop_map(Scope::parse),
        of(select(vec!["None", "Inner", "Outer"]).prop_map(Classification::parse)),
    );
    let rest = (
        vec(method(), 0..3),
        unknown(),
        of(text()),
        of(identifier()),
        unknown(),
    );
    (heads, values, rest, info()).prop_map(|(heads, values, rest, info)| Message {
        namespace: if heads.0 {
            Namespace::Amp
        } else {
            Namespace::None
        },
        identifier: heads.1,
        sender: heads.2,
        sender_code: SenderCode::parse(&heads.3).expect("a code"),
        phone: heads.4,
        send_time: heads.5,
        status: values.0,
        msg_type: values.1,
        scope: values.2,
        methods: rest.0,
        code_unknown: rest.1,
        classification: values.3,
        note: rest.2,
        references: rest.3,
        info,
        unknown: rest.4,
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(message in message()) {
        let written = match message.to_xml() {
            Ok(written) => written,
            Err(error) => return Err(TestCaseError::fail(format!("{error}: {message:#?}"))),
        };
        let received = received(&written);
        prop_assert_eq!(received.acceptable(), Some(&message));
    }

    #[test]
    fn no_octets_panic(octets in vec(any::<u8>(), 0..400), lenient: bool) {
        let strictness = if lenient { Strictness::Lenient } else { Strictness::Strict };
        read(&octets, strictness).ok();
        // Inside a document they get further.
        let inside = String::from_utf8_lossy(&octets);
        let inside = document(&[("<areaDesc>", &format!("{inside}<areaDesc>"))]);
        read(inside.as_bytes(), strictness).ok();
        let name = FileName::parse(&String::from_utf8_lossy(&octets));
        prop_assert_eq!(name, None);
    }

    #[test]
    fn no_damage_panics(message in message(), cuts in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut octets = message.to_xml().unwrap_or_else(|_| document(&[])).into_bytes();
        for (at, octet) in cuts {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        read(&octets, Strictness::Lenient).ok();
    }
}
