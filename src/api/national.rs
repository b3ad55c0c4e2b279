//! Alerts in the national early-warning form.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response as HttpResponse};

use crate::api::auth::Bearer;
use crate::api::extract::Named;
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::api::{alert, outgoing};
use crate::model::ids::AlertId;
use crate::model::warning::WarningForm;

/// An alert in the national early-warning form, in the name of `[cap.national]`: an Alert, or a
/// Cancel once it was taken back. One that came in this form is given with all that it said.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/cpeas", tag = "cap", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "application/xml"), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn cpeas(
    State(api): State<Api>,
    bearer: Bearer,
    Named(id): Named<AlertId>,
) -> Result<HttpResponse, Problem> {
    let view = alert::seen(&api, &bearer, id).await?;
    let form = WarningForm::Cpeas;
    let xml = outgoing::viewed(&api, form, &view).await?;
    Ok(([(header::CONTENT_TYPE, form.media_type())], xml).into_response())
}
