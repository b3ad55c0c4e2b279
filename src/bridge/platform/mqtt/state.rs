//! The retained state: whether we are there.

use serde::Serialize;

use crate::model::ids::Seq;
use crate::model::wall::Wall;

/// Whether we are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Connected to the broker.
    Online,
    /// The connection is lost, or the server was stopped.
    Offline,
}

/// The payload of the state topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State<'a> {
    /// Whether we are there.
    pub state: Presence,
    /// Whose ledger it is.
    pub jurisdiction: &'a str,
    /// When this was said; for a will, when the connection was made.
    pub at: Wall,
    /// The newest position of the ledger then; 0 while it is not open.
    pub seq: Seq,
    /// In how many seconds this is said again; none if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again_in: Option<u64>,
}

impl State<'_> {
    /// Its JSON.
    #[must_use]
    pub fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}
