//! Master closing.

use super::named_id::named_id;

named_id! {
    /// The master leaves: the repeater starts over after its retry time.
    Mstcl = "MSTCL",
    /// The repeater that is told so.
    id: first
}
