//! What is written is read back as it was, and nothing that is read panics.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn text() -> impl Strategy<Value = String> {
    "[a-z山洪&<>'\"\\]\u{85}\u{2028}😀][ -~山\n\r\t\u{202E}]{0,12}[a-z预警.&<]"
        .prop_map(|text| text.trim().to_owned())
}

fn word() -> impl Strategy<Value = String> {
    "[a-z0-9山.:/'>-]{1,12}"
}

fn time() -> impl Strategy<Value = Time> {
    (0_i64..4_000_000_000, -840_i32..=840).prop_map(|(second, minutes)| {
        let at = jiff::Timestamp::from_second(second).expect("in range");
        let offset = jiff::tz::Offset::from_seconds(minutes * 60).expect("in range");
        Time::new(at, offset).expect("in range")
    })
}

fn named() -> impl Strategy<Value = Vec<Named>> {
    let pair = (text(), prop_oneof![Just(String::new()), text()]);
    vec(
        pair.prop_map(|(value_name, value)| Named { value_name, value }),
        0..3,
    )
}

fn point() -> impl Strategy<Value = Point> {
    (-90.0..=90.0, -180.0..=180.0)
        .prop_map(|(north, east)| Point::new(north, east).expect("in range"))
}

fn polygon() -> impl Strategy<Value = Polygon> {
    vec(point(), 3..9).prop_map(|mut points| {
        points.push(points[0]);
        Polygon::new(points).expect("closed")
    })
}

fn circle() -> impl Strategy<Value = Circle> {
    (point(), 0.0..20_000.0).prop_map(|(centre, radius)| Circle::new(centre, radius).expect("fits"))
}

fn area() -> impl Strategy<Value = Area> {
    let geocode = named().prop_filter("a shape or code", |codes| !codes.is_empty());
    let shapes = (vec(polygon(), 0..3), vec(circle(), 0..3), geocode);
    (text(), shapes, of(-100.0..30_000.0), any::<bool>()).prop_map(
        |(area_desc, shapes, altitude, top)| {
            let (polygon, circle, geocode) = shapes;
            let ceiling = altitude.filter(|_| top).map(|altitude| altitude + 0.5);
            Area {
                area_desc,
                polygon,
                circle,
                geocode,
                altitude,
                ceiling,
            }
        },
    )
}

fn resource() -> impl Strategy<Value = Resource> {
    let deref_uri = of(Just("QUJDRA==".to_owned()));
    let uri = of(Just("http://a.example/?a=1&b=2#c".to_owned()));
    (text(), of(any::<u64>()), uri, deref_uri, of(word())).prop_map(
        |(resource_desc, size, uri, deref_uri, digest)| Resource {
            resource_desc,
            mime_type: "image/png".to_owned(),
            size,
            uri,
            deref_uri,
            digest,
        },
    )
}

fn info() -> impl Strategy<Value = Info> {
    let sets = (
        vec(select(Category::ALL), 1..4),
        vec(select(ResponseType::ALL), 0..4),
        select(Urgency::ALL),
        select(Severity::ALL),
        select(Certainty::ALL),
    );
    let texts = (
        of(text()),
        of(text()),
        of(text()),
        of(text()),
        of(text()),
        of(text()),
    );
    let times = (of(time()), of(time()), of(time()));
    let lists = (named(), named(), vec(resource(), 0..3), vec(area(), 0..3));
    let language = of(select(vec!["zh-CN", "en", "i-klingon"]));
    (language, text(), sets, texts, times, lists).prop_map(
        |(language, event, sets, texts, times, lists)| Info {
            language: language.map(str::to_owned),
            response_type: sets.1,
            audience: texts.0,
            event_code: lists.0,
            effective: times.0,
            onset: times.1,
            expires: times.2,
            sender_name: texts.1,
            headline: texts.2,
            description: texts.3,
            instruction: texts.4,
            web: texts
                .5
                .as_ref()
                .map(|_| "https://a.example/山?x='y'".to_owned()),
            contact: texts.5,
            parameter: lists.1,
            resource: lists.2,
            area: lists.3,
            category: sets.0.clone(),
            ..Info::new(sets.0[0], &event, sets.2, sets.3, sets.4)
        },
    )
}

