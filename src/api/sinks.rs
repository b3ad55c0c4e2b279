//! Sinks: list, show, replay and skip.

use axum::Json;
use axum::extract::State;

use crate::api::auth::{Administers, Bearer, May, principal};
use crate::api::backend::SinkDesk;
use crate::api::body::{SinkBody, SinkList, SinkPositionBody};
use crate::api::extract::{Body, Named};
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::model::ids::Seq;
use crate::model::sink::SinkCommand;
use crate::model::token::Right;

/// The sinks that hang at or below the node of whoever asks.
async fn within<'a>(
    api: &'a Api,
    bearer: &Bearer,
    right: Right,
) -> Result<impl Iterator<Item = &'a SinkDesk>, Problem> {
    let who = principal(api, bearer, right).await?;
    let desks = api.backend.sinks.iter();
    Ok(desks.filter(move |desk| who.node.covers(&desk.node)))
}

async fn named<'a>(
    api: &'a Api,
    bearer: &Bearer,
    right: Right,
    name: &str,
) -> Result<&'a SinkDesk, Problem> {
    let mut desks = within(api, bearer, right).await?;
    desks
        .find(|desk| desk.name == name)
        .ok_or_else(|| Problem::not_found("sink"))
}

fn body(desk: &SinkDesk) -> SinkBody {
    SinkBody::new(desk, &desk.status())
}

/// All sinks, in the order of the configuration.
#[utoipa::path(get, path = "/api/v1/sinks", tag = "sinks", security(("token" = [])),
    responses((status = 200, body = SinkList), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<SinkList>, Problem> {
    let sinks = within(&api, &bearer, Right::Look).await?.map(body);
    Ok(Json(SinkList {
        sinks: sinks.collect(),
    }))
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
    let desk = named(&api, &bearer, Right::Look, &name).await?;
    Ok(Json(body(desk)))
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
    let desk = named(&api, &bearer, Right::Administer, &name).await?;
    // Behind the last record is the next event.
    let end = *api.backend.durable.borrow();
    let command = SinkCommand::Replay(Seq(asked.seq));
    tell(desk, Seq(asked.seq) > end.next(), end, command)
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
    let desk = named(&api, &bearer, Right::Administer, &name).await?;
    let end = *api.backend.durable.borrow();
    let command = SinkCommand::Skip(Seq(asked.seq));
    tell(desk, Seq(asked.seq) > end, end, command)
}

fn tell(
    desk: &SinkDesk,
    is_beyond: bool,
    end: Seq,
    command: SinkCommand,
) -> Result<Json<SinkBody>, Problem> {
    if is_beyond {
        let (SinkCommand::Replay(seq) | SinkCommand::Skip(seq)) = command;
        return Err(Problem::beyond_end("seq", seq, end));
    }
    desk.commands
        .try_send(command)
        .map(|()| Json(body(desk)))
        .map_err(|_| Problem::unavailable("the sink does not listen now", 5))
}
