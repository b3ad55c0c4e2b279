//! Where a ring is kept and how much of it, and why there is none.

use core::time::Duration;
use std::io;
use std::path::PathBuf;

/// Smallest file that makes sense: two of the largest records.
pub(super) const SMALLEST_FILE: u64 = 256 * 1_024;

/// Where the record is kept, and how much of it: at most `files` times `file_bytes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureConfig {
    /// The directory; made (mode 0700) when it does not exist.
    pub directory: PathBuf,
    /// What file names begin with: letters, digits, `-`, `_` and `.`. Two rings in one
    /// directory need different ones, of which none begins with the other.
    pub prefix: String,
    /// Bytes after which a new file is begun; at least 256 KiB.
    pub file_bytes: u64,
    /// Time after which a new file is begun.
    pub file_age: Duration,
    /// How many files are kept, 1 or more.
    pub files: usize,
}

impl CaptureConfig {
    /// 16 files of 4 MiB, a new one at least every hour, named `link-<start>.pcapng`.
    #[must_use]
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            prefix: "link".to_owned(),
            file_bytes: 4 << 20,
            file_age: Duration::from_secs(3_600),
            files: 16,
        }
    }
}

/// Why there is no record.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The configuration makes no sense.
    #[error("capture: {field} {problem}")]
    Config {
        /// Which value.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The directory cannot be used.
    #[error("capture directory {}: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The writer has ended.
    #[error("the capture writer has ended")]
    Ended,
}

pub(super) fn check(config: &CaptureConfig) -> Result<(), CaptureError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let problem = |field, problem| Err(CaptureError::Config { field, problem });
    if config.prefix.is_empty() || !config.prefix.chars().all(plain) {
        return problem(
            "prefix",
            "must be letters, digits, `-`, `_` and `.`, at least one",
        );
    }
    if config.file_bytes < SMALLEST_FILE {
        return problem("file_bytes", "must be at least 262144 (256 KiB)");
    }
    if config.files == 0 {
        return problem("files", "must be at least 1");
    }
    Ok(())
}
