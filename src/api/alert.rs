//! One alert: its state, deliveries and timeline; cancel and resend.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::auth::{Bearer, May, Sends, principal};
use crate::api::body::{
    AlertBody, BecauseBody, DeliveryBody, DeliveryList, DoneBody, EventBody, RecordedAnswerBody,
    ResentBody,
};
use crate::api::extract::{Asked, Body, Named};
use crate::api::history;
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::api::sight::Sight;
use crate::engine::io::{Refusal, Request, Response};
use crate::engine::views::{AlertView, DeliveryView};
use crate::model::alert::Target;
use crate::model::book::AlertBook;
use crate::model::delivery::Rung;
use crate::model::ids::{AlertId, DeliveryIndex, Seq};
use crate::model::sight::Share;
use crate::model::text;
use crate::model::token::Right;

/// One alert, live or ended.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", tag = "alerts", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = AlertBody), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(api): State<Api>,
    bearer: Bearer,
    Named(id): Named<AlertId>,
) -> Result<Json<AlertBody>, Problem> {
    Ok(Json(seen(&api, &bearer, id).await?.into()))
}

/// One alert, live or ended, as the token sees it.
pub(super) async fn seen(api: &Api, bearer: &Bearer, id: AlertId) -> Result<AlertView, Problem> {
    match api
        .backend
        .ask(bearer.0.clone(), Request::Alert(id))
        .await?
    {
        Ok(Response::Alert(view)) => Ok(*view),
        Ok(_) => Err(Problem::unexpected()),
        Err(Refusal::NotFound(_)) => {
            let who = principal(api, bearer, Right::Look).await?;
            let seen = history::one(api, &mut Sight::of(who), id).await?;
            seen.ok_or_else(|| Problem::not_found("alert"))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Which page of deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveriesQuery {
    /// From this index on.
    from: Option<u32>,
    /// At most so many, 1 to 1000; 100 if none.
    limit: Option<usize>,
    /// Only those that have not answered.
    #[serde(default)]
    unanswered: bool,
}

/// The deliveries of an alert, by index.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/deliveries", tag = "alerts", security(("token" = [])),
    params(("id" = String, Path), DeliveriesQuery),
    responses((status = 200, body = DeliveryList), (status = 404, body = Problem)))]
pub(super) async fn deliveries(
    State(api): State<Api>,
    bearer: Bearer,
    Named(id): Named<AlertId>,
    Asked(query): Asked<DeliveriesQuery>,
) -> Result<Json<DeliveryList>, Problem> {
    let limit = query.limit.unwrap_or(100).clamp(1, 1_000);
    let mut pages = Deliveries {
        api,
        bearer,
        id,
        ended: None,
    };
    let mut from = query.from.unwrap_or(0);
    let mut found: Vec<DeliveryBody> = Vec::new();
    loop {
        let page = pages.page(DeliveryIndex(from), limit).await?;
        let whole = page.len() == limit;
        for view in page {
            let index = view.index.0;
            if query.unanswered && view.rung == Rung::Answered {
                from = index + 1;
                continue;
            }
            if found.len() == limit {
                pages.name_routes(&mut found).await?;
                return Ok(Json(DeliveryList {
                    deliveries: found,
                    next: Some(index),
                }));
            }
            from = index + 1;
            found.push(view.into());
        }
        if !whole {
            pages.name_routes(&mut found).await?;
            return Ok(Json(DeliveryList {
                deliveries: found,
                next: None,
            }));
        }
    }
}

struct Deliveries {
    api: Api,
    bearer: Bearer,
    id: AlertId,
    ended: Option<(Arc<AlertBook>, Share)>,
}

impl Deliveries {
    /// Looks up the names of the stations and SMS routes that were used.
    async fn name_routes(&self, found: &mut [DeliveryBody]) -> Result<(), Problem> {
        let (api, bearer) = (&self.api, &self.bearer);
        let Response::Stations(stations) = api.ask(bearer, Request::Stations).await? else {
            return Err(Problem::unexpected());
        };
        let Response::SmsRoutes(routes) = api.ask(bearer, Request::SmsRoutes).await? else {
            return Err(Problem::unexpected());
        };
        let stations = stations.into_iter().map(|it| (it.id.0, (None, it.name)));
        let routes = routes.into_iter();
        let routes = routes.map(|it| (it.id.0, (Some(it.kind.to_string()), it.name)));
        let names: HashMap<u32, (Option<String>, String)> = stations.chain(routes).collect();
        for route in found.iter_mut().flat_map(|delivery| &mut delivery.routes) {
            if let Some((kind, name)) = route.station.and_then(|id| names.get(&id)) {
                route.name = Some(name.clone());
                if let Some(kind) = kind {
                    route.kind.clone_from(kind);
                }
            }
        }
        Ok(())
    }

    async fn page(
        &mut self,
        from: DeliveryIndex,
        limit: usize,
    ) -> Result<Vec<DeliveryView>, Problem> {
        if let Some((book, share)) = &self.ended {
            return Ok(history::deliveries(book, share, from, limit));
        }
        let request = Request::Deliveries {
            alert: self.id,
            from,
            limit,
        };
        match self.api.backend.ask(self.bearer.0.clone(), request).await? {
            Ok(Response::Deliveries(page)) => Ok(page),
            Ok(_) => Err(Problem::unexpected()),
            Err(Refusal::NotFound(_)) => {
                let ended = self.read().await?;
                let (book, share) = self.ended.insert(ended);
                Ok(history::deliveries(book, share, from, limit))
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// The alert from the ledger, and what may be seen of it.
    async fn read(&self) -> Result<(Arc<AlertBook>, Share), Problem> {
        let who = principal(&self.api, &self.bearer, Right::Look).await?;
        let book = history::ended(&self.api, self.id).await?;
        book.and_then(|book| book.share(&who.node).map(|share| (book, share)))
            .ok_or_else(|| Problem::not_found("alert"))
    }
}

/// Which page of facts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TimelineQuery {
    /// From this position of the ledger on.
    from: Option<u64>,
    /// At most so many, 1 to 1000; 200 if none.
    limit: Option<usize>,
}

/// The facts of an alert, oldest first. Ask again with `?from=` the last `seq` and one more.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/timeline", tag = "alerts", security(("token" = [])),
    params(("id" = String, Path), TimelineQuery),
    responses((status = 200, body = [EventBody]), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn timeline(
    State(api): State<Api>,
    bearer: Bearer,
    Named(id): Named<AlertId>,
    Asked(query): Asked<TimelineQuery>,
) -> Result<Json<Vec<EventBody>>, Problem> {
    let mut sight = Sight::of(principal(&api, &bearer, Right::Look).await?);
    if !sight.alert(&api.backend, id).await? {
        return Err(Problem::not_found("alert"));
    }
    let limit = query.limit.unwrap_or(200).clamp(1, 1_000);
    let end = *api.backend.durable.borrow();
    let mut from = Seq(query.from.unwrap_or(0));
    if from > end.next() {
        return Err(Problem::beyond_end("from", from, end));
    }
    let mut seen = Vec::new();
    // What may not be seen leaves gaps: read on until the page is full.
    while seen.len() < limit {
        let page = api.backend.of_alert(id, from, limit).await?;
        let Some(last) = page.last() else { break };
        from = last.seq.next();
        seen.extend(sight.events(&api.backend, &bearer.0, page.iter()).await?);
        if page.len() < limit {
            break;
        }
    }
    if seen.is_empty() && query.from.is_none() {
        return Err(Problem::not_found("alert"));
    }
    seen.truncate(limit);
    Ok(Json(seen))
}

/// Withdraw an alert.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/cancel", tag = "alerts", security(("token" = [])),
    params(("id" = String, Path)), request_body = BecauseBody,
    responses((status = 200, body = DoneBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn cancel(
    State(api): State<Api>,
    May(bearer, _): May<Sends>,
    Named(alert): Named<AlertId>,
    Body(body): Body<BecauseBody>,
) -> Result<Json<DoneBody>, Problem> {
    let because = body.because;
    api.done(&bearer, Request::Cancel { alert, because }).await
}

/// Record what a recipient has answered by another way: by telephone, in person.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/answers", tag = "alerts", security(("token" = [])),
    params(("id" = String, Path)), request_body = RecordedAnswerBody,
    responses((status = 200, body = DoneBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn answer(
    State(api): State<Api>,
    May(bearer, _): May<Sends>,
    Named(alert): Named<AlertId>,
    Body(body): Body<RecordedAnswerBody>,
) -> Result<Json<DoneBody>, Problem> {
    let recipient: Target = body
        .recipient
        .parse()
        .map_err(|error| Problem::invalid("recipient", format!("{error}")))?;
    text::check(&body.text).map_err(|error| Problem::invalid("text", error.to_string()))?;
    let request = Request::Answer {
        alert,
        recipient,
        choice: body.choice,
        text: body.text,
    };
    api.done(&bearer, request).await
}

/// Send an alert again to those who have not answered.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/resend", tag = "alerts", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ResentBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn resend(
    State(api): State<Api>,
    bearer: Bearer,
    Named(alert): Named<AlertId>,
) -> Result<Json<ResentBody>, Problem> {
    match api.ask(&bearer, Request::Resend { alert }).await? {
        Response::Resent(deliveries) => Ok(Json(ResentBody { deliveries })),
        _ => Err(Problem::unexpected()),
    }
}
