//! `narrowcast emergency`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::access::Access;
use super::client::{Client, segment};
use super::output::{print, table};

#[derive(Debug, Subcommand)]
pub(super) enum EmergencyCommand {
    /// List emergencies, open ones and those closed within the hour.
    List,
    /// Take an emergency in hand, in the name of the token.
    Take {
        /// The emergency.
        id: String,
    },
    /// Close an emergency.
    Close {
        /// The emergency.
        id: String,
        /// Why.
        #[arg(long)]
        because: String,
    },
}

pub(super) async fn run(access: &Access, command: EmergencyCommand) -> anyhow::Result<ExitCode> {
    let client = Client::new(access)?;
    match command {
        EmergencyCommand::List => {
            let list = client.get("emergencies").await?;
            let rows = list
                .get("emergencies")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            let columns = [
                ("ID", "id"),
                ("STATE", "state"),
                ("RADIO SAYS", "radio"),
                ("STATION", "carrier"),
                ("RAISED", "raised_at"),
                ("TAKEN BY", "taken_by"),
                ("CLOSED BY", "closed_by"),
                ("EXERCISE", "exercise"),
                ("RECORDED", "recorded"),
            ];
            table(access, &rows, &columns);
        }
        EmergencyCommand::Take { id } => {
            let done = client
                .post(&format!("emergencies/{}/take", segment(&id)), &json!({}))
                .await?;
            print(access, &done, |_| format!("emergency {id} is yours"));
        }
        EmergencyCommand::Close { id, because } => {
            let done = client
                .post(
                    &format!("emergencies/{}/close", segment(&id)),
                    &json!({ "because": because }),
                )
                .await?;
            print(access, &done, |_| format!("emergency {id} is closed"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
