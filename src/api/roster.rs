//! The roster, as JSON and as CSV.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use utoipa::IntoParams;

use crate::api::auth::{Bearer, May, Supervises};
use crate::api::body::{DoneBody, RosterLine, RosterList};
use crate::api::document::Octets;
use crate::api::extract::{self, Asked, Object};
use crate::api::problem::Problem;
use crate::api::roster_csv;
use crate::api::shared::Api;
use crate::engine::io::{Request, Response};
use crate::model::roster::RosterEntry;

/// Most bytes of an imported roster.
pub(super) const LIMIT: usize = 16 << 20;
const PAGE: usize = 1_000;
/// How long a roster waits for those before it.
const TURN: Duration = Duration::from_secs(20);

/// Which page of the roster.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RosterQuery {
    /// Skip so many.
    #[serde(default)]
    offset: usize,
    /// At most so many, 1 to 1000; 100 if none.
    limit: Option<usize>,
}

/// The roster, radios first. With `Accept: text/csv` all of it as CSV.
#[utoipa::path(get, path = "/api/v1/roster", tag = "roster", security(("token" = [])), params(RosterQuery),
    responses((status = 200, content((RosterList = "application/json"), (inline(Octets) = "text/csv"))), (status = 401, body = Problem)))]
pub(super) async fn list(
    State(api): State<Api>,
    bearer: Bearer,
    headers: HeaderMap,
    Asked(query): Asked<RosterQuery>,
) -> Result<axum::response::Response, Problem> {
    let accept = headers.get(header::ACCEPT);
    if accept.is_some_and(|accept| accept.as_bytes().starts_with(b"text/csv")) {
        let mut lines = Vec::new();
        loop {
            let (page, total) = page(&api, &bearer, lines.len(), PAGE).await?;
            let last = page.is_empty() || lines.len() + page.len() >= total;
            lines.extend(page);
            if last {
                break;
            }
        }
        let csv = roster_csv::write(&lines);
        return Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], csv).into_response());
    }
    let limit = query.limit.unwrap_or(100).clamp(1, PAGE);
    let (entries, total) = page(&api, &bearer, query.offset, limit).await?;
    Ok(Json(RosterList { entries, total }).into_response())
}

async fn page(
    api: &Api,
    bearer: &Bearer,
    offset: usize,
    limit: usize,
) -> Result<(Vec<RosterLine>, usize), Problem> {
    match api.ask(bearer, Request::Roster { offset, limit }).await? {
        Response::Roster(entries, total) => {
            Ok((entries.into_iter().map(Into::into).collect(), total))
        }
        _ => Err(Problem::unexpected()),
    }
}

/// How to import.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// Whether what stood before is forgotten.
    #[serde(default)]
    replace: bool,
}

/// Import roster lines: CSV (`text/csv`, UTF-8, with a header) or a JSON list.
#[utoipa::path(post, path = "/api/v1/roster", tag = "roster", security(("token" = [])), params(ImportQuery),
    request_body(content = Vec<RosterLine>, description = "Lines; or the same as CSV, UTF-8 with a header, sent as `text/csv`"),
    responses((status = 200, body = DoneBody), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn import(
    State(api): State<Api>,
    May(bearer, _): May<Supervises>,
    Asked(query): Asked<ImportQuery>,
    request: axum::extract::Request,
) -> Result<Json<DoneBody>, Problem> {
    let read = match extract::media_type(request.headers()).as_str() {
        "text/csv" => from_csv,
        "application/json" => from_json,
        _ => return Err(extract::unsupported("text/csv")),
    };
    let held = api.bodies.read(request, LIMIT).await?;
    // What a roster becomes takes several times its bytes: one at a time, until it is on record.
    let busy = || Problem::unavailable("another roster is being imported", 5);
    let turn = timeout(TURN, api.imports.acquire()).await;
    let _turn = turn.ok().and_then(Result::ok).ok_or_else(busy)?;
    let entries = spawn_blocking(move || read(&held.bytes)).await;
    let import = Request::ImportRoster {
        entries: entries.map_err(|_| Problem::unexpected())??,
        replace: query.replace,
    };
    api.done(&bearer, import).await
}

fn from_csv(bytes: &[u8]) -> Result<Vec<RosterEntry>, Problem> {
    roster_csv::read(bytes).map_err(|error| {
        let field = format!(
            "line {}, column {} ({})",
            error.line, error.column, error.name
        );
        Problem::invalid(&field, error.why)
    })
}

fn from_json(bytes: &[u8]) -> Result<Vec<RosterEntry>, Problem> {
    let lines: Vec<Object<RosterLine>> = extract::parse(bytes)?;
    let entries = lines.into_iter().enumerate().map(|(index, Object(line))| {
        RosterEntry::try_from(line)
            .map_err(|error| Problem::invalid(&format!("[{index}].{}", error.field), error.why))
    });
    entries.collect()
}
