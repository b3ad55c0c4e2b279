//! Programs of others that the tests run beside ours. What is missing is installed, and
//! said before: Python packages go into an environment under `target/`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::run::{root, run, succeeds};

/// A Python package at its version, and what for.
const PYTHON: [(&str, &str); 1] = [("ok-dmrlib==0.8.0", "decodes the DMR bursts we encode")];

/// A program, the Debian package it comes from, and what for.
const DEBIAN: [(&str, &str, &str); 1] = [("tshark", "tshark", "reads the captures we write")];

/// Where the peers stand, for the tests' environment.
pub(crate) struct Peers {
    /// The Python interpreter that has the Python peers.
    pub(crate) python: PathBuf,
    /// Names for the closing line.
    pub(crate) names: Vec<String>,
}

/// Installs what is missing.
pub(crate) fn install() -> Result<Peers> {
    debian()?;
    let programs = DEBIAN.iter().map(|(program, _, _)| *program);
    let packages = PYTHON.iter().map(|(package, _)| *package);
    let names = packages.chain(programs).map(str::to_owned).collect();
    Ok(Peers {
        python: python()?,
        names,
    })
}

fn debian() -> Result<()> {
    for (program, package, why) in DEBIAN {
        if succeeds(Command::new(program).arg("--version")) {
            continue;
        }
        println!("installing Debian package {package}: {why}");
        run(Command::new("apt-get").args(["update", "-q"]))?;
        run(Command::new("apt-get")
            .args(["install", "-y", "-q", package])
            .env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    Ok(())
}

fn python() -> Result<PathBuf> {
    let environment = root().join("target").join("peers").join("python");
    let python = environment.join("bin").join("python3");
    let stamp = environment.join("installed.txt");
    let wanted = PYTHON.map(|(package, _)| package).join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    for (package, why) in PYTHON {
        println!("installing Python package {package} under target/peers: {why}");
    }
    if !succeeds(
        Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment),
    ) {
        println!("python3 has no venv: installing Debian package python3-venv");
        run(Command::new("apt-get").args(["update", "-q"]))?;
        run(Command::new("apt-get").args(["install", "-y", "-q", "python3-venv"]))?;
        run(Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment))?;
    }
    run(Command::new(&python)
        .args(["-m", "pip", "install", "-q", "--disable-pip-version-check"])
        .args(PYTHON.map(|(package, _)| package)))?;
    std::fs::write(stamp, wanted)?;
    Ok(python)
}
