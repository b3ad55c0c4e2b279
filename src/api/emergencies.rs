//! Emergencies: list, take, close.

use axum::Json;
use axum::extract::State;

use crate::api::alert::reason;
use crate::api::auth::Bearer;
use crate::api::backend::Unavailable;
use crate::api::body::{BecauseBody, DoneBody, EmergencyBody, EmergencyList};
use crate::api::extract::{Body, Named};
use crate::api::problem::Problem;
use crate::api::router::Api;
use crate::engine::io::{Request, Response};
use crate::model::emergency::Emergency;
use crate::model::ids::EmergencyId;
use crate::model::roster::Node;

/// Emergencies of radios of the token's node (those of unknown radios belong to the root): open
/// ones and those closed within the hour, newest first. One that could
/// not be recorded yet stands here with `recorded: false`.
#[utoipa::path(get, path = "/api/v1/emergencies", tag = "emergencies", security(("token" = [])),
    responses((status = 200, body = EmergencyList), (status = 401, body = Problem)))]
pub(super) async fn list(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<EmergencyList>, Problem> {
    let asked = from_engine(&api, &bearer).await;
    let board = api.backend.board.borrow().clone();
    let (node, recorded) = match asked {
        Ok(answer) => answer?,
        // The ledger failed: who could look before still sees what must be seen.
        Err(away) => {
            let node = board.reader(&bearer.0).ok_or(away)?;
            let recorded = board.recorded.iter();
            let shown = recorded.filter(|known| board.shows(&node, known.radio));
            let recorded = shown.cloned().collect();
            (node, recorded)
        }
    };
    let mut emergencies: Vec<EmergencyBody> = board
        .unrecorded
        .iter()
        .filter(|new| board.shows(&node, new.radio))
        .filter(|new| recorded.iter().all(|known| known.id != new.id))
        .cloned()
        .map(|new| EmergencyBody::new(new, false))
        .collect();
    emergencies.extend(
        recorded
            .into_iter()
            .map(|known| EmergencyBody::new(known, true)),
    );
    Ok(Json(EmergencyList { emergencies }))
}

/// The emergencies that the asker may see, and the asker's node; the outer error says that
/// there is no engine to ask.
async fn from_engine(
    api: &Api,
    bearer: &Bearer,
) -> Result<Result<(Node, Vec<Emergency>), Problem>, Unavailable> {
    let ask = |request| api.backend.ask(bearer.0.clone(), request);
    let node = match ask(Request::WhoAmI).await? {
        Ok(Response::You(who)) => who.node,
        Ok(_) => return Ok(Err(Problem::unexpected())),
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    Ok(match ask(Request::Emergencies).await? {
        Ok(Response::Emergencies(recorded)) => Ok((node, recorded)),
        Ok(_) => Err(Problem::unexpected()),
        Err(refusal) => Err(refusal.into()),
    })
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
    bearer: Bearer,
    Named(id): Named<EmergencyId>,
    Body(body): Body<BecauseBody>,
) -> Result<Json<DoneBody>, Problem> {
    let because = reason(body)?;
    api.done(&bearer, Request::CloseEmergency { id, because })
        .await
}
