//! How the API is reached.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

/// How the API is reached.
#[derive(Debug, Clone, Args)]
pub(crate) struct Access {
    /// The server's address.
    #[arg(
        long,
        global = true,
        env = "NARROWCAST_SERVER",
        default_value = "http://127.0.0.1:7373"
    )]
    pub(super) server: String,
    /// The bearer token.
    #[arg(long, global = true, env = "NARROWCAST_TOKEN", hide_env_values = true)]
    pub(super) token: Option<String>,
    /// Trust only the certificates in this PEM file.
    #[arg(long, global = true)]
    pub(super) ca: Option<PathBuf>,
    /// Print JSON, one value a line.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// Runs a client of the API.
pub(crate) fn online<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.context("cannot start the runtime")?.block_on(work)
}
