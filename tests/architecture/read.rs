//! What the code of one module says: what it defines, declares, brings in and takes.

use std::collections::{BTreeMap, BTreeSet};

use super::token::Token;

pub(crate) type Name = Vec<String>;

#[derive(Default)]
pub(crate) struct Said {
    /// What the module defines itself.
    pub(crate) items: BTreeSet<String>,
    /// What its `use` lines bring in: the name here, and the paths that it may stand for.
    pub(crate) aliases: BTreeMap<String, Vec<Name>>,
    /// Paths of its `use ...::*`.
    pub(crate) globs: Vec<Name>,
    /// Paths that its code takes names from.
    pub(crate) taken: Vec<Name>,
}

/// A module declared in another: its name, and what stands between its braces if it has them.
type Declared<'a> = (String, Option<&'a [Token]>);

/// Reads the tokens of one module; its tests are left out.
pub(crate) fn read(tokens: &[Token]) -> (Said, Vec<Declared<'_>>) {
    let mut reader = Reader {
        tokens,
        said: Said::default(),
        declared: Vec::new(),
    };
    reader.all();
    (reader.said, reader.declared)
}

struct Reader<'a> {
    tokens: &'a [Token],
    said: Said,
    declared: Vec<Declared<'a>>,
}

impl<'a> Reader<'a> {
    fn is(&self, at: usize, text: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(text))
    }

    fn word(&self, at: usize) -> Option<&'a str> {
        match self.tokens.get(at)? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    fn all(&mut self) {
        let (mut at, mut depth) = (0, 0_usize);
        while at < self.tokens.len() {
            if self.is(at, "#") && (self.is(at + 1, "[") || self.is(at + 1, "!")) {
                at = self.attribute(at);
                continue;
            }
            if ["{", "(", "["].iter().any(|open| self.is(at, open)) {
                depth += 1;
            } else if ["}", ")", "]"].iter().any(|close| self.is(at, close)) {
                depth = depth.saturating_sub(1);
            }
            at = match self.word(at) {
                Some("use") if !self.is(at + 1, "<") => {
                    // `pub use` and `pub(crate) use` hand names on.
                    let handed_on = at > 0 && (self.is(at - 1, "pub") || self.is(at - 1, ")"));
                    self.uses(at + 1, &Name::new(), handed_on)
                }
                Some("mod") if depth == 0 => self.module(at + 1),
                Some("macro_rules") => {
                    self.said.items.extend(self.word(at + 2).map(str::to_owned));
                    at + 3
                }
                Some(
                    "const" | "enum" | "fn" | "static" | "struct" | "trait" | "type" | "union",
                ) => {
                    // Inside an `impl` or a body a definition is no name of the module.
                    if depth == 0 {
                        self.said.items.extend(self.word(at + 1).map(str::to_owned));
                    }
                    at + if self.is(at, "fn") { 2 } else { 1 }
                }
                Some(_) => self.path(at),
                None => at + 1,
            };
        }
    }

    /// Passes an attribute, and what stands behind it if that is for tests only.
    fn attribute(&self, at: usize) -> usize {
        let open = if self.is(at + 1, "!") { at + 2 } else { at + 1 };
        let end = self.group(open);
        let all = usize::from(self.is(open + 3, "all")) * 2;
        let test = self.is(open + 1, "cfg") && self.is(open + 3 + all, "test");
        if !test {
            return end;
        }
        let mut at = end;
        while at < self.tokens.len() {
            if self.is(at, ";") {
                return at + 1;
            }
            if self.is(at, "{") {
                // `use a::{b, c};` ends with its semicolon.
                let end = self.group(at);
                return end + usize::from(self.is(end, ";"));
            }
            at = if self.is(at, "(") || self.is(at, "[") {
                self.group(at)
            } else {
                at + 1
            };
        }
        at
    }

    /// The position behind the group that opens at `at`.
    fn group(&self, at: usize) -> usize {
        let mut depth = 0_usize;
        for (further, token) in self.tokens.iter().enumerate().skip(at) {
            match token {
                Token::Mark('{' | '(' | '[') => depth += 1,
                Token::Mark('}' | ')' | ']') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return further + 1;
            }
        }
        self.tokens.len()
    }

    fn module(&mut self, at: usize) -> usize {
        let Some(name) = self.word(at) else {
            return at;
        };
        let end = self.group(at + 1);
        let body = self
            .is(at + 1, "{")
            .then(|| &self.tokens[at + 2..end.saturating_sub(1)]);
        self.declared.push((name.to_owned(), body));
        end
    }

    /// One tree of a `use` line. A name that is handed on is not taken by it.
    fn uses(&mut self, mut at: usize, before: &Name, handed_on: bool) -> usize {
        let mut path = before.clone();
        loop {
            if self.is(at, "{") {
                let end = self.group(at);
                at += 1;
                while at + 1 < end {
                    at = self.uses(at, &path, handed_on) + 1;
                }
                return end;
            }
            if self.is(at, "*") {
                self.said.globs.push(path);
                return at + 1;
            }
            if let Some(word) = self.word(at)
                && (word != "self" || path.is_empty())
            {
                path.push(word.to_owned());
            }
            at += 1;
            if !self.is(at, "::") {
                break;
            }
            at += 1;
        }
        let mut alias = path.last().cloned().unwrap_or_default();
        if self.is(at, "as") {
            alias = self.word(at + 1).unwrap_or_default().to_owned();
            at += 2;
        }
        if !handed_on {
            self.said.taken.push(path.clone());
        }
        self.said.aliases.entry(alias).or_default().push(path);
        at
    }

    /// A path in code. One small word alone is a variable or a field unless it is called.
    fn path(&mut self, mut at: usize) -> usize {
        let member = at > 0 && self.is(at - 1, ".") && !(at > 1 && self.is(at - 2, "."));
        let outside = at > 0 && self.is(at - 1, "::");
        let mut path = Name::new();
        while let Some(word) = self.word(at) {
            path.push(word.to_owned());
            at += 1;
            if !self.is(at, "::") || self.word(at + 1).is_none() {
                break;
            }
            at += 1;
        }
        let constant = path.iter().any(|name| name.starts_with(char::is_uppercase));
        let called = self.is(at, "(") || self.is(at, "!");
        if !member && !outside && (path.len() > 1 || constant || called) {
            self.said.taken.push(path);
        }
        at
    }
}
