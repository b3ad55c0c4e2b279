//! Planted bugs, one per promise: for each the server's own tests must go red.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{cargo, succeeds};

/// The planted bugs: the value of `narrowcast_mutant`, and the promise it breaks.
pub(crate) const ALL: [(&str, &str); 6] = [
    (
        "acknowledge_before_commit",
        "nothing is acknowledged before it is durable",
    ),
    (
        "presence_is_receipt",
        "nothing is claimed beyond its evidence",
    ),
    ("endless_retries", "attempts are capped"),
    (
        "first_come_first_served",
        "precedence acts before the bottleneck",
    ),
    (
        "send_without_attempt",
        "no transmission without an attempt on record",
    ),
    ("exercise_leaks", "an exercise never reaches a live channel"),
];

/// Builds the server's unit tests once per bug and demands that they fail.
pub(crate) fn catch_all() -> Result<usize> {
    for (mutant, promise) in ALL {
        let binary = build(mutant)?;
        if succeeds(Command::new(&binary).args(["--test-threads", "2"])) {
            bail!(
                "planted bug `{mutant}` was not noticed: no test keeps the promise \"{promise}\""
            );
        }
        println!("planted bug {mutant} was caught ({promise})");
    }
    Ok(ALL.len())
}

fn build(mutant: &str) -> Result<String> {
    println!("building with planted bug {mutant}");
    let cfg = format!("narrowcast_mutant=\"{mutant}\"");
    let mut command = cargo([
        "rustc",
        "--locked",
        "-q",
        "-p",
        "narrowcast",
        "--lib",
        "--profile",
        "test",
        "--message-format=json",
        "--",
    ]);
    let output = command
        .args(["--cfg", &cfg, "-A", "warnings"])
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!(
            "planted bug {mutant} does not build:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let marker = "\"executable\":\"";
    let path = messages
        .rsplit_once(marker)
        .and_then(|(_, rest)| rest.split('"').next());
    path.map(str::to_owned)
        .context("cargo named no test binary")
}
