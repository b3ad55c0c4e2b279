//! `cargo xtask demo`: the main job on the embedded ledger.

use anyhow::Result;

use crate::run::{cargo, run};

pub(crate) fn demo(check: bool) -> Result<()> {
    run(&mut cargo([
        "build",
        "--locked",
        "-p",
        "narrowcast",
        "-p",
        "narrowcast-sim",
    ]))?;
    let mut demo = cargo([
        "run",
        "--locked",
        "--quiet",
        "-p",
        "narrowcast-sim",
        "--",
        "demo",
    ]);
    if check {
        demo.arg("--check");
    }
    run(&mut demo)
}
