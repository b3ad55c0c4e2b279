//! Each rule has a document that breaks it.

use super::*;

/// The faults of a class in a document, its lines left out.
fn faults(text: &str, class: Class) -> Vec<String> {
    let received = only(text);
    let all = received.of(class);
    all.map(|fault| {
        Fault {
            line: None,
            ..fault.clone()
        }
        .to_string()
    })
    .collect()
}

#[track_caller]
fn structure(text: &str, path: &str, words: &str) {
    let said = faults(text, Class::Structure);
    let found = said
        .iter()
        .any(|it| it.starts_with(path) && it.contains(words));
    assert!(found, "{path}: {words}: {said:#?}");
    assert_eq!(only(text).alert, None);
}

#[track_caller]
fn meaning(text: &str, path: &str, words: &str) {
    assert_eq!(faults(text, Class::Structure), [""; 0]);
    let said = faults(text, Class::Meaning);
    let found = said
        .iter()
        .any(|it| it.starts_with(path) && it.contains(words));
    assert!(found, "{path}: {words}: {said:#?}");
    assert_eq!(only(text).acceptable(), None);
}

#[track_caller]
fn notice(text: &str, path: &str, words: &str) {
    let said = faults(text, Class::Notice);
    let found = said
        .iter()
        .any(|it| it.starts_with(path) && it.contains(words));
    assert!(found, "{path}: {words}: {said:#?}");
    assert!(
        only(text).acceptable().is_some(),
        "{:#?}",
        only(text).faults
    );
}

#[test]
fn a_sound_alert_has_no_faults() {
    let expires = "<expires>2026-01-31T20:00:00+08:00</expires>";
    assert_eq!(only(&sound(expires)).faults, []);
}

#[test]
fn the_schema_is_kept() {
    let swap = |from: &str, to: &str| sound("").replace(from, to);
    structure(&swap("<scope>Public</scope>", ""), "scope", "is missing");
    structure(
        &swap("<event>大风</event>", ""),
        "info[1]/event",
        "is missing",
    );
    structure(
        &swap("<category>Met</category>", ""),
        "info[1]/category",
        "is missing",
    );
    let twice = "<scope>Public</scope><scope>Public</scope>";
    structure(
        &swap("<scope>Public</scope>", twice),
        "scope",
        "more than once",
    );
    structure(
        &swap("<info>", "<code>c</code><note>n</note><code>c</code><info>"),
        "code[2]",
        "behind note",
    );
    structure(&swap("<info>", "<x/><info>"), "x", "no element of CAP 1.2");
    structure(
        &swap("<info>", "<note xmlns='urn:y'/><info>"),
        "note",
        "\"urn:y\"",
    );
    structure(
        &swap("<info>", "<info id='1'>"),
        "info[1]",
        "attribute \"id\"",
    );
    structure(
        &swap("<event>", "<event xml:lang='zh'>"),
        "info[1]/event",
        "attribute",
    );
    structure(&swap("<info>", "words<info>"), "alert", "text \"words\"");
    structure(
        &swap("大风", "大<b>风</b>"),
        "info[1]/event",
        "holds an element",
    );
    structure(
        &swap(">Actual<", ">actual<"),
        "status",
        "write one of Actual, Exercise",
    );
    structure(
        &swap(">Met<", "> <"),
        "info[1]/category[1]",
        "write one of Geo",
    );
    structure(&swap("+08:00", "Z"), "sent", "write a time as");
    structure(&swap("+08:00", ",08:00"), "sent", "write a time as");
    structure(&swap(">zh-CN<", ">zh_CN<"), "info[1]/language", "zh-CN");
    let signature = "</info><ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/><info>";
    structure(
        &swap(
            "<language>",
            &format!(
                "<category>Met</category><event>e</event><urgency>Past</urgency><severity>Minor</severity><certainty>Likely</certainty>{signature}<language>"
            ),
        ),
        "info[2]",
        "behind Signature",
    );
    structure(&sound("<web>http://a%zz</web>"), "info[1]/web", "URI");
    let file = |inside: &str| {
        sound(&format!(
            "<resource><resourceDesc>d</resourceDesc><mimeType>a/b</mimeType>{inside}</resource>"
        ))
    };
    structure(
        &file("<size>84k</size>"),
        "info[1]/resource[1]/size",
        "digits",
    );
    let area = sound("<area><areaDesc>a</areaDesc><altitude>1e3</altitude></area>");
    structure(&area, "info[1]/area[1]/altitude", "decimal");
}

