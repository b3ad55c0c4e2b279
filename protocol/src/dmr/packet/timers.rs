//! How long the pieces of a packet are waited for.

use core::time::Duration;

/// T_DataTxLmt (TS 102 361-3 Annex A): a sender gives up after this, so the pieces of its
/// packet are forgotten, and a repetition is a new packet.
pub const T_DATA_TX_LMT: Duration = Duration::from_secs(60);
