//! How much space the ledger has.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{info, warn};

use crate::ledger::ballast::{Ballast, Space};

/// The ledger's file system and the ballast that is thrown off when it is full.
#[derive(Debug, Clone)]
pub(super) struct Hold {
    dir: PathBuf,
    ballast: Ballast,
    /// It is laid in only where so much is free: at least as much again stays free.
    enough: u64,
    loading: Arc<AtomicBool>,
}

impl Hold {
    /// The ballast is laid in if there is room for it and `low` bytes beside it. Blocks.
    pub(super) fn new(dir: &Path, bytes: u64, low: u64) -> Self {
        let hold = Self {
            dir: dir.to_path_buf(),
            ballast: Ballast::new(dir, bytes),
            enough: low.max(bytes).saturating_add(bytes),
            loading: Arc::default(),
        };
        if hold.may_take_in() {
            hold.load();
        }
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

    /// Lays the ballast in again when there is room, on a thread that may wait.
    pub(super) fn take_in(&self) {
        if !self.may_take_in() || self.loading.swap(true, Ordering::AcqRel) {
            return;
        }
        let hold = self.clone();
        tokio::task::spawn_blocking(move || {
            hold.load();
            hold.loading.store(false, Ordering::Release);
        });
    }

    fn may_take_in(&self) -> bool {
        !self.ballast.held()
            && self
                .measure()
                .is_some_and(|space| space.free >= self.enough)
    }

    fn load(&self) {
        match self.ballast.hold() {
            Ok(()) => info!("ballast laid in"),
            Err(error) => warn!(%error, "cannot lay in the ballast file"),
        }
    }
}
