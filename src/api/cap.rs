//! Warnings over HTTP: documents that become alerts, and alerts as documents.

use axum::Json;
use axum::extract::{Request as HttpRequest, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response as HttpResponse};
use narrowcast_protocol::warning::xml::MAX_OCTETS;

use crate::api::auth::{Bearer, May, Sends};
use crate::api::body::CapBody;
use crate::api::document::Octets;
use crate::api::extract::{Named, media_type, unsupported};
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::api::{alert, kept, outgoing, warning};
use crate::model::ids::AlertId;
use crate::model::warning::WarningForm;

/// The media type of CAP.
const CAP: &str = "application/cap+xml";

/// Take in a warning: a CAP 1.2 document with one alert, or one of the national early-warning
/// form. An Alert or Update becomes an alert (`201`; the same document again gets the first
/// answer, a changed one under the same name `409`), unless a later version is in force or the
/// warning is over (`200`). An Update takes the place of the version before; a Cancel ends the
/// warning, also one that has not come yet. Ack and Error are noted in the log.
#[utoipa::path(post, path = "/api/v1/cap", tag = "cap", security(("token" = [])),
    request_body(content = inline(Octets), content_type = "application/cap+xml", description = "The document; `application/xml` and `text/xml` are taken as well"),
    responses((status = 200, body = CapBody), (status = 201, body = CapBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem), (status = 507, body = Problem)))]
pub(super) async fn take(
    State(api): State<Api>,
    May(bearer, _): May<Sends>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let kind = media_type(request.headers());
    if ![CAP, "application/xml", "text/xml"].contains(&kind.as_str()) {
        return Err(unsupported(CAP));
    }
    let held = api.bodies.read(request, MAX_OCTETS).await?;
    let document = held.bytes.to_vec();
    let body = warning::take(&api.backend, &api.cap, &bearer.0, document).await?;
    Ok(answer(body))
}

fn answer(body: CapBody) -> HttpResponse {
    match &body.alert {
        Some(alert) => {
            let location = format!("/api/v1/alerts/{}", alert.id);
            let headers = [(header::LOCATION, location)];
            (StatusCode::CREATED, headers, Json(body)).into_response()
        }
        None => Json(body).into_response(),
    }
}

/// An alert as a CAP 1.2 document: an Alert, or a Cancel once it was taken back. One that came as
/// CAP is given with all that it said.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/cap", tag = "cap", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = inline(Octets), content_type = "application/cap+xml"), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(api): State<Api>,
    bearer: Bearer,
    Named(id): Named<AlertId>,
) -> Result<HttpResponse, Problem> {
    let view = alert::seen(&api, &bearer, id).await?;
    let xml = outgoing::viewed(&api, WarningForm::Cap, &view).await?;
    Ok(([(header::CONTENT_TYPE, CAP)], xml).into_response())
}

/// The document that an alert was made of, as it came: octet for octet.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/document", tag = "cap", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, content((String = "application/cap+xml"), (String = "application/xml"))), (status = 404, body = Problem)))]
pub(super) async fn document(
    State(api): State<Api>,
    bearer: Bearer,
    Named(id): Named<AlertId>,
) -> Result<HttpResponse, Problem> {
    let view = alert::seen(&api, &bearer, id).await?;
    let none = || Problem::not_found("document: the alert was made of none");
    // It may name others than the asker's own.
    let form = view.came_as.filter(|_| !view.part).ok_or_else(none)?;
    let document = kept::document(&api.backend, id).await?.ok_or_else(none)?;
    Ok(([(header::CONTENT_TYPE, form.media_type())], document).into_response())
}
