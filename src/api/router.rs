//! The routes, and the document that describes them.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::auth::Bearer;
use crate::api::backend::Backend;
use crate::api::problem::Problem;
use crate::api::{accounts, alerts};
use crate::engine::io::{Request, Response};

/// Most bytes of a request body, where the route does not say otherwise.
pub const BODY_LIMIT: usize = 1 << 20;

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct Api {
    /// The way to engine and ledger.
    pub backend: Backend,
}

impl Api {
    /// What the routes need.
    #[must_use]
    pub const fn new(backend: Backend) -> Self {
        Self { backend }
    }

    /// Asks the engine; every refusal is a problem.
    pub(crate) async fn ask(&self, bearer: &Bearer, request: Request) -> Result<Response, Problem> {
        Ok(self.backend.ask(bearer.0.clone(), request).await??)
    }
}

/// All routes.
pub fn router(api: Api) -> Router {
    let (router, document) = routes().split_for_parts();
    let json = document.to_pretty_json().unwrap_or_default();
    router
        .route(
            "/api/v1/openapi.json",
            get(move || async move { ([("content-type", "application/json")], json) }),
        )
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(api)
}

/// The OpenAPI document, as `/api/v1/openapi.json` gives it.
#[must_use]
pub fn openapi() -> OpenApi {
    routes().split_for_parts().1
}

fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(base())
        .routes(routes!(alerts::submit, alerts::list))
        .routes(routes!(alerts::cancel))
        .routes(routes!(alerts::resend))
        .routes(routes!(accounts::whoami))
}

fn base() -> OpenApi {
    let mut document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Narrowcast")
                .version("v1")
                .description(Some(
                    "Alerts to radios over narrowband channels, and every answer on record. \
                     Errors are RFC 9457 problem documents.",
                ))
                .build(),
        )
        .build();
    document
        .components
        .get_or_insert_default()
        .add_security_scheme(
            "token",
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
        );
    document
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
