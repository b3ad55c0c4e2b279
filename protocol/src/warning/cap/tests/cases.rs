//! Cases from the field.

use super::*;

#[test]
fn a_pretty_printed_alert_is_read_without_its_white_space() {
    let text = document(
        "<identifier> id-1\n</identifier><sender>\tcity.example </sender>\
         <sent>\n2026-01-31T08:00:00+08:00\n</sent><status>Actual</status>\
         <msgType>Alert</msgType><scope>Public</scope><code>\nprofile:x\n</code>\
         <info><category>Met</category><event>e</event><urgency>Expected</urgency>\n\
         <severity> Severe </severity><certainty>Likely</certainty>\
         <area><areaDesc>a</areaDesc><polygon>\n34.70,113.60 34.80,113.60\n\
         \t34.80,113.70 34.70,113.60\n</polygon></area></info>",
    );
    let received = only(&text);
    assert!(received.is_meaningful());
    // White space counts in a value set of the schema, so it is read and not valid.
    let structure = said(&received, Class::Structure);
    assert_eq!(
        structure,
        ["line 7: info[1]/severity has white space around \"Severe\"; take it away"]
    );
    let alert = received.acceptable().expect("acceptable");
    assert_eq!(alert.code, ["profile:x"]);
    assert_eq!(alert.identifier.as_str(), "id-1");
    let info = &alert.info[0];
    assert_eq!(info.severity, Severity::Severe);
    assert_eq!(info.area[0].polygon[0].points().len(), 4);
    let written = alert.to_xml(Layout::Compact).expect("written");
    let polygon = "<polygon>34.7,113.6 34.8,113.6 34.8,113.7 34.7,113.6</polygon>";
    assert!(written.contains(polygon), "{written}");
    assert!(only(&written).is_valid());
}

#[test]
fn several_info_of_one_language_are_all_kept_with_their_areas() {
    let info = |event: &str, severity: &str, from: u8, to: u8, areas: &str| {
        format!(
            "<info><language>zh-CN</language><category>Met</category><event>{event}</event>\
             <urgency>Expected</urgency><severity>{severity}</severity>\
             <certainty>Likely</certainty><onset>2026-01-31T{from:02}:00:00+08:00</onset>\
             <expires>2026-01-31T{to:02}:00:00+08:00</expires>{areas}</info>"
        )
    };
    let square = |at: u8| format!("<polygon>{at},1 {at},2 3,2 {at},1</polygon>");
    let areas = format!(
        "<area><areaDesc>北</areaDesc>{}{}</area>\
         <area><areaDesc>南</areaDesc>{}<circle>34.7,113.6 5</circle></area>",
        square(10),
        square(20),
        square(30)
    );
    let one = "<area><areaDesc>全市</areaDesc><geocode><valueName>GB2260</valueName>\
               <value>410100</value></geocode></area>";
    let head = "<identifier>c2</identifier><sender>s</sender>\
                <sent>2026-01-31T07:00:00+08:00</sent><status>Actual</status>\
                <msgType>Alert</msgType><scope>Public</scope>";
    let text = document(&format!(
        "{head}{}{}{}",
        info("大风", "Moderate", 8, 12, one),
        info("道路结冰", "Severe", 18, 23, &areas),
        info("大风", "Minor", 12, 18, one),
    ));
    let received = only(&text);
    assert!(received.is_valid());
    let alert = received.acceptable().expect("acceptable");
    let events: Vec<_> = alert
        .info
        .iter()
        .map(|info| (info.event.as_str(), info.severity))
        .collect();
    let expected = [
        ("大风", Severity::Moderate),
        ("道路结冰", Severity::Severe),
        ("大风", Severity::Minor),
    ];
    assert_eq!(events, expected);
    let shapes = |info: &Info| {
        info.area
            .iter()
            .map(|it| it.polygon.len() + it.circle.len())
            .sum::<usize>()
    };
    assert_eq!(alert.info.iter().map(shapes).collect::<Vec<_>>(), [0, 4, 0]);
    let onsets: Vec<_> = alert.info.iter().filter_map(|info| info.onset).collect();
    assert_eq!(onsets[1].to_string(), "2026-01-31T18:00:00+08:00");
    assert_eq!(
        only(&alert.to_xml(Layout::Indented).expect("written"))
            .alert
            .as_ref(),
        Some(alert)
    );
}

