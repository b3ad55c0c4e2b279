//! Programs of others that the tests run beside ours. What is missing is installed, and
//! said before: Debian's packages by apt, Python packages into an environment under `target/`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::run::{root, run, succeeds};

/// A Python package at its version, and what for.
const PYTHON: [(&str, &str); 6] = [
    ("ok-dmrlib==0.8.0", "decodes the DMR bursts we encode"),
    (
        "python-gsmmodem-new==0.13.0",
        "codes the short messages of the modem that ours talks to",
    ),
    (
        "smpplib==2.2.4",
        "decodes the SMPP that we send, and sends to the simulated centre",
    ),
    (
        "openapi-python-client==0.29.1",
        "makes a client of our OpenAPI document",
    ),
    ("mypy==2.4.1", "checks the types of that client"),
    (
        "paho-mqtt==2.2.0",
        "sends commands and reads events over MQTT as a platform does",
    ),
];

/// Where the Node.js packages are named and locked, and the one that the tests use.
const NODE_PACKAGES: &str = "tests/peers/node";
const NODE: &str = "npm smpp 0.5.1";

/// A peer that stands in this repository, in another language than ours.
const GATEWAY: &str = "strict CMPP gateway (tests/peers/cmpp_server.py)";

/// A Debian package, the program that shows that it is there, and what for.
struct Debian {
    package: &'static str,
    program: &'static str,
    why: &'static str,
}

const DEBIAN: [Debian; 9] = [
    Debian {
        package: "npm",
        program: "npm",
        why: "installs the SMPP centre that the tests send to, which runs on Node.js",
    },
    Debian {
        package: "mosquitto",
        program: "mosquitto",
        why: "the MQTT broker that events go to and commands come from",
    },
    Debian {
        package: "mosquitto-clients",
        program: "mosquitto_rr",
        why: "subscribes to events and sends commands as the platform does",
    },
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
    Debian {
        package: "libxml2-utils",
        program: "xmllint",
        why: "holds CAP documents against the standard's schema, as we do",
    },
    Debian {
        package: "xmlsec1",
        program: "xmlsec1",
        why: "signs CAP documents, and says whether damaged ones still hold",
    },
    Debian {
        package: "openssl",
        program: "openssl",
        why: "makes the keys and certificates they are signed with",
    },
];

/// Where the peers stand, for the tests' environment.
pub(crate) struct Peers {
    /// The Python interpreter that has the Python peers.
    pub(crate) python: PathBuf,
    /// The directory whose `node_modules` has the Node.js peers.
    pub(crate) node: PathBuf,
    /// Names for the closing line.
    pub(crate) names: Vec<String>,
}

/// Installs what is missing.
pub(crate) fn install() -> Result<Peers> {
    debian()?;
    let debian = DEBIAN.iter().map(|peer| peer.package);
    let names = PYTHON.iter().map(|(package, _)| *package);
    let names = names.chain([NODE, GATEWAY]).chain(debian);
    Ok(Peers {
        python: python()?,
        node: node()?,
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
    std::env::split_paths(&path)
        // Servers stand here, and not everybody has it in `PATH`.
        .chain([PathBuf::from("/usr/sbin")])
        .any(|place| place.join(program).is_file())
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

/// Installs what the lock file names, under `target/`.
fn node() -> Result<PathBuf> {
    let named = root().join(NODE_PACKAGES);
    let place = root().join("target").join("peers").join("node");
    let stamp = place.join("installed.json");
    let wanted = std::fs::read_to_string(named.join("package-lock.json"))?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(place);
    }
    println!("installing {NODE} under target/peers: a short message centre that we send to");
    std::fs::create_dir_all(&place)?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(named.join(file), place.join(file))?;
    }
    run(Command::new("npm").current_dir(&place).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]))?;
    std::fs::write(stamp, wanted)?;
    Ok(place)
}
