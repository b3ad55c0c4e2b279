//! `narrowcast sink`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::access::Access;
use super::client::{Client, segment};
use super::output::{cell, print, say, table};

#[derive(Debug, Subcommand)]
pub(super) enum SinkCommand {
    /// List sinks: how far each has come, and what is in its way.
    List,
    /// Show one sink, with the events that it refused for good.
    Show {
        /// Its name.
        name: String,
    },
    /// Send everything from a position of the ledger on again.
    Replay {
        /// The sink's name.
        name: String,
        /// The first position.
        from: u64,
    },
    /// Leave out everything up to a position of the ledger.
    Skip {
        /// The sink's name.
        name: String,
        /// The last position that is left out.
        up_to: u64,
    },
}

pub(super) async fn run(access: &Access, command: SinkCommand) -> anyhow::Result<ExitCode> {
    let client = Client::new(access)?;
    match command {
        SinkCommand::List => {
            let list = client.get("sinks").await?;
            let rows = list.get("sinks").and_then(Value::as_array);
            let columns = [
                ("NAME", "name"),
                ("KIND", "kind"),
                ("NEXT", "next"),
                ("BEHIND", "behind"),
                ("DELIVERED", "delivered"),
                ("FAILURES", "failures"),
                ("DEAD", "dead"),
                ("OFF", "disabled"),
                ("LAST ERROR", "last_error"),
            ];
            table(access, rows.map_or(&[], Vec::as_slice), &columns);
        }
        SinkCommand::Show { name } => {
            let sink = client.get(&format!("sinks/{}", segment(&name))).await?;
            print(access, &sink, |sink| {
                format!(
                    "{} ({}): next {}, behind {}, delivered {}, failures {}, off: {}, last error: {}",
                    cell(sink, "name"),
                    cell(sink, "kind"),
                    cell(sink, "next"),
                    cell(sink, "behind"),
                    cell(sink, "delivered"),
                    cell(sink, "failures"),
                    cell(sink, "disabled"),
                    cell(sink, "last_error")
                )
            });
            if !access.json {
                let dead = sink.get("dead_letters").and_then(Value::as_array);
                let dead = dead.map_or(&[][..], Vec::as_slice);
                if !dead.is_empty() {
                    table(access, dead, &[("REFUSED", "seq"), ("WHY", "why")]);
                }
            }
        }
        SinkCommand::Replay { name, from } => {
            let path = format!("sinks/{}/replay", segment(&name));
            client.post(&path, &json!({ "seq": from })).await?;
            say("it begins again there");
        }
        SinkCommand::Skip { name, up_to } => {
            let path = format!("sinks/{}/skip", segment(&name));
            client.post(&path, &json!({ "seq": up_to })).await?;
            say("it goes on behind that");
        }
    }
    Ok(ExitCode::SUCCESS)
}
