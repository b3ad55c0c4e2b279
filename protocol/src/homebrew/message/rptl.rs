//! Log-in request.

use super::named_id::named_id;

named_id! {
    /// A repeater asks to log in. Answered by a salt in [`Rptack`](super::Rptack), or by
    /// [`Mstnak`](super::Mstnak).
    Rptl = "RPTL",
    /// The repeater, as it names itself.
    id: alone
}