#[test]
fn comments_and_an_empty_language_and_hints_are_valid() {
    let text = sound("")
        .replace(">zh-CN<", "><")
        .replace("<event>", "<event><!-- c -->");
    let hint = "<alert xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:schemaLocation='a b'";
    let received = only(&text.replace("<alert", hint));
    assert!(received.is_valid(), "{:#?}", received.faults);
    assert_eq!(received.alert.expect("read").info[0].language(), "en-US");
}

#[test]
fn references_and_addressees_mean_something() {
    let head = |from: &str, to: &str| sound("").replace(from, to);
    for kind in ["Update", "Cancel", "Ack", "Error"] {
        let text = head(">Alert<", &format!(">{kind}<"));
        meaning(&text, "references", kind);
    }
    let with = |references: &str| {
        let text = head(">Alert<", ">Update<");
        text.replace(
            "<info>",
            &format!("<references>{references}</references><info>"),
        )
    };
    meaning(&with(""), "references", "must name the messages");
    meaning(&with("a,b"), "references", "sender,identifier,sent");
    meaning(
        &with("city.example,id-1,2026-01-31T00:00:00-00:00"),
        "references",
        "itself",
    );
    meaning(
        &with("city.example,id-0,2026-01-31T08:00:01+08:00"),
        "references",
        "later",
    );
    let good = with("city.example,id-0,2026-01-31T07:00:00+08:00\n a,b,2026-01-31T07:00:00+08:00");
    assert_eq!(
        only(&good)
            .acceptable()
            .expect("acceptable")
            .references
            .len(),
        2
    );
    meaning(
        &head(">Public<", ">Restricted<"),
        "restriction",
        "must say the rule",
    );
    let ruled = head("<info>", "<restriction>r</restriction><info>");
    meaning(&ruled, "restriction", "scope Public");
    meaning(&head(">Public<", ">Private<"), "addresses", "addressees");
    let empty = head("<info>", "<restriction/><addresses> </addresses><info>");
    assert!(only(&empty).acceptable().is_some());
    let open = head("<info>", "<addresses>\"a</addresses><info>");
    meaning(&open, "addresses", "quotation mark");
    meaning(&head("id-1", "id 1"), "identifier", "white space");
    meaning(&head("city.example", "a,b"), "sender", "comma");
    let bare = head("<info>", "<!--").replace("</info>", "-->");
    meaning(&bare, "info", "says nothing");
    meaning(&head("大风", " "), "info[1]/event", "is empty");
}

#[test]
fn areas_and_files_mean_something() {
    let area = |inside: &str| sound(&format!("<area><areaDesc>a</areaDesc>{inside}</area>"));
    let at = "info[1]/area[1]";
    meaning(&area(""), at, "no polygon, circle or geocode");
    meaning(
        &area("<polygon>1,1 2,2 3,3 4,4</polygon>"),
        &format!("{at}/polygon[1]"),
        "not closed",
    );
    meaning(
        &area("<polygon>1,1 2,2 1,1</polygon>"),
        &format!("{at}/polygon[1]"),
        "3 pairs",
    );
    meaning(
        &area("<polygon>1,1 91,2 3,3 1,1</polygon>"),
        &format!("{at}/polygon[1]"),
        "91,2",
    );
    meaning(
        &area("<circle>1,1</circle>"),
        &format!("{at}/circle[1]"),
        "radius",
    );
    let point = "<circle>1,1 0</circle>";
    meaning(
        &area(&format!("{point}<ceiling>1</ceiling>")),
        &format!("{at}/ceiling"),
        "without altitude",
    );
    let under = format!("{point}<altitude>2</altitude><ceiling>1</ceiling>");
    meaning(&area(&under), &format!("{at}/ceiling"), "below altitude");
    let huge = format!("{point}<altitude>{}</altitude>", "9".repeat(400));
    structure(&area(&huge), &format!("{at}/altitude"), "24 digits");
    let file = |mime: &str, inside: &str| {
        sound(&format!(
            "<resource><resourceDesc>d</resourceDesc><mimeType>{mime}</mimeType>{inside}</resource>"
        ))
    };
    let at = "info[1]/resource[1]";
    meaning(&file("png", ""), &format!("{at}/mimeType"), "image/png");
    meaning(
        &file("a/b", "<uri>x.png</uri>"),
        &format!("{at}/uri"),
        "absolute",
    );
    assert!(
        only(&file("a/b", "<uri>x.png</uri><derefUri>QUJD</derefUri>"))
            .acceptable()
            .is_some()
    );
    meaning(
        &file("a/b", "<derefUri>!</derefUri>"),
        &format!("{at}/derefUri"),
        "Base64",
    );
    let much = format!("<derefUri>{}</derefUri>", "QUJD".repeat(90_000));
    meaning(&file("a/b", &much), &format!("{at}/derefUri"), "262144");
    meaning(
        &file("a/b", "<size>-1</size>"),
        &format!("{at}/size"),
        "octets",
    );
    meaning(&sound("<web>a/b</web>"), "info[1]/web", "absolute");
}

