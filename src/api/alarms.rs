//! Sensor alarms: report, list, show, suppress.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::auth::{Bearer, May, Sends};
use crate::api::body::{AlarmReportBody, DoneBody, SensorAlarmBody, SensorAlarmList, SuppressBody};
use crate::api::extract::{Asked, Body, Named};
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::engine::io::{Request, Response};
use crate::engine::views::SensorAlarmView;
use crate::model::ids::SensorAlarmId;

async fn one(
    api: &Api,
    bearer: &Bearer,
    request: Request,
) -> Result<(SensorAlarmView, bool), Problem> {
    match api.ask(bearer, request).await? {
        Response::SensorAlarm { view, new } => Ok((*view, new)),
        _ => Err(Problem::unexpected()),
    }
}

/// Say that a sensor alarm stands, or does not any more. `201` says that it is a new one, `200`
/// that it was known: repeats count, and only a higher level makes a further alert.
#[utoipa::path(post, path = "/api/v1/alarms", tag = "alarms", security(("token" = [])),
    request_body = AlarmReportBody,
    responses((status = 200, body = SensorAlarmBody), (status = 201, body = SensorAlarmBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 507, body = Problem)))]
pub(super) async fn report(
    State(api): State<Api>,
    May(bearer, _): May<Sends>,
    Body(body): Body<AlarmReportBody>,
) -> Result<impl IntoResponse, Problem> {
    let asked = one(&api, &bearer, Request::ReportAlarm(body.into())).await;
    let (view, new) = asked.map_err(|problem| problem.outside_by("site"))?;
    let status = if new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let location = format!("/api/v1/alarms/{}", view.id);
    let body = Json(SensorAlarmBody::from(view));
    Ok((status, [(header::LOCATION, location)], body))
}

/// Which page of sensor alarms.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AlarmsQuery {
    /// Only alarms before this one.
    before: Option<String>,
    /// At most so many, 1 to 1000; 100 if none.
    limit: Option<usize>,
}

/// Sensor alarms of the token's node, open ones and those over within the hour, newest first; and
/// what is suppressed.
#[utoipa::path(get, path = "/api/v1/alarms", tag = "alarms", security(("token" = [])),
    params(AlarmsQuery),
    responses((status = 200, body = SensorAlarmList), (status = 401, body = Problem)))]
pub(super) async fn list(
    State(api): State<Api>,
    bearer: Bearer,
    Asked(query): Asked<AlarmsQuery>,
) -> Result<Json<SensorAlarmList>, Problem> {
    let before = query
        .before
        .map(|text| text.parse::<SensorAlarmId>())
        .transpose()
        .map_err(|error| Problem::invalid("before", error.to_string()))?;
    let limit = query.limit.unwrap_or(100).clamp(1, 1_000);
    let asked = api.ask(&bearer, Request::SensorAlarms { before, limit });
    let Response::SensorAlarms {
        alarms,
        suppressions,
    } = asked.await?
    else {
        return Err(Problem::unexpected());
    };
    let last = alarms.last().filter(|_| alarms.len() == limit);
    let next = last.map(|view| view.id.to_string());
    Ok(Json(SensorAlarmList {
        alarms: alarms.into_iter().map(Into::into).collect(),
        suppressions: suppressions.into_iter().map(Into::into).collect(),
        next,
    }))
}

/// One sensor alarm, open or over within the hour.
#[utoipa::path(get, path = "/api/v1/alarms/{id}", tag = "alarms", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = SensorAlarmBody), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(api): State<Api>,
    bearer: Bearer,
    Named(id): Named<SensorAlarmId>,
) -> Result<Json<SensorAlarmBody>, Problem> {
    let (view, _) = one(&api, &bearer, Request::SensorAlarm(id)).await?;
    Ok(Json(view.into()))
}

/// Keep a kind of sensor alarm at a site from making alerts, for 24 hours at most. It is still
/// recorded and shown, and alerted if it stands when the time is over. A time in the past ends
/// the suppression.
#[utoipa::path(post, path = "/api/v1/alarms/suppress", tag = "alarms", security(("token" = [])),
    request_body = SuppressBody,
    responses((status = 200, body = DoneBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 507, body = Problem)))]
pub(super) async fn suppress(
    State(api): State<Api>,
    May(bearer, _): May<Sends>,
    Body(body): Body<SuppressBody>,
) -> Result<Json<DoneBody>, Problem> {
    let SuppressBody {
        site,
        kind,
        until,
        why,
    } = body;
    let request = Request::SuppressAlarm {
        site,
        kind,
        until,
        why,
    };
    let done = api.done(&bearer, request).await;
    done.map_err(|problem| problem.outside_by("site"))
}
