//! Whether the server works, for people, supervisors and Prometheus.

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;

use crate::api::auth::{Bearer, principal};
use crate::api::backend::Board;
use crate::api::body::{DoneBody, HealthBody, ScrubBody};
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::engine::io::{Credential, Request, Response};
use crate::ledger::scrub::Note;
use crate::model::token::Right;
use crate::observe::metrics::{self, Posture, Walk};

/// Whether the server works. Needs no token. 503 while it is not ready.
#[utoipa::path(get, path = "/api/v1/health", tag = "server",
    responses((status = 200, body = HealthBody), (status = 503, body = HealthBody)))]
pub(super) async fn health(State(api): State<Api>) -> (StatusCode, Json<HealthBody>) {
    let mut board = api.backend.board.borrow().clone();
    board.degraded = api.backend.degraded();
    board.degraded.extend(api.doors.crowd());
    let clock_step_ms = api.metrics.unconfirmed_step();
    if clock_step_ms != 0 {
        board.degraded.push(format!(
            "the clock stepped by {} s and is not believed: correct it, or confirm it \
             (POST /api/v1/clock/confirm)",
            clock_step_ms / 1_000
        ));
    }
    let (code, status) = match (board.ready, board.degraded.is_empty()) {
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        (true, false) => (StatusCode::OK, "degraded"),
        (true, true) => (StatusCode::OK, "ok"),
    };
    let body = HealthBody {
        status: status.to_owned(),
        ready: board.ready,
        degraded: board.degraded,
        stations: board.stations,
        stations_down: board.stations_down.len(),
        sms_routes: board.sms_routes,
        sms_routes_down: board.sms_routes_down,
        quarantined: board.quarantined,
        clock_step_ms,
        unrecorded_emergencies: board.unrecorded.len(),
        seq: api.backend.durable.borrow().0,
        scrub: ScrubBody::of(&api.backend.scrub.state.borrow()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    (code, Json(body))
}

/// Counters and gauges in OpenMetrics text. Beyond loopback a token is needed.
#[utoipa::path(get, path = "/api/v1/metrics", tag = "server", security((), ("token" = [])),
    responses((status = 200, body = String, content_type = "application/openmetrics-text"), (status = 401, body = Problem)))]
pub(super) async fn metrics(
    State(api): State<Api>,
    bearer: Result<Bearer, Problem>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    if api.guard_metrics || headers.contains_key("authorization") {
        principal(&api, &bearer?, Right::Look).await?;
    }
    api.metrics.posture(Posture {
        degraded: !api.backend.degraded().is_empty(),
        ..posture(&api.backend.board.borrow())
    });
    api.metrics
        .scrubbed(walk(&api.backend.scrub.state.borrow()));
    for desk in api.backend.sinks.iter() {
        api.metrics.sinks.set(&desk.name, &desk.status());
    }
    // The counters are worth having even when the engine is away.
    let asked = api.backend.ask(Credential::System, Request::Overview);
    if let Ok(Ok(Response::Overview(overview))) = asked.await {
        api.metrics.learn(&overview);
    }
    let text = api
        .metrics
        .encode()
        .map_err(|error| Problem::unavailable(format!("metrics: {error}"), 5))?;
    Ok(([(CONTENT_TYPE, metrics::MEDIA_TYPE)], text))
}

fn walk(note: &Note) -> Walk {
    Walk {
        at: note.under_way.map(|walk| walk.at.0),
        faults: note.last.iter().filter(|last| last.fault.is_some()).count(),
        ended: note.last.as_ref().map(|last| last.ended.as_second()),
    }
}

fn posture(board: &Board) -> Posture {
    Posture {
        degraded: !board.degraded.is_empty(),
        unrecorded: board.unrecorded.len(),
        stations_down: board.stations_down.len(),
        quarantined: board.quarantined,
    }
}

/// Accept the civil clock as it stands after a step.
#[utoipa::path(post, path = "/api/v1/clock/confirm", tag = "server", security(("token" = [])),
    responses((status = 200, body = DoneBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn confirm_clock(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<DoneBody>, Problem> {
    api.done(&bearer, Request::ConfirmClock).await
}
