//! Whether an answer is one that the OpenAPI document promises. For tests.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::router::openapi;

/// An answer as it came.
pub(crate) struct Answer<'a> {
    pub(crate) method: &'a str,
    /// The path as the document writes it, as in `/api/v1/alerts/{id}`.
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    pub(crate) media_type: &'a str,
    /// None for a stream that was not read.
    pub(crate) body: Option<&'a Value>,
}

/// The document as a reader gets it.
pub(crate) fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

/// Every operation of the document: method in capitals, and path.
pub(crate) fn operations(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let methods = item.as_object().unwrap().keys();
        let known = methods.filter(|key| ["get", "post", "delete"].contains(&key.as_str()));
        let operations = known.map(|method| (method.to_uppercase(), path.clone()));
        operations.collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

/// What is wrong with an answer, if anything is.
pub(crate) fn fault(document: &Value, answer: &Answer<'_>) -> Option<String> {
    let Answer {
        method,
        path,
        status,
        media_type,
        body,
    } = answer;
    let place = format!("{method} {path} {status}");
    let operation = &document["paths"][*path][method.to_lowercase()];
    let response = &operation["responses"][status.to_string()];
    if !response.is_object() {
        return Some(format!("{place} is not listed"));
    }
    let bare = media_type.split(';').next().unwrap_or_default();
    let content = &response["content"][bare];
    if !content.is_object() {
        return Some(format!("{place} does not come as `{media_type}`"));
    }
    body.and_then(|body| mismatch(document, &content["schema"], body, "body"))
        .map(|why| format!("{place}: {why}"))
}

fn mismatch(document: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(named) = schema["$ref"].as_str() {
        let pointer = named.trim_start_matches('#');
        let target = document.pointer(pointer);
        return match target {
            Some(target) => mismatch(document, target, value, at),
            None => Some(format!("{at}: {named} is not there")),
        };
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice: &&Value| mismatch(document, choice, value, at).is_none();
        let fitting = choices.iter().filter(fits).count();
        return (fitting != 1).then(|| format!("{at}: {value} fits {fitting} of {schema}"));
    }
    let names = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        // Anything.
        _ => return None,
    };
    if !names.iter().any(|name| is_a(name, value)) {
        return Some(format!("{at}: {value} is no {names:?}"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        return Some(format!("{at}: {value} is none of {allowed:?}"));
    }
    if schema["format"] == "date-time"
        && let Some(text) = value.as_str()
        && text.parse::<jiff::Timestamp>().is_err()
    {
        return Some(format!("{at}: `{text}` is no date-time"));
    }
    match value {
        Value::Array(items) => (0..).zip(items).find_map(|(index, item): (usize, _)| {
            mismatch(document, &schema["items"], item, &format!("{at}[{index}]"))
        }),
        Value::Object(fields) => {
            let required = schema["required"].as_array().into_iter().flatten();
            let missing = required
                .filter_map(Value::as_str)
                .find(|name| !fields.contains_key(*name));
            if let Some(name) = missing {
                return Some(format!("{at} lacks `{name}`"));
            }
            fields.iter().find_map(|(name, field)| {
                let at = format!("{at}.{name}");
                match (&schema["properties"][name], &schema["additionalProperties"]) {
                    (known @ Value::Object(_), _) => mismatch(document, known, field, &at),
                    (_, others @ Value::Object(_)) => mismatch(document, others, field, &at),
                    // An object of which nothing is said may hold anything.
                    (_, _) if schema["properties"].is_null() => None,
                    _ => Some(format!("{at} is not in the document")),
                }
            })
        }
        _ => None,
    }
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

#[test]
fn the_document_is_consistent() {
    let document = document();
    let mut ids = BTreeSet::new();
    let mut references = Vec::new();
    for (method, path) in operations(&document) {
        let operation = &document["paths"][&path][method.to_lowercase()];
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "{id} stands there twice");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let said = response["description"].as_str().unwrap_or_default();
            assert!(
                !said.is_empty(),
                "{method} {path} {status} is not explained"
            );
        }
        let named = operation["parameters"].as_array().into_iter().flatten();
        let in_path = named.filter(|parameter| parameter["in"] == "path").count();
        assert_eq!(in_path, path.matches('{').count(), "{path}");
    }
    collect(&document, &mut references);
    for named in references {
        assert!(
            document.pointer(named.trim_start_matches('#')).is_some(),
            "{named}"
        );
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(
                fields
                    .get("$ref")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            fields.values().for_each(|field| collect(field, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

#[test]
fn an_answer_that_the_document_does_not_promise_is_noticed() {
    let document = document();
    let problem = serde_json::json!({"type": "t", "title": "t", "status": 401, "detail": "d"});
    let fault_of = |status, media_type: &str, body: &Value| {
        let answer = Answer {
            method: "GET",
            path: "/api/v1/whoami",
            status,
            media_type,
            body: Some(body),
        };
        fault(&document, &answer)
    };
    let kind = "application/problem+json";
    assert_eq!(fault_of(401, kind, &problem), None);
    let with = |name: &str, value: Value| {
        let mut changed = problem.clone();
        changed[name] = value;
        changed
    };
    for (status, media_type, body) in [
        (418, kind, problem.clone()),
        (401, "application/json", problem.clone()),
        (401, kind, serde_json::json!({"type": "t"})),
        (401, kind, with("title", 1.into())),
        (401, kind, with("new", 1.into())),
        (
            200,
            "application/json",
            serde_json::json!({"token": "t", "name": "n", "role": "king", "node": ""}),
        ),
    ] {
        assert!(fault_of(status, media_type, &body).is_some(), "{body}");
    }
}
