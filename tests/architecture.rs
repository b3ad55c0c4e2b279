//! Who may import whom. Cargo enforces the arrows between crates; this the arrows between
//! the server's modules, and what the pure parts must not touch.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tree that cannot be read fails the test"
)]

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/read.rs"]
mod read;
#[path = "architecture/token.rs"]
mod token;
#[path = "architecture/tree.rs"]
mod tree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each module of the server, and the modules it may import.
const ARROWS: [(&str, &[&str]); 14] = [
    ("model", &["model"]),
    ("engine", &["engine", "model"]),
    ("core", &["core", "engine", "model"]),
    ("ledger", &["ledger", "model"]),
    ("config", &["config", "model"]),
    ("observe", &["observe", "config", "engine", "model"]),
    (
        "station",
        &["station", "config", "model", "engine", "observe"],
    ),
    (
        "api",
        &["api", "config", "engine", "ledger", "model", "observe"],
    ),
    ("bridge", &["bridge", "model"]),
    (
        "server",
        &[
            "server", "api", "bridge", "config", "core", "engine", "ledger", "model", "observe",
            "station",
        ],
    ),
    (
        "simulate",
        &["simulate", "core", "engine", "ledger", "model"],
    ),
    ("cli", &["cli"]),
    ("lib", &[]),
    ("main", &["cli"]),
];

/// What has no place in the parts that replay bit for bit.
const IMPURE: [&str; 7] = [
    "tokio",
    "std::time::Instant",
    "SystemTime",
    "std::fs",
    "std::net::Udp",
    "getrandom",
    "rand::rng",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The code of a file up to its tests, without comments.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn is_test(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name == "tests.rs" || name == "suite.rs")
}

/// The module of the server that a file belongs to.
fn module(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    let first = inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn the_servers_modules_import_only_along_the_arrows() {
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src"))
        .iter()
        .filter(|path| !is_test(path))
    {
        let module = module(path);
        let arrow = ARROWS.iter().find(|(name, _)| *name == module);
        let Some((_, allowed)) = arrow else {
            wrong.push(format!("{module} is not in the list of modules"));
            continue;
        };
        let code = code(path);
        let imported: BTreeSet<&str> = code
            .split("crate::")
            .skip(1)
            .filter_map(|rest| {
                rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
            })
            .filter(|name| ARROWS.iter().any(|(known, _)| known == name))
            .collect();
        for name in imported.iter().filter(|name| !allowed.contains(name)) {
            wrong.push(format!("{} imports {name}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn protocol_model_engine_core_and_world_touch_no_clock_chance_socket_or_file() {
    let pure = [
        "protocol/src",
        "src/model",
        "src/engine",
        "src/core",
        "src/simulate",
        "tools/world/src",
    ];
    let mut wrong = Vec::new();
    for path in pure
        .iter()
        .flat_map(|dir| rust_files(&root().join(dir)))
        .filter(|path| !is_test(path))
    {
        let code = code(&path);
        for word in IMPURE.iter().filter(|word| code.contains(**word)) {
            wrong.push(format!("{} mentions {word}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_tool_depends_on_the_server_and_the_world_knows_only_the_protocol() {
    for tool in ["replay", "sim", "world", "xtask"] {
        let manifest =
            std::fs::read_to_string(root().join("tools").join(tool).join("Cargo.toml")).unwrap();
        assert!(
            !manifest
                .lines()
                .any(|line| line.starts_with("narrowcast ") || line.starts_with("narrowcast.")),
            "{tool}"
        );
        if tool == "world" {
            assert!(!manifest.contains("narrowcast-hardware") && !manifest.contains("tokio"));
        }
    }
}
