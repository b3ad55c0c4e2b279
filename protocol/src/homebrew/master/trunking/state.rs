//! What is kept of all trunked sites together.

use super::calls::Calls;
use super::presence::Presence;
use super::seen::Seen;
use super::unanswered::Unanswered;

/// What all sites have in common.
#[derive(Debug, Default)]
pub(in super::super) struct Trunking {
    pub(super) presence: Presence,
    pub(super) seen: Seen,
    pub(super) calls: Calls,
    pub(super) unanswered: Unanswered,
}
