//! Alerts in the national early-warning form.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response as HttpResponse};
use narrowcast_protocol::warning::cpeas as form;
use narrowcast_protocol::warning::xml::Strictness;

use crate::api::auth::Bearer;
use crate::api::extract::Named;
use crate::api::problem::Problem;
use crate::api::router::Api;
use crate::api::{alert, kept};
use crate::model::cap::{Outgoing, as_it_came};
use crate::model::ids::AlertId;
use crate::model::warning::WarningForm;

/// An alert in the national early-warning form, in the name of `[cap.national]`: an Alert, or a
/// Cancel once it was cancelled. One that came in this form is given with all that it said.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/cpeas", tag = "cap", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "application/xml"), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn cpeas(
    State(api): State<Api>,
    bearer: Bearer,
    Named(id): Named<AlertId>,
) -> Result<HttpResponse, Problem> {
    let view = alert::seen(&api, &bearer, id).await?;
    let cancelled_at = view.ended_at.filter(|_| view.counts.cancelled > 0);
    let (came_as, document) = match view.came_as.filter(|_| !view.part) {
        Some(form) => (Some(form), kept::document(&api.backend, id).await?),
        None => (None, None),
    };
    let document = document.unwrap_or_default();
    if came_as == Some(WarningForm::Cpeas)
        && cancelled_at.is_none()
        && let Ok(received) = form::read(&document, Strictness::Strict)
        && let Some(message) = received.acceptable()
    {
        return written(message);
    }
    let agency = api.cap.national.as_ref().ok_or_else(|| {
        Problem::not_found(
            "agency in whose name the national form is written: set sender and sender_code in \
             [cap.national]",
        )
    })?;
    let outgoing = Outgoing {
        id: view.id,
        text: &view.text,
        targets: &view.targets,
        precedence: view.precedence,
        exercise: view.exercise,
        accepted_at: view.accepted_at,
        expires_at: view.expires_at,
        cancelled_at,
    };
    let original = came_as.and_then(|form| as_it_came(form, &document));
    let cap = match original {
        Some(original) => outgoing.with(original, &api.cap.sender),
        None => outgoing.alert(&api.cap),
    };
    let cap = cap.map_err(|_| Problem::unexpected())?;
    let message = agency.message(&cap, id, view.accepted_at);
    let message = message.ok_or_else(|| {
        let why = "what it says has no place in the national form: it is Private or Restricted, or of \
                   status Test";
        Problem::invalid("scope", why)
    })?;
    written(&message)
}

fn written(message: &form::Message) -> Result<HttpResponse, Problem> {
    let xml = message.to_xml().map_err(|error| {
        Problem::invalid(
            "document",
            format!("it cannot be written in this form: {error}"),
        )
    })?;
    Ok(([(header::CONTENT_TYPE, "application/xml")], xml).into_response())
}
