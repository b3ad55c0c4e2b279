//! `cargo xtask test`: everything, in the order in which failures are cheapest to find.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::run::{cargo, root, run, run_and_keep};
use crate::{mutants, peers};

pub(crate) fn test() -> Result<()> {
    let started = Instant::now();
    let planted = mutants::check()?;
    run(&mut cargo(["fmt", "--all", "--check"]))?;
    let peers = peers::install()?;
    run(&mut cargo([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    run(cargo(["doc", "--locked", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    // The end-to-end tests start these programs.
    run(&mut cargo(["build", "--locked", "--workspace", "--bins"]))?;
    let binaries = root().join("target").join("debug");
    let mut tests = cargo(["test", "--locked", "--workspace", "--no-fail-fast"]);
    tests
        .env("INSTA_UPDATE", "no")
        .env("NARROWCAST_REQUIRE_PEERS", "1")
        .env("NARROWCAST_PEER_PYTHON", &peers.python)
        .env("NARROWCAST_PEER_NODE", &peers.node)
        .env("NARROWCAST_BINARIES", &binaries);
    let results = run_and_keep(&mut tests, |line| line.starts_with("test result:"))?;
    let passed: u64 = results
        .iter()
        .filter_map(|line| count(line, "passed"))
        .sum();
    let failed: u64 = results
        .iter()
        .filter_map(|line| count(line, "failed"))
        .sum();
    let ignored: u64 = results
        .iter()
        .filter_map(|line| count(line, "ignored"))
        .sum();
    if passed == 0 {
        bail!("no test ran");
    }
    run(cargo([
        "run",
        "--locked",
        "--quiet",
        "-p",
        "narrowcast-sim",
        "--",
        "demo",
        "--check",
    ])
    .env("NARROWCAST_BINARIES", &binaries))?;
    let vectors = if std::env::var_os("NARROWCAST_VECTORS").is_some() {
        "read"
    } else {
        "absent (set NARROWCAST_VECTORS)"
    };
    println!();
    println!(
        "planted bugs that apply: {planted} (`cargo xtask mutants` demands that each is caught)"
    );
    println!("recorded vectors: {vectors}");
    println!("peers that took part: {}", peers.names.join(", "));
    println!(
        "took {} min {} s",
        started.elapsed().as_secs() / 60,
        started.elapsed().as_secs() % 60
    );
    println!("{passed} passed, {failed} failed, {ignored} skipped");
    Ok(())
}

/// The number before `word` in a closing line of the test runner.
fn count(line: &str, word: &str) -> Option<u64> {
    let words: Vec<&str> = line
        .split([' ', ';'])
        .filter(|part| !part.is_empty())
        .collect();
    let at = words.iter().position(|part| *part == word)?;
    words.get(at.checked_sub(1)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn the_closing_line_of_the_runner_is_counted() {
        let line = "test result: ok. 24 passed; 1 failed; 2 ignored; 0 measured; 12 filtered out; finished in 0.28s";
        assert_eq!(count(line, "passed"), Some(24));
        assert_eq!(count(line, "failed"), Some(1));
        assert_eq!(count(line, "ignored"), Some(2));
        assert_eq!(count("test result: ok", "passed"), None);
    }
}
