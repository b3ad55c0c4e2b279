//! Whether the server works.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ledger::scrub::Note;
use crate::model::wall::Wall;

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
    /// SMS routes configured.
    #[serde(default)]
    pub sms_routes: usize,
    /// Those of them whose link is not there; `GET /sms` says which, and why.
    #[serde(default)]
    pub sms_routes_down: usize,
    /// Ids that were refused at log-in in the last ten minutes.
    pub quarantined: usize,
    /// By how much the clock stepped, in milliseconds, while nobody has confirmed it; else zero.
    #[serde(default)]
    pub clock_step_ms: i64,
    /// Emergencies that could not be recorded yet.
    pub unrecorded_emergencies: usize,
    /// The position up to which the ledger is durable.
    pub seq: u64,
    /// The walks over the whole ledger while the server runs.
    pub scrub: ScrubBody,
    /// The server's version.
    pub version: String,
}

/// The walks over the whole ledger, which check every record, while the server runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScrubBody {
    /// The one that is under way.
    pub running: Option<ScrubbingBody>,
    /// The last one that came to an end.
    pub last: Option<ScrubbedBody>,
}

/// A walk that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScrubbingBody {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub begun_at: Wall,
    /// The record it has reached.
    pub at: u64,
    /// The last record when it began.
    pub of: u64,
}

/// A walk that came to an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScrubbedBody {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub begun_at: Wall,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub ended_at: Wall,
    /// Whether every record verifies.
    pub sound: bool,
    /// The last record that was reached and is sound.
    pub last: u64,
    /// The first record that does not verify.
    pub fault_at: Option<u64>,
    /// What is wrong with it.
    pub why: Option<String>,
}

impl ScrubBody {
    /// What is known of them.
    #[must_use]
    pub fn of(note: &Note) -> Self {
        let running = note.under_way.map(|walk| ScrubbingBody {
            begun_at: walk.begun.into(),
            at: walk.at.0,
            of: walk.of.0,
        });
        let last = note.last.as_ref().map(|last| ScrubbedBody {
            begun_at: last.begun.into(),
            ended_at: last.ended.into(),
            sound: last.fault.is_none(),
            last: last.last.0,
            fault_at: last.fault.as_ref().map(|fault| fault.seq.0),
            why: last.fault.as_ref().map(|fault| fault.why.clone()),
        });
        Self { running, last }
    }
}
