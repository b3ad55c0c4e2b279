//! The server and its command line.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};
use narrowcast::config::Config;
use narrowcast::{observe, server};
use tokio_util::sync::CancellationToken;

/// Narrowband radio messaging and alerting server.
#[derive(Debug, Parser)]
#[command(name = "narrowcast", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve {
        /// The configuration file.
        #[arg(long, default_value = "/etc/narrowcast.toml")]
        config: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    match Arguments::parse().command {
        Command::Serve { config } => serve(&config),
    }
}

fn serve(path: &std::path::Path) -> anyhow::Result<()> {
    let config = Config::load(path)?;
    observe::logs::init(&config.log)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        tokio::spawn(async move {
            let mut terminate =
                match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                    Ok(signal) => signal,
                    Err(_) => return,
                };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            stop.cancel();
        });
        server::run(config, shutdown).await
    })?;
    Ok(())
}
