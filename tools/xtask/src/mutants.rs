//! Planted bugs: patches in `tools/xtask/mutants`, each of which breaks one promise. The tests
//! must go red with any of them.
//!
//! A patch says above its difference which promise it breaks, and the beginnings of the names
//! of the server's unit tests of which at least one must notice:
//!
//! ```text
//! Promise: A text heard twice is recorded once.
//! Tests: engine::
//! ```
//!
//! They are applied one at a time, in a checkout of its own below `target`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::run::{cargo, root, succeeds};

/// A planted bug.
struct Patch {
    /// The name of its file, without its ending.
    name: String,
    path: PathBuf,
    /// The promise that it breaks.
    promise: String,
    /// The beginnings of the names of the tests that may notice it.
    tests: Vec<String>,
}

impl Patch {
    fn read(path: PathBuf) -> Result<Self> {
        let text = std::fs::read_to_string(&path)?;
        let name = path.file_stem().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        Self::parse(name, path, &text)
    }

    fn parse(name: String, path: PathBuf, text: &str) -> Result<Self> {
        let head = |key: &str| {
            let lines = text.lines().take_while(|line| !line.is_empty());
            let value = lines.filter_map(|line| line.strip_prefix(key)).next();
            let value = value.map(str::trim).filter(|value| !value.is_empty());
            value.with_context(|| format!("planted bug `{name}` has no line `{key}`"))
        };
        Ok(Self {
            promise: head("Promise:")?.trim_end_matches('.').to_owned(),
            tests: head("Tests:")?.split(' ').map(str::to_owned).collect(),
            path,
            name,
        })
    }
}

/// All planted bugs, by name.
fn all() -> Result<Vec<Patch>> {
    let folder = root().join("tools/xtask/mutants");
    let entries = std::fs::read_dir(&folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut paths: Vec<_> = entries.iter().map(std::fs::DirEntry::path).collect();
    paths.sort();
    paths.into_iter().map(Patch::read).collect()
}

/// Demands that every planted bug can still be planted; how many there are.
pub(crate) fn check() -> Result<usize> {
    let patches = all()?;
    for patch in &patches {
        let mut apply = git(&root(), &["apply", "--check"]);
        ensure!(
            succeeds(apply.arg(&patch.path)),
            "planted bug `{}` does not apply any more: make {} anew",
            patch.name,
            patch.path.display()
        );
    }
    Ok(patches.len())
}

/// Plants every bug, or the one of this name, and demands that the tests go red; how many
/// there were.
pub(crate) fn catch(name: Option<&str>) -> Result<usize> {
    let mut patches = all()?;
    if let Some(name) = name {
        patches.retain(|patch| patch.name == name);
        ensure!(!patches.is_empty(), "there is no planted bug `{name}`");
    }
    let tree = Scratch::new()?;
    println!("without any planted bug");
    let mut filters: Vec<String> = patches.iter().flat_map(|p| p.tests.clone()).collect();
    filters.sort();
    filters.dedup();
    let binary = tree.build()?;
    ensure!(
        succeeds(&mut tree.tests(&binary, &filters)),
        "the tests fail without any planted bug: {binary}"
    );
    let mut missed = Vec::new();
    for patch in &patches {
        tree.apply(patch, &[])?;
        let noticed = tree
            .build()
            .and_then(|binary| tree.noticed(&binary, &patch.tests))
            .with_context(|| format!("planted bug `{}`", patch.name));
        tree.apply(patch, &["--reverse"])?;
        let word = if noticed? { "caught" } else { "NOT NOTICED" };
        println!("{word}: {} ({})", patch.name, patch.promise);
        if word != "caught" {
            missed.push(patch.name.as_str());
        }
    }
    if !missed.is_empty() {
        bail!("no test noticed: {}", missed.join(", "));
    }
    Ok(patches.len())
}

/// A checkout of its own, in which bugs are planted. It shares the folder of built
/// dependencies.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// A checkout of what stands in the repository, with changes that are not committed; new
    /// files must have been added.
    fn new() -> Result<Self> {
        let path = root().join("target/mutants");
        let tree = Self { path };
        tree.remove();
        let changed = said(&mut git(&root(), &["stash", "create"]))?;
        let commit = if changed.is_empty() { "HEAD" } else { &changed };
        let mut add = git(&root(), &["worktree", "add", "--quiet", "--detach"]);
        said(add.arg(&tree.path).arg(commit))?;
        Ok(tree)
    }

    fn remove(&self) {
        let mut remove = git(&root(), &["worktree", "remove", "--force"]);
        succeeds(remove.arg(&self.path));
    }

    fn apply(&self, patch: &Patch, how: &[&str]) -> Result<()> {
        let mut apply = git(&self.path, &["apply"]);
        said(apply.args(how).arg(&patch.path)).map(drop)
    }

    /// The program with the server's unit tests.
    fn build(&self) -> Result<String> {
        let mut command = cargo(["test", "--locked", "-q", "-p", "narrowcast", "--lib"]);
        command
            .args(["--no-run", "--message-format=json"])
            .current_dir(&self.path)
            .env("CARGO_TARGET_DIR", root().join("target"));
        let messages = said(&mut command).context("it does not build")?;
        let marker = "\"executable\":\"";
        let path = messages
            .rsplit_once(marker)
            .and_then(|(_, rest)| rest.split('"').next());
        path.map(str::to_owned)
            .context("cargo named no test binary")
    }

    fn tests(&self, binary: &str, filters: &[String]) -> Command {
        let mut command = Command::new(binary);
        command
            .args(["--test-threads", "2"])
            .args(filters)
            .current_dir(&self.path)
            .env("INSTA_UPDATE", "no")
            .env("RUST_BACKTRACE", "0")
            // Seeds that failed here say nothing about the code.
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
        command
    }

    /// Whether a test fails by itself; a run that ends otherwise proves nothing.
    fn noticed(&self, binary: &str, filters: &[String]) -> Result<bool> {
        let output = self
            .tests(binary, filters)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {binary}"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let failed = |line: &str| line.starts_with("test ") && line.ends_with("... FAILED");
        Ok(!output.status.success() && said.lines().any(failed))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove();
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments);
    command
}

/// What it prints; an error with what it complains of if it fails.
fn said(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_bug_says_which_promise_it_breaks_and_which_tests_must_notice() {
        let parse = |text| Patch::parse("x".to_owned(), PathBuf::new(), text);
        let patch = parse("Promise: No text twice.\nTests: engine:: model::\n\ndiff").unwrap();
        assert_eq!(patch.promise, "No text twice");
        assert_eq!(patch.tests, ["engine::", "model::"]);
        assert!(parse("Promise: No text twice.\n\nTests: engine::\n").is_err());
        assert!(parse("Promise:\nTests: engine::\n\ndiff").is_err());
    }

    #[test]
    fn there_are_planted_bugs_and_each_is_well_formed() {
        assert!(all().unwrap().len() > 30);
    }
}
