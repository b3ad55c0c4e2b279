//! Programs of others that the tests run beside ours. What is missing is installed, and
//! said before: Debian's packages by apt, Python packages into an environment under `target/`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::run::{root, run, succeeds};

/// A Python package at its version, and what for.
const PYTHON: [(&str, &str); 1] = [("ok-dmrlib==0.8.0", "decodes the DMR bursts we encode")];

/// A Debian package, the program that shows that it is there, and what for.
struct Debian {
    package: &'static str,
    program: &'static str,
    why: &'static str,
}

const DEBIAN: [Debian; 3] = [
    Debian {
        package: "strace",
        program: "strace",
        why: "counts the fdatasync between a request and its 201",
    },
    Debian {
        package: "curl",
        program: "curl",
        why: "asks the API over TLS as the README does",
    },
    Debian {
        package: "tshark",
        program: "tshark",
        why: "reads the captures we write",
    },
];

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
    let debian = DEBIAN.iter().map(|peer| peer.package);
    let names = PYTHON.iter().map(|(package, _)| *package).chain(debian);
    Ok(Peers {
        python: python()?,
        names: names.map(str::to_owned).collect(),
    })
}

fn debian() -> Result<()> {
    let missing: Vec<&Debian> = DEBIAN
        .iter()
        .filter(|peer| !is_there(peer.program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for Debian { package, why, .. } in &missing {
        println!("installing Debian package {package}: {why}");
    }
    let packages: Vec<&str> = missing.iter().map(|peer| peer.package).collect();
    apt_install(&packages)
}

/// Whether a program stands in one of the directories of `PATH`.
fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|place| place.join(program).is_file())
}

fn apt_install(packages: &[&str]) -> Result<()> {
    run(Command::new("apt-get").args(["update", "-q"]))?;
    run(Command::new("apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "-y", "-q", "--no-install-recommends"])
        .args(packages))
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
        apt_install(&["python3-venv"])?;
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
