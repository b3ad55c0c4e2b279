//! The routes, and the document that describes them.

use std::sync::Arc;

use axum::extract::{self, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response as AxumResponse};
use axum::routing::get;
use axum::{Json, Router};
use tokio::sync::Semaphore;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::auth::Bearer;
use crate::api::backend::Backend;
use crate::api::bodies::{self, Bodies};
use crate::api::body::DoneBody;
use crate::api::doors::{self, Doors};
use crate::api::endings::Endings;
use crate::api::history::Books;
use crate::api::known::Known;
use crate::api::problem::Problem;
use crate::api::streams::Streams;
use crate::api::{
    accounts, alarms, alert, alerts, cap, cap_feed, document, emergencies, events, health, ledger,
    national, roster, sinks, sms, stations,
};
use crate::config::Config;
use crate::engine::io::{Request, Response};
use crate::model::cap::CapRules;
use crate::observe::metrics::{AnswerLabel, Metrics};

/// Most bytes of a request body, where the route does not say otherwise.
pub const BODY_LIMIT: usize = 1 << 20;

/// Up to where the ledger was durable when a reading was asked for.
pub const RECORDED_TO: HeaderName = HeaderName::from_static("narrowcast-recorded-to");

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct Api {
    /// The way to engine and ledger.
    pub backend: Backend,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    pub(crate) guard_metrics: bool,
    /// Who is connected.
    pub doors: Arc<Doors>,
    pub(crate) known: Arc<Known>,
    pub(crate) bodies: Arc<Bodies>,
    pub(crate) streams: Arc<Streams>,
    /// One roster is imported at a time.
    pub(crate) imports: Arc<Semaphore>,
    /// Tokens are made one after the other, so that they can be counted.
    pub(crate) tokens: Arc<Semaphore>,
    /// The books of ended alerts that were looked at last.
    pub(crate) ended: Arc<Books>,
    /// Which alerts of late were taken back.
    pub(crate) endings: Arc<Endings>,
    /// What is made of CAP alerts.
    pub(crate) cap: Arc<CapRules>,
}

impl Api {
    /// What the routes need. `beyond_loopback` says that other machines can reach the
    /// listener: metrics need a token then.
    #[must_use]
    pub fn new(backend: Backend, metrics: Arc<Metrics>, beyond_loopback: bool) -> Self {
        Self {
            doors: Doors::new(doors::CONNECTIONS, Arc::clone(&metrics)),
            known: Arc::default(),
            bodies: Bodies::new(bodies::ROOM, Arc::clone(&metrics)),
            streams: Streams::new(Arc::clone(&metrics)),
            imports: Arc::new(Semaphore::new(1)),
            tokens: Arc::new(Semaphore::new(1)),
            backend,
            metrics,
            guard_metrics: beyond_loopback,
            ended: Arc::default(),
            endings: Arc::default(),
            cap: Arc::new(Config::default().cap_rules()),
        }
    }

    /// With room for so many connections, and so many bytes of bodies that are being sent.
    #[must_use]
    pub fn with_room(mut self, connections: usize, bodies: usize) -> Self {
        self.doors = Doors::new(connections, Arc::clone(&self.metrics));
        self.bodies = Bodies::new(bodies, Arc::clone(&self.metrics));
        self
    }

    /// With these rules for CAP alerts.
    #[must_use]
    pub fn with_cap(mut self, rules: CapRules) -> Self {
        self.cap = Arc::new(rules);
        self
    }

    /// Asks the engine; every refusal is a problem.
    pub(crate) async fn ask(&self, bearer: &Bearer, request: Request) -> Result<Response, Problem> {
        Ok(self.backend.ask(bearer.0.clone(), request).await??)
    }

    /// Asks for what is answered with its place in the ledger.
    pub(crate) async fn done(
        &self,
        bearer: &Bearer,
        request: Request,
    ) -> Result<Json<DoneBody>, Problem> {
        match self.ask(bearer, request).await? {
            Response::Done(seq) => Ok(Json(DoneBody { seq: seq.0 })),
            _ => Err(Problem::unexpected()),
        }
    }
}

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