#[test]
fn nothing_that_a_document_names_is_read() {
    let include =
        sound("<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///etc/passwd'/>");
    let received = only(&include);
    assert_eq!(received.alert, None);
    let said = said(&received, Class::Structure);
    assert!(
        said[0].contains("info[1]/include is no element of CAP 1.2"),
        "{said:?}"
    );
}

#[test]
fn any_prefix_and_an_envelope_are_read() {
    let prefixed = sound("")
        .replace("xmlns=", "xmlns:x=")
        .replace("</", "</x:");
    let prefixed = prefixed.replace('<', "<x:").replace("<x:/x:", "</x:");
    let inner = only(&prefixed).alert.expect("read");
    assert_eq!(inner.identifier.as_str(), "id-1");
    let envelope = |inside: &str| {
        format!(
            "<d:EDXLDistribution xmlns:d='urn:oasis:names:tc:emergency:EDXL:DE:1.0'>\
             <d:distributionID>x</d:distributionID><d:contentObject><d:xmlContent>\
             <d:embeddedXMLContent>{inside}</d:embeddedXMLContent></d:xmlContent>\
             </d:contentObject></d:EDXLDistribution>"
        )
    };
    let two = envelope(&format!("{}{prefixed}", sound("").replace("id-1", "id-0")));
    let read_two = read(two.as_bytes(), Strictness::Strict).expect("an envelope");
    assert_eq!(read_two.form, Form::EdxlDe);
    let ids: Vec<_> = read_two
        .alerts
        .iter()
        .filter_map(|it| it.alert.as_ref())
        .collect();
    assert_eq!(
        ids.iter()
            .map(|it| it.identifier.as_str())
            .collect::<Vec<_>>(),
        ["id-0", "id-1"]
    );
    let refused = |text: &str| read(text.as_bytes(), Strictness::Strict).expect_err("refused");
    assert_eq!(refused(&envelope("<x/>")), Refusal::EmptyEnvelope);
    assert_eq!(refused(&envelope("<alert/>")), Refusal::NoNamespace);
}

#[test]
fn other_documents_are_refused_by_name() {
    let refused = |text: &str| read(text.as_bytes(), Strictness::Strict).expect_err("refused");
    assert_eq!(
        refused("<rss version='2.0'><channel/></rss>"),
        Refusal::Feed("RSS")
    );
    assert_eq!(
        refused("<feed xmlns='http://www.w3.org/2005/Atom'/>"),
        Refusal::Feed("Atom")
    );
    let first = sound("").replace(NAMESPACE, "http://www.incident.com/cap/1.0");
    assert_eq!(refused(&first), Refusal::Version10);
    assert!(refused(&first).to_string().contains("CAP 1.0"));
    assert!(matches!(refused("<html/>"), Refusal::NotAnAlert { .. }));
}

#[test]
fn cap_1_1_is_read_with_its_older_value_and_is_not_valid_as_1_2() {
    let text = sound("")
        .replace(NAMESPACE, NAMESPACE_1_1)
        .replace(">Likely<", ">Very Likely<");
    let received = only(&text);
    assert_eq!(received.version, Version::V1_1);
    assert!(!received.is_valid());
    let alert = received.acceptable().expect("acceptable");
    assert_eq!(alert.info[0].certainty, Certainty::Likely);
    let newer = sound("").replace(">Likely<", ">Very Likely<");
    assert_eq!(only(&newer).alert, None);
}

#[test]
fn z_is_forgiven_leniently_and_reported() {
    let text = sound("").replace("2026-01-31T08:00:00+08:00", "2026-01-31T00:00:00Z");
    assert_eq!(only(&text).alert, None);
    let read = read(text.as_bytes(), Strictness::Lenient).expect("CAP");
    let received = &read.alerts[0];
    assert!(!received.is_valid());
    let sent = received.acceptable().expect("acceptable").sent;
    assert_eq!(sent.to_string(), "2026-01-31T00:00:00-00:00");
}
