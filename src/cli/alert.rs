//! `narrowcast alert`.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::access::Access;
use super::client::{Client, NoAnswer, segment};
use super::output::{cell, print, safe, say, table};

/// How often the progress is asked for.
const REFRESH: Duration = Duration::from_millis(500);

#[derive(Debug, Subcommand)]
pub(super) enum AlertCommand {
    /// Send an alert and watch its progress.
    Send(SendArguments),
    /// Show an alert, its deliveries and their evidence.
    Show {
        /// The alert.
        id: String,
        /// Only those who have not answered.
        #[arg(long)]
        unanswered: bool,
    },
    /// Withdraw an alert.
    Cancel {
        /// The alert.
        id: String,
        /// Why.
        #[arg(long)]
        because: String,
    },
    /// List alerts, newest first.
    List {
        /// At most this many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Send an alert again to those who have not answered.
    Resend {
        /// The alert.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct SendArguments {
    /// What it says.
    text: String,
    /// The language of the text, as in zh-CN.
    #[arg(long)]
    language: Option<String>,
    /// The same in another language, as in en=TEXT: whoever reads it is told so. May be repeated.
    #[arg(long, value_name = "LANGUAGE=TEXT", value_parser = translation)]
    translation: Vec<(String, String)>,
    /// Whom it names: radio:NUMBER, person:ID, group:ID, node:PATH, system:ID or all. May be repeated.
    #[arg(long, required = true)]
    to: Vec<String>,
    /// How urgent it is.
    #[arg(long, value_enum, default_value_t = Precedence::Routine)]
    precedence: Precedence,
    /// What it asks.
    #[arg(long, value_enum, default_value_t = Ask::Receipt)]
    ask: Ask,
    /// A numbered answer, in order; implies `--ask answers`. May be repeated.
    #[arg(long)]
    answer: Vec<String>,
    /// When it has lost its meaning, as in 2026-11-24T08:00:00+08:00.
    #[arg(long)]
    expires_at: Option<String>,
    /// It is a drill.
    #[arg(long)]
    exercise: bool,
    /// Keep it from telephones.
    #[arg(long)]
    no_sms: bool,
    /// Say only what would happen.
    #[arg(long)]
    dry_run: bool,
    /// A key that makes a repeated call the same alert.
    #[arg(long)]
    key: Option<String>,
    /// Do not wait for the deliveries.
    #[arg(long)]
    no_wait: bool,
    /// Wait at most so many seconds.
    #[arg(long, default_value_t = 120)]
    wait: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Precedence {
    Flash,
    Immediate,
    Priority,
    Routine,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ask {
    Nothing,
    Receipt,
    Acknowledgement,
    Answers,
}

pub(super) async fn run(access: &Access, command: AlertCommand) -> anyhow::Result<ExitCode> {
    let client = Client::new(access)?;
    match command {
        AlertCommand::Send(arguments) => return send(access, &client, arguments).await,
        AlertCommand::Show { id, unanswered } => show(access, &client, &id, unanswered).await?,
        AlertCommand::Cancel { id, because } => {
            let done = client
                .post(
                    &format!("alerts/{}/cancel", segment(&id)),
                    &json!({ "because": because }),
                )
                .await?;
            print(access, &done, |_| format!("alert {id} is cancelled"));
        }
        AlertCommand::List { limit } => {
            let list = client.get(&format!("alerts?limit={limit}")).await?;
            let columns = [
                ("ID", "id"),
                ("PRECEDENCE", "precedence"),
                ("ACCEPTED", "accepted_at"),
                ("OF", "recipients"),
                ("ANSWERED", "counts.answered"),
                ("RECEIVED", "counts.received"),
                ("ENDED", "ended_at"),
                ("TEXT", "text"),
            ];
            table(access, members(&list, "alerts"), &columns);
        }
        AlertCommand::Resend { id } => {
            let resent = client
                .post(&format!("alerts/{}/resend", segment(&id)), &json!({}))
                .await?;
            print(access, &resent, |resent| {
                format!("sent again to {}", cell(resent, "deliveries"))
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn translation(written: &str) -> Result<(String, String), String> {
    let parts = written.split_once('=');
    let parts = parts.ok_or("write the language before it, as in en=TEXT")?;
    Ok((parts.0.to_owned(), parts.1.to_owned()))
}

fn members<'a>(list: &'a Value, name: &str) -> &'a [Value] {
    list.get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

async fn send(
    access: &Access,
    client: &Client,
    arguments: SendArguments,
) -> anyhow::Result<ExitCode> {
    let ask = if arguments.answer.is_empty() {
        arguments.ask
    } else {
        Ask::Answers
    };
    let translations: BTreeMap<String, String> = arguments.translation.into_iter().collect();
    let body = json!({
        "text": arguments.text,
        "language": arguments.language,
        "translations": translations,
        "precedence": name(arguments.precedence),
        "ask": name(ask),
        "answers": arguments.answer,
        "targets": arguments.to,
        "expires_at": arguments.expires_at,
        "exercise": arguments.exercise,
        "sms": !arguments.no_sms,
    });
    if arguments.dry_run {
        let plan = client.post("alerts/dry-run", &body).await?;
        show_plan(access, &plan);
        return Ok(ExitCode::SUCCESS);
    }
    // Whoever must repeat the command after a lost answer can, with the same key.
    let fresh = || ulid::Ulid::generate().to_string();
    let key = arguments.key.clone().unwrap_or_else(fresh);
    let sent = client.post_with_key("alerts", &body, &key).await;
    let receipt = sent.map_err(|error| {
        if error.is::<NoAnswer>() {
            error.context(format!(
                "not confirmed: to send it once only, repeat with --key {key}"
            ))
        } else {
            error
        }
    })?;
    print(access, &receipt, |receipt| {
        format!(
            "alert {} ({}) is on record for {} recipients",
            cell(receipt, "id"),
            cell(receipt, "mark"),
            cell(receipt, "recipients")
        )
    });
    show_hindrances(access, &receipt);
    if !arguments.no_wait {
        let id = receipt
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let last = watch(client, id, Duration::from_secs(arguments.wait)).await?;
        print(access, &last, summary);
    }
    Ok(ExitCode::SUCCESS)
}

fn name(value: impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

/// Says on standard error who cannot get the alert, and what would help.
fn show_hindrances(access: &Access, answer: &Value) {
    if access.json {
        return;
    }
    for hindrance in members(answer, "hindrances") {
        let radios: Vec<String> = members(hindrance, "radios")
            .iter()
            .map(ToString::to_string)
            .chain(members(hindrance, "people").iter().map(|id| match id {
                Value::String(id) => format!("person:{}", safe(id)),
                other => other.to_string(),
            }))
            .collect();
        eprintln!(
            "{} recipients cannot get it ({}): {}",
            cell(hindrance, "recipients"),
            radios.join(", "),
            cell(hindrance, "remedy")
        );
    }
}

fn show_plan(access: &Access, plan: &Value) {
    print(access, plan, |plan| {
        format!(
            "{} recipients, {} of them at best sent, {} without a station now, in {} part(s)",
            cell(plan, "recipients"),
            cell(plan, "at_best_sent"),
            cell(plan, "unreachable"),
            cell(plan, "parts")
        )
    });
    show_hindrances(access, plan);
    if !access.json {
        let readers = plan.get("readers").and_then(Value::as_object);
        for (language, count) in readers.into_iter().flatten() {
            say(&format!("{count} of them are told in {}", safe(language)));
        }
        let columns = [
            ("CARRIER", "carrier"),
            ("STATION", "station"),
            ("DELIVERIES", "deliveries"),
            ("AIRTIME ms", "airtime_ms"),
            ("FINISHED IN ms", "finished_in_ms"),
        ];
        table(access, members(plan, "carriers"), &columns);
        show_sms(access, plan);
    }
}

/// Which SMS routes would be used for how many people, and what that costs.
fn show_sms(access: &Access, plan: &Value) {
    if let Some(why) = plan.get("no_sms").and_then(Value::as_str) {
        say(&format!("no SMS: {}", safe(why)));
        return;
    }
    let routes = members(plan, "sms");
    if routes.is_empty() {
        return;
    }
    let rows: Vec<Value> = routes.iter().cloned().map(with_words).collect();
    let columns = [
        ("SMS ROUTE", "route"),
        ("LINK", "link"),
        ("AT ONCE", "at_once"),
        ("IF NEEDED", "if_needed"),
        ("PARTS", "parts"),
        ("COST AT MOST", "cost_at_most"),
    ];
    say("");
    table(access, &rows, &columns);
}

/// Adds whether the link is there, and the cost in the currency.
fn with_words(mut route: Value) -> Value {
    let up = route.get("up").and_then(Value::as_bool).unwrap_or(false);
    let cost = route.get("cost").and_then(Value::as_u64).unwrap_or(0);
    if let Some(members) = route.as_object_mut() {
        members.insert("link".into(), json!(if up { "up" } else { "down" }));
        let cost = format!("{}.{:02}", cost / 100, cost % 100);
        members.insert("cost_at_most".into(), json!(cost));
    }
    route
}

/// Shows the progress until nothing more is wanted or the time is over.
async fn watch(client: &Client, id: &str, patience: Duration) -> anyhow::Result<Value> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style);
    let end = Instant::now() + patience;
    loop {
        let alert = client.get(&format!("alerts/{}", segment(id))).await?;
        let counts = Counts::of(&alert);
        bar.set_length(counts.all);
        bar.set_position(counts.all.saturating_sub(counts.failed + counts.sent));
        bar.set_message(format!(
            "answered {} received {}",
            counts.answered, counts.received
        ));
        if alert.get("ended_at").is_some_and(|ended| !ended.is_null()) || Instant::now() >= end {
            bar.finish_and_clear();
            return Ok(alert);
        }
        tokio::time::sleep(REFRESH).await;
    }
}

/// Each delivery once, at its highest rung.
struct Counts {
    answered: u64,
    received: u64,
    transmitted: u64,
    sent: u64,
    failed: u64,
    all: u64,
}

impl Counts {
    fn of(alert: &Value) -> Self {
        let count = |name: &str| {
            alert
                .pointer(&format!("/counts/{name}"))
                .and_then(Value::as_u64)
                .unwrap_or(0)
        };
        let sum = |names: &[&str]| names.iter().map(|name| count(name)).sum();
        Self {
            answered: count("answered"),
            received: sum(&["received", "read"]),
            transmitted: count("transmitted"),
            sent: sum(&["sent", "accepted"]),
            failed: sum(&["failed", "expired", "cancelled", "superseded", "queued"]),
            all: alert.get("recipients").and_then(Value::as_u64).unwrap_or(0),
        }
    }
}

fn summary(alert: &Value) -> String {
    let Counts {
        answered,
        received,
        transmitted,
        sent,
        failed,
        all,
    } = Counts::of(alert);
    format!(
        "answered {answered} received {received} transmitted {transmitted} sent {sent} failed {failed} of {all}"
    )
}

async fn show(access: &Access, client: &Client, id: &str, unanswered: bool) -> anyhow::Result<()> {
    let alert = client.get(&format!("alerts/{}", segment(id))).await?;
    print(access, &alert, |alert| {
        format!(
            "{} {} [{}] {}\n{}",
            cell(alert, "id"),
            cell(alert, "precedence"),
            cell(alert, "mark"),
            cell(alert, "text"),
            summary(alert)
        )
    });
    let columns = [
        ("RADIO", "radio"),
        ("PERSON", "person"),
        ("NAME", "name"),
        ("RUNG", "rung"),
        ("END", "end"),
        ("ANSWER", "answer.text"),
        ("BY", "answer.by"),
        ("AT", "at"),
        ("WAYS", "ways"),
        ("BEST", "best"),
        ("UNCLEAR", "unclear"),
    ];
    let mut from = 0;
    loop {
        let page = client
            .get(&format!(
                "alerts/{}/deliveries?from={from}&limit=500&unanswered={unanswered}",
                segment(id)
            ))
            .await?;
        let mut rows = members(&page, "deliveries").to_vec();
        if !access.json {
            rows.iter_mut().for_each(add_ways);
        }
        table(access, &rows, &columns);
        match page.get("next").and_then(Value::as_u64) {
            Some(next) => from = next,
            None => return Ok(()),
        }
    }
}

/// Adds in one cell how far each way to a recipient has come: `2308001 sent x2, 13800138000
/// received x1`.
fn add_ways(row: &mut Value) {
    let ways = members(row, "routes").iter().map(|route| {
        let unclear = route.get("unclear").and_then(Value::as_bool) == Some(true);
        format!(
            "{} {} x{}{}",
            cell(route, "address"),
            cell(route, "rung"),
            cell(route, "attempts"),
            if unclear { " unclear" } else { "" }
        )
    });
    let ways = ways.collect::<Vec<_>>().join(", ");
    if let Some(row) = row.as_object_mut() {
        row.insert("ways".to_owned(), ways.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_delivery_is_counted_once() {
        let alert = json!({"recipients": 7, "counts": {
            "answered": 1, "received": 1, "read": 1, "accepted": 1, "sent": 1, "queued": 1, "expired": 1
        }});
        assert_eq!(
            summary(&alert),
            "answered 1 received 2 transmitted 0 sent 2 failed 2 of 7"
        );
    }
}
