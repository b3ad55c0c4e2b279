//! The codec against a document of the field, cases from the field, hostile input and itself.

mod cases;
mod parts;
mod reading;
mod round_trip;
#[path = "vectors/tests.rs"]
mod vectors;

use super::*;
use crate::warning::xml::Strictness;

/// A sound document: a red warning of heavy rain. Each pair is a text to put in the place of
/// another, which must stand there.
fn document(changes: &[(&str, &str)]) -> String {
    let mut text = "<alert>\n<identifier>41010041600000_20261123163005</identifier>\n\
        <sender>郑州市气象局</sender>\n<senderCode>41010041600000</senderCode>\n\
        <sendTime>2026-11-23 16:25:00+08:00</sendTime>\n<status>Actual</status>\n\
        <msgType>Alert</msgType>\n<scope>Public</scope>\n<code></code>\n\
        <references/>\n<info><language>zh-CN</language>\n<eventType>11B03</eventType>\n\
        <urgency>Unknown</urgency>\n<severity>Red</severity>\n<certainty>Unknown</certainty>\n\
        <effective>2026-11-23 16:31:00+08:00</effective>\n<onset/>\n<expires></expires>\n\
        <senderName>张三</senderName>\n<headline>郑州市气象局发布暴雨红色预警</headline>\n\
        <description>预计未来三小时有特大暴雨。</description>\n<instruction/>\n<web/>\n\
        <area><areaDesc>郑州市</areaDesc></area></info>\n</alert>"
        .to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

fn received(document: &str) -> Received {
    read(document.as_bytes(), Strictness::Strict).expect("of this form")
}

/// The message of a changed document that has no faults at all.
fn sound(changes: &[(&str, &str)]) -> Message {
    let received = received(&document(changes));
    assert_eq!(received.faults, []);
    received.message.expect("a message")
}

/// The faults of a level in a changed document, as text.
fn said(level: Level, changes: &[(&str, &str)]) -> Vec<String> {
    let received = received(&document(changes));
    assert_eq!(received.has_errors(), received.acceptable().is_none());
    let faults = received
        .faults
        .iter()
        .filter(|fault| fault.level() == level);
    faults.map(ToString::to_string).collect()
}
