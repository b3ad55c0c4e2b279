//! Alerts: submit and list.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::auth::Bearer;
use crate::api::body::{AlertList, BecauseBody, DoneBody, ReceiptBody, ResentBody, SubmitBody};
use crate::api::extract::{Asked, Body, Named};
use crate::api::problem::Problem;
use crate::api::router::Api;
use crate::engine::io::{Request, Response};
use crate::model::ids::AlertId;
use crate::model::text;

const KEY: &str = "idempotency-key";

/// Accept an alert. `201` leaves only when the alert is on disk.
#[utoipa::path(post, path = "/api/v1/alerts", tag = "alerts", security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters; the same key and body get the first answer again for 7 days")),
    request_body = SubmitBody,
    responses((status = 201, body = ReceiptBody), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn submit(
    State(api): State<Api>,
    bearer: Bearer,
    headers: HeaderMap,
    Body(body): Body<SubmitBody>,
) -> Result<impl IntoResponse, Problem> {
    let submit = body.into_submit(AlertId(api.backend.new_id()), key(&headers)?)?;
    let Response::Accepted(receipt) = api.ask(&bearer, Request::Submit(submit)).await? else {
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
    let limit = query.limit.unwrap_or(20).clamp(1, 100);
    let Response::Alerts(views) = api.ask(&bearer, Request::Alerts { before, limit }).await? else {
        return Err(Problem::unexpected());
    };
    let next = (views.len() == limit)
        .then(|| views.last().map(|view| view.id.to_string()))
        .flatten();
    Ok(Json(AlertList {
        alerts: views.into_iter().map(Into::into).collect(),
        next,
    }))
}

/// Withdraw an alert.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/cancel", tag = "alerts", security(("token" = [])),
    params(("id" = String, Path)), request_body = BecauseBody,
    responses((status = 200, body = DoneBody), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn cancel(
    State(api): State<Api>,
    bearer: Bearer,
    Named(alert): Named<AlertId>,
    Body(body): Body<BecauseBody>,
) -> Result<Json<DoneBody>, Problem> {
    let because = reason(body)?;
    match api.ask(&bearer, Request::Cancel { alert, because }).await? {
        Response::Done(seq) => Ok(Json(DoneBody { seq: seq.0 })),
        _ => Err(Problem::unexpected()),
    }
}

/// Send an alert again to those who have not answered.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/resend", tag = "alerts", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ResentBody), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn resend(
    State(api): State<Api>,
    bearer: Bearer,
    Named(alert): Named<AlertId>,
) -> Result<Json<ResentBody>, Problem> {
    match api.ask(&bearer, Request::Resend { alert }).await? {
        Response::Resent(deliveries) => Ok(Json(ResentBody { deliveries })),
        _ => Err(Problem::unexpected()),
    }
}

/// The reason, if it is one.
pub(super) fn reason(body: BecauseBody) -> Result<String, Problem> {
    text::check(&body.because).map_err(|error| Problem::invalid("because", error.to_string()))?;
    if !(1..=500).contains(&body.because.trim().chars().count()) {
        return Err(Problem::invalid(
            "because",
            "give a reason of 1 to 500 characters",
        ));
    }
    Ok(body.because)
}
