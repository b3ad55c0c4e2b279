//! `narrowcast simulate`: the server inside a simulated world, in virtual time.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use narrowcast::simulate::run::Tally;
use narrowcast::simulate::shift::Shift;
use narrowcast_protocol::time::Instant;
use serde_json::{Value, json};

use super::Access;
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
    /// Write everything that happens to this file.
    #[arg(long)]
    log: Option<PathBuf>,
}

pub(super) fn run(access: &Access, arguments: &SimulateArguments) -> anyhow::Result<ExitCode> {
    let mut broken = 0u64;
    let end = arguments.seed.saturating_add(arguments.count);
    for seed in arguments.seed..end {
        let shift = Shift {
            seed,
            length: Duration::from_secs(arguments.minutes * 60),
            radios: arguments.radios,
            log: arguments.log.is_some(),
        };
        broken += u64::from(!play(access, arguments, &shift)?);
    }
    if arguments.count > 1 && !access.json {
        say(&format!(
            "{} shifts, {broken} of them broke a promise",
            arguments.count
        ));
    }
    Ok(if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Plays one shift; whether every promise was kept.
fn play(access: &Access, arguments: &SimulateArguments, shift: &Shift) -> anyhow::Result<bool> {
    let mut run = shift.run()?;
    let played = run.until(Instant::ZERO + shift.length);
    if let Some(path) = &arguments.log {
        let mut text = run.log().join("\n");
        text.push('\n');
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
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
        });
        print(access, &value, told);
    }
    Ok(played.is_ok())
}

fn tally(tally: Tally) -> Value {
    json!({
        "accepted": tally.accepted,
        "refused": tally.refused,
        "facts": tally.facts,
        "sent": tally.sent,
        "received": tally.received,
        "answered": tally.answered,
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
        let _ = write!(text, "\n  {:<12} {count}", name.replace('_', " "));
    }
    text
}
