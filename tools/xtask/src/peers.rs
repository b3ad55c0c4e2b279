//! Programs of others that the tests run beside ours. What is missing is installed, and
//! said before: Debian packages by apt, Python packages into an environment under `target/`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{root, run, succeeds};

/// A Debian package, the program it brings, and what for.
const DEBIAN: [(&str, &str, &str); 2] = [
    ("tshark", "tshark", "reads the captures we write"),
    (
        "strace",
        "strace",
        "counts the fdatasync between a request and its answer",
    ),
];

/// A Python package at its version, and what for.
const PYTHON: [(&str, &str); 1] = [("ok-dmrlib==0.8.0", "decodes the DMR bursts we encode")];

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
    let python = python()?;
    let debian = DEBIAN.iter().map(|(_, program, _)| (*program).to_owned());
    let names = debian
        .chain(PYTHON.iter().map(|(package, _)| (*package).to_owned()))
        .collect();
    Ok(Peers { python, names })
}

fn debian() -> Result<()> {
    let missing: Vec<_> = DEBIAN
        .iter()
        .filter(|(_, program, _)| !succeeds(Command::new("which").arg(program)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for (package, _, why) in &missing {
        println!("installing Debian package {package}: {why}");
    }
    let apt = |arguments: &[&str]| {
        let mut command = if succeeds(Command::new("test").args(["-w", "/var/lib/dpkg"])) {
            Command::new("apt-get")
        } else {
            let mut sudo = Command::new("sudo");
            sudo.arg("apt-get");
            sudo
        };
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    run(&mut apt(&["update", "-q"]))
        .context("apt-get update failed: is this a Debian machine with its package manager?")?;
    let packages: Vec<&str> = missing.iter().map(|(package, ..)| *package).collect();
    run(apt(&["install", "-y", "-q", "--no-install-recommends"]).args(&packages))
        .with_context(|| format!("install by hand: {}", packages.join(" ")))?;
    match missing
        .iter()
        .find(|(_, program, _)| !succeeds(Command::new("which").arg(program)))
    {
        Some((package, program, _)) => bail!("{package} is installed but brings no {program}"),
        None => Ok(()),
    }
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
