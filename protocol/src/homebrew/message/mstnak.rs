//! Refusal.

use super::named_id::named_id;

named_id! {
    /// The master refuses what it got: the repeater logs in again.
    Mstnak = "MSTNAK",
    /// The repeater that is refused.
    id: first
}
