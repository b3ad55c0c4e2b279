//! Who asks, and access tokens.

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::auth::{self, Administers, Bearer, May, principal};
use crate::api::body::{DoneBody, MadeTokenBody, NewTokenBody, TokenList, YouBody};
use crate::api::doors::Connection;
use crate::api::extract::{Body, Named};
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::engine::io::{Credential, Request, Response};
use crate::model::ids::TokenId;
use crate::model::roster::{Node, NodeError};
use crate::model::text;
use crate::model::token::{Right, Token};
use crate::model::wall::Wall;

/// Most tokens at or below the node of who makes one.
const MOST_BELOW: usize = 1_000;
/// Most tokens in all.
const MOST: usize = 4_000;

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
    responses((status = 201, body = MadeTokenBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn make(
    State(api): State<Api>,
    May(bearer, _): May<Administers>,
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
    let _turn = api.tokens.acquire().await;
    room_for_one(&api, &bearer).await?;
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

/// Whether there may be one more token, at or below the asker's node and in all.
async fn room_for_one(api: &Api, bearer: &Bearer) -> Result<(), Problem> {
    for (asker, most, whose) in [
        (bearer.0.clone(), MOST_BELOW, "at or below your node"),
        (Credential::System, MOST, "in all"),
    ] {
        let asked = api.backend.ask(asker, Request::Tokens).await?;
        let Response::Tokens(tokens) = asked? else {
            return Err(Problem::unexpected());
        };
        if tokens.len() >= most {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "too-many",
                "Too many tokens",
                format!("there are {most} tokens {whose}: revoke those that nobody uses"),
            ));
        }
    }
    Ok(())
}

/// Revoke a token.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DoneBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn revoke(
    State(api): State<Api>,
    bearer: Bearer,
    connection: Option<Extension<Connection>>,
    Named(id): Named<TokenId>,
) -> Result<Json<DoneBody>, Problem> {
    let done = api.done(&bearer, Request::RevokeToken { id }).await?;
    api.known.forget(id);
    // What it holds open ends now, whether its reader reads or not.
    let own = connection.as_deref();
    api.doors.close_those_of(id, own);
    Ok(done)
}
