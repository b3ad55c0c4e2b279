//! What the handlers share.

use std::sync::Arc;

use axum::Json;
use tokio::sync::Semaphore;

use crate::api::backend::Backend;
use crate::api::bearer::Bearer;
use crate::api::bodies::{self, Bodies};
use crate::api::body::DoneBody;
use crate::api::books::Books;
use crate::api::doors::{self, Doors};
use crate::api::endings::Endings;
use crate::api::known::Known;
use crate::api::problem::Problem;
use crate::api::streams::Streams;
use crate::config::Config;
use crate::engine::io::{Request, Response};
use crate::model::cap::CapRules;
use crate::observe::metrics::Metrics;

/// Most bytes of a request body, where the route does not say otherwise.
pub const BODY_LIMIT: usize = 1 << 20;

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct Api {
    /// The way to engine and ledger.
    pub backend: Backend,
    /// The counters that `/metrics` shows.
    pub metrics: Arc<Metrics>,
    pub(crate) guard_metrics: bool,
    /// The connections, and how many one address may have.
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