prop_compose! {
    /// An alert without faults of meaning.
    fn alert()(
        id in (word(), word(), time()),
        status in select(Status::ALL),
        msg_type in select(MsgType::ALL),
        scope in select(Scope::ALL),
        texts in (of(text()), text(), of(text())),
        lists in (vec(word(), 1..4), vec(text(), 0..3), vec(word(), 0..3)),
        earlier in vec((word(), word()), 1..4),
        info in vec(info(), 1..4),
    ) -> Alert {
        let before = id.2.timestamp() - jiff::SignedDuration::from_secs(60);
        let sent = Time::new(before, jiff::tz::offset(8)).expect("in range");
        let reference = |(sender, identifier): (String, String)| MessageId {
            sender: Sender::new(&sender).expect("fits"),
            identifier: Identifier::new(&identifier).expect("fits"),
            sent,
        };
        let quoted = |name: &String| name.replace(['"', '\n', '\r', '\t', '\u{85}', '\u{2028}'], " ").trim().to_owned();
        let incidents: Vec<String> = lists.1.iter().map(quoted).filter(|it| !it.is_empty()).collect();
        Alert {
            identifier: Identifier::new(&id.0).expect("fits"),
            sender: Sender::new(&id.1).expect("fits"),
            sent: id.2,
            status,
            msg_type,
            source: texts.0,
            scope,
            restriction: (scope == Scope::Restricted).then_some(texts.1),
            addresses: lists.0,
            code: lists.2,
            note: texts.2,
            references: earlier.into_iter().map(reference).collect(),
            incidents,
            info,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_written_is_read_back_as_it_was(alert in alert(), indented: bool) {
        let layout = if indented { Layout::Indented } else { Layout::Compact };
        let written = match alert.to_xml(layout) {
            Ok(written) => written,
            Err(error) => return Err(TestCaseError::fail(format!("{error}: {alert:#?}"))),
        };
        let received = only(&written);
        prop_assert!(received.is_valid());
        prop_assert_eq!(received.acceptable(), Some(&alert));
    }

    #[test]
    fn no_octets_panic(octets in vec(any::<u8>(), 0..400), lenient: bool) {
        let strictness = if lenient { Strictness::Lenient } else { Strictness::Strict };
        read(&octets, strictness).ok();
        // Inside an alert they get further.
        let text = sound(&String::from_utf8_lossy(&octets));
        read(text.as_bytes(), strictness).ok();
    }

    #[test]
    fn no_damage_panics(alert in alert(), cuts in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut octets = write_anyway(&alert).into_bytes();
        for (at, octet) in cuts {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        read(&octets, Strictness::Lenient).ok();
    }
}

fn write_anyway(alert: &Alert) -> String {
    alert.to_xml(Layout::Compact).unwrap_or_else(|_| sound(""))
}

#[test]
fn what_would_not_come_back_is_not_written() {
    let alert = only(&sound("")).alert.expect("read");
    let refused = |change: fn(&mut Alert)| {
        let mut alert = alert.clone();
        change(&mut alert);
        alert
            .to_xml(Layout::Compact)
            .expect_err("refused")
            .to_string()
    };
    let said = refused(|it| it.info[0].headline = Some(" a".to_owned()));
    assert!(said.starts_with("headline: has white space"), "{said}");
    let said = refused(|it| it.note = Some("a\u{1}".to_owned()));
    assert!(said.starts_with("note: has a character"), "{said}");
    let said = refused(|it| it.note = Some(String::new()));
    assert!(said.starts_with("note: is empty"), "{said}");
    let said = refused(|it| it.addresses = vec!["a\"b".to_owned()]);
    assert!(said.contains("quotation mark"), "{said}");
    let said = refused(|it| it.msg_type = MsgType::Cancel);
    assert!(said.contains("must name the messages"), "{said}");
    let said = refused(|it| it.info[0].category.clear());
    assert!(said.contains("category is missing"), "{said}");
    let said = refused(|it| it.addresses = vec!["a ".to_owned()]);
    assert!(said.contains("read back as another"), "{said}");
    let said = refused(|it| it.info[0].description = Some("x".repeat(2 << 20)));
    assert!(said.contains("1048576"), "{said}");
}

#[test]
fn the_layouts_differ_by_white_space_only() {
    let alert = only(&sound("<headline>a &lt; b</headline>"))
        .alert
        .expect("read");
    let compact = alert.to_xml(Layout::Compact).expect("written");
    let indented = alert.to_xml(Layout::Indented).expect("written");
    assert!(!compact.contains('\n'));
    assert!(
        indented.contains("\n    <headline>a &lt; b</headline>\n"),
        "{indented}"
    );
    assert_eq!(only(&compact).alert, only(&indented).alert);
}
