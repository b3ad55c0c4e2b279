//! The routes, and the document that describes them.

use axum::Router;
use axum::extract::{self, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response as AxumResponse};
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::api::{
    accounts, alarms, alert, alerts, cap, cap_feed, document, emergencies, events, health, ledger,
    national, roster, sinks, sms, stations,
};
use crate::observe::metrics::AnswerLabel;

/// Up to where the ledger was durable when a reading was asked for.
pub const RECORDED_TO: HeaderName = HeaderName::from_static("narrowcast-recorded-to");

/// All routes. `/health` and `/metrics` answer under `/api/v1` and at the root.
pub fn router(api: Api) -> Router {
    let (router, document) = routes().split_for_parts();
    let json = document::complete(document)
        .to_pretty_json()
        .unwrap_or_default();
    let media_type = [("content-type", "application/json")];
    router
        .route(
            "/api/v1/openapi.json",
            get(move || async move { (media_type, json) }),
        )
        .route("/health", get(health::health))
        .route("/metrics", get(health::metrics))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(api.clone(), recorded_to))
        .layer(middleware::from_fn_with_state(api.clone(), counted))
        .with_state(api)
}

/// The OpenAPI document, as `/api/v1/openapi.json` gives it.
#[must_use]
pub fn openapi() -> OpenApi {
    document::complete(routes().split_for_parts().1)
}

fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(document::base())
        .routes(routes!(alerts::submit, alerts::list))
        .routes(routes!(alerts::dry_run))
        .routes(routes!(alert::show))
        .routes(routes!(alert::deliveries))
        .routes(routes!(alert::timeline))
        .routes(routes!(alert::cancel))
        .routes(routes!(alert::resend))
        .routes(routes!(alert::answer))
        .routes(routes!(cap::take))
        .routes(routes!(cap_feed::feed))
        .routes(routes!(cap::show))
        .routes(routes!(cap::document))
        .routes(routes!(national::cpeas))
        .routes(routes!(alarms::report, alarms::list))
        .routes(routes!(alarms::suppress))
        .routes(routes!(alarms::show))
        .routes(routes!(emergencies::list))
        .routes(routes!(emergencies::take))
        .routes(routes!(emergencies::close))
        .routes(routes!(stations::list))
        .routes(routes!(stations::test))
        .routes(routes!(sinks::list))
        .routes(routes!(sinks::show))
        .routes(routes!(sinks::replay))
        .routes(routes!(sinks::skip))
        .routes(routes!(events::page))
        .routes(routes!(sms::list))
        .routes(routes!(sms::show))
        .routes(routes!(sms::test))
        .routes(routes!(roster::list, roster::import))
        .routes(routes!(accounts::list, accounts::make))
        .routes(routes!(accounts::revoke))
        .routes(routes!(accounts::whoami))
        .routes(routes!(events::events))
        .routes(routes!(ledger::export_all))
        .routes(routes!(ledger::trim))
        .routes(routes!(ledger::scrub))
        .routes(routes!(ledger::acknowledge_salvage))
        .routes(routes!(health::confirm_clock))
        .routes(routes!(health::health))
        .routes(routes!(health::metrics))
}

async fn counted(State(api): State<Api>, request: extract::Request, next: Next) -> AxumResponse {
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let label = AnswerLabel { status };
    api.metrics.answers.get_or_create(&label).inc();
    response
}

/// Says with every reading up to where the ledger was durable when it was asked for: what it
/// shows beyond that may not be recorded yet.
async fn recorded_to(
    State(api): State<Api>,
    request: extract::Request,
    next: Next,
) -> AxumResponse {
    let reads = request.method() == Method::GET;
    let durable = api.backend.durable.borrow().0;
    let mut response = next.run(request).await;
    if reads {
        response
            .headers_mut()
            .insert(RECORDED_TO, HeaderValue::from(durable));
    }
    response
}

async fn unknown() -> impl IntoResponse {
    Problem::not_found("path; see /api/v1/openapi.json")
}

async fn wrong_method() -> impl IntoResponse {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "The method does not fit the path",
        "see /api/v1/openapi.json",
    )
}
