//! Copying a part of the record, without its secrets.

use core::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::file::PcapNgFile;
use super::reader::{CaptureReader, Captured, ReadError, Skipped, Warning};

/// Said in the section header of every export.
const NOTE: &str = "Exported by Narrowcast. Log-in hashes are blanked, and \
                    checksums made anew; nothing else was altered.";

/// Prefixes of the datagrams that carry a log-in hash (Homebrew, and its trunking variant).
const LOGIN_KEYS: [&[u8]; 2] = [b"RPTK", b"DTCK"];
/// The hash stands behind prefix and id.
const HASH_OFFSET: usize = 8;

/// Which part of the record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Nothing before this.
    pub from: Option<Timestamp>,
    /// Nothing at or after this.
    pub until: Option<Timestamp>,
    /// Only these interfaces; all when empty.
    pub interfaces: Vec<String>,
}

impl Filter {
    fn takes(&self, captured: &Captured) -> bool {
        self.from.is_none_or(|from| captured.at >= from)
            && self.until.is_none_or(|until| captured.at < until)
            && (self.interfaces.is_empty() || self.interfaces.contains(&captured.interface))
    }
}

/// What an export came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Packets written.
    pub packets: u64,
    /// Log-in hashes blanked.
    pub blanked: u64,
    /// Packets that this format has no place for.
    pub skipped: Skipped,
    /// Files that could be read only in part, and why: a crash leaves such behind.
    pub problems: Vec<(PathBuf, String)>,
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A source cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// The result cannot be written.
    #[error("cannot write the export: {0}")]
    Write(#[from] io::Error),
}

/// Writes what `filter` takes from `files`, in their order, as one pcapng to `out`. A file
/// that is gone by the time its turn comes (the ring goes on) is passed over.
///
/// # Errors
/// A file cannot be read, or `out` not be written. A damaged file is no error: what precedes
/// the damage is copied, and [`Summary::problems`] tells.
pub fn export<P: AsRef<Path>>(
    files: &[P],
    filter: &Filter,
    out: impl Write,
) -> Result<Summary, ExportError> {
    let mut writer = PcapNgFile::new(out, Some(NOTE))?;
    let mut summary = Summary::default();
    for path in files {
        let path = path.as_ref();
        match copy(path, filter, &mut writer, &mut summary) {
            Ok(None) => {}
            Ok(Some(warning)) => summary.problem(path, &warning),
            Err(Stop::Write(error)) => return Err(error.into()),
            Err(Stop::Read(ReadError::Io(error))) if error.kind() == io::ErrorKind::NotFound => {}
            Err(Stop::Read(source @ ReadError::Io(_))) => {
                let path = path.to_path_buf();
                return Err(ExportError::Read { path, source });
            }
            Err(Stop::Read(damage)) => summary.problem(path, &damage),
        }
    }
    writer.flush()?;
    Ok(summary)
}

enum Stop {
    Read(ReadError),
    Write(io::Error),
}

fn copy<W: Write>(
    path: &Path,
    filter: &Filter,
    writer: &mut PcapNgFile<W>,
    summary: &mut Summary,
) -> Result<Option<Warning>, Stop> {
    let mut reader = CaptureReader::open(path).map_err(Stop::Read)?;
    for captured in reader.by_ref() {
        let mut captured = captured.map_err(Stop::Read)?;
        if filter.takes(&captured) {
            summary.blanked += u64::from(blank(&mut captured.payload));
            writer.write(&captured).map_err(Stop::Write)?;
            summary.packets += 1;
        }
    }
    summary.skipped.add(reader.skipped());
    Ok(reader.warning())
}

impl Summary {
    fn problem(&mut self, path: &Path, what: &dyn fmt::Display) {
        self.problems.push((path.to_path_buf(), what.to_string()));
    }
}

/// Zeroes a log-in hash; whether there was one.
fn blank(payload: &mut [u8]) -> bool {
    if !LOGIN_KEYS.iter().any(|key| payload.starts_with(key)) {
        return false;
    }
    match payload.get_mut(HASH_OFFSET..) {
        Some(hash) if !hash.is_empty() => {
            hash.fill(0);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hash_of_a_log_in_is_blanked() {
        let mut login = b"RPTK\0\x2f\x4d\x61".to_vec();
        login.extend([0xAB; 32]);
        assert!(blank(&mut login));
        assert_eq!(login[..8], *b"RPTK\0\x2f\x4d\x61");
        assert_eq!(login[8..], [0; 32]);
        let mut other = b"RPTACK\x12\x34\x56\x78".to_vec();
        assert!(!blank(&mut other) && other.ends_with(&[0x56, 0x78]));
        assert!(!blank(&mut b"RPTK".to_vec()));
    }
}
