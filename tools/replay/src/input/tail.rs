//! A recording that is still being written: a file, or a folder to which files are added.

use core::time::Duration;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;

/// How long to wait before looking again.
const LOOK: Duration = Duration::from_millis(100);

/// The captures in a folder, oldest first as their names tell: those of a ring begin with
/// the time.
pub(super) fn captures(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let is_capture = |path: &PathBuf| {
        let name = path.extension().and_then(OsStr::to_str);
        matches!(name, Some("pcapng" | "pcap" | "gz"))
    };
    let entries = std::fs::read_dir(folder)?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_capture)
        .collect();
    files.sort();
    Ok(files)
}

/// The first capture behind `before` in its folder, as soon as there is one.
pub(super) fn next(folder: &Path, before: Option<&Path>) -> io::Result<PathBuf> {
    loop {
        let mut files = captures(folder)?.into_iter();
        if let Some(next) = files.find(|file| before.is_none_or(|before| file.as_path() > before)) {
            return Ok(next);
        }
        thread::sleep(LOOK);
    }
}

/// A file at whose end more is waited for.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    path: PathBuf,
    /// Where later files appear: then nothing more is added to this one.
    folder: Option<PathBuf>,
}

impl Tail {
    /// Follows a file, in a folder of which it may be one of several.
    pub(super) fn open(path: &Path, folder: Option<&Path>) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            path: path.to_owned(),
            folder: folder.map(Path::to_owned),
        })
    }

    /// Whether nothing more will be added.
    fn is_over(&self) -> io::Result<bool> {
        match &self.folder {
            Some(folder) => Ok(captures(folder)?.iter().any(|file| *file > self.path)),
            None => Ok(!self.path.exists()),
        }
    }
}

impl Read for Tail {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let is_over = self.is_over()?;
            // Looked at before, so that what was added last is not missed.
            let count = self.file.read(into)?;
            if count > 0 || is_over || into.is_empty() {
                return Ok(count);
            }
            thread::sleep(LOOK);
        }
    }
}
