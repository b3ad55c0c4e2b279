//! Documents of other implementations, and what their fields are.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

fn folder() -> Option<PathBuf> {
    let root = std::env::var_os("NARROWCAST_VECTORS")?;
    Some(Path::new(&root).join("cap"))
}

fn octets(file: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(folder()?.join(file)).expect("the document"))
}

fn expected() -> Vec<Value> {
    let Some(folder) = folder() else {
        return Vec::new();
    };
    let text = std::fs::read_to_string(folder.join("expect.json")).expect("expect.json");
    let rows: Value = serde_json::from_str(&text).expect("JSON");
    let rows = rows.as_array().expect("a list").iter();
    let documents = rows.filter(|row| row["root"].is_string());
    documents.cloned().collect()
}

/// Fails where a text of ours is not what is expected; an empty element counts as absent.
fn same(expected: &Value, name: &str, ours: Option<String>) {
    let theirs = expected[name].as_str().unwrap_or_default().trim();
    assert_eq!(ours.unwrap_or_default(), theirs, "{name}");
}

fn texts(expected: &Value, name: &str) -> Vec<String> {
    let list = expected[name].as_array().into_iter().flatten();
    let texts = list.filter_map(Value::as_str).map(str::trim);
    texts
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect()
}

fn named(expected: &Value, name: &str) -> Vec<Named> {
    let pairs = expected[name].as_array().into_iter().flatten();
    let text = |pair: &Value, name: &str| pair[name].as_str().unwrap_or_default().trim().to_owned();
    let named = pairs.map(|pair| Named {
        value_name: text(pair, "valueName"),
        value: text(pair, "value"),
    });
    named.collect()
}

fn list<'v>(expected: &'v Value, name: &str) -> &'v [Value] {
    expected[name].as_array().map_or(&[], Vec::as_slice)
}

fn names<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn compare(alert: &Alert, expected: &Value) {
    same(expected, "identifier", Some(alert.identifier.to_string()));
    same(expected, "sender", Some(alert.sender.to_string()));
    same(expected, "sent", Some(alert.sent.to_string()));
    same(expected, "status", Some(alert.status.to_string()));
    same(expected, "msgType", Some(alert.msg_type.to_string()));
    same(expected, "source", alert.source.clone());
    same(expected, "scope", Some(alert.scope.to_string()));
    same(expected, "restriction", alert.restriction.clone());
    same(expected, "addresses", names::join(&alert.addresses));
    assert_eq!(alert.code, texts(expected, "code"));
    same(expected, "note", alert.note.clone());
    let references = expected["references"].as_str().unwrap_or_default();
    let references: Vec<&str> = references.split_whitespace().collect();
    assert_eq!(names(&alert.references), references);
    same(expected, "incidents", names::join(&alert.incidents));
    assert_eq!(alert.info.len(), list(expected, "info").len());
    for (info, expected) in alert.info.iter().zip(list(expected, "info")) {
        compare_info(info, expected);
    }
}

fn compare_info(info: &Info, expected: &Value) {
    same(expected, "language", info.language.clone());
    assert_eq!(names(&info.category), texts(expected, "category"));
    same(expected, "event", Some(info.event.clone()));
    assert_eq!(names(&info.response_type), texts(expected, "responseType"));
    same(expected, "urgency", Some(info.urgency.to_string()));
    same(expected, "severity", Some(info.severity.to_string()));
    same(expected, "certainty", Some(info.certainty.to_string()));
    same(expected, "audience", info.audience.clone());
    assert_eq!(info.event_code, named(expected, "eventCode"));
    same(
        expected,
        "effective",
        info.effective.map(|it| it.to_string()),
    );
    same(expected, "onset", info.onset.map(|it| it.to_string()));
    same(expected, "expires", info.expires.map(|it| it.to_string()));
    same(expected, "senderName", info.sender_name.clone());
    same(expected, "headline", info.headline.clone());
    same(expected, "description", info.description.clone());
    same(expected, "instruction", info.instruction.clone());
    same(expected, "web", info.web.clone());
    same(expected, "contact", info.contact.clone());
    assert_eq!(info.parameter, named(expected, "parameter"));
    assert_eq!(info.resource.len(), list(expected, "resource").len());
    for (resource, expected) in info.resource.iter().zip(list(expected, "resource")) {
        same(
            expected,
            "resourceDesc",
            Some(resource.resource_desc.clone()),
        );
        same(expected, "mimeType", Some(resource.mime_type.clone()));
        same(expected, "size", resource.size.map(|it| it.to_string()));
        same(expected, "uri", resource.uri.clone());
        same(expected, "derefUri", resource.deref_uri.clone());
        same(expected, "digest", resource.digest.clone());
    }
    assert_eq!(info.area.len(), list(expected, "area").len());
    for (area, expected) in info.area.iter().zip(list(expected, "area")) {
        compare_area(area, expected);
    }
}

