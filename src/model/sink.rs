//! How a sink stands, and what it is told.

use crate::model::ids::Seq;

/// How a sink stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SinkStatus {
    /// The lowest position that is not acknowledged.
    pub next: u64,
    /// The newest position of the ledger that it knows of.
    pub durable: u64,
    /// Events that were acknowledged since the process began.
    pub delivered: u64,
    /// Of these, events that a broker took while nobody was subscribed to them.
    pub unheard: u64,
    /// Failures one after the other.
    pub failures: u32,
    /// Why the last one failed.
    pub last_error: Option<String>,
    /// Why it does nothing any more.
    pub disabled: Option<String>,
    /// What the receiver refused for good: position and reason, oldest first.
    pub dead: Vec<(u64, String)>,
}

impl SinkStatus {
    /// How many positions it is behind.
    #[must_use]
    pub const fn behind(&self) -> u64 {
        (self.durable + 1).saturating_sub(self.next)
    }
}

/// What a sink is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinkCommand {
    /// Send everything from this position on again; also after the receiver said that it is gone.
    Replay(Seq),
    /// Go on behind this position.
    Skip(Seq),
}
