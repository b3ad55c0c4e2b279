//! `narrowcast serve` and `narrowcast check-config`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use narrowcast::config::{Config, ConfigError};
use narrowcast::{ledger, observe, server};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::output::{print, safe_lines};
use super::probe::probe;

pub(super) fn serve(path: &Path, salvage: bool) -> anyhow::Result<ExitCode> {
    // Before the store is opened, which does not bear a clock that is out of range.
    server::sound_clock()?;
    let config = Config::load(path)?;
    observe::logs::init(&config.log)?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let dir = config.ledger.directory(&config.server.state_dir);
    let jurisdiction = config.ledger.jurisdiction.clone();
    if let Err(panicked) = probe(&dir, &jurisdiction) {
        if !salvage {
            return Err(panicked);
        }
        let kept = ledger::salvage::without_snapshots(&dir)?;
        tracing::error!(kept = %kept.display(), "the store's snapshots are left out: {panicked:#}");
        probe(&dir, &jurisdiction)?;
    }
    if salvage && let Some(lost) = ledger::salvage::salvage(&dir, &jurisdiction, 1)?.1 {
        tracing::error!(why = %lost.why, "the ledger was salvaged: {lost}");
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        let shutdown = CancellationToken::new();
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let stop = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            tracing::info!("stopping");
            stop.cancel();
        });
        server::run(config, shutdown)
            .await
            .map_err(anyhow::Error::from)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Says that the file is sound, or everything that is wrong with it.
pub(super) fn check(access: &Access, path: &Path) -> anyhow::Result<ExitCode> {
    let (errors, words) = match Config::load(path) {
        Ok(config) => {
            let stations = config.to_policy().stations.len();
            let words = format!("{} is sound: {stations} station(s)", path.display());
            (Vec::new(), words)
        }
        Err(ConfigError::Invalid { path, faults }) => {
            let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
            let words: Vec<String> = lines.iter().map(|line| format!("{path}: {line}")).collect();
            (lines, words.join("\n"))
        }
        Err(error) => (vec![error.to_string()], error.to_string()),
    };
    let sound = errors.is_empty();
    if sound || access.json {
        print(access, &json!({"ok": sound, "errors": errors}), |_| {
            words.clone()
        });
    } else {
        eprintln!("{}", safe_lines(&words));
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
