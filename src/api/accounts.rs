//! Who asks, and access tokens.

use axum::Json;
use axum::extract::State;

use crate::api::auth::{Bearer, principal};
use crate::api::body::YouBody;
use crate::api::problem::Problem;
use crate::api::router::Api;
use crate::model::token::Right;

/// Who the token belongs to.
#[utoipa::path(get, path = "/api/v1/whoami", tag = "tokens", security(("token" = [])),
    responses((status = 200, body = YouBody), (status = 401, body = Problem)))]
pub(super) async fn whoami(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<YouBody>, Problem> {
    Ok(Json(principal(&api, &bearer, Right::Look).await?.into()))
}
