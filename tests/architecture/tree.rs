//! The modules of one crate as its files declare them, and which file defines a name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::read::{Said, read};
use super::token::{Token, tokens};

/// One module: a file, or a block inside one.
#[derive(Default)]
struct Module {
    file: PathBuf,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    said: Said,
}

/// What a path leads to.
#[derive(Clone, Copy)]
enum Place {
    Module(usize),
    /// Something that this module defines.
    Item(usize),
}

/// The modules of one crate, tests left out. The first is its root.
pub(crate) struct Tree {
    modules: Vec<Module>,
}

impl Tree {
    /// Reads the crate with this root file (`lib.rs`, `main.rs`).
    pub(crate) fn of(root: &Path) -> Self {
        let mut tree = Self {
            modules: Vec::new(),
        };
        tree.file(root.to_owned(), root.parent().unwrap(), None);
        tree
    }

    /// Which file takes which name from which other file.
    pub(crate) fn imports(&self) -> BTreeMap<(PathBuf, PathBuf), BTreeSet<String>> {
        let mut imports: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for (at, module) in self.modules.iter().enumerate() {
            for path in &module.said.taken {
                let Some((Place::Item(definer), name)) = self.resolve(at, path, 0) else {
                    continue;
                };
                let from = &self.modules[definer].file;
                if *from != module.file {
                    imports
                        .entry((module.file.clone(), from.clone()))
                        .or_default()
                        .insert(name.to_owned());
                }
            }
        }
        imports
    }

    /// Reads a module that is a file; modules that it declares lie in `dir`.
    fn file(&mut self, file: PathBuf, dir: &Path, parent: Option<usize>) -> usize {
        let text = std::fs::read_to_string(&file)
            .unwrap_or_else(|fault| panic!("{}: {fault}", file.display()));
        self.module(file, dir, parent, &tokens(&text))
    }

    fn module(
        &mut self,
        file: PathBuf,
        dir: &Path,
        parent: Option<usize>,
        tokens: &[Token],
    ) -> usize {
        let at = self.modules.len();
        self.modules.push(Module {
            file: file.clone(),
            parent,
            ..Module::default()
        });
        let (said, declared) = read(tokens);
        self.modules[at].said = said;
        for (name, body) in declared {
            let inside = dir.join(&name);
            let child = if let Some(body) = body {
                self.module(file.clone(), &inside, Some(at), body)
            } else {
                let beside = dir.join(format!("{name}.rs"));
                let path = if beside.is_file() {
                    beside
                } else {
                    inside.join("mod.rs")
                };
                self.file(path, &inside, Some(at))
            };
            self.modules[at].children.insert(name, child);
        }
        at
    }

    /// What `path` means in module `at`, and the name that leads there; none if it leads out of
    /// the crate.
    fn resolve<'a>(&self, at: usize, path: &'a [String], depth: u8) -> Option<(Place, &'a str)> {
        if depth > 30 {
            return None;
        }
        let mut name = path.first()?.as_str();
        let (mut place, mut rest) = match name {
            "crate" => (Place::Module(0), &path[1..]),
            "self" => (Place::Module(at), &path[1..]),
            "super" => (Place::Module(self.modules[at].parent?), &path[1..]),
            first => {
                let local = path.len() == 1;
                (self.find(at, first, local, depth)?, &path[1..])
            }
        };
        while let (Place::Module(inside), Some(next)) = (place, rest.first()) {
            rest = &rest[1..];
            name = next;
            place = if next == "super" {
                Place::Module(self.modules[inside].parent?)
            } else {
                // What a macro defines is not seen: it belongs to the module that is asked for it.
                self.find(inside, next, rest.is_empty(), depth)
                    .unwrap_or(Place::Item(inside))
            };
        }
        Some((place, name))
    }

    /// A name in the scope of module `at`. The end of a path is an item before it is a module.
    fn find(&self, at: usize, name: &str, end: bool, depth: u8) -> Option<Place> {
        let module = self.modules.get(at)?;
        let child = module.children.get(name).map(|child| Place::Module(*child));
        let item = || {
            if module.said.items.contains(name) {
                return Some(Place::Item(at));
            }
            module
                .said
                .aliases
                .get(name)?
                .iter()
                .find_map(|path| Some(self.resolve(at, path, depth + 1)?.0))
        };
        let named = if end {
            item().or(child)
        } else {
            child.or_else(item)
        };
        named.or_else(|| {
            module.said.globs.iter().find_map(|glob| {
                let (Place::Module(from), _) = self.resolve(at, glob, depth + 1)? else {
                    return None;
                };
                (from != at && depth < 30)
                    .then(|| self.find(from, name, end, depth + 1))
                    .flatten()
            })
        })
    }
}
