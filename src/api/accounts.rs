//! Who asks, and access tokens.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::auth::{self, Bearer, principal};
use crate::api::body::{DoneBody, MadeTokenBody, NewTokenBody, TokenList, YouBody};
use crate::api::extract::{Body, Named};
use crate::api::problem::Problem;
use crate::api::router::Api;
use crate::engine::io::{Request, Response};
use crate::model::ids::TokenId;
use crate::model::roster::{Node, NodeError};
use crate::model::text;
use crate::model::token::{Right, Token};
use crate::model::wall::Wall;

/// Who the token belongs to.
#[utoipa::path(get, path = "/api/v1/whoami", tag = "tokens", security(("token" = [])),
    responses((status = 200, body = YouBody), (status = 401, body = Problem)))]
pub(super) async fn whoami(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<YouBody>, Problem> {
    Ok(Json(principal(&api, &bearer, Right::Look).await?.into()))
}

/// All tokens at or below the asker's node, without their secrets.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", security(("token" = [])),
    responses((status = 200, body = TokenList), (status = 403, body = Problem)))]
pub(super) async fn list(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<TokenList>, Problem> {
    match api.ask(&bearer, Request::Tokens).await? {
        Response::Tokens(tokens) => Ok(Json(TokenList {
            tokens: tokens.into_iter().map(Into::into).collect(),
        })),
        _ => Err(Problem::unexpected()),
    }
}

/// Make a token. Its secret is shown in this answer and never again.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", security(("token" = [])),
    request_body = NewTokenBody,
    responses((status = 201, body = MadeTokenBody), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn make(
    State(api): State<Api>,
    bearer: Bearer,
    Body(body): Body<NewTokenBody>,
) -> Result<(StatusCode, Json<MadeTokenBody>), Problem> {
    text::check(&body.name).map_err(|error| Problem::invalid("name", error.to_string()))?;
    let node: Node = body
        .node
        .parse()
        .map_err(|error: NodeError| Problem::invalid("node", error.to_string()))?;
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| {
        Problem::unavailable(format!("the system gives no randomness: {error}"), 5)
    })?;
    let secret = auth::secret(random);
    let id = TokenId(api.backend.new_id());
    let token = Token {
        id,
        name: body.name,
        role: body.role,
        node,
        hash: auth::hash(&secret),
        created_at: Wall::default(), // the engine sets it
    };
    match api.ask(&bearer, Request::CreateToken(token)).await? {
        Response::Done(_) => Ok((
            StatusCode::CREATED,
            Json(MadeTokenBody {
                id: id.to_string(),
                token: secret,
            }),
        )),
        _ => Err(Problem::unexpected()),
    }
}

/// Revoke a token.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DoneBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn revoke(
    State(api): State<Api>,
    bearer: Bearer,
    Named(id): Named<TokenId>,
) -> Result<Json<DoneBody>, Problem> {
    api.done(&bearer, Request::RevokeToken { id }).await
}
