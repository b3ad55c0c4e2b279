//! Where one can transmit: stations and their carriers.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A base station, modem or gateway terminal. For a Homebrew repeater this is the
/// id it logs in with; for others the number its configuration gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StationId(pub u32);

impl fmt::Display for StationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A DMR timeslot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Slot {
    /// Timeslot 1.
    One,
    /// Timeslot 2.
    Two,
}

impl Slot {
    /// 1 or 2, as written on every radio.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// One transmit opportunity of a station. Airtime belongs to a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CarrierId {
    /// The station.
    pub station: StationId,
    /// Which of its timeslots.
    pub slot: Slot,
}

impl fmt::Display for CarrierId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.station, self.slot.number())
    }
}

/// What kind of channel a carrier is: what a transmission costs on it, and which evidence
/// and which ways of collecting answers it offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CarrierKind {
    /// A conventional channel: one fragment at a time, and the radio's answer on the same
    /// channel before the next. Each fragment begins with a preamble.
    #[default]
    Conventional,
    /// A Tier III control channel: both directions at once, no preambles, and the session has
    /// several fragments under way while their acknowledgements come in. Radios can be polled
    /// ([`Job::Collect`](crate::session::Job::Collect)) and admitted in portions
    /// ([`Job::Admit`](crate::session::Job::Admit)).
    Control,
    /// A trunked site behind its own controller, which decides about the air by itself:
    /// transfers, not bursts. Their airtime is an estimate.
    Backhaul,
}
