//! Alerts: submit, try dry, list.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::auth::{Bearer, May, Sends, principal};
use crate::api::body::{AlertList, PlanBody, ReceiptBody, SubmitBody};
use crate::api::extract::{Asked, Body};
use crate::api::history;
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::api::sight::Sight;
use crate::engine::io::{Request, Response};
use crate::model::ids::AlertId;
use crate::model::token::Right;

const KEY: &str = "idempotency-key";

/// Accept an alert. `201` leaves only when the alert is on disk.
#[utoipa::path(post, path = "/api/v1/alerts", tag = "alerts", security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters; the same key and body get the first answer again for 7 days")),
    request_body = SubmitBody,
    responses((status = 201, body = ReceiptBody), (status = 403, body = Problem), (status = 507, body = Problem)))]
pub(super) async fn submit(
    State(api): State<Api>,
    May(bearer, _): May<Sends>,
    headers: HeaderMap,
    Body(body): Body<SubmitBody>,
) -> Result<impl IntoResponse, Problem> {
    let submit = body.into_submit(AlertId(api.backend.new_id()), key(&headers)?)?;
    let asked = api.ask(&bearer, Request::Submit(submit)).await;
    let Response::Accepted(receipt) = asked.map_err(|problem| problem.outside_by("targets"))?
    else {
        return Err(Problem::unexpected());
    };
    let location = format!("/api/v1/alerts/{}", receipt.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(ReceiptBody::from(receipt)),
    ))
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(KEY) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .filter(|key| (1..=255).contains(&key.len()))
        .map(|key| Some(key.to_owned()))
        .ok_or_else(|| {
            Problem::invalid(
                "Idempotency-Key",
                "the key must be 1 to 255 visible ASCII characters",
            )
        })
}

/// Which page of alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// `all` (if none) or `live`: those that are still in memory.
    state: Option<String>,
    /// Only alerts before this one.
    before: Option<String>,
    /// At most so many, 1 to 100; 20 if none.
    limit: Option<usize>,
}

/// Alerts, newest first.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", security(("token" = [])),
    params(ListQuery), responses((status = 200, body = AlertList), (status = 401, body = Problem)))]
pub(super) async fn list(
    State(api): State<Api>,
    bearer: Bearer,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<AlertList>, Problem> {
    let before = query
        .before
        .map(|text| text.parse::<AlertId>())
        .transpose()
        .map_err(|error| Problem::invalid("before", error.to_string()))?;
    let live_only = match query.state.as_deref() {
        None | Some("all") => false,
        Some("live") => true,
        Some(_) => return Err(Problem::invalid("state", "write all or live")),
    };
    let limit = query.limit.unwrap_or(20).clamp(1, 100);
    let Response::Alerts(live) = api.ask(&bearer, Request::Alerts { before, limit }).await? else {
        return Err(Problem::unexpected());
    };
    let (views, next) = if live_only {
        let next = live.last().map(|view| view.id);
        let next = next.filter(|_| live.len() == limit);
        (live, next)
    } else {
        let mut sight = Sight::of(principal(&api, &bearer, Right::Look).await?);
        history::alerts(&api, &mut sight, live, before, limit).await?
    };
    Ok(Json(AlertList {
        alerts: views.into_iter().map(Into::into).collect(),
        next: next.map(|id| id.to_string()),
    }))
}

/// Say who would get an alert, over which stations and with how much airtime.
#[utoipa::path(post, path = "/api/v1/alerts/dry-run", tag = "alerts", security(("token" = [])),
    request_body = SubmitBody,
    responses((status = 200, body = PlanBody), (status = 403, body = Problem)))]
pub(super) async fn dry_run(
    State(api): State<Api>,
    bearer: Bearer,
    Body(body): Body<SubmitBody>,
) -> Result<Json<PlanBody>, Problem> {
    let submit = body.into_submit(AlertId(api.backend.new_id()), None)?;
    let asked = api.ask(&bearer, Request::DryRun(submit)).await;
    match asked.map_err(|problem| problem.outside_by("targets"))? {
        Response::Plan(plan) => Ok(Json((*plan).into())),
        _ => Err(Problem::unexpected()),
    }
}
