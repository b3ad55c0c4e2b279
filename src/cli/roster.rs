//! `narrowcast roster`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use narrowcast::api::roster_csv;

use super::access::Access;
use super::client::Client;
use super::output::{cell, print, safe_json, say, write};

#[derive(Debug, Subcommand)]
pub(super) enum RosterCommand {
    /// Import a CSV file (UTF-8, with a header line).
    Import {
        /// The file.
        file: PathBuf,
        /// Forget what stood before.
        #[arg(long)]
        replace: bool,
    },
    /// Print the roster as CSV.
    List,
}

pub(super) async fn run(access: &Access, command: RosterCommand) -> anyhow::Result<ExitCode> {
    let client = Client::new(access)?;
    match command {
        RosterCommand::Import { file, replace } => {
            let csv =
                std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let done = client
                .post_csv(&format!("roster?replace={replace}"), csv)
                .await?;
            print(access, &done, |done| {
                format!("imported; on record at {}", cell(done, "seq"))
            });
        }
        RosterCommand::List => {
            let lines = client.roster().await?;
            if access.json {
                for line in &lines {
                    say(&safe_json(&serde_json::to_value(line)?));
                }
            } else {
                write(&String::from_utf8_lossy(&roster_csv::write(&lines)));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
