//! Who may log in, and how much strangers may cost.

use core::time::Duration;

use super::network::Network;
use crate::air::{GroupId, RadioId, Slot, StationId};
use crate::dmr::channel::LONGEST_CALL;
use crate::homebrew::auth::Passphrase;
use crate::homebrew::message::Dialect;

/// What a master is built with.
#[derive(Debug, Clone)]
pub struct MasterConfig {
    /// Who may log in. The id of each stands once.
    pub stations: Vec<StationConfig>,
    /// How many strangers (ids refused at log-in) are remembered, 1 to 1,024.
    pub quarantine: usize,
    /// Most MSTNAK per second to all addresses together, and as many challenges; one address
    /// gets at most one of each.
    pub naks_per_second: u32,
    /// When a silent station counts as gone.
    pub expiry: Expiry,
    /// How long a terminal's link layer is waited for after a confirmed packet.
    pub response_wait: Duration,
    /// How long one call holds a timeslot against our traffic.
    pub longest_call: Duration,
    /// Which talkgroups are carried between which stations.
    pub relays: Vec<RelayRule>,
}

impl MasterConfig {
    /// The usual limits for these stations.
    #[must_use]
    pub fn new(stations: Vec<StationConfig>) -> Self {
        Self {
            stations,
            quarantine: 64,
            naks_per_second: 200,
            expiry: Expiry::default(),
            response_wait: Duration::from_secs(3),
            longest_call: LONGEST_CALL,
            relays: Vec::new(),
        }
    }
}

/// When a silent station counts as gone: after three of its own ping intervals, within
/// these bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// Never earlier than this. 30 s.
    pub minimum: Duration,
    /// The longest ping interval that is believed; also allowed before the first ping. 60 s.
    pub longest_ping: Duration,
}

impl Default for Expiry {
    fn default() -> Self {
        Self {
            minimum: Duration::from_secs(30),
            longest_ping: Duration::from_secs(60),
        }
    }
}

impl Expiry {
    /// How long a station that pings in this interval may be silent.
    #[must_use]
    pub fn silence(&self, ping: Option<Duration>) -> Duration {
        match ping {
            Some(ping) => self.minimum.max(ping.min(self.longest_ping) * 3),
            None => self.minimum + self.longest_ping,
        }
    }
}

/// One station that may log in.
#[derive(Debug, Clone)]
pub struct StationConfig {
    /// The id it logs in with.
    pub id: StationId,
    /// What it must know.
    pub passphrase: Passphrase,
    /// From where it may log in; empty: from anywhere.
    pub networks: Vec<Network>,
    /// Overrides the colour code that the station states, 0 to 15.
    pub color_code: Option<u8>,
    /// Our own address on this station's system.
    pub own: RadioId,
    /// The groups we own there.
    pub groups: Vec<GroupId>,
    /// Which of its timeslots may be used.
    pub slots: Vec<Slot>,
    /// A test station: what its radios send is passed on to other test stations only, and
    /// theirs to no live one.
    pub test: bool,
    /// Set for the gateway of a trunked site, which logs in by the trunking protocol.
    pub trunking: Option<TrunkingConfig>,
}

/// What is special about a trunked site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrunkingConfig {
    /// Whether it accepts a transfer only when the terminal has it. Most accept what they have
    /// queued.
    pub terminal_accepts: bool,
}

impl StationConfig {
    /// How it logs in.
    pub(super) const fn dialect(&self) -> Dialect {
        if self.trunking.is_some() {
            Dialect::Trunking
        } else {
            Dialect::Conventional
        }
    }

    pub(super) fn allows(&self, address: std::net::IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|net| net.contains(address))
    }
}

/// A talkgroup, and the timeslots between which its traffic is carried. On a trunked site
/// the slot has no meaning, and only a site that has subscribed to the group gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayRule {
    /// Which talkgroup.
    pub group: GroupId,
    /// Between which timeslots.
    pub members: Vec<(StationId, Slot)>,
}

/// Why a master cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MasterConfigError {
    /// Two stations with one id.
    #[error("station {0} stands twice in the configuration")]
    Twice(StationId),
    /// A relay rule names a station that cannot log in here.
    #[error("a relay rule names station {0}, which is none of this master's")]
    RelayStation(StationId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_follows_the_ping_interval_within_its_bounds() {
        let expiry = Expiry::default();
        let after = |seconds| expiry.silence(Some(Duration::from_secs(seconds))).as_secs();
        assert_eq!(after(5), 30);
        assert_eq!(after(15), 45);
        assert_eq!(after(60), 180);
        assert_eq!(after(3_600), 180);
        assert_eq!(expiry.silence(None).as_secs(), 90);
    }
}
