//! Which entries of a feed were decided: a small file of the source's own.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Most entries that are remembered: more than a feed may have, as long as it does not change by
/// half between two looks.
const REMEMBERED: usize = 2_000;

/// Entries that were taken in or refused for good.
#[derive(Debug)]
pub(super) struct Seen {
    file: PathBuf,
    /// In hexadecimal, the oldest first.
    entries: VecDeque<String>,
}

impl Seen {
    /// What the file holds. One that cannot be read is begun anew: what was seen comes again, and
    /// is answered as the first time.
    pub(super) fn open(directory: &Path, name: &str) -> Self {
        let safe: String = Sha256::digest(name.as_bytes())
            .iter()
            .take(8)
            .map(|octet| format!("{octet:02x}"))
            .collect();
        let file = directory.join(format!("{safe}.seen"));
        let text = fs::read_to_string(&file).unwrap_or_default();
        let entries = text
            .lines()
            .filter(|line| line.len() == 32)
            .map(str::to_owned);
        Self {
            entries: entries.take(REMEMBERED).collect(),
            file,
        }
    }

    pub(super) fn has(&self, entry: &str) -> bool {
        self.entries.contains(&short(entry))
    }

    pub(super) fn add(&mut self, entry: &str) {
        if self.entries.len() >= REMEMBERED {
            self.entries.pop_front();
        }
        self.entries.push_back(short(entry));
    }

    /// Replaces what the file holds, whole or not at all.
    pub(super) fn write(&self) -> io::Result<()> {
        if let Some(directory) = self.file.parent() {
            fs::create_dir_all(directory)?;
        }
        let fresh = self.file.with_extension("new");
        let mut file = File::create(&fresh)?;
        for entry in &self.entries {
            writeln!(file, "{entry}")?;
        }
        file.sync_data()?;
        fs::rename(&fresh, &self.file)
    }
}

fn short(entry: &str) -> String {
    Sha256::digest(entry.as_bytes())
        .iter()
        .take(16)
        .map(|octet| format!("{octet:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_known_after_a_restart_and_the_oldest_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let mut seen = Seen::open(dir.path(), "a/../b");
        (0..REMEMBERED + 5).for_each(|at| seen.add(&at.to_string()));
        seen.write().unwrap();
        let again = Seen::open(dir.path(), "a/../b");
        assert!(!again.has("4") && again.has("5") && again.has(&(REMEMBERED + 4).to_string()));
        assert!(!Seen::open(dir.path(), "another").has("5"));
        fs::write(&again.file, [0xFF, 0xFE]).unwrap();
        assert!(!Seen::open(dir.path(), "a/../b").has("5"));
    }
}
