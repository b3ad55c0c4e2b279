//! How far a sink has come: a small file of its own.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::ids::Seq;

/// Most dead letters that are remembered; the oldest go first.
pub const DEAD: usize = 1_000;

/// An event that the receiver refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its position in the ledger.
    pub seq: u64,
    /// What the receiver answered.
    pub why: String,
}

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// The lowest position that the receiver has not acknowledged.
    pub next: u64,
    /// What it refused, oldest first.
    #[serde(default)]
    pub dead: Vec<DeadLetter>,
    /// Why the sink does nothing any more, if the receiver said that it is gone.
    #[serde(default)]
    pub disabled: Option<String>,
}

impl Position {
    /// Everything before this is acknowledged.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        Seq(self.next)
    }

    /// An event was refused for good.
    pub fn bury(&mut self, seq: Seq, why: String) {
        let excess = (self.dead.len() + 1).saturating_sub(DEAD);
        self.dead.drain(..excess);
        self.dead.push(DeadLetter { seq: seq.0, why });
    }
}

/// The file.
#[derive(Debug, Clone)]
pub struct CursorFile(PathBuf);

impl CursorFile {
    /// That of the sink with this name. A name becomes part of a path: letters and digits stay,
    /// everything else is written as its number.
    #[must_use]
    pub fn of(directory: &Path, name: &str) -> Self {
        let safe: String = name
            .chars()
            .map(|c| match c {
                c if c.is_ascii_alphanumeric() || c == '-' => c.to_string(),
                c => format!("_{:x}_", u32::from(c)),
            })
            .collect();
        Self(directory.join(format!("{safe}.json")))
    }

    /// What it holds; none if the sink is new.
    ///
    /// # Errors
    /// It is there and cannot be read: nobody knows where to go on.
    pub fn read(&self) -> io::Result<Option<Position>> {
        match fs::read(&self.0) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces what it holds, whole or not at all.
    ///
    /// # Errors
    /// The disk does not take it. What was acknowledged comes again after a restart.
    pub fn write(&self, position: &Position) -> io::Result<()> {
        if let Some(directory) = self.0.parent() {
            fs::create_dir_all(directory)?;
        }
        let fresh = self.0.with_extension("new");
        let bytes = serde_json::to_vec(position).map_err(io::Error::other)?;
        let mut file = File::create(&fresh)?;
        file.write_all(&bytes)?;
        file.sync_data()?;
        fs::rename(&fresh, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written_and_a_damaged_file_is_no_new_sink() {
        let directory = tempfile::tempdir().unwrap();
        let file = CursorFile::of(directory.path(), "province/../x");
        assert_eq!(file.read().unwrap(), None);
        let mut position = Position {
            next: 7,
            ..Position::default()
        };
        (0..1_200).for_each(|seq| position.bury(Seq(seq), "400".into()));
        assert_eq!((position.dead.len(), position.dead[0].seq), (DEAD, 200));
        file.write(&position).unwrap();
        assert_eq!(file.read().unwrap(), Some(position));
        let inside = fs::read_dir(directory.path()).unwrap();
        assert_eq!(inside.count(), 1, "nothing beside it, and nothing outside");
        let path = CursorFile::of(directory.path(), "b").0;
        fs::write(path, "{").unwrap();
        assert!(CursorFile::of(directory.path(), "b").read().is_err());
    }
}
