//! How a text travels: its form, and whether it is confirmed.

use serde::{Deserialize, Serialize};

/// The form in which a radio understands text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TextForm {
    /// Defined short data, UTF-8 (TS 102 361-3).
    ShortDataUtf8,
    /// Defined short data, UTF-16BE (TS 102 361-3).
    ShortDataUtf16,
    /// Motorola TMS over UDP/IPv4, UCS-2 little endian.
    #[default]
    Tms,
    /// Unified data transport, UTF-16BE (TS 102 361-4).
    Udt,
}

/// How a data packet is protected on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Delivery {
    /// Sent once; the terminal's link layer says nothing.
    Unconfirmed,
    /// The terminal's link layer answers; missing blocks are sent again.
    Confirmed,
}
