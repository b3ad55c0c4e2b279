//! `narrowcast simulate`: the server inside a simulated world, in virtual time.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use narrowcast::simulate::accuracy::{Outturn, outturns, quantile};
use narrowcast::simulate::run::Tally;
use narrowcast::simulate::shift::Shift;
use narrowcast_protocol::time::Instant;
use serde_json::{Value, json};

use super::access::Access;
use super::output::{print, say};

#[derive(Debug, Args)]
pub(super) struct SimulateArguments {
    /// Play the chaotic shift of this seed, and check every promise at every step.
    #[arg(long)]
    seed: u64,
    /// How many seeds from there on.
    #[arg(long, default_value_t = 1)]
    count: u64,
    /// How long a shift lasts, in minutes; trouble ends five minutes before.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(6..=1_440))]
    minutes: u64,
    /// How many radios there are; by chance 20 to 200 if not given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    radios: Option<u32>,
    /// No outages: links and the ledger behave. What is left shows how true predictions are.
    #[arg(long)]
    calm: bool,
    /// Nobody has a telephone: the same radios without the operators of short messages.
    #[arg(long)]
    radios_only: bool,
    /// Write everything that happens to this file.
    #[arg(long)]
    log: Option<PathBuf>,
}

pub(super) fn run(access: &Access, arguments: &SimulateArguments) -> anyhow::Result<ExitCode> {
    let mut broken = 0u64;
    let mut predictions = Vec::new();
    let end = arguments.seed.saturating_add(arguments.count);
    for seed in arguments.seed..end {
        let shift = Shift {
            seed,
            length: Duration::from_secs(arguments.minutes * 60),
            radios: arguments.radios,
            calm: arguments.calm,
            telephones: !arguments.radios_only,
            log: arguments.log.is_some(),
        };
        broken += u64::from(!play(access, arguments, &shift, &mut predictions)?);
    }
    if arguments.count > 1 && !access.json {
        say(&format!(
            "{} shifts, {broken} of them broke a promise",
            arguments.count
        ));
        say(&accuracy(&predictions));
    }
    Ok(if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Plays one shift; whether every promise was kept.
fn play(
    access: &Access,
    arguments: &SimulateArguments,
    shift: &Shift,
    predictions: &mut Vec<Outturn>,
) -> anyhow::Result<bool> {
    let mut run = shift.run()?;
    run.keep_facts();
    let played = run.until(Instant::ZERO + shift.length);
    if let Some(path) = &arguments.log {
        let mut text = run.log().join("\n");
        text.push('\n');
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let known = outturns(run.facts());
    let quiet = arguments.count > 1 && played.is_ok();
    if !quiet || access.json {
        let violation = played.as_ref().err();
        let value = json!({
            "seed": shift.seed,
            "ok": played.is_ok(),
            "broken": violation.map(|violation| violation.invariant.name()),
            "error": violation.map(ToString::to_string),
            "repeat": shift.command(),
            "tally": tally(run.tally()),
            "predictions": known.iter().map(outturn).collect::<Vec<_>>(),
        });
        print(access, &value, told);
    }
    predictions.extend(known);
    Ok(played.is_ok())
}

fn outturn(outturn: &Outturn) -> Value {
    json!({
        "alert": outturn.alert.to_string(),
        "precedence": outturn.precedence,
        "carrier": outturn.carrier.to_string(),
        "deliveries": outturn.deliveries,
        "predicted_ms": outturn.predicted.as_millis(),
        "actual_ms": outturn.actual.as_millis(),
    })
}

/// How true the predictions of all shifts were, in a line.
fn accuracy(predictions: &[Outturn]) -> String {
    let errors = [0.5, 0.95].map(|part| quantile(predictions, part));
    let [Some(median), Some(most)] = errors.map(|error| error.map(|error| error * 100.0)) else {
        return "no prediction could be compared with what came of it".into();
    };
    format!(
        "{} predictions of when the last recipient is sent to: half are wrong by at most {median:.0} %, 95 of 100 by at most {most:.0} %",
        predictions.len()
    )
}

fn tally(tally: Tally) -> Value {
    json!({
        "accepted": tally.accepted,
        "refused": tally.refused,
        "facts": tally.facts,
        "sent": tally.sent,
        "received": tally.received,
        "answered": tally.answered,
        "sms_taken": tally.sms_taken,
        "sms_delivered": tally.sms_delivered,
        "sms_answered": tally.sms_answered,
        "emergencies": tally.emergencies,
        "outages": tally.outages,
        "bursts_down": tally.bursts_down,
        "bursts_up": tally.bursts_up,
        "collisions": tally.collisions,
    })
}

fn told(value: &Value) -> String {
    let seed = super::output::cell(value, "seed");
    let mut text = match value.get("error").and_then(Value::as_str) {
        Some(error) => format!(
            "seed {seed}: {error}\nrepeat it: {}",
            super::output::cell(value, "repeat")
        ),
        None => format!("seed {seed}: every promise was kept"),
    };
    for (name, count) in value
        .get("tally")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        // Writing to a string does not fail.
        let _ = write!(text, "\n  {:<13} {count}", name.replace('_', " "));
    }
    text
}
