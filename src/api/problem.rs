//! Errors as RFC 9457 problem documents.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::backend::Unavailable;
use crate::engine::io::Refusal;
use crate::ledger::LedgerError;
use crate::model::ids::Seq;
use crate::model::text;

/// The kind of problem with what hangs elsewhere.
const OUTSIDE_NODE: &str = "outside-node";

/// Longest name of a field that is repeated, in characters.
const FIELD: usize = 120;

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem, as in `urn:narrowcast:invalid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time, and what would be right.
    pub detail: String,
    /// The field that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// In how many seconds to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

impl Problem {
    /// A problem of `kind` (the last part of its URN).
    #[must_use]
    pub fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:narrowcast:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            // It may repeat what the asker sent.
            detail: text::shown(&detail.into()),
            field: None,
            retry_after: None,
        }
    }

    /// A field is wrong.
    #[must_use]
    pub fn invalid(field: &str, why: impl Into<String>) -> Self {
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "A field is wrong",
            why,
        );
        problem.field = Some(text::shown(field).chars().take(FIELD).collect());
        problem
    }

    /// The reader asks for what follows a record that is not there: what it read before is gone
    /// from the ledger, as after a salvage or under a restored copy. To let it wait would hide
    /// every record from the end up to there.
    #[must_use]
    pub fn beyond_end(field: &str, named: Seq, end: Seq) -> Self {
        let mut problem = Self::new(
            StatusCode::CONFLICT,
            "beyond-end",
            "Beyond the end of the ledger",
            format!(
                "the ledger ends at record {end}, and `{field}` names {named}: records that were \
                 read before are gone; take up what is there again, or ask from {} on",
                end.next()
            ),
        );
        problem.field = Some(field.to_owned());
        problem
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Not found",
            format!("there is no such {what}"),
        )
    }

    /// The server cannot answer now.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>, retry_after: u64) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "The server cannot answer now",
            detail,
        );
        problem.retry_after = Some(retry_after.max(1));
        problem
    }

    /// No token, or a wrong one.
    #[must_use]
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "A valid token is needed",
            detail,
        )
    }

    /// The token lacks a right.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not permitted", detail)
    }

    /// Whether the same may go well later: the fault is the server's, or of the moment.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        self.retry_after.is_some() || self.status >= 500
    }

    /// The same, by the field that names what lies outside the token's node, if that is it.
    #[must_use]
    pub fn outside_by(mut self, field: &str) -> Self {
        if self.kind.ends_with(OUTSIDE_NODE) {
            self.field = Some(field.to_owned());
        }
        self
    }

    /// A record of the ledger is damaged; asking again does not help.
    #[must_use]
    pub fn damaged(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "ledger",
            "The ledger is damaged",
            format!(
                "{}; `narrowcast verify` says how far it is whole, and docs/ledger.md what to do",
                detail.into()
            ),
        )
    }

    /// The engine gave an answer to another question: a defect of ours.
    #[must_use]
    pub fn unexpected() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "defect",
            "A defect of the server",
            "the engine's answer does not fit the question; please report this",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"narrowcast\""),
            );
        }
        response
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        let retry_after = match error {
            // Asking again shows the same record.
            Unavailable::Ledger(LedgerError::Unreadable { .. } | LedgerError::Chain { .. }) => {
                return Self::damaged(error.to_string());
            }
            Unavailable::Full => 1,
            Unavailable::Away | Unavailable::Late | Unavailable::Ledger(_) => 5,
        };
        Self::unavailable(error.to_string(), retry_after)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Unauthenticated => Self::unauthenticated(detail),
            Refusal::Forbidden => Self::forbidden(detail),
            Refusal::OutsideNode { .. } => Self::new(
                StatusCode::FORBIDDEN,
                OUTSIDE_NODE,
                "Outside the token's node",
                detail,
            ),
            Refusal::NotFound(what) => Self::not_found(what),
            Refusal::Invalid { field, why } => Self::invalid(field, why),
            Refusal::KeyReused => Self {
                field: Some("Idempotency-Key".to_owned()),
                ..Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "key-reused",
                    "The idempotency key is taken",
                    detail,
                )
            },
            Refusal::Busy { retry_after } => Self::unavailable(detail, retry_after.as_secs()),
            Refusal::NoSpace { .. } => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "no-space",
                "The disk is almost full",
                detail,
            ),
            Refusal::Away => Self::unavailable(detail, 1),
            Refusal::Conflict(_) => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "Not in a state that allows this",
                detail,
            ),
        }
    }
}
