//! Who is logged in, told in lines.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A station that goes on failing for the same reason is told of again after this long.
const AGAIN: Duration = Duration::from_secs(60);

/// Where lines for people go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// Nowhere.
    Nowhere,
    /// To the standard output.
    Output,
    /// To standard error: the standard output is for something else.
    Error,
}

impl Lines {
    /// Writes one line. A reader that has gone is no reason to end.
    pub(crate) fn say(self, line: &str) {
        let _gone = match self {
            Self::Nowhere => Ok(()),
            Self::Output => writeln!(std::io::stdout(), "{line}"),
            Self::Error => writeln!(std::io::stderr(), "{line}"),
        };
    }
}

/// The stations that log in, and how each stands.
#[derive(Debug, Clone)]
pub(crate) struct Roll(Arc<Mutex<Book>>);

#[derive(Debug)]
struct Book {
    lines: Lines,
    names: BTreeMap<u32, String>,
    there: BTreeSet<u32>,
    failing: BTreeMap<u32, Failing>,
}

/// A station that does not get in.
#[derive(Debug)]
struct Failing {
    why: String,
    since: u32,
    told: Instant,
}

impl Roll {
    /// Stations of which nothing is told.
    pub(crate) fn silent() -> Self {
        Self::of(Lines::Nowhere, [])
    }

    /// These stations, by number and name.
    pub(crate) fn of(lines: Lines, names: impl IntoIterator<Item = (u32, String)>) -> Self {
        Self(Arc::new(Mutex::new(Book {
            lines,
            names: names.into_iter().collect(),
            there: BTreeSet::new(),
            failing: BTreeMap::new(),
        })))
    }

    /// A station is logged in, or not any more.
    pub(crate) fn logged_in(&self, id: u32, is_in: bool) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.failing.remove(&id);
        if !is_in {
            book.there.remove(&id);
            return book.say(id, "logged out");
        }
        book.there.insert(id);
        book.say(id, "logged in");
        if book.there.len() == book.names.len() {
            let line = format!("all {} repeaters are logged in", book.names.len());
            book.lines.say(&line);
        }
    }

    /// A log-in came to nothing.
    pub(crate) fn not_logged_in(&self, id: u32, why: &str) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = book.failing.remove(&id).filter(|it| it.why == why);
        let mut failing = before.unwrap_or_else(|| Failing {
            why: why.to_owned(),
            since: 0,
            told: Instant::now(),
        });
        failing.since += 1;
        if failing.since == 1 || failing.told.elapsed() >= AGAIN {
            let times = match failing.since {
                1 => String::new(),
                times => format!(" ({times} times)"),
            };
            failing.told = Instant::now();
            book.say(id, &format!("not logged in: {why}{times}"));
        }
        book.failing.insert(id, failing);
    }
}

impl Book {
    fn say(&self, id: u32, what: &str) {
        let name = self.names.get(&id).map_or("", String::as_str);
        self.lines.say(&format!("{id} {name}: {what}"));
    }
}
