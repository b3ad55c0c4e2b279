//! Frames that a live server may answer with an emergency or an alert.

use std::collections::BTreeMap;

use narrowcast_protocol::dmr::fields::{Field, FieldValue};

use crate::decode::{self, Context, Frames, Messages, Report};
use crate::input::Raw;

/// So many frames are named for each reason.
const NAMED: usize = 5;

/// What to say before these frames are played: one line for each thing that may happen.
pub(super) fn warnings(all: &[Raw]) -> Vec<String> {
    let mut found: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
    let mut frames = Frames::of(None);
    let mut messages = Messages::default();
    for (place, raw) in all.iter().enumerate() {
        for (raw, kind) in frames.push(raw.clone()) {
            let report = decode::frame(&raw, kind, Context::default());
            let texts = messages.push(&raw, &report).into_iter();
            let text = texts.filter(|(_, said)| said.ok).map(|_| TEXT);
            for why in reason(&report).into_iter().chain(text) {
                let places = found.entry(why).or_default();
                if places.last() != Some(&(place + 1)) {
                    places.push(place + 1);
                }
            }
        }
    }
    found
        .iter()
        .map(|(why, places)| line(why, places))
        .collect()
}

const EMERGENCY: &str = "an emergency of a radio: a live server raises it";
const ALERT: &str = "a call alert: radios ring";
const STATUS: &str = "a status of a radio: a live server may raise an alert";
const TEXT: &str = "a text: a live server takes it as said now, and may raise an alert";

fn reason(report: &Report) -> Option<&'static str> {
    core::iter::successors(Some(report), |report| report.inner.as_deref()).find_map(|layer| {
        let named = |name: &str| layer.pdu == name || layer.content == Some(name);
        if named("Emergency_Alarm") || is_emergency(layer.fields.as_slice()) {
            Some(EMERGENCY)
        } else if named("Call_Alert") {
            Some(ALERT)
        } else if named("Status") || named("SP_HEAD") {
            Some(STATUS)
        } else if layer.text.is_some() {
            Some(TEXT)
        } else {
            None
        }
    })
}

fn is_emergency(fields: &[Field]) -> bool {
    fields.iter().any(|field| match &field.value {
        FieldValue::Flag(set) => *set && field.name == "emergency",
        FieldValue::Nested(inner) => is_emergency(inner),
        _ => false,
    })
}

fn line(why: &str, places: &[usize]) -> String {
    let named: Vec<String> = places.iter().take(NAMED).map(usize::to_string).collect();
    let (word, verb) = match places.len() {
        1 => ("frame", "carries"),
        _ => ("frames", "carry"),
    };
    let more = match places.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{word} {}{more} {verb} {why}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{EncodeArgs, frames, tests_args};

    fn raw(bytes: Vec<u8>) -> Raw {
        Raw {
            bytes,
            ..Raw::default()
        }
    }

    #[test]
    fn emergencies_and_texts_are_named_before_they_are_played() {
        let alarm = raw(hex::decode("a710000000000923383bef82").unwrap());
        let ping = raw(b"RPTPING\0\x2f\x9b\x80".to_vec());
        let args = EncodeArgs {
            text: Some("fire".to_owned()),
            ..tests_args()
        };
        let mut all = vec![ping.clone(), alarm.clone(), alarm];
        all.extend(
            frames(&args)
                .unwrap()
                .into_iter()
                .map(|frame| raw(frame.to_vec())),
        );
        let said = warnings(&all);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            said.iter()
                .any(|line| line.starts_with("frames 2, 3 carry an emergency")),
            "{said:?}"
        );
        assert!(
            said.iter().any(|line| line.contains("carries a text")),
            "{said:?}"
        );
        assert_eq!(warnings(&[ping]), Vec::<String>::new());
    }
}
