//! No circles between files: of two files at most one takes names from the other, straight or
//! through others. A circle is one idea spread over several files, or two ideas that grew together;
//! what both sides need belongs in a third file.
//!
//! A file *takes a name from* the file that defines it, by a private `use` or by a path in its code,
//! whatever re-exports lie between. What does not count:
//!
//! * `mod x;`, and a name that is only handed on (`pub use x::Name`) and not used
//! * a path that ends in a module: only names taken through it count
//! * tests (`cfg(test)`)
//! * a method of a type whose `impl` blocks are spread over several files; the type's name counts

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::tree::Tree;

/// Parts whose circles are still to be opened: a circle of their files alone is allowed. Strike a
/// part when it has none; what is left of the others is printed (`-- --nocapture circle`).
const NOT_YET_CLEAN: [&str; 1] = ["tools/replay/src"];

type Imports = BTreeMap<(PathBuf, PathBuf), BTreeSet<String>>;

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut report = String::new();
    let mut allowed = String::new();
    for member in [
        ".",
        "hardware",
        "protocol",
        "protocol/fuzz",
        "tools/replay",
        "tools/sim",
        "tools/world",
        "tools/xtask",
    ] {
        let source = Path::new(member).join("src");
        for root in ["lib.rs", "main.rs"].map(|root| super::root().join(&source).join(root)) {
            if root.is_file() {
                let imports = relative(&Tree::of(&root).imports());
                for ring in rings(&imports) {
                    let text = describe(&ring, &imports);
                    let known =
                        |file: &&PathBuf| NOT_YET_CLEAN.iter().any(|part| file.starts_with(part));
                    if ring.iter().all(known) {
                        allowed += &text;
                    } else {
                        report += &text;
                    }
                }
            }
        }
    }
    println!("Still to be opened:\n{allowed}");
    assert!(report.is_empty(), "circles between files:\n{report}");
}

fn relative(imports: &Imports) -> Imports {
    let short = |path: &Path| {
        let inside = path.strip_prefix(super::root()).unwrap();
        inside.strip_prefix(".").unwrap_or(inside).to_owned()
    };
    imports
        .iter()
        .map(|((to, from), names)| ((short(to), short(from)), names.clone()))
        .collect()
}

/// The sets of files in which each takes from each, straight or through others of the set.
fn rings(imports: &Imports) -> BTreeSet<BTreeSet<&PathBuf>> {
    let mut next: BTreeMap<&PathBuf, Vec<&PathBuf>> = BTreeMap::new();
    for (to, from) in imports.keys() {
        next.entry(to).or_default().push(from);
    }
    let reached: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> = next
        .keys()
        .map(|start| {
            let mut seen = BTreeSet::new();
            let mut open = vec![*start];
            while let Some(file) = open.pop() {
                for from in next.get(file).into_iter().flatten() {
                    if seen.insert(*from) {
                        open.push(from);
                    }
                }
            }
            (*start, seen)
        })
        .collect();
    reached
        .iter()
        .filter(|(file, reach)| reach.contains(*file))
        .map(|(file, reach)| {
            reach
                .iter()
                .filter(|other| reached.get(*other).is_some_and(|back| back.contains(file)))
                .copied()
                .collect()
        })
        .collect()
}

/// The ring, and which names tie it.
fn describe(ring: &BTreeSet<&PathBuf>, imports: &Imports) -> String {
    let mut text = format!("{} files:\n", ring.len());
    for ((to, from), names) in imports {
        if ring.contains(to) && ring.contains(from) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            writeln!(
                text,
                "  {} takes from {}: {}",
                to.display(),
                from.display(),
                names.join(", ")
            )
            .unwrap();
        }
    }
    text
}

#[test]
fn a_circle_is_seen_through_re_exports_and_macros_but_not_in_tests() {
    let dir = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(dir.path().join(file), text).unwrap();
    std::fs::create_dir(dir.path().join("a")).unwrap();
    write("lib.rs", "mod a;\nmod d;\nmod e;\n");
    write("a/mod.rs", "mod b;\nmod c;\npub use b::B;\n");
    write("a/b.rs", "use super::c;\npub struct B(c::C);\n");
    write(
        "a/c.rs",
        "pub struct C;\nfn f() { assert!(size_of::<super::B>() > 0); }\n",
    );
    write("d.rs", "use crate::e::E;\npub struct D(E);\n");
    write(
        "e.rs",
        "pub struct E;\n#[cfg(test)]\nmod tests {\n  use crate::d::D;\n}\n",
    );
    let imports = Tree::of(&dir.path().join("lib.rs")).imports();
    let rings: Vec<Vec<String>> = rings(&imports)
        .iter()
        .map(|ring| {
            ring.iter()
                .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
                .collect()
        })
        .collect();
    assert_eq!(rings, [["b.rs", "c.rs"]]);
}
