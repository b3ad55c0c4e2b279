//! Whether the server works.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether the server works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthBody {
    /// `ok`, `degraded` or `starting`.
    pub status: String,
    /// Whether the ledger is loaded and the ports are open.
    pub ready: bool,
    /// Why it is degraded.
    pub degraded: Vec<String>,
    /// Stations configured.
    pub stations: usize,
    /// Those of them that are not there.
    pub stations_down: usize,
    /// Ids that were refused at log-in in the last ten minutes.
    pub quarantined: usize,
    /// By how much the clock stepped, in milliseconds, while nobody has confirmed it; else zero.
    #[serde(default)]
    pub clock_step_ms: i64,
    /// Emergencies that could not be recorded yet.
    pub unrecorded_emergencies: usize,
    /// The position up to which the ledger is durable.
    pub seq: u64,
    /// The server's version.
    pub version: String,
}
