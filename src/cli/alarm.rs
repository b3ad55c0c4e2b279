//! `narrowcast alarm`.

use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::access::Access;
use super::client::{Client, segment};
use super::output::{cell, print, table};

#[derive(Debug, Subcommand)]
pub(super) enum AlarmCommand {
    /// List sensor alarms, open ones and those over within the hour, and what is suppressed.
    List,
    /// Show one sensor alarm.
    Show {
        /// The alarm.
        id: String,
    },
    /// Say that a sensor alarm stands, as its source would.
    Raise {
        /// The site.
        site: String,
        /// The kind of alarm.
        kind: String,
        /// Its level.
        level: String,
        /// The source's own id of it.
        #[arg(long)]
        id: Option<String>,
        /// What the sensor read.
        #[arg(long)]
        value: Option<String>,
        /// It is a drill.
        #[arg(long)]
        exercise: bool,
    },
    /// Say that a sensor alarm does not stand any more.
    Clear {
        /// The site.
        site: String,
        /// The kind of alarm.
        kind: String,
        /// The source's own id of it.
        #[arg(long)]
        id: Option<String>,
        /// It is a drill.
        #[arg(long)]
        exercise: bool,
    },
    /// Keep a kind of alarm at a site from making alerts; `0s` ends that.
    Suppress {
        /// The site.
        site: String,
        /// The kind of alarm.
        kind: String,
        /// For how long, as in "45m" or "8h"; 24h at most.
        #[arg(long = "for")]
        duration: String,
        /// Why.
        #[arg(long, default_value = "")]
        why: String,
    },
}

pub(super) async fn run(access: &Access, command: AlarmCommand) -> anyhow::Result<ExitCode> {
    let client = Client::new(access)?;
    match command {
        AlarmCommand::List => list(access, &client).await?,
        AlarmCommand::Show { id } => {
            let alarm = client.get(&format!("alarms/{}", segment(&id))).await?;
            print(access, &alarm, told);
        }
        AlarmCommand::Raise {
            site,
            kind,
            level,
            id,
            value,
            exercise,
        } => {
            let body = report(
                "raised",
                exercise,
                [
                    ("site", Some(site)),
                    ("kind", Some(kind)),
                    ("level", Some(level)),
                    ("id", id),
                    ("value", value),
                ],
            );
            print(access, &client.post("alarms", &body).await?, told);
        }
        AlarmCommand::Clear {
            site,
            kind,
            id,
            exercise,
        } => {
            let fields = [("site", Some(site)), ("kind", Some(kind)), ("id", id)];
            let body = report("cleared", exercise, fields);
            print(access, &client.post("alarms", &body).await?, told);
        }
        AlarmCommand::Suppress {
            site,
            kind,
            duration,
            why,
        } => {
            let until = until(&duration)?;
            let body = json!({"site": site, "kind": kind, "until": until, "why": why});
            let done = client.post("alarms/suppress", &body).await?;
            print(access, &done, |_| {
                format!("{kind} at {site} makes no alerts until {until}")
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(access: &Access, client: &Client) -> anyhow::Result<()> {
    let list = client.get("alarms?limit=1000").await?;
    let rows = |name: &str| {
        let rows = list.get(name).and_then(Value::as_array);
        rows.map_or(&[][..], Vec::as_slice)
    };
    let columns = [
        ("ID", "id"),
        ("STATE", "state"),
        ("SITE", "site"),
        ("KIND", "kind"),
        ("LEVEL", "level"),
        ("COUNT", "count"),
        ("VALUE", "value"),
        ("RAISED", "raised_at"),
        ("ALERT", "alert"),
        ("SUPPRESSED UNTIL", "suppressed_until"),
        ("EXERCISE", "exercise"),
        ("PROBLEM", "problem"),
    ];
    table(access, rows("alarms"), &columns);
    let suppressed = rows("suppressions");
    if !access.json && !suppressed.is_empty() {
        let columns = [
            ("SUPPRESSED", "site"),
            ("KIND", "kind"),
            ("UNTIL", "until"),
            ("BY", "by"),
            ("WHY", "why"),
        ];
        table(access, suppressed, &columns);
    }
    Ok(())
}

fn report<const N: usize>(
    state: &str,
    exercise: bool,
    fields: [(&str, Option<String>); N],
) -> Value {
    let fields = fields.into_iter();
    let mut body: Map<String, Value> = fields
        .filter_map(|(name, said)| Some((name.to_owned(), said?.into())))
        .collect();
    body.insert("state".to_owned(), state.into());
    body.insert("exercise".to_owned(), exercise.into());
    Value::Object(body)
}

/// The moment so long from now; one in the past for nothing.
fn until(duration: &str) -> anyhow::Result<Timestamp> {
    let wrong = || format!("--for: `{duration}` is no duration: write it as \"45m\" or \"8h\"");
    let duration: SignedDuration = duration.parse().with_context(wrong)?;
    let now = Timestamp::now();
    let ends = if duration.is_positive() {
        now.checked_add(duration)
    } else {
        now.checked_sub(SignedDuration::from_hours(1))
    };
    ends.with_context(wrong)
}

fn told(alarm: &Value) -> String {
    let mut line = format!(
        "{}: {} at {} is {} ({}), raised {} times since {}, alert {}",
        cell(alarm, "id"),
        cell(alarm, "kind"),
        cell(alarm, "site"),
        cell(alarm, "state"),
        cell(alarm, "level"),
        cell(alarm, "count"),
        cell(alarm, "raised_at"),
        cell(alarm, "alert"),
    );
    for (name, field) in [
        ("suppressed until", "suppressed_until"),
        ("problem", "problem"),
    ] {
        if alarm.get(field).is_some_and(|it| !it.is_null()) {
            line.push_str(&format!("\n{name}: {}", cell(alarm, field)));
        }
    }
    line
}
