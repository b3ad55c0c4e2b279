use std::collections::BTreeSet;
use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::samples::{self, samples};
use super::*;
use crate::bridge::platform::event::{INSIDE, Mark};
use crate::model::facts::Record;
use crate::model::ids::Seq;
use crate::model::sight::Seen;
use crate::model::wall::Wall;
use crate::simulate::shift::Shift;

/// Writes what is compared instead of comparing it.
const WRITE: &str = "NARROWCAST_WRITE_SCHEMA";

fn docs(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name)
}

fn committed() -> Value {
    let text = std::fs::read_to_string(docs("events.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The schema, with every object closed: what it does not name must not be there.
fn closed(mut schema: Value) -> Value {
    fn close(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                let is_object = fields.get("type").is_some_and(|kind| kind == "object");
                if is_object && !fields.contains_key("additionalProperties") {
                    fields.insert("additionalProperties".to_owned(), false.into());
                }
                fields.values_mut().for_each(close);
            }
            Value::Array(items) => items.iter_mut().for_each(close),
            _ => {}
        }
    }
    close(&mut schema["$defs"]);
    schema["additionalProperties"] = false.into();
    schema
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap()
}

/// What is wrong with an event by this schema; empty if nothing is.
fn faults(schema: &Validator, event: &Value) -> Vec<String> {
    schema
        .iter_errors(event)
        .map(|error| error.to_string())
        .collect()
}

fn record(seq: u64, at: Wall, fact: Fact) -> Record {
    Record {
        seq: Seq(seq),
        jurisdiction: "郑州 1".into(),
        epoch: 1,
        at,
        fact,
        hash: [0; 32],
    }
}

fn event(record: &Record, personal: bool) -> Option<Value> {
    let event = CloudEvent::of(record, &Seen::whole(&record.fact), personal)?;
    Some(serde_json::to_value(event).unwrap())
}

/// An event of each sample.
fn events() -> Vec<Value> {
    let at = Wall::from_millis(1_795_478_400_000);
    let records = (1..)
        .zip(samples())
        .map(|(seq, fact)| record(seq, at, fact));
    let mut events: Vec<Value> = records
        .map(|record| event(&record, true).unwrap())
        .collect();
    for precedence in Precedence::ALL {
        for exercise in [true, false] {
            let marked = CloudEvent::heartbeat("city", Seq(7), at).marked(Mark {
                exercise,
                precedence: Some(precedence),
            });
            events.push(serde_json::to_value(marked).unwrap());
        }
    }
    let gap = CloudEvent::gap("city", Seq(3), Seq(9), at);
    events.push(serde_json::to_value(gap).unwrap());
    events
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let current = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    let path = docs("events.schema.json");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == current,
        "docs/events.schema.json is old: run {WRITE}=1 cargo test -p narrowcast --lib schema"
    );
}

/// The part of the page between its comments `begin` and `end` of this name.
fn part<'a>(page: &'a str, name: &str) -> (&'a str, &'a str, &'a str) {
    let (begin, end) = (
        format!("<!-- {name}: begin -->\n"),
        format!("<!-- {name}: end -->"),
    );
    let from = page.find(&begin).unwrap() + begin.len();
    let length = page[from..].find(&end).unwrap();
    (
        &page[..from],
        &page[from..from + length],
        &page[from + length..],
    )
}

/// All types: their names and what they say.
fn table() -> String {
    let mut table = String::from("| type | fact | what happened |\n|---|---|---|\n");
    for event in schema()["oneOf"].as_array().unwrap() {
        let name = event["title"].as_str().unwrap();
        let kind = event["properties"]["type"]["const"].as_str().unwrap();
        let fact = if Fact::NAMES.contains(&name) {
            format!("`{name}`")
        } else {
            "none".into()
        };
        let about = event["description"].as_str().unwrap();
        table.push_str(&format!("| `{kind}` | {fact} | {about} |\n"));
    }
    table
}

/// The first event of each noun, as a sink without personal data gets it.
fn examples() -> String {
    let mut shown = BTreeSet::new();
    let mut text = String::new();
    for (seq, fact) in (1_041..).zip(samples()) {
        let jurisdiction = "city".to_owned();
        let record = Record {
            jurisdiction,
            ..record(seq, samples::AT, fact)
        };
        let event = CloudEvent::of(&record, &Seen::whole(&record.fact), false).unwrap();
        let event = match &record.fact {
            fact if fact.alert().is_some() => event.marked(Mark {
                exercise: false,
                precedence: Some(Precedence::Flash),
            }),
            Fact::EmergencyRaised(_) | Fact::AlarmRaised(_) => event.marked(Mark {
                exercise: false,
                precedence: None,
            }),
            _ => event,
        };
        let event = serde_json::to_value(event).unwrap();
        let kind = event["type"].as_str().unwrap();
        if shown.insert(kind.split('.').nth(2).unwrap().to_owned()) {
            text.push_str(&format!("\n```json\n{event:#}\n```\n"));
        }
    }
    text + "\n"
}

