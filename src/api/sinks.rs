//! Sinks: list, show, replay and skip.

use axum::Json;
use axum::extract::State;

use crate::api::auth::{Administers, Bearer, May, principal};
use crate::api::backend::SinkDesk;
use crate::api::body::{SinkBody, SinkList, SinkPositionBody};
use crate::api::extract::{Body, Named};
use crate::api::problem::Problem;
use crate::api::router::Api;
use crate::model::ids::Seq;
use crate::model::roster::Node;
use crate::model::sink::SinkCommand;
use crate::model::token::Right;

/// Whoever asks must belong to the whole tree: a sink is fed from all of it.
async fn at_root(api: &Api, bearer: &Bearer, right: Right) -> Result<(), Problem> {
    let who = principal(api, bearer, right).await?;
    if who.node == Node::root() {
        Ok(())
    } else {
        Err(Problem::not_found("sink"))
    }
}

fn named<'a>(api: &'a Api, name: &str) -> Result<&'a SinkDesk, Problem> {
    let mut desks = api.backend.sinks.iter();
    desks
        .find(|desk| desk.name == name)
        .ok_or_else(|| Problem::not_found("sink"))
}

fn body(desk: &SinkDesk) -> SinkBody {
    SinkBody::new(desk.name.clone(), desk.kind, &desk.status())
}

/// All sinks, in the order of the configuration.
#[utoipa::path(get, path = "/api/v1/sinks", tag = "sinks", security(("token" = [])),
    responses((status = 200, body = SinkList), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<SinkList>, Problem> {
    at_root(&api, &bearer, Right::Look).await?;
    let sinks = api.backend.sinks.iter().map(body).collect();
    Ok(Json(SinkList { sinks }))
}

/// One sink.
#[utoipa::path(get, path = "/api/v1/sinks/{name}", tag = "sinks", security(("token" = [])),
    params(("name" = String, Path)),
    responses((status = 200, body = SinkBody), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(api): State<Api>,
    bearer: Bearer,
    Named(name): Named<String>,
) -> Result<Json<SinkBody>, Problem> {
    at_root(&api, &bearer, Right::Look).await?;
    named(&api, &name).map(body).map(Json)
}

/// Send everything from a position on again, in the ledger's order and under the same ids.
#[utoipa::path(post, path = "/api/v1/sinks/{name}/replay", tag = "sinks", security(("token" = [])),
    params(("name" = String, Path)), request_body = SinkPositionBody,
    responses((status = 200, body = SinkBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn replay(
    State(api): State<Api>,
    May(bearer, _): May<Administers>,
    Named(name): Named<String>,
    Body(asked): Body<SinkPositionBody>,
) -> Result<Json<SinkBody>, Problem> {
    at_root(&api, &bearer, Right::Administer).await?;
    let end = *api.backend.durable.borrow();
    if Seq(asked.seq) > end.next() {
        return Err(Problem::beyond_end("seq", Seq(asked.seq), end));
    }
    tell(&api, &name, SinkCommand::Replay(Seq(asked.seq)))
}

/// Leave out everything up to a position.
#[utoipa::path(post, path = "/api/v1/sinks/{name}/skip", tag = "sinks", security(("token" = [])),
    params(("name" = String, Path)), request_body = SinkPositionBody,
    responses((status = 200, body = SinkBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn skip(
    State(api): State<Api>,
    May(bearer, _): May<Administers>,
    Named(name): Named<String>,
    Body(asked): Body<SinkPositionBody>,
) -> Result<Json<SinkBody>, Problem> {
    at_root(&api, &bearer, Right::Administer).await?;
    let end = *api.backend.durable.borrow();
    if Seq(asked.seq) > end {
        return Err(Problem::beyond_end("seq", Seq(asked.seq), end));
    }
    tell(&api, &name, SinkCommand::Skip(Seq(asked.seq)))
}

fn tell(api: &Api, name: &str, command: SinkCommand) -> Result<Json<SinkBody>, Problem> {
    let desk = named(api, name)?;
    desk.commands
        .try_send(command)
        .map(|()| Json(body(desk)))
        .map_err(|_| Problem::unavailable("the sink does not listen now", 5))
}
