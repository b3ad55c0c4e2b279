//! Wiring and shutdown: the engine's task, the ledger's thread, the links, the API.
//!
//! ```text
//! links --LinkEvent--> core <--Call-- API
//!   ^                  |  ^
//!   |     outputs held |  | durable up to
//!   +------------------+  +--- keeper (ledger thread)
//! ```

mod core;
mod degraded;
mod first_token;
mod listen;
mod posture;
mod recovery;
mod space;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use narrowcast_hardware::clock::Clock;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::api::backend::{self, Backend};
use crate::api::router::Api;
use crate::config::Config;
use crate::ledger::LedgerError;
use crate::observe::metrics::Metrics;
use crate::station;

use self::core::Core;
pub use self::recovery::OpenLedger;

/// Events of all links that may wait for the engine.
const LINK_EVENTS: usize = 4_096;

/// Why the server cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A directory cannot be made or written.
    #[error("cannot use {path}: {source}; check `server.state_dir` and its owner")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The ledger cannot be opened.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A link cannot be built from its configuration.
    #[error(transparent)]
    Link(#[from] station::LinkError),
    /// The API cannot listen.
    #[error("cannot listen on {address}: {source}; is another server running there?")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The API's socket failed.
    #[error("the API's socket failed: {0}")]
    Serve(std::io::Error),
    /// Certificate or key are unusable.
    #[error(
        "cannot use the TLS certificate or key: {0}; check `server.tls_cert` and `server.tls_key`"
    )]
    Tls(std::io::Error),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
    /// The core ended by itself.
    #[error("the engine's task ended unexpectedly")]
    Core,
}

/// The server behind its API: the engine's task, the ledger's thread and the links.
#[derive(Debug)]
pub struct Served {
    /// The way to ask the engine.
    pub backend: Backend,
    /// What it counts.
    pub metrics: Arc<Metrics>,
    /// Ends after `shutdown`, when the ledger is closed in order.
    pub core: JoinHandle<()>,
}

/// Runs the server until `shutdown`.
///
/// # Errors
/// It cannot start; see [`ServerError`].
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), ServerError> {
    run_over(on_disk(&config), config, shutdown).await
}

/// Runs the server over another ledger than the one on disk, until `shutdown`.
///
/// # Errors
/// It cannot start; see [`ServerError`].
pub async fn run_over(
    ledger: OpenLedger,
    config: Config,
    shutdown: CancellationToken,
) -> Result<(), ServerError> {
    let listening = listen::bind(&config).await?;
    let Served {
        backend,
        metrics,
        core,
    } = serve_over(ledger, &config, &shutdown).await?;
    info!(listen = %config.server.listen, "narrowcast is up");
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        warn!(%error, "cannot tell systemd that the server is ready");
    }
    let beyond_loopback = !config.server.listen.ip().is_loopback();
    let api = Api::new(backend, metrics, beyond_loopback);
    let served = listen::serve(listening, api, shutdown.clone()).await;
    // Whatever ended the API ends the rest, so that the ledger is closed in order.
    shutdown.cancel();
    core.await.map_err(|_| ServerError::Core)?;
    served
}

/// Opens the ledger, takes up work and starts every link; only the API is left out.
///
/// # Errors
/// It cannot start; see [`ServerError`].
pub async fn serve(config: &Config, shutdown: &CancellationToken) -> Result<Served, ServerError> {
    serve_over(on_disk(config), config, shutdown).await
}

fn on_disk(config: &Config) -> OpenLedger {
    let dir = config.ledger.directory(&config.server.state_dir);
    recovery::on_disk(dir, config.ledger.jurisdiction.clone())
}

async fn serve_over(
    ledger: OpenLedger,
    config: &Config,
    shutdown: &CancellationToken,
) -> Result<Served, ServerError> {
    first_token::private_directory(&config.server.state_dir)?;
    let metrics = Arc::new(Metrics::default());
    let (backend, ends) = backend::backend(config.server.queue);
    let clock = Clock::start();
    let (events, events_end) = tokio::sync::mpsc::channel(LINK_EVENTS);
    let links = station::start(config, clock, &events, shutdown)?;
    drop(events);
    let way = (links, events_end, ends);
    let core = Core::start(config, ledger, clock, way, Arc::clone(&metrics)).await?;
    Ok(Served {
        backend,
        metrics,
        core: tokio::spawn(core.run(shutdown.clone())),
    })
}
