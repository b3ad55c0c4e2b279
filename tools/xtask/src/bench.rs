//! `cargo xtask bench`: the figures of docs/benchmarks.md.

use anyhow::Result;

use crate::run::{cargo, run};

pub(crate) fn bench(filter: Option<&str>) -> Result<()> {
    let mut bench = cargo([
        "bench",
        "--locked",
        "-p",
        "narrowcast-protocol",
        "-p",
        "narrowcast",
    ]);
    if let Some(filter) = filter {
        bench.args(["--", filter]);
    }
    run(&mut bench)
}
