//! The frames of the policies that were in force, so that a text of which parts have left goes on
//! in the frame in which it began.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Frame;
use crate::model::policy::Policy;

/// Most frames that are kept of policies before the one in force; the oldest go first. A text
/// whose frame is gone begins anew.
const KEPT: usize = 256;

/// Frames by their numbers, those in force last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::engine) struct Frames(VecDeque<(u32, Frame)>);

impl Frames {
    /// This policy is in force from here on.
    pub(in crate::engine) fn learn(&mut self, policy: &Policy) {
        for route in &policy.routes {
            let frame = Frame::of(policy, route);
            let number = frame.number();
            self.0.retain(|(known, _)| *known != number);
            self.0.push_back((number, frame));
        }
        let most = KEPT + policy.routes.len();
        let excess = self.0.len().saturating_sub(most);
        self.0.drain(..excess);
    }

    /// The frame of this number, if it is known still.
    pub(in crate::engine) fn get(&self, number: u32) -> Option<&Frame> {
        let found = self.0.iter().rev().find(|(known, _)| *known == number);
        found.map(|(_, frame)| frame)
    }
}
