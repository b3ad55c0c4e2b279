//! Emergencies.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::emergency::Emergency;
use crate::model::wall::Wall;

/// A radio's distress call. Silence never closes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyBody {
    /// Its identity.
    pub id: String,
    /// `raised`, `acknowledged` (on the air, by the system), `taken` or `closed`.
    pub state: String,
    /// Whether it is on disk. One that is not is not acknowledged on the air either.
    pub recorded: bool,
    /// The radio that says so.
    pub radio: u32,
    /// The address in its emergency call.
    pub to: u32,
    /// Where it was heard first, as `station/slot`.
    pub carrier: String,
    /// When it was heard first.
    #[schema(value_type = String, format = DateTime)]
    pub raised_at: Wall,
    /// Where the radio last said it was: degrees north and east, WGS-84.
    pub position: Option<PositionBody>,
    /// Whether it is part of a drill.
    pub exercise: bool,
    /// When the system's acknowledgement was first written to the station.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub acknowledged_at: Option<Wall>,
    /// Who has it in hand.
    pub taken_by: Option<String>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub taken_at: Option<Wall>,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Wall>,
    /// Why.
    pub closed_because: Option<String>,
}

/// Where a radio said it was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PositionBody {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// When it was heard.
    #[schema(value_type = String, format = DateTime)]
    pub at: Wall,
}

impl EmergencyBody {
    /// The emergency, and whether it is on disk.
    #[must_use]
    pub fn new(emergency: Emergency, recorded: bool) -> Self {
        let state = match (
            &emergency.closed,
            &emergency.taken,
            emergency.acknowledged_at,
        ) {
            (Some(_), _, _) => "closed",
            (None, Some(_), _) => "taken",
            (None, None, Some(_)) => "acknowledged",
            (None, None, None) => "raised",
        };
        Self {
            id: emergency.id.to_string(),
            state: state.to_owned(),
            recorded,
            radio: emergency.radio.get(),
            to: emergency.to,
            carrier: emergency.carrier.to_string(),
            raised_at: emergency.raised_at,
            position: emergency.position.map(|last| PositionBody {
                latitude: last.position.latitude,
                longitude: last.position.longitude,
                at: last.at,
            }),
            exercise: emergency.exercise,
            acknowledged_at: emergency.acknowledged_at,
            taken_at: emergency.taken.as_ref().map(|signature| signature.at),
            taken_by: emergency.taken.map(|signature| signature.by),
            closed_at: emergency.closed.as_ref().map(|signature| signature.at),
            closed_by: emergency.closed.map(|signature| signature.by),
            closed_because: emergency.closed_because,
        }
    }
}

/// Emergencies: open ones and those closed within the hour, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyList {
    /// The emergencies.
    pub emergencies: Vec<EmergencyBody>,
}
