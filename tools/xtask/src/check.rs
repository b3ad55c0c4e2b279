//! `cargo xtask check`: what a developer asks for every few minutes. Formatting, lints, unit
//! tests and the arrows between modules, of the packages that changed and those that use them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::run::{cargo, root, run};

/// What `cargo metadata` says of the workspace, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Workspace {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: std::path::PathBuf,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    path: Option<std::path::PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
}

pub(crate) fn check(everything: bool) -> Result<()> {
    let started = Instant::now();
    run(&mut cargo(["fmt", "--all", "--check"]))?;
    let workspace = workspace()?;
    let changed = match changed_files() {
        Some(files) if !everything => packages_to_check(&places(&workspace), &files),
        _ => None,
    };
    let packages = changed.unwrap_or_else(|| {
        let all = workspace.packages.iter();
        all.map(|package| package.name.clone()).collect()
    });
    if packages.is_empty() {
        println!("no package has changed");
    } else {
        lint_and_test(&workspace, &packages)?;
    }
    println!("\nchecked in {} s", started.elapsed().as_secs());
    Ok(())
}

fn lint_and_test(workspace: &Workspace, packages: &BTreeSet<String>) -> Result<()> {
    let named = |command: &mut Command| {
        for package in packages {
            command.args(["-p", package]);
        }
    };
    let mut lints = cargo(["clippy", "--locked", "--all-targets", "--quiet"]);
    named(&mut lints);
    run(lints.args(["--", "-D", "warnings"]))?;
    let mut tests = cargo(["test", "--locked", "--quiet"]);
    named(&mut tests);
    // Cargo refuses `--lib` where no package has a library.
    let has_library = workspace.packages.iter().any(|package| {
        let mut kinds = package.targets.iter().flat_map(|target| &target.kind);
        packages.contains(&package.name) && kinds.any(|kind| kind == "lib")
    });
    if has_library {
        tests.arg("--lib");
    }
    // In one call: another set of packages has other features, and would be built anew.
    let architecture = ["--test", "architecture"];
    if packages.contains("narrowcast") {
        return run(tests.arg("--bins").args(architecture));
    }
    run(tests.arg("--bins"))?;
    let mut alone = cargo(["test", "--locked", "--quiet", "-p", "narrowcast"]);
    run(alone.args(architecture))
}

fn workspace() -> Result<Workspace> {
    let mut command = cargo(["metadata", "--locked", "--no-deps", "--format-version", "1"]);
    let output = command.output().context("cannot start cargo metadata")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata is not understood")
}

/// Files that differ from where this branch left `main`, committed or not. None if git does not
/// know: then everything is checked.
fn changed_files() -> Option<Vec<String>> {
    let base = git(&["merge-base", "main", "HEAD"])?;
    let differing = git(&["diff", "--name-only", base.trim()])?;
    let fresh = git(&["ls-files", "--others", "--exclude-standard"])?;
    let files = differing.lines().chain(fresh.lines());
    Some(files.map(str::to_owned).collect())
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(root())
        .output()
        .ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(said)
}

/// Where a package stands in the repository, and the packages of the workspace that it uses.
struct Place {
    directory: String,
    uses: BTreeSet<String>,
}

fn places(workspace: &Workspace) -> BTreeMap<String, Place> {
    let root = root();
    let place = |package: &Package| {
        let directory = package.manifest_path.parent()?.strip_prefix(&root).ok()?;
        let ours = package
            .dependencies
            .iter()
            .filter(|used| used.path.is_some());
        let uses = ours.map(|used| used.name.clone()).collect();
        let directory = directory.to_str()?.to_owned();
        Some((package.name.clone(), Place { directory, uses }))
    };
    workspace.packages.iter().filter_map(place).collect()
}

/// The packages that these files belong to, and all that use them. None if a file concerns every
/// package.
fn packages_to_check(
    places: &BTreeMap<String, Place>,
    files: &[String],
) -> Option<BTreeSet<String>> {
    const OF_ALL: [&str; 4] = [
        "Cargo.toml",
        "Cargo.lock",
        "clippy.toml",
        "rust-toolchain.toml",
    ];
    let mut found = BTreeSet::new();
    for file in files {
        if OF_ALL.contains(&file.as_str()) {
            return None;
        }
        let holds = |place: &Place| {
            let rest = file.strip_prefix(place.directory.as_str());
            rest.is_some_and(|rest| place.directory.is_empty() || rest.starts_with('/'))
        };
        // The root package holds every file; a package further down is meant before it.
        let of_file = places.iter().filter(|(_, place)| holds(place));
        let nearest = of_file.max_by_key(|(_, place)| place.directory.len());
        found.extend(nearest.map(|(name, _)| name.clone()));
    }
    loop {
        let users = places
            .iter()
            .filter(|(_, place)| !place.uses.is_disjoint(&found));
        let users: Vec<String> = users.map(|(name, _)| name.clone()).collect();
        let before = found.len();
        found.extend(users);
        if found.len() == before {
            return Some(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> BTreeMap<String, Place> {
        let place = |name: &str, directory: &str, uses: &[&str]| {
            let uses = uses.iter().map(|&used| used.to_owned()).collect();
            let directory = directory.to_owned();
            (name.to_owned(), Place { directory, uses })
        };
        BTreeMap::from([
            place("server", "", &["codec", "world"]),
            place("codec", "protocol", &[]),
            place("world", "tools/world", &["codec"]),
            place("xtask", "tools/xtask", &[]),
        ])
    }

    fn found(files: &[&str]) -> Option<Vec<String>> {
        let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
        packages_to_check(&workspace(), &files).map(|found| found.into_iter().collect())
    }

    #[test]
    fn a_changed_package_is_checked_with_all_that_use_it() {
        assert_eq!(found(&["tools/xtask/src/main.rs"]).unwrap(), ["xtask"]);
        assert_eq!(found(&["src/lib.rs"]).unwrap(), ["server"]);
        let of_codec = ["codec", "server", "world"];
        assert_eq!(found(&["protocol/src/air.rs"]).unwrap(), of_codec);
        assert_eq!(found(&["protocols.md"]).unwrap(), ["server"]);
        assert_eq!(found(&[]).unwrap(), [""; 0]);
    }

    #[test]
    fn a_file_that_concerns_all_has_everything_checked() {
        assert_eq!(found(&["src/lib.rs", "Cargo.lock"]), None);
    }
}
