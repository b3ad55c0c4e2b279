//! Emergencies: list, take, close.

use axum::Json;
use axum::extract::State;

use crate::api::alert::reason;
use crate::api::auth::Bearer;
use crate::api::body::{BecauseBody, DoneBody, EmergencyBody, EmergencyList};
use crate::api::extract::{Body, Named};
use crate::api::problem::Problem;
use crate::api::router::Api;
use crate::engine::io::{Request, Response};
use crate::model::ids::EmergencyId;

/// Emergencies: open ones and those closed within the hour, newest first. One that could
/// not be recorded yet stands here with `recorded: false`.
#[utoipa::path(get, path = "/api/v1/emergencies", tag = "emergencies", security(("token" = [])),
    responses((status = 200, body = EmergencyList), (status = 401, body = Problem)))]
pub(super) async fn list(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<EmergencyList>, Problem> {
    let asked = api
        .backend
        .ask(bearer.0.clone(), Request::Emergencies)
        .await;
    let board = api.backend.board.borrow().clone();
    let recorded = match asked {
        Ok(Ok(Response::Emergencies(recorded))) => recorded,
        Ok(Ok(_)) => return Err(Problem::unexpected()),
        Ok(Err(refusal)) => return Err(refusal.into()),
        // The ledger failed: who could look before still sees what must be seen.
        Err(_) if board.admits(&bearer.0) => board.recorded,
        Err(away) => return Err(away.into()),
    };
    let unrecorded = board.unrecorded;
    let mut emergencies: Vec<EmergencyBody> = unrecorded
        .into_iter()
        .filter(|new| recorded.iter().all(|known| known.id != new.id))
        .map(|new| EmergencyBody::new(new, false))
        .collect();
    emergencies.extend(
        recorded
            .into_iter()
            .map(|known| EmergencyBody::new(known, true)),
    );
    Ok(Json(EmergencyList { emergencies }))
}

/// Take an emergency in hand: the radio is told who has it.
#[utoipa::path(post, path = "/api/v1/emergencies/{id}/take", tag = "emergencies", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DoneBody), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn take(
    State(api): State<Api>,
    bearer: Bearer,
    Named(id): Named<EmergencyId>,
) -> Result<Json<DoneBody>, Problem> {
    api.done(&bearer, Request::TakeEmergency { id }).await
}

/// Close an emergency, with a reason.
#[utoipa::path(post, path = "/api/v1/emergencies/{id}/close", tag = "emergencies", security(("token" = [])),
    params(("id" = String, Path)), request_body = BecauseBody,
    responses((status = 200, body = DoneBody), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn close(
    State(api): State<Api>,
    bearer: Bearer,
    Named(id): Named<EmergencyId>,
    Body(body): Body<BecauseBody>,
) -> Result<Json<DoneBody>, Problem> {
    let because = reason(body)?;
    api.done(&bearer, Request::CloseEmergency { id, because })
        .await
}
