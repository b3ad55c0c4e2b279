//! A ledger opened by a child first: its store may panic over a damaged file, and a panic ends
//! the process.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// Opens and closes the ledger in `dir` in a child process. What the child can say by itself is
/// left to whoever opens the ledger next, and says the same.
///
/// # Errors
/// The child did not come back: its store panicked, with the place.
pub(super) fn probe(dir: &Path, jurisdiction: &str) -> anyhow::Result<()> {
    if !dir.join("db").exists() {
        return Ok(());
    }
    let this = std::env::current_exe().context("cannot find this program to start it again")?;
    let child = Command::new(this)
        .args(["ledger", "check", "--jurisdiction", jurisdiction, "--"])
        .arg(dir)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .context("cannot start a process to check the ledger in")?;
    if child.status.code().is_some() {
        return Ok(());
    }
    bail!(
        "opening the ledger {dir} ended in {status}: {panic}; its files are damaged: restore a \
         copy of the directory, or import the last export into a new one \
         (`narrowcast ledger import FILE --ledger NEW`)",
        dir = dir.display(),
        status = child.status,
        panic = panic_of(&String::from_utf8_lossy(&child.stderr)),
    )
}

/// Where and why, of what a panic prints: its first two lines.
fn panic_of(says: &str) -> String {
    let lines = says
        .lines()
        .skip_while(|line| !line.contains("panicked at"));
    let words: Vec<&str> = lines.take(2).map(str::trim).collect();
    if words.is_empty() {
        return "it says nothing".to_owned();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_in_one_line() {
        let says =
            "\nthread 'main' (7) panicked at sled/src/config.rs:438:13:\nopen file\nnote: run\n";
        let line = "thread 'main' (7) panicked at sled/src/config.rs:438:13: open file";
        assert_eq!(panic_of(says), line);
        assert_eq!(panic_of(""), "it says nothing");
    }

    #[test]
    fn a_directory_without_a_ledger_needs_no_probe() {
        assert!(probe(Path::new("/nowhere"), "city").is_ok());
    }
}