#[test]
fn the_types_and_examples_of_the_page_are_what_leaves() {
    let path = docs("events.md");
    let mut page = std::fs::read_to_string(&path).unwrap();
    for (name, current) in [("types", table()), ("examples", examples())] {
        if std::env::var_os(WRITE).is_some() {
            let (before, _, after) = part(&page, name);
            page = format!("{before}{current}{after}");
            std::fs::write(&path, &page).unwrap();
        }
        assert!(
            part(&page, name).1 == current,
            "the {name} of docs/events.md are old: run {WRITE}=1 cargo test -p narrowcast --lib schema"
        );
    }
}

#[test]
fn the_schema_is_a_schema_and_describes_every_field() {
    fn undescribed(path: &str, value: &Value, found: &mut Vec<String>) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            for (name, property) in properties {
                if property.get("description").is_none() {
                    found.push(format!("{path}.{name}"));
                }
            }
        }
        match value {
            Value::Object(fields) => fields
                .iter()
                .for_each(|(name, value)| undescribed(&format!("{path}.{name}"), value, found)),
            Value::Array(items) => items
                .iter()
                .for_each(|value| undescribed(path, value, found)),
            _ => {}
        }
    }
    let schema = committed();
    jsonschema::meta::validate(&schema).unwrap();
    let mut found = Vec::new();
    undescribed("$defs", &schema["$defs"], &mut found);
    // The one field of a variant is described with the variant.
    found.retain(|path| !path.contains(".oneOf."));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_fact_that_concerns_the_outside_has_an_event_that_the_schema_takes() {
    let schema = committed();
    let (open, strict) = (validator(&schema), validator(&closed(schema.clone())));
    for event in events() {
        assert_eq!(faults(&open, &event), Vec::<String>::new(), "{event:#}");
        assert_eq!(
            faults(&strict, &event),
            Vec::<String>::new(),
            "the schema names not every field of {event:#}"
        );
    }
    let met: BTreeSet<&str> = samples().iter().map(Fact::name).collect();
    let titles = schema["oneOf"].as_array().unwrap().iter();
    let named: BTreeSet<&str> = titles
        .map(|event| event["title"].as_str().unwrap())
        .filter(|name| !["events_gap", "service_alive"].contains(name))
        .collect();
    let names = Fact::NAMES.into_iter();
    let outside: BTreeSet<&str> = names.filter(|name| !INSIDE.contains(name)).collect();
    assert_eq!(
        outside, named,
        "the schema has the facts that concern the outside"
    );
    assert_eq!(outside, met, "there is a sample of each of them");
}

#[test]
fn what_is_no_event_of_ours_is_refused() {
    let schema = validator(&committed());
    for event in events() {
        let refused = |changed: &Value, how: &str| {
            assert!(!schema.is_valid(changed), "{how}: {changed:#}");
        };
        for (name, value) in event.as_object().unwrap() {
            let mut changed = event.clone();
            // A message of a warning has an alert or has none.
            let may_lack = event["type"] == "cn.narrowcast.warning.taken.v1" && name == "subject";
            if !may_lack && !["ncmode", "ncprio"].contains(&name.as_str()) {
                changed.as_object_mut().unwrap().remove(name);
                refused(&changed, &format!("without {name}"));
            }
            changed[name] = if value.is_string() {
                json!(1)
            } else {
                json!("x")
            };
            refused(&changed, &format!("another type of {name}"));
        }
        for (name, value) in event["data"].as_object().unwrap() {
            let mut changed = event.clone();
            changed["data"].as_object_mut().unwrap().remove(name);
            refused(&changed, &format!("without data.{name}"));
            changed["data"][name] = match value {
                Value::Object(_) | Value::Array(_) | Value::Bool(_) => json!("x"),
                _ => json!({}),
            };
            refused(&changed, &format!("another type of data.{name}"));
        }
        let mut changed = event.clone();
        changed["type"] = "cn.narrowcast.alert.forgotten.v1".into();
        refused(&changed, "an unknown type");
    }
}

#[test]
fn a_consumer_that_knows_less_may_go_on_when_a_field_is_added() {
    let schema = validator(&committed());
    for mut event in events() {
        event["nctrace"] = "x".into();
        event["data"]["added"] = 1.into();
        assert_eq!(faults(&schema, &event), Vec::<String>::new());
    }
}

#[test]
fn every_event_of_a_chaotic_shift_is_one_of_the_schema_masked_or_not() {
    let strict = validator(&closed(committed()));
    let shift = Shift {
        radios: Some(30),
        ..Shift::new(3)
    };
    let mut run = shift.run().unwrap();
    run.keep_facts();
    run.until(narrowcast_protocol::time::Instant::ZERO + shift.length)
        .unwrap();
    let mut met = BTreeSet::new();
    for (_, seq, entry) in run.facts() {
        let record = record(seq.0, entry.at, entry.fact.clone());
        for personal in [true, false] {
            let Some(event) = event(&record, personal) else {
                continue;
            };
            met.insert(record.fact.name());
            assert_eq!(faults(&strict, &event), Vec::<String>::new(), "{event:#}");
        }
    }
    for name in [
        "alert_accepted",
        "recipients",
        "attempt_started",
        "evidenced",
        "attempt_ended",
        "alert_ended",
        "emergency_raised",
        "emergency_closed",
        "message_taken",
        "receipt_heard",
        "station_changed",
    ] {
        assert!(met.contains(name), "{name} did not happen: {met:?}");
    }
}
