//! Programs and rights that a test needs and that are not Cargo's to provide.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A test cannot take part: a failure where peers are required, else a clear word.
pub(crate) fn missing(what: &str) {
    assert!(
        std::env::var_os("NARROWCAST_REQUIRE_PEERS").is_none(),
        "{what}"
    );
    eprintln!("NOT RUN: {what}");
}

/// Whether this program of another package can be started.
pub(crate) fn has(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg(argument)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A program of another crate of this workspace: where `NARROWCAST_BINARIES` says, or
/// beside the server. It must have been built: `cargo build --workspace --bins`.
pub(crate) fn of_workspace(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("NARROWCAST_BINARIES").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_BIN_EXE_narrowcast"))
        .parent()
        .map(Path::to_path_buf);
    let places = named.into_iter().chain(beside);
    let found = places
        .map(|place| place.join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        missing(&format!(
            "{name} is not built: run `cargo build --workspace --bins` first"
        ));
    }
    found
}
