//! The capture ring.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::error::Fault;
use crate::config::value::size;

/// `[capture]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CaptureConfig {
    /// Whether frames are kept at all.
    pub enabled: bool,
    /// Its directory; `capture` in the state directory if none.
    pub dir: Option<PathBuf>,
    /// Most bytes of all its files together.
    #[serde(deserialize_with = "size")]
    pub bytes: u64,
}

impl Default for CaptureConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            dir: None,
            bytes: 256 << 20,
        }
    }
}

impl CaptureConfig {
    /// Its directory.
    #[must_use]
    pub fn directory(&self, state_dir: &Path) -> PathBuf {
        self.dir
            .clone()
            .unwrap_or_else(|| state_dir.join("capture"))
    }

    pub(super) fn check(&self, faults: &mut Vec<Fault>) {
        if self.bytes < 1 << 20 {
            faults.push(Fault::new(
                "capture.bytes",
                "less than 1 MiB holds nothing useful: set at least \"1 MiB\", or enabled = false",
            ));
        }
    }
}
