//! SMS routes: list, show and test.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::api::auth::{Bearer, May, Sends};
use crate::api::body::{ReceiptBody, SmsRouteBody, SmsRouteList, SmsTestBody};
use crate::api::extract::{Body, Named};
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::engine::io::{Request, Response, Submit};
use crate::engine::views::SmsRouteView;
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::ids::AlertId;
use crate::model::text;

async fn all(api: &Api, bearer: &Bearer) -> Result<Vec<SmsRouteView>, Problem> {
    match api.ask(bearer, Request::SmsRoutes).await? {
        Response::SmsRoutes(views) => Ok(views),
        _ => Err(Problem::unexpected()),
    }
}

async fn named(api: &Api, bearer: &Bearer, name: &str) -> Result<SmsRouteView, Problem> {
    let found = all(api, bearer).await?.into_iter();
    let mut found = found.filter(|route| route.name == name);
    found.next().ok_or_else(|| Problem::not_found("SMS route"))
}

/// All SMS routes, in the order of the configuration.
#[utoipa::path(get, path = "/api/v1/sms", tag = "sms", security(("token" = [])),
    responses((status = 200, body = SmsRouteList), (status = 401, body = Problem)))]
pub(super) async fn list(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<SmsRouteList>, Problem> {
    let routes = all(&api, &bearer).await?;
    Ok(Json(SmsRouteList {
        routes: routes.into_iter().map(Into::into).collect(),
    }))
}

/// One SMS route.
#[utoipa::path(get, path = "/api/v1/sms/{name}", tag = "sms", security(("token" = [])),
    params(("name" = String, Path)),
    responses((status = 200, body = SmsRouteBody), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(api): State<Api>,
    bearer: Bearer,
    Named(name): Named<String>,
) -> Result<Json<SmsRouteBody>, Problem> {
    Ok(Json(named(&api, &bearer, &name).await?.into()))
}

/// Test an SMS route: a trial message through it and nothing else, to the telephone of a person.
#[utoipa::path(post, path = "/api/v1/sms/{name}/test", tag = "sms", security(("token" = [])),
    params(("name" = String, Path)), request_body = SmsTestBody,
    responses((status = 201, body = ReceiptBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem), (status = 507, body = Problem)))]
pub(super) async fn test(
    State(api): State<Api>,
    May(bearer, _): May<Sends>,
    Named(name): Named<String>,
    Body(body): Body<SmsTestBody>,
) -> Result<impl IntoResponse, Problem> {
    text::check(&body.text).map_err(|error| Problem::invalid("text", error.to_string()))?;
    let route = named(&api, &bearer, &name).await?;
    let submit = Submit {
        id: AlertId(api.backend.new_id()),
        text: body.text,
        precedence: Precedence::Routine,
        ask: Ask::Receipt,
        targets: vec![Target::Person(body.person)],
        expires_at: None,
        exercise: false,
        sms: true,
        station: Some(route.id),
        idempotency: None,
        language: None,
        translations: Vec::new(),
    };
    let Response::Accepted(receipt) = api.ask(&bearer, Request::Submit(submit)).await? else {
        return Err(Problem::unexpected());
    };
    let location = format!("/api/v1/alerts/{}", receipt.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(ReceiptBody::from(receipt)),
    ))
}
