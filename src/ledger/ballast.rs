//! Free space of the ledger's file system, and some of it held back for emergencies.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How much space a file system has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes that a process without privileges may still write.
    pub free: u64,
    /// All bytes.
    pub total: u64,
}

impl Space {
    /// The space of the file system that holds `path`.
    ///
    /// # Errors
    /// The system's.
    pub fn of(path: &Path) -> io::Result<Self> {
        let found = rustix::fs::statvfs(path)?;
        Ok(Self {
            free: found.f_bavail.saturating_mul(found.f_frsize),
            total: found.f_blocks.saturating_mul(found.f_frsize),
        })
    }
}

/// A file that only takes space, until it is needed.
#[derive(Debug, Clone)]
pub struct Ballast {
    path: PathBuf,
    bytes: u64,
}

impl Ballast {
    /// The usual size: 64 MiB.
    pub const BYTES: u64 = 64 << 20;

    /// A ballast of `bytes` in the directory `dir`. Nothing is written yet.
    #[must_use]
    pub fn new(dir: &Path, bytes: u64) -> Self {
        Self {
            path: dir.join("ballast"),
            bytes,
        }
    }

    /// Whether it is there in its full size.
    #[must_use]
    pub fn held(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.len() == self.bytes)
    }

    /// Writes it, if it is not there, with blocks that a file system cannot pretend to have.
    /// It blocks: call it on a thread that may wait.
    ///
    /// # Errors
    /// The system's; what was written is removed again then.
    pub fn hold(&self) -> io::Result<()> {
        if self.held() {
            return Ok(());
        }
        self.write().inspect_err(|_| {
            let _ = fs::remove_file(&self.path);
        })
    }

    /// Gives its space back. Returns whether there was any.
    ///
    /// # Errors
    /// The system's.
    pub fn release(&self) -> io::Result<bool> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn write(&self) -> io::Result<()> {
        let mut file = File::create(&self.path)?;
        let mut noise: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut left = self.bytes;
        while left > 0 {
            // Noise, so that no file system compresses it away.
            let block: Vec<u8> = std::iter::repeat_with(|| {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                noise.to_le_bytes()
            })
            .take(8192)
            .flatten()
            .take(usize::try_from(left).unwrap_or(usize::MAX))
            .collect();
            file.write_all(&block)?;
            left = left.saturating_sub(block.len() as u64);
        }
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_ballast_takes_real_space_and_gives_it_back() {
        let dir = tempfile::tempdir().unwrap();
        let ballast = Ballast::new(dir.path(), 300_001);
        assert!(!ballast.held());
        assert!(!ballast.release().unwrap());
        ballast.hold().unwrap();
        ballast.hold().unwrap();
        assert!(ballast.held());
        let file = fs::metadata(dir.path().join("ballast")).unwrap();
        assert_eq!(file.len(), 300_001);
        assert!(file.blocks() * 512 >= 300_001);
        assert!(ballast.release().unwrap());
        assert!(!ballast.held());
    }

    #[test]
    fn one_of_another_size_is_written_anew_and_one_that_cannot_be_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("ballast"), "partial").unwrap();
        let ballast = Ballast::new(dir.path(), 70_000);
        assert!(!ballast.held());
        ballast.hold().unwrap();
        assert!(ballast.held());
        assert!(Ballast::new(&dir.path().join("nowhere"), 1).hold().is_err());
    }

    #[test]
    fn space_is_read_from_the_file_system() {
        let space = Space::of(Path::new(".")).unwrap();
        assert!(space.total > 1 << 20 && space.free <= space.total);
        assert!(Space::of(Path::new("/nowhere/at/all")).is_err());
    }
}
