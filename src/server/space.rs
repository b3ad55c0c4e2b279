//! How much space the ledger has, and the ballast that is released when it has none. A disk
//! that hangs lets every call wait, so all of it happens on a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::ledger::ballast::{Ballast, Space};
use crate::model::policy::SpaceMarks;

/// How often free space is measured.
const EVERY: Duration = Duration::from_secs(2);

/// The ledger's file system and the ballast on it.
#[derive(Debug)]
pub(super) struct Hold {
    dir: PathBuf,
    ballast: Ballast,
    /// The ballast is laid in only where so much is free: at least as much again stays free.
    enough: u64,
}

impl Hold {
    /// The ballast is laid in if there is room for it and `low` bytes beside it. Blocks.
    pub(super) fn new(dir: &Path, bytes: u64, low: u64) -> Self {
        let hold = Self {
            dir: dir.to_path_buf(),
            ballast: Ballast::new(dir, bytes),
            enough: low.max(bytes).saturating_add(bytes),
        };
        hold.take_in_ballast();
        hold
    }

    /// Free and all bytes, if the system tells.
    pub(super) fn measure(&self) -> Option<Space> {
        Space::of(&self.dir)
            .inspect_err(|error| warn!(%error, "cannot measure free space"))
            .ok()
    }

    /// Frees the ballast, so that emergencies can be recorded.
    fn release_ballast(&self) {
        match self.ballast.release() {
            Ok(true) => warn!("the ballast file is freed to make room for emergencies"),
            Ok(false) => {}
            Err(error) => warn!(%error, "cannot free the ballast file"),
        }
    }

    /// Lays the ballast in again, when there is room.
    fn take_in_ballast(&self) {
        let has_room = || {
            self.measure()
                .is_some_and(|space| space.free >= self.enough)
        };
        if self.ballast.held() || !has_room() {
            return;
        }
        match self.ballast.hold() {
            Ok(()) => info!("ballast laid in"),
            Err(error) => warn!(%error, "cannot lay in the ballast file"),
        }
    }
}

/// The thread that measures, and what it is told.
#[derive(Debug)]
pub(super) struct SpaceWatch {
    /// Whether the ballast's space is needed.
    orders: Sender<bool>,
    needed: bool,
    /// What was measured last.
    pub(super) measured: mpsc::Receiver<Space>,
}

impl SpaceWatch {
    /// Starts to measure; it ends when this is dropped.
    pub(super) fn start(hold: Hold) -> std::io::Result<Self> {
        let (orders, told) = channel();
        let (measured_in, measured) = mpsc::channel(1);
        let work = move || {
            let mut needed = false;
            loop {
                if needed {
                    hold.release_ballast();
                } else {
                    hold.take_in_ballast();
                }
                if let Some(space) = hold.measure() {
                    // If the last one was not taken yet, the next one comes soon.
                    let _ = measured_in.try_send(space);
                }
                match told.recv_timeout(EVERY) {
                    Ok(order) => needed = order,
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        std::thread::Builder::new()
            .name("space".to_owned())
            .spawn(work)?;
        Ok(Self {
            orders,
            needed: false,
            measured,
        })
    }

    /// Says whether the ballast's space is needed for emergencies.
    pub(super) fn need_ballast(&mut self, needed: bool) {
        if self.needed != needed {
            self.needed = needed;
            // The thread lives as long as this.
            let _ = self.orders.send(needed);
        }
    }
}

/// What people are told of the space that is left; none if there is enough.
pub(super) fn shortage(space: Space, marks: &SpaceMarks) -> Option<String> {
    let refused = marks.level(space.free, space.total).told()?;
    Some(format!(
        "the ledger's disk is almost full, {} MiB are free: {refused} until there is more space",
        space.free >> 20
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_at_which_mark_is_said() {
        let marks = SpaceMarks {
            low_permille: 50,
            low_bytes: 10 << 20,
            critical_permille: 10,
        };
        let told = |free| {
            let total = 1_000 << 20;
            shortage(Space { free, total }, &marks)
        };
        assert_eq!(told(100 << 20), None);
        let low = told(40 << 20).unwrap();
        assert!(low.contains("40 MiB") && low.contains("Routine"), "{low}");
        let critical = told(9 << 20).unwrap();
        assert!(critical.contains("only Flash"), "{critical}");
        let reserve = told(3 << 20).unwrap();
        assert!(reserve.contains("only emergencies"), "{reserve}");
        let small = Space {
            free: 9 << 20,
            total: 20 << 20,
        };
        assert!(shortage(small, &marks).unwrap().contains("Routine"));
    }
}
