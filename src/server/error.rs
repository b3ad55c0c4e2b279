//! Why the server cannot start or go on.

use std::path::PathBuf;

use crate::ledger::LedgerError;
use crate::station;

/// Why the server cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A directory cannot be made or written.
    #[error("cannot use {path}: {source}; check `server.state_dir` and its owner")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others may write where secrets are kept.
    #[error("{path} {why}")]
    Unsafe {
        /// Which directory or file.
        path: PathBuf,
        /// What is wrong with it, and the remedy.
        why: String,
    },
    /// The ledger cannot be opened.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A link cannot be built from its configuration.
    #[error(transparent)]
    Link(#[from] station::LinkError),
    /// A sink cannot be built from its configuration.
    #[error("sink {name}: {why}")]
    Sink {
        /// Its name.
        name: String,
        /// What is wrong with the configuration of the sink.
        why: String,
    },
    /// A source of warnings cannot be built from its configuration.
    #[error("source {name}: {why}")]
    Source {
        /// Its name.
        name: String,
        /// What is wrong with the configuration of the source.
        why: String,
    },
    /// The API cannot listen.
    #[error("cannot listen on {address}: {source}; is another server running there?")]
    Listen {
        /// The address of `server.listen`.
        address: std::net::SocketAddr,
        /// What the system said.
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
    /// The civil clock cannot be right.
    #[error(
        "the system's clock says {now}, which cannot be: set it (date, or an NTP service) and start again"
    )]
    Clock {
        /// The time that the clock shows.
        now: jiff::Timestamp,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
    /// The core ended by itself.
    #[error("the core's task ended unexpectedly")]
    Core,
}
