//! Wiring and shutdown: the core's task, the ledger's thread, the links, the API.
//!
//! ```text
//! links --LinkEvent--> task <--Call-- API
//!   ^                  |  ^
//!   |    what the core |  | answers
//!   |          says    v  |
//!   +------------------+--+-- keeper (the ledger's thread)
//! ```
//!
//! | part | holds |
//! |---|---|
//! | `task` | the loop around the core: what it is told, what it wants done |
//! | `link_events` | what the links report |
//! | `ledger` | the ledger's side of it |
//! | `replies` | who waits for which answer |
//! | `board` | what must be seen, whatever the ledger does |
//! | `space` | free space, and the ballast |
//! | `scrub` | the walk over the ledger while the server runs |

mod board;
mod calendar;
mod commands;
mod descriptors;
mod error;
mod first_token;
mod journal;
mod ledger;
mod link_events;
mod listen;
mod replies;
mod scrub;
mod sink_documents;
mod sink_feed;
mod sink_marks;
mod sinks;
mod space;
mod spans;
mod task;
#[cfg(test)]
mod tests;
mod warning_sources;
mod wire;

use std::sync::Arc;

use narrowcast_hardware::clock::Clock;
use narrowcast_hardware::events::EventLanes;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::api::backend::{self, Backend};
use crate::api::shared::Api;
use crate::config::Config;
use crate::core::io::Limits;
use crate::observe::metrics::Metrics;
use crate::station;

pub use self::calendar::sound_clock;
pub use self::error::ServerError;
use self::scrub::Scrubber;
use self::space::Hold;
use self::task::{Parts, Task};
pub use crate::ledger::keeper::OpenLedger;

/// Events of all links that may wait for the core.
const LINK_EVENTS: usize = 4_096;
/// Emergencies of all links that may wait for the core, in a lane of their own.
const EMERGENCIES: usize = 1_024;

/// The server behind its API: the core's task, the ledger's thread and the links.
#[derive(Debug)]
pub struct Served {
    /// The way to ask the engine.
    pub backend: Backend,
    /// The counters that the server and its links keep.
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
    let connections = descriptors::for_connections(config.server.connections);
    let bodies = usize::try_from(config.server.bodies).unwrap_or(usize::MAX);
    let api = Api::new(backend, metrics, beyond_loopback)
        .with_room(connections, bodies)
        .with_cap(config.cap_rules());
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
    ledger::on_disk(dir, config.ledger.jurisdiction.clone())
}

async fn serve_over(
    ledger: OpenLedger,
    config: &Config,
    shutdown: &CancellationToken,
) -> Result<Served, ServerError> {
    sound_clock()?;
    first_token::private_directory(&config.server.state_dir)?;
    let metrics = Arc::new(Metrics::default());
    let rules = Arc::new(config.cap_rules());
    let (sinks, desks) = sinks::all(config, &rules)?;
    let sources = warning_sources::all(config)?;
    let (mut backend, ends) = backend::backend(config.server.queue);
    backend.sinks = Arc::new(desks);
    let clock = Clock::start();
    let (events, events_end) = EventLanes::new(EMERGENCIES, LINK_EVENTS);
    let links = station::start(config, clock, &events, shutdown)?;
    drop(events);
    let dir = config.ledger.directory(&config.server.state_dir);
    first_token::private_directory(&dir)?;
    let policy = config.to_policy();
    let hold = Hold::new(&dir, config.ledger.ballast, policy.space.low_bytes);
    let limits = Limits {
        checkpoint_every: config.ledger.checkpoint_every,
        ..Limits::default()
    };
    let mut task = Task::start(Parts {
        open: ledger,
        policy,
        limits,
        hold,
        clock,
        links,
        events: events_end,
        ends,
        metrics: Arc::clone(&metrics),
    })
    .await?;
    if !task.has_tokens() {
        let token = first_token::make(&config.server.admin_token())?;
        task.make_first_token(token).await?;
    }
    task.ready();
    let note = config.server.state_dir.join("scrub.json");
    let scrubber = Scrubber::new(config.ledger.scrub, note, backend.clone());
    let mut tasks = sinks.start(&backend, &config.ledger.jurisdiction, shutdown);
    tasks.extend(sources.start(&backend, &rules, &metrics, shutdown));
    let (run, walks) = (task.run(shutdown.clone()), scrubber.run(shutdown.clone()));
    let core = async {
        tokio::join!(run, walks);
        for task in tasks {
            // A sink writes down how far it has come.
            drop(task.await);
        }
    };
    Ok(Served {
        backend,
        metrics,
        core: tokio::spawn(core),
    })
}
