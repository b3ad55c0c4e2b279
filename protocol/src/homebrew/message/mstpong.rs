//! Keep-alive answer.

use super::named_id::named_id;

named_id! {
    /// The answer to a keep-alive.
    Mstpong = "MSTPONG",
    /// The repeater, but masters exist that put four meaningless bytes here: never verified.
    id: first
}
