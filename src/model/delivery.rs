//! One alert to one recipient: its rung and, once, its end.

use serde::{Deserialize, Serialize};

/// The ladder. A delivery stands on the highest rung that its evidence proves, so the
/// order in which evidence arrives never matters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Rung {
    /// Accepted and durable, not yet sent.
    #[default]
    Queued,
    /// Written to a link that was up.
    Sent,
    /// The station said that it took it.
    Accepted,
    /// The station said that it was on the air.
    Transmitted,
    /// The terminal acknowledged it.
    Received,
    /// The terminal said that it was read.
    Read,
    /// A person answered.
    Answered,
}

impl Rung {
    /// All of them, lowest first.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Sent,
        Self::Accepted,
        Self::Transmitted,
        Self::Received,
        Self::Read,
        Self::Answered,
    ];
}

/// Why a delivery failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FailReason {
    /// Every permitted attempt was made and the terminal never acknowledged.
    NoAcknowledgement,
    /// The text cannot be written in the form that the radio understands.
    Unencodable,
    /// No station may carry it (an exercise without a station that allows it).
    NoPermittedStation,
    /// The external system refused the alert for good.
    RefusedBySystem,
}

/// How a delivery ended short of its aim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It could not be done.
    Failed(FailReason),
    /// Its time ran out.
    Expired,
    /// A person withdrew the alert.
    Cancelled,
    /// A later alert took its place.
    Superseded,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It brought the evidence that was hoped for.
    Evidenced,
    /// The station or the terminal refused it.
    Refused(RefusedBy),
    /// Nothing came back in time.
    TimedOut,
    /// Nothing of it left: it was taken back, or its carrier had gone. It does not count.
    Withdrawn,
    /// A crash or a lost link fell before the evidence.
    Unclear,
}

/// Who refused an attempt, and the code of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RefusedBy {
    /// Our side: no carrier, no room, too long.
    Link,
    /// The station.
    Station(u8),
    /// The terminal's link layer.
    Terminal(u8),
}
