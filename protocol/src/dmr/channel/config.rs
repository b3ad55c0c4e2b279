//! What a channel is told once.

use std::time::Duration;

use crate::air::{CarrierId, GroupId, RadioId};
use crate::dmr::slot_type::ColorCode;
use crate::dmr::sync::Sync;

/// Whose sync our bursts carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A repeater's: the outbound side of a duplex channel.
    BaseStation,
    /// A mobile's: a simplex channel.
    Mobile,
}

impl Source {
    pub(super) const fn data_sync(self) -> Sync {
        match self {
            Self::BaseStation => Sync::BsData,
            Self::Mobile => Sync::MsData,
        }
    }
}

/// What a channel needs to know.
#[derive(Debug, Clone)]
pub struct ChannelConfig {
    /// Its name in every report.
    pub carrier: CarrierId,
    /// Our own address on it.
    pub own: RadioId,
    /// Talkgroups whose traffic is for us.
    pub groups: Vec<GroupId>,
    /// Colour code of our bursts.
    pub color_code: ColorCode,
    /// Whose sync our bursts carry.
    pub source: Source,
    /// How long after the last burst the radio's response is awaited: T_RspnsWait (180 ms,
    /// TS 102 361-3 annex A) and what the way to the station and back takes.
    pub response_wait: Duration,
    /// How long one call holds the channel against our traffic, [`LONGEST_CALL`](super::LONGEST_CALL) as a rule.
    pub longest_call: Duration,
}
