//! Keep-alive.

use super::named_id::named_id;

named_id! {
    /// Keep-alive of a logged-in repeater. Answered by [`Mstpong`](super::Mstpong), or by
    /// [`Mstnak`](super::Mstnak) when the master does not know it (any more).
    Rptping = "RPTPING",
    /// The repeater, as it names itself.
    id: alone
}
