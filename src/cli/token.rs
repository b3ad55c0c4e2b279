//! `narrowcast token`.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::access::Access;
use super::client::{Client, segment};
use super::output::{cell, print, table};

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token; its secret is printed once.
    Create {
        /// The person or system that holds it.
        name: String,
        /// What it may do.
        #[arg(long, value_enum)]
        role: Role,
        /// Where: this node of the organisation tree and below; the whole tree if left out.
        #[arg(long, default_value = "")]
        node: String,
    },
    /// List tokens.
    List,
    /// Revoke a token.
    Revoke {
        /// The token's id.
        id: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Role {
    Viewer,
    Technician,
    Dispatcher,
    Supervisor,
    Admin,
}

pub(super) async fn run(access: &Access, command: TokenCommand) -> anyhow::Result<ExitCode> {
    let client = Client::new(access)?;
    match command {
        TokenCommand::Create { name, role, node } => {
            let role = role
                .to_possible_value()
                .map(|role| role.get_name().to_owned());
            let made = client
                .post(
                    "tokens",
                    &json!({ "name": name, "role": role, "node": node }),
                )
                .await?;
            print(access, &made, |made| cell(made, "token"));
        }
        TokenCommand::List => {
            let list = client.get("tokens").await?;
            let rows = list
                .get("tokens")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            let columns = [
                ("ID", "id"),
                ("NAME", "name"),
                ("ROLE", "role"),
                ("NODE", "node"),
                ("CREATED", "created_at"),
            ];
            table(access, &rows, &columns);
        }
        TokenCommand::Revoke { id } => {
            let done = client.delete(&format!("tokens/{}", segment(&id))).await?;
            print(access, &done, |_| format!("token {id} is revoked"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
