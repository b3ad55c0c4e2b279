//! Bodies, queries, paths and headers, refused as problem documents that name the field.

use std::marker::PhantomData;

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};

use crate::api::problem::Problem;
use crate::api::shared::{Api, BODY_LIMIT};

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Api> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        if media_type(request.headers()) != "application/json" {
            return Err(unsupported("application/json"));
        }
        let held = api.bodies.read(request, BODY_LIMIT).await?;
        parse::<Object<T>>(&held.bytes).map(|Object(value)| Self(value))
    }
}

/// A JSON object. A list of the same values in the order of the fields is none.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object with named fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// JSON with the path of what is wrong.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refused(&path, error.inner())
    })?;
    json.end().map_err(|error| refused(".", &error))?;
    Ok(value)
}

/// What is wrong with a JSON body, at this path (`.` is the whole, `?` unknown).
fn refused(path: &str, error: &serde_json::Error) -> Problem {
    let said = plain(&error.to_string());
    let mut problem = if error.is_data() {
        Problem::invalid(path, said)
    } else {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "The body is no JSON document",
            format!("{said}: texts stand in double quotes, numbers are digits"),
        )
    };
    let place = (!matches!(path, "." | "?")).then_some(path);
    problem.field = match (place, named(&error.to_string())) {
        (Some(place), Some(name)) => Some(format!("{place}.{name}")),
        (place, name) => name.or_else(|| place.map(str::to_owned)),
    };
    problem
}

/// The field that is missing or stands there twice, in serde's words.
fn named(said: &str) -> Option<String> {
    let rest = ["missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| said.strip_prefix(start))?;
    rest.split('`').next().map(str::to_owned)
}

/// The names of programmers' types in plain words.
fn plain(said: &str) -> String {
    const WORDS: [(&str, &str); 8] = [
        ("expected u8", "expected a whole number from 0 to 255"),
        ("expected u16", "expected a whole number from 0 to 65535"),
        (
            "expected u32",
            "expected a whole number from 0 to 4294967295",
        ),
        ("expected u64", "expected a whole number, not negative"),
        ("expected usize", "expected a whole number, not negative"),
        ("expected f64", "expected a number"),
        ("expected a sequence", "expected a list"),
        ("expected a boolean", "expected true or false"),
    ];
    let mut plain = said.to_owned();
    for (type_name, words) in WORDS {
        plain = plain.replace(type_name, words);
    }
    plain
}

/// The body's media type without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default()
}

/// The body is of another media type than `wanted`.
pub(crate) fn unsupported(wanted: &str) -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "media-type",
        "The body's media type is not understood",
        format!("send the body with `Content-Type: {wanted}`"),
    )
}

/// The query.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Query::from_request_parts(parts, state)
            .await
            .map(|Query(value)| Self(value))
            .map_err(|rejection| wrong_query(&rejection.body_text()))
    }
}

/// The parameter that is wrong, out of "Failed to deserialize query string: name: why".
fn wrong_query(said: &str) -> Problem {
    let said = said
        .strip_prefix("Failed to deserialize query string: ")
        .unwrap_or(said);
    match said
        .split_once(": ")
        .filter(|(name, _)| !name.contains(' '))
    {
        Some((name, why)) if why.contains("digit") || why.contains("number") => {
            Problem::invalid(name, "write a whole number, not negative")
        }
        Some((name, why)) if why.contains("`true` or `false`") => {
            Problem::invalid(name, "write true or false")
        }
        Some((name, why)) => Problem::invalid(name, why),
        None => Problem::invalid("query", said),
    }
}

/// The one id in the path.
pub(crate) struct Named<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for Named<T>
where
    S: Send + Sync,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::invalid("id", rejection.body_text()))?;
        text.parse()
            .map(Self)
            .map_err(|error: T::Err| Problem::invalid("id", error.to_string()))
    }
}
