//! `cargo xtask soak`: the full counts, for hours when nobody waits for the machine.

use std::time::Instant;

use anyhow::Result;

use crate::run::{cargo, root, run};
use crate::{mutants, peers};

/// Chaotic shifts of twenty minutes.
const SHIFTS: u32 = 10_000;
/// Whole days.
const DAYS: u32 = 20;

pub(crate) fn soak() -> Result<()> {
    let started = Instant::now();
    let peers = peers::install()?;
    run(&mut cargo([
        "build",
        "--locked",
        "--release",
        "--workspace",
        "--bins",
    ]))?;
    let simulate = |count: u32, minutes: u32| {
        let program = root().join("target/release/narrowcast");
        let mut command = std::process::Command::new(program);
        let (count, minutes) = (count.to_string(), minutes.to_string());
        command.args(["simulate", "--seed", "0", "--count", &count]);
        run(command.args(["--minutes", &minutes]))
    };
    simulate(SHIFTS, 20)?;
    simulate(DAYS, 24 * 60)?;
    let tests = |name: &str| cargo(["test", "--locked", "--release", "--test", name]);
    run(tests("sim").arg("rush").env("NARROWCAST_SEEDS", "0..1000"))?;
    let binaries = root().join("target").join("release");
    run(tests("crash")
        .env("NARROWCAST_ROUNDS", "100")
        .env("NARROWCAST_BINARIES", &binaries))?;
    run(tests("e2e")
        .arg("killed_under_load")
        .env("NARROWCAST_ROUNDS", "100")
        .env("NARROWCAST_REQUIRE_PEERS", "1")
        .env("NARROWCAST_PEER_PYTHON", &peers.python)
        .env("NARROWCAST_PEER_NODE", &peers.node)
        .env("NARROWCAST_BINARIES", binaries))?;
    let caught = mutants::catch(None)?;
    println!(
        "\n{SHIFTS} shifts, {DAYS} days, 1000 rushes, 100 kills, {caught} planted bugs caught"
    );
    println!("took {} min", started.elapsed().as_secs() / 60);
    Ok(())
}
