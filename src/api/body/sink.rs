//! Sinks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::backend::SinkDesk;
use crate::model::sink::SinkStatus;
use crate::model::text;

/// Something outside that is fed every event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SinkBody {
    /// Its name.
    pub name: String,
    /// `webhook`, `mqtt` or `directory`.
    pub kind: String,
    /// The node whose share it gets; all events if it is empty.
    pub node: String,
    /// The lowest position of the ledger that it has not acknowledged.
    pub next: u64,
    /// How many positions it is behind.
    pub behind: u64,
    /// Events that it acknowledged since the server started.
    pub delivered: u64,
    /// Of these, events that a broker took while nobody was subscribed to them.
    pub unheard: u64,
    /// Failures one after the other; 0 while all is well.
    pub failures: u32,
    /// Why the last one failed.
    pub last_error: Option<String>,
    /// Why it does nothing any more; `replay` sets it going again.
    pub disabled: Option<String>,
    /// How many events it refused for good.
    pub dead: u64,
    /// The newest of them, 100 at most, newest first.
    pub dead_letters: Vec<DeadLetterBody>,
}

/// An event that a receiver refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterBody {
    /// Its position in the ledger.
    pub seq: u64,
    /// Why.
    pub why: String,
}

/// Dead letters that are shown.
const SHOWN: usize = 100;

impl SinkBody {
    /// A sink as it stands.
    #[must_use]
    pub fn new(desk: &SinkDesk, status: &SinkStatus) -> Self {
        let dead = status.dead.iter().rev().take(SHOWN);
        Self {
            name: desk.name.clone(),
            kind: desk.kind.to_owned(),
            node: desk.node.to_string(),
            next: status.next,
            behind: status.behind(),
            delivered: status.delivered,
            unheard: status.unheard,
            failures: status.failures,
            last_error: status.last_error.as_deref().map(text::shown),
            disabled: status.disabled.as_deref().map(text::shown),
            dead: status.dead.len() as u64,
            dead_letters: dead
                .map(|(seq, why)| DeadLetterBody {
                    seq: *seq,
                    why: text::shown(why),
                })
                .collect(),
        }
    }
}

/// All sinks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SinkList {
    /// In the order of the configuration.
    pub sinks: Vec<SinkBody>,
}

/// Where a sink goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SinkPositionBody {
    /// `replay`: everything from this position on is sent again. `skip`: everything up to this
    /// position is left out.
    pub seq: u64,
}