/// Coordinates are compared as numbers: `38.470` is 38.47.
fn compare_area(area: &Area, expected: &Value) {
    let numbers = |texts: &[String]| -> Vec<Vec<f64>> {
        let split = |text: &String| {
            let parts = text.split(|c: char| c.is_whitespace() || c == ',');
            let parts = parts.filter(|part| !part.is_empty());
            parts.map(|part| part.parse().expect("a number")).collect()
        };
        texts.iter().map(split).collect()
    };
    same(expected, "areaDesc", Some(area.area_desc.clone()));
    assert_eq!(
        numbers(&names(&area.polygon)),
        numbers(&texts(expected, "polygon"))
    );
    assert_eq!(
        numbers(&names(&area.circle)),
        numbers(&texts(expected, "circle"))
    );
    assert_eq!(area.geocode, named(expected, "geocode"));
    for (name, ours) in [("altitude", area.altitude), ("ceiling", area.ceiling)] {
        let theirs = expected[name]
            .as_str()
            .map(|it| it.trim().parse::<f64>().expect("a number"));
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn every_document_has_the_fields_and_the_verdict_that_are_expected_of_it() {
    let (mut valid, mut compared) = (0, 0);
    for row in expected() {
        let file = row["file"].as_str().expect("a name");
        let Ok(read) = read(&octets(file).expect("there"), Strictness::Strict) else {
            assert!(!row["xsd_cap12_valid"].as_bool().unwrap_or(false), "{file}");
            continue;
        };
        for (received, expected) in read.alerts.iter().zip(list(&row, "alerts")) {
            if let Some(verdict) = row["xsd_cap12_valid"].as_bool() {
                assert_eq!(
                    received.is_valid(),
                    verdict,
                    "{file}: {:#?}",
                    received.faults
                );
                valid += usize::from(verdict);
            } else if read.form == Form::Alert {
                assert!(!received.is_valid(), "{file} is no CAP 1.2");
                assert_eq!(received.version, Version::V1_1, "{file}");
            }
            let Some(alert) = &received.alert else {
                assert_eq!(file, "goo_noaa_errors.cap", "{:#?}", received.faults);
                continue;
            };
            compare(alert, expected);
            compared += 1;
            let signed = expected["Signature"].is_string();
            assert_eq!(!received.signatures.is_empty(), signed, "{file}");
        }
        if read.form == Form::EdxlDe {
            assert_eq!(
                Some(read.alerts.len() as u64),
                row["alert_count"].as_u64(),
                "{file}"
            );
        }
    }
    if folder().is_some() {
        // Nine valid ones; four of CAP 1.1; four and one in envelopes.
        assert_eq!((valid, compared), (9, 18));
    }
}

#[test]
fn what_is_valid_is_sound_but_for_the_one_with_empty_references() {
    for row in expected() {
        let file = row["file"].as_str().expect("a name");
        let Ok(read) = read(&octets(file).expect("there"), Strictness::Strict) else {
            continue;
        };
        for received in &read.alerts {
            let wrong = said(received, Class::Meaning);
            match file {
                "goo_canada_errors.cap" => {
                    assert!(wrong[0].contains("references must name"), "{wrong:?}")
                }
                "goo_no_optional_fields.cap" => {
                    assert!(wrong[0].contains("info must be there"), "{wrong:?}")
                }
                _ if received.alert.is_none() => {}
                _ => assert_eq!(wrong, [""; 0], "{file}"),
            }
            let Some(alert) = received.acceptable() else {
                continue;
            };
            for layout in [Layout::Compact, Layout::Indented] {
                let written = alert
                    .to_xml(layout)
                    .unwrap_or_else(|error| panic!("{file}: {error}"));
                assert_eq!(only(&written).alert.as_ref(), Some(alert), "{file}");
            }
        }
    }
}

#[test]
fn what_is_no_alert_is_refused_by_name() {
    let refused = |file: &str| Some(read(&octets(file)?, Strictness::Strict).expect_err(file));
    let Some(refusal) = refused("goo_xee.cap") else {
        return;
    };
    assert!(matches!(
        refusal,
        Refusal::Xml(crate::warning::xml::XmlError::DocumentType { .. })
    ));
    for file in ["goo_amber.atom", "kel_oregon_nws.atom"] {
        assert_eq!(refused(file), Some(Refusal::Feed("Atom")));
    }
    let namespace = "urn:oasis:names:tc:emergency:alerts:1.2".to_owned();
    assert_eq!(
        refused("kel_invalid_xmlns.cap"),
        Some(Refusal::Namespace(namespace))
    );
    assert_eq!(
        refused("cn_cpeas_native_henan_2020.xml"),
        Some(Refusal::NoNamespace)
    );
}

#[test]
fn the_algorithms_of_a_signature_are_named() {
    let Some(octets) = octets("kel_no_info_tag.cap") else {
        return;
    };
    let read = read(&octets, Strictness::Strict).expect("CAP");
    let [signature] = read.alerts[0].signatures.as_slice() else {
        panic!("one signature");
    };
    let ends = |names: &[String], end: &str| names.len() == 1 && names[0].ends_with(end);
    assert!(ends(&signature.signature, "rsa-sha256"), "{signature:?}");
    assert!(ends(&signature.digest, "#sha1"), "{signature:?}");
    assert_eq!(signature.reference, [""]);
}

#[test]
fn the_faults_of_a_faulty_document_have_their_places() {
    let Some(octets) = octets("goo_noaa_errors.cap") else {
        return;
    };
    let read = read(&octets, Strictness::Strict).expect("CAP");
    let said = said(&read.alerts[0], Class::Structure);
    assert!(said[0].contains("CAP 1.1"), "{said:#?}");
    assert!(
        said[1].starts_with("line 17: info[1]/urgency is \"\"; write one of Immediate"),
        "{said:#?}"
    );
    assert_eq!(said.len(), 4, "{said:#?}");
}
