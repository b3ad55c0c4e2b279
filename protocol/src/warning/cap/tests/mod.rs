//! The codec against documents of others, cases from the field, hostile input and itself.

mod cases;
mod round_trip;
mod rules;
#[path = "vectors/tests.rs"]
mod vectors;

use super::*;
use crate::warning::xml::Strictness;

/// The only alert of a document.
fn only(document: &str) -> Received {
    let mut read = read(document.as_bytes(), Strictness::Strict).expect("CAP");
    assert_eq!(read.alerts.len(), 1);
    read.alerts.remove(0)
}

/// An alert's elements in a document of CAP 1.2.
fn document(elements: &str) -> String {
    format!("<alert xmlns=\"{NAMESPACE}\">{elements}</alert>")
}

/// A sound alert with one `info`, `inside` behind its certainty.
fn sound(inside: &str) -> String {
    document(&format!(
        "<identifier>id-1</identifier>\n<sender>city.example</sender>\n\
         <sent>2026-01-31T08:00:00+08:00</sent>\n<status>Actual</status>\n\
         <msgType>Alert</msgType>\n<scope>Public</scope>\n\
         <info><language>zh-CN</language><category>Met</category><event>大风</event>\
         <urgency>Expected</urgency><severity>Moderate</severity>\
         <certainty>Likely</certainty>{inside}</info>"
    ))
}

/// The paths and rules of the faults of a class, as text.
fn said(received: &Received, class: Class) -> Vec<String> {
    received.of(class).map(ToString::to_string).collect()
}
