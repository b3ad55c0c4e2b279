//! `narrowcast station`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::access::Access;
use super::client::Client;
use super::output::{cell, print, table};

#[derive(Debug, Subcommand)]
pub(super) enum StationCommand {
    /// List stations.
    List,
    /// Send a drill text through a station to one radio.
    Test {
        /// The station's number.
        id: u32,
        /// The radio.
        #[arg(long)]
        radio: u32,
    },
}

pub(super) async fn run(access: &Access, command: StationCommand) -> anyhow::Result<ExitCode> {
    let client = Client::new(access)?;
    match command {
        StationCommand::List => {
            let list = client.get("stations").await?;
            let rows = list
                .get("stations")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            let columns = [
                ("ID", "id"),
                ("NAME", "name"),
                ("UP", "up"),
                ("HELD", "held"),
                ("TEST", "test"),
                ("SINCE", "since"),
                ("BUSY SINCE", "busy"),
                ("WAITING", "waiting"),
                ("SAYS", "description"),
            ];
            table(access, &rows, &columns);
        }
        StationCommand::Test { id, radio } => {
            let receipt = client
                .post(&format!("stations/{id}/test"), &json!({ "radio": radio }))
                .await?;
            print(access, &receipt, |receipt| {
                format!(
                    "test is alert {}: see `narrowcast alert show {0}`",
                    cell(receipt, "id")
                )
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}