#[test]
fn limits_are_kept() {
    let text = sound(&format!(
        "<description>{}</description>",
        "x".repeat(65_537)
    ));
    meaning(&text, "info[1]/description", "65536");
    let one = sound("");
    let (head, rest) = one.split_once("<info>").expect("an info");
    let info = format!("<info>{}", rest.replace("</alert>", ""));
    let infos = format!("{head}{}</alert>", info.repeat(21));
    meaning(&infos, "info", "more than 20 info");
    let area = "<area><areaDesc>a</areaDesc><circle>1,1 0</circle></area>";
    meaning(&sound(&area.repeat(201)), "info", "more than 200 area");
    let polygon = format!("<polygon>{}</polygon>", "1,1 ".repeat(10_001));
    let area = format!("<area><areaDesc>a</areaDesc>{polygon}</area>");
    meaning(&sound(&area), "info", "more than 10000 pairs");
    let reference = "a,b,2026-01-31T07:00:00+08:00 ".repeat(51);
    let text = one.replace(
        "<info>",
        &format!("<references>{reference}</references><info>"),
    );
    meaning(&text, "references", "more than 50 references");
}

#[test]
fn what_a_sender_should_know_is_noticed_and_hinders_nothing() {
    notice(&sound(""), "info[1]/expires", "is missing");
    let early =
        "<onset>2026-01-31T09:00:00+08:00</onset><expires>2026-01-31T09:00:00+08:00</expires>";
    notice(&sound(early), "info[1]/expires", "not later");
    notice(
        &sound(&format!("<headline>{}</headline>", "字".repeat(161))),
        "info[1]/headline",
        "161",
    );
    notice(
        &sound("<description>a&lt;br/&gt;b</description>"),
        "info[1]/description",
        "<br/>",
    );
    notice(&sound("").replace("Actual", "Exercise"), "note", "exercise");
    let bow = "<area><areaDesc>a</areaDesc><polygon>0,0 1,1 1,0 0,1 0,0</polygon></area>";
    notice(&sound(bow), "info[1]/area[1]/polygon[1]", "crosses itself");
    let one = sound("<description>same</description>");
    let (head, info) = one.split_once("<info>").expect("an info");
    let info = info.replace("</alert>", "");
    let other = info.replace("zh-CN", "en-US").replace("Met", "Geo");
    let two = format!("{head}<info>{info}<info>{other}</alert>");
    notice(&two, "info[2]/description", "info[1]");
    notice(&two, "info[2]/category[1]", "one event");
}

#[test]
fn a_fault_tells_its_line_and_many_faults_are_counted_out() {
    let said = said(
        &only(&sound("").replace("Actual", "actual")),
        Class::Structure,
    );
    assert!(
        said[0].starts_with("line 4: status is \"actual\""),
        "{said:?}"
    );
    let many = document(&"<x/>\n".repeat(9_000));
    let received = only(&many);
    assert_eq!(received.of(Class::Structure).count(), 50);
}
