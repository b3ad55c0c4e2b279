//! Stations: list and test.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use narrowcast_protocol::air::{RadioId, StationId};

use crate::api::auth::{Bearer, May, TestStation};
use crate::api::body::{ReceiptBody, StationList, StationTestBody};
use crate::api::extract::{Body, Named};
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::engine::io::{Request, Response, Submit};
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::ids::AlertId;
use crate::model::text;

/// All stations, in the order of the configuration.
#[utoipa::path(get, path = "/api/v1/stations", tag = "stations", security(("token" = [])),
    responses((status = 200, body = StationList), (status = 401, body = Problem)))]
pub(super) async fn list(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<StationList>, Problem> {
    match api.ask(&bearer, Request::Stations).await? {
        Response::Stations(views) => Ok(Json(StationList {
            stations: views.into_iter().map(Into::into).collect(),
        })),
        _ => Err(Problem::unexpected()),
    }
}

/// The number of a station in a path.
#[derive(Debug, Clone, Copy)]
pub(super) struct StationNumber(u32);

impl FromStr for StationNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().take(40).collect();
        text.parse()
            .map(Self)
            .map_err(|_| format!("`{shown}` is no station: write its number, as in 310001"))
    }
}

/// Test a station: a drill to one radio through it, which asks for a receipt.
#[utoipa::path(post, path = "/api/v1/stations/{id}/test", tag = "stations", security(("token" = [])),
    params(("id" = u32, Path)), request_body = StationTestBody,
    responses((status = 201, body = ReceiptBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 507, body = Problem)))]
pub(super) async fn test(
    State(api): State<Api>,
    May(bearer, _): May<TestStation>,
    Named(StationNumber(station)): Named<StationNumber>,
    Body(body): Body<StationTestBody>,
) -> Result<impl IntoResponse, Problem> {
    text::check(&body.text).map_err(|error| Problem::invalid("text", error.to_string()))?;
    let radio =
        RadioId::new(body.radio).map_err(|error| Problem::invalid("radio", error.to_string()))?;
    let submit = Submit {
        sms: false,
        id: AlertId(api.backend.new_id()),
        text: body.text,
        precedence: Precedence::Routine,
        ask: Ask::Receipt,
        targets: vec![Target::Radio(radio)],
        expires_at: None,
        exercise: true,
        station: Some(StationId(station)),
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
