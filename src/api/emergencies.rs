//! Emergencies: list, take, close.

use axum::Json;
use axum::extract::State;

use crate::api::auth::{Bearer, May, Supervises};
use crate::api::body::{BecauseBody, DoneBody, EmergencyBody, EmergencyList};
use crate::api::extract::{Body, Named};
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::engine::io::{Request, Response};
use crate::model::emergency::Emergency;
use crate::model::ids::EmergencyId;

/// Emergencies of radios of the token's node (those of unknown radios belong to the root): open
/// ones and those closed within the hour, newest first. One that could
/// not be recorded yet stands here with `recorded: false`.
#[utoipa::path(get, path = "/api/v1/emergencies", tag = "emergencies", security(("token" = [])),
    responses((status = 200, body = EmergencyList), (status = 401, body = Problem)))]
pub(super) async fn list(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<EmergencyList>, Problem> {
    let node = match api.ask(&bearer, Request::WhoAmI).await? {
        Response::You(who) => who.node,
        _ => return Err(Problem::unexpected()),
    };
    let Response::Emergencies(known) = api.ask(&bearer, Request::Emergencies).await? else {
        return Err(Problem::unexpected());
    };
    // The engine shows what it has decided, recorded or not: the board knows better.
    let board = api.backend.board.borrow().clone();
    let unrecorded = board.unrecorded.iter().rev();
    let unrecorded = unrecorded.filter(|new| board.shows(&node, new.radio));
    let is_unrecorded = |known: &Emergency| board.unrecorded.iter().any(|new| new.id == known.id);
    let recorded = known.iter().filter(|known| !is_unrecorded(known));
    let emergencies = unrecorded
        .map(|new| EmergencyBody::new(new.clone(), false))
        .chain(recorded.map(|known| EmergencyBody::new(known.clone(), true)))
        .collect();
    Ok(Json(EmergencyList { emergencies }))
}

/// Take an emergency in hand: the radio is told who has it.
#[utoipa::path(post, path = "/api/v1/emergencies/{id}/take", tag = "emergencies", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DoneBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
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
    responses((status = 200, body = DoneBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn close(
    State(api): State<Api>,
    May(bearer, _): May<Supervises>,
    Named(id): Named<EmergencyId>,
    Body(body): Body<BecauseBody>,
) -> Result<Json<DoneBody>, Problem> {
    let because = body.because;
    api.done(&bearer, Request::CloseEmergency { id, because })
        .await
}
