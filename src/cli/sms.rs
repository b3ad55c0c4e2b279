//! `narrowcast sms`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::access::Access;
use super::client::{Client, segment};
use super::output::{cell, print, table};

#[derive(Debug, Subcommand)]
pub(super) enum SmsCommand {
    /// List SMS routes: health, room, what waits, cost of the day.
    List,
    /// Show one route.
    Show {
        /// Its name.
        name: String,
    },
    /// Send a trial message over one route, and nothing else, to the telephone of a person.
    Test {
        /// The route's name.
        name: String,
        /// The person's id in the roster.
        #[arg(long)]
        person: String,
        /// What it says.
        #[arg(long)]
        text: Option<String>,
    },
}

pub(super) async fn run(access: &Access, command: SmsCommand) -> anyhow::Result<ExitCode> {
    let client = Client::new(access)?;
    match command {
        SmsCommand::List => {
            let list = client.get("sms").await?;
            let rows = list.get("routes").and_then(Value::as_array);
            let columns = [
                ("NAME", "name"),
                ("KIND", "kind"),
                ("UP", "up"),
                ("RESTS", "rests"),
                ("ROOM", "room"),
                ("UNDER WAY", "under_way"),
                ("WAITING", "waiting"),
                ("TAKEN", "taken"),
                ("DELIVERED", "delivered"),
                ("FAILED", "failed"),
                ("COST", "cost_today"),
                ("LAST ERROR", "last_error"),
            ];
            table(access, rows.map_or(&[], Vec::as_slice), &columns);
        }
        SmsCommand::Show { name } => {
            let route = client.get(&format!("sms/{}", segment(&name))).await?;
            print(access, &route, shown);
        }
        SmsCommand::Test { name, person, text } => {
            let mut body = json!({ "person": person });
            if let (Some(text), Some(body)) = (text, body.as_object_mut()) {
                body.insert("text".to_owned(), text.into());
            }
            let receipt = client
                .post(&format!("sms/{}/test", segment(&name)), &body)
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

fn shown(route: &Value) -> String {
    let is = |field: &str| route.get(field).and_then(Value::as_bool) == Some(true);
    let state = match (is("up"), is("rests")) {
        (false, _) => "down",
        (true, true) => "up, and rests because its operator refuses everything",
        (true, false) => "up",
    };
    let exercises = if is("exercises") {
        "carries exercises"
    } else {
        "carries no exercises"
    };
    let mut lines = vec![
        format!(
            "{} ({}): {state}, {exercises}",
            cell(route, "name"),
            cell(route, "kind")
        ),
        format!(
            "room {}, under way {}, waiting {}",
            cell(route, "room"),
            cell(route, "under_way"),
            cell(route, "waiting")
        ),
        format!(
            "taken {}, delivered {}, failed {}, refused {}, too fast {}",
            cell(route, "taken"),
            cell(route, "delivered"),
            cell(route, "failed"),
            cell(route, "refused"),
            cell(route, "throttled")
        ),
        format!("cost today {}", cell(route, "cost_today")),
    ];
    for (title, field) in [("last error", "last_error"), ("says", "description")] {
        let value = cell(route, field);
        if !value.is_empty() && value != "-" {
            lines.push(format!("{title}: {value}"));
        }
    }
    lines.join("\n")
}
