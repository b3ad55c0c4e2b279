//! A radio that is called for its short data.

use crate::air::RadioId;
use crate::dmr::csbk::Ahoy;
use crate::time::Instant;

use super::fragment::Stage;

/// Slots from the call to the first burst of the radio, at most.
const TURNAROUND: u32 = 2;
/// Blocks that a radio may announce one less of than it sends.
const UNSURE: u32 = 1;

/// A radio that has short data for us.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) from: RadioId,
    pub(super) call: Ahoy,
    pub(super) calls: u8,
    /// None until it is called.
    pub(super) stage: Stage,
}

impl Upload {
    /// Inbound slots that it needs from the call on.
    pub(super) fn slots(&self) -> u32 {
        let blocks = u32::from(self.call.appended) + UNSURE;
        TURNAROUND + 1 + blocks
    }

    /// Its stage, and how many slots more than an answer it takes.
    pub(super) fn stage(&mut self) -> (&mut Stage, u32) {
        let slots = self.slots();
        (&mut self.stage, slots)
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.stage.deadline()
    }
}
