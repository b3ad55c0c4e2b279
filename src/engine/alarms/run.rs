//! What a source said of an alarm since the last fact about it, and how often that is written.

use std::time::Duration;

use narrowcast_protocol::time::Instant;

use crate::model::alarm::Level;
use crate::model::wall::Wall;

/// Least time between two facts about an alarm that goes on as it was.
pub(super) const DAMPED: Duration = Duration::from_secs(5);
/// Changes of an alarm that are written at once; one more comes back each [`DAMPED`].
const AT_ONCE: u32 = 6;

/// What the source said that is not written yet.
#[derive(Debug, Clone)]
pub(super) struct HeldBack {
    pub(super) by: String,
    pub(super) stands: bool,
    pub(super) level: Level,
    pub(super) value: Option<String>,
    pub(super) said_at: Option<Wall>,
    pub(super) count: u64,
    pub(super) rearmed: bool,
    pub(super) at: Wall,
}

/// An alarm between its facts.
#[derive(Debug)]
pub(super) struct Run {
    held: Option<HeldBack>,
    written_at: Instant,
    changes: u32,
    /// When the next change comes back.
    refilled_at: Instant,
    /// When to try again to alert, after something was in the way.
    pub(super) retry_at: Option<Instant>,
}

impl Run {
    /// An alarm of which something was written just now.
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            held: None,
            written_at: now,
            changes: AT_ONCE,
            refilled_at: now,
            retry_at: None,
        }
    }

    /// Takes out what is held back, to be written now.
    pub(super) fn take(&mut self, now: Instant) -> Option<HeldBack> {
        let said = self.held.take()?;
        self.written_at = now;
        Some(said)
    }

    pub(super) const fn held(&self) -> Option<&HeldBack> {
        self.held.as_ref()
    }

    pub(super) const fn holds_back(&self) -> bool {
        self.held.is_some()
    }

    pub(super) fn hold(&mut self, said: HeldBack) {
        self.held = Some(said);
    }

    /// When what is held back is written.
    pub(super) fn due(&self) -> Option<Instant> {
        self.held.as_ref().map(|_| self.written_at + DAMPED)
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due().is_some_and(|due| due <= now)
    }

    /// Until when no alert is tried, if something was in the way of the last one.
    pub(super) fn waits_until(&self, now: Instant) -> Option<Instant> {
        self.retry_at.filter(|at| *at > now)
    }

    /// Whether a change may be written at once; takes the place of one.
    pub(super) fn may_change(&mut self, now: Instant) -> bool {
        while self.changes < AT_ONCE && now.since(self.refilled_at) >= DAMPED {
            self.changes += 1;
            self.refilled_at += DAMPED;
        }
        if self.changes == AT_ONCE {
            self.refilled_at = now;
        }
        let may = self.changes > 0;
        self.changes = self.changes.saturating_sub(1);
        may
    }
}
