//! What a job that a session has is for.

use narrowcast_protocol::air::{CarrierId, GroupId, RadioId};

use crate::model::ids::{AlertId, DeliveryId, EmergencyId};

/// A group transmission over one carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::engine) struct GroupRunId {
    pub(in crate::engine) alert: AlertId,
    pub(in crate::engine) group: GroupId,
    pub(in crate::engine) carrier: CarrierId,
}

/// A part of a text to one radio, in one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct PartRun {
    pub(in crate::engine) delivery: DeliveryId,
    pub(in crate::engine) radio: RadioId,
    /// The number of the attempt.
    pub(in crate::engine) number: u8,
    pub(in crate::engine) part: u8,
}

/// What a job that a session has is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum JobRun {
    /// A part of a text to one radio.
    One(PartRun),
    /// A part of a text to a talkgroup.
    Group {
        run: GroupRunId,
        part: u8,
        parts: u8,
    },
    /// Radios are asked for their answers, or for the status they have before any alert asks.
    Polls,
    /// Radios of an alert are admitted to random access.
    Admission,
    /// The system's acknowledgement of an emergency.
    Emergency(EmergencyId),
}

impl JobRun {
    /// The alert whose text it carries.
    pub(in crate::engine) const fn alert(&self) -> Option<AlertId> {
        match self {
            Self::One(part) => Some(part.delivery.alert),
            Self::Group { run, .. } => Some(run.alert),
            Self::Polls | Self::Admission | Self::Emergency(_) => None,
        }
    }

    /// Whether it carries a part of this delivery's text to its radio.
    pub(in crate::engine) fn is_of(&self, id: DeliveryId) -> bool {
        matches!(self, Self::One(part) if part.delivery == id)
    }
}
