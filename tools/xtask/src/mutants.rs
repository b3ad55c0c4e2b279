//! Planted bugs, one per promise: for each the server's own tests must go red.
//!
//! One build with `--cfg narrowcast_mutant` holds them all; `NARROWCAST_MUTANT` says which of
//! them is at work. Nothing of it is in a build without that flag.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::run::{cargo, succeeds};

/// A planted bug.
pub(crate) struct Mutant {
    name: &'static str,
    /// The promise it breaks.
    promise: &'static str,
    /// The tests of which at least one must notice: the beginnings of their names.
    tests: &'static [&'static str],
}

const fn mutant(
    name: &'static str,
    promise: &'static str,
    tests: &'static [&'static str],
) -> Mutant {
    Mutant {
        name,
        promise,
        tests,
    }
}

const ENGINE: &[&str] = &["engine::"];
const MODEL: &[&str] = &["model::"];

/// The planted bugs, by the promises of the design.
pub(crate) const ALL: [Mutant; 32] = [
    // 1: nothing accepted is lost.
    mutant(
        "acknowledge_before_commit",
        "nothing is acknowledged before it is durable",
        ENGINE,
    ),
    mutant(
        "a_crash_is_forgotten",
        "what a crash left open is shown as unclear and tried again",
        ENGINE,
    ),
    mutant(
        "chain_is_not_checked",
        "a record that was changed is noticed",
        &["ledger::"],
    ),
    // 2: nothing is claimed beyond its evidence.
    mutant(
        "presence_is_receipt",
        "a radio that is there has not received",
        MODEL,
    ),
    mutant(
        "group_is_receipt",
        "a group transmission is at most transmitted",
        MODEL,
    ),
    mutant(
        "stranger_confirms",
        "only the radio itself confirms its delivery",
        ENGINE,
    ),
    mutant(
        "newest_evidence_wins",
        "the order of evidence never matters",
        MODEL,
    ),
    // 3: at least once on the air, once in the books.
    mutant(
        "duplicate_is_recorded",
        "a text heard twice is recorded once",
        ENGINE,
    ),
    mutant(
        "key_is_forgotten",
        "a repeated submission is the same alert",
        ENGINE,
    ),
    mutant(
        "send_without_attempt",
        "no transmission without an attempt on record",
        ENGINE,
    ),
    mutant("endless_retries", "attempts are capped", ENGINE),
    mutant(
        "mark_is_shared",
        "two open alerts of one radio carry different marks",
        ENGINE,
    ),
    // 4: precedence acts before the bottleneck.
    mutant(
        "routine_before_flash",
        "precedence acts before the bottleneck",
        ENGINE,
    ),
    // 5: airtime is a budget.
    mutant(
        "room_is_ignored",
        "a station gets no more than it has room for",
        ENGINE,
    ),
    // 6: silence is not clearance.
    mutant(
        "emergency_is_lost",
        "an emergency is on record before it is acknowledged",
        ENGINE,
    ),
    mutant(
        "silence_closes",
        "an emergency stays open until a named person closes it",
        ENGINE,
    ),
    mutant(
        "unrecorded_is_hidden",
        "an emergency that cannot be recorded is shown",
        &["server::"],
    ),
    mutant(
        "full_disk_is_ignored",
        "a full disk refuses routine traffic first",
        ENGINE,
    ),
    mutant(
        "a_clock_step_is_believed",
        "a dead clock battery expires nothing",
        ENGINE,
    ),
    // 7: an exercise never reaches a live channel.
    mutant(
        "exercise_leaks",
        "an exercise never reaches a live channel",
        ENGINE,
    ),
    mutant(
        "a_drill_is_not_marked",
        "the drill sign stands on every part",
        ENGINE,
    ),
    // 8: no input can do harm.
    mutant(
        "control_characters_pass",
        "control and bidirectional characters reach nothing",
        &["api::", "model::"],
    ),
    mutant(
        "formulas_pass",
        "no cell of a CSV file is a formula",
        &["api::"],
    ),
    // 9: same seed, same run.
    mutant(
        "chance_in_the_engine",
        "the same seed makes the same run",
        ENGINE,
    ),
    // A token's node fences what it may send to and see.
    mutant(
        "sending_leaves_the_node",
        "a token sends to its node only",
        ENGINE,
    ),
    mutant(
        "node_fence_leaks",
        "a token sees the alerts of its node only",
        &["model::", "server::"],
    ),
    mutant(
        "emergency_fence_leaks",
        "a token sees the emergencies of its node only",
        &["server::"],
    ),
    // What the simulated world notices.
    mutant(
        "sent_after_receipt",
        "no radio is sent a message again whose acknowledgement is on record",
        &["simulate::"],
    ),
    mutant(
        "jobs_pile_up",
        "what is over takes no memory",
        &["simulate::"],
    ),
    mutant(
        "ceilings_are_ignored",
        "no carrier is used beyond its budget",
        &["simulate::"],
    ),
    mutant("alerts_never_expire", "every alert ends", &["simulate::"]),
    mutant(
        "second_emergency_is_refused",
        "an emergency is never refused",
        &["simulate::"],
    ),
];

/// Builds the server's unit tests once with all the bugs and demands that they fail for each,
/// and for none without.
pub(crate) fn catch_all() -> Result<usize> {
    let binary = build()?;
    if !succeeds(&mut tests(&binary, "", &[])) {
        bail!("the tests fail without any planted bug: {binary}");
    }
    for Mutant {
        name,
        promise,
        tests: filters,
    } in &ALL
    {
        if noticed(&binary, name, filters)? {
            println!("planted bug {name} was caught ({promise})");
        } else {
            bail!("planted bug `{name}` was not noticed: no test keeps the promise \"{promise}\"");
        }
    }
    Ok(ALL.len())
}

fn tests(binary: &str, mutant: &str, filters: &[&str]) -> Command {
    let mut command = Command::new(binary);
    command
        .args(["--test-threads", "2"])
        .args(filters)
        .env("NARROWCAST_MUTANT", mutant)
        .env("RUST_BACKTRACE", "0")
        // Seeds that failed here say nothing about the code.
        .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
    command
}

/// Whether a test fails by itself; a run that ends otherwise proves nothing.
fn noticed(binary: &str, mutant: &str, filters: &[&str]) -> Result<bool> {
    let output = tests(binary, mutant, filters)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {binary}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = |line: &str| line.starts_with("test ") && line.ends_with("... FAILED");
    Ok(!output.status.success() && said.lines().any(failed))
}

fn build() -> Result<String> {
    println!("building the server's tests with all planted bugs");
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
        "--cfg",
        "narrowcast_mutant",
    ]);
    let output = command.output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!(
            "the planted bugs do not build:\n{}",
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
