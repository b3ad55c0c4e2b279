//! What a control channel needs to know.

use core::time::Duration;

use crate::air::{CarrierId, GroupId, RadioId};
use crate::dmr::csbk::{Backoff, SystemCode, SystemIdentity};
use crate::dmr::slot_type::ColorCode;

/// Who may register.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registration {
    /// Radios must register before they use the site; emergencies need not.
    pub required: bool,
    /// If not empty, only these may; others are refused (2A) and may try elsewhere.
    pub only: Vec<RadioId>,
    /// These are denied (2B) and stay away from this control channel.
    pub denied: Vec<RadioId>,
}

/// A site that radios may also use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// Its network and site.
    pub system_code: SystemCode,
    /// The logical channel of its control channel, 1 to 4,094.
    pub channel: u16,
}

/// What a control channel needs to know.
#[derive(Debug, Clone)]
pub struct ControlConfig {
    /// Its name in every report.
    pub carrier: CarrierId,
    /// Our own address on it.
    pub own: RadioId,
    /// Talkgroups whose traffic is for us.
    pub groups: Vec<GroupId>,
    /// Colour code of our bursts.
    pub color_code: ColorCode,
    /// Network, site and category of radios.
    pub identity: SystemIdentity,
    /// Who may register.
    pub registration: Registration,
    /// NRand_Wait while the site is quiet, 0 to 15: how long a radio waits for an answer.
    pub nrand_wait: u8,
    /// Backoff number while the site is quiet, 1 to 15.
    pub backoff: Backoff,
    /// Sites to announce.
    pub neighbours: Vec<Neighbour>,
    /// Logical channel of the control channel that radios are sent to (C_MOVE) when they ask
    /// for a call; none: they are refused.
    pub hand_over: Option<u16>,
    /// How long after a burst has left a radio's answer to it is awaited: two slots on the
    /// air, and the way through the modem and its line.
    pub answer_window: Duration,
    /// How often an individual fragment is sent before it is given up, at least once.
    pub tries: u8,
}
