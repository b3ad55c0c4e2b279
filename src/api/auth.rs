//! Bearer tokens: their text form, their hash, and who asks. A token and its right are checked
//! from the request's head; a body is read only after that.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use sha2::{Digest, Sha256};

pub use crate::api::bearer::Bearer;
use crate::api::doors::Connection;
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::engine::io::{Credential, Request, Response};
use crate::model::token::{Principal, Right};

const PREFIX: &str = "nc_";
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A token's secret: `nc_` and the base 32 (RFC 4648, lower case, no padding) of 32 bytes.
#[must_use]
pub fn secret(random: [u8; 32]) -> String {
    let mut text = String::from(PREFIX);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in random {
        bits = (bits << 8) | u32::from(byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            push(&mut text, bits >> held);
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        push(&mut text, bits << (5 - held));
    }
    text
}

fn push(text: &mut String, quintet: u32) {
    let symbol = ALPHABET.get((quintet & 31) as usize).copied();
    text.push(char::from(symbol.unwrap_or(b'a')));
}

/// What the ledger keeps of a secret.
#[must_use]
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl FromRequestParts<Api> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let header = parts.headers.get(AUTHORIZATION).ok_or_else(|| {
            Problem::unauthenticated("send the header `Authorization: Bearer nc_...`")
        })?;
        let text = header.to_str().unwrap_or_default();
        let secret = text
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, secret)| secret.trim())
            .filter(|secret| secret.starts_with(PREFIX))
            .ok_or_else(|| {
                Problem::unauthenticated(
                    "the Authorization header is not of the form `Bearer nc_...`",
                )
            })?;
        let token = hash(secret);
        let who = api.known.holder(&api.backend, token).await?;
        if let Some(connection) = parts.extensions.get::<Connection>() {
            connection.showed(&who);
        }
        parts.extensions.insert(who);
        Ok(Self(Credential::Token(token)))
    }
}

/// A right that a request with a body needs.
pub(crate) trait Needed: Send {
    /// The right that the token must have.
    const RIGHT: Right;
}

/// See [`Right::TestStation`].
pub(crate) struct TestStation;
/// See [`Right::Send`].
pub(crate) struct Sends;
/// See [`Right::Supervise`].
pub(crate) struct Supervises;
/// See [`Right::Administer`].
pub(crate) struct Administers;

impl Needed for TestStation {
    const RIGHT: Right = Right::TestStation;
}

impl Needed for Sends {
    const RIGHT: Right = Right::Send;
}

impl Needed for Supervises {
    const RIGHT: Right = Right::Supervise;
}

impl Needed for Administers {
    const RIGHT: Right = Right::Administer;
}

/// A token whose role has the right, known before the body is read.
pub(crate) struct May<N>(pub(crate) Bearer, pub(crate) PhantomData<N>);

impl<N: Needed> FromRequestParts<Api> for May<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let bearer = Bearer::from_request_parts(parts, api).await?;
        let who = parts.extensions.get::<Principal>();
        if who.is_some_and(|who| who.role.may(N::RIGHT)) {
            return Ok(Self(bearer, PhantomData));
        }
        Err(not_permitted())
    }
}

fn not_permitted() -> Problem {
    Problem::forbidden("the token's role does not permit this")
}

/// Who asks, if the token has `right`; for what the engine itself does not answer.
pub(crate) async fn principal(
    api: &Api,
    bearer: &Bearer,
    right: Right,
) -> Result<Principal, Problem> {
    match api.ask(bearer, Request::WhoAmI).await? {
        Response::You(principal) if principal.role.may(right) => Ok(principal),
        Response::You(_) => Err(not_permitted()),
        _ => Err(Problem::unexpected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_base_32_of_its_bytes() {
        assert_eq!(
            secret([0; 32]),
            format!("nc_{}", "a".repeat(52)),
            "256 bits are 51 symbols and one of a single bit"
        );
        // RFC 4648 clause 10: "foobar" is MZXW6YTBOI.
        let mut bytes = [0; 32];
        bytes[..6].copy_from_slice(b"foobar");
        assert!(secret(bytes).starts_with("nc_mzxw6ytb"));
    }

    #[test]
    fn the_hash_is_over_the_whole_text() {
        assert_ne!(hash("nc_a"), hash("a"));
    }
}
