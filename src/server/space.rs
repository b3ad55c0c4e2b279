//! How much space the ledger has.

use std::path::{Path, PathBuf};

use tracing::{info, warn};

use crate::ledger::ballast::{Ballast, Space};

/// The ledger's file system and the ballast that is thrown off when it is full.
#[derive(Debug)]
pub(super) struct Hold {
    dir: PathBuf,
    ballast: Ballast,
    low: u64,
}

impl Hold {
    /// The ballast is laid in if there is room for it.
    pub(super) fn new(dir: &Path, bytes: u64, low: u64) -> Self {
        let hold = Self {
            dir: dir.to_path_buf(),
            ballast: Ballast::new(dir, bytes),
            low,
        };
        hold.take_in();
        hold
    }

    /// Free and all bytes, if the system tells.
    pub(super) fn measure(&self) -> Option<Space> {
        Space::of(&self.dir)
            .inspect_err(|error| warn!(%error, "cannot measure free space"))
            .ok()
    }

    /// Frees the ballast, so that emergencies can be recorded.
    pub(super) fn throw_off(&self) {
        match self.ballast.release() {
            Ok(true) => warn!("the ballast file is freed to make room for emergencies"),
            Ok(false) => {}
            Err(error) => warn!(%error, "cannot free the ballast file"),
        }
    }

    /// Lays the ballast in again when there is room.
    pub(super) fn take_in(&self) {
        if self.ballast.held() || self.measure().is_none_or(|space| space.free < self.low) {
            return;
        }
        match self.ballast.hold() {
            Ok(()) => info!("ballast laid in"),
            Err(error) => warn!(%error, "cannot lay in the ballast file"),
        }
    }
}
