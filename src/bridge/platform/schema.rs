//! The JSON Schema of the events, made from the types themselves: `docs/events.schema.json`.

mod samples;

use narrowcast_protocol::air::Phone;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::bridge::platform::event::{CloudEvent, Gap, kind};
use crate::model::alert::Precedence;
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryIndex};

/// The schema of every event.
pub(super) fn schema() -> Value {
    let mut types = SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(RecursiveTransform(widths))
        .into_generator();
    for named in [
        SchemaGenerator::subschema_for::<Fact>,
        SchemaGenerator::subschema_for::<CloudEvent>,
        SchemaGenerator::subschema_for::<Gap>,
    ] {
        named(&mut types);
    }
    let mut defs = types.take_definitions(true);
    let facts = defs.remove("Fact").unwrap();
    let mut envelope = defs.remove("CloudEvent").unwrap();
    let gap = defs.remove("Gap").unwrap();
    as_they_leave(&mut defs);

    let mut each = Vec::new();
    for variant in facts["oneOf"].as_array().unwrap() {
        let (name, data) = variant["properties"]
            .as_object()
            .and_then(|of| of.iter().next())
            .unwrap();
        let about = variant["description"].as_str().unwrap();
        each.push(of_type(name, about, ":[0-9]+$"));
        defs.insert(name.clone(), data.clone());
    }
    let about = gap["description"].as_str().unwrap();
    each.push(of_type("events_gap", about, ":[0-9]+-gap$"));
    defs.insert("events_gap".to_owned(), gap.clone());
    each.push(of_type(
        "service_alive",
        "A sign of life, after a time without events. It is in no ledger, and not repeated.",
        ":alive-[0-9]+$",
    ));
    defs.insert("service_alive".to_owned(), json!({"type": "object"}));

    let kinds: Vec<Value> = each
        .iter()
        .map(|event| event["properties"]["type"]["const"].clone())
        .collect();
    for (field, rules) in [
        ("specversion", json!({"const": "1.0"})),
        ("id", json!({"minLength": 3})),
        (
            "source",
            json!({"format": "uri-reference", "pattern": "^/narrowcast/[A-Za-z0-9._~%-]+$"}),
        ),
        ("type", json!({"enum": kinds})),
        ("subject", of::<AlertId>(&defs)),
        ("datacontenttype", json!({"const": "application/json"})),
        ("ncmode", json!({"enum": ["exercise", "live"]})),
        (
            "ncprio",
            json!({"enum": Precedence::ALL.map(Precedence::name)}),
        ),
        ("data", json!({"type": "object"})),
    ] {
        let property = envelope["properties"][field].as_object_mut().unwrap();
        // Where it has nothing to say, an event leaves it out; it is never null.
        if property.get("type").is_some_and(Value::is_array) {
            property.insert("type".to_owned(), "string".into());
        }
        for (rule, value) in rules.as_object().unwrap() {
            property.insert(rule.clone(), value.clone());
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Events of Narrowcast",
        "description": "CloudEvents 1.0 in structured JSON, as webhooks and MQTT sinks get them. \
            `$defs` has the content of each fact under its name, as the event stream has it. \
            See events.md beside this file.",
        "type": "object",
        "properties": envelope["properties"],
        "required": envelope["required"],
        "oneOf": each,
        "$defs": defs,
    })
}

/// What the events of one type have to themselves.
fn of_type(name: &str, about: &str, id: &str) -> Value {
    let mut event = json!({
        "title": name,
        "description": about,
        "properties": {
            "type": {"const": kind(name)},
            "id": {"pattern": id},
            "data": {"$ref": format!("#/$defs/{name}")},
        },
    });
    let mut samples = samples::samples();
    samples.retain(|fact| fact.name() == name);
    if !samples.is_empty() && samples.iter().all(|fact| fact.alert().is_some()) {
        event["required"] = json!(["subject"]);
    }
    event
}

/// The rules of a type's own schema, without its words.
fn of<T: JsonSchema>(defs: &Map<String, Value>) -> Value {
    let mut rules = defs[T::schema_name().as_ref()].clone();
    rules.as_object_mut().unwrap().remove("description");
    rules
}

/// What `model::content` and the masking change on the way out.
fn as_they_leave(defs: &mut Map<String, Value>) {
    let index = DeliveryIndex::schema_name();
    let recipient = &mut defs["Recipient"];
    recipient["properties"]["delivery"] = json!({
        "description": "Which delivery of the alert goes to it.",
        "$ref": format!("#/$defs/{index}"),
    });
    recipient["required"]
        .as_array_mut()
        .unwrap()
        .push("delivery".into());
    let phone = &mut defs[Phone::schema_name().as_ref()];
    phone["pattern"] = r"^\+?[0-9*]{3,20}$".into();
    phone["description"] = "A telephone number: 11 digits if it is a Chinese mobile one, with a \
        plus if it is another international one. `*` hides its middle from who may not have \
        personal data: `138****8000`."
        .into();
}

/// The range of integers that schemars knows by their format only; descriptions in one line.
fn widths(schema: &mut Schema) {
    let is_u32 = schema.get("format").is_some_and(|of| of == "uint32");
    if is_u32 && schema.get("maximum").is_none() {
        schema.insert("maximum".to_owned(), u32::MAX.into());
    }
    if let Some(Value::String(words)) = schema.get_mut("description") {
        *words = words.replace('\n', " ");
    }
}

#[cfg(test)]
mod tests;
