//! A radio's distress call. Silence never closes it.

use narrowcast_protocol::air::{CarrierId, Position, RadioId};
use serde::{Deserialize, Serialize};

use crate::model::ids::EmergencyId;
use crate::model::wall::Wall;

/// Where a radio last said it was, and when.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LastPosition {
    /// The position that the radio said.
    pub position: Position,
    /// When it was heard.
    pub at: Wall,
}

/// A named person and a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Signature {
    /// The name of the token.
    pub by: String,
    /// The civil time at which it was recorded.
    pub at: Wall,
}

/// An emergency from its raising to its closing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Emergency {
    /// Its identity.
    pub id: EmergencyId,
    /// The radio that says so.
    pub radio: RadioId,
    /// The address in its emergency call.
    pub to: u32,
    /// Where it was heard first.
    pub carrier: CarrierId,
    /// When it was heard first.
    pub raised_at: Wall,
    /// Where the radio last said it was.
    pub position: Option<LastPosition>,
    /// Whether it is part of a drill (it was heard by a test station).
    pub exercise: bool,
    /// When the system's acknowledgement was first written to the station.
    pub acknowledged_at: Option<Wall>,
    /// Who has it in hand.
    pub taken: Option<Signature>,
    /// Who closed it and when; none while it is open.
    pub closed: Option<Signature>,
    /// Why it was closed.
    pub closed_because: Option<String>,
}
