//! Repeater closing.

use super::named_id::named_id;

named_id! {
    /// A repeater leaves. Not answered.
    Rptcl = "RPTCL",
    /// The repeater, as it names itself.
    id: alone
}
